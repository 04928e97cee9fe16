"""Guards, computed values and scores mean the same in FHIR: both are worked out on the same answers."""

import random
from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal
from itertools import product
from typing import Any

import pytest
from fhirpathpy import compile as compile_fhirpath
from fhirpathpy.models import models

from bridge.dialogue.answer import AnswerStatus
from bridge.dialogue.evaluation import holds
from bridge.dialogue.expressions import parse
from bridge.dialogue.questionnaire import Questionnaire
from bridge.interop.fhir.conditions import enable_when
from bridge.interop.fhir.fhirpath import FhirPath, UntranslatableError
from bridge.interop.fhir.guards import Guards, Target
from bridge.interop.fhir.naming import Naming
from bridge.interop.fhir.responses import export_response

NOW = datetime(2026, 11, 21, 10, tzinfo=UTC)
SMALL = """\
format: 1
id: small
version: "1"
title: صغير
language: ar
status: draft
items:
  - {id: fever, type: yes_no, kind: symptom, allow: [dont_know, refuse], ask: "هَلْ عِنْدَكُمْ حُمَّى؟"}
  - {id: temp, type: temperature, ask: "كَمِ الْحَرَارَة؟"}
  - {id: pain, type: integer, minimum: 0, maximum: 10, ask: "مَا شِدَّةُ الْأَلَم؟"}
  - {id: bp, type: blood_pressure, ask: "كَمْ كَانَ الضَّغْط؟"}
  - id: sleep
    type: choice
    ask: "كَيْفَ النَّوْم؟"
    options:
      - {value: good, say: "جَيِّد", key: "1", ordinal: 0}
      - {value: fair, say: "عَادِيّ", key: "2", ordinal: 1}
      - {value: poor, say: "سَيِّئ", key: "3", ordinal: 2}
  - id: symptoms
    type: multi_choice
    ask: "مَا الْأَعْرَاض؟"
    options:
      - {value: cough, say: "سُعَال", key: "1"}
      - {value: headache, say: "صُدَاع", key: "2"}
  - {id: since, type: duration, unit: days, ask: "مُنْذُ كَمْ؟"}
  - {id: day, type: date, ask: "مَتَى؟"}
  - {id: interest, type: scale, scale: frequency4, ask: "كَمْ مَرَّةً قَلَّ الِاهْتِمَام؟"}
  - {id: low, type: scale, scale: frequency4, ask: "كَمْ مَرَّةً كَانَ الْحُزْن؟"}
  - {id: tired, type: scale, scale: frequency4, ask: "كَمْ مَرَّةً كَانَ التَّعَب؟"}
computed: {warm: "fever and temp >= 38"}
scores:
  mood: {items: [interest, low, tired], missing: {maximum: 1, method: prorate}}
  strict: {items: [interest, low, tired], factor: 2}
  mixed: {items: [fever, pain, sleep], missing: {maximum: 2}}
"""
SIMPLE = [
    "fever",
    "not fever",
    "fever and pain >= 5",
    "fever or pain > 7",
    "temp >= 38.5",
    "not (pain > 3)",
    "pain != 5",
    "5 <= pain",
    'sleep == "poor"',
    'sleep != "good"',
    'sleep in ["fair", "poor"]',
    '"cough" in symptoms',
    "systolic(bp) >= 140",
    "systolic(bp) >= 140 or diastolic(bp) >= 90",
    'day >= "2026-11-10"',
    "pain in [1, 2, 3]",
    "fever == false",
]
EXPRESSED = [
    "warm",
    "(fever or pain > 5) and temp >= 38",
    "answered(fever)",
    "not answered(fever)",
    "refused(fever) or unknown(fever)",
    "ordinal(sleep) >= 1",
    'not ("cough" in symptoms)',
    "count(fever, symptoms) >= 2",
    "days(since) > 10",
    "hours(since) <= 48",
    "pain + 2 * 3 > 9",
    "max(pain, 4) > 5",
    "abs(pain - 5) <= 1",
    'fever and sleep in ["fair", "poor"]',
]
VALUES: dict[str, list[Any]] = {
    "fever": [None, True, False, AnswerStatus.REFUSED, AnswerStatus.DONT_KNOW],
    "temp": [None, 37, 38.5],
    "pain": [None, 0, 5, 8, AnswerStatus.NOT_OBTAINED],
    "bp": [None, "120/80", "150/95", AnswerStatus.NOT_OBTAINED],
    "sleep": [None, "good", "poor", AnswerStatus.REFUSED],
    "symptoms": [None, ("headache",), ("cough", "headache")],
    "since": [None, "P3D", "P2W", "PT5H"],
    "day": [None, "2026-11-01", "2026-11-15"],
    "interest": [None, "never", "nearly_every_day"],
    "low": [None, "several_days"],
    "tired": [None, "more_than_half"],
}
_RANDOM = random.Random(7)
DRAWN = [{name: _RANDOM.choice(values) for name, values in VALUES.items()} for _ in range(40)]
DRAWN += [dict.fromkeys(VALUES), {name: values[-1] for name, values in VALUES.items()}]


@pytest.fixture(scope="module")
def small(build: Any) -> Questionnaire:
    questionnaire: Questionnaire = build(SMALL)
    return questionnaire


@pytest.fixture(scope="module")
def calls(small: Questionnaire, interview: Any) -> list[tuple[Any, Any]]:
    return [held(interview, small, drawn) for drawn in DRAWN]


