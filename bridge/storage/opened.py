"""The database, open: one writer, transactions that are finished once begun, and readers beside them."""

import asyncio
import os
from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Self, TypeVar

from sqlalchemy import Select, Table, delete, false, insert
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine
from tenacity import AsyncRetrying, retry_if_exception, stop_after_attempt, wait_fixed

from bridge.clock import Clock
from bridge.errors import StorageError
from bridge.privacy.fields import FieldCipher
from bridge.storage import tables
from bridge.storage.database import (
    BUSY_SECONDS,
    FAILURES,
    cause_of,
    create_engine,
    create_writer,
    database_url,
    explain,
    is_busy,
    is_sqlite_file,
    prepare_file,
    writing,
)
from bridge.storage.one_writer import GoneError, OneWriter
from bridge.storage.place import Place, Where
from bridge.storage.schema import Standing
from bridge.storage.sealing import agree_on_keys, open_rows, seal_row
from bridge.storage.upgrading import Upgrade, back_up_before, migrate

__all__ = ["OpenDatabase"]

T = TypeVar("T")

# SQLite itself waits BUSY_SECONDS each time, so a lock held for 15 s (a backup, a check) is borne.
WRITE_ATTEMPTS = 3
RETRY_SECONDS = 0.25

MIB = 2**20
LEAST_FREE_BYTES = 16 * MIB  # hundreds of turns, and the journal may grow by a few megabytes at once
PROBE = "probe"  # no token has such a name
NEVER = datetime(1970, 1, 1, tzinfo=UTC)


class OpenDatabase:
    """Reads and writes; what they mean is said by those who inherit from it or use it."""

    def __init__(
        self,
        engine: AsyncEngine,
        *,
        clock: Clock,
        upgrade: Upgrade,
        cipher: FieldCipher | None = None,
        node: str = "",
        on_error: Callable[[str], None] = lambda _: None,
        one_writer: OneWriter | None = None,
    ) -> None:
        """`node` is which of the daemons that share the database this one is.

        `one_writer` writes in a thread of its own, where the database is an SQLite file.

        `on_error` is told of every request that the database failed, by `cause_of`.
        """
        self.upgrade = upgrade
        self._engine = engine
        self._cipher = cipher or FieldCipher(None)
        self._writer = writing(engine)
        self._clock = clock
        self._node = node
        self._on_error = on_error
        self._one_writer = one_writer
        self._one_at_a_time = asyncio.Lock()
        self._writes: set[asyncio.Task[Any]] = set()

    @classmethod
    async def open(
        cls,
        where: Where,
        *,
        clock: Clock,
        cipher: FieldCipher | None = None,
        busy_seconds: float = BUSY_SECONDS,
        node: str = "",
        on_error: Callable[[str], None] = lambda _: None,
        takes_turns: bool = False,
    ) -> Self:
        """Open the database, making it or bringing it up to date first, after a backup.

        `cipher` stands for the place's keys, where values change from one to another. `takes_turns`: other
        processes of ours write to the same SQLite file.

        Raises:
            StorageError: it is unreadable, locked, read-only, no database, or written by a newer Hatif; or
                it is an older one's and cannot be backed up; or its keys are not those of the place.

        """
        place = Place.of(where)
        cipher = cipher or FieldCipher(place.keys)
        url = database_url(place)
        prepare_file(url)
        engine = create_engine(url, busy_seconds=busy_seconds, is_patient=True)
        try:
            # Two daemons make the file at once: the second is told "busy" at once while WAL is turned on.
            backup: Path | None = await _patiently(WRITE_ATTEMPTS)(back_up_before, engine, place, clock)
            before: Standing = await _patiently(WRITE_ATTEMPTS)(_make_ready, writing(engine), cipher)
        except FAILURES as error:
            raise explain(error, url) from None
        finally:
            await engine.dispose()
        changed = Upgrade(
            before=before.present,
            now=before.newest,
            migrations=before.missing,
            backup=str(backup) if backup else None,
        )
        blocking = create_writer(url, busy_seconds=busy_seconds)
        one_writer = (
            OneWriter(blocking, Path(str(url.database)), takes_turns=takes_turns)
            if blocking is not None
            else None
        )
        return cls(
            create_engine(url, busy_seconds=busy_seconds),
            clock=clock,
            cipher=cipher,
            upgrade=changed,
            node=node,
            on_error=on_error,
            one_writer=one_writer,
        )

    async def close(self) -> None:
        """Finish what is being written, then let go of the file."""
        if self._writes:
            await asyncio.wait(self._writes)
        if self._one_writer is not None:
            await self._one_writer.close()
        await self._engine.dispose()

    async def ping(self) -> None:
        """Prove that a commit succeeds now, and that there is room for a call's.

        Raises:
            StorageError: locked, read-only, gone, or the disk is full or nearly so.

        """
        place = self._engine.url
        if is_sqlite_file(place):
            await asyncio.to_thread(_require_room, Path(str(place.database)))
        await self.write(_write_and_forget, attempts=1)

    async def select(self, query: Select[Any]) -> Sequence[Mapping[str, Any]]:
        """What a query finds, opened.

        Raises:
            StorageError: the database cannot be read, or a value cannot be decrypted.

        """
        try:
            async with self._engine.connect() as connection:
                found = await connection.execute(query)
                names, rows = [str(name) for name in found.keys()], found.all()  # noqa: SIM118 - no mapping
        except FAILURES as error:
            raise self._explained(error) from None
        return open_rows(self._cipher, query, names, rows)

    def seal(
        self, table: Table, row: Mapping[str, Any], key: Mapping[str, Any] | None = None
    ) -> dict[str, Any]:
        """A row, or some values of the row with this primary key, as they are written."""
        return seal_row(self._cipher, table, row, key)

    async def write(
        self, work: Callable[[AsyncConnection], Awaitable[T]], *, attempts: int = WRITE_ATTEMPTS
    ) -> T:
        """Run `work` in a transaction of its own, in a task of its own, so that it ends once begun."""
        task = asyncio.create_task(self._transact(work, attempts), name="storage-write")
        self._writes.add(task)
        task.add_done_callback(self._written)
        return await asyncio.shield(task)

    def _written(self, task: asyncio.Task[Any]) -> None:
        self._writes.discard(task)
        if not task.cancelled():
            task.exception()  # whoever asked may be gone: nobody else would look at it

    async def _transact(self, work: Callable[[AsyncConnection], Awaitable[T]], attempts: int) -> T:
        try:
            return await _patiently(attempts)(self._transact_once, work)
        except IntegrityError:
            raise  # each caller knows what it means there
        except GoneError:
            self._on_error("gone")
            raise
        except FAILURES as error:
            raise self._explained(error) from None

    def _explained(self, error: Exception) -> StorageError:
        self._on_error(cause_of(error))
        return explain(error, self._engine.url)

    async def _transact_once(self, work: Callable[[AsyncConnection], Awaitable[T]]) -> T:
        if self._one_writer is not None:
            return await self._one_writer.run(work)
        async with self._one_at_a_time, self._writer.begin() as connection:
            return await work(connection)


