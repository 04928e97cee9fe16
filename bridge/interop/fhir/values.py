"""Our values as FHIR's: a temperature as a Quantity, a choice as a Coding, a pressure in two parts."""

import re

from bridge.dialogue.answer import Value
from bridge.dialogue.items import (
    AudioItem,
    DateItem,
    DurationItem,
    FreeTextItem,
    GlucoseItem,
    IntegerItem,
    NumberItem,
    OptionsItem,
    QuestionItem,
    TemperatureItem,
    TimeItem,
    WeightItem,
)
from bridge.interop.fhir.naming import Naming
from bridge.interop.fhir.terms import ITEM_WEIGHT, ORDINAL, Json, extension, quantity
from bridge.understanding import YesNoKind

__all__ = ["DURATION_UNITS", "duration", "fhir_type", "pressure", "unit_of", "value_element", "values"]

# UCUM's units of time by the units that a questionnaire names.
DURATION_UNITS = {"minutes": "min", "hours": "h", "days": "d", "weeks": "wk", "months": "mo"}
_DURATION = re.compile(
    r"P(?:(\d+)Y)?(?:(\d+)M)?(?:(\d+)W)?(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?(?:(\d+)S)?)?"
)
_PARTS = ("a", "mo", "wk", "d", "h", "min", "s")
_SECONDS = {"a": 365 * 86_400, "mo": 30 * 86_400, "wk": 7 * 86_400, "d": 86_400, "h": 3600, "min": 60, "s": 1}


def fhir_type(item: QuestionItem) -> str:
    """Which item type of FHIR asks for the same; a pressure is a group of two."""
    if isinstance(item, OptionsItem):
        return "choice"
    if isinstance(getattr(item, "kind", None), YesNoKind):
        return "boolean"
    if unit_of(item) is not None:
        return "group" if item.type == "blood_pressure" else "quantity"
    if isinstance(item, NumberItem | IntegerItem):
        return "decimal" if item.decimals else "integer"
    by_class: dict[type, str] = {DateItem: "date", TimeItem: "time", AudioItem: "attachment"}
    return by_class.get(type(item), "text" if isinstance(item, FreeTextItem) else "string")


def unit_of(item: QuestionItem) -> str | None:
    """The UCUM unit that an item's values are in."""
    if isinstance(item, DurationItem):
        return DURATION_UNITS[item.unit]
    unit = getattr(item, "unit", None)
    return unit if isinstance(unit, str) else None


def value_element(item: QuestionItem) -> str:
    """The name of the element that holds an item's value."""
    names = {"choice": "Coding", "text": "String"}
    kind = fhir_type(item)
    return f"value{names.get(kind, kind[:1].upper() + kind[1:])}"


def values(naming: Naming, item: QuestionItem, value: Value) -> list[Json]:
    """The answers of one item, each a value element; none where the value does not fit the item."""
    if isinstance(item, OptionsItem):
        chosen = value if isinstance(value, tuple) else (value,)
        options = [option for name in chosen if (option := item.option(name)) is not None]
        return [{"valueCoding": _weighed(naming.option(item, one), one.ordinal)} for one in options]
    element = value_element(item)
    if isinstance(item, AudioItem):
        return [{element: {"contentType": "audio/wav", "title": "in the recording of the call"}}]
    if isinstance(item, DurationItem) and isinstance(value, str):
        length = duration(value)
        return [{element: quantity(*length)}] if length else []
    if isinstance(item, TimeItem) and isinstance(value, str):
        return [{element: f"{value}:00" if value.count(":") == 1 else value}]
    return _plain(item, element, value)


def _plain(item: QuestionItem, element: str, value: Value) -> list[Json]:
    if value is None or isinstance(value, tuple):
        return []
    unit = unit_of(item)
    if unit is None:
        return [{element: value}]
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    return [{element: quantity(float(value) if _is_decimal(item) else int(value), unit)}] if is_number else []


def _is_decimal(item: QuestionItem) -> bool:
    """Whether an item's numbers may have decimals."""
    kinds = (NumberItem, IntegerItem, TemperatureItem, GlucoseItem, WeightItem)
    return isinstance(item, kinds) and item.decimals > 0


def _weighed(coded: Json, ordinal: float | None) -> Json:
    """What an option counts: as R4 writes it on the coding, and as R5 and SDC 4 do."""
    if ordinal is None:
        return coded
    weights = [extension(ORDINAL, valueDecimal=ordinal), extension(ITEM_WEIGHT, valueDecimal=ordinal)]
    return {"extension": weights, **coded}


def pressure(value: Value) -> tuple[int, int] | None:
    """Systolic and diastolic of "130/80"."""
    parts = value.split("/") if isinstance(value, str) else []
    if len(parts) != 2 or not all(part.isdecimal() for part in parts):  # noqa: PLR2004 - two numbers
        return None
    return int(parts[0]), int(parts[1])


def duration(text: str) -> tuple[int, str] | None:
    """A duration of ISO 8601 as a number and its UCUM unit; the smallest unit where several are named."""
    match = _DURATION.fullmatch(text)
    if match is None:
        return None
    parts = [(int(number), unit) for number, unit in zip(match.groups(), _PARTS, strict=True) if number]
    if not parts:
        return None
    smallest = parts[-1][1]
    total = sum(number * _SECONDS[unit] for number, unit in parts)
    return total // _SECONDS[smallest], smallest
