"""Every sentence, or piece of one, that the engine can say for a questionnaire.

The set is finite, so that all of it is spoken into the cache before the first call. Only what is piped in
from outside, a name or a number of the site, is spoken when it is first needed.
"""

from collections.abc import Iterable, Iterator

from msgspec import Struct

from bridge.dialogue.actions import Disposition, PromptRole
from bridge.dialogue.answer import AnswerStatus, Value
from bridge.dialogue.items import GroupItem, InfoItem, Item, QuestionItem
from bridge.dialogue.listening import vocabulary
from bridge.dialogue.questionnaire import Closing, Prompts, Questionnaire
from bridge.dialogue.sentences import (
    Sentence,
    Speaker,
    fixed_pieces,
    has_range,
    placeholders_in,
    text_of_value,
)
from bridge.dialogue.speaking import is_enumerable, possible_pieces, values_of
from bridge.dialogue.wording import GENDERS

__all__ = ["KnownPrompt", "known_prompts", "prompt_texts", "text_of_value", "vocabulary"]

_ROLES = {
    "opening": PromptRole.OPENING,
    "no_input": PromptRole.REPROMPT,
    "no_match": PromptRole.REPROMPT,
    "not_possible": PromptRole.REPROMPT,
    "to_keypad": PromptRole.REPROMPT,
    "not_heard": PromptRole.APOLOGY,
    "keypad_yes_no": PromptRole.KEYPAD,
    "keypad_options": PromptRole.KEYPAD,
    "emergency_question": PromptRole.ESCALATION,
    "transfer": PromptRole.ESCALATION,
    "hold": PromptRole.ESCALATION,
    "recap": PromptRole.INFO,
}
_TEMPLATES = ("out_of_range", "readback", "keypad_number", "keypad_decimal", "keypad_option")
_STATUS_OF_REPLY = {"dont_know": AnswerStatus.DONT_KNOW, "refuse": AnswerStatus.REFUSED}


class KnownPrompt(Struct, frozen=True):
    """One sentence or piece. Items may share one: then it stands here once for each."""

    text: str
    role: PromptRole
    item: str | None = None  # None: said about any item
    value: Value = None  # the value that is read back


def known_prompts(questionnaire: Questionnaire) -> tuple[KnownPrompt, ...]:
    """List everything that the engine can say for this questionnaire."""
    found: dict[KnownPrompt, None] = {}
    for variants in _audiences(questionnaire):
        speaker = Speaker(questionnaire, variants)
        found |= dict.fromkeys(_common(questionnaire, speaker))
        for item in questionnaire.every_item:
            found |= dict.fromkeys(_of_item(questionnaire, speaker, item))
    return tuple(found)


def prompt_texts(questionnaires: Iterable[Questionnaire]) -> list[str]:
    """Everything that calls may have to say, once each, in a stable order."""
    return list(dict.fromkeys(prompt.text for one in questionnaires for prompt in known_prompts(one)))


def _audiences(questionnaire: Questionnaire) -> Iterator[tuple[str, ...]]:
    """Every choice of variants that makes a difference: each alone, and a gender with each dialect."""
    named = {name for item in questionnaire.every_item for name in getattr(item, "variants", ())}
    named |= set(questionnaire.variants)
    named |= {
        name
        for item in questionnaire.questions
        for option in getattr(item, "options", ())
        for name in option.variants
    }
    yield ()
    for name in sorted(named):
        _, _, gender = name.rpartition(".")
        yield (name,)
        if gender in GENDERS and gender != name:
            yield (name, gender)
    genders = [name for name in GENDERS if name in named]
    yield from ((gender, name) for gender in genders for name in sorted(named) if "." not in name)


def _known(sentence: Sentence, role: PromptRole, item: str | None = None) -> Iterator[KnownPrompt]:
    for text in sentence.parts or (sentence.text,):
        yield KnownPrompt(text, role, item)


def _template(
    questionnaire: Questionnaire, template: str, role: PromptRole, item: str | None = None
) -> Iterator[KnownPrompt]:
    """A sentence with what may be piped into it."""
    names = placeholders_in(template)
    if not names:
        yield KnownPrompt(template, role, item)
        return
    fixed = template
    for name in names:
        before, _, fixed = fixed.partition(f"{{{name}}}")
        yield from (KnownPrompt(text, role, item) for text in fixed_pieces(before))
        asked = questionnaire.item(name)
        if asked is not None and not isinstance(asked, InfoItem | GroupItem):
            yield from (KnownPrompt(text, role, item) for text in possible_pieces(questionnaire, asked))
    yield from (KnownPrompt(text, role, item) for text in fixed_pieces(fixed))
    yield KnownPrompt(questionnaire.words.spoken.unknown, role, item)


def _common(questionnaire: Questionnaire, speaker: Speaker) -> Iterator[KnownPrompt]:
    for name in Prompts.model_fields:
        if name in _TEMPLATES:
            continue
        for count in (1, 2, 3):
            template = speaker.template("prompts", name, count)
            if template is not None:
                yield from _template(questionnaire, template, _ROLES.get(name, PromptRole.COMMAND))
    for name in Closing.model_fields:
        template = speaker.template("closing", Disposition(name))
        if template is not None:
            yield from _template(questionnaire, template, PromptRole.CLOSING)
    for escalation in questionnaire.escalations.values():
        for text in (escalation.say, escalation.offer, escalation.fallback):
            if text is not None:
                yield from _template(questionnaire, text, PromptRole.ESCALATION)


def _of_item(questionnaire: Questionnaire, speaker: Speaker, item: Item) -> Iterator[KnownPrompt]:
    if isinstance(item, InfoItem | GroupItem):
        if item.say is not None:
            yield from _template(questionnaire, speaker.told(item), PromptRole.INFO, item.id)
        return
    for field, role in (("ask", PromptRole.ASK), ("no_match", PromptRole.REPROMPT)):
        for count in (1, 2, 3):
            template = speaker.own(item, field, count)
            if template is not None:
                yield from _template(questionnaire, template, role, item.id)
    for count in (1, 2, 3):
        template = speaker.own(item, "no_input", count)
        if template is not None:
            yield from _template(questionnaire, template, PromptRole.REPROMPT, item.id)
    yield from _known(speaker.keypad(item), PromptRole.KEYPAD, item.id)
    if has_range(item) or item.out_of_range is not None:
        yield from _known(speaker.out_of_range(item), PromptRole.REPROMPT, item.id)
    for constraint in item.constraints:
        yield from _template(questionnaire, constraint.say, PromptRole.REPROMPT, item.id)
    yield from _readbacks(questionnaire, speaker, item)


def _readbacks(questionnaire: Questionnaire, speaker: Speaker, item: QuestionItem) -> Iterator[KnownPrompt]:
    if not questionnaire.is_spoken(item):
        return
    if is_enumerable(questionnaire, item):
        for value in values_of(item):
            sentence = speaker.readback(item, AnswerStatus.ANSWERED, value)
            yield KnownPrompt(sentence.text, PromptRole.READBACK, item.id, value)
    else:
        template = speaker.own(item, "readback", 1) or speaker.template("prompts", "readback") or ""
        yield from _template(questionnaire, template, PromptRole.READBACK, item.id)
        for text in possible_pieces(questionnaire, item):
            yield KnownPrompt(text, PromptRole.READBACK, item.id)
    for reply in item.allow:
        sentence = speaker.readback(item, _STATUS_OF_REPLY[reply], None)
        yield KnownPrompt(sentence.text, PromptRole.READBACK, item.id)
