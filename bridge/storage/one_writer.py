"""SQLite's one writer: a thread in which a whole transaction is one step, and one commit serves all who wait.

Through the asynchronous driver each statement crosses from the event loop to a thread and back several times;
where the loop is busy with calls, the crossings of one transaction after the other took longer than callers
can wait. Here the loop is crossed twice. Whatever waits when a transaction begins goes into it, so that the
disk's pace limits commits, not answers; each of them is still acknowledged after the commit only.

Where several processes of ours write, they take turns by a lock of their own. SQLite's is polled, ever more
rarely: whoever has waited longest is the least likely to get it, and waits for seconds.
"""

import asyncio
import fcntl
import os
from collections.abc import Awaitable, Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager, suppress
from pathlib import Path
from threading import Lock
from typing import Any, TypeVar, cast

from msgspec import Struct
from sqlalchemy import Connection, CursorResult, Engine, Executable
from sqlalchemy.ext.asyncio import AsyncConnection

from bridge.errors import StorageError
from bridge.storage.database import is_busy

__all__ = ["GoneError", "OneWriter"]

T = TypeVar("T")
Work = Callable[[AsyncConnection], Awaitable[Any]]

MOST_TOGETHER = 64  # transactions in one: what comes after them is not kept waiting for long
Identity = tuple[int, int]  # of a file: its device and inode


class GoneError(StorageError):
    """The file was taken away while it is in use."""


class _Job(Struct, frozen=True):
    work: Work
    done: Future[Any]


class _AtOnce:
    """An asynchronous connection that never waits, for it has a thread to itself."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def execute(self, statement: Executable, *parameters: Any) -> CursorResult[Any]:
        return self._connection.execute(statement, *parameters)


class OneWriter:
    """Writes to one SQLite file."""

    def __init__(self, engine: Engine, file: Path, *, takes_turns: bool = False) -> None:
        """`engine` begins transactions that write. `takes_turns`: with other processes of ours."""
        self._engine = engine
        self._turns = _opened(file.with_name(f"{file.name}-turn")) if takes_turns else None
        self._file = file
        self._log = file.with_name(f"{file.name}-wal")
        self._identities: dict[Path, Identity] = {}
        self._waiting: list[_Job] = []
        self._lock = Lock()
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="storage-writer")

    async def run(self, work: Callable[[AsyncConnection], Awaitable[T]]) -> T:
        """Run `work` in a transaction, perhaps with others', and return when the disk has it.

        `work` may be run again in a transaction of its own, and awaits nothing but its connection.

        Raises:
            GoneError: the file is not there any more, or is another one.
            SQLAlchemyError: as the database has it.

        """
        job = _Job(work, Future())
        with self._lock:
            self._waiting.append(job)
        self._thread.submit(self._commit_waiting)
        return cast("T", await asyncio.wrap_future(job.done))

    async def close(self) -> None:
        """Finish what was asked for, and let go of the file."""
        await asyncio.to_thread(self._thread.shutdown)
        self._engine.dispose()
        if self._turns is not None:
            os.close(self._turns)
            self._turns = None

    def _commit_waiting(self) -> None:
        with self._lock:
            taken, self._waiting = self._waiting[:MOST_TOGETHER], self._waiting[MOST_TOGETHER:]
        jobs = [job for job in taken if job.done.set_running_or_notify_cancel()]
        try:
            results = self._transact(jobs)
        except BaseException as error:  # noqa: BLE001 - told to whoever asked
            for job in jobs:
                if len(jobs) == 1 or is_busy(error):
                    job.done.set_exception(error)
                else:
                    self._commit_alone(job)  # one of them is to blame, and the others are not to suffer
        else:
            for job, result in zip(jobs, results, strict=True):
                job.done.set_result(result)

    def _commit_alone(self, job: _Job) -> None:
        try:
            job.done.set_result(self._transact([job])[0])
        except BaseException as error:  # noqa: BLE001 - told to whoever asked
            job.done.set_exception(error)

    def _transact(self, jobs: list[_Job]) -> list[Any]:
        if not jobs:
            return []
        with self._in_turn(), self._engine.begin() as connection:
            self._require_the_file()
            at_once = cast("AsyncConnection", _AtOnce(connection))
            return [_completed(job.work(at_once)) for job in jobs]

    @contextmanager
    def _in_turn(self) -> Iterator[None]:
        """Write while no other process of ours does; the kernel takes the turn away from who dies in it."""
        if self._turns is None:
            yield
            return
        fcntl.flock(self._turns, fcntl.LOCK_EX)
        try:
            yield
        finally:
            fcntl.flock(self._turns, fcntl.LOCK_UN)

    def _require_the_file(self) -> None:
        """Be sure that what is committed can be found again: SQLite writes on to files that were deleted."""
        present = {file: identity for file in (self._file, self._log) if (identity := _identity(file))}
        if not self._identities:
            self._identities = present
        if present != self._identities:
            raise GoneError(
                f"the database {self._file} was deleted, moved or replaced while it is in use; put back what "
                "was there with its -wal file, or restart the daemon with the file that is to be used"
            )


def _completed(work: Awaitable[T]) -> T:
    """Run to its end what never waits."""
    steps = work.__await__()
    try:
        next(steps)
    except StopIteration as end:
        return cast("T", end.value)
    raise RuntimeError("a transaction waited for something that is not the database")


def _opened(file: Path) -> int:
    """Empty, and for its owner alone."""
    return os.open(file, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)


def _identity(file: Path) -> Identity | None:
    with suppress(OSError):
        found = file.stat()
        return found.st_dev, found.st_ino
    return None
