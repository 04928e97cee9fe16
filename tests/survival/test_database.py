"""A database that fails in the middle of calls: callers are told, nothing is lost, it recovers."""

import asyncio
import shutil
import sqlite3
from contextlib import closing, suppress
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from house import ITEMS, House, KeyCaller, call, house
from killing import houses
from programs import needs, path_of

from bridge.audio.frames import FRAME_SECONDS
from bridge.carriers.fake import CallOutcome, EndedBy
from bridge.clock import Clock
from bridge.storage.opened import LEAST_FREE_BYTES

SPEED = 4
LONGEST_SILENCE = 5.0  # seconds of call time
TURN = "q2"  # the database fails once this is asked


class Fault:
    """Something that happens to the database, and its end."""

    def __init__(self, ours: House, database: Path) -> None:
        self.ours = ours
        self.database = database

    async def begin(self) -> None:
        raise NotImplementedError

    async def end(self) -> None:
        raise NotImplementedError


class Locked(Fault):
    """By another process, for as long as callers are in the call."""

    async def begin(self) -> None:
        self._other = sqlite3.connect(self.database, isolation_level=None)
        self._other.execute("BEGIN IMMEDIATE")

    async def end(self) -> None:
        self._other.close()


class ReadOnly(Fault):
    """As SQLite says it of a file system that the kernel has made read-only."""

    async def begin(self) -> None:
        await self._set("ON")

    async def end(self) -> None:
        await self._set("OFF")

    async def _set(self, state: str) -> None:
        writer: Any = self.ours.store._one_writer
        with closing(writer._engine.raw_connection()) as connection:
            connection.execute(f"PRAGMA query_only={state}")


class Gone(Fault):
    """Moved away, and put back."""

    async def begin(self) -> None:
        self.database.rename(self.database.with_name("away"))

    async def end(self) -> None:
        self.database.with_name("away").rename(self.database)


class Replaced(Gone):
    """By a copy of itself, as by whoever restores a backup under a running daemon."""

    async def begin(self) -> None:
        await super().begin()
        shutil.copy(self.database.with_name("away"), self.database)


class LogGone(Gone):
    """Its journal was thought to be rubbish."""

    def __init__(self, ours: House, database: Path) -> None:
        super().__init__(ours, database.with_name(f"{database.name}-wal"))


@pytest.mark.parametrize("kind", [Locked, ReadOnly, Gone, Replaced, LogGone])
async def test_callers_are_told_and_nothing_is_lost(tmp_path: Path, kind: type[Fault]) -> None:
    """An apology within five seconds, a proper end, `/readyz` that says it, and a call as ever afterwards."""
    async with house(tmp_path / "hatif.db", clock=Clock(SPEED), busy_seconds=0.1) as ours:
        fault = kind(ours, tmp_path / "hatif.db")
        failing = asyncio.Event()
        caller = KeyCaller(on_asked=lambda item: failing.set() if item == TURN else None)
        calling = asyncio.create_task(call(ours.url, caller, clock=ours.clock))
        await asyncio.wait_for(failing.wait(), 30)
        await fault.begin()
        outcome = await calling
        assert await readiness(ours.server.port) == (503, ["storage"])
        await fault.end()
        await ready_again(ours.server.port)
        healthy = KeyCaller()
        await call(ours.url, healthy, clock=ours.clock)
        answers = [(answer.call_id, answer.item) for answer in await ours.store.answers()]
    assert_told(outcome, caller)
    assert answers[:2] == [(answers[0][0], "consent"), (answers[0][0], "q1")]
    assert [item for _, item in answers[-len(ITEMS) :]] == list(ITEMS) == healthy.acknowledged
    assert len(answers) == len(set(answers))


def assert_told(outcome: CallOutcome, caller: KeyCaller) -> None:
    """The caller was asked the question, heard something else after it, and was hung up on."""
    assert outcome.ended_by is EndedBy.HATIF_HUNG_UP
    assert caller.heard == ["other", "consent", "q1", TURN, "other"]
    assert caller.longest_silence * FRAME_SECONDS < LONGEST_SILENCE


async def readiness(port: int) -> tuple[int, list[str]]:
    """Status and reasons of `/readyz`."""
    async with aiohttp.ClientSession() as http, http.get(f"http://127.0.0.1:{port}/readyz") as answer:
        return answer.status, (await answer.json())["reasons"]


async def not_ready(port: int) -> None:
    """Wait until the database is what is missing; health looks once a second."""
    async with asyncio.timeout(20):
        while await readiness(port) != (503, ["storage"]):  # noqa: ASYNC110 - another process
            await asyncio.sleep(0.1)


async def ready_again(port: int) -> None:
    """Wait until calls may be sent."""
    async with asyncio.timeout(20):
        while await readiness(port) != (200, []):  # noqa: ASYNC110 - another process
            await asyncio.sleep(0.1)


@needs("unshare")
async def test_a_full_disk_is_told_before_and_during_calls(tmp_path: Path) -> None:
    """No call is to be sent while there is hardly any room; one that meets a full disk is told."""
    small = tmp_path / "small"
    small.mkdir()
    mount = f'mount -t tmpfs -o size={LEAST_FREE_BYTES + 2**23} none {small} && exec "$@"'
    prefix = [path_of("unshare"), "--user", "--map-root-user", "--mount", "sh", "-c", mount, "sh"]
    async with houses(*prefix) as ours:
        try:
            pid, url = await ours.start(small / "hatif.db", SPEED)
        except AssertionError:
            pytest.skip("this machine lets nobody make namespaces of mounts")
        port = int(url.split(":")[2].partition("/")[0])
        seen = Path(f"/proc/{pid}/root{small}")  # what the daemon sees there
        assert await readiness(port) == (200, [])

        def fill(item: str) -> None:
            if item == TURN:
                with suppress(OSError), (seen / "rest").open("wb", buffering=0) as file:
                    while file.write(bytes(4096)):
                        pass

        caller = KeyCaller(on_asked=fill)
        outcome = await call(url, caller, clock=Clock(SPEED))
        await not_ready(port)
        (seen / "rest").unlink()
        await ready_again(port)
        healthy = KeyCaller()
        await call(url, healthy, clock=Clock(SPEED))
        copy = tmp_path / "copy.db"
        for name in ("hatif.db", "hatif.db-wal"):
            shutil.copy(seen / name, copy.with_name(name.replace("hatif", "copy")))
    with closing(sqlite3.connect(copy)) as connection:
        stored = [item for (item,) in connection.execute("SELECT item FROM answers ORDER BY at")]
        assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
    assert_told(outcome, caller)
    assert stored == ["consent", "q1", *ITEMS]
