"""Clock times: "eight and a half in the morning", "nine less a quarter", "after the sunset prayer".

An hour of twelve without a part of the day is one of two, and is read back.
"""

from collections.abc import Sequence

from msgspec import Struct

from bridge.understanding.calendar_words import (
    BESIDE_TIMES,
    HOUR_WORDS,
    PARTS_OF_DAY,
    RELATIVE_DAYS,
    SPECIAL_HOURS,
    as_cardinals,
)
from bridge.understanding.clock_words import in_minutes, without_each
from bridge.understanding.lexing import lex
from bridge.understanding.marking import find_phrase, longest_at
from bridge.understanding.meaning import Finding, Meaning, nothing
from bridge.understanding.normalisation import normalise
from bridge.understanding.numbers import DOUBTED, SURE, ambiguous
from bridge.understanding.numerals import Numeral, Rank
from bridge.understanding.quantities import Quantity, quantity_at

__all__ = ["read_clock_time"]

_HOUR, _DAY, _NOON, _LAST_HOUR = 60, 24 * 60, 12, 24
_QUARTERS = {Rank.HALF: 30, Rank.QUARTER: 15, Rank.THIRD: 20}
_HOURS_OF_PARTS = {  # the hours of twelve that a part of the day can hold, and what is added to them
    "dawn": {3: 0, 4: 0, 5: 0, 6: 0},
    "morning": {**dict.fromkeys(range(1, 12), 0), 12: -12},
    "noon": {10: 0, 11: 0, 12: 0, 1: 12, 2: 12, 3: 12},
    "afternoon": {12: 0, **dict.fromkeys(range(1, 8), 12)},
    "evening": dict.fromkeys(range(3, 12), 12),
    "night": {12: -12, 1: 0, 2: 0, 3: 0, 4: 0, **dict.fromkeys(range(6, 12), 12)},
}


class _Time(Struct, frozen=True):
    hour: int
    minutes: int  # added to the hour; negative for "less"
    doubtful: bool = False


def read_clock_time(text: str) -> Meaning:
    """A time of day as "08:30"."""
    tokens = normalise(text.replace(":", " ")).split()
    if not tokens:
        return nothing("empty")
    tokens = _without_days(without_each(in_minutes(tokens)))
    special = _special(tokens)
    if special is not None:
        return special
    part, rest = _part_of_day(tokens)
    rest = [token for token in rest if token not in HOUR_WORDS]
    time = _time(as_cardinals(rest), has_part=bool(part))
    if isinstance(time, Meaning):
        return ambiguous("time:only_a_part_of_the_day") if part and not _unknown(rest) else time
    return _placed(time, part)


def _unknown(tokens: Sequence[str]) -> bool:
    words = lex(" ".join(token for token in tokens if token not in BESIDE_TIMES))
    return words is None or not all(word.is_beside for word in words)


def _without_days(tokens: list[str]) -> list[str]:
    """As in "tomorrow at five": which day it is says nothing of the hour."""
    kept: list[str] = []
    at = 0
    while at < len(tokens):
        found = longest_at(tokens, at, RELATIVE_DAYS)
        if found is None or (tokens[at],) in PARTS_OF_DAY:
            kept.append(tokens[at])
        at += found[1] if found else 1
    return kept


def _special(tokens: Sequence[str]) -> Meaning | None:
    kept = [token for token in tokens if token not in HOUR_WORDS]
    for at in range(len(kept)):
        found = longest_at(kept, at, SPECIAL_HOURS)
        if found and not _unknown([*kept[:at], *kept[at + found[1] :]]):
            value, doubtful = found[0]
            confidence = DOUBTED if doubtful else SURE
            return Meaning(
                Finding.VALUE, "time:by_name", value=value, doubtful=doubtful, confidence=confidence
            )
    return None


def _part_of_day(tokens: list[str]) -> tuple[str, list[str]]:
    by_length = sorted(PARTS_OF_DAY, key=len, reverse=True)
    found = find_phrase(tokens, by_length)
    if found is None:
        return "", tokens
    start, end = found
    return PARTS_OF_DAY[tuple(tokens[start:end])], [*tokens[:start], *tokens[end:]]


def _time(tokens: Sequence[str], *, has_part: bool) -> _Time | Meaning:
    kept = [token for token in tokens if token not in BESIDE_TIMES or token in ("و", "الا", "ع")]
    words = lex(" ".join(kept))
    if words is None:
        return nothing("unknown_word")
    words = [
        word for word in words if not word.is_beside and word.rank not in (Rank.FROM, Rank.TO, Rank.OVER)
    ]
    if any(word.rank in (Rank.CORRECTED, Rank.OR, Rank.NOT) for word in words):
        return _corrected(words, has_part=has_part)
    return _hour_and_minutes(words, has_part=has_part) if words else nothing("no_time")


def _corrected(words: Sequence[Numeral], *, has_part: bool) -> _Time | Meaning:
    marks = [at for at, word in enumerate(words) if word.rank is Rank.CORRECTED]
    if not marks or any(word.rank in (Rank.OR, Rank.NOT) for word in words):
        return ambiguous("time:several")
    time = _hour_and_minutes(words[marks[-1] + 1 :], has_part=has_part)
    return time if isinstance(time, Meaning) else _Time(time.hour, time.minutes, doubtful=True)


