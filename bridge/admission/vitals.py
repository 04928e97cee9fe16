"""How this machine is: looked at a few times a second, for the gate that refuses while it is overloaded."""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Protocol

import structlog

from bridge.admission.gates import Admission
from bridge.admission.shedding import Vitals

__all__ = ["free_bytes", "vitals", "watch_vitals"]

LOOK_SECONDS = 0.5
_ROOT = Path("/")
_KIB = 1024

log = structlog.get_logger()


class _Lagging(Protocol):
    @property
    def lag_seconds(self) -> float: ...


class _Ears(Protocol):
    @property
    def waited_seconds(self) -> float: ...


def vitals(pulse: _Lagging, ears: _Ears | None) -> Vitals:
    """How it is now."""
    return Vitals(
        lag_seconds=pulse.lag_seconds,
        recognise_seconds=ears.waited_seconds if ears else None,
        free_bytes=free_bytes(),
    )


async def watch_vitals(admission: Admission, look: Callable[[], Vitals]) -> None:
    """Look for ever, and log when calls begin to be refused for it, and when no more."""
    while True:
        was_on, now = admission.is_shedding, look()
        admission.watch(now)
        if admission.is_shedding != was_on:
            tell = log.warning if admission.is_shedding else log.info
            tell("overload_begins" if admission.is_shedding else "overload_ends", detail=_told(now))
        await asyncio.sleep(LOOK_SECONDS)


def _told(now: Vitals) -> str:
    free = "unknown" if now.free_bytes is None else f"{now.free_bytes >> 20} MB"
    lag, wait = now.lag_seconds or 0.0, now.recognise_seconds or 0.0
    return f"the loop is {lag:.2f} s late, the recogniser takes {wait:.1f} s, free memory is {free}"


def free_bytes(root: Path = _ROOT) -> int | None:
    """What is available, as Linux reckons it (proc(5), MemAvailable), or less by a control group's limit.

    None where neither can be read.
    """
    known = [free for free in (_of_machine(root), _of_group(root)) if free is not None]
    return min(known, default=None)


def _of_machine(root: Path) -> int | None:
    with suppress(OSError, ValueError):
        for line in (root / "proc/meminfo").read_text(encoding="ascii").splitlines():
            name, _, value = line.partition(":")
            if name == "MemAvailable":
                return int(value.split()[0]) * _KIB
    return None


def _of_group(root: Path) -> int | None:
    """What memory.max leaves (cgroup v2); pages that the kernel can drop at once do not count as used."""
    with suppress(OSError, ValueError, StopIteration):
        lines = (root / "proc/self/cgroup").read_text(encoding="utf-8").splitlines()
        path = next(line.removeprefix("0::") for line in lines if line.startswith("0::"))
        group = root / "sys/fs/cgroup" / path.strip("/")
        most = int((group / "memory.max").read_text(encoding="ascii"))  # `max`, a ValueError: no limit
        used = int((group / "memory.current").read_text(encoding="ascii"))
        return most - used + _droppable(group)
    return None


def _droppable(group: Path) -> int:
    pairs = (line.split() for line in (group / "memory.stat").read_text(encoding="ascii").splitlines())
    return next((int(value) for name, value in pairs if name == "inactive_file"), 0)
