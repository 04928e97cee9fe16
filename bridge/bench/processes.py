"""The server's processes on this machine, from Linux's /proc: who listens on a port, and what it has used."""

import os
from contextlib import suppress
from pathlib import Path

from bridge.speech.memory import children

__all__ = ["descendants", "listeners", "processor_seconds"]

TICK = os.sysconf("SC_CLK_TCK")
LISTEN = "0A"  # of a socket's state in /proc/net/tcp


def processor_seconds(pid: int) -> float:
    """What the process has used, by proc(5); 0 where it has gone."""
    try:
        status = Path(f"/proc/{pid}/stat").read_text(encoding="ascii", errors="replace")
    except OSError:
        return 0.0
    fields = status.rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICK


def descendants(pid: int) -> list[int]:
    """All that the process has started, and what these have."""
    own = children(pid)
    return own + [grandchild for child in own for grandchild in descendants(child)]


def listeners(port: int) -> list[int]:
    """The processes that listen on this port, as far as we may look, without the children of such.

    Nothing where the kernel is another, or the processes are somebody else's.
    """
    inodes = {f"socket:[{inode}]" for inode in _listening(port)}
    found = [int(folder.name) for folder in Path("/proc").glob("[0-9]*") if inodes and _holds(folder, inodes)]
    below = {child for pid in found for child in descendants(pid)}
    return sorted(set(found) - below)


def _listening(port: int) -> set[str]:
    found = set()
    for table in ("tcp", "tcp6"):
        with suppress(OSError):
            for line in Path(f"/proc/net/{table}").read_text(encoding="ascii").splitlines()[1:]:
                fields = line.split()
                if fields[3] == LISTEN and int(fields[1].rpartition(":")[2], 16) == port:
                    found.add(fields[9])
    return found


def _holds(folder: Path, links: set[str]) -> bool:
    with suppress(OSError):  # it has gone, or is another user's
        for entry in (folder / "fd").iterdir():
            with suppress(OSError):
                if str(entry.readlink()) in links:
                    return True
    return False
