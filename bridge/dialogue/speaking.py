"""How values become words: in pieces, so that what cannot be listed beforehand is put together."""

from collections.abc import Iterator

from bridge.dialogue.answer import Value
from bridge.dialogue.items import (
    AudioItem,
    BloodPressureItem,
    DateItem,
    DigitsItem,
    DurationItem,
    FreeTextItem,
    MultiChoiceItem,
    Option,
    OptionsItem,
    PhoneItem,
    QuestionItem,
    TimeItem,
)
from bridge.dialogue.questionnaire import CountedWord, Questionnaire, Words

__all__ = [
    "is_enumerable",
    "number_pieces",
    "option_text",
    "pieces_for",
    "possible_pieces",
    "values_of",
]

FEW = range(3, 11)  # Arabic counts three to ten days, and eleven day
MAX_ENUMERATED = 101  # whole sentences are rendered for so many values; beyond, pieces are


def pieces_for(
    questionnaire: Questionnaire, item: QuestionItem | None, value: Value, variants: tuple[str, ...] = ()
) -> tuple[str, ...]:
    """Say a value. Without an item it is a fact about the call: a text, a number, or a date in ISO."""
    words = questionnaire.words
    if value is None:
        return (words.spoken.unknown,)
    if isinstance(value, bool):
        return (words.yes.say if value else words.no.say,)
    if isinstance(value, int | float):
        return number_pieces(words, value)
    if isinstance(value, tuple):
        return _list_pieces(words, [_name(item, one, variants) for one in value])
    if isinstance(item, OptionsItem):
        return (_name(item, value, variants),)
    return _text_pieces(words, item, value)


def _text_pieces(words: Words, item: QuestionItem | None, text: str) -> tuple[str, ...]:
    if isinstance(item, BloodPressureItem):
        systolic, _, diastolic = text.partition("/")
        return (*_whole(words, systolic), words.spoken.over, *_whole(words, diastolic))
    if isinstance(item, DigitsItem | PhoneItem):
        return tuple(words.numbers[int(digit)] for digit in text if digit.isdecimal())
    if isinstance(item, DurationItem):
        return _duration_pieces(words, text)
    if isinstance(item, TimeItem) or _is_time(text):
        return _time_pieces(words, text)
    if isinstance(item, DateItem) or _is_date(text):
        return _date_pieces(words, text)
    return (text,)


def option_text(option: Option, variants: tuple[str, ...]) -> str:
    """What an option is called to this caller."""
    return next((option.variants[name].say for name in variants if name in option.variants), option.say)


def _name(item: QuestionItem | None, value: str, variants: tuple[str, ...]) -> str:
    option = item.option(value) if isinstance(item, OptionsItem) else None
    return option_text(option, variants) if option else value


def _list_pieces(words: Words, names: list[str]) -> tuple[str, ...]:
    """Options one after the other; the conjunction is one word with what follows."""
    return (*names[:1], *(words.spoken.separator + name for name in names[1:]))


def number_pieces(words: Words, number: float) -> tuple[str, ...]:
    """Say a number up to 999,999, with up to two decimals; what is beyond is left to the voice."""
    whole, _, decimals = f"{number:.2f}".rstrip("0").rstrip(".").partition(".")
    if not decimals:
        return _whole(words, whole)
    leading = (words.numbers[0],) * (len(decimals) - len(decimals.lstrip("0")))
    return (*_whole(words, whole), words.spoken.decimal_point, *leading, *_whole(words, decimals.lstrip("0")))


def _whole(words: Words, digits: str) -> tuple[str, ...]:
    if not digits.isdecimal() or len(digits) > 6:  # noqa: PLR2004
        return (digits,)
    thousands, rest = divmod(int(digits), 1000)
    if not thousands:
        return _below_thousand(words, rest)
    counted = _counted(words, words.spoken.thousands, thousands)
    if not rest:
        return counted
    first, *others = _below_thousand(words, rest)
    return (*counted, words.number_joiner + first, *others)


def _below_thousand(words: Words, number: int) -> tuple[str, ...]:
    """From the table, or as hundreds and the rest."""
    hundreds, rest = divmod(number, 100)
    if number < len(words.numbers):
        return (words.numbers[number],)
    if not hundreds or rest >= len(words.numbers):
        return (str(number),)
    hundred = words.hundreds[hundreds - 1]
    return (hundred, words.number_joiner + words.numbers[rest]) if rest else (hundred,)


