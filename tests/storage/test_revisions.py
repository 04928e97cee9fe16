"""Answers against a plain dictionary, in any order of answering, correcting, hanging up and restarting."""

import asyncio
import tempfile
from collections.abc import Coroutine
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypeVar

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, initialize, invariant, rule

from bridge.clock import Clock
from bridge.dialogue.answer import Answer, AnswerStatus, Value, Via
from bridge.storage.store import CallRecord, Store, TurnRecord

T = TypeVar("T")
NOON = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
VALUES = st.none() | st.booleans() | st.integers() | st.text(st.characters(exclude_categories=["Cs"]))
GIVEN = st.lists(st.tuples(st.sampled_from(["consent", "pain", "days"]), VALUES), max_size=3)


class AnswersMachine(RuleBasedStateMachine):
    calls = Bundle("calls")

    @initialize()
    def open(self) -> None:
        self.folder = tempfile.TemporaryDirectory()
        self.path = Path(self.folder.name) / "hatif.db"
        self.runner = asyncio.Runner()
        self.store = self.run(Store.open(self.path, clock=Clock()))
        self.turns: dict[str, int] = {}
        self.answers: dict[tuple[str, str], list[object]] = {}
        self.open_calls: set[str] = set()

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        return self.runner.run(work)

    @rule(target=calls)
    def begin(self) -> str:
        call_id = f"c{len(self.turns)}"
        call = CallRecord(
            call_id=call_id,
            provider="maqsam",
            questionnaire="q",
            questionnaire_version="1",
            questionnaire_hash="h",
            model="m",
            started_at=NOON,
        )
        self.run(self.store.begin_call(call))
        self.turns[call_id] = 0
        self.open_calls.add(call_id)
        return call_id

    @rule(call_id=calls, given=GIVEN)
    def record(self, call_id: str, given: list[tuple[str, Value]]) -> None:
        turn = TurnRecord(at=NOON, item=None, input="speech", meaning="answer")
        answers = [
            Answer(i, AnswerStatus.ANSWERED, v, Via.SPEECH, tries=1, confirmed=False) for i, v in given
        ]
        receipt = self.run(self.store.record_turn(call_id, turn, answers, b"{}"))
        self.turns[call_id] += 1
        assert receipt.index == self.turns[call_id]
        for item, value in given:
            self.answers.setdefault((call_id, item), []).append(value)

    @rule(call_id=calls)
    def hang_up(self, call_id: str) -> None:
        self.run(self.store.end_call(call_id, "hung_up"))
        self.open_calls.discard(call_id)

    @rule()
    def restart(self) -> None:
        self.run(self.store.close())
        self.store = self.run(Store.open(self.path, clock=Clock()))
        assert self.run(self.store.close_interrupted()) == len(self.open_calls)
        self.open_calls.clear()

    @invariant()
    def every_revision_is_there_in_order(self) -> None:
        stored: dict[tuple[str, str], list[object]] = {}
        for answer in self.run(self.store.answers(every_revision=True)):
            stored.setdefault((answer.call_id, answer.item), []).append((answer.revision, answer.value))
        expected = {key: list(enumerate(values, 1)) for key, values in self.answers.items()}
        assert {key: sorted(values, key=lambda pair: pair[0]) for key, values in stored.items()} == expected

    @invariant()
    def latest_is_shown(self) -> None:
        shown = {(a.call_id, a.item): a.value for a in self.run(self.store.answers())}
        assert shown == {key: values[-1] for key, values in self.answers.items()}

    def teardown(self) -> None:
        if hasattr(self, "store"):
            self.run(self.store.close())
            self.runner.close()
            self.folder.cleanup()


AnswersMachine.TestCase.settings = settings(
    max_examples=12, stateful_step_count=15, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
TestAnswers = AnswersMachine.TestCase
