"""What is listened for after each question: which words, which keys, how much patience.

Every grammar holds the question's own phrases, the commands and the words of danger, in standard Arabic and
in the questionnaire's dialects.
"""

from collections.abc import Iterable, Iterator

from msgspec.structs import replace

from bridge.dialogue.actions import Keys, Listen
from bridge.dialogue.dialects import Phrases, phrases_in
from bridge.dialogue.items import (
    AllowedReply,
    AudioItem,
    BloodPressureItem,
    DateItem,
    DigitsItem,
    DurationItem,
    FreeTextItem,
    GlucoseItem,
    IdentityItem,
    IntegerItem,
    Item,
    MultiChoiceItem,
    NumberItem,
    OptionsItem,
    PhoneItem,
    QuestionItem,
    TemperatureItem,
    TimeItem,
    WeightItem,
)
from bridge.dialogue.keys import keys_for
from bridge.dialogue.number_phrases import number_phrases
from bridge.dialogue.questionnaire import Questionnaire
from bridge.understanding import YesNoKind

__all__ = ["listen_for_item", "listen_for_nothing", "listen_for_yes_no", "listen_longer", "vocabulary"]

# A yes or no is one short word. A number may pause inside: 200 ms cut "seven" in two in 10 of 11 voices.
YES_NO_SILENCE_SECONDS = 0.4
NUMBER_SILENCE_SECONDS = 0.5
CHOICE_SILENCE_SECONDS = 0.6
PARTS_SILENCE_SECONDS = 0.9  # a pressure, a date, a row of digits: people stop to read on
TEXT_SILENCE_SECONDS = 1.5
# So much silence into an utterance, what has been said is looked at: see `turn_ends`. Each look at one that
# then goes on costs as much as a second hearing.
CLOSED_LOOK_SECONDS = 0.1  # so that it is known to be complete when it may end
LOOK_SECONDS = 0.2
PARTS_LOOK_SECONDS = 0.5  # between digits there are pauses
NO_INPUT_SECONDS = 6.0
KEYPAD_NO_INPUT_SECONDS = 10.0  # the telephone has to be taken from the ear first
WAIT_SECONDS = 20.0  # to look for glasses or a box of pills

_NUMBERS = (NumberItem, IntegerItem, TemperatureItem, GlucoseItem, WeightItem)
_ROWS = (DigitsItem, PhoneItem)
_IN_PARTS = (BloodPressureItem, DateItem, TimeItem, DurationItem, MultiChoiceItem, *_ROWS)
_TEXTS = (FreeTextItem, AudioItem)


def listen_for_item(
    questionnaire: Questionnaire, item: Item, *, by_keypad: bool, keep_audio: bool = False
) -> Listen:
    """Listen for an answer to `item`.

    By keypad, when the voice has failed or is not to be trusted, answers are not listened for: only what a
    caller can always say.
    """
    keys = keys_for(item)
    if by_keypad or not questionnaire.is_spoken(item):
        return Listen(
            phrases=_distinct(_always(questionnaire)), keys=keys, no_input_seconds=KEYPAD_NO_INPUT_SECONDS
        )
    phrases = (*_answers(questionnaire, item), *_replies(questionnaire, item), *_always(questionnaire))
    end_silence_seconds = getattr(item, "end_silence_seconds", None)  # the author knows better
    listen = Listen(
        phrases=_distinct(phrases),
        keys=keys,
        no_input_seconds=getattr(item, "no_input_seconds", None) or NO_INPUT_SECONDS,
        end_silence_seconds=end_silence_seconds or _patience(item),
        look_seconds=None if end_silence_seconds else _look(item),
    )
    if isinstance(item, FreeTextItem | AudioItem):
        return replace(listen, max_speech_seconds=item.max_speech_seconds, keep_audio=keep_audio)
    return listen


def listen_for_yes_no(
    questionnaire: Questionnaire, *, is_readback: bool = False, item: QuestionItem | None = None
) -> Listen:
    """Listen for a yes or a no to a question of our own.

    "Is this right?" has further words for both, and may be answered with what `item` is to have instead.
    """
    verdicts = _verdicts(questionnaire) if is_readback else ()
    corrections = _answers(questionnaire, item) if is_readback and item is not None else ()
    return Listen(
        phrases=_distinct((*_yes_no(questionnaire), *verdicts, *corrections, *_always(questionnaire))),
        keys=Keys(max_digits=1),
        no_input_seconds=NO_INPUT_SECONDS,
        end_silence_seconds=YES_NO_SILENCE_SECONDS,
        look_seconds=CLOSED_LOOK_SECONDS,
    )


def listen_for_nothing(questionnaire: Questionnaire) -> Listen:
    """Stay on the line with a caller who has been told where help is."""
    return listen_longer(listen_for_yes_no(questionnaire))


def listen_longer(listen: Listen) -> Listen:
    """Listen for the same, for a caller who has asked for time and knows the question."""
    return replace(listen, no_input_seconds=WAIT_SECONDS, is_new=False)


