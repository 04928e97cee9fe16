"""Ends of calls that a locked database does not take at once: stored once it does, without a restart."""

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Callable
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from bridge import endings as endings_module
from bridge.clock import Clock
from bridge.endings import Ending, Endings
from bridge.storage.records import CallRecord
from bridge.storage.store import Store

NOON = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
END = NOON + timedelta(minutes=3)
HANGS = 60.0  # seconds: nothing here takes as long


class Office:
    """A store, what keeps the ends of its calls, and another connection that can lock it."""

    def __init__(self, store: Store, file: Path) -> None:
        self.store = store
        self.endings = Endings()
        self._file = file
        self._other = sqlite3.connect(file, isolation_level=None)

    async def begin(self, *call_ids: str) -> None:
        for call_id in call_ids:
            record: dict[str, Any] = dict.fromkeys(
                ("questionnaire", "questionnaire_version", "questionnaire_hash", "model"), "x"
            )
            await self.store.begin_call(
                CallRecord(call_id=call_id, provider="maqsam", started_at=NOON, **record)
            )

    def lock(self) -> None:
        self._other.execute("BEGIN IMMEDIATE")

    def unlock(self) -> None:
        self._other.execute("ROLLBACK")

    async def end(self, call_id: str, seconds: float = HANGS) -> None:
        await self.endings.store(self.store, Ending(call_id, "completed", END), seconds)

    def ends(self) -> dict[str, tuple[str, str]]:
        """Of the calls that have one, as it is on disk."""
        with closing(sqlite3.connect(self._file)) as connection:
            query = "SELECT call_id, disposition, ended_at FROM calls WHERE ended_at IS NOT NULL"
            return {call_id: (disposition, at) for call_id, disposition, at in connection.execute(query)}

    async def until(self, holds: Callable[[], bool]) -> None:
        async with asyncio.timeout(HANGS):
            while not holds():  # noqa: ASYNC110 - in a thread
                await asyncio.sleep(0.01)

    def close(self) -> None:
        self._other.close()


@pytest.fixture
async def office(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Office]:
    """One whose store gives up on a lock at once."""
    monkeypatch.setattr(endings_module, "FIRST_PAUSE_SECONDS", 0.01)
    store = await Store.open(tmp_path / "hatif.db", clock=Clock(), busy_seconds=0.01)
    one = Office(store, tmp_path / "hatif.db")
    yield one
    one.close()
    await one.endings.stop(store)
    await store.close()


STORED = ("completed", "2026-03-01 12:03:00.000000")


async def test_what_can_be_stored_is_stored_at_once(office: Office) -> None:
    await office.begin("c1")
    await office.end("c1")
    assert office.ends() == {"c1": STORED}
    assert office.endings.waiting == 0


async def test_an_end_is_stored_when_the_database_is_back(office: Office) -> None:
    """With the moment at which the call ended, and not before the lock is gone; it is given up by nobody."""
    await office.begin("c1", "c2")
    office.lock()
    await office.end("c1")
    await office.end("c2")
    assert (office.ends(), office.endings.waiting) == ({}, 2)
    office.unlock()
    await office.until(lambda: office.endings.waiting == 0)
    assert office.ends() == {"c1": STORED, "c2": STORED}


async def test_nobody_waits_for_a_database_that_does_not_answer(tmp_path: Path) -> None:
    """Whoever ends a call goes on, while the write does: here it would wait for the lock for ever."""
    store = await Store.open(tmp_path / "hatif.db", clock=Clock(), busy_seconds=10 * HANGS)
    office = Office(store, tmp_path / "hatif.db")
    await office.begin("c1")
    office.lock()
    await asyncio.wait_for(office.end("c1", seconds=0.01), HANGS)
    assert office.ends() == {}
    office.unlock()
    await office.endings.stop(store)
    assert office.ends() == {"c1": STORED}
    office.close()
    await store.close()


async def test_the_rest_is_tried_once_more_when_the_daemon_ends(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(endings_module, "FIRST_PAUSE_SECONDS", 1000.0)
    await office.begin("c1")
    office.lock()
    await office.end("c1")
    office.unlock()
    await office.endings.stop(office.store)
    assert office.ends() == {"c1": STORED}


async def test_a_daemon_ends_though_the_database_is_away(
    office: Office, capfd: pytest.CaptureFixture[str]
) -> None:
    """What is left is told; the next start marks it as interrupted."""
    await office.begin("c1")
    office.lock()
    await office.end("c1")
    await asyncio.wait_for(office.endings.stop(office.store), HANGS)
    assert "call_ends_lost" in "".join(capfd.readouterr())
    office.unlock()
    assert await office.store.close_interrupted() == 1


async def test_a_call_that_was_erased_meanwhile_is_not_waited_for(office: Office) -> None:
    await office.begin("c1")
    await office.end("erased")
    await office.until(lambda: office.endings.waiting == 0)
    assert office.ends() == {}


async def test_no_more_are_kept_than_a_bound(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    """Beyond it the oldest are left to the next start."""
    monkeypatch.setattr(endings_module, "MOST_WAITING", 2)
    monkeypatch.setattr(endings_module, "FIRST_PAUSE_SECONDS", 1000.0)
    await office.begin("c1", "c2", "c3")
    office.lock()
    for call_id in ("c1", "c2", "c3"):
        await office.end(call_id)
    office.unlock()
    await office.endings.stop(office.store)
    assert office.ends().keys() == {"c2", "c3"}
