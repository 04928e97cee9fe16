"""A database that takes seconds for a commit, or is away when a call ends: real socket and SQLite."""

import asyncio
import sqlite3
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from threading import Thread
from time import sleep
from typing import Any

from house import ITEMS, QUIET_FRAMES, TONE_BYTES, KeyCaller, call, house

from bridge.audio.frames import FRAME_BYTES
from bridge.carriers.caller import CallerFrame
from bridge.carriers.fake import EndedBy
from bridge.clock import Clock

COMMIT_SECONDS = 3.0
LAST = ITEMS[-1]
TONE_FRAMES = TONE_BYTES // FRAME_BYTES
WAITING = 0x28  # a sample of the sound that is heard meanwhile
WAITING_FRAMES = 5
OPEN = "SELECT count(*) FROM calls WHERE ended_at IS NULL"


class Lock:
    """Another process's, as far as SQLite can tell: a connection of its own that may write, and does not."""

    def __init__(self, database: Path) -> None:
        self._other = sqlite3.connect(database, isolation_level=None, check_same_thread=False)

    def take(self) -> None:
        self._other.execute("BEGIN IMMEDIATE")

    def leave(self) -> None:
        self._other.execute("ROLLBACK")

    def close(self) -> None:
        self._other.close()


@dataclass
class SlowlyStored(KeyCaller):
    """After each of its first keys nothing can be committed for three seconds."""

    lock: Lock | None = None
    times: int = 2
    waited: int = 0  # frames of the sound for it
    _holding: list[Thread] = field(default_factory=list)

    def tick(self, heard: bytes) -> CallerFrame:
        self.waited += heard == bytes([WAITING]) * FRAME_BYTES
        frame = super().tick(heard)
        if frame.keys and self.lock is not None and len(self._holding) < self.times:
            self.lock.take()
            self._holding.append(Thread(target=self._leave_later, args=(self.lock,)))
            self._holding[-1].start()
        return frame

    def _leave_later(self, lock: Lock) -> None:
        sleep(COMMIT_SECONDS)
        lock.leave()

    def done(self) -> None:
        for one in self._holding:
            one.join()


class Listening(KeyCaller):
    """Presses nothing, and hangs up when it has been asked twice."""

    def tick(self, heard: bytes) -> CallerFrame:
        frame = super().tick(heard)
        is_over = self.asked == ["consent", "consent"] and self._quiet >= QUIET_FRAMES
        return CallerFrame(frame.audio, hang_up=True) if is_over else frame


def rows(database: Path, query: str) -> list[tuple[Any, ...]]:
    """What a connection of its own reads."""
    with closing(sqlite3.connect(database)) as connection:
        return connection.execute(query).fetchall()


async def test_nothing_is_acknowledged_before_a_slow_commit(tmp_path: Path) -> None:
    """Every next question comes after the answer is there, which is there once.

    What is heard meanwhile is whole: not a frame of another caller's prompts is lost. Who waits hears each
    second that we are there, by the sound that is configured.
    """
    database, early = tmp_path / "hatif.db", list[str]()

    def asked(item: str) -> None:
        stored = {name for (name,) in rows(database, "SELECT item FROM answers")}
        early.extend(set(ITEMS[: ITEMS.index(item)]) - stored if item in ITEMS else ())

    sound = bytes([WAITING]) * FRAME_BYTES * WAITING_FRAMES
    waiting = {"waiting_seconds": 1.0, "waiting_sound": sound}
    async with house(database, clock=Clock(1), commit_seconds=60, **waiting) as ours:
        lock = Lock(database)
        slow, beside = SlowlyStored(asked, lock=lock), Listening(answers=False)
        listening = asyncio.create_task(call(ours.url, beside, clock=ours.clock))
        outcome = await call(ours.url, slow, clock=ours.clock)
        slow.done()
        lock.close()
        listened = await listening
        answers = [answer.item for answer in await ours.store.answers()]
    assert outcome.ended_by is EndedBy.HATIF_HUNG_UP
    assert answers == slow.acknowledged == list(ITEMS)
    assert not early
    assert slow.waited >= slow.times * WAITING_FRAMES
    assert slow.waited % WAITING_FRAMES == 0
    assert listened.ended_by is EndedBy.CALLER
    assert listened.frames_heard == len(beside.heard) * TONE_FRAMES


async def test_a_call_that_could_not_be_ended_is_ended_later(tmp_path: Path) -> None:
    """The database is locked during the goodbye: the caller is hung up on, the end is stored afterwards."""
    database = tmp_path / "hatif.db"
    async with house(database, clock=Clock(8), busy_seconds=0.1) as ours:
        lock = Lock(database)

        def heard(item: str) -> None:
            if item == "other" and caller.asked[-1:] == [LAST]:
                lock.take()

        caller = KeyCaller(heard)
        outcome = await call(ours.url, caller, clock=ours.clock)
        assert outcome.ended_by is EndedBy.HATIF_HUNG_UP
        assert caller.acknowledged == list(ITEMS)
        async with asyncio.timeout(60):
            while not ours.switchboard._services.endings.waiting:  # noqa: ASYNC110 - another thread
                await asyncio.sleep(0.01)
            assert rows(database, OPEN) == [(1,)]
            lock.leave()
            lock.close()
            while rows(database, OPEN) != [(0,)]:  # noqa: ASYNC110
                await asyncio.sleep(0.05)
    assert rows(database, "SELECT disposition FROM calls") == [("completed",)]
