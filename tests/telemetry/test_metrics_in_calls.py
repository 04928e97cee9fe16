"""A call with everything real but the ears and the far end: what metrics and traces tell, and what not."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from exposed import SNAPSHOT, sample
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import StatusCode
from sqlalchemy import text as statement

from bridge.audio.endpointing import EndReason
from bridge.audio.gate import UtteranceEnded, UtteranceStarted
from bridge.audio.playout import Ticker
from bridge.clock import Clock
from bridge.content import CONTENT
from bridge.dialogue.loader import parse
from bridge.errors import WorkerError
from bridge.line import KeyPressed, each_of
from bridge.session import CallSession, Patience, Services
from bridge.speech.base import Hearing
from bridge.speech.mouth import LIVE, Phrase
from bridge.storage.store import Store
from bridge.telemetry.metrics import Metrics
from bridge.telemetry.otlp import OtlpTracing
from bridge.telemetry.tracing import ATTRIBUTES
from protocols.maqsam import MaqsamProtocol

COMMON = (CONTENT / "questionnaires" / "common" / "ar.yaml").read_text(encoding="utf-8")
# Three questions; who is called, from where, what is pressed and what is said are canaries.
QUESTIONNAIRE = parse(
    """\
format: 1
id: canary
version: "1"
title: عصفور
language: ar
status: draft
source: {name: test, licence: own}
items:
  - {id: since, type: number, minimum: 0, maximum: 999999, ask: "كَمْ يَوْمًا؟"}
  - {id: pain, type: yes_no, kind: symptom, ask: "هَلْ تُحِسُّ بِأَلَم؟"}
  - {id: fever, type: yes_no, kind: symptom, ask: "هَلْ عِنْدَكَ حُمّٰى؟"}
