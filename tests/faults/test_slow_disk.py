"""A database that takes seconds for each commit, or is away when a call ends: real socket, session and SQLite."""

import asyncio
import sqlite3
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from threading import Thread
from time import sleep
from typing import Any

from house import ITEMS, House, KeyCaller, call, house

from bridge.carriers.caller import CallerFrame
from bridge.carriers.fake import EndedBy
from bridge.clock import Clock

COMMIT_SECONDS = 3.0
LAST = ITEMS[-1]


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
    """After each of its keys nothing can be committed for three seconds."""

    lock: Lock | None = None
    seconds: float = COMMIT_SECONDS
    _holding: list[Thread] = field(default_factory=list)

    def tick(self, heard: bytes) -> CallerFrame:
        frame = super().tick(heard)
        if frame.keys and self.lock is not None:
            self.lock.take()
            self._holding.append(Thread(target=self._leave_later, args=(self.lock,)))
            self._holding[-1].start()
        return frame

    def _leave_later(self, lock: Lock) -> None:
        sleep(self.seconds)
        lock.leave()

    def done(self) -> None:
        for one in self._holding:
            one.join()


def rows(database: Path, query: str) -> list[tuple[Any, ...]]:
    """What a connection of its own reads."""
    with closing(sqlite3.connect(database)) as connection:
        return connection.execute(query).fetchall()


async def test_nothing_is_acknowledged_before_a_slow_commit(tmp_path: Path) -> None:
    """Three seconds for each: every next question comes after the answer is there, which is there once.

    What callers hear is whole: that of the one who waits, and that of another who presses no key meanwhile.
    """
    database, early = tmp_path / "hatif.db", list[str]()

    def asked(item: str) -> None:
        stored = {name for (name,) in rows(database, "SELECT item FROM answers")}
        early.extend(set(ITEMS[: ITEMS.index(item)]) - stored if item in ITEMS else ())

    async with house(database, clock=Clock(1), commit_seconds=60) as ours:
        lock = Lock(database)
        slow, beside = SlowlyStored(asked, lock=lock), KeyCaller(answers=False)
        listening = asyncio.create_task(call(ours.url, beside, clock=ours.clock, max_seconds=600))
        outcome = await call(ours.url, slow, clock=ours.clock, max_seconds=600)
        slow.done()
        lock.close()
        listening.cancel()
        await asyncio.gather(listening, return_exceptions=True)
        answers = [answer.item for answer in await ours.store.answers()]
    assert outcome.ended_by is EndedBy.HATIF_HUNG_UP
    assert answers == slow.acknowledged == list(ITEMS)
    assert not early
