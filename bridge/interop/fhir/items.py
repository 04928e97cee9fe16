"""The items of a questionnaire as items of a FHIR Questionnaire."""

import hashlib
from collections.abc import Mapping
from typing import Any

import msgspec

from bridge.dialogue.dialects import Dialect
from bridge.dialogue.items import (
    BloodPressureItem,
    DigitsItem,
    DurationItem,
    GlucoseItem,
    GroupItem,
    InfoItem,
    IntegerItem,
    Item,
    MultiChoiceItem,
    NumberItem,
    Option,
    OptionsItem,
    PhoneItem,
    QuestionItem,
    TemperatureItem,
    WeightItem,
)
from bridge.interop.fhir.conditions import enable_when
from bridge.interop.fhir.fhirpath import FhirPath, UntranslatableError
from bridge.interop.fhir.naming import Naming
from bridge.interop.fhir.terms import (
    BLOOD_PRESSURE,
    CONSTRAINT,
    DIASTOLIC,
    ENABLE_WHEN_EXPRESSION,
    ITEM_WEIGHT,
    LINK_ID,
    MAX_OCCURS,
    MAX_QUANTITY,
    MAX_VALUE,
    MIN_LENGTH,
    MIN_QUANTITY,
    MIN_VALUE,
    ORDINAL,
    OWN_ITEM,
    OWN_OPTION,
    REGEX,
    SYSTOLIC,
    TRANSLATION,
    UNIT,
    Json,
    coding,
    extension,
    extension_value,
    quantity,
)
from bridge.interop.fhir.values import fhir_type, unit_of
from bridge.interop.losses import Loss
from bridge.interop.own_text import own_blocks, own_items
from bridge.understanding import bare

__all__ = ["ItemWriter", "condition_digest"]

LANGUAGES = {Dialect.GLF: "ar-SA", Dialect.EGY: "ar-EG", Dialect.LEV: "ar-LB"}
PHONE_PATTERN = r"\+[1-9][0-9]{6,14}"  # E.164
# Fields that stand in elements of FHIR's own, and are read back from there.
_IN_ELEMENTS = ("id", "codes", "items", "options")
_Ranged = NumberItem | IntegerItem | TemperatureItem | GlucoseItem | WeightItem | DurationItem


