"""How long a database is copied, checked, restored and opened, and what that costs the calls meanwhile.

    python benchmarks/data.py [--answers 1000000] [--folder FOLDER]

A database of so many answers is made, as calls of 25 turns leave it, and then everything that docs/data.md
promises is done, once each, beside a daemon's writing.
"""

import argparse
import asyncio
import os
import signal
import statistics
import tempfile
from collections.abc import Awaitable, Callable
from contextlib import closing
from datetime import UTC, datetime
from itertools import count
from multiprocessing import get_context
from multiprocessing.synchronize import Event
from pathlib import Path
from sqlite3 import connect
from time import perf_counter
from typing import TypeVar

from bridge.clock import Clock
from bridge.dialogue.answer import Answer, AnswerStatus, Via
from bridge.storage.backup import back_up
from bridge.storage.restoring import restore, verify
from bridge.storage.store import CallRecord, Store, TurnRecord

T = TypeVar("T")

TURNS = 25
STATE = '{"format":2,"questionnaire":"h","answers":[]' + " " * 1500 + "}"  # as long as real ones
KEY = "k" * 32
WRITING_SECONDS = 3.0
COMMITS_PER_SECOND, PACED_SECONDS, PACED_CALLS = 50, 20.0, 50
BEGAN = datetime(2026, 1, 2, 10, tzinfo=UTC)


def a_call(call_id: str) -> CallRecord:
    """A call as it begins."""
    return CallRecord(
        call_id=call_id,
        provider="maqsam",
        questionnaire="post_discharge",
        questionnaire_version="1",
        questionnaire_hash="h",
        model="m",
        started_at=BEGAN,
        caller_number="+966110000001",
    )


def a_turn() -> TurnRecord:
    """A turn of ordinary length."""
    said = "نعم الحمد لله أخذت الدواء اليوم"
    return TurnRecord(at=BEGAN, item="pain", input="speech", meaning="answer", closed=said, open=said)


async def begin(path: Path) -> None:
    """One call as the daemon itself writes it: the others are made after it."""
    store = await Store.open(path, clock=Clock())
    await store.begin_call(a_call("c0"))
    for number in range(TURNS):
        answer = Answer(f"item{number}", AnswerStatus.ANSWERED, 7, Via.SPEECH, tries=1, confirmed=True)
        await store.record_turn("c0", a_turn(), [answer], STATE.encode())
    await store.end_call("c0", "completed")
    await store.close()


def multiply(path: Path, calls: int) -> None:
    """Copy the first call so often."""
    numbers = f"WITH RECURSIVE numbers(n) AS (VALUES (1) UNION ALL SELECT n + 1 FROM numbers LIMIT {calls})"  # noqa: S608
    with closing(connect(path)) as database, database:
        database.execute("PRAGMA synchronous=OFF")
        for table in ("calls", "turns", "answers", "dialogue_states"):
            names = [str(row[1]) for row in database.execute(f"PRAGMA table_info({table})")]
            chosen = ", ".join("'c' || n" if name == "call_id" else name for name in names)
            copies = f"INSERT INTO {table} SELECT {chosen} FROM numbers, {table} WHERE call_id = 'c0'"  # noqa: S608
            database.execute(f"{numbers} {copies}")


def timed(what: str, work: Callable[[], T]) -> T:
    """Do something and print how long it took."""
    began = perf_counter()
    done = work()
    print(f"{what:<46}{perf_counter() - began:9.2f} s")
    return done


async def commits(path: Path, until: asyncio.Event) -> list[float]:
    """Store turns, 50 a second at most, until told to stop; milliseconds each."""
    store = await Store.open(path, clock=Clock())
    call_id = f"live {perf_counter()}"
    await store.begin_call(a_call(call_id))
    taken = []
    while not until.is_set():
        taken.append((await store.record_turn(call_id, a_turn(), [], STATE.encode())).commit_ms)
        await asyncio.sleep(0.02)
    await store.close()
    return taken


