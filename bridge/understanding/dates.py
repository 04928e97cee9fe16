"""Days: of either calendar, of the week, or counted from today, as ISO 8601.

A day without its year or its month is the nearest one on the side of today that was asked for.
"""

import re
from collections.abc import Sequence
from datetime import date, timedelta

from msgspec import Struct
from msgspec.structs import replace

from bridge.understanding.calendar_days import Day, Named, nearest
from bridge.understanding.calendar_words import (
    AGO,
    AHEAD,
    BESIDE_TIMES,
    DAY_WORDS,
    HIJRI_MARKS,
    LAST,
    MONTH_WORDS,
    MONTHS,
    NEXT,
    ORDINALS,
    PARTS_OF_DAY,
    RELATIVE_DAYS,
    THIS,
    WEEKDAYS,
    YEAR_WORDS,
    as_cardinals,
)
from bridge.understanding.durations import Span, is_of_something, length_of, span
from bridge.understanding.lexing import lex
from bridge.understanding.marking import longest_at
from bridge.understanding.meaning import Finding, Meaning, nothing
from bridge.understanding.normalisation import normalise
from bridge.understanding.numbers import DOUBTED, SURE, ambiguous
from bridge.understanding.numerals import Rank
from bridge.understanding.quantities import Quantity, quantities
from bridge.understanding.questions import Context, Period

__all__ = ["read_date"]

_HIJRI_YEARS, _YEARS = range(1300, 1501), range(1900, 2101)
_DAYS_OF_WEEK, _MONTHS_OF_YEAR = 7, 12
_DOTS = re.compile(r"(\d+)\.(\d+)\.(\d+)")
_BETWEEN = (Rank.AND, Rank.FROM, Rank.TO, Rank.OVER)
_VAGUE_MONTHS = frozenset(
    map(normalise, ("تشرين", "كانون", "ربيع", "جمادى", "جماد"))
)  # there are two of each


class _Mark(Struct, frozen=True):
    kind: str  # relative, weekday, month, number, last, next, this, hijri, a unit, or unknown
    value: int = 0
    calendar: str = ""


def read_date(text: str, period: Period, context: Context) -> Meaning:
    """A day, on the side of today that was asked for."""
    tokens = normalise(_DOTS.sub(r"\1 / \2 / \3", text).replace("-", " / ")).split()
    if not tokens:
        return nothing("empty")
    found = _date(tokens, period, context.today)
    if not isinstance(found, Day):
        return found
    meaning = Meaning(
        Finding.VALUE,
        f"date:{found.rule}",
        value=found.day.isoformat(),
        doubtful=found.doubtful,
        confidence=DOUBTED if found.doubtful else SURE,
    )
    is_wrong_side = context.today is not None and (
        (period is Period.PAST and found.day > context.today)
        or (period is Period.FUTURE and found.day < context.today)
    )
    return replace(meaning, finding=Finding.OUT_OF_RANGE) if is_wrong_side else meaning


def _date(tokens: list[str], period: Period, today: date | None) -> Day | Meaning:
    said, tokens = len(tokens), _without_parts(tokens)
    counted = _counted(tokens, today)
    if counted is not None:
        return counted
    marks = _marks(tokens)
    if isinstance(marks, Meaning):
        return marks
    if len(tokens) < said and [mark.kind for mark in marks] == ["number"]:  # "the eighth in the morning"
        return ambiguous("date:an_hour")
    return _of_marks(marks, period, today)


def _without_parts(tokens: list[str]) -> list[str]:
    """Let the part of the day fall away; "tomorrow" in one dialect is "early" in another."""
    kept, at = list[str](), 0
    while at < len(tokens):
        found = longest_at(tokens, at, PARTS_OF_DAY)
        is_day = (
            longest_at(tokens, at, RELATIVE_DAYS) is not None or longest_at(tokens, at, WEEKDAYS) is not None
        )
        if found is None or is_day or found[1] == len(tokens):
            kept.append(tokens[at])
            at += 1
        else:
            at += found[1]
    return kept


# Counted from today


