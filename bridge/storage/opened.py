"""The database, open: one writer, transactions that are finished once begun, and readers beside them."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from typing import Any, Self, TypeVar

from sqlalchemy import RowMapping, Select, delete, false
from sqlalchemy.exc import IntegrityError, SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine
from tenacity import AsyncRetrying, retry_if_exception, stop_after_attempt, wait_fixed

from bridge.clock import Clock
from bridge.errors import StorageError
from bridge.storage import schema, tables
from bridge.storage.database import (
    BUSY_SECONDS,
    cause_of,
    create_engine,
    database_url,
    explain,
    is_busy,
    prepare_file,
    writing,
)

__all__ = ["OpenDatabase"]

T = TypeVar("T")

# SQLite itself waits BUSY_SECONDS each time, so a lock held for 15 s (a backup, a check) is borne.
WRITE_ATTEMPTS = 3
RETRY_SECONDS = 0.25


class OpenDatabase:
    """Reads and writes; what they mean is said by those who inherit from it or use it."""

    def __init__(
        self, engine: AsyncEngine, *, clock: Clock, on_error: Callable[[str], None] = lambda _: None
    ) -> None:
        """`on_error` is told of every request that the database failed, by `cause_of`."""
        self._engine = engine
        self._writer = writing(engine)
        self._clock = clock
        self._on_error = on_error
        self._one_writer = asyncio.Lock()
        self._writes: set[asyncio.Task[Any]] = set()

    @classmethod
    async def open(
        cls,
        url_or_path: str | Path,
        *,
        clock: Clock,
        busy_seconds: float = BUSY_SECONDS,
        on_error: Callable[[str], None] = lambda _: None,
    ) -> Self:
        """Open the database, making it or bringing it up to date first.

        Raises:
            StorageError: it is unreadable, locked, read-only, no database, or written by a newer Hatif.

        """
        url = database_url(url_or_path)
        prepare_file(url)
        engine = create_engine(url, busy_seconds=busy_seconds)
        try:
            # Two daemons make the file at once: the second is told "busy" at once while WAL is turned on.
            await _patiently(WRITE_ATTEMPTS)(_make_ready, writing(engine))
        except SQLAlchemyError as error:
            await engine.dispose()
            raise explain(error, url) from None
        except BaseException:
            await engine.dispose()
            raise
        return cls(engine, clock=clock, on_error=on_error)

    async def close(self) -> None:
        """Finish what is being written, then let go of the file."""
        if self._writes:
            await asyncio.wait(self._writes)
        await self._engine.dispose()

    async def ping(self) -> None:
        """Prove that a write could begin now.

        Raises:
            StorageError: it could not: locked, read-only, gone.

        """
        await self.write(_write_nothing, attempts=1)

    async def select(self, query: Select[Any]) -> Sequence[RowMapping]:
        """What a query finds."""
        try:
            async with self._engine.connect() as connection:
                return list((await connection.execute(query)).mappings())
        except SQLAlchemyError as error:
            raise self._explained(error) from None

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
        except SQLAlchemyError as error:
            raise self._explained(error) from None

    def _explained(self, error: SQLAlchemyError) -> StorageError:
        self._on_error(cause_of(error))
        return explain(error, self._engine.url)

    async def _transact_once(self, work: Callable[[AsyncConnection], Awaitable[T]]) -> T:
        async with self._one_writer, self._writer.begin() as connection:
            return await work(connection)


def _patiently(attempts: int) -> AsyncRetrying:
    return AsyncRetrying(
        retry=retry_if_exception(is_busy),
        stop=stop_after_attempt(attempts),
        wait=wait_fixed(RETRY_SECONDS),
        reraise=True,
    )


async def _make_ready(writer: AsyncEngine) -> None:
    async with writer.begin() as connection:
        await connection.run_sync(schema.upgrade)
        await _write_nothing(connection)


async def _write_nothing(connection: AsyncConnection) -> None:
    """Ask for a change that changes nothing: BEGIN IMMEDIATE alone succeeds on a read-only file."""
    await connection.execute(delete(tables.redeemed_tokens).where(false()))
