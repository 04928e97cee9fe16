"""Stored calls as QuestionnaireResponses: values, reasons of missing answers, rounds, scores, status."""

import json
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest
from fhir.resources.R4B.questionnaireresponse import QuestionnaireResponse as R4Response

from bridge.dialogue.answer import AnswerStatus
from bridge.dialogue.questionnaire import Questionnaire
from bridge.dialogue.state import DialogueState
from bridge.interop.fhir.questionnaires import export_questionnaire
from bridge.interop.fhir.responses import export_response
from bridge.interop.fhir.terms import extension_value
from bridge.interop.interviews import Interview, subject_of
from bridge.interop.losses import InteropError

REASON = "http://hl7.org/fhir/StructureDefinition/data-absent-reason"
MODE = "http://hl7.org/fhir/StructureDefinition/questionnaireresponse-completionMode"


def walk(element: dict[str, Any]) -> Iterator[dict[str, Any]]:
    for item in element.get("item", ()):
        yield item
        yield from walk(item)


@pytest.fixture
def response(full_interview: Interview, now: datetime) -> dict[str, Any]:
    written: dict[str, Any] = json.loads(json.dumps(export_response(full_interview, now=now)))
    return written


def answer(response: dict[str, Any], link_id: str) -> Any:
    found = [item.get("answer") for item in walk(response) if item["linkId"] == link_id]
    assert len(found) == 1
    return found[0]


def test_an_independent_validator_accepts_it(response: dict[str, Any]) -> None:
    R4Response.model_validate(response)


def test_it_says_what_was_asked_of_whom_and_how(response: dict[str, Any]) -> None:
    assert response["questionnaire"] == "urn:hatif:questionnaire:every_item|1"
    assert response["status"] == "completed"
    assert response["authored"] == "2026-11-21T09:04:00+00:00"
    assert extension_value(response, MODE)["coding"][0]["code"] == "PHONE"
    assert extension_value(response, "urn:hatif:status") == "draft"
    assert extension_value(response, "urn:hatif:disposition") == "completed"
    assert "966" not in json.dumps(response["subject"])


@pytest.mark.parametrize(
    ("link_id", "expected"),
    [
        ("fever", {"valueBoolean": True}),
        ("pain", {"valueInteger": 7}),
        ("level", {"valueDecimal": 7.25}),
        ("file_number", {"valueString": "00123"}),
        ("discharged", {"valueDate": "2026-11-01"}),
        ("dose_time", {"valueTime": "08:30:00"}),
        ("phone", {"valueString": "+966501234567"}),
    ],
)
def test_plain_values(response: dict[str, Any], link_id: str, expected: dict[str, Any]) -> None:
    assert answer(response, link_id) == [expected]


@pytest.mark.parametrize(
    ("link_id", "value", "code"),
    [
        ("temp", 38.5, "Cel"),
        ("fever_days", 2, "wk"),
        ("sugar", 5.5, "mmol/L"),
        ("weight", 70, "kg"),
        ("bp.systolic", 130, "mm[Hg]"),
        ("bp.diastolic", 80, "mm[Hg]"),
    ],
)
def test_quantities_have_their_units(response: dict[str, Any], link_id: str, value: float, code: str) -> None:
    [found] = answer(response, link_id)
    assert (found["valueQuantity"]["value"], found["valueQuantity"]["code"]) == (value, code)


def test_options_are_the_questionnaires_own_codings(
    response: dict[str, Any], every_item: Questionnaire
) -> None:
    offered = {
        item["linkId"]: [option["valueCoding"] for option in item.get("answerOption", ())]
        for item in walk(export_questionnaire(every_item).resource)
    }
    chosen = 0
    for item in walk(response):
        for one in item.get("answer", ()):
            coded = one.get("valueCoding")
            if coded is not None and "system" in coded:
                assert {name: coded[name] for name in ("system", "code", "display")} in offered[
                    item["linkId"]
                ]
                chosen += 1
    assert chosen == 7
    assert [one["valueCoding"]["code"] for one in answer(response, "symptoms")] == ["cough", "headache"]


def test_a_refusal_says_so_and_is_no_value(response: dict[str, Any]) -> None:
    assert answer(response, "low") == [
        {"valueCoding": {"extension": [{"url": REASON, "valueCode": "asked-declined"}]}}
    ]


