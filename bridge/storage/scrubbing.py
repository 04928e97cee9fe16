"""Takes out of SQLite's files what is deleted: empties the write-ahead log, writes the database anew."""

import asyncio
import sqlite3
from contextlib import closing
from pathlib import Path

from bridge.errors import StorageError

__all__ = ["database_files", "scrub"]

WAIT_SECONDS = 15.0
ATTEMPTS = 5


async def scrub(path: Path) -> bool:
    """Overwrite and drop all free space; whether the write-ahead log is empty after it.

    Writers wait while it runs: about a second for every 100 MB.

    Raises:
        StorageError: another process keeps the database locked, or the disk has no room for a second copy.

    """
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


def _scrub(path: Path) -> bool:
    with closing(sqlite3.connect(path, isolation_level=None, timeout=WAIT_SECONDS)) as connection:
        connection.execute("PRAGMA secure_delete=ON")
        connection.execute("VACUUM")
        for _ in range(ATTEMPTS):  # a reader that is at work keeps the log from being emptied
            (busy, _, _) = connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
            if not busy:
                return True
    return False
