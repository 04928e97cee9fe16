"""What a played call is told beforehand: key=value pairs become a call's context, or are refused. Pure."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

import msgspec

from bridge.authoring.simulation.telephone import SimulationError
from bridge.circumstances import fact_of
from bridge.dialogue.context import CallContext, Fact
from bridge.dialogue.dialects import Dialect
from bridge.dialogue.hints import did_you_mean
from bridge.dialogue.questionnaire import Questionnaire
from bridge.dialogue.wording import GENDERS

__all__ = ["pairs", "played_context"]

PATIENT = {
    "first_name": "text",
    "name": "text",
    "gender": "text",
    "age": "number",
    "birth_year": "number",
    "code": "text",
}
CIRCUMSTANCES = ("today", "hour", "attempt", "direction", "can_transfer")


def pairs(option: str, given: Iterable[str]) -> dict[str, str]:
    """Take `key=value` apart.

    Raises:
        SimulationError: one of them has no `=`.

    """
    split = {}
    for one in given:
        key, separator, value = one.partition("=")
        if not separator or not key:
            raise SimulationError(f"{option} {one!r} should be key=value")
        split[key.strip()] = value.strip()
    return split


def played_context(
    questionnaire: Questionnaire,
    *,
    now: datetime,
    site: Mapping[str, str],
    call: Mapping[str, str],
    patient: Mapping[str, str],
    dialect: Dialect | None = None,
    gender: str | None = None,
) -> CallContext:
    """Put together what the dialogue is told; the present day and hour unless `call` says otherwise.

    Raises:
        SimulationError: a key that this questionnaire does not know, or a value of another type.

    """
    known = {
        name: _fact("--patient", name, text, _type_of("--patient", name, PATIENT))
        for name, text in patient.items()
    }
    if gender is not None:
        known["gender"] = gender
    if known.get("gender") not in (None, *GENDERS):
        raise SimulationError(f"--patient gender={known['gender']}: should be one of {', '.join(GENDERS)}")
    types = {**questionnaire.parameters, **dict.fromkeys(CIRCUMSTANCES, "")}
    parameters = {name: _type_of("--call", name, types) for name in call}
    own = {name: text for name, text in call.items() if name in CIRCUMSTANCES}
    context: dict[str, Any] = {"today": now.date().isoformat(), "hour": now.hour} | own
    context |= {"patient": known, "site": dict(site), "dialect": dialect}
    context["parameters"] = {
        name: _fact("--call", name, call[name], kind) for name, kind in parameters.items() if kind
    }
    return _converted(context)


def _converted(context: dict[str, Any]) -> CallContext:
    try:
        converted = msgspec.convert(context, CallContext, strict=False)
        datetime.strptime(converted.today or "", "%Y-%m-%d")  # noqa: DTZ007 - a day has no zone
    except msgspec.ValidationError as error:
        raise SimulationError(f"--call: {error}") from error
    except ValueError:
        raise SimulationError(f"--call today={context['today']}: write the day as 2026-11-21") from None
    return converted


def _type_of(option: str, name: str, types: Mapping[str, str]) -> str:
    if name not in types:
        raise SimulationError(
            f"{option} {name}: there is no such key{did_you_mean(name, types)} ({', '.join(types)})"
        )
    return types[name]


def _fact(option: str, name: str, text: str, kind: str) -> Fact:
    fact = fact_of(kind, text)
    if fact is None:
        raise SimulationError(f"{option} {name}={text}: should be a {kind}")
    return fact
