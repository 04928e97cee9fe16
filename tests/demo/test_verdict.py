"""`bridge.demo.verdict`: when a demonstration counts as a success."""

import msgspec
import pytest

from bridge.carriers.script import AnswerScript, Reply, ScriptedAnswer
from bridge.demo.verdict import DemoReport, Latency, StoredAnswer, TurnReport, failures, report
from bridge.dialogue.answer import Value

VALUES: dict[str, Value] = {
    "consent": True,
    "fever": False,
    "pain": 3,
    "days": 5,
    "walks": True,
    "call_back": "later",
}
BY_KEY = Reply(press="1")


def script(values: dict[str, Value] = VALUES) -> AnswerScript:
    answers = {item: ScriptedAnswer(value=value, reply=BY_KEY) for item, value in values.items()}
    return AnswerScript(confirm=BY_KEY, deny=BY_KEY, answers=answers)


def stored(values: dict[str, Value] = VALUES, *, by_key: str = "call_back") -> list[StoredAnswer]:
    return [
        StoredAnswer(item=item, value=value, via="dtmf" if item == by_key else "speech", tries=1)
        for item, value in values.items()
    ]


def judged(answers: list[StoredAnswer], disposition: str | None = "completed") -> DemoReport:
    return report(script(), disposition, answers, [])


def test_a_call_that_went_as_scripted_succeeds() -> None:
    """Completed, every value as it was said, five by speech and one by key."""
    outcome = judged(stored())

    assert outcome.completed
    assert all(answer.ok for answer in outcome.answers)
    assert failures(outcome) == []


@pytest.mark.parametrize(("said", "kept"), [(True, False), (3, 4), ("later", "never"), (True, 1), (0, False)])
def test_a_value_that_differs_is_a_failure(said: Value, kept: Value) -> None:
    """Also where Python thinks that one equals True."""
    outcome = report(script({"x": said}), "completed", [StoredAnswer("x", kept, "speech", 1)], [])

    assert not outcome.answers[0].ok
    assert "x: what was stored differs from what the caller said" in failures(outcome)


def test_a_value_that_differs_is_not_named_in_the_sentence() -> None:
    """The failure's text carries no answer."""
    outcome = report(script({"x": 7}), "completed", [StoredAnswer("x", 9, "speech", 1)], [])

    assert not any("7" in reason or "9" in reason for reason in failures(outcome))


def test_an_answer_that_is_missing_is_a_failure() -> None:
    """What was said must be stored."""
    outcome = judged(stored()[1:])

    assert outcome.answers[0].via == "none"
    assert "consent: the caller's answer was not stored" in failures(outcome)


def test_an_answer_that_nobody_gave_is_a_failure() -> None:
    """What is stored must have been said."""
    outcome = judged([*stored(), StoredAnswer("smokes", True, "speech", 1)])

    assert [answer.item for answer in outcome.answers][-1] == "smokes"
    assert failures(outcome) == ["smokes: what was stored differs from what the caller said"]


@pytest.mark.parametrize("disposition", ["hung_up", "stopped", None])
def test_a_call_that_was_not_completed_is_a_failure(disposition: str | None) -> None:
    """Right answers are not enough."""
    assert "the call was not completed" in failures(judged(stored(), disposition))[0]


def test_too_few_answers_by_speech_are_a_failure() -> None:
    """A demonstration of speech that fell back to keys is none."""
    answers = [StoredAnswer(one.item, one.value, "dtmf", one.tries) for one in stored()]

    assert failures(judged(answers)) == ["0 answers arrived by speech; at least 5 were to"]


def test_no_answer_by_key_is_a_failure() -> None:
    """The keypad is part of what is shown."""
    assert failures(judged(stored(by_key=""))) == ["0 answers arrived by dtmf; at least 1 were to"]


def test_the_report_has_the_promised_keys() -> None:
    """Programs read the JSON; its keys are a contract."""
    turn = TurnReport(item="pain", heard="ثلاثة", confidence=0.9, latency_ms=Latency(endpoint=600.0))

    found = msgspec.to_builtins(report(script({"pain": 3}), "completed", stored({"pain": 3}), [turn]))

    assert list(found) == ["completed", "disposition", "answers", "turns"]
    assert list(found["answers"][0]) == ["item", "said", "stored", "ok", "via", "tries"]
    assert list(found["turns"][0]) == ["item", "heard", "confidence", "latency_ms"]
    latencies = ["endpoint", "recognise", "understand", "commit", "first_audio", "total"]
    assert list(found["turns"][0]["latency_ms"]) == latencies
