"""What a dialogue is told about its call."""

from datetime import UTC, datetime
from typing import Any

from bridge.circumstances import context_of
from bridge.content import CONTENT
from bridge.dialogue.context import CallContext
from bridge.dialogue.loader import parse
from protocols.events import CallDetails

COMMON = (CONTENT / "questionnaires" / "common" / "ar.yaml").read_text(encoding="utf-8")
SOURCE = """\
format: 1
id: one
version: "1"
title: واحد
language: ar
status: draft
parameters: {doctor: text, visit: date, rooms: number, is_first: boolean}
items: [{id: fever, type: yes_no, kind: fact, ask: "هَلْ؟"}]
"""
ONE = parse(SOURCE, name="one.yaml", common=COMMON)


def told(**custom: str) -> CallContext:
    options: dict[str, Any] = {"can_transfer": True, "has_open_vocabulary": False}
    return context_of(
        CallDetails(direction="outbound", custom=custom),
        ONE,
        now=datetime(2026, 11, 21, 9, 30, tzinfo=UTC),
        site={"name": "المركز"},
        **options,
    )


def test_day_and_site_are_always_known() -> None:
    """The rest is what the carrier was given to pass on."""
    context = told()
    assert (context.today, context.hour, context.attempt) == ("2026-11-21", 9, 1)
    assert (context.fact("site.name"), context.fact("call.direction")) == ("المركز", "outbound")
    assert (context.patient, context.fact("call.doctor")) == ({}, None)


def test_fields_of_the_patient_have_a_prefix() -> None:
    """Numbers among them are numbers, or left out."""
    context = told(patient_first_name="مريم", patient_gender="f", patient_age="44", patient_birth_year="?")
    assert context.patient == {"first_name": "مريم", "gender": "f", "age": 44, "birth_year": None}
    assert context.gender == "f"


def test_parameters_have_the_declared_types() -> None:
    """What was not declared is not told; what does not fit is left out."""
    context = told(doctor="سلمى", visit="2026-11-30", rooms="3", is_first="true", other="x", attempt="2")
    assert context.parameters == {"doctor": "سلمى", "visit": "2026-11-30", "rooms": 3, "is_first": True}
    assert context.attempt == 2
    assert told(rooms="many", is_first="perhaps").parameters["rooms"] is None
