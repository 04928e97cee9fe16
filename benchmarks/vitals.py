"""How a daemon and its engines' processes are, from /proc, and what that says over time."""

import math
import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from itertools import pairwise
from pathlib import Path

from msgspec import Struct

from bridge.bench.processes import descendants
from bridge.speech.memory import resident_bytes
from bridge.storage.database import POOL_CONNECTIONS

__all__ = [
    "DAEMON",
    "ProcessVitals",
    "Trend",
    "above",
    "counted",
    "floors",
    "process_vitals",
    "series",
    "trend",
]

DAEMON = "daemon"
SECONDS_AN_HOUR = 3600.0
WHOLE_PART = 0.9  # of a window is as good as all of it
# Two pools are filled when several callers want something at the same moment, however late, and never
# emptied: connections for reading, with a thread and two files each, and the event loop's helpers.
TOLERATED: Mapping[str, int] = {
    f"{DAEMON}: descriptors of the database": 2 * POOL_CONNECTIONS,
    f"{DAEMON}: threads": POOL_CONNECTIONS + min(32, (os.cpu_count() or 1) + 4),
}


class ProcessVitals(Struct, frozen=True):
    """One process at one moment."""

    role: str  # `daemon`, or the module that an engine's process runs
    pid: int
    resident: int  # bytes, with what it shares
    proportional: int  # bytes, its part of what it shares; 0 where the kernel does not tell
    descriptors: int  # but the database's
    of_database: int  # descriptors of the database's files
    threads: int


class Trend(Struct, frozen=True):
    """A straight line through a quantity that was looked at several times."""

    mean: float
    slope: float  # per hour
    error: float  # one standard error of the slope

    @property
    def percent(self) -> float:
        """The slope in percent of the mean, per hour."""
        return 100 * self.slope / self.mean if self.mean else 0.0

    @property
    def error_percent(self) -> float:
        """Its standard error, in the same unit."""
        return 100 * self.error / self.mean if self.mean else 0.0


def process_vitals(pid: int, database: Path) -> list[ProcessVitals]:
    """The daemon's own process first, then all that it has started; what has just ended is left out."""
    roles = {pid: DAEMON} | {child: _module(child) for child in descendants(pid)}
    found = [_vitals(number, role, str(database)) for number, role in roles.items()]
    return [vitals for vitals in found if vitals is not None]


def counted(processes: Iterable[ProcessVitals], tasks: int | None) -> dict[str, int]:
    """What must not be more after calls than it was before them, by name."""
    found = {} if tasks is None else {"asyncio tasks": tasks}
    for process in processes:
        found[f"{process.role}: descriptors"] = process.descriptors
        found[f"{process.role}: descriptors of the database"] = process.of_database
        found[f"{process.role}: threads"] = process.threads
    return found


def above(baseline: Mapping[str, int], counted: Mapping[str, int]) -> list[str]:
    """What there is more of than at first and than is tolerated; a process that was not there then counts."""
    return [
        f"{name} {value}, after the warm-up {baseline.get(name, 0)}"
        for name, value in counted.items()
        if value > baseline.get(name, 0) + TOLERATED.get(name, 0)
    ]


def series(text: str) -> Iterator[tuple[str, float]]:
    """The values of Prometheus's text format, by series."""
    for line in text.splitlines():
        if not line.startswith("#"):
            name, _, value = line.rpartition(" ")
            yield name, float(value)


def floors(
    seconds: Sequence[float], values: Sequence[float], window_seconds: float
) -> tuple[list[float], list[float]]:
    """The lowest value of each window, and when it was seen.

    What a process takes for a moment and gives back is no growth; what it never gives back raises its floor.
    The last window is left out where it was cut short: it may not have come down yet.
    """
    lowest: dict[int, tuple[float, float]] = {}
    for second, value in zip(seconds, values, strict=True):
        window = int(second // window_seconds)
        lowest[window] = min(lowest.get(window, (math.inf, 0.0)), (value, second))
    if len(lowest) > 1 and max(seconds) % window_seconds < window_seconds * WHOLE_PART:
        del lowest[max(lowest)]
    return [second for _, second in lowest.values()], [value for value, _ in lowest.values()]


def trend(seconds: Sequence[float], values: Sequence[float]) -> Trend | None:
    """The least-squares line; None for fewer than three moments.

    Memory that is high now is high ten seconds later: the standard error counts only as many observations
    as the residuals' correlation from one to the next leaves independent.
    """
    count = len(seconds)
    if count < 3:
        return None
    hours = [moment / SECONDS_AN_HOUR for moment in seconds]
    middle, mean = sum(hours) / count, sum(values) / count
    spread = sum((hour - middle) ** 2 for hour in hours)
    slope = sum((hour - middle) * (value - mean) for hour, value in zip(hours, values, strict=True)) / spread
    residuals = [value - mean - slope * (hour - middle) for hour, value in zip(hours, values, strict=True)]
    squares = sum(residual**2 for residual in residuals)
    if not squares:
        return Trend(mean, slope, 0.0)
    neighbours = sum(one * next_ for one, next_ in pairwise(residuals)) / squares
    correlation = min(max(neighbours, 0.0), 0.99)
    independent = max(count * (1 - correlation) / (1 + correlation), 3.0)
    return Trend(mean, slope, math.sqrt(squares / spread / (independent - 2)))


def _vitals(pid: int, role: str, database: str) -> ProcessVitals | None:
    folder = Path(f"/proc/{pid}")
    try:
        opened = [_target(link) for link in (folder / "fd").iterdir()]
        of_database = sum(target.startswith(database) for target in opened)
        return ProcessVitals(
            role=role,
            pid=pid,
            resident=resident_bytes(pid),
            proportional=_proportional(folder),
            descriptors=len(opened) - of_database,
            of_database=of_database,
            threads=len(list((folder / "task").iterdir())),
        )
    except OSError:
        return None


def _target(link: Path) -> str:
    with suppress(OSError):  # closed meanwhile, by whoever was looked at
        return str(link.readlink())
    return ""


def _proportional(folder: Path) -> int:
    with suppress(OSError):  # a kernel without it
        for line in (folder / "smaps_rollup").read_text(encoding="ascii").splitlines():
            if line.startswith("Pss:"):
                return int(line.split()[1]) * 1024
    return 0


def _module(pid: int) -> str:
    """The module that the process runs, as `python -m MODULE`; else its program."""
    with suppress(OSError):
        arguments = [word.decode(errors="replace") for word in _arguments(pid)]
        if "-m" in arguments[:-1]:
            return arguments[arguments.index("-m") + 1].removeprefix("bridge.")
        if arguments:
            return Path(arguments[0]).name
    return "gone"


def _arguments(pid: int) -> list[bytes]:
    return [word for word in Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0") if word]