def vocabulary(questionnaire: Questionnaire) -> frozenset[str]:
    """Every phrase that is ever listened for: what the recogniser has to know."""
    found = set(listen_for_yes_no(questionnaire, is_readback=True).phrases)
    for item in questionnaire.questions:
        found.update(listen_for_item(questionnaire, item, by_keypad=False).phrases)
    return frozenset(found)


def _distinct(phrases: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(phrases))


def _answers(questionnaire: Questionnaire, item: Item) -> Iterator[str]:
    words, dialects = questionnaire.words, questionnaire.dialects
    if not questionnaire.is_spoken(item):
        return
    if isinstance(item, OptionsItem):
        yield from (phrase for option in item.options for phrase in option.phrases_in(dialects))
        if isinstance(item, MultiChoiceItem):
            yield from _yes_no(questionnaire)
    elif isinstance(item, IdentityItem) and item.factor != "name":
        yield from number_phrases(words.number_words, dialects, 0, 99)
    elif (kind := getattr(item, "kind", None)) is not None:
        yield from _yes_no(questionnaire)
        if kind in (YesNoKind.PERMISSION, YesNoKind.PROMISE):
            yield from phrases_in(words.permission, dialects)
            yield from phrases_in(words.no_permission, dialects)
        if kind is YesNoKind.PROMISE:
            yield from phrases_in(words.promise, dialects)
    else:
        yield from _quantities(questionnaire, item)


def _quantities(questionnaire: Questionnaire, item: Item) -> Iterator[str]:
    """Numbers, and the words that make them a decimal, a pressure, a day, an hour, a while."""
    words, dialects = questionnaire.words, questionnaire.dialects
    minimum, maximum, beside = _spoken_range(questionnaire, item)
    if maximum >= 0:
        yield from number_phrases(words.number_words, dialects, minimum, maximum)
    if getattr(item, "decimals", 0) and minimum > 0:
        yield from number_phrases(words.number_words, dialects, 0, 9)  # behind the point
    yield from phrases_in(beside, dialects)


def _spoken_range(questionnaire: Questionnaire, item: Item) -> tuple[int, int, Phrases]:
    """Which numbers are part of an answer, and which words stand beside them."""
    words = questionnaire.words
    if isinstance(item, NumberItem | IntegerItem | TemperatureItem | GlucoseItem | WeightItem):
        return item.minimum, item.maximum, words.decimal_words if item.decimals else {}
    if isinstance(item, BloodPressureItem):  # also in centimetres of mercury: twelve over eight
        return 3, item.systolic[1], words.pressure_words
    if isinstance(item, DurationItem):
        return 1, min(item.maximum, questionnaire.hearing.spoken_maximum), words.duration_words
    fixed: dict[type, tuple[int, int, Phrases]] = {
        DateItem: (1, 31, words.date_words),
        TimeItem: (1, 59, words.time_words),
        DigitsItem: (0, 99, {}),  # said one by one or in pairs
        PhoneItem: (0, 99, {}),
    }
    return fixed.get(type(item), (0, -1, {}))


def _yes_no(questionnaire: Questionnaire) -> Iterator[str]:
    words, dialects = questionnaire.words, questionnaire.dialects
    yield from phrases_in(words.yes.phrases, dialects)
    yield from phrases_in(words.no.phrases, dialects)


def _verdicts(questionnaire: Questionnaire) -> Iterator[str]:
    yield from phrases_in(questionnaire.words.right, questionnaire.dialects)
    yield from phrases_in(questionnaire.words.wrong, questionnaire.dialects)


def _replies(questionnaire: Questionnaire, item: Item) -> Iterator[str]:
    words, dialects = questionnaire.words, questionnaire.dialects
    allowed = getattr(item, "allow", ())
    if AllowedReply.DONT_KNOW in allowed:
        yield from phrases_in(words.dont_know.phrases, dialects)
    if AllowedReply.REFUSE in allowed:
        yield from phrases_in(words.refuse.phrases, dialects)


def _always(questionnaire: Questionnaire) -> Iterator[str]:
    """Commands and words of danger: few of each, for every phrase costs a little of the others."""
    words = questionnaire.words
    commands = (words.repeat, words.slower, words.wait, words.stop, words.person, words.back)
    for phrases in (*commands, words.callback, words.do_not_call, words.wrong_person):
        yield from phrases_in(phrases, questionnaire.dialects)
    for phrases in words.red_flags.by_kind.values():
        yield from phrases_in(phrases, questionnaire.dialects)


def _patience(item: Item) -> float:
    if isinstance(item, _TEXTS):
        return TEXT_SILENCE_SECONDS
    if isinstance(item, _IN_PARTS):
        return PARTS_SILENCE_SECONDS
    if isinstance(item, _NUMBERS):
        return NUMBER_SILENCE_SECONDS
    return CHOICE_SILENCE_SECONDS if isinstance(item, OptionsItem) else YES_NO_SILENCE_SECONDS


def _look(item: Item) -> float | None:
    if isinstance(item, _TEXTS):
        return None
    if isinstance(item, _IN_PARTS):
        return PARTS_LOOK_SECONDS
    return LOOK_SECONDS if isinstance(item, _NUMBERS) else CLOSED_LOOK_SECONDS
