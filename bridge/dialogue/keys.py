"""Which keys answer an item, and what a whole entry of keys means as an answer to it.

`#` ends an entry. `*` inside one is the point of a decimal, the "over" of a blood pressure, or what separates
the parts of a date or a time; alone it repeats the question.
"""

from collections.abc import Callable
from datetime import date
from enum import StrEnum
from typing import Any, get_args

from msgspec import Struct

from bridge.dialogue.actions import Keys
from bridge.dialogue.answer import Value
from bridge.dialogue.items import (
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
    TemperatureItem,
    TimeItem,
    WeightItem,
)

__all__ = ["NO_KEY", "PERSON_KEY", "YES_KEY", "Keyed", "Keying", "keys_for", "read_keys"]

YES_KEY, NO_KEY, PERSON_KEY = "1", "2", "0"
STAR = "*"
PHONE_DIGITS = 15  # E.164
SLOW_SECONDS = 5.0  # between the keys of what is read off a card or a device

_DURATION_LETTERS = {"minutes": "PT{}M", "hours": "PT{}H", "days": "P{}D", "weeks": "P{}W", "months": "P{}M"}


class Keying(StrEnum):
    """What an entry turned out to be."""

    VALUE = "value"
    OUT_OF_RANGE = "out_of_range"
    UNKNOWN = "unknown_key"


class Keyed(Struct, frozen=True):
    """An entry, read as an answer."""

    keying: Keying
    value: Value = None


_UNKNOWN = Keyed(Keying.UNKNOWN)
Numeric = NumberItem | IntegerItem | TemperatureItem | GlucoseItem | WeightItem
# How many keys at most, stars included, and how many stars.
_ROWS_OF_KEYS: dict[type, tuple[int, int]] = {
    BloodPressureItem: (7, 1),
    DateItem: (10, 2),
    TimeItem: (5, 1),
    PhoneItem: (PHONE_DIGITS, 0),
}


def keys_for(item: Item) -> Keys:
    """Which keys may be pressed to answer `item`."""
    if isinstance(item, Numeric):
        stars = 1 if item.decimals else 0
        return Keys(max_digits=len(str(item.maximum)) + stars + item.decimals, stars=stars)
    if isinstance(item, MultiChoiceItem):
        return Keys(max_digits=len(item.options))
    if isinstance(item, DurationItem):
        return Keys(max_digits=len(str(item.maximum)))
    length, stars = _ROWS_OF_KEYS.get(type(item), (0, 0))
    if isinstance(item, DigitsItem):
        length = item.max_length
    if isinstance(item, IdentityItem):
        length = {"name": 0, "birth_year": 4, "code": 20}[item.factor]
    if length:
        return Keys(max_digits=length, stars=stars, interdigit_seconds=SLOW_SECONDS)
    return Keys(max_digits=1)


def read_keys(item: Item, keys: str, today: date | None = None) -> Keyed:
    """Read one entry as an answer to `item`; phone numbers are left to the understanding of their text."""
    pressed = keys.replace(STAR, "")
    if not pressed or not pressed.isascii() or not pressed.isdecimal():
        return _UNKNOWN
    read = _READERS.get(type(item), _reply)
    return read(item, keys, today)


def _reply(item: Item, keys: str, _: date | None) -> Keyed:
    if isinstance(item, OptionsItem):
        return _option(item, keys)
    reply = {YES_KEY: True, NO_KEY: False}.get(keys)
    return _UNKNOWN if reply is None else Keyed(Keying.VALUE, reply)


def _nothing(_item: Item, _keys: str, _today: date | None) -> Keyed:
    return _UNKNOWN


def _secret(item: IdentityItem, keys: str, today: date | None) -> Keyed:
    if item.factor == "name":
        return _reply(item, keys, today)
    return Keyed(Keying.VALUE, keys) if STAR not in keys else _UNKNOWN


def _digits(item: DigitsItem, keys: str, _: date | None) -> Keyed:
    fits = STAR not in keys and item.min_length <= len(keys) <= item.max_length
    return Keyed(Keying.VALUE if fits else Keying.OUT_OF_RANGE, keys)


