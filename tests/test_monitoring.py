"""A call that is listened to: what is kept of it and when, who learns of it, and how it ends."""

import asyncio
import json
import sqlite3
from collections.abc import AsyncIterator, Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from structlog.testing import capture_logs

from bridge.audio.endpointing import EndReason
from bridge.audio.gate import UtteranceContinued, UtteranceEnded, UtteranceResumed, UtteranceStarted
from bridge.audio.playout import Ticker
from bridge.carriers.base import CarrierCall, Owed
from bridge.carriers.wires.genesys_audiohook import AudioHookWire
from bridge.clock import Clock
from bridge.following import LiveTranscripts, Unfinished
from bridge.holding import Outcome, Patience, Services
from bridge.line import CLOSE_GOING_AWAY, KeyPressed, Overheard, each_of
from bridge.monitoring import MonitorSession, agreed
from bridge.running import Stage
from bridge.speech.base import Partial
from bridge.storage.store import Store
from protocols.events import Channel
from protocols.genesys_audiohook import AudioHookProtocol

CALL = CarrierCall("966500000001", "966110000001", "c-77", direction="inbound", custom={"visit": "12"})
ENDED = UtteranceEnded(b"33", 0.7, 0.5, EndReason.SILENCE)
ROWS = "SELECT utterance_index, channel, started_seconds, ended_seconds, text, confidence FROM utterances"


class Monitored:
    """A session over AudioHook, whose two people are the test."""

    def __init__(
        self, services: Services, transcripts: LiveTranscripts, database: Path, call_id: str
    ) -> None:
        self.database = database
        self.kinds: list[str] = []  # what we said to the carrier
        self._wire = AudioHookWire()
        self._messages: asyncio.Queue[str | bytes | None] = asyncio.Queue()
        self.session = MonitorSession(
            call_id=call_id,
            protocol=AudioHookProtocol(),
            services=services,
            transcripts=transcripts,
            send=self._send,
        )
        self.say(*self._wire.open(CALL))
        self.running = asyncio.create_task(self.session.run(each_of(self._incoming())))

    def say(self, *messages: str | bytes | None) -> None:
        for message in messages:
            self._messages.put_nowait(message)

    async def _incoming(self) -> AsyncIterator[str | bytes]:
        while (message := await self._messages.get()) is not None:
            yield message

    async def _send(self, message: str | bytes) -> None:
        self.kinds.append(json.loads(message)["type"])
        for event in self._wire.receive(message):
            if isinstance(event, Owed):
                self.say(event.message)
        if self.kinds[-1] == "closed":
            self.say(None)

    def query(self, query: str) -> list[tuple[Any, ...]]:
        """What another connection sees on disk."""
        with closing(sqlite3.connect(self.database)) as connection:
            return connection.execute(query).fetchall()

    async def until(self, is_so: Callable[[], bool]) -> None:
        """Wait for something to become true."""
        async with asyncio.timeout(20):
            while not is_so():  # noqa: ASYNC110 - other tasks and the disk tell no event
                await asyncio.sleep(0.01)

    async def hear(self, channel: Channel, *events: Any, began: float = 1.0, at: float = 2.0) -> None:
        """Let these be decided on a channel, once the call is taken."""
        await self.until(lambda: "opened" in self.kinds)
        for event in events:
            self.session._line._happened(Overheard(channel, event, began, at))

    async def kept(self, count: int) -> list[tuple[Any, ...]]:
        """The rows, as soon as there are so many."""
        await self.until(lambda: len(self.query("SELECT 1 FROM utterances")) >= count)
        return self.query(ROWS)

    async def close(self) -> Outcome:
        """The conversation ends, and with it the session."""
        self.say(*self._wire.stop())
        async with asyncio.timeout(20):
            return await self.running


