"""How the database is opened, and what its errors mean. Knows SQLite's habits, nothing of calls or answers.

PostgreSQL's are known to `postgres.py`; whoever asks here gets whichever the database is.

SQLite runs in WAL mode with synchronous=FULL: when a commit returns, the disk has it (sqlite.org/wal.html,
sqlite.org/pragma.html#pragma_synchronous). Transactions are begun by us, not by the driver: one that
writes takes the lock at once (BEGIN IMMEDIATE): what it reads before it writes cannot change under it.
"""

import errno
import os
import sqlite3
from pathlib import Path
from typing import Any

from sqlalchemy import URL, Connection, Engine, event, make_url
from sqlalchemy import create_engine as create_blocking_engine
from sqlalchemy.exc import ArgumentError, DBAPIError, NoSuchModuleError, SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine
from sqlalchemy.pool import ConnectionPoolEntry

from bridge.durable import give_to_owner
from bridge.errors import StorageError
from bridge.storage import postgres
from bridge.storage.place import Place, Where

__all__ = [
    "BUSY_SECONDS",
    "FAILURES",
    "cause_of",
    "create_engine",
    "create_writer",
    "database_url",
    "explain",
    "explain_sqlite",
    "is_busy",
    "is_sqlite_file",
    "prepare_file",
    "writing",
]

BUSY_SECONDS = 5.0  # how long SQLite itself waits for another process's lock before it says "busy"
POOL_CONNECTIONS = 5  # one writes, the others read; each is a thread
CACHE_KIB = 512  # of each connection; the system keeps the file's pages anyway, for all of them together
PRIVATE_FILE = 0o600  # answers are medical data: nobody but the daemon's user reads them
PRIVATE_FOLDER = 0o700

FAILURES = (SQLAlchemyError, OSError)  # asyncpg tells of a lost line or a time that is up as an OSError

_WRITES = "hatif_writes"

# https://sqlite.org/rescode.html; the primary code's name is the first two words of the extended one's.
_CAUSES = {
    "SQLITE_BUSY": "is locked by another process; end that process, or wait until it is done",
    "SQLITE_LOCKED": "is locked by another connection; try again",
    "SQLITE_READONLY": "is read-only; give the daemon's user the right to write the file and its folder",
    "SQLITE_PERM": "may not be opened; give the daemon's user the right to read and write it",
    "SQLITE_CANTOPEN": "cannot be opened; its folder must exist and be readable and writable",
    "SQLITE_NOTADB": "is not an SQLite database; storage.path must name one, or a new file",
    "SQLITE_CORRUPT": "is damaged; restore it from a backup",
    "SQLITE_FULL": "cannot grow, the disk is full; free some space",
    "SQLITE_IOERR": "cannot be read or written, the disk reports an error; check the disk",
    "SQLITE_SCHEMA": "was changed by another process; restart the daemon",
}


def database_url(where: Where) -> URL:
    """A path as an SQLite database, a database URL as its driver wants it."""
    place = Place.of(where)
    if isinstance(place.address, Path) or "://" not in place.address:
        return URL.create("sqlite+aiosqlite", database=str(place.address))
    try:
        url = make_url(place.address)
    except ArgumentError:
        raise StorageError(
            "the database URL cannot be read; write a path, or postgresql+asyncpg://USER@HOST/DATABASE"
        ) from None
    return postgres.driver_url(url, place.password) if postgres.is_postgres(url) else url


def prepare_file(url: URL) -> None:
    """Make the folder and the file, closed to other users, before SQLite would make them open to all."""
    if not is_sqlite_file(url):
        return
    path = Path(str(url.database))
    if path.is_dir():
        raise StorageError(f"the database {path} is a folder; storage.path must name a file")
    try:
        path.parent.mkdir(mode=PRIVATE_FOLDER, parents=True, exist_ok=True)
        is_new = not path.exists()
        os.close(os.open(path, os.O_RDWR | os.O_CREAT, PRIVATE_FILE))
        if is_new:
            give_to_owner(path, path.parent)
    except OSError as error:
        raise StorageError(f"the database {path} cannot be opened: {_reason(error)}") from None


def create_engine(url: URL, *, busy_seconds: float = BUSY_SECONDS, is_patient: bool = False) -> AsyncEngine:
    """The pool of connections, each set up to lose nothing; `is_patient`: a statement may take hours."""
    if postgres.is_postgres(url):
        connect_args = postgres.connect_args(url, busy_seconds, is_patient=is_patient)
        engine = _create(url, connect_args=connect_args, pool_pre_ping=True)
        postgres.prepare(engine, lambda options: bool(options.get(_WRITES, False)))
        return engine
    if not _is_sqlite(url):
        return _create(url)
    engine = _create(url, connect_args={"isolation_level": None})  # None: the driver begins nothing by itself
    _prepare(engine.sync_engine, busy_seconds)
    return engine


