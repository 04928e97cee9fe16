"""Does the log hang together? Pure: rows, the lines of their copy, and a head that was noted elsewhere.

What shows: a row that was changed, deleted, put in or moved, and rows cut off the end, as long as the copy or
a noted head is out of reach of whoever did it. What does not: the whole log and its copy written anew by
somebody who may write both, where nobody has noted a head.
"""

from collections.abc import AsyncIterable, Iterator

from msgspec import Struct

from bridge.audit.entries import BEGINNING, Entry, hash_of

__all__ = ["Head", "Verdict", "examine"]


class Head(Struct, frozen=True):
    """A row that was noted somewhere else: that many rows there were, and the last had this hash."""

    number: int
    hash: str


class Verdict(Struct, frozen=True, kw_only=True):
    """What was found."""

    rows: int  # that hang together, from the first on
    head: str  # the hash of the last of them
    copied: int  # how many of them the copy holds
    broken: int | None = None  # the number of the first row that is not as it was written
    why: str = ""

    @property
    def is_whole(self) -> bool:
        """Whether nothing shows."""
        return self.broken is None


async def examine(
    entries: AsyncIterable[Entry], copy: Iterator[Entry] | None, noted: Head | None = None
) -> Verdict:
    """Go through all rows in the order of their numbers, up to the first that is not as it was written.

    `copy`: the lines of the file; None: there is no file.
    """
    last: Entry | None = None
    copied = 0
    async for entry in entries:
        line = next(copy, None) if copy is not None else None
        copied += line is not None
        if why := _wrong(entry, last) or _differs(entry, line) or _unlike(entry, noted):
            return _verdict(last, copied, broken=last.number + 1 if last else 1, why=why)
        last = entry
    if why := _cut_off(last, copy, noted):
        return _verdict(last, copied, broken=last.number + 1 if last else 1, why=why)
    return _verdict(last, copied)


def _verdict(last: Entry | None, copied: int, *, broken: int | None = None, why: str = "") -> Verdict:
    rows, head = (last.number, last.hash) if last else (0, BEGINNING)
    return Verdict(rows=rows, head=head, copied=copied, broken=broken, why=why)


def _wrong(entry: Entry, last: Entry | None) -> str:
    number, previous = (last.number + 1, last.hash) if last else (1, BEGINNING)
    if entry.number != number:
        return f"row {number} is missing: the next one there is has number {entry.number}"
    if entry.hash != hash_of(entry):
        return f"row {number} was changed: its hash is not that of what it says"
    if entry.previous != previous:
        return f"row {number} does not follow the row before it: one of them was put in its place later"
    return ""


def _differs(entry: Entry, line: Entry | None) -> str:
    if line is None or line == entry:
        return ""
    return f"row {entry.number} is not what its copy says (there, row {line.number})"


def _unlike(entry: Entry, noted: Head | None) -> str:
    if noted is None or entry.number != noted.number or entry.hash == noted.hash:
        return ""
    return f"row {entry.number} is not the one whose hash was noted"


def _cut_off(last: Entry | None, copy: Iterator[Entry] | None, noted: Head | None) -> str:
    rows = last.number if last else 0
    if copy is None and rows:
        return "the copy is missing: rows that were cut off the end would not show"
    if copy is not None and (further := next(copy, None)) is not None:
        return f"the rows from {further.number} on are missing: the copy holds them"
    if noted is not None and rows < noted.number:
        return f"the rows from {rows + 1} on are missing: row {noted.number} was noted"
    return ""
