"""The addresses, codes and units that FHIR names things by.

Extensions of FHIR R4 (hl7.org/fhir/R4/extensibility-registry.html) and of Structured Data Capture
(hl7.org/fhir/uv/sdc); units are UCUM's. What FHIR has no word for is an extension under `urn:hatif:`.
"""

from collections.abc import Mapping
from typing import Any

from bridge.dialogue.wording import Code

__all__ = [
    "BLOOD_PRESSURE",
    "CALCULATED",
    "COMPLETION_MODE",
    "CONSTRAINT",
    "DATA_ABSENT",
    "DIASTOLIC",
    "ENABLE_WHEN_EXPRESSION",
    "HIDDEN",
    "ITEM_WEIGHT",
    "LINK_ID",
    "LOINC",
    "MAX_OCCURS",
    "MAX_QUANTITY",
    "MAX_VALUE",
    "MIN_LENGTH",
    "MIN_QUANTITY",
    "MIN_VALUE",
    "ORDINAL",
    "OWN_ANSWER_STATUS",
    "OWN_BLOCKS",
    "OWN_DISPOSITION",
    "OWN_HASH",
    "OWN_ITEM",
    "OWN_OPTION",
    "OWN_REVISION",
    "OWN_STATUS",
    "PARTICIPATION_MODE",
    "REGEX",
    "SYSTOLIC",
    "TRANSLATION",
    "UCUM",
    "UNIT",
    "Json",
    "code_from",
    "coding",
    "extension",
    "extension_value",
    "quantity",
]

Json = dict[str, Any]

_CORE = "http://hl7.org/fhir/StructureDefinition/"
_SDC = "http://hl7.org/fhir/uv/sdc/StructureDefinition/sdc-questionnaire-"

ORDINAL = _CORE + "ordinalValue"
ITEM_WEIGHT = _CORE + "itemWeight"  # what ordinalValue is called since R5; both are written
UNIT = _CORE + "questionnaire-unit"
MIN_VALUE = _CORE + "minValue"
MAX_VALUE = _CORE + "maxValue"
MIN_LENGTH = _CORE + "minLength"
MAX_OCCURS = _CORE + "questionnaire-maxOccurs"
REGEX = _CORE + "regex"
HIDDEN = _CORE + "questionnaire-hidden"
CONSTRAINT = _CORE + "questionnaire-constraint"
TRANSLATION = _CORE + "translation"
DATA_ABSENT = _CORE + "data-absent-reason"
COMPLETION_MODE = _CORE + "questionnaireresponse-completionMode"
MIN_QUANTITY = _SDC + "minQuantity"
MAX_QUANTITY = _SDC + "maxQuantity"
CALCULATED = _SDC + "calculatedExpression"
ENABLE_WHEN_EXPRESSION = _SDC + "enableWhenExpression"

OWN_STATUS = "urn:hatif:status"  # draft or validated
OWN_HASH = "urn:hatif:content-hash"
OWN_BLOCKS = "urn:hatif:questionnaire"  # what FHIR has no element for, as JSON
OWN_ITEM = "urn:hatif:item"  # likewise, of one item
OWN_OPTION = "urn:hatif:option"  # likewise, of one option
OWN_DISPOSITION = "urn:hatif:disposition"
OWN_ANSWER_STATUS = "urn:hatif:answer-status"
OWN_REVISION = "urn:hatif:revision"
LINK_ID = "urn:hatif:link-id"  # the terminology of a foreign questionnaire's own linkIds

LOINC = "http://loinc.org"
UCUM = "http://unitsofmeasure.org"
PARTICIPATION_MODE = "http://terminology.hl7.org/CodeSystem/v3-ParticipationMode"

BLOOD_PRESSURE: Json = {"system": LOINC, "code": "85354-9", "display": "Blood pressure panel"}
SYSTOLIC: Json = {"system": LOINC, "code": "8480-6", "display": "Systolic blood pressure"}
DIASTOLIC: Json = {"system": LOINC, "code": "8462-4", "display": "Diastolic blood pressure"}

_SYSTEMS = {
    "loinc": LOINC,
    "snomed": "http://snomed.info/sct",
    "icd10": "http://hl7.org/fhir/sid/icd-10",
    "local": "urn:hatif:local",
}
_NAMES = {address: name for name, address in _SYSTEMS.items()}
_UNIT_NAMES = {"Cel": "°C", "mm[Hg]": "mmHg", "a": "years", "mo": "months", "wk": "weeks", "d": "days"}
_UNIT_NAMES |= {"h": "hours", "min": "minutes", "s": "seconds"}


def coding(code: Code) -> Json:
    """One of our codes as a Coding."""
    system = _SYSTEMS.get(code.system, code.system)
    known: Json = {"system": system if ":" in system else f"urn:hatif:{system}", "code": code.code}
    return known | ({"display": code.display} if code.display else {})


def code_from(found: Mapping[str, Any]) -> Json | None:
    """A Coding as one of our codes, as a questionnaire's file writes it; None where it names nothing."""
    system, code = found.get("system"), found.get("code")
    if not isinstance(code, str) or not isinstance(system, str):
        return None
    ours: Json = {"system": _NAMES.get(system, system.removeprefix("urn:hatif:")), "code": code}
    return ours | ({"display": found["display"]} if found.get("display") else {})


def extension(url: str, **value: object) -> Json:
    """An extension with its one value: `extension(MIN_VALUE, valueInteger=0)`."""
    return {"url": url, **value}


def extension_value(element: Mapping[str, Any], url: str) -> Any:
    """The value of an element's extension of that address; None where there is none."""
    for found in element.get("extension", ()):
        if isinstance(found, dict) and found.get("url") == url:
            return next((value for name, value in found.items() if name.startswith("value")), None)
    return None


def quantity(value: float | None, unit: str) -> Json:
    """A Quantity in a UCUM unit; without a value it is the unit alone."""
    number = {} if value is None else {"value": value}
    return {**number, "unit": _UNIT_NAMES.get(unit, unit), "system": UCUM, "code": unit}