def _counted(tokens: Sequence[str], today: date | None) -> Day | Meaning | None:
    """As in "three days ago", "since a week", "after two days", "next week"."""
    if longest_at(tokens, 0, RELATIVE_DAYS) or not any(length_of(token) for token in tokens):
        return None
    words = [token for token in tokens if token not in BESIDE_TIMES or token in AGO or length_of(token)]
    lengths = [token for token in words if token not in AGO | AHEAD | LAST | NEXT | THIS]
    is_past = bool(set(words) & (AGO | LAST))
    is_future = bool(set(words) & (AHEAD | NEXT))
    found = span(lengths)
    if isinstance(found, Meaning) or is_past == is_future or is_of_something(tokens):
        return None
    if set(found.parts) & {"hour", "minute", "second"}:
        return ambiguous("date:hours")
    is_vague = (
        bool(set(words) & (LAST | NEXT)) or found.doubtful or bool({"month", "year"} & set(found.parts))
    )
    if today is None:
        return ambiguous("date:today_unknown")
    if set(words) & (LAST | NEXT) and "week" not in found.parts:
        return None
    return Day(_moved(today, found, -1 if is_past else 1), "counted", doubtful=is_vague)


def _moved(today: date, by: Span, sign: int) -> date:
    months = sign * (by.parts.get("month", 0) + _MONTHS_OF_YEAR * by.parts.get("year", 0))
    year, month = divmod(today.year * _MONTHS_OF_YEAR + today.month - 1 + months, _MONTHS_OF_YEAR)
    year = min(max(year, date.min.year + 1), date.max.year - 1)
    day = next(day for day in range(today.day, 0, -1) if _exists(year, month + 1, day))
    days = sign * (by.parts.get("day", 0) + _DAYS_OF_WEEK * by.parts.get("week", 0))
    return date(year, month + 1, day) + timedelta(days=max(-300_000, min(300_000, days)))


def _exists(year: int, month: int, day: int) -> bool:
    try:
        date(year, month, day)
    except ValueError:
        return False
    return True


# Named


def _marks(tokens: Sequence[str]) -> list[_Mark] | Meaning:
    marks, at, numbers = list[_Mark](), 0, list[str]()
    while at < len(tokens):
        found = _mark_at(tokens, at, is_last=at + 1 == len(tokens))
        if found is None:
            numbers.append(tokens[at])
            at += 1
            continue
        mark, length = found
        if mark.kind != "beside" or numbers != ["و"]:
            if not _flush(numbers, marks):
                return nothing("unknown_word")
            numbers = []
        if mark.kind != "beside":
            marks.append(mark)
        at += length
    return marks if _flush(numbers, marks) else nothing("unknown_word")


def _mark_at(tokens: Sequence[str], at: int, *, is_last: bool) -> tuple[_Mark, int] | None:
    relative = longest_at(tokens, at, RELATIVE_DAYS)
    month = longest_at(tokens, at, MONTHS)
    weekday = longest_at(tokens, at, WEEKDAYS)
    if relative and not (tokens[at] in DAY_WORDS and not is_last and _is_number(tokens[at + 1])):
        return _Mark("relative", relative[0]), relative[1]
    if month and not (at == 0 and tokens[at] == "صفر"):  # Safar, or nought
        return _Mark("month", month[0][1], month[0][0]), month[1]
    if weekday and (tokens[at].startswith(("ال", "ل")) or not _is_number(tokens[at]) or weekday[1] > 1):
        return _Mark("weekday", weekday[0]), weekday[1]
    for kind, words in (
        ("vague", _VAGUE_MONTHS),
        ("hijri", HIJRI_MARKS),
        ("last", LAST),
        ("next", NEXT),
        ("this", THIS),
        ("of_month", MONTH_WORDS),
        ("of_year", YEAR_WORDS),
        ("of_day", DAY_WORDS),
    ):
        if tokens[at] in words:
            return _Mark(kind), 1
    is_beside = tokens[at] in BESIDE_TIMES | AGO or tokens[at] == "/"
    return (_Mark("beside"), 1) if is_beside and tokens[at] not in {*ORDINALS, "و"} else None


def _is_number(token: str) -> bool:
    words = lex(" ".join(as_cardinals([token])))
    return bool(words) and any(isinstance(part, Quantity) for part in quantities(words or []))


def _flush(tokens: Sequence[str], marks: list[_Mark]) -> bool:
    """Read the words between two marks as numbers; False where one is unknown."""
    words = lex(" ".join(as_cardinals(tokens)))
    if words is None:
        return False
    for part in quantities(words):
        if isinstance(part, Quantity) and part.value == int(part.value):
            marks.extend(_Mark("number", number) for number in _month_and_year(part))
        elif isinstance(part, Quantity) or not (part.is_beside or part.rank in _BETWEEN):
            marks.append(_Mark("vague"))
    return True


def _month_and_year(number: Quantity) -> tuple[int, ...]:
    """As in "nine, one thousand nine hundred": the month stands before the year and is no nine thousand."""
    month, year = divmod(int(number.value), 1000)
    if number.rule.startswith("thousands") and 2 < month <= _MONTHS_OF_YEAR and year:  # noqa: PLR2004
        return month, 1000 + year
    return (int(number.value),)


