"""What a dialogue is told about its call, by the carrier, the site's configuration and the calendar."""

from collections.abc import Mapping
from datetime import datetime

from bridge.dialogue.context import CallContext, Fact
from bridge.dialogue.questionnaire import Questionnaire
from protocols.events import CallDetails

__all__ = ["PATIENT_PREFIX", "context_of", "fact_of"]

PATIENT_PREFIX = "patient_"  # of a custom field: patient_first_name, patient_gender, patient_birth_year …
_NUMBERS = ("age", "birth_year")


def context_of(
    details: CallDetails,
    questionnaire: Questionnaire,
    *,
    now: datetime,
    site: Mapping[str, str],
    can_transfer: bool,
    has_open_vocabulary: bool,
) -> CallContext:
    """Put together what is known when a call begins; a field that does not fit its type is left out."""
    patient = {
        name.removeprefix(PATIENT_PREFIX): text
        for name, text in details.custom.items()
        if name.startswith(PATIENT_PREFIX)
    }
    return CallContext(
        today=now.date().isoformat(),
        hour=now.hour,
        attempt=_number(details.custom.get("attempt")) or 1,
        direction=details.direction,
        patient={name: _number(text) if name in _NUMBERS else text for name, text in patient.items()},
        parameters={
            name: fact_of(kind, details.custom.get(name)) for name, kind in questionnaire.parameters.items()
        },
        site=dict(site),
        can_transfer=can_transfer,
        has_open_vocabulary=has_open_vocabulary,
    )


def fact_of(kind: str, text: str | None) -> Fact:
    """A parameter of this type from its text; None where it does not fit."""
    if text is None:
        return None
    match kind:
        case "number":
            return _number(text)
        case "boolean":
            return {"true": True, "false": False}.get(text.lower())
        case _:
            return text


def _number(text: str | None) -> int | None:
    return int(text) if text is not None and text.isascii() and text.isdecimal() else None