@pytest.fixture
async def monitor(ears: Any, tmp_path: Path) -> AsyncIterator[Callable[..., Monitored]]:
    """Listen to a call with everything real but the ears and the far end."""
    clock = Clock(16)
    store = await Store.open(tmp_path / "hatif.db", clock=clock, busy_seconds=0.05)
    transcripts = LiveTranscripts()
    nothing_to_say: Any = None

    def start(call_id: str = "c1", **patience: float) -> Monitored:
        services = Services(
            clock=clock,
            store=store,
            recognizer=ears,
            recognizer_identity="ears@1",
            voices=nothing_to_say,
            ticker=Ticker(clock, on_error=lambda _callback, _error: None),
            patience=Patience(**patience),
        )
        one = Monitored(services, transcripts, tmp_path / "hatif.db", call_id)
        one.transcripts = transcripts
        return one

    yield start
    await store.close()


async def test_what_each_of_them_says_is_kept(monitor: Callable[..., Monitored], ears: Any) -> None:
    """As it was said at the same time; under no question's words; and the call is told from conversations."""
    ears.will_hear = ["كيف حالك", "بخير"]
    one = monitor()
    await one.hear(Channel.AGENT, UtteranceStarted(b"11"), began=0.5, at=0.7)
    await one.hear(Channel.CALLER, UtteranceStarted(b"aa"), UtteranceContinued(b"bb"))
    await one.hear(Channel.AGENT, UtteranceContinued(b"22"), KeyPressed("1"), ENDED, began=0.5, at=1.25)
    await one.kept(1)
    await one.hear(Channel.CALLER, ENDED, began=1.001, at=2.5)

    rows = [(1, "agent", 0.5, 1.25, "كيف حالك", 1.0), (2, "caller", 1.0, 2.5, "بخير", 1.0)]
    assert await one.kept(2) == rows
    outcome = await one.close()
    assert (outcome.disposition, outcome.close_code) == ("monitored", 1000)
    assert [(stream.pcm, stream.phrases) for stream in ears.streams] == [(b"112233", ()), (b"aabb33", ())]
    facts = "kind, disposition, questionnaire, model, provider_call_id, caller_number, direction"
    assert one.query(f"SELECT {facts} FROM calls") == [  # noqa: S608
        ("monitored", "monitored", "", "ears@1", "c-77", "+966500000001", "inbound")
    ]
    assert one.kinds == ["opened", "closed"]


async def test_who_follows_hears_of_what_is_being_said(monitor: Callable[..., Monitored], ears: Any) -> None:
    """Of utterances that begin while somebody does; it is stored nowhere, and who comes later is not told."""
    ears.will_hear = ["نعم", "لا"]
    one = monitor()
    await one.hear(Channel.CALLER, UtteranceStarted(b"11"), ENDED)
    await one.kept(1)
    await one.until(lambda: not one.session._writing)  # else it would still be told of that
    with one.transcripts.follow("c1") as follower:
        await one.hear(Channel.AGENT, UtteranceStarted(b"22"), began=3.004)
        await one.until(lambda: len(ears.streams) == 2)
        alone, followed = ears.streams
        followed.on_partial(Partial("لا لا", 0.02))
        assert await follower.next() == Unfinished("agent", 3.0, "لا لا")
        await one.hear(Channel.AGENT, ENDED, began=3.004, at=4.0)
        assert [row[4] for row in await one.kept(2)] == ["نعم", "لا"]
    assert alone.on_partial is None
    count = {"type": "partial_asr"}
    assert one.session._metrics._registry.get_sample_value("voice_latency_seconds_count", count) == 1
    await one.close()