def held(interview: Any, questionnaire: Questionnaire, drawn: dict[str, Any]) -> tuple[Any, Any]:
    """A call with these answers and statuses: as our engine sees it, and as FHIR."""
    answers = {
        name: value
        for name, value in drawn.items()
        if value is not None and not isinstance(value, AnswerStatus)
    }
    statuses = {name: value for name, value in drawn.items() if isinstance(value, AnswerStatus)}
    one = interview(questionnaire, answers, statuses=statuses)
    return one.form, export_response(one, now=NOW)


def compiled(expression: str) -> Callable[[dict[str, Any]], list[Any]]:
    judge_it = compile_fhirpath(expression, models["r4"])
    return lambda response: judge_it(response, {"resource": response})


def enabled(condition: Any, response: dict[str, Any]) -> bool:
    """Judge `enableWhen` as the specification of R4 words it."""
    judged = [judge(one, answers_to(response, one["question"])) for one in condition.enable_when]
    return any(judged) if condition.behavior == "any" else all(judged)


def answers_to(element: dict[str, Any], link_id: str) -> list[Any]:
    found = []
    for item in element.get("item", ()):
        if item["linkId"] == link_id:
            found += [
                value
                for answer in item.get("answer", ())
                for name, value in answer.items()
                if not name.startswith("_") and not (isinstance(value, dict) and is_missing(value))
            ]
        found += answers_to(item, link_id)
    return found


def is_missing(value: dict[str, Any]) -> bool:
    return any("data-absent-reason" in one["url"] for one in value.get("extension", ()))


def judge(condition: dict[str, Any], answers: list[Any]) -> bool:
    wanted = next(value for name, value in condition.items() if name.startswith("answer"))
    operators = {
        "=": lambda one, other: one == other,
        ">": lambda one, other: one > other,
        "<": lambda one, other: one < other,
        ">=": lambda one, other: one >= other,
        "<=": lambda one, other: one <= other,
    }
    compare = operators[condition["operator"]]
    return any(compare(core(answer), core(wanted)) for answer in answers)


def core(value: Any) -> Any:
    if not isinstance(value, dict):
        return value
    return (value["system"], value["code"]) if "value" not in value else value["value"]


@pytest.mark.parametrize("guard", SIMPLE)
def test_simple_guards_hold_where_they_hold_here(small: Questionnaire, calls: Any, guard: str) -> None:
    condition = enable_when(Naming(small), guard)
    assert condition is not None
    for form, response in calls:
        assert enabled(condition, response) is holds(parse(guard), form.facts())


@pytest.mark.parametrize("guard", [*SIMPLE, *EXPRESSED])
def test_in_fhirpath_guards_hold_where_they_hold_here(small: Questionnaire, calls: Any, guard: str) -> None:
    judge_it = compiled(FhirPath(Naming(small)).of(guard))
    for form, response in calls:
        assert (judge_it(response) == [True]) is holds(parse(guard), form.facts())


@pytest.mark.parametrize("guard", EXPRESSED)
def test_what_is_not_simple_is_left_to_fhirpath(small: Questionnaire, guard: str) -> None:
    assert enable_when(Naming(small), guard) is None


def test_a_list_of_simple_guards_is_what_enable_when_says(small: Questionnaire) -> None:
    condition = enable_when(Naming(small), 'sleep != "good"')
    assert condition is not None
    assert condition.behavior == "any"
    codes = [one["answerCoding"]["code"] for one in condition.enable_when]
    assert codes == ["fair", "poor"]


@pytest.mark.parametrize("name", ["mood", "strict", "mixed"])
def test_scores_come_to_the_same(small: Questionnaire, calls: Any, name: str) -> None:
    work_out = compiled(FhirPath(Naming(small)).of_score(small.scores[name]))
    for form, response in calls:
        expected = form.score(name, is_final=True).value
        assert work_out(response) == ([] if expected is None else [Decimal(expected)])


@pytest.mark.parametrize(
    "guard",
    [
        "patient.age < 18",
        "call.attempt > 1",
        'band(mood) == "high"',
        "days_between(day, day) > 3",
        'since == "P3D"',
    ],
)
def test_what_fhirpath_cannot_say_is_refused(small: Questionnaire, guard: str) -> None:
    assert enable_when(Naming(small), guard) is None
    with pytest.raises(UntranslatableError):
        FhirPath(Naming(small)).of(guard)


@pytest.mark.parametrize("guard", list(SIMPLE))
def test_guards_come_back_with_their_meaning(small: Questionnaire, interview: Any, guard: str) -> None:
    naming = Naming(small)
    condition = enable_when(naming, guard)
    assert condition is not None
    targets = {item.id: Target(item.id, item.type, options_of(naming, item)) for item in small.questions}
    targets |= {f"bp.{part}": Target(f"{part}(bp)", "number") for part in ("systolic", "diastolic")}
    returned = Guards(targets).of(condition.element())
    assert returned is not None
    names = [name for name in VALUES if name in guard]
    for values in product(*(VALUES[name] for name in names)):
        form, _ = held(interview, small, dict(zip(names, values, strict=True)))
        assert holds(parse(returned), form.facts()) is holds(parse(guard), form.facts())


def options_of(naming: Naming, item: Any) -> dict[tuple[str | None, str], str]:
    found = {}
    for option in getattr(item, "options", ()):
        coded = naming.option(item, option)
        found[coded["system"], coded["code"]] = option.value
    return found