def create_writer(url: URL, *, busy_seconds: float = BUSY_SECONDS) -> Engine | None:
    """One connection to an SQLite file, for a thread that writes; None where it is no such file."""
    if not is_sqlite_file(url):
        return None
    engine = create_blocking_engine(
        url.set(drivername="sqlite+pysqlite"),
        hide_parameters=True,
        pool_size=1,
        max_overflow=0,
        connect_args={"isolation_level": None, "check_same_thread": False},  # who closes it is another
        execution_options={_WRITES: True},
    )
    _prepare(engine, busy_seconds)
    return engine


def _prepare(engine: Engine, busy_seconds: float) -> None:
    @event.listens_for(engine, "connect")
    def set_up(connection: sqlite3.Connection, _entry: ConnectionPoolEntry) -> None:
        cursor = connection.cursor()
        try:
            cursor.execute(f"PRAGMA busy_timeout={round(busy_seconds * 1000)}")
            cursor.execute("PRAGMA journal_mode=WAL")
            cursor.execute("PRAGMA synchronous=FULL")
            cursor.execute("PRAGMA foreign_keys=ON")
            cursor.execute("PRAGMA secure_delete=ON")  # what is forgotten is overwritten
            cursor.execute(f"PRAGMA cache_size=-{CACHE_KIB}")
        except sqlite3.Error:
            connection.close()  # nobody else will, and its thread would stay
            raise
        cursor.close()

    @event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:
        writes = connection.get_execution_options().get(_WRITES, False)
        connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")


def writing(engine: AsyncEngine) -> AsyncEngine:
    """The same pool, for transactions that write."""
    return engine.execution_options(**{_WRITES: True})


def is_busy(error: BaseException) -> bool:
    """Another process holds the lock: trying again may help."""
    return _cause(error) in {"SQLITE_BUSY", "SQLITE_LOCKED"} or postgres.is_busy(error)


def cause_of(error: BaseException) -> str:
    """Why the database failed, in one word: SQLite's primary code (`busy`, `full`), or `other`."""
    cause = _cause(error)
    return cause.removeprefix("SQLITE_").lower() if cause in _CAUSES else "other"


def explain(error: Exception, url: URL) -> StorageError:
    """Say in one sentence what went wrong. Statement and values stay out of it."""
    if isinstance(error, NoSuchModuleError):
        return StorageError(_no_driver(url))
    if postgres.is_postgres(url):
        return postgres.explain(error, url)
    return explain_sqlite(error, str(url.database))


def explain_sqlite(error: Exception, name: str) -> StorageError:
    """The same for an error of SQLite's, its own or wrapped by SQLAlchemy."""
    cause = _cause(error)
    known = _CAUSES.get(cause or "")
    if known is not None:
        return StorageError(f"the database {name} {known}")
    original = error.orig if isinstance(error, DBAPIError) else error
    return StorageError(f"the database {name} refused the request ({cause or type(original).__name__})")


def _no_driver(url: URL) -> str:
    if postgres.is_postgres(url):
        return "PostgreSQL's driver asyncpg is not installed; `pip install 'hatif[postgres]'` installs it"
    return f"no driver for {url.drivername} is installed; use a path for an SQLite database"


def _create(url: URL, connect_args: dict[str, object] | None = None, **options: Any) -> AsyncEngine:
    try:
        return create_async_engine(
            url,
            hide_parameters=True,  # values are what callers said
            pool_size=POOL_CONNECTIONS,
            max_overflow=0,
            connect_args=connect_args or {},
            **options,
        )
    except (ArgumentError, NoSuchModuleError, ModuleNotFoundError):
        raise StorageError(_no_driver(url)) from None


def _is_sqlite(url: URL) -> bool:
    return url.get_backend_name() == "sqlite"


def is_sqlite_file(url: URL) -> bool:
    """Whether it is SQLite, and neither in memory nor named by a URI of SQLite's own."""
    return (
        _is_sqlite(url)
        and str(url.database or "") not in {"", ":memory:"}
        and not str(url.database).startswith("file:")
    )


def _cause(error: BaseException) -> str | None:
    """SQLite's primary error code by name, wherever in the chain it is."""
    original = error.orig if isinstance(error, DBAPIError) else error
    name = getattr(original, "sqlite_errorname", None)
    return "_".join(name.split("_")[:2]) if isinstance(name, str) else None


def _reason(error: OSError) -> str:
    reasons = {
        errno.EACCES: "the daemon's user may not read and write it",
        errno.EROFS: "the file system is read-only",
        errno.ENOTDIR: "a part of its path is a file, not a folder",
        errno.EEXIST: "a part of its path is a file, not a folder",
        errno.ENOSPC: "the disk is full",
    }
    return reasons.get(error.errno or 0, os.strerror(error.errno or errno.EIO).lower())