class ItemWriter:
    """Writes items one by one, and keeps what FHIR has no word for."""

    def __init__(self, naming: Naming) -> None:
        self.losses: list[Loss] = []
        self._naming = naming
        self._own = own_items(own_blocks(naming.questionnaire))
        self._fhirpath = FhirPath(naming)

    def write(self, item: Item) -> Json:
        """One item, with those inside it."""
        if isinstance(item, GroupItem):
            return self._group(item)
        written = self._head(item, item.say if isinstance(item, InfoItem) else item.ask[0])
        if isinstance(item, InfoItem):
            return written | {"type": "display"} | self._condition(item)
        if isinstance(item, BloodPressureItem):
            return written | {"type": "group"} | self._flags(item) | {"item": self._pressure(item)}
        written |= {"type": fhir_type(item)} | self._flags(item)
        if isinstance(item, DigitsItem):
            written["maxLength"] = item.max_length
        if isinstance(item, OptionsItem):
            written["answerOption"] = [self._option(item, option) for option in item.options]
        return written

    def _head(self, item: Item, text: str) -> Json:
        """What all items begin with."""
        codes = [coding(code) for code in item.codes if code.system != LINK_ID]
        if isinstance(item, BloodPressureItem) and not codes:
            codes = [BLOOD_PRESSURE]
        if isinstance(item, InfoItem):
            codes = []  # FHIR's rule que-3
        return {
            "linkId": self._naming.link_id(item),
            "extension": [self._own_fields(item), *self._extensions(item)],
            **({"code": codes} if codes else {}),
            "text": bare(text),
            **self._translations(item),
        }

    def _own_fields(self, item: Item) -> Json:
        """What the author wrote beyond what FHIR has elements for, and the spoken text with its vowels."""
        own = self._own.get(item.id, {})
        kept = {name: field for name, field in own.items() if name not in _IN_ELEMENTS}
        if isinstance(item, InfoItem) and item.codes:
            kept["codes"] = own.get("codes")
        digest = condition_digest({**self._condition(item), "extension": self._guard(item)})
        return extension(OWN_ITEM, valueString=_json({"id": item.id, "condition": digest, **kept}))

    def _translations(self, item: Item) -> Json:
        """What is asked in the dialects that have a language tag; a gender has none."""
        spoken: list[Json] = []
        for variant, texts in getattr(item, "variants", {}).items():
            language = LANGUAGES.get(variant)
            text = getattr(texts, "say", None) or (getattr(texts, "ask", None) or (None,))[0]
            if language and text:
                parts = [extension("lang", valueCode=language), extension("content", valueString=bare(text))]
                spoken.append({"url": TRANSLATION, "extension": parts})
        return {"_text": {"extension": spoken}} if spoken else {}

    def _group(self, group: GroupItem) -> Json:
        written = self._head(group, group.title or group.say or group.id)
        repeats = {"repeats": True} if group.repeat else {}
        inside = [self.write(item) for item in group.items]
        return written | {"type": "group"} | self._condition(group) | repeats | {"item": inside}

    def _flags(self, item: QuestionItem) -> Json:
        """When it is asked, whether it must be answered, and how often it may be."""
        required = {"required": True} if item.required and not item.allow else {}
        repeats = {"repeats": True} if isinstance(item, MultiChoiceItem) else {}
        return {**self._condition(item), **required, **repeats}

    def _condition(self, item: Item) -> Json:
        if item.when is None:
            return {}
        condition = enable_when(self._naming, item.when)
        return {} if condition is None else condition.element()

    def _extensions(self, item: Item) -> list[Json]:
        found = self._guard(item)
        if isinstance(item, GroupItem):
            times = [extension(MAX_OCCURS, valueInteger=item.repeat.maximum)] if item.repeat else []
            return [*found, *times]
        if isinstance(item, InfoItem):
            return found
        if isinstance(item, _Ranged):
            found += _range(item)
        if isinstance(item, DigitsItem):
            pattern = f"[0-9]{{{item.min_length},{item.max_length}}}"
            found += [
                extension(MIN_LENGTH, valueInteger=item.min_length),
                extension(REGEX, valueString=pattern),
            ]
        if isinstance(item, PhoneItem):
            found.append(extension(REGEX, valueString=PHONE_PATTERN))
        return [*found, *self._constraints(item)]

    def _guard(self, item: Item) -> list[Json]:
        """A guard that is too much for `enableWhen`, as FHIRPath."""
        if item.when is None or enable_when(self._naming, item.when) is not None:
            return []
        try:
            expression = {"language": "text/fhirpath", "expression": self._fhirpath.of(item.when)}
        except UntranslatableError as error:
            text = f"its guard ({item.when}) needs {error}; for other readers the item is always asked"
            self.losses.append(Loss(item.id, text))
            return []
        return [extension(ENABLE_WHEN_EXPRESSION, valueExpression=expression)]

    def _constraints(self, item: QuestionItem) -> list[Json]:
        found = []
        for number, constraint in enumerate(item.constraints, 1):
            try:
                expression = self._fhirpath.of(constraint.require, item)
            except UntranslatableError as error:
                text = f"a constraint ({constraint.require}) needs {error}; other readers do not check it"
                self.losses.append(Loss(item.id, text))
                continue
            parts = [
                extension("key", valueId=f"{item.id}-{number}".replace("_", "-")),
                extension("severity", valueCode="error"),
                extension("expression", valueString=expression),
                extension("human", valueString=bare(constraint.say)),
            ]
            found.append({"url": CONSTRAINT, "extension": parts})
        return found

    def _pressure(self, item: BloodPressureItem) -> list[Json]:
        """Two quantities, as LOINC's panel has them."""
        parts = (("الانقباضي", SYSTOLIC, item.systolic), ("الانبساطي", DIASTOLIC, item.diastolic))
        names = self._naming.link_ids_of_pressure(item)
        return [
            {
                "linkId": link_id,
                "extension": [extension(UNIT, valueCoding=_unit(item.unit)), *_quantities(*ends, item.unit)],
                "code": [code],
                "text": text,
                "type": "quantity",
                **({"required": True} if item.required and not item.allow else {}),
            }
            for link_id, (text, code, ends) in zip(names, parts, strict=True)
        ]

    def _option(self, item: OptionsItem, option: Option) -> Json:
        own = self._own.get(item.id, {}).get("options", ())
        written = next((one for one in own if one.get("value") == option.value), None)
        # A built-in scale's options are common content: no file writes them, and none is made to.
        extensions = [extension(OWN_OPTION, valueString=_json(written))] if written else []
        if option.ordinal is not None:
            extensions += [extension(url, valueDecimal=option.ordinal) for url in (ORDINAL, ITEM_WEIGHT)]
        return {
            **({"extension": extensions} if extensions else {}),
            "valueCoding": self._naming.option(item, option),
        }


def condition_digest(item: Mapping[str, Any]) -> str:
    """A short mark of an item's condition, by which an import sees whether others have changed it."""
    expression = extension_value(item, ENABLE_WHEN_EXPRESSION)
    condition = [item.get("enableWhen", []), item.get("enableBehavior"), expression]
    return hashlib.sha256(msgspec.json.encode(condition, order="deterministic")).hexdigest()[:16]


def _range(item: "_Ranged") -> list[Json]:
    unit = unit_of(item)
    if unit is not None:
        return [extension(UNIT, valueCoding=_unit(unit)), *_quantities(item.minimum, item.maximum, unit)]
    whole = fhir_type(item) == "integer"
    name = "valueInteger" if whole else "valueDecimal"
    return [extension(MIN_VALUE, **{name: item.minimum}), extension(MAX_VALUE, **{name: item.maximum})]


def _quantities(minimum: float, maximum: float, unit: str) -> list[Json]:
    return [
        extension(MIN_QUANTITY, valueQuantity=quantity(minimum, unit)),
        extension(MAX_QUANTITY, valueQuantity=quantity(maximum, unit)),
    ]


def _unit(unit: str) -> Json:
    named = quantity(None, unit)
    return {"system": named["system"], "code": unit, "display": named["unit"]}


def _json(data: Any) -> str:
    return msgspec.json.encode(data).decode()
