"""How the database is opened, and what is said when it cannot be."""

import sqlite3
import stat
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.exc import NoSuchModuleError, OperationalError

from bridge.clock import Clock
from bridge.errors import StorageError
from bridge.storage.database import create_engine, database_url, explain, is_busy
from bridge.storage.store import Store


async def test_every_connection_is_set_up_to_lose_nothing(path: Path) -> None:
    """WAL, full synchronisation, foreign keys and patience hold on each connection of the pool."""
    path.parent.mkdir()
    engine = create_engine(database_url(path))
    async with engine.connect() as one, engine.connect() as two:
        for connection in (one, two):
            found = [
                (await connection.execute(text(f"PRAGMA {name}"))).scalar()
                for name in ("journal_mode", "synchronous", "foreign_keys", "busy_timeout")
            ]
            assert found == ["wal", 2, 1, 5000]
    await engine.dispose()


async def test_files_are_closed_to_other_users(store: Store, path: Path) -> None:
    """Answers are medical data: folder, database and journal belong to the daemon's user alone."""
    await store.ping()
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    for file in path.parent.iterdir():
        assert stat.S_IMODE(file.stat().st_mode) == 0o600


@pytest.mark.parametrize("given", ["sqlite+aiosqlite:///{}", "{}"])
async def test_path_and_url_open_the_same_file(path: Path, given: str) -> None:
    """A path is an SQLite database, with or without the words around it."""
    store = await Store.open(given.format(path), clock=Clock())
    await store.close()
    with closing(sqlite3.connect(path)) as other:
        assert other.execute("SELECT count(*) FROM calls").fetchone() == (0,)


def _folder(path: Path) -> Path:
    path.mkdir()
    return path


def _below_a_file(path: Path) -> Path:
    path.write_text("")
    return path / "hatif.db"


def _no_database(path: Path) -> Path:
    path.write_bytes(b"this is a letter and no database. " * 100)
    return path


def _half_a_database(path: Path) -> Path:
    with closing(sqlite3.connect(path)) as connection:
        connection.executescript("CREATE TABLE alembic_version(version_num); CREATE TABLE calls(x)")
    path.write_bytes(path.read_bytes()[:5000])
    return path


@pytest.mark.parametrize(
    ("make", "says"),
    [
        (_folder, "is a folder; storage.path must name a file"),
        (_below_a_file, "a part of its path is a file, not a folder"),
        (_no_database, "is not an SQLite database"),
        (_half_a_database, "is damaged; restore it from a backup"),
    ],
)
async def test_unusable_file_is_one_clear_sentence(
    tmp_path: Path, make: Callable[[Path], Path], says: str
) -> None:
    """Whatever lies where the database should be, one sentence says what is wrong."""
    path = make(tmp_path / "thing")
    with pytest.raises(StorageError) as caught:
        await Store.open(path, clock=Clock())
    assert says in str(caught.value)
    assert str(path) in str(caught.value)
    assert "\n" not in str(caught.value)


async def test_locked_database_is_told_at_start(store: Store, path: Path) -> None:
    """Another process that holds the lock is named as the cause."""
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(StorageError, match="is locked by another process"):
            await Store.open(path, clock=Clock(), busy_seconds=0)


async def test_read_only_database_is_told_at_start(store: Store, path: Path) -> None:
    """A database that can be read but not written is refused, before a call finds out."""
    with pytest.raises(StorageError, match="is read-only; give the daemon's user the right"):
        await Store.open(f"sqlite+aiosqlite:///file:{path}?mode=ro&uri=true", clock=Clock())


@pytest.mark.parametrize(
    ("url", "says"),
    [
        ("oracle+nothing://user:secret@host/db", "no driver for oracle"),
        ("::://", "the database URL cannot be read"),
    ],
)
async def test_unknown_url_is_told_without_its_password(url: str, says: str) -> None:
    """A database that we cannot speak to is refused by its kind, and a password is not repeated."""
    with pytest.raises(StorageError, match=says) as caught:
        await Store.open(url, clock=Clock())
    assert "secret" not in str(caught.value)


def _failure(name: str, original: Exception) -> OperationalError:
    original.sqlite_errorname = name  # type: ignore[attr-defined]
    return OperationalError("INSERT canary", {"value": "canary"}, original)


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("SQLITE_FULL", "the disk is full"),
        ("SQLITE_CANTOPEN_ISDIR", "cannot be opened; its folder must exist"),
        ("SQLITE_IOERR_WRITE", "the disk reports an error"),
        ("SQLITE_BUSY_SNAPSHOT", "is locked by another process"),
        ("SQLITE_TOOBIG", r"refused the request \(SQLITE_TOOBIG\)"),
    ],
)
def test_causes_are_told_without_statement_or_values(name: str, says: str) -> None:
    """SQLite's own code is enough to say what is wrong; the statement and its values stay inside."""
    told = explain(_failure(name, sqlite3.OperationalError("canary")), database_url("hatif.db"))
    with pytest.raises(StorageError, match=says):
        raise told
    assert "canary" not in str(told)


def test_missing_driver_is_explained() -> None:
    """An error without a code of SQLite's is told by what it means."""
    told = explain(NoSuchModuleError("x"), database_url("postgresql+none://u:secret@host/db"))
    assert "no driver for postgresql+none" in str(told)


def test_only_a_lock_is_worth_another_try() -> None:
    """Busy and locked pass; a full disk does not."""
    busy = sqlite3.OperationalError("x")
    assert is_busy(_failure("SQLITE_BUSY", busy))
    assert is_busy(_failure("SQLITE_LOCKED_SHAREDCACHE", busy))
    assert not is_busy(_failure("SQLITE_FULL", busy))
    assert not is_busy(ValueError())