def _of_marks(marks: Sequence[_Mark], period: Period, today: date | None) -> Day | Meaning:
    kinds = [mark.kind for mark in marks]
    if not marks:
        return nothing("no_date")
    if "vague" in kinds:
        return ambiguous("date:not_understood")
    if "relative" in kinds or kinds.count("weekday") == len(
        [kind for kind in kinds if kind not in ("last", "next", "this", "of_day")]
    ):
        return _relative(marks, period, today)
    found = _of_calendar([mark for mark in marks if mark.kind != "weekday"], period, today)
    weekdays = {mark.value for mark in marks if mark.kind == "weekday"}
    if isinstance(found, Day) and weekdays and weekdays != {found.day.weekday()}:
        return replace(found, doubtful=True)
    return found


def _relative(marks: Sequence[_Mark], period: Period, today: date | None) -> Day | Meaning:
    if today is None:
        return ambiguous("date:today_unknown")
    days = {mark.value for mark in marks if mark.kind == "relative"}
    weekdays = {mark.value for mark in marks if mark.kind == "weekday"}
    if (
        not (days or weekdays)
        or len(days) > 1
        or len(weekdays) > 1
        or any(mark.kind == "number" for mark in marks)
    ):
        return ambiguous("date:several")
    if days:
        day = today + timedelta(days=days.pop())
        return Day(day, "relative", doubtful=bool(weekdays) and weekdays != {day.weekday()})
    kinds = {mark.kind for mark in marks}
    side = Period.PAST if "last" in kinds else Period.FUTURE if "next" in kinds else period
    return _weekday(weekdays.pop(), side, today, this="this" in kinds)


def _weekday(weekday: int, side: Period, today: date, *, this: bool) -> Day | Meaning:
    ahead = (weekday - today.weekday()) % _DAYS_OF_WEEK
    past, future = (
        today - timedelta(days=-ahead % _DAYS_OF_WEEK or _DAYS_OF_WEEK),
        today + timedelta(days=ahead or _DAYS_OF_WEEK),
    )
    if side is Period.ANY:
        return ambiguous("date:which_week", past.isoformat(), future.isoformat())
    is_today = ahead == 0
    return Day(past if side is Period.PAST else future, "weekday", doubtful=is_today or this)


def _of_calendar(marks: Sequence[_Mark], period: Period, today: date | None) -> Day | Meaning:
    """Day, month and year, in whichever order they can be told apart."""
    named = [mark for mark in marks if mark.kind == "month"]
    numbers = _in_order(marks)
    calendar = (
        "hijri"
        if any(mark.kind == "hijri" for mark in marks) or any(mark.calendar == "hijri" for mark in named)
        else ""
    )
    if len(named) > 1 or not 0 < len(numbers) <= 3 - len(named):
        return ambiguous("date:no_day" if named else "date:not_understood")
    year = _year_of(numbers)
    rest = [number for number in numbers if number != year] if year else list(numbers)
    if year is not None and year in _HIJRI_YEARS:
        calendar = "hijri"
    month = named[0].value if named else rest[1] if len(rest) > 1 else None
    if not rest:
        return ambiguous("date:no_day")
    return nearest(Named(rest[0], month, year, calendar or "gregorian"), period, today)


def _in_order(marks: Sequence[_Mark]) -> list[int]:
    """The numbers as day, month, year: "month three, day fifteen" is turned round."""
    kinds = [mark.kind for mark in marks if mark.kind in ("number", "of_month", "of_day", "of_year")]
    numbers = [mark.value for mark in marks if mark.kind == "number"]
    named = any(mark.kind == "month" for mark in marks)
    if kinds[:2] == ["of_month", "number"] and len(numbers) > 1 and not named:
        return [numbers[1], numbers[0], *numbers[2:]]
    if len(numbers) == 3 and _is_year(numbers[0]):  # noqa: PLR2004 - 2024-03-15
        return [numbers[2], numbers[1], numbers[0]]
    if len(numbers) == 3 or (named and len(numbers) == 2):  # noqa: PLR2004
        return [*numbers[:-1], _century(numbers[-1])]
    return numbers


def _is_year(number: int) -> bool:
    return number in _YEARS or number in _HIJRI_YEARS


def _century(year: int) -> int:
    """A year of two digits; it is read back, for nobody said which century."""
    if year >= 100:  # noqa: PLR2004
        return year
    return -(1900 + year if year > 30 else 2000 + year)  # noqa: PLR2004


def _year_of(numbers: Sequence[int]) -> int | None:
    last = numbers[-1]
    return last if _is_year(abs(last)) else None
