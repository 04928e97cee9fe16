"""The programs in benchmarks/, which are no package: as modules, and run as whoever measures runs them."""

import importlib
import subprocess
import sys
from pathlib import Path
from types import ModuleType

__all__ = ["benchmark", "run_benchmark"]

ROOT = Path(__file__).parents[2]
FOLDER = str(ROOT / "benchmarks")
TIMEOUT_SECONDS = 300  # then it hangs


def benchmark(name: str) -> ModuleType:
    """One of them, which finds those that it is made of beside it."""
    sys.path.insert(0, FOLDER)
    try:
        return importlib.import_module(name)
    finally:
        sys.path.remove(FOLDER)


def run_benchmark(name: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run one to its end; what it says is in lines of any length."""
    return subprocess.run(
        [sys.executable, f"benchmarks/{name}.py", *arguments],
        capture_output=True,
        text=True,
        cwd=ROOT,
        env={"PYTHONPATH": str(ROOT), "PATH": "", "COLUMNS": "300"},
        timeout=TIMEOUT_SECONDS,
        check=False,
    )
