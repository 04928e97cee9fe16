"""A copy of a live SQLite database that is whole, checked before it gets its name, and private.

SQLite's own online backup (sqlite.org/backup.html) copies all pages in one step, under one view of the
database: calls go on being written meanwhile, and none of that is in the copy half. The copy is opened and
looked through before it is given its name, so that a file with a backup's name is a good one.
"""

import hashlib
import os
import re
import shutil
import sqlite3
from collections.abc import Iterable
from contextlib import closing, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import BinaryIO

from msgspec import Struct

from bridge.clock import Clock
from bridge.durable import give_to_owner, make_folder, sync_folder
from bridge.errors import StorageError
from bridge.storage import sealed
from bridge.storage.checking import Findings, examine, row_counts
from bridge.storage.database import BUSY_SECONDS, explain_sqlite

__all__ = ["Backup", "back_up", "backups_in", "create_private", "latest_backup", "open_read"]

PRIVATE_FILE = 0o600
PRIVATE_FOLDER = 0o700
READ_BYTES = 2**20
SPARE_BYTES = 16 * 2**20  # left on the disk beside a backup: the database must be able to grow on
# hatif-20261121T020000Z.db, and what is made before an upgrade: ...-before-0011.db, which no rotation takes
_NAME = re.compile(r"hatif-\d{8}T\d{6}Z(-\d+)?\.db(\.sealed)?")
_ANY_NAME = re.compile(r"hatif-\d{8}T\d{6}Z[-\w]*\.db(\.sealed)?")


class Backup(Struct, frozen=True, kw_only=True):
    """A backup that was made and checked."""

    file: str
    schema: str | None
    rows: dict[str, int]
    bytes: int
    seconds: float
    encrypted: bool
    removed: list[str]  # older ones that made room


def back_up(
    database: Path,
    to: Path,
    *,
    clock: Clock,
    key: str | None = None,
    keep: int | None = None,
    before: str | None = None,
) -> Backup:
    """Copy a database, live or not, to a new file, or to a file named after the time in a folder.

    With a key the copy is encrypted. Of the folder's backups `keep` stay, the newest. `before` is the
    revision of an upgrade that the backup is made ahead of; such backups are never removed.

    Raises:
        StorageError: there is too little room, something cannot be read or written, or it is damaged.

    """
    began = clock.monotonic()
    target = _target(to, clock.now(), sealed_=key is not None, before=before)
    partial, closed = (target.with_name(f".{target.name}.{suffix}") for suffix in ("partial", "closing"))
    try:
        _prepare_folder(database, target.parent, copies=1 if key is None else 2)
        found = _copy(database, partial)
        if key is not None:
            _seal(partial, closed, key)
        _publish(partial if key is None else closed, target)
        removed = [] if keep is None else _rotate(target, keep)
        size = target.stat().st_size
    except sqlite3.Error as error:
        raise explain_sqlite(error, str(database)) from None
    except OSError as error:
        raise StorageError(f"the backup {target} cannot be written: {error.strerror}") from None
    finally:
        for left in (partial, closed):
            with suppress(OSError):
                left.unlink(missing_ok=True)
    return Backup(
        file=str(target),
        schema=found.schema,
        rows=found.rows,
        bytes=size,
        seconds=clock.monotonic() - began,
        encrypted=key is not None,
        removed=removed,
    )


def backups_in(folder: Path) -> list[Path]:
    """The backups in a folder, the oldest first."""
    if not folder.is_dir():
        return []
    return sorted(file for file in folder.iterdir() if _ANY_NAME.fullmatch(file.name))


def latest_backup(folder: Path) -> Path | None:
    """The backup in a folder that was made last, OSError: it may not be looked into."""
    return max(backups_in(folder), key=lambda file: file.stat().st_mtime, default=None)


