"""What is listened for after each question: which words, which keys, how much patience."""

from collections.abc import Iterator

from bridge.dialogue.actions import Keys, Listen
from bridge.dialogue.questionnaire import AllowedReply, ChoiceItem, Item, NumberItem, Questionnaire
from bridge.understanding import YesNoKind

__all__ = ["listen_for_item", "listen_for_yes_no", "vocabulary"]

# A yes or no is one short word. A number may pause inside: 200 ms cut "seven" in two in 10 of 11 voices.
YES_NO_SILENCE_SECONDS = 0.4
NUMBER_SILENCE_SECONDS = 0.5
CHOICE_SILENCE_SECONDS = 0.6
NO_INPUT_SECONDS = 6.0
KEYPAD_NO_INPUT_SECONDS = 10.0  # the telephone has to be taken from the ear first


def listen_for_item(questionnaire: Questionnaire, item: Item, *, by_keypad: bool) -> Listen:
    """Listen for an answer to `item`.

    By keypad, when the voice has failed or is not to be trusted, only commands are listened for: a caller can
    always ask for a person.
    """
    keys = Keys(max_digits=len(str(item.maximum)) if isinstance(item, NumberItem) else 1)
    if by_keypad or not questionnaire.is_spoken(item):
        commands = tuple(_commands(questionnaire))
        return Listen(phrases=commands, keys=keys, no_input_seconds=KEYPAD_NO_INPUT_SECONDS)
    phrases = (*_answers(questionnaire, item), *_replies(questionnaire, item), *_commands(questionnaire))
    return Listen(
        phrases=tuple(dict.fromkeys(phrases)),
        keys=keys,
        no_input_seconds=NO_INPUT_SECONDS,
        end_silence_seconds=_patience(item),
    )


def listen_for_yes_no(questionnaire: Questionnaire) -> Listen:
    """Listen for a yes or a no to a question of our own."""
    words = questionnaire.words
    return Listen(
        phrases=tuple(dict.fromkeys((*words.yes.phrases, *words.no.phrases, *_commands(questionnaire)))),
        keys=Keys(max_digits=1),
        no_input_seconds=NO_INPUT_SECONDS,
        end_silence_seconds=YES_NO_SILENCE_SECONDS,
    )


def vocabulary(questionnaire: Questionnaire) -> frozenset[str]:
    """Every phrase that is ever listened for: what the recogniser has to know."""
    found = set(listen_for_yes_no(questionnaire).phrases)
    for item in questionnaire.items:
        found.update(listen_for_item(questionnaire, item, by_keypad=False).phrases)
    return frozenset(found)


def _answers(questionnaire: Questionnaire, item: Item) -> Iterator[str]:
    words = questionnaire.words
    if isinstance(item, NumberItem):
        yield from words.number_phrases[item.minimum : item.maximum + 1]
    elif isinstance(item, ChoiceItem):
        yield from (phrase for option in item.options for phrase in option.phrases)
    else:
        yield from words.yes.phrases
        if item.kind in (YesNoKind.PERMISSION, YesNoKind.PROMISE):
            yield from words.permission
        yield from words.no.phrases


def _replies(questionnaire: Questionnaire, item: Item) -> Iterator[str]:
    if AllowedReply.DONT_KNOW in item.allow:
        yield from questionnaire.words.dont_know.phrases
    if AllowedReply.REFUSE in item.allow:
        yield from questionnaire.words.refuse.phrases


def _commands(questionnaire: Questionnaire) -> Iterator[str]:
    """Few on purpose: six command words more cost about one number in a hundred."""
    words = questionnaire.words
    yield from (*words.repeat, *words.stop, *words.person)


def _patience(item: Item) -> float:
    if isinstance(item, NumberItem):
        return NUMBER_SILENCE_SECONDS
    return CHOICE_SILENCE_SECONDS if isinstance(item, ChoiceItem) else YES_NO_SILENCE_SECONDS
