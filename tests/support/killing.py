"""Daemons that are killed with SIGKILL in the middle of a call, one after the other, over one database."""

import asyncio
import json
import os
import random
import signal
import sqlite3
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from house import ITEMS, KeyCaller, call

from bridge.clock import Clock

__all__ = ["Houses", "houses", "kill_rounds"]

ROOT = Path(__file__).parents[2]
SPEED = 16.0
ANSWERS = "SELECT item FROM answers WHERE call_id = ? ORDER BY turn_index"
LONGEST_LIFE = 0.8  # seconds; a whole call takes less
FIRST_LIVES = (
    0.3,
    60.0,
    0.0,
)  # cut short, gone on with to its end, and killed before the next call is stored
START_SECONDS = 120.0  # until a daemon is there; the first waits for all that is to be imported


class Houses:
    """The process that daemons are forked from."""

    def __init__(self, process: Process) -> None:
        self._process = process

    async def start(self, database: Path, speed: float = SPEED) -> tuple[int, str]:
        """A new daemon's process id and address."""
        stdin, stdout = self._process.stdin, self._process.stdout
        assert stdin is not None
        assert stdout is not None
        stdin.write((json.dumps({"database": str(database), "speed": speed}) + "\n").encode())
        async with asyncio.timeout(START_SECONDS):
            while not (line := await stdout.readline()).startswith(b"{"):
                assert line, "the process that daemons are forked from is gone"
        told = json.loads(line)
        return told["pid"], f"ws://127.0.0.1:{told['port']}/ws/maqsam"

    async def end(self) -> None:
        """Leave nothing behind: the daemons are killed once there is nobody who could ask for more."""
        assert self._process.stdin is not None
        self._process.stdin.close()
        await self._process.wait()


@asynccontextmanager
async def houses(*prefix: str) -> AsyncIterator[Houses]:
    """`prefix`: a program that watches."""
    process = await asyncio.create_subprocess_exec(
        *prefix,
        sys.executable,
        str(Path(__file__).with_name("house.py")),
        stdin=PIPE,
        stdout=PIPE,
        env=os.environ | {"PYTHONPATH": f"{ROOT}:{Path(__file__).parent}"},
    )
    ours = Houses(process)
    try:
        yield ours
    finally:
        await ours.end()


async def kill_rounds(folder: Path, rounds: int, *, seed: int) -> int:
    """Kill a daemon in each round, at any moment of a call; how many answers had been acknowledged.

    A call that was cut short is gone on with in the next round.
    """
    chance = random.Random(seed)
    moments = (*FIRST_LIVES, *(chance.uniform(0, LONGEST_LIFE) for _ in range(rounds)))
    database, acknowledged, chain = folder / "hatif.db", 0, Chain()
    async with houses() as ours:
        for number, moment in enumerate(moments[:rounds]):
            pid, url = await ours.start(database)
            caller = KeyCaller()
            calling = asyncio.create_task(call(url, caller, clock=Clock(SPEED), resumes=chain.call_id))
            await asyncio.wait({calling}, timeout=moment)
            os.kill(pid, signal.SIGKILL)
            await calling
            look_through(database, caller, chain, f"round {number} of seed {seed}: {caller.heard}")
            acknowledged += len(caller.acknowledged)
    return acknowledged


@dataclass
class Chain:
    """A call that was cut short, those that went on with it, and what they have answered."""

    call_id: str | None = None
    answered: list[str] = field(default_factory=list)
    known: set[str] = field(default_factory=set)  # every call stored so far, of whatever chain


def look_through(database: Path, caller: KeyCaller, chain: Chain, told: str) -> None:
    """Compare what a caller was told with what was stored."""
    with closing(sqlite3.connect(database)) as connection:

        def rows(query: str, *values: Any) -> list[tuple[Any, ...]]:
            return connection.execute(query, values).fetchall()

        assert rows("PRAGMA integrity_check") == [("ok",)], told
        assert rows("PRAGMA foreign_key_check") == [], told
        torn = "SELECT count(*) FROM turns LEFT JOIN answers USING (call_id, turn_index) WHERE meaning = ? "
        assert rows(torn + "AND answers.item IS NULL", "answer") == [(0,)], told
        new = [call_id for (call_id,) in rows("SELECT call_id FROM calls") if call_id not in chain.known]
        if not new:  # killed before it was: the chain goes on with the call before
            assert not caller.heard, f"{told}: a call that is not stored was taken"
            return
        (call_id,) = new
        stored = [item for (item,) in rows(ANSWERS, call_id)]
    chain.known.add(call_id)
    if caller.asked:
        assert caller.asked[0] == ITEMS[len(chain.answered)], f"{told}: not gone on with {chain}"
    chain.answered += stored
    assert tuple(chain.answered) == ITEMS[: len(chain.answered)], f"{told}: stored {chain}"
    assert set(caller.acknowledged) <= set(stored), f"{told}: but stored {stored}"
    chain.call_id = call_id
    if len(chain.answered) == len(
        ITEMS
    ):  # nothing else ends a chain: also a call that failed is gone on with
        chain.call_id, chain.answered = None, []
