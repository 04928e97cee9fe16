"""What is listened for after each question: which words, which keys, how much patience.

Every grammar holds the question's own phrases, the commands and the words of danger, in standard Arabic and
in the questionnaire's dialects.
"""

from collections.abc import Iterable, Iterator

from msgspec.structs import replace

from bridge.dialogue.actions import Keys, Listen
from bridge.dialogue.dialects import phrases_in
from bridge.dialogue.number_phrases import number_phrases
from bridge.dialogue.questionnaire import AllowedReply, ChoiceItem, Item, NumberItem, Questionnaire
from bridge.understanding import YesNoKind

__all__ = ["listen_for_item", "listen_for_yes_no", "listen_longer", "vocabulary"]

# A yes or no is one short word. A number may pause inside: 200 ms cut "seven" in two in 10 of 11 voices.
YES_NO_SILENCE_SECONDS = 0.4
NUMBER_SILENCE_SECONDS = 0.5
CHOICE_SILENCE_SECONDS = 0.6
NO_INPUT_SECONDS = 6.0
KEYPAD_NO_INPUT_SECONDS = 10.0  # the telephone has to be taken from the ear first
WAIT_SECONDS = 20.0  # to look for glasses or a box of pills


def listen_for_item(questionnaire: Questionnaire, item: Item, *, by_keypad: bool) -> Listen:
    """Listen for an answer to `item`.

    By keypad, when the voice has failed or is not to be trusted, answers are not listened for: only what a
    caller can always say.
    """
    keys = Keys(max_digits=len(str(item.maximum)) if isinstance(item, NumberItem) else 1)
    if by_keypad or not questionnaire.is_spoken(item):
        return Listen(
            phrases=_distinct(_always(questionnaire)), keys=keys, no_input_seconds=KEYPAD_NO_INPUT_SECONDS
        )
    phrases = (*_answers(questionnaire, item), *_replies(questionnaire, item), *_always(questionnaire))
    return Listen(
        phrases=_distinct(phrases),
        keys=keys,
        no_input_seconds=NO_INPUT_SECONDS,
        end_silence_seconds=_patience(item),
    )


def listen_for_yes_no(questionnaire: Questionnaire, *, is_readback: bool = False) -> Listen:
    """Listen for a yes or a no to a question of our own; "is this right?" has further words for both."""
    verdicts = _verdicts(questionnaire) if is_readback else ()
    return Listen(
        phrases=_distinct((*_yes_no(questionnaire), *verdicts, *_always(questionnaire))),
        keys=Keys(max_digits=1),
        no_input_seconds=NO_INPUT_SECONDS,
        end_silence_seconds=YES_NO_SILENCE_SECONDS,
    )


def listen_longer(listen: Listen) -> Listen:
    """Listen for the same, for a caller who has asked for time."""
    return replace(listen, no_input_seconds=WAIT_SECONDS)


def vocabulary(questionnaire: Questionnaire) -> frozenset[str]:
    """Every phrase that is ever listened for: what the recogniser has to know."""
    found = set(listen_for_yes_no(questionnaire, is_readback=True).phrases)
    for item in questionnaire.items:
        found.update(listen_for_item(questionnaire, item, by_keypad=False).phrases)
    return frozenset(found)


def _distinct(phrases: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(phrases))


def _answers(questionnaire: Questionnaire, item: Item) -> Iterator[str]:
    words, dialects = questionnaire.words, questionnaire.dialects
    if isinstance(item, NumberItem):
        yield from number_phrases(words.number_words, dialects, item.minimum, item.maximum)
    elif isinstance(item, ChoiceItem):
        yield from (phrase for option in item.options for phrase in option.phrases_in(dialects))
    else:
        yield from _yes_no(questionnaire)
        if item.kind in (YesNoKind.PERMISSION, YesNoKind.PROMISE):
            yield from phrases_in(words.permission, dialects)
            yield from phrases_in(words.no_permission, dialects)


def _yes_no(questionnaire: Questionnaire) -> Iterator[str]:
    words, dialects = questionnaire.words, questionnaire.dialects
    yield from phrases_in(words.yes.phrases, dialects)
    yield from phrases_in(words.no.phrases, dialects)


def _verdicts(questionnaire: Questionnaire) -> Iterator[str]:
    yield from phrases_in(questionnaire.words.right, questionnaire.dialects)
    yield from phrases_in(questionnaire.words.wrong, questionnaire.dialects)


def _replies(questionnaire: Questionnaire, item: Item) -> Iterator[str]:
    words, dialects = questionnaire.words, questionnaire.dialects
    if AllowedReply.DONT_KNOW in item.allow:
        yield from phrases_in(words.dont_know.phrases, dialects)
    if AllowedReply.REFUSE in item.allow:
        yield from phrases_in(words.refuse.phrases, dialects)


def _always(questionnaire: Questionnaire) -> Iterator[str]:
    """Commands and words of danger: few of each, for every phrase costs a little of the others."""
    words = questionnaire.words
    for phrases in (words.repeat, words.slower, words.wait, words.stop, words.person):
        yield from phrases_in(phrases, questionnaire.dialects)
    for phrases in words.red_flags.by_kind.values():
        yield from phrases_in(phrases, questionnaire.dialects)


def _patience(item: Item) -> float:
    if isinstance(item, NumberItem):
        return NUMBER_SILENCE_SECONDS
    return CHOICE_SILENCE_SECONDS if isinstance(item, ChoiceItem) else YES_NO_SILENCE_SECONDS