def open_read(database: Path) -> sqlite3.Connection:
    """A connection that reads only, and sees one state of the database from its first look on.

    Raises:
        sqlite3.Error: there is none, or it cannot be opened.

    """
    uri = (
        f"{database.absolute().as_uri()}?mode=rw"  # rw: a database in WAL mode is joined, not only looked at
    )
    connection = sqlite3.connect(uri, uri=True, timeout=BUSY_SECONDS, isolation_level=None)
    try:
        connection.execute("PRAGMA query_only=ON")
        connection.execute("BEGIN")
    except sqlite3.Error:
        connection.close()
        raise
    return connection


def create_private(file: Path) -> BinaryIO:
    """A new file that only the owner of its folder reads; FileExistsError where there is one."""
    descriptor = os.open(file, os.O_RDWR | os.O_CREAT | os.O_EXCL, PRIVATE_FILE)
    give_to_owner(descriptor, file.parent)
    return os.fdopen(descriptor, "w+b")


def _target(to: Path, now: datetime, *, sealed_: bool, before: str | None) -> Path:
    """The file to make. A path without a name for a file in it (no suffix) is a folder's."""
    suffix = sealed.SEALED_SUFFIX if sealed_ else ""
    if to.suffix and not to.is_dir():
        if to.exists():
            raise StorageError(f"{to} is there already; name another file, or a folder")
        return to
    moment = f"hatif-{now.astimezone(UTC):%Y%m%dT%H%M%SZ}" + (f"-before-{before}" if before else "")
    names: Iterable[str] = (moment, *(f"{moment}-{number}" for number in range(2, 100)))
    for name in names:
        if not (found := to / f"{name}.db{suffix}").exists():
            return found
    raise StorageError(f"{to} has a hundred backups of this second; try again in the next")


def _prepare_folder(database: Path, folder: Path, *, copies: int) -> None:
    make_folder(folder, mode=PRIVATE_FOLDER)
    files = (database, database.with_name(f"{database.name}-wal"))
    needed = copies * sum(file.stat().st_size for file in files if file.exists()) + SPARE_BYTES
    free = shutil.disk_usage(folder).free
    if free < needed:
        raise StorageError(
            f"{folder} has {free / 1e6:.0f} MB free and a backup needs {needed / 1e6:.0f} MB; free some, "
            "or give storage.backups a folder on another disk"
        )


def _copy(database: Path, partial: Path) -> Findings:
    """Copy, and look through the copy; what is in it."""
    partial.unlink(missing_ok=True)
    create_private(partial).close()
    with closing(open_read(database)) as source, closing(sqlite3.connect(partial)) as copy:
        rows = row_counts(source)
        source.backup(copy)  # of the view that the counting began
        copy.execute("PRAGMA journal_mode=DELETE")  # one file, with nothing beside it
        found = examine(copy)
    if not found.is_whole:
        raise StorageError(f"the database {database} cannot be backed up: {found.faults[0]}")
    if found.rows != rows:
        raise StorageError(f"the copy of {database} does not hold what the database held; check the disk")
    return found


def _seal(partial: Path, closed: Path, key: str) -> None:
    """Encrypt, and see that what comes out of it is what went in."""
    closed.unlink(missing_ok=True)
    with partial.open("rb") as plain, create_private(closed) as target:
        sealed.seal(plain, target, key)
    with partial.open("rb") as plain:
        before = hashlib.file_digest(plain, "sha256").digest()
    after = hashlib.sha256()
    for piece in sealed.opened(closed, key):
        after.update(piece)
    if after.digest() != before:
        raise StorageError(f"the encrypted copy {closed} cannot be read back; check the disk")


def _publish(partial: Path, target: Path) -> None:
    """Give the copy its name once the disk has it; one that is there already stays (link(2))."""
    with partial.open("rb") as content:
        os.fsync(content.fileno())
    os.link(partial, target)
    partial.unlink()
    sync_folder(target.parent)


def _rotate(newest: Path, keep: int) -> list[str]:
    """Remove the oldest backups that came by time; `keep` stay, the new one among them."""
    timely = [file for file in backups_in(newest.parent) if _NAME.fullmatch(file.name)]
    surplus = [file for file in timely if file != newest][: max(0, len(timely) - max(keep, 1))]
    for file in surplus:
        file.unlink()
    return [str(file) for file in surplus]
