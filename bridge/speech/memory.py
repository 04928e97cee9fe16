"""How much memory a process has, from Linux's /proc."""

import os
from pathlib import Path

__all__ = ["resident_bytes"]

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
