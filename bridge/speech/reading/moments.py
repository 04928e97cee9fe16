"""Reading dates and times of day."""

from datetime import date

from bridge.speech.reading.amounts import DASHES
from bridge.speech.reading.calendar_names import ERAS, HALVES, LATIN_MONTHS, MONTHS, SAID_HALVES
from bridge.speech.reading.cursor import Spellings, Tokens, is_digits, past_blank, peek
from bridge.speech.reading.figures import Day, Era, Half, Span, Time
from bridge.speech.reading.tokens import Kind, is_vowelled

__all__ = ["day_at", "hour_at", "is_day", "month_first_at", "time_at"]

_SEPARATORS = frozenset("-/.")
_RECENT_YEARS = range(1800, 2200)
_HIJRI_YEARS = range(1300, 1600)
_OF, _YEAR = "من", frozenset(("عام", "سنه"))
_ORDINALS = frozenset(("st", "nd", "rd", "th"))
_YEARS_AHEAD = 20  # of two figures: what lies further ahead is of the last century
_PIVOT = 2030  # the year that is counted from where nobody says which it is
_MARKS = Spellings(HALVES)
_SURE_MARKS = Spellings({key: half for key, half in HALVES.items() if key != "م"})  # "5 م" are metres
_NOON, _HOURS, _SIXTY = 12, 24, 60


def is_day(day: int | None, month: int | None) -> bool:
    """Whether there may be such a day of such a month."""
    return (month is None or 1 <= month <= 12) and (day is None or 1 <= day <= 31)  # noqa: PLR2004


def full_year(text: str, today: date | None) -> int:
    """A year of four figures, or the one of two that is nearest."""
    year = int(text)
    if len(text) > 2:  # noqa: PLR2004
        return year
    latest = (today.year if today else _PIVOT) + _YEARS_AHEAD
    return latest - (latest - year) % 100


def day_at(tokens: Tokens, at: int, today: date | None) -> tuple[Day, int] | None:
    """A date that begins with figures: 2026-11-21, 21/11/2026, 21 نوفمبر 2026."""
    found = _numeric_at(tokens, at, today) or _named_at(tokens, at, today) or _year_of_era(tokens, at)
    if found is None:
        return None
    day, end = found
    after = past_blank(tokens, end)
    era = ERAS.get(peek(tokens, after).key) if day.year else None
    if era is None or peek(tokens, after).kind is not Kind.ARABIC:
        return found
    return Day(day.day, day.month, day.year, era, day.month_text, day.is_hijri or era is Era.HIJRI), after + 1


def _year_of_era(tokens: Tokens, at: int) -> tuple[Day, int] | None:
    """1448 هـ, 2026 م; and 1500 م are metres."""
    token = peek(tokens, past_blank(tokens, at + 1))
    era = ERAS.get(token.key) if token.kind is Kind.ARABIC else None
    if era is None or not is_digits(tokens, at, 1, 2, 3, 4):
        return None
    is_year = era is Era.HIJRI or token.key != "م" or int(tokens[at].key) in _RECENT_YEARS
    return (Day(year=int(tokens[at].key)), at + 1) if is_year and int(tokens[at].key) else None


def _numeric_at(tokens: Tokens, at: int, today: date | None) -> tuple[Day, int] | None:
    sign = peek(tokens, at + 1).text
    if sign not in _SEPARATORS or not is_digits(tokens, at + 2, 1, 2):
        return None
    if peek(tokens, at + 3).text != sign or not is_digits(tokens, at + 4, 1, 2, 4):
        return _month_of_year(tokens, at) if sign == "-" else None
    first, second, third = (tokens[at + step].key for step in (0, 2, 4))
    if len(first) == 4:  # noqa: PLR2004 - a year
        return _checked(int(third), int(second), int(first), at + 5) if len(third) <= 2 else None  # noqa: PLR2004
    if len(first) > 2 or (len(third) == 2 and sign != "/" and len(first + second) < 4):  # noqa: PLR2004
        return None
    if len(third) == 1 or (len(third) == 2 and sign == "."):  # noqa: PLR2004
        return None
    year = full_year(third, today)
    return _checked(int(first), int(second), year, at + 5) or _checked(int(second), int(first), year, at + 5)


def _month_of_year(tokens: Tokens, at: int) -> tuple[Day, int] | None:
    """2026-11, and no range."""
    if not (is_digits(tokens, at, 4) and is_digits(tokens, at + 2, 2)):
        return None
    after = peek(tokens, at + 3)
    return (
        None if after.text in DASHES else _checked(None, int(tokens[at + 2].key), int(tokens[at].key), at + 3)
    )


def _checked(day: int | None, month: int, year: int, end: int) -> tuple[Day, int] | None:
    return (Day(day, month, year, is_hijri=year in _HIJRI_YEARS), end) if is_day(day, month) else None


