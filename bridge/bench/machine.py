"""The machine that something was measured on, as figures name it."""

import os
import platform
from pathlib import Path

from msgspec import Struct

__all__ = ["Machine", "this_machine"]


class Machine(Struct, frozen=True):
    """What figures depend on."""

    cores: int  # that this process may use
    model: str
    load_average: tuple[float, ...]  # of 1, 5 and 15 minutes, before anything was measured
    python: str

    @property
    def named(self) -> str:
        """In a sentence."""
        loads = ", ".join(f"{one:.1f}" for one in self.load_average)
        cores = "1 core" if self.cores == 1 else f"{self.cores} cores"
        return f"{cores}, {self.model}, Python {self.python}, load average {loads}"


def this_machine() -> Machine:
    """Look at it now."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    loads = tuple(round(one, 2) for one in os.getloadavg())
    return Machine(cores, _model(), loads, platform.python_version())


def _model() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        lines = []
    found = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return next(found, platform.machine())
