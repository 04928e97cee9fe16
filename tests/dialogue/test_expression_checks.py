"""What the compiler says about expressions."""

from typing import Any

import pytest

from bridge.errors import QuestionnaireError

Build = Any  # conftest.Build

ITEMS = """\
items:
  - {id: fever, type: yes_no, kind: fact, ask: [هَلْ]}
  - {id: level, type: number, minimum: 0, maximum: 10, ask: [كَمْ], when: "WHEN"}
  - {id: day, type: date, ask: [مَتَى]}
  - id: sleep
    type: choice
    ask: [كَيْفَ]
    options: [{value: good, say: "جَيِّد", key: "1"}, {value: poor, say: "سَيِّئ", key: "2"}]
  - id: pills
    type: group
    repeat: {count: level, maximum: 3}
    items: [{id: pill, type: yes_no, kind: fact, ask: [هَلْ]}]
  - {id: last, type: yes_no, kind: fact, ask: [هَلْ], when: "LAST"}
"""


def complaint(build: Build, when: str = "fever", last: str = "fever") -> str:
    with pytest.raises(QuestionnaireError) as caught:
        build(ITEMS.replace("WHEN", when).replace("LAST", last))
    return str(caught.value)


@pytest.mark.parametrize(
    ("when", "expected"),
    [
        ("fevr", "column 1: unknown name 'fevr'; did you mean 'fever'?"),
        ("fever and sleep == 'good'", "column 11: 'sleep' is asked only later"),
        ("level > 1", "column 1: 'level' is asked only later"),
        ("fever > 1", "column 7: yes or no and a number cannot be compared"),
        ("fever and", "column 10: the expression ends too early"),
        ("1 + 1", "column 1: gives a number; yes or no is needed"),
        ("fever + 1 > 2", "column 1: '+' needs a number, and this is yes or no"),
        ("coutn(fever) > 1", "column 1: unknown function 'coutn'; did you mean 'count'?"),
        ("answered(1)", "column 1: answered() takes the name of one item"),
        ("patient.agee > 3", "column 1: unknown name 'patient.agee'; did you mean 'patient.age'?"),
        ("call.doctor == 'x'", "column 1: unknown name 'call.doctor'"),
        ("call.attempt > 'x'", "column 14: a number and a text cannot be compared"),
        ("[1] == 2", "column 1: a list stands only behind 'in'"),
    ],
)
def test_a_guard_that_cannot_hold_is_refused(build: Build, when: str, expected: str) -> None:
    """With file, line, field and column."""
    assert f"short.yaml:9:69: items.1.when: {expected}" in complaint(build, when)


@pytest.mark.parametrize(
    ("last", "expected"),
    [
        ("sleep == 'goood'", "column 10: 'sleep' is never 'goood'; did you mean 'good'?"),
        ("sleep in ['good', 'bad']", "column 19: 'sleep' is never 'bad'"),
        ("'x' in sleep", "'in' needs a list of options, and this is a text"),
        ("sleep > 'good'", "a text is neither more nor less than another"),
        ("systolic(level) > 1", "systolic() needs a blood pressure, and this is a number"),
        ("days_between(day) > 1", "days_between() takes 2 values, not 1"),
        ("pill", "'pill' is asked only later"),
    ],
)
def test_choices_and_functions_are_checked(build: Build, last: str, expected: str) -> None:
    """A choice has its own values; a repeated item has one for each round, and none outside."""
    assert expected in complaint(build, last=last)


@pytest.mark.parametrize(
    "last",
    [
        "level >= 3 and sleep in ['good']",
        "day >= '2026-01-01' and day < call.today",
        "not answered(level) or refused(sleep)",
        "count(fever, level > 3) >= 1",
        "patient.age < 18 or patient.gender == 'f'",
    ],
)
def test_sound_guards_pass(build: Build, last: str) -> None:
    """Dates are written as texts."""
    assert build(ITEMS.replace("WHEN", "fever").replace("LAST", last)).item("last")


SAFE = """\
items:
  - id: harm
    type: scale
    scale: frequency4
    ask: [كَمْ]
    codes: [{system: loinc, code: "44260-8"}]
"""
TARGET = ', transfer: "{site.crisis_number}"'
CRISIS = f'escalations: {{crisis: {{say: "سَلَامَتُكُم", fallback: "هُنَا", notify: [oncall]{TARGET}}}}}\n'


def refusal(build: Build, items: str, extra: str = "") -> str:
    with pytest.raises(QuestionnaireError) as caught:
        build(items, extra=extra)
    return str(caught.value)


def test_an_item_about_self_harm_needs_a_person_behind_it(build: Build) -> None:
    """Without safety, without an escalation, or without a target it is refused."""
    safe = SAFE + "    safety: self_harm\n"
    named = safe + "    escalation: crisis\n"
    assert "it needs 'safety: self_harm'" in refusal(build, SAFE)
    assert "'safety: self_harm' needs 'escalation'" in refusal(build, safe)
    assert "no escalation 'crisis'; known: none is defined" in refusal(build, named)
    assert "needs a crisis target" in refusal(build, named, CRISIS.replace(TARGET, ""))
    assert build(named, extra=CRISIS).item("harm")


@pytest.mark.parametrize(
    ("extra", "expected"),
    [
        ("scores: {s: {items: [fever, sleep]}}\n", "'sleep' is no item that counts"),
        ("scores: {s: {items: [nothing]}}\n", "'nothing' is no item that counts"),
        ("scores: {s: {items: [pill]}}\n", "'pill' is no item that counts"),
        (
            "scores: {s: {items: [fever], bands: [{from: 3, name: a}, {from: 1, name: b}]}}\n",
            "put the lowest first",
        ),
        ("computed: {c: 'nothing + 1'}\n", "computed.c: column 1: unknown name 'nothing'"),
        ("computed: {c: 'd > 1', d: 'level'}\n", "unknown name 'd'"),
        ("rules: [{when: fever, do: end}]\n", "'do: end' needs a disposition"),
        ("rules: [{when: fever, do: notify, escalation: x}]\n", "no escalation 'x'"),
        ("red_flags: {self_harm: x}\n", "no escalation 'x'"),
        ("variants: {xx: {}}\n", "unknown variant 'xx'; one of msa, glf, egy, lev, f, m"),
        ("variants: {f: {prompts: {wiat: 'لَحْظَة'}}}\n", "no sentence 'wiat'; did you mean 'wait'?"),
        ("fever_is: 3\n", "unknown field"),
    ],
)
def test_what_goes_over_all_items_is_checked(build: Build, extra: str, expected: str) -> None:
    """Scores, computed values, rules, escalations and variants."""
    assert expected in refusal(build, ITEMS.replace("WHEN", "fever").replace("LAST", "fever"), extra)