def _named_at(tokens: Tokens, at: int, today: date | None) -> tuple[Day, int] | None:
    if not is_digits(tokens, at, 1, 2) or not is_day(int(tokens[at].key), None):
        return None
    begin = at + 1 + (peek(tokens, at + 1).key in _ORDINALS)
    begin = past_blank(tokens, begin)
    if peek(tokens, begin).key == _OF:
        begin = past_blank(tokens, begin + 1)
    month = _month_at(tokens, begin)
    if month is None:
        return None
    number, name, is_hijri, end = month
    year, end = _year_at(tokens, end, today)
    if name == "صَفَر" and year is None:  # the same letters are a nought
        return None
    return Day(int(tokens[at].key), number, year, Era.NONE, name, is_hijri), end


def _month_at(tokens: Tokens, at: int) -> tuple[int, str, bool, int] | None:
    token = peek(tokens, at)
    if token.kind is Kind.LATIN:
        number = LATIN_MONTHS.get(token.key) if token.text[0].isupper() else None
        return (number, "", False, at + 1) if number else None
    for length in (3, 1):  # tokens: two words and a blank, or one word
        words = tuple(peek(tokens, at + step).key for step in range(0, length, 2))
        known = MONTHS.get(words)
        if known:
            written = "".join(peek(tokens, at + step).text for step in range(length))
            return known[0], written if is_vowelled(written) else known[1], known[2], at + length
    return None


def _year_at(tokens: Tokens, at: int, today: date | None) -> tuple[int | None, int]:
    begin = at + (peek(tokens, at).text in (",", "،"))
    begin = past_blank(tokens, begin)
    if peek(tokens, begin).key in _YEAR:
        begin = past_blank(tokens, begin + 1)
    is_year = is_digits(tokens, begin, 4) and begin > at and peek(tokens, begin + 1).text not in (":", "/")
    return (full_year(tokens[begin].key, today), begin + 1) if is_year else (None, at)


def month_first_at(tokens: Tokens, at: int, today: date | None) -> tuple[Day, int] | None:
    """A date as English has it: Nov 21, 2026."""
    month = _month_at(tokens, at) if peek(tokens, at).kind is Kind.LATIN else None
    if month is None:
        return None
    begin = past_blank(tokens, at + 1)
    if begin == at + 1 or not is_digits(tokens, begin, 1, 2) or not is_day(int(tokens[begin].key), None):
        return None
    year, end = _year_at(tokens, begin + 1, today)
    return Day(int(tokens[begin].key), month[0], year), end


def time_at(tokens: Tokens, at: int) -> tuple[Time | Span, int] | None:
    """A time of day by its colon or by its half of the day; or from one to another."""
    found = _one_time_at(tokens, at)
    if found is None:
        return None
    first, end = found
    dash = past_blank(tokens, end)
    if peek(tokens, dash).text in DASHES:
        last = _one_time_at(tokens, past_blank(tokens, dash + 1))
        if last:
            return Span(first, last[0]), last[1]
    return found


def hour_at(tokens: Tokens, at: int) -> tuple[Time, int] | None:
    """A whole hour, behind the word for it: 5, 5 م."""
    if not is_digits(tokens, at, 1, 2) or int(tokens[at].key) > _HOURS:
        return None
    if peek(tokens, at + 1).text in ("/", ".", ",", "%", "٫", "٪"):
        return None
    half, end = _half_at(tokens, at + 1, tokens[at].key, _MARKS)
    if int(tokens[at].key) == _NOON and half is Half.BY_CLOCK:
        half = Half.UNKNOWN  # noon or midnight
    return Time(int(tokens[at].key), half=half), end


def _one_time_at(tokens: Tokens, at: int) -> tuple[Time, int] | None:
    if not is_digits(tokens, at, 1, 2) or int(tokens[at].key) > _HOURS:
        return None
    hour = tokens[at].key
    sign = peek(tokens, at + 1).text
    if sign not in (":", ".") or not is_digits(tokens, at + 2, 2) or int(tokens[at + 2].key) >= _SIXTY:
        half, end = _half_at(tokens, at + 1, hour, _SURE_MARKS)
        is_marked = half in (Half.MORNING, Half.AFTERNOON) and 1 <= int(hour) <= _NOON
        return (Time(int(hour), half=half), end) if is_marked else None
    second, end = 0, at + 3
    if peek(tokens, end).text == ":" and is_digits(tokens, end + 1, 2):
        second, end = min(int(tokens[end + 1].key), _SIXTY - 1), end + 2
    half, end = _half_at(tokens, end, hour, _MARKS)
    if sign == "." and half not in (Half.MORNING, Half.AFTERNOON):
        return None
    return Time(int(hour), int(tokens[at + 2].key), second, half), end


def _half_at(tokens: Tokens, at: int, hour: str, marks: Spellings[Half]) -> tuple[Half, int]:
    """The half of the day behind a time; without one, hours of the 24-hour clock tell it themselves."""
    after = past_blank(tokens, at)
    found = marks.at(tokens, after, lambda token: token.key)
    if found and not is_vowelled(tokens[after].text):
        return found
    if peek(tokens, after).key in SAID_HALVES:
        return Half.TOLD, at
    is_of_24 = hour.startswith("0") or not 1 <= int(hour) < _NOON
    return (Half.BY_CLOCK if is_of_24 else Half.UNKNOWN), at