def _hour_and_minutes(words: Sequence[Numeral], *, has_part: bool) -> _Time | Meaning:
    if not words or words[0].rank not in (Rank.UNIT, Rank.TEN, Rank.TEEN, Rank.TENS, Rank.DIGITS):
        return ambiguous("time:no_hour")
    decimal = _figures(words)
    if decimal is not None:
        return decimal
    hour = quantity_at(words[:1], 0)
    joined = quantity_at(words, 0)
    if hour is None or joined is None:
        return ambiguous("time:no_hour")
    if _is_24_hours(joined, words) and not has_part:  # "three and twenty": 23:00 or 3:20
        return ambiguous("time:several", f"{int(joined.value):02d}:00", f"{int(hour.value):02d}:20")
    minutes = _minutes(words, 1)
    if minutes is None or not 0 <= hour.value <= _LAST_HOUR or hour.value != int(hour.value):
        return ambiguous("time:not_understood")
    return _Time(int(hour.value), minutes)


def _is_24_hours(joined: Quantity, words: Sequence[Numeral]) -> bool:
    is_minutes = any(word.rank in (Rank.THING, Rank.COUNTED) for word in words)
    return (
        joined.rule == "unit_and_tens"
        and joined.value < _LAST_HOUR
        and joined.end == len(words)
        and not is_minutes
    )


def _figures(words: Sequence[Numeral]) -> _Time | Meaning | None:
    """Figures as they are left of "8:30", and "8.30"."""
    ranks = [word.rank for word in words]
    if ranks == [Rank.DIGITS] and "." in words[0].text:
        hour, _, minutes = words[0].text.partition(".")
        return _checked(int(hour), int(minutes.ljust(2, "0")[:2]))
    if ranks == [Rank.DIGITS, Rank.DIGITS]:
        return _checked(words[0].value, words[1].value)
    if ranks == [Rank.DIGITS] and len(words[0].text) == 4:  # noqa: PLR2004 - "0830"
        return _checked(int(words[0].text[:2]), int(words[0].text[2:]))
    return None


def _checked(hour: int, minutes: int) -> _Time | Meaning:
    return (
        _Time(hour, minutes)
        if 0 <= minutes < _HOUR and hour <= _LAST_HOUR
        else ambiguous("time:not_understood")
    )


def _minutes(words: Sequence[Numeral], start: int) -> int | None:
    """What is added to the hour: "and a half and five", "less ten"; None if more is said."""
    total, at = 0, start
    while at < len(words):
        sign = -1 if words[at].rank is Rank.LESS else 1
        joined = words[at].rank in (Rank.AND, Rank.LESS)
        if not joined and at > start and words[at].rank not in (Rank.THING, Rank.COUNTED):
            return None  # "one, two, three" is no time
        at += joined
        if at >= len(words):
            return None
        rank = _part(words, at)
        if rank in _QUARTERS:
            total, at = total + sign * _QUARTERS[rank], at + 1
            continue
        if rank in (Rank.THING, Rank.COUNTED) and at > start:
            at += 1
            continue
        number = None if rank is Rank.COUNTED and not joined else quantity_at(words, at)
        if number is None or number.value != int(number.value) or not 0 <= number.value < _HOUR:
            return None
        total, at = total + sign * int(number.value), number.end
    return total if -_HOUR < total < _HOUR else None


def _part(words: Sequence[Numeral], at: int) -> Rank:
    """A third is spelled like "three", which is so many minutes only where those are named."""
    of_minutes = at + 1 < len(words) and words[at + 1].rank in (Rank.THING, Rank.COUNTED)
    is_third = words[at].text == "تلت" and words[at].rank is Rank.UNIT and not of_minutes
    return Rank.THIRD if is_third else words[at].rank


def _placed(time: _Time, part: str) -> Meaning:
    """Put an hour of twelve into its half of the day."""
    hours, doubtful, others = time.hour, time.doubtful, tuple[str, ...]()
    if time.hour <= _NOON and part:
        added = _HOURS_OF_PARTS[part].get(time.hour)
        if added is None and time.hour:
            return ambiguous(
                "time:no_such_hour_then", _text(time.hour, time.minutes), _text(time.hour + 12, time.minutes)
            )
        hours = time.hour + (added or 0)
    elif 1 <= time.hour <= _NOON:
        doubtful, others = True, (_text((time.hour + 12) % 24, time.minutes),)
    return Meaning(
        Finding.VALUE,
        "time" if not others else "time:of_twelve_hours",
        value=_text(hours, time.minutes),
        doubtful=doubtful,
        confidence=DOUBTED if doubtful else SURE,
        alternatives=others,
    )


def _text(hour: int, minutes: int) -> str:
    total = (hour * _HOUR + minutes) % _DAY
    return f"{total // _HOUR:02d}:{total % _HOUR:02d}"
