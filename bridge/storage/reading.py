"""What an operator asks of a database, whichever it is: its standing, its size, whether it is whole."""

import asyncio
import shutil
from collections.abc import Callable
from typing import Any, TypeVar

from msgspec import Struct
from sqlalchemy import Connection, inspect

from bridge.clock import Clock
from bridge.storage import postgres, schema
from bridge.storage.backup import backups_in, latest_backup
from bridge.storage.checking import VERSION_TABLE, Findings, examine_content
from bridge.storage.database import FAILURES, create_engine, database_url, explain
from bridge.storage.place import Place
from bridge.storage.schema import Standing

__all__ = ["DatabaseStatus", "look_up", "read_status", "verify_remote"]

T = TypeVar("T")
SECONDS_IN_HOUR = 3600
STREAMED_ROWS = 1000  # of a database that may not fit into memory


class DatabaseStatus(Struct, frozen=True, kw_only=True):
    """A database as its operator sees it."""

    database: str
    standing: Standing
    rows: dict[str, int]
    bytes: int
    free_bytes: int | None = None  # on its disk, where that is ours
    backup_folder: str | None = None
    latest_backup: str | None = None
    backup_hours: float | None = None
    backups: int = 0


async def look_up(place: Place) -> Standing:
    """Where a database stands among the schemas, without changing it.

    Raises:
        StorageError: it cannot be opened, or is a newer Hatif's.

    """
    return await _look(place, schema.standing)


async def read_status(place: Place, clock: Clock) -> DatabaseStatus:
    """Where the database stands, without changing it.

    Raises:
        StorageError: there is none, it cannot be read, or it is a newer Hatif's.

    """
    if place.file is not None:
        await asyncio.to_thread(place.require_file, "this")
    standing = await look_up(place)
    rows = await _look(place, _row_counts)
    size = await _look(place, _size)
    name = postgres.shown(database_url(place)) if place.file is None else str(place.file)
    return DatabaseStatus(
        database=name,
        standing=standing,
        rows=rows,
        bytes=size,
        **await asyncio.to_thread(_on_disk, place, clock.now().timestamp()),
    )


async def verify_remote(place: Place) -> Findings:
    """Whether all in a database on a server can be read; its pages and references are its server's to keep.

    Raises:
        StorageError: it cannot be reached.

    """

    def look(connection: Connection) -> Findings:
        postgres.be_patient(connection)

        def run(statement: str) -> Any:
            options = {"stream_results": True, "yield_per": STREAMED_ROWS}
            return connection.exec_driver_sql(statement, execution_options=options)

        return examine_content(run, sorted(inspect(connection).get_table_names()), keys=place.keys)

    return await _look(place, look)


async def _look(place: Place, look: Callable[[Connection], T]) -> T:
    url = database_url(place)
    engine = create_engine(url)
    try:
        async with engine.connect() as connection:
            return await connection.run_sync(look)
    except FAILURES as error:
        raise explain(error, url) from None
    finally:
        await engine.dispose()


def _row_counts(connection: Connection) -> dict[str, int]:
    names = sorted(inspect(connection).get_table_names())
    return {
        name: int(connection.exec_driver_sql(f'SELECT count(*) FROM "{name}"').scalar_one())  # noqa: S608
        for name in names
        if name != VERSION_TABLE
    }


def _size(connection: Connection) -> int:
    if connection.dialect.name == "postgresql":
        return int(connection.exec_driver_sql("SELECT pg_database_size(current_database())").scalar_one())
    pages, page = (connection.exec_driver_sql(f"PRAGMA {name}") for name in ("page_count", "page_size"))
    return int(pages.scalar_one()) * int(page.scalar_one())


def _on_disk(place: Place, now: float) -> dict[str, Any]:
    """What there is beside the database: room, and backups. `now` is in seconds since 1970."""
    folder = place.backup_folder
    if place.file is None or folder is None:
        return {}
    latest = latest_backup(folder)
    return {
        "free_bytes": shutil.disk_usage(place.file.parent).free,
        "backup_folder": str(folder),
        "backups": len(backups_in(folder)),
        "latest_backup": str(latest) if latest else None,
        "backup_hours": (now - latest.stat().st_mtime) / SECONDS_IN_HOUR if latest else None,
    }