def _counted(words: Words, word: CountedWord, number: int) -> tuple[str, ...]:
    if number in (1, 2):
        return (word.one if number == 1 else word.two,)
    return (*_below_thousand(words, number), word.few if number in FEW else word.many)


def _duration_pieces(words: Words, text: str) -> tuple[str, ...]:
    spoken = words.spoken
    by_letter = {"W": spoken.weeks, "D": spoken.days, "H": spoken.hours, "M": spoken.months_counted}
    pieces: list[str] = []
    number = ""
    for character in text.removeprefix("P"):
        if character == "T":
            by_letter["M"] = spoken.minutes
        elif character.isdecimal():
            number += character
        elif character in by_letter and number:
            first, *others = _counted(words, by_letter[character], int(number))
            pieces += [words.number_joiner + first if pieces else first, *others]
            number = ""
    return tuple(pieces) or (text,)


def _is_date(text: str) -> bool:
    parts = text.split("-")
    return [len(part) for part in parts] == [4, 2, 2] and all(part.isdecimal() for part in parts)


def _is_time(text: str) -> bool:
    parts = text.split(":")
    return [len(part) for part in parts] == [2, 2] and all(part.isdecimal() for part in parts)


def _date_pieces(words: Words, text: str) -> tuple[str, ...]:
    if not _is_date(text):
        return (text,)
    year, month, day = text.split("-")
    name = words.spoken.months[int(month) - 1] if 1 <= int(month) <= 12 else month  # noqa: PLR2004
    return (*_whole(words, day), name, *_whole(words, year))


def _time_pieces(words: Words, text: str) -> tuple[str, ...]:
    if not _is_time(text):
        return (text,)
    hour, minute = (int(part) for part in text.split(":"))
    spoken = words.spoken
    half = spoken.morning if hour < 12 else spoken.evening  # noqa: PLR2004
    pieces = (spoken.hour, *_below_thousand(words, (hour - 1) % 12 + 1))
    if not minute:
        return (*pieces, half)
    first, *others = _counted(words, spoken.minutes, minute)
    return (*pieces, words.number_joiner + first, *others, half)


# What can be said at all


def is_enumerable(questionnaire: Questionnaire, item: QuestionItem) -> bool:
    """Whether an item has so few values that a whole sentence is rendered for each."""
    if isinstance(item, OptionsItem):
        return not isinstance(item, MultiChoiceItem)
    maximum, minimum = getattr(item, "maximum", None), getattr(item, "minimum", None)
    if isinstance(item, DurationItem):
        return False
    if maximum is None or minimum is None:
        return hasattr(item, "kind")
    is_whole = not getattr(item, "decimals", 0)
    return is_whole and maximum - minimum < MAX_ENUMERATED and questionnaire.is_spoken(item)


def values_of(item: QuestionItem) -> Iterator[Value]:
    """Every value of an item that is enumerable."""
    if isinstance(item, OptionsItem):
        yield from (option.value for option in item.options)
    elif hasattr(item, "kind"):
        yield from (True, False)
    else:
        yield from range(getattr(item, "minimum", 0), getattr(item, "maximum", -1) + 1)


def possible_pieces(questionnaire: Questionnaire, item: QuestionItem) -> Iterator[str]:
    """Every piece that a value of `item` can be put together from; the caller's own words are none."""
    words, spoken = questionnaire.words, questionnaire.words.spoken
    if isinstance(item, FreeTextItem | AudioItem):
        return
    if isinstance(item, OptionsItem):
        for option in item.options:
            for name in (option.say, *(variant.say for variant in option.variants.values())):
                yield from (name, spoken.separator + name)
        return
    if hasattr(item, "kind"):
        yield from (words.yes.say, words.no.say)
        return
    yield from _number_pieces(words)
    yield from (
        spoken.decimal_point,
        spoken.over,
        spoken.hour,
        spoken.morning,
        spoken.evening,
        *spoken.months,
    )
    for counted in _counted_words(words):
        for text in (counted.one, counted.two, counted.few, counted.many):
            yield from (text, words.number_joiner + text)


def _counted_words(words: Words) -> tuple[CountedWord, ...]:
    spoken = words.spoken
    units = (spoken.minutes, spoken.hours, spoken.days, spoken.weeks, spoken.months_counted)
    return (spoken.thousands, *units)


def _number_pieces(words: Words) -> Iterator[str]:
    for text in (*words.numbers, *words.hundreds):
        yield from (text, words.number_joiner + text)