async def paced(path: Path) -> list[float]:
    """Store an answer 50 times a second for a while, of as many calls, each when it is due; milliseconds."""
    store = await Store.open(path, clock=Clock())
    calls = [f"paced {number}" for number in range(PACED_CALLS)]
    for call_id in calls:
        await store.begin_call(a_call(call_id))
    loop, storing = asyncio.get_running_loop(), []
    began = loop.time()
    for number in range(int(PACED_SECONDS * COMMITS_PER_SECOND)):
        await asyncio.sleep(began + number / COMMITS_PER_SECOND - loop.time())
        answer = Answer(f"item{number}", AnswerStatus.ANSWERED, 7, Via.SPEECH, tries=1, confirmed=True)
        turn = store.record_turn(calls[number % PACED_CALLS], a_turn(), [answer], STATE.encode())
        storing.append(asyncio.create_task(timed_for(turn)))
    taken = await asyncio.gather(*storing)
    await store.close()
    return taken


async def timed_for(work: Awaitable[object]) -> float:
    """How long it is waited for, in milliseconds: its turn at the writer is in it."""
    began = perf_counter()
    await work
    return 1000 * (perf_counter() - began)


async def beside(path: Path, work: Callable[[], object]) -> list[float]:
    """What commits take while something else goes on in a thread."""
    done = asyncio.Event()
    writing = asyncio.create_task(commits(path, done))
    await asyncio.to_thread(work)
    await asyncio.sleep(1)
    done.set()
    return await writing


def shown(taken: list[float]) -> str:
    """Median and 99th percentile."""
    return f"p50 {statistics.median(taken):.2f} ms, p99 {statistics.quantiles(taken, n=100)[98]:.2f} ms"


def opened(path: Path) -> None:
    """Open it as the daemon does at its start."""

    async def run() -> None:
        store = await Store.open(path, clock=Clock())
        await store.close_interrupted()
        await store.close()

    asyncio.run(run())


def kill_while_writing(path: Path) -> None:
    """A process that stores turns without a pause is killed by SIGKILL: its journal stays beside the file."""
    began = get_context("spawn").Event()
    writer = get_context("spawn").Process(target=write, args=(path, began), daemon=True)
    writer.start()
    began.wait()
    writer.join(WRITING_SECONDS)
    os.kill(writer.pid or 0, signal.SIGKILL)
    writer.join()


def write(path: Path, began: Event) -> None:
    """Store turns of calls that are never ended."""

    async def run() -> None:
        store = await Store.open(path, clock=Clock())
        for number in count():
            await store.begin_call(a_call(f"killed {number}"))
            for _ in range(TURNS):
                await store.record_turn(f"killed {number}", a_turn(), [], STATE.encode())
            began.set()

    asyncio.run(run())


def main(folder: Path, answers: int) -> None:
    """Do everything once."""
    path, numbers = folder / "hatif.db", count()
    asyncio.run(begin(path))
    timed(f"making {answers} answers", lambda: multiply(path, answers // TURNS - 1))
    print(f"{'size':<46}{path.stat().st_size / 1e6:9.0f} MB")
    timed("opening", lambda: opened(path))
    kill_while_writing(path)
    print(f"{'journal after kill -9':<46}{path.with_name('hatif.db-wal').stat().st_size / 1e6:9.1f} MB")
    timed("opening after kill -9", lambda: opened(path))
    print(f"{'commits alone':<46}{shown(asyncio.run(beside(path, lambda: None)))}")
    print(f"{'answers, 50 a second, with their wait':<46}{shown(asyncio.run(paced(path)))}")
    for name, key in (("plain", None), ("encrypted", KEY)):
        drill(path, folder / f"{next(numbers)}.db", name, key)


def drill(path: Path, target: Path, name: str, key: str | None) -> None:
    """Back up while turns are stored, check, restore, open."""

    def copy() -> None:
        timed(f"backup, {name}", lambda: back_up(path, target, clock=Clock(), key=key))

    taken = asyncio.run(beside(path, copy))
    print(f"{f'  commits meanwhile ({len(taken)})':<46}{shown(taken)}")
    timed(f"verify, {name}", lambda: verify(target, key=key))
    timed(f"restore, {name}, checked twice", lambda: restore(target, path, clock=Clock(), key=key))
    timed("opening after it", lambda: opened(path))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--answers", type=int, default=1_000_000)
    parser.add_argument(
        "--folder", type=Path, help="where the database is made; a temporary folder by default"
    )
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=given.folder) as temporary:
        main(Path(temporary), given.answers)
