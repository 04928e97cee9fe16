"""The log once more, as a file beside the database: a line of JSON for each row, only ever added to.

Rows that are cut off the end of the table are missed here. Every writer adds whatever the file lacks, so that
a crash between table and file is mended by the next row. The file can be made append-only for good
(`chattr +a`), or be shipped to another machine line by line. What is kept no longer goes from its beginning:
a new file takes its place.
"""

import fcntl
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

import msgspec

from bridge.audit.entries import Entry
from bridge.durable import give_to_owner, sync_folder

__all__ = ["AuditCopy"]

PRIVATE_FILE = 0o600
MAX_LINE_BYTES = 4096  # a row has fields of 200 characters at most
_TAIL_BYTES = 16 * MAX_LINE_BYTES

_decoder = msgspec.json.Decoder(Entry)


class AuditCopy:
    """The file. Its methods wait for the disk."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def last(self) -> int:
        """The number of the last whole line; 0 where there is none, or no file."""
        try:
            with self.path.open("rb") as file:
                return _last(file)
        except FileNotFoundError:
            return 0

    def first(self) -> int:
        """The number of the first line; 0 where there is none, or no file."""
        try:
            return next((entry.number for entry in self.lines()), 0)
        except FileNotFoundError:
            return 0

    def add(self, entries: Sequence[Entry]) -> None:
        """Add those that the file lacks, in order; OSError where it cannot be written."""
        with self._alone() as file:
            last = _last(file)
            lines = b"".join(msgspec.json.encode(one) + b"\n" for one in entries if one.number > last)
            if lines:
                file.write(b"" if _ends_whole(file) else b"\n")
                file.write(lines)
                file.flush()
                os.fsync(file.fileno())

    def drop(self, number: int) -> None:
        """Take out all lines up to this row's; OSError where that cannot be, as with `chattr +a`."""
        fresh = self.path.with_name(f"{self.path.name}.new")
        with self._alone() as file:
            file.seek(0)
            opened = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, PRIVATE_FILE)
            with os.fdopen(opened, "wb") as kept:
                give_to_owner(kept.fileno(), self.path.parent)
                kept.writelines(line for line in file if (entry := _read(line)) and entry.number > number)
                kept.flush()
                os.fsync(kept.fileno())
            try:
                fresh.replace(self.path)
            except OSError:
                fresh.unlink()
                raise
            sync_folder(self.path.parent)

    @contextmanager
    def _alone(self) -> Iterator[BinaryIO]:
        """The file, while no other process adds to it or puts another in its place."""
        flags = os.O_RDWR | os.O_APPEND | os.O_CREAT  # O_APPEND: also where only that is allowed
        while True:
            is_new = not self.path.exists()
            with os.fdopen(os.open(self.path, flags, PRIVATE_FILE), "a+b") as file:
                if is_new:
                    give_to_owner(file.fileno(), self.path.parent)
                fcntl.flock(file, fcntl.LOCK_EX)
                if _is_at(self.path, file):
                    yield file
                    return

    def lines(self) -> Iterator[Entry]:
        """All whole lines in order; half a line, which a crash may leave, is nothing. OSError: it is gone."""
        with self.path.open("rb") as file:
            for line in file:
                if (entry := _read(line)) is not None:
                    yield entry


def _is_at(path: Path, file: BinaryIO) -> bool:
    """Whether the file still has this name: whoever had the lock may have given it to another."""
    with suppress(FileNotFoundError):
        return os.path.samestat(path.stat(), os.fstat(file.fileno()))
    return False


def _last(file: BinaryIO) -> int:
    size = file.seek(0, os.SEEK_END)
    file.seek(max(0, size - _TAIL_BYTES))
    lines = file.read().split(b"\n")
    return next((entry.number for line in reversed(lines) if (entry := _read(line)) is not None), 0)


def _ends_whole(file: BinaryIO) -> bool:
    if file.seek(0, os.SEEK_END) == 0:
        return True
    file.seek(-1, os.SEEK_END)
    return file.read(1) == b"\n"


def _read(line: bytes) -> Entry | None:
    try:
        return _decoder.decode(line)
    except (msgspec.MsgspecError, UnicodeDecodeError):
        return None