def _option(item: OptionsItem, keys: str) -> Keyed:
    pressed = [next((option.value for option in item.options if option.key == key), None) for key in keys]
    if not isinstance(item, MultiChoiceItem):
        return Keyed(Keying.VALUE, pressed[0]) if len(pressed) == 1 and pressed[0] is not None else _UNKNOWN
    if None in pressed or len(set(pressed)) < len(pressed):
        return _UNKNOWN
    if item.none_of in pressed and len(pressed) > 1:
        return Keyed(Keying.OUT_OF_RANGE)
    return Keyed(Keying.VALUE, tuple(option.value for option in item.options if option.value in pressed))


def _number(item: Numeric, keys: str, _: date | None) -> Keyed:
    whole, star, decimals = keys.partition(STAR)
    if not whole or STAR in decimals or (star and not 1 <= len(decimals) <= item.decimals):
        return _UNKNOWN
    if len(whole) > len(str(item.maximum)) + item.decimals:
        return _UNKNOWN
    value = float(f"{whole}.{decimals}") if star else _implied(item, int(whole))
    value = int(value) if value == int(value) else value
    is_inside = item.minimum <= value <= item.maximum
    return Keyed(Keying.VALUE if is_inside else Keying.OUT_OF_RANGE, value)


def _implied(item: Numeric, whole: int) -> int | float:
    """A thermometer shows 375 where it means 37.5: no other reading is possible."""
    if isinstance(item, TemperatureItem) and item.minimum * 10 <= whole <= item.maximum * 10:
        return whole / 10
    return whole


def _pressure(item: BloodPressureItem, keys: str, _: date | None) -> Keyed:
    parts = keys.split(STAR)
    if len(parts) != 2 or not all(parts):  # noqa: PLR2004
        return _UNKNOWN
    systolic, diastolic = (int(part) for part in parts)
    is_inside = (
        item.systolic[0] <= systolic <= item.systolic[1]
        and item.diastolic[0] <= diastolic <= item.diastolic[1]
        and diastolic < systolic
    )
    value = f"{systolic}/{diastolic}"
    return Keyed(Keying.VALUE if is_inside else Keying.OUT_OF_RANGE, value)


def _date(item: DateItem, keys: str, today: date | None) -> Keyed:
    """Day, month, year: 21112026 or 21*11*2026."""
    parts = keys.split(STAR) if STAR in keys else [keys[:2], keys[2:4], keys[4:]]
    if len(parts) != 3 or not all(parts) or len(parts[2]) != 4:  # noqa: PLR2004
        return _UNKNOWN
    day, month, year = (int(part) for part in parts)
    try:
        found = date(year, month, day)
    except ValueError:
        return Keyed(Keying.OUT_OF_RANGE)
    is_wrong_side = today is not None and (
        (item.period == "past" and found > today) or (item.period == "future" and found < today)
    )
    return Keyed(Keying.OUT_OF_RANGE if is_wrong_side else Keying.VALUE, found.isoformat())


def _time(_item: TimeItem, keys: str, _: date | None) -> Keyed:
    """Hour and minute: 0830, 830 or 8*30."""
    hour, minute = keys.split(STAR) if keys.count(STAR) == 1 else (keys[:-2], keys[-2:])
    if not hour or len(minute) != 2 or STAR in hour + minute:  # noqa: PLR2004
        return _UNKNOWN
    if int(hour) > 23 or int(minute) > 59:  # noqa: PLR2004
        return Keyed(Keying.OUT_OF_RANGE)
    return Keyed(Keying.VALUE, f"{int(hour):02}:{minute}")


def _duration(item: DurationItem, keys: str, _: date | None) -> Keyed:
    if STAR in keys:
        return _UNKNOWN
    number = int(keys)
    is_inside = item.minimum <= number <= item.maximum
    value = _DURATION_LETTERS[item.unit].format(number)
    return Keyed(Keying.VALUE if is_inside else Keying.OUT_OF_RANGE, value)


_READERS: dict[type, Callable[[Any, str, date | None], Keyed]] = {
    **dict.fromkeys(get_args(Numeric), _number),
    **dict.fromkeys((FreeTextItem, AudioItem, PhoneItem), _nothing),
    BloodPressureItem: _pressure,
    DigitsItem: _digits,
    DateItem: _date,
    TimeItem: _time,
    DurationItem: _duration,
    IdentityItem: _secret,
}
