"""Takes out of a database's files what is deleted: its tables are written anew, and SQLite's log is emptied.

What PostgreSQL keeps beside its tables is out of reach: its own log, replicas and backups.
"""

import asyncio
import sqlite3
from contextlib import closing
from datetime import datetime
from pathlib import Path

from sqlalchemy import URL, text
from sqlalchemy.ext.asyncio import AsyncConnection

from bridge.errors import StorageError
from bridge.storage import tables
from bridge.storage.database import FAILURES, create_engine, database_url, explain
from bridge.storage.place import Place, Where
from bridge.storage.sealing import is_sealed

__all__ = ["database_files", "scrub"]

WAIT_SECONDS = 15.0
ATTEMPTS = 5


# Whoever began before us may still look at what was deleted; the server then keeps it.
_WATCHED = text(
    "SELECT (SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() "
    "AND pid <> pg_backend_pid() AND backend_xmin IS NOT NULL AND xact_start < :since) "
    "+ (SELECT count(*) FROM pg_prepared_xacts WHERE database = current_database())"
)


async def scrub(where: Where) -> bool:
    """Overwrite and drop all free space; False: something still holds what was deleted, try again later.

    That is a reader, who keeps SQLite's write-ahead log from being emptied, or PostgreSQL from letting go.
    Writers wait while it runs: about a second for every 100 MB. PostgreSQL's readers do, too.

    Raises:
        StorageError: another process keeps the database locked, or the disk has no room for a second copy.

    """
    place = Place.of(where)
    path = place.file
    if path is None:
        return await _rewrite(database_url(place))
    try:
        return await asyncio.to_thread(_scrub, path)
    except sqlite3.Error as error:
        raise StorageError(
            f"the database {path} cannot be written anew ({error.sqlite_errorname}); what was deleted is "
            "overwritten already, run the command again to drop the rest"
        ) from None


def database_files(path: Path) -> list[Path]:
    """The files that SQLite keeps a database in, as far as they are there."""
    names = (path, *(path.with_name(path.name + suffix) for suffix in ("-wal", "-shm", "-journal")))
    return [name for name in names if name.is_file()]


async def _rewrite(url: URL) -> bool:
    """PostgreSQL's tables, one after the other, and what it noted of their contents for its plans."""
    sealing = [table.name for table in tables.metadata.sorted_tables if any(map(is_sealed, table.columns))]
    engine = create_engine(url, is_patient=True)
    try:
        async with engine.connect() as connection:
            alone = await connection.execution_options(isolation_level="AUTOCOMMIT")
            since = (await alone.execute(text("SELECT now()"))).scalar_one()
            for name in sealing:
                await alone.execute(text(f"VACUUM (FULL, ANALYZE) {name}"))
            await alone.execute(text("VACUUM (FULL) pg_statistic"))
            return not await _is_watched(alone, since)
    except FAILURES as error:
        raise explain(error, url) from None
    finally:
        await engine.dispose()


async def _is_watched(connection: AsyncConnection, since: datetime) -> bool:
    return bool((await connection.execute(_WATCHED, {"since": since})).scalar_one())


def _scrub(path: Path) -> bool:
    with closing(sqlite3.connect(path, isolation_level=None, timeout=WAIT_SECONDS)) as connection:
        connection.execute("PRAGMA secure_delete=ON")
        connection.execute("VACUUM")
        for _ in range(ATTEMPTS):  # a reader that is at work keeps the log from being emptied
            (busy, _, _) = connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
            if not busy:
                return True
    return False
