"""No copies of this process's memory: no core file when it crashes, and none for others of its user.

A daemon's memory holds numbers, keys and what callers say. With a limit of 0 the kernel writes no core file.
A process that is not dumpable gives none to systemd-coredump either, and belongs to root in /proc, so that
nobody else attaches to it or reads its memory and environment: prctl(2), core(5), proc(5), ptrace(2).
"""

import ctypes
import resource
import sys

__all__ = ["forbid_memory_dumps"]

_PR_SET_DUMPABLE = 4  # linux/prctl.h


def forbid_memory_dumps() -> None:
    """Forbid it for this process; what it starts has to do so itself. Where there is no prctl, half of it."""
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    if sys.platform == "linux":
        ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_DUMPABLE, 0, 0, 0, 0)
