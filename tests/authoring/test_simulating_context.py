"""simulating_context: what a played call is told, and what is refused."""

from datetime import UTC, datetime
from typing import Any

import pytest
from shipped import shipped

from bridge.authoring.simulation.context import pairs, played_context
from bridge.authoring.simulation.telephone import SimulationError
from bridge.dialogue.dialects import Dialect

NOW = datetime(2026, 11, 21, 10, tzinfo=UTC)
REMINDER = shipped("appointment_reminder")


def context(**given: Any) -> Any:
    told = {"site": {}, "call": {}, "patient": {}} | given
    return played_context(REMINDER, now=NOW, **told)


def test_what_is_told_has_the_types_that_the_questionnaire_declares() -> None:
    name, kind = next(iter(REMINDER.parameters.items()))
    assert kind == "text", "the test needs a parameter that is a text"
    made = context(
        call={name: "شيء", "attempt": "2", "can_transfer": "false", "today": "2026-01-31"},
        patient={"first_name": "مريم", "age": "46"},
        dialect=Dialect.EGY,
        gender="f",
        site={"phone": "920000000"},
    )
    assert (made.parameters[name], made.attempt, made.can_transfer) == ("شيء", 2, False)
    assert made.patient == {"first_name": "مريم", "age": 46, "gender": "f"}
    assert (made.today, made.hour, made.dialect, made.site["phone"]) == ("2026-01-31", 10, "egy", "920000000")


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        ({"call": {"attemt": "2"}}, "--call attemt: there is no such key; did you mean 'attempt'?"),
        ({"call": {"attempt": "two"}}, "--call: Expected `int`"),
        ({"call": {"today": "31.1.2026"}}, "write the day as 2026-11-21"),
        ({"patient": {"age": "old"}}, "--patient age=old: should be a number"),
        ({"patient": {"gender": "x"}}, "should be one of f, m"),
        ({"patient": {"shoe": "42"}}, "--patient shoe: there is no such key"),
    ],
)
def test_what_does_not_fit_is_refused(given: dict[str, Any], sentence: str) -> None:
    with pytest.raises(SimulationError) as refused:
        context(**given)
    assert sentence in str(refused.value)


def test_a_pair_has_an_equals_sign() -> None:
    assert pairs("--call", ["doctor=د. سالم", "note=a=b"]) == {"doctor": "د. سالم", "note": "a=b"}
    with pytest.raises(SimulationError, match="--call 'doctor' should be key=value"):
        pairs("--call", ["doctor"])