async def test_a_call_that_an_operator_ends_is_heard_no_more(
    monitor: Callable[..., Monitored], ears: Any
) -> None:
    """What was being said is kept, the record says that it was interrupted, and nobody is spoken to."""
    ears.will_hear = ["نعم"]
    one = monitor()
    await one.hear(Channel.CALLER, UtteranceStarted(b"11"), ENDED)
    await one.kept(1)
    told = one.session.running()
    one.session.dismiss()
    async with asyncio.timeout(30):
        outcome = await one.running
    assert (told.kind, told.stage, told.provider) == ("monitored", Stage.IN_PROGRESS, "genesys_audiohook")
    assert (outcome.disposition, one.session.running().is_dismissed) == ("interrupted", True)
    assert one.query("SELECT disposition FROM calls") == [("interrupted",)]


async def test_a_recogniser_that_dies_loses_one_utterance(
    monitor: Callable[..., Monitored], ears: Any
) -> None:
    """Neither the call, nor the other's words, nor what follows."""
    ears.will_hear = [None, "نعم", "", "لا"]
    one = monitor()
    for channel in (Channel.CALLER, Channel.AGENT, Channel.AGENT, Channel.CALLER):
        await one.hear(channel, UtteranceStarted(b"11"), ENDED)

    assert [row[4] for row in await one.kept(2)] == ["نعم", "لا"]
    assert (await one.close()).disposition == "monitored"


