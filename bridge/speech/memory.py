"""How much memory a process has, from Linux's /proc."""

import os
from contextlib import suppress
from pathlib import Path

__all__ = ["children", "family_bytes", "resident_bytes"]

_PAGE_BYTES = os.sysconf("SC_PAGE_SIZE")


def resident_bytes(pid: int) -> int:
    """What the process `pid` has in memory now; 0 when there is no such process, or no /proc to ask.

    Files that are mapped count for what of them is in memory, as the kernel's own killer counts them.
    """
    try:
        statm = Path(f"/proc/{pid}/statm").read_text(encoding="ascii")
    except OSError:
        return 0
    return int(statm.split()[1]) * _PAGE_BYTES


def family_bytes(pid: int) -> int:
    """What the process `pid` and all that it has started have in memory now; what they share counts twice."""
    return resident_bytes(pid) + sum(map(family_bytes, children(pid)))


def children(pid: int) -> list[int]:
    """The processes that the threads of `pid` have started and that are still there."""
    found: list[int] = []
    for listed in Path(f"/proc/{pid}/task").glob("*/children"):
        with suppress(OSError):  # the thread has ended meanwhile
            found += map(int, listed.read_text(encoding="ascii").split())
    return found