@pytest.mark.parametrize(
    ("status", "reason"),
    [
        (AnswerStatus.DONT_KNOW, "asked-unknown"),
        (AnswerStatus.REFUSED, "asked-declined"),
        (AnswerStatus.NOT_OBTAINED, "unknown"),
    ],
)
def test_each_reason_for_no_answer(
    every_item: Questionnaire, interview: Any, now: datetime, status: AnswerStatus, reason: str
) -> None:
    call = interview(every_item, {}, statuses={"fever": status, "bp": status})
    written = export_response(call, now=now)
    R4Response.model_validate(written)
    missing = {"extension": [{"url": REASON, "valueCode": reason}]}
    assert answer(written, "fever") == [{"_valueBoolean": missing}]
    assert answer(written, "bp.systolic") == [{"valueQuantity": missing}]


def test_what_was_never_reached_was_not_asked_and_what_did_not_apply_is_not_there(
    every_item: Questionnaire, interview: Any, now: datetime
) -> None:
    call = interview(every_item, {"consent": True, "fever": False}, disposition="stopped")
    items = {item["linkId"]: item for item in walk(export_response(call, now=now))}
    assert extension_value(items["pain"], REASON) == "not-asked"
    assert "answer" not in items["pain"]
    assert "temp" not in items  # asked of those with a fever only
    assert "pills" not in items  # nobody told how many


def test_a_repeated_group_comes_once_for_each_round(response: dict[str, Any]) -> None:
    rounds = [item for item in walk(response) if item["linkId"] == "pills"]
    assert [[one["linkId"] for one in item["item"]] for item in rounds] == [
        ["pill_taken"],
        ["pill_taken", "pill_why"],
    ]
    assert [item["item"][0]["answer"] for item in rounds] == [
        [{"valueBoolean": True}],
        [{"valueBoolean": False}],
    ]


def test_scores_have_their_values(response: dict[str, Any]) -> None:
    assert answer(response, "phq2") == [{"valueDecimal": 4}]  # one of two refused: prorated


def test_a_score_with_too_much_missing_has_none(
    every_item: Questionnaire, interview: Any, now: datetime
) -> None:
    refused = dict.fromkeys(("interest", "low"), AnswerStatus.REFUSED)
    written = export_response(interview(every_item, {}, statuses=refused), now=now)
    assert answer(written, "phq2") == [
        {"_valueDecimal": {"extension": [{"url": REASON, "valueCode": "unknown"}]}}
    ]


@pytest.mark.parametrize(
    ("disposition", "hours", "status"),
    [
        ("completed", 100, "completed"),
        ("hung_up", 1, "in-progress"),  # it may be taken up again
        ("hung_up", 100, "stopped"),
        ("stopped", 1, "stopped"),
        ("refused", 1, "stopped"),
        ("partial", 1, "stopped"),
    ],
)
def test_the_status_follows_from_how_the_call_ended(
    every_item: Questionnaire, interview: Any, disposition: str, hours: int, status: str
) -> None:
    state = DialogueState(questionnaire=every_item.hash, outcome=disposition)  # type: ignore[arg-type]
    call = interview(every_item, {"fever": True}, state=state, disposition=disposition)
    written = export_response(call, now=call.call.ended_at + timedelta(hours=hours))
    assert written["status"] == status


def test_a_call_that_is_going_on_is_in_progress(
    every_item: Questionnaire, interview: Any, now: datetime
) -> None:
    call = interview(every_item, {"fever": True}, disposition=None, ended_at=None)
    assert export_response(call, now=now)["status"] == "in-progress"


def test_without_the_questionnaires_text_there_is_no_response(
    full_interview: Interview, now: datetime
) -> None:
    call = Interview(full_interview.call, full_interview.revisions, None)
    with pytest.raises(InteropError, match="the text of every_item 1 was not kept with call 3f2a_1"):
        export_response(call, now=now)


def test_the_same_person_is_the_same_subject_under_one_key_only(
    every_item: Questionnaire, interview: Any
) -> None:
    first = interview(every_item, {}, call_id="one").call
    again = interview(every_item, {}, call_id="two").call
    other = interview(every_item, {}, call_id="three", caller_number="+966503334444").call
    key, another = b"k" * 16, b"o" * 16
    assert subject_of(first, key) == subject_of(again, key) != subject_of(other, key)
    assert subject_of(first, key) != subject_of(first, another)
    assert subject_of(first, None) != subject_of(again, None)
    named = [interview(every_item, {}, call_id=name, custom={"patient_id": "7"}).call for name in "ab"]
    assert subject_of(named[0], key) == subject_of(named[1], key) != subject_of(first, key)
