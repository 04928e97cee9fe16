"""Looking at a database file, sealed or not, and putting a backup in the place of the database.

Nothing is lost by it: what was there before is kept beside it under another name, with its journal.
"""

import fcntl
import os
import shutil
import socket
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import UTC
from pathlib import Path
from tempfile import TemporaryDirectory

from msgspec import Struct

from bridge.clock import Clock
from bridge.durable import sync_folder
from bridge.errors import StorageError
from bridge.privacy.keys import KeyRing
from bridge.storage import sealed
from bridge.storage.backup import create_private, open_read
from bridge.storage.checking import Findings, examine
from bridge.storage.database import explain_sqlite
from bridge.storage.place import Place

__all__ = ["Restored", "is_in_use", "restore", "verify"]

# Where SQLite locks: 1 GiB into the file, pending, reserved and 510 shared bytes (sqlite.org/src, os.h).
_LOCKS_BEGIN, _LOCKS_LENGTH = 0x40000000, 512
_JOURNALS = ("-wal", "-shm", "-journal")


class Restored(Struct, frozen=True, kw_only=True):
    """A backup is the database now."""

    database: str
    replaced: str | None  # where what was there before is kept
    schema: str | None
    rows: dict[str, int]
    seconds: float


def verify(file: Path, *, key: str | None = None, keys: KeyRing | None = None) -> Findings:
    """Look through a database or a backup of one, also while it is written to.

    `key` opens an encrypted backup, `keys` what is encrypted in the database.

    Raises:
        StorageError: it cannot be looked at: it is none, is sealed with another key, is locked or not there.

    """
    if not file.is_file():
        raise StorageError(f"{file} cannot be read: no such file")
    try:
        with _readable(file, key, file.parent) as plain, closing(open_read(plain)) as connection:
            return examine(connection, keys=keys)
    except sqlite3.Error as error:
        raise explain_sqlite(error, str(file)) from None
    except OSError as error:
        raise StorageError(f"{file} cannot be read: {(error.strerror or str(error)).lower()}") from None


def restore(
    backup: Path,
    database: Path,
    *,
    clock: Clock,
    key: str | None = None,
    admin_socket: Path | None = None,
    keys: KeyRing | None = None,
) -> Restored:
    """Put a backup in the place of the database, which no process may have open.

    The backup is looked through before, and the database after.

    Raises:
        StorageError: the backup is not whole, the database is in use, or a file cannot be written.

    """
    began = clock.monotonic()
    _refuse_in_use(database, admin_socket)
    _require_whole(verify(backup, key=key, keys=keys), f"the backup {backup}", "use another one")
    database.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    incoming = database.with_name(f".{database.name}.restoring")
    aside = _aside(database, clock) if database.exists() else None
    try:
        incoming.unlink(missing_ok=True)
        with _readable(backup, key, database.parent) as plain:
            _copy_synced(plain, incoming)
        _refuse_in_use(database, admin_socket)
        _swap(incoming, database, aside)
    except OSError as error:
        raise StorageError(
            f"{database} cannot be replaced: {(error.strerror or str(error)).lower()}"
        ) from None
    finally:
        incoming.unlink(missing_ok=True)
    found = _require_whole(verify(database, keys=keys), f"the restored database {database}", "check the disk")
    return Restored(
        database=str(database),
        replaced=str(aside) if aside else None,
        schema=found.schema,
        rows=found.rows,
        seconds=clock.monotonic() - began,
    )


def is_in_use(database: Path) -> bool:
    """Whether another process has an SQLite database in WAL mode open: each holds a shared lock all the time.

    Not for a process that has it open itself: its own locks would not be seen, and would be gone afterwards
    (sqlite.org/howtocorrupt.html, 2.2).
    """
    if not database.exists():
        return False
    with database.open("r+b") as file:
        try:
            fcntl.lockf(file, fcntl.LOCK_EX | fcntl.LOCK_NB, _LOCKS_LENGTH, _LOCKS_BEGIN)
        except BlockingIOError:
            return True
    return False


@contextmanager
def _readable(file: Path, key: str | None, folder: Path) -> Iterator[Path]:
    """The file, or in a private folder beside it what a sealed one holds, for as long as it is needed."""
    if not _holds_sealed(file):
        yield file
        return
    with TemporaryDirectory(prefix=".hatif-opened-", dir=folder) as private:
        plain = Path(private) / "hatif.db"
        with create_private(plain) as target:
            target.writelines(sealed.opened(file, key))
        yield plain


def _holds_sealed(file: Path) -> bool:
    """Whether a file is a sealed backup, whatever its name is.

    A database is opened by SQLite only: any other file object, once closed, would take the locks along that
    this process has on it (sqlite.org/howtocorrupt.html, 2.2).
    """
    if file.name.endswith(sealed.SEALED_SUFFIX):
        return sealed.is_sealed(file)
    try:
        with closing(open_read(file)) as connection:
            connection.execute("PRAGMA schema_version").fetchone()
    except sqlite3.DatabaseError as error:
        return error.sqlite_errorname == "SQLITE_NOTADB" and sealed.is_sealed(file)
    return False


def _require_whole(found: Findings, what: str, remedy: str) -> Findings:
    if not found.is_whole:
        raise StorageError(f"{what} is not whole: {found.faults[0]} ({remedy})")
    return found


def _refuse_in_use(database: Path, admin_socket: Path | None) -> None:
    if (admin_socket is not None and _answers(admin_socket)) or is_in_use(database):
        raise StorageError(
            f"a daemon or another program has {database} open; stop it first: systemctl stop hatif"
        )


def _answers(admin_socket: Path) -> bool:
    """Whether a daemon listens there; a file that was left behind refuses."""
    with socket.socket(socket.AF_UNIX) as trial:
        try:
            trial.connect(str(admin_socket))
        except OSError:
            return False
    return True


def _aside(database: Path, clock: Clock) -> Path:
    return database.with_name(f"{database.name}.replaced-{clock.now().astimezone(UTC):%Y%m%dT%H%M%S.%fZ}")


def _copy_synced(source: Path, target: Path) -> None:
    """Copy, for the owner of the folder, and be sure that the disk has it."""
    with source.open("rb") as content, create_private(target) as copy:
        shutil.copyfileobj(content, copy)
        copy.flush()
        os.fsync(copy.fileno())


def _put_audit_aside(database: Path, aside: Path | None) -> None:
    """What was done after the backup is in the copy of the audit log: it stays with what was replaced."""
    copy = Place.of(database).audit_copy
    if copy.exists() and aside is not None:
        copy.rename(Place.of(aside).audit_copy)


def _swap(incoming: Path, database: Path, aside: Path | None) -> None:
    """The name always has a whole database, and never the journal of another one beside it."""
    if aside is not None:
        os.link(database, aside)
    for journal in _JOURNALS:
        beside = database.with_name(database.name + journal)
        if beside.exists() and aside is not None:
            beside.rename(aside.with_name(aside.name + journal))
        else:
            beside.unlink(missing_ok=True)
    _put_audit_aside(database, aside)
    incoming.replace(database)
    sync_folder(database.parent)
