"""Every sentence that the engine can say for a questionnaire, and how values become words.

The set is finite, so that all of it is spoken into the cache before the first call. The engine takes its
sentences from here and from nowhere else.
"""

from collections.abc import Iterable, Iterator

from msgspec import Struct

from bridge.dialogue.actions import PromptRole
from bridge.dialogue.answer import AnswerStatus, Value
from bridge.dialogue.listening import vocabulary
from bridge.dialogue.questionnaire import ChoiceItem, Item, NumberItem, Questionnaire, Words

__all__ = [
    "KnownPrompt",
    "keypad_text",
    "known_prompts",
    "out_of_range_text",
    "prompt_texts",
    "readback_text",
    "text_of_value",
    "vocabulary",
]


class KnownPrompt(Struct, frozen=True):
    """One sentence. Items may share one: then it stands here once for each."""

    text: str
    role: PromptRole
    item: str | None = None  # None: said about any item
    value: Value = None  # the value that is read back


def text_of_value(questionnaire: Questionnaire, item: Item, value: Value) -> str:
    """Say a value in words."""
    words = questionnaire.words
    if isinstance(value, bool):
        return words.yes.say if value else words.no.say
    if isinstance(value, int):
        return _number_text(words, value)
    if isinstance(item, ChoiceItem):
        return next((option.say for option in item.options if option.value == value), str(value))
    return str(value)


def _number_text(words: Words, number: int) -> str:
    """Say a number: from the table, or as hundreds and the rest; beyond both it is left to the voice."""
    hundreds, rest = divmod(number, 100)
    if 0 <= number < len(words.numbers):
        return words.numbers[number]
    if not 1 <= hundreds <= len(words.hundreds) or rest >= len(words.numbers):
        return str(number)
    hundred = words.hundreds[hundreds - 1]
    return f"{hundred} {words.number_joiner}{words.numbers[rest]}" if rest else hundred


def readback_text(questionnaire: Questionnaire, item: Item, status: AnswerStatus, value: Value) -> str:
    """Ask whether this is what was said."""
    if status is AnswerStatus.DONT_KNOW:
        return questionnaire.prompts.readback.replace("{value}", questionnaire.words.dont_know.say)
    if status is AnswerStatus.REFUSED:
        return questionnaire.prompts.readback.replace("{value}", questionnaire.words.refuse.say)
    template = item.readback or questionnaire.prompts.readback
    return template.replace("{value}", text_of_value(questionnaire, item, value))


def keypad_text(questionnaire: Questionnaire, item: Item) -> str:
    """Say which keys answer `item`."""
    if item.keypad is not None:
        return item.keypad
    if isinstance(item, NumberItem):
        return _with_range(questionnaire, item, questionnaire.prompts.keypad_number)
    if isinstance(item, ChoiceItem):
        return "، ".join(
            questionnaire.prompts.keypad_option.replace("{option}", option.say).replace(
                "{key}", questionnaire.words.numbers[int(option.key)]
            )
            for option in item.options
        )
    return questionnaire.prompts.keypad_yes_no


def out_of_range_text(questionnaire: Questionnaire, item: Item) -> str:
    """Say which numbers are possible."""
    if not isinstance(item, NumberItem):
        return questionnaire.prompts.no_match[0]
    return _with_range(questionnaire, item, questionnaire.prompts.out_of_range)


def known_prompts(questionnaire: Questionnaire) -> tuple[KnownPrompt, ...]:
    """List every sentence that the engine can say for this questionnaire."""
    found = [*_common(questionnaire)]
    for item in questionnaire.items:
        found += [KnownPrompt(text, PromptRole.ASK, item.id) for text in item.ask]
        found.append(KnownPrompt(keypad_text(questionnaire, item), PromptRole.KEYPAD, item.id))
        if isinstance(item, NumberItem):
            found.append(KnownPrompt(out_of_range_text(questionnaire, item), PromptRole.REPROMPT, item.id))
        found += _readbacks(questionnaire, item)
    return tuple(dict.fromkeys(found))


def prompt_texts(questionnaires: Iterable[Questionnaire]) -> list[str]:
    """Every sentence that calls may have to say, once each, in a stable order."""
    return list(dict.fromkeys(prompt.text for one in questionnaires for prompt in known_prompts(one)))


def _common(questionnaire: Questionnaire) -> Iterator[KnownPrompt]:
    prompts = questionnaire.prompts
    yield KnownPrompt(prompts.opening, PromptRole.OPENING)
    for text in (*prompts.no_input, *prompts.no_match, prompts.to_keypad):
        yield KnownPrompt(text, PromptRole.REPROMPT)
    yield KnownPrompt(prompts.not_heard, PromptRole.APOLOGY)
    yield KnownPrompt(prompts.keypad_yes_no, PromptRole.KEYPAD)
    for text in (prompts.stop_question, prompts.person_question, prompts.wait):
        yield KnownPrompt(text, PromptRole.COMMAND)
    for text in (prompts.emergency_question, prompts.transfer):
        yield KnownPrompt(text, PromptRole.ESCALATION)
    for text in (prompts.completed, prompts.no_consent, prompts.stopped, prompts.no_answer, prompts.failed):
        yield KnownPrompt(text, PromptRole.CLOSING)


def _readbacks(questionnaire: Questionnaire, item: Item) -> Iterator[KnownPrompt]:
    if not questionnaire.is_spoken(item):
        return
    for value in _values(item):
        text = readback_text(questionnaire, item, AnswerStatus.ANSWERED, value)
        yield KnownPrompt(text, PromptRole.READBACK, item.id, value)
    for reply in item.allow:
        text = readback_text(questionnaire, item, _STATUS_OF_REPLY[reply], None)
        yield KnownPrompt(text, PromptRole.READBACK, item.id)


_STATUS_OF_REPLY = {"dont_know": AnswerStatus.DONT_KNOW, "refuse": AnswerStatus.REFUSED}


def _values(item: Item) -> Iterator[Value]:
    if isinstance(item, NumberItem):
        yield from range(item.minimum, item.maximum + 1)
    elif isinstance(item, ChoiceItem):
        yield from (option.value for option in item.options)
    else:
        yield from (True, False)


def _with_range(questionnaire: Questionnaire, item: NumberItem, template: str) -> str:
    least = text_of_value(questionnaire, item, item.minimum)
    most = text_of_value(questionnaire, item, item.maximum)
    return template.replace("{minimum}", least).replace("{maximum}", most)
