"""Does the log hang together? Pure: rows, the lines of their copy, and a head that was noted elsewhere.

What shows: a row that was changed, deleted, put in or moved, and rows cut off the end, as long as the copy or
a noted head is out of reach of whoever did it. What does not: the whole log and its copy written anew by
somebody who may write both, where nobody has noted a head.

A log may begin after rows that are kept no longer, where a later row says up to which, and with which hash.
"""

from collections.abc import AsyncIterable, Iterator

from msgspec import Struct

from bridge.audit.entries import BEGINNING, Action, Entry, Head, hash_of

__all__ = ["Verdict", "examine"]


class Verdict(Struct, frozen=True, kw_only=True):
    """What was found."""

    rows: int  # the number of the last row that hangs together with those before it
    head: str  # its hash
    copied: int  # how many of them the copy holds
    purged: int = 0  # the number of the last row that is kept no longer
    purged_by: Entry | None = None  # the row that says so
    still_copied: int = 0  # how many of those the copy holds nevertheless
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
    lines = _Lines(copy)
    last: Entry | None = None
    purged: Head | None = None  # what is missing at the beginning
    purged_by: Entry | None = None
    copied = still_copied = 0
    why = ""
    async for entry in entries:
        if last is None and entry.number > 1:
            purged = Head(entry.number - 1, entry.previous)
            still_copied, why = lines.skip(purged)
        line = lines.next()
        copied += line is not None
        why = why or _wrong(entry, last or purged) or _differs(entry, line) or _unlike(entry, noted, purged)
        if why:
            break
        if purged and entry.action == Action.AUDIT_PURGE and entry.object == str(purged):
            purged_by = entry
        last = entry
    before = last or purged
    broken = before.number + 1 if before else 1
    if not why and purged and purged_by is None:
        broken, why = (
            1,
            "row 1 is missing, and no row says that it is kept no longer",
        )
    why = why or _cut_off(last, lines, noted)
    if not why and purged and noted and noted.number < purged.number:
        broken, why = noted.number, "the row that was noted is kept no longer: note a newer one"
    return Verdict(
        rows=last.number if last else 0,
        head=last.hash if last else BEGINNING,
        copied=copied,
        purged=purged.number if purged and purged_by else 0,
        purged_by=purged_by,
        still_copied=still_copied,
        broken=broken if why else None,
        why=why,
    )


class _Lines:
    """The lines of the copy, one after the other."""

    def __init__(self, copy: Iterator[Entry] | None) -> None:
        self.is_there = copy is not None
        self._lines = copy or iter(())
        self._waiting: list[Entry] = []

    def next(self) -> Entry | None:
        return self._waiting.pop() if self._waiting else next(self._lines, None)

    def skip(self, purged: Head) -> tuple[int, str]:
        """Pass over rows that are kept no longer; how many there were, and what is wrong with them."""
        skipped: Entry | None = None
        count = 0
        while (line := self.next()) is not None and line.number <= purged.number:
            if skipped is not None and (why := _wrong(line, skipped)):
                return count, why
            skipped, count = line, count + 1
        if line is not None:
            self._waiting.append(line)
        if skipped is not None and Head(skipped.number, skipped.hash) != purged:
            return count, f"row {purged.number + 1} does not follow the row before it, which the copy holds"
        return count, ""


def _wrong(entry: Entry, last: Entry | Head | None) -> str:
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


def _unlike(entry: Entry, noted: Head | None, purged: Head | None) -> str:
    known = {entry.number: entry.hash, **({purged.number: purged.hash} if purged else {})}
    if noted is None or known.get(noted.number, noted.hash) == noted.hash:
        return ""
    return f"row {noted.number} is not the one whose hash was noted"


def _cut_off(last: Entry | None, copy: _Lines, noted: Head | None) -> str:
    rows = last.number if last else 0
    if not copy.is_there and rows:
        return "the copy is missing: rows that were cut off the end would not show"
    if (further := copy.next()) is not None:
        return f"the rows from {further.number} on are missing: the copy holds them"
    if noted is not None and rows < noted.number:
        return f"the rows from {rows + 1} on are missing: row {noted.number} was noted"
    return ""
