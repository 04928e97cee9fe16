"""The log once more, as a file beside the database: a line of JSON for each row, only ever added to.

Rows that are cut off the end of the table are missed here. Every writer adds whatever the file lacks, so that
a crash between table and file is mended by the next row. The file can be made append-only for good
(`chattr +a`), or be shipped to another machine line by line.
"""

import fcntl
import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import BinaryIO

import msgspec

from bridge.audit.entries import Entry
from bridge.durable import give_to_owner

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

    def add(self, entries: Sequence[Entry]) -> None:
        """Add those that the file lacks, in order; OSError where it cannot be written."""
        flags = os.O_RDWR | os.O_APPEND | os.O_CREAT  # O_APPEND: also where only that is allowed
        is_new = not self.path.exists()
        with os.fdopen(os.open(self.path, flags, PRIVATE_FILE), "a+b") as file:
            if is_new:
                give_to_owner(file.fileno(), self.path.parent)
            fcntl.flock(file, fcntl.LOCK_EX)  # another process may be adding the same
            last = _last(file)
            lines = b"".join(msgspec.json.encode(one) + b"\n" for one in entries if one.number > last)
            if lines:
                file.write(b"" if _ends_whole(file) else b"\n")
                file.write(lines)
                file.flush()
                os.fsync(file.fileno())

    def lines(self) -> Iterator[Entry]:
        """All whole lines in order; half a line, which a crash may leave, is nothing. OSError: it is gone."""
        with self.path.open("rb") as file:
            for line in file:
                if (entry := _read(line)) is not None:
                    yield entry


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