def _patiently(attempts: int) -> AsyncRetrying:
    return AsyncRetrying(
        retry=retry_if_exception(is_busy),
        stop=stop_after_attempt(attempts),
        wait=wait_fixed(RETRY_SECONDS),
        reraise=True,
    )


async def _make_ready(writer: AsyncEngine, cipher: FieldCipher) -> Standing:
    async with writer.begin() as connection:
        before = await connection.run_sync(migrate)
        await agree_on_keys(connection, cipher)
        await _write_nothing(connection)
    return before


def _require_room(file: Path) -> None:
    """Be sure of room before a caller is asked: a small commit succeeds where a whole call's do not."""
    try:
        disk = os.statvfs(file.parent)
    except OSError:
        return  # whoever writes will be told
    free = disk.f_bavail * disk.f_frsize
    if disk.f_blocks and free < LEAST_FREE_BYTES:
        raise StorageError(
            f"the disk of the database {file} is nearly full: {free // MIB} MB are left, and calls are "
            f"taken from {LEAST_FREE_BYTES // MIB} MB on; free some space"
        )


async def _write_and_forget(connection: AsyncConnection) -> None:
    """Commit a row that was and is not: what changes nothing succeeds on a disk that is full, too."""
    table = tables.redeemed_tokens
    await connection.execute(insert(table).values(token_id=PROBE, expires_at=NEVER, redeemed_at=NEVER))
    await connection.execute(delete(table).where(table.c.token_id == PROBE))


async def _write_nothing(connection: AsyncConnection) -> None:
    """Ask for a change that changes nothing: BEGIN IMMEDIATE alone succeeds on a read-only file."""
    await connection.execute(delete(tables.redeemed_tokens).where(false()))
