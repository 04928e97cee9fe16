"""Which keys answer an item, and what a whole entry of keys means as an answer to it.

`#` ends an entry. `*` inside one is the point of a decimal, the "over" of a blood pressure, or what separates
the parts of a date or a time; alone it repeats the question.
"""

from datetime import date
from enum import StrEnum

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


def keys_for(item: Item) -> Keys:
    """Which keys may be pressed to answer `item`."""
    match item:
        case NumberItem() | IntegerItem() | TemperatureItem() | GlucoseItem() | WeightItem():
            whole = len(str(item.maximum))
            stars = 1 if item.decimals else 0
            return Keys(max_digits=whole + stars + item.decimals, stars=stars)
        case BloodPressureItem():
            return Keys(max_digits=7, stars=1, interdigit_seconds=SLOW_SECONDS)
        case MultiChoiceItem():
            return Keys(max_digits=len(item.options))
        case DigitsItem():
            return Keys(max_digits=item.max_length, interdigit_seconds=SLOW_SECONDS)
        case DateItem():
            return Keys(max_digits=10, stars=2, interdigit_seconds=SLOW_SECONDS)
        case TimeItem():
            return Keys(max_digits=5, stars=1, interdigit_seconds=SLOW_SECONDS)
        case DurationItem():
            return Keys(max_digits=len(str(item.maximum)))
        case PhoneItem():
            return Keys(max_digits=PHONE_DIGITS, interdigit_seconds=SLOW_SECONDS)
        case IdentityItem() if item.factor != "name":
            return Keys(max_digits=4 if item.factor == "birth_year" else 20, interdigit_seconds=SLOW_SECONDS)
        case _:
            return Keys(max_digits=1)


def read_keys(item: Item, keys: str, today: date | None = None) -> Keyed:
    """Read one entry as an answer to `item`; phone numbers are left to the understanding of their text."""
    if not keys or not keys.replace(STAR, "").isascii() or not keys.replace(STAR, "").isdecimal():
        return _UNKNOWN
    match item:
        case OptionsItem():
            return _option(item, keys)
        case NumberItem() | IntegerItem() | TemperatureItem() | GlucoseItem() | WeightItem():
            return _number(item, keys)
        case BloodPressureItem():
            return _pressure(item, keys)
        case DigitsItem():
            fits = STAR not in keys and item.min_length <= len(keys) <= item.max_length
            return Keyed(Keying.VALUE, keys) if fits else Keyed(Keying.OUT_OF_RANGE, keys)
        case DateItem():
            return _date(item, keys, today)
        case TimeItem():
            return _time(keys)
        case DurationItem():
            return _duration(item, keys)
        case FreeTextItem() | AudioItem() | PhoneItem():
            return _UNKNOWN
        case IdentityItem() if item.factor != "name":
            return Keyed(Keying.VALUE, keys) if STAR not in keys else _UNKNOWN
        case _:
            reply = {YES_KEY: True, NO_KEY: False}.get(keys)
            return _UNKNOWN if reply is None else Keyed(Keying.VALUE, reply)


def _option(item: OptionsItem, keys: str) -> Keyed:
    pressed = [next((option.value for option in item.options if option.key == key), None) for key in keys]
    if not isinstance(item, MultiChoiceItem):
        return Keyed(Keying.VALUE, pressed[0]) if len(pressed) == 1 and pressed[0] is not None else _UNKNOWN
    if None in pressed or len(set(pressed)) < len(pressed):
        return _UNKNOWN
    if item.none_of in pressed and len(pressed) > 1:
        return Keyed(Keying.OUT_OF_RANGE)
    return Keyed(Keying.VALUE, tuple(option.value for option in item.options if option.value in pressed))


Numeric = NumberItem | IntegerItem | TemperatureItem | GlucoseItem | WeightItem


def _number(item: Numeric, keys: str) -> Keyed:
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


def _pressure(item: BloodPressureItem, keys: str) -> Keyed:
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


def _time(keys: str) -> Keyed:
    """Hour and minute: 0830, 830 or 8*30."""
    hour, minute = keys.split(STAR) if keys.count(STAR) == 1 else (keys[:-2], keys[-2:])
    if not hour or len(minute) != 2 or STAR in hour + minute:  # noqa: PLR2004
        return _UNKNOWN
    if int(hour) > 23 or int(minute) > 59:  # noqa: PLR2004
        return Keyed(Keying.OUT_OF_RANGE)
    return Keyed(Keying.VALUE, f"{int(hour):02}:{minute}")


def _duration(item: DurationItem, keys: str) -> Keyed:
    if STAR in keys:
        return _UNKNOWN
    number = int(keys)
    is_inside = item.minimum <= number <= item.maximum
    value = _DURATION_LETTERS[item.unit].format(number)
    return Keyed(Keying.VALUE if is_inside else Keying.OUT_OF_RANGE, value)