""",
    name="canary.yaml",
    common=COMMON,
)
NAME, NUMBER, KEYS, SAID = "كناريا", "962790011223", "735146", "زقزقة"
SETUP = {
    "type": "session.setup",
    "data": {
        "context": {
            "id": 5,
            "caller_number": NUMBER,
            "direction": "inbound",
            "custom": {"first_name": NAME},
        }
    },
}
ENDED = UtteranceEnded(b"", 0.4, 0.5, EndReason.SILENCE)


class Call:
    """One call whose caller is the test."""

    def __init__(self, services: Services) -> None:
        self._metrics = services.metrics
        self.messages: asyncio.Queue[str | None] = asyncio.Queue()
        self.session = CallSession(
            call_id="c1",
            protocol=MaqsamProtocol(authenticated=True, check=None),
            questionnaire=QUESTIONNAIRE,
            services=services,
            send=self._send,
        )
        self.running = asyncio.create_task(self.session.run(each_of(self._incoming())))
        self.messages.put_nowait(json.dumps(SETUP))

    async def _incoming(self) -> AsyncIterator[str | bytes]:
        while (message := await self.messages.get()) is not None:
            yield message

    async def _send(self, message: str | bytes) -> None:
        if json.loads(message)["type"] == "call.mark":
            self.messages.put_nowait(str(message))

    async def until(self, is_so: Callable[[], bool]) -> None:
        async with asyncio.timeout(30):
            while not is_so():  # noqa: ASYNC110 - other tasks tell no event
                await asyncio.sleep(0.02)

    async def is_asked(self) -> None:
        """Wait until something is being said."""
        await self.until(lambda: self.session._line.is_speaking)

    async def is_waited_for(self, turns: int) -> None:
        """Wait until the reply to the so-manieth turn has been heard."""
        await self.is_answered(turns)
        await self.until(lambda: not self.session._line.is_speaking)

    async def is_answered(self, turns: int) -> None:
        """Wait until that reply has begun to leave."""
        series = 'hatif_turn_latency_seconds_count{part="commit"}'
        await self.until(lambda: self.counted(series) == turns)

    def counted(self, series: str) -> float | None:
        """The value of a series now."""
        return sample(self._metrics.exposition(SNAPSHOT).decode(), series)

    def does(self, *happenings: Any) -> None:
        for happening in happenings:
            self.session._line._happened(happening)

    async def hangs_up(self) -> None:
        self.messages.put_nowait(None)
        async with asyncio.timeout(20):
            await self.running


class FourSeconds:
    """Says everything in four seconds of sound."""

    def of(self, _questionnaire: object) -> Any:
        return self

    async def phrases(self, texts: list[str]) -> list[Any]:
        return [Phrase(b"\x20" * 32_000, "espeak-ng/ar", LIVE, 0.1) for _ in texts]


class Ears:
    """Hears what was decided beforehand; None: the recogniser dies."""

    is_reliable = is_quick = True

    has_open_vocabulary = False

    def __init__(self, *heard: str | None) -> None:
        self._heard = list(heard)

    def open(self, _phrases: Sequence[str]) -> "Ears":
        return self

    def feed(self, pcm: bytes) -> None:
        pass

    def cancel(self) -> None:
        pass

    async def finish(self) -> Hearing:
        heard = self._heard.pop(0)
        if heard is None:
            raise WorkerError("the recogniser died while the caller was speaking")
        return Hearing((heard,), (heard,), 1.0, 0.01)


@asynccontextmanager
async def world(folder: Path) -> AsyncIterator[tuple[Services, InMemorySpanExporter]]:
    """What calls need, and where their spans come out."""
    clock = Clock(8)
    ticker = Ticker(clock)
    ticking = asyncio.create_task(ticker.run())
    metrics, spans = Metrics(), InMemorySpanExporter()
    store = await Store.open(folder / "hatif.db", clock=clock, on_error=metrics.storage_failed)
    tracing = OtlpTracing(SimpleSpanProcessor(spans), 1.0)
    yield (
        Services(
            clock=clock,
            store=store,
            recognizer=Ears(SAID, None),
            recognizer_identity="ears@1",
            voices=FourSeconds(),
            ticker=ticker,
            patience=Patience(commit_seconds=120.0),
            metrics=metrics,
            tracing=tracing,
        ),
        spans,
    )
    ticking.cancel()
    await asyncio.gather(ticking, return_exceptions=True)
    await store.close()
    await tracing.stop()


@dataclass(frozen=True)
class Told:
    """What is known of a call afterwards."""

    metrics: str
    spans: tuple[Any, ...]
    stored: str

    def value(self, series: str) -> float | None:
        return sample(self.metrics, series)


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> Told:
    """Keys over the prompt, a word that is no answer, a recogniser that dies, silence, a hang-up."""

    async def hold() -> Told:
        async with world(tmp_path_factory.mktemp("call")) as (services, spans):
            call = Call(services)
            await call.is_asked()
            call.does(*map(KeyPressed, KEYS))
            await call.is_waited_for(1)
            call.does(KeyPressed("1"))  # it was understood right
            await call.is_waited_for(2)
            call.does(UtteranceStarted(b"11", 0.12), ENDED)
            await call.is_waited_for(3)
            call.does(UtteranceStarted(b"11", 0.12), ENDED)
            await call.is_answered(5)
            await call.hangs_up()
            text = services.metrics.exposition(SNAPSHOT).decode()
            return Told(text, spans.get_finished_spans(), str(await services.store.calls()))

    return asyncio.run(hold())


def test_a_call_is_counted_where_it_happens(told: Told) -> None:
    """Every kind of turn leaves its mark, once."""
    value = told.value
    assert value('hatif_calls_total{outcome="hung_up",provider="maqsam"}') == 1
    assert value('voice_sessions_total{status="hung_up",tenant_id="default"}') == 1
    assert (value("hatif_answers_committed_total"), value("hatif_barge_in_total")) == (1, 1)
    assert (value("hatif_no_match_total"), value("hatif_not_heard_total")) == (1, 1)
    assert value("hatif_no_input_total") == 1
    assert value('voice_latency_seconds_count{type="barge_in"}') == 1
    assert (value("hatif_asr_seconds_count"), value("hatif_asr_seconds_sum")) == (1, 0.01)
    assert value('hatif_turn_latency_seconds_count{part="commit"}') == 6  # the hang-up is a turn too
    assert value('hatif_turn_latency_seconds_count{part="first_audio"}') == 5  # to which nobody replies
    assert value('hatif_turn_latency_seconds_count{part="recognise"}') == 1
    # Speech that was recognised or lost has an end to measure from; keys and silence have none.
    assert value('voice_latency_seconds_count{type="first_token"}') == 2
    made = value('hatif_tts_seconds_count{engine="espeak-ng"}')
    assert made is not None
    assert made >= 5


def test_nothing_of_a_caller_is_in_metrics_and_traces(told: Told) -> None:
    """Name, number, keys, words: none of them, in any spelling."""
    text = told.metrics + "".join(span.to_json() for span in told.spans)
    assert NUMBER in told.stored  # or this test would look for what is nowhere
    for canary in (NAME, NUMBER, NUMBER[-6:], KEYS, SAID):
        assert canary not in text
        assert json.dumps(canary)[1:-1] not in text
    assert {name for span in told.spans for name in span.attributes} <= ATTRIBUTES


def test_a_span_for_the_call_and_one_for_each_turn(told: Told) -> None:
    """Turns are traces of their own, linked to their call, and say where their time went."""
    *turns, call = told.spans
    assert (call.name, {turn.name for turn in turns}) == ("call", {"turn"})
    kinds = ["dtmf", "dtmf", "speech", "not_heard", "no_input", "hung_up"]
    assert [turn.attributes["hatif.input"] for turn in turns] == kinds
    assert call.attributes["hatif.outcome"] == "hung_up"
    for turn in turns:
        (link,) = turn.links
        assert link.context.trace_id == call.context.trace_id != turn.context.trace_id
        assert turn.end_time >= turn.start_time
    assert turns[2].attributes["hatif.endpoint_ms"] == 400
    assert turns[2].attributes["hatif.recognise_ms"] == 10


async def test_a_call_that_cannot_be_recorded_was_refused(tmp_path: Path) -> None:
    """And the database's failure is counted by its cause."""
    async with world(tmp_path) as (services, _):
        await services.store.write(_break)
        call = Call(services)
        async with asyncio.timeout(20):
            outcome = await call.running
        text = services.metrics.exposition(SNAPSHOT).decode()
    assert outcome.disposition is None
    assert sample(text, 'hatif_calls_refused_total{reason="not_recorded"}') == 1
    assert sample(text, 'hatif_storage_errors_total{code="other"}') == 1


async def _break(connection: Any) -> None:
    await connection.execute(statement("ALTER TABLE calls RENAME TO lost"))


def test_a_call_that_fails_is_an_error_without_words() -> None:
    """The span's status says so, and no exception is attached to it."""
    spans = InMemorySpanExporter()
    tracing = OtlpTracing(SimpleSpanProcessor(spans), 1.0)
    tracing.call("c9", "maqsam", "default").end("failed")
    (span,) = spans.get_finished_spans()
    assert (span.status.status_code, span.status.description, span.events) == (StatusCode.ERROR, None, ())