async def test_a_database_that_is_locked_loses_one_utterance(
    monitor: Callable[..., Monitored], ears: Any
) -> None:
    """The call goes on, and nobody is told of what is not stored."""
    ears.will_hear = ["نعم", "لا"]
    one = monitor()
    await one.until(lambda: "opened" in one.kinds)
    with capture_logs() as lines, closing(sqlite3.connect(one.database, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        await one.hear(Channel.CALLER, UtteranceStarted(b"11"), ENDED)
        await one.until(lambda: any(line["event"] == "utterance_lost" for line in lines))
        other.execute("ROLLBACK")
    await one.hear(Channel.CALLER, UtteranceStarted(b"11"), ENDED)

    assert [row[4] for row in await one.kept(1)] == ["لا"]
    assert (await one.close()).disposition == "monitored"


async def test_who_speaks_to_the_end_is_heard(monitor: Callable[..., Monitored], ears: Any) -> None:
    """The last utterance is on disk before the call's record is closed, also when the daemon is stopped."""
    ears.will_hear = ["مع السلامة", "مع السلامة"]
    for number, is_stopped in enumerate((False, True)):
        one = monitor(f"c{number}")
        await one.hear(Channel.CALLER, UtteranceStarted(b"11"), ENDED)
        if is_stopped:
            one.running.cancel()
            await asyncio.gather(one.running, return_exceptions=True)
        else:
            await one.close()
    ended = "SELECT disposition, text FROM calls JOIN utterances USING (call_id) ORDER BY call_id"
    assert one.query(ended) == [("monitored", "مع السلامة"), ("interrupted", "مع السلامة")]


async def test_what_goes_on_after_its_end_is_another_utterance(
    monitor: Callable[..., Monitored], ears: Any
) -> None:
    """Nothing that was written down is taken back."""
    ears.will_hear = ["ألم", "في الصدر"]
    one = monitor()
    await one.hear(Channel.CALLER, UtteranceStarted(b"11"), ENDED, UtteranceResumed(b"22"), ENDED)

    assert [row[4] for row in await one.kept(2)] == ["ألم", "في الصدر"]
    await one.close()


async def test_those_who_follow_learn_of_what_is_stored(monitor: Callable[..., Monitored], ears: Any) -> None:
    """One after the other, from when they came; then that it is over."""
    ears.will_hear = ["نعم", "لا"]
    one = monitor()
    await one.hear(Channel.CALLER, UtteranceStarted(b"11"), ENDED)
    await one.kept(1)
    with one.transcripts.follow("c1") as follower:
        await one.hear(Channel.AGENT, UtteranceStarted(b"11"), ENDED)
        said = await follower.next()
        if (
            said.index == 1
        ):  # it was stored already, and was told only now; whoever reads both counts by index
            said = await follower.next()
        assert (said.index, said.channel, said.text) == (2, "agent", "لا")
        await one.close()
        assert await follower.next() is None
    assert not one.transcripts.is_live("c1")


async def test_nothing_of_what_was_said_is_logged(monitor: Callable[..., Monitored], ears: Any) -> None:
    """Whether it was kept or lost."""
    ears.will_hear = ["سر", None]
    with capture_logs() as lines:
        one = monitor()
        await one.hear(Channel.CALLER, UtteranceStarted(b"11"), ENDED, UtteranceStarted(b"11"), ENDED)
        await one.kept(1)
        await one.close()
    assert {"call_started", "utterance_lost", "call_ended"} <= {line["event"] for line in lines}
    assert "سر" not in str(lines)
    assert "966500000001" not in str(lines)


async def test_no_call_is_listened_to_for_ever(monitor: Callable[..., Monitored], ears: Any) -> None:
    """At the limit we leave; the conversation goes on without us."""
    ears.will_hear = ["نعم"]
    one = monitor(max_call_seconds=5.0)
    await one.hear(Channel.CALLER, UtteranceStarted(b"11"), ENDED)
    async with asyncio.timeout(20):
        outcome = await one.running
    assert outcome.disposition == "interrupted"
    assert one.query("SELECT disposition, text FROM calls JOIN utterances USING (call_id)") == [
        ("interrupted", "نعم")
    ]
    assert one.kinds == ["opened", "disconnect", "closed"]


async def test_a_call_that_cannot_be_recorded_is_not_listened_to(monitor: Callable[..., Monitored]) -> None:
    """The carrier is told to try again later."""
    first = monitor()
    await first.until(lambda: "opened" in first.kinds)
    await first.close()
    second = monitor()  # the same id once more: storage refuses it
    async with asyncio.timeout(20):
        outcome = await second.running
    assert (outcome.disposition, outcome.close_code) == (None, 1013)
    assert second.kinds == []


async def test_a_bug_ends_its_own_call_with_a_closed_record(
    monitor: Callable[..., Monitored], ears: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What was understood before it stays."""
    ears.will_hear = ["نعم"]
    one = monitor()
    await one.hear(Channel.CALLER, UtteranceStarted(b"11"), ENDED)
    await one.kept(1)
    monkeypatch.setattr(ears, "open", None)
    await one.hear(Channel.CALLER, UtteranceStarted(b"11"))
    async with asyncio.timeout(20):
        outcome = await one.running
    assert outcome.disposition == "failed"
    assert one.query("SELECT disposition, text FROM calls JOIN utterances USING (call_id)") == [
        ("failed", "نعم")
    ]


@pytest.mark.parametrize(
    ("texts", "agreement"),
    [
        ((), ("", 0.0)),
        (("نعم", "نعم", "لا"), ("نعم", 2 / 3)),
        (("", "لا", ""), ("", 2 / 3)),
        (("واحد", "اثنان", "ثلاثة"), ("واحد", 1 / 3)),
    ],
)
def test_what_most_decoders_heard_counts(texts: tuple[str, ...], agreement: tuple[str, float]) -> None:
    """And how many they were is how sure it is."""
    assert agreed(texts) == agreement


async def test_a_call_that_is_dismissed_is_closed_with_what_was_said(
    monitor: Callable[..., Monitored], ears: Any
) -> None:
    """The daemon must end: the utterance under way is kept, and the record says that there was more."""
    ears.will_hear = ["نعم"]
    one = monitor()
    await one.hear(
        Channel.CALLER, UtteranceStarted(b"11"), UtteranceEnded(b"33", 0.7, 0.5, EndReason.SILENCE)
    )
    one.session.dismiss()
    async with asyncio.timeout(20):
        outcome = await one.running
    assert (outcome.disposition, outcome.close_code) == ("interrupted", CLOSE_GOING_AWAY)
    assert [row[4] for row in one.query(ROWS)] == ["نعم"]
