"""`bridge.demo.ledger` and `bridge.demo.watching`: what any tool can read from the daemon's database."""

import io
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from rich.console import Console

from bridge.clock import Clock
from bridge.demo.ledger import Ledger
from bridge.demo.screen import Screen
from bridge.demo.watching import Watcher
from bridge.dialogue.answer import Answer, AnswerStatus, Value, Via
from bridge.storage.store import CallRecord, Store, TurnRecord

NOW = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)


def call(call_id: str = "c1", second: int = 0) -> CallRecord:
    return CallRecord(
        call_id=call_id,
        provider="maqsam",
        questionnaire="q",
        questionnaire_version="1",
        questionnaire_hash="0",
        model="m",
        started_at=NOW.replace(second=second),
    )


def turn(item: str = "pain", closed: str = "ثلاثة") -> TurnRecord:
    return TurnRecord(
        at=NOW,
        item=item,
        input="speech",
        meaning="answer",
        closed=closed,
        confidence=0.9,
        prompt="كم؟",
        endpoint_ms=612,
    )


def answer(value: Value, *, item: str = "pain", status: AnswerStatus = AnswerStatus.ANSWERED) -> Answer:
    return Answer(item=item, status=status, value=value, via=Via.SPEECH, tries=1, confirmed=False)


@pytest.fixture
def database(tmp_path: Path) -> Path:
    return tmp_path / "hatif.db"


@pytest.fixture
async def store(database: Path) -> AsyncIterator[Store]:
    opened = await Store.open(database, clock=Clock())
    yield opened
    await opened.close()


async def test_committed_turns_are_seen_while_the_daemon_writes(store: Store, database: Path) -> None:
    """A second connection sees a turn as soon as it is committed, while the first stays open."""
    await store.begin_call(call())
    receipt = await store.record_turn("c1", turn(), [answer(3)], b"{}")

    with Ledger.open(database) as ledger:
        seen = ledger.turns("c1")

    assert [(one.index, one.item, one.closed, one.prompt) for one in seen] == [
        (receipt.index, "pain", "ثلاثة", "كم؟")
    ]
    assert seen[0].latency_ms.endpoint == 612
    assert not seen[0].is_answered


async def test_the_latest_revision_is_the_answer(store: Store, database: Path) -> None:
    """A corrected answer replaces the first, with its type."""
    await store.begin_call(call())
    for value in (3, 4):
        await store.record_turn("c1", turn(), [answer(value)], b"{}")

    with Ledger.open(database) as ledger:
        answers = ledger.answers("c1")

    assert [(at, one.item, one.value, one.via, one.tries) for at, one in answers] == [
        (2, "pain", 4, "speech", 1)
    ]


async def test_a_withdrawn_answer_is_none(store: Store, database: Path) -> None:
    """What was taken back is not shown as stored."""
    await store.begin_call(call())
    await store.record_turn("c1", turn(), [answer(3)], b"{}")
    await store.record_turn("c1", turn(), [answer(None, status=AnswerStatus.WITHDRAWN)], b"{}")

    with Ledger.open(database) as ledger:
        assert ledger.answers("c1") == []


async def test_the_disposition_is_there_once_the_call_has_ended(store: Store, database: Path) -> None:
    """A call that lasts has none."""
    await store.begin_call(call())

    with Ledger.open(database) as ledger:
        during = ledger.disposition("c1")
        await store.end_call("c1", "completed")
        assert (during, ledger.disposition("c1")) == (None, "completed")


async def test_the_ledger_cannot_write(store: Store, database: Path) -> None:
    """The connection is read-only, whatever the code above it does."""
    with Ledger.open(database) as ledger, pytest.raises(Exception, match="readonly"):
        ledger._connection.execute("DELETE FROM calls")


async def test_a_watcher_shows_the_call_that_began_after_it(store: Store, database: Path) -> None:
    """Calls of an earlier demonstration in the same folder are not mistaken for this one."""
    await store.begin_call(call("old"))
    with Ledger.open(database) as ledger:
        watcher = Watcher(ledger, Screen(Console(file=io.StringIO())))
        watcher.look()
        before = watcher.call_id
        await store.begin_call(call("new", second=9))
        watcher.look()

    assert (before, watcher.call_id) == (None, "new")


async def test_a_watcher_shows_each_turn_once_it_is_complete(store: Store, database: Path) -> None:
    """The reply's latency belongs to the turn, so a turn is shown when it is known, and only once."""
    output = io.StringIO()
    with Ledger.open(database) as ledger:
        watcher = Watcher(ledger, Screen(Console(file=output, width=120)))
        await store.begin_call(call())
        receipt = await store.record_turn("c1", turn(), [answer(3)], b"{}")
        watcher.look()
        early = output.getvalue()
        await store.note_first_audio("c1", receipt.index, 3.0, 640.0)
        watcher.look()
        watcher.look()

    assert early == ""
    assert output.getvalue().count("reply 640 ms") == 1
    assert output.getvalue().count("stored: pain = 3") == 1


async def test_a_watcher_shows_the_last_turn_at_the_end(store: Store, database: Path) -> None:
    """A turn that no reply followed is shown when the call is over."""
    output = io.StringIO()
    with Ledger.open(database) as ledger:
        watcher = Watcher(ledger, Screen(Console(file=output, width=120)))
        await store.begin_call(call())
        await store.record_turn("c1", turn(closed="نعم"), [], b"{}")
        await store.end_call("c1", "hung_up")
        watcher.look(to_the_end=True)

        assert watcher.is_over
    assert "نعم" in output.getvalue()
