"""One item of a foreign FHIR questionnaire as an item of ours; what does not fit is named."""

import math
import re
from collections.abc import Callable, Mapping
from typing import Any

from bridge.interop.fhir.terms import (
    DIASTOLIC,
    LOINC,
    MAX_QUANTITY,
    MAX_VALUE,
    MIN_QUANTITY,
    MIN_VALUE,
    REGEX,
    SYSTOLIC,
    UNIT,
    Json,
    extension_value,
)
from bridge.interop.fhir.values import DURATION_UNITS
from bridge.interop.losses import Loss

__all__ = ["fields_of", "is_pressure"]

# Blood glucose and fasting glucose, by mass and by amount (loinc.org); other substances share the units.
_GLUCOSE = frozenset(
    {
        "2339-0",
        "2345-7",
        "41653-7",
        "1558-6",
        "41604-0",
        "15074-8",
        "14743-9",
        "14749-6",
        "14770-2",
        "14771-0",
    }
)
_TIME_UNITS = {ucum: unit for unit, ucum in DURATION_UNITS.items()}
_DIGITS = re.compile(r"\^?(?:\\d|\[0-9\])\{(\d+)(?:,(\d+))?\}\$?")
_ASSUMED = (0, 999)
_MAXIMUM = 999_999
_Fields = Callable[[str, Mapping[str, Any], list[Loss]], Json]


def fields_of(name: str, item: Mapping[str, Any], losses: list[Loss]) -> Json | None:
    """Type and range of a question that has no options; None for what cannot be asked by telephone."""
    read = _READERS.get(str(item["type"]))
    if read is None:
        losses.append(Loss(name, f"a {item['type']} cannot be asked by telephone; it was left out"))
        return None
    return read(name, item, losses)


def is_pressure(item: Mapping[str, Any]) -> bool:
    """Whether a group is LOINC's blood pressure: a systolic and a diastolic quantity."""
    inside = item.get("item", ())
    codes = {_loinc(one) for one in inside if one.get("type") in ("quantity", "decimal", "integer")}
    return len(inside) == len(codes) == 2 and codes == {SYSTOLIC["code"], DIASTOLIC["code"]}  # noqa: PLR2004 - two numbers


def _loinc(item: Mapping[str, Any]) -> str | None:
    return next((one.get("code") for one in item.get("code", ()) if one.get("system") == LOINC), None)


def _yes_no(_name: str, _item: Mapping[str, Any], _losses: list[Loss]) -> Json:
    return {"type": "yes_no", "kind": "fact"}


def _integer(name: str, item: Mapping[str, Any], losses: list[Loss]) -> Json:
    return {"type": "integer", **_range(name, item, losses)}


def _decimal(name: str, item: Mapping[str, Any], losses: list[Loss]) -> Json:
    return {"type": "number", "decimals": 2, **_range(name, item, losses)}


def _quantity(name: str, item: Mapping[str, Any], losses: list[Loss]) -> Json:
    unit = extension_value(item, UNIT)
    code = unit.get("code") if isinstance(unit, dict) else None
    if code in _TIME_UNITS:
        return {"type": "duration", "unit": _TIME_UNITS[code]}
    if code == "Cel":
        return {"type": "temperature"}
    if code == "kg":
        return {"type": "weight"}
    if code in ("mg/dL", "mmol/L") and _loinc(item) in _GLUCOSE:
        return {"type": "glucose", "unit": code}
    if code is None:
        losses.append(Loss(name, "a quantity without a unit; it is asked as a number"))
    return _decimal(name, item, losses) | ({"unit": code} if code else {})


def _range(name: str, item: Mapping[str, Any], losses: list[Loss]) -> Json:
    """The range in whole numbers, from 0 up: what can be keyed."""
    found = [_bound(item, MIN_VALUE, MIN_QUANTITY), _bound(item, MAX_VALUE, MAX_QUANTITY)]
    if None in found:
        losses.append(Loss(name, "has no full range; 0 to 999 stands in for what is missing"))
    low = _ASSUMED[0] if found[0] is None else found[0]
    high = _ASSUMED[1] if found[1] is None else found[1]
    fitting = (max(0, math.floor(low)), min(_MAXIMUM, max(0, math.ceil(high))))
    if fitting != (low, high):
        losses.append(Loss(name, f"its range {low} to {high} became {fitting[0]} to {fitting[1]}"))
    return {"minimum": fitting[0], "maximum": fitting[1]}


def _bound(item: Mapping[str, Any], *urls: str) -> float | None:
    for url in urls:
        value = extension_value(item, url)
        number = value.get("value") if isinstance(value, dict) else value
        if isinstance(number, int | float) and math.isfinite(number):
            return number
    return None


def _date(name: str, item: Mapping[str, Any], losses: list[Loss]) -> Json:
    if item["type"] == "dateTime":
        losses.append(Loss(name, "asked for a day and a time; only the day is asked"))
    return {"type": "date"}


def _time(_name: str, _item: Mapping[str, Any], _losses: list[Loss]) -> Json:
    return {"type": "time"}


def _text(_name: str, item: Mapping[str, Any], _losses: list[Loss]) -> Json:
    digits = _DIGITS.fullmatch(str(extension_value(item, REGEX) or ""))
    if digits is None:
        return {"type": "free_text"}
    return {"type": "digits", "min_length": int(digits[1]), "max_length": int(digits[2] or digits[1])}


_READERS: dict[str, _Fields] = {
    "boolean": _yes_no,
    "integer": _integer,
    "decimal": _decimal,
    "quantity": _quantity,
    "date": _date,
    "dateTime": _date,
    "time": _time,
    "string": _text,
    "text": _text,
}
