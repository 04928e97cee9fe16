"""Days of both calendars by day, month and year; what is missing is chosen nearest to today."""

from collections.abc import Sequence
from datetime import date

from hijridate import Gregorian, Hijri
from msgspec import Struct

from bridge.understanding.meaning import Meaning
from bridge.understanding.numbers import ambiguous
from bridge.understanding.questions import Period

__all__ = ["Day", "Named", "nearest"]

_MONTHS_OF_YEAR = 12


class Day(Struct, frozen=True):
    """A day, and how it was found."""

    day: date
    rule: str
    doubtful: bool = False


class Named(Struct, frozen=True):
    """What was said of a day; a year below zero was said without its century."""

    day: int
    month: int | None
    year: int | None
    calendar: str  # gregorian or hijri


def nearest(said: Named, period: Period, today: date | None) -> Day | Meaning:
    """The day that was said; without its month or year, the nearest on the side that was asked for."""
    day, month, year, calendar = said.day, said.month, said.year, said.calendar
    doubtful = year is not None and year < 0
    if year is not None and month is not None:
        found = _date_of(calendar, abs(year), month, day)
        return Day(found, calendar, doubtful=doubtful) if found else ambiguous("date:impossible")
    if today is None:
        return ambiguous("date:today_unknown")
    found = _on_side(_candidates(day, month, calendar, today), period, today)
    if found is None:
        return ambiguous("date:impossible")
    return Day(found, f"{calendar}:nearest", doubtful=month is None or period is Period.ANY)


def _candidates(day: int, month: int | None, calendar: str, today: date) -> list[date]:
    years = [today.year + offset for offset in (-1, 0, 1)]
    if calendar == "hijri":
        now = Gregorian.fromdate(today).to_hijri().year
        years = [now + offset for offset in (-1, 0, 1)]
    months = [month] if month is not None else list(range(1, _MONTHS_OF_YEAR + 1))
    found = (_date_of(calendar, year, one, day) for year in years for one in months)
    return [one for one in found if one is not None]


def _on_side(days: Sequence[date], period: Period, today: date) -> date | None:
    match period:
        case Period.PAST:
            return max((day for day in days if day <= today), default=None)
        case Period.FUTURE:
            return min((day for day in days if day >= today), default=None)
        case _:
            return min(days, key=lambda day: abs(day - today), default=None)


def _date_of(calendar: str, year: int, month: int, day: int) -> date | None:
    try:
        if calendar == "hijri":
            turned = Hijri(year, month, day).to_gregorian()
            return date(turned.year, turned.month, turned.day)
        return date(year, month, day)
    except (ValueError, OverflowError):
        return None
