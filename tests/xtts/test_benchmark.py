"""The benchmark, over tiny networks: it goes through the real worker process and tells what it measured."""

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]


def test_the_benchmark_measures_and_prints_markdown() -> None:
    """Every figure is there, everybody who waited was served in turn, and both streams were heard whole."""
    program = [sys.executable, str(ROOT / "benchmarks" / "xtts.py"), "--tiny", "--waiting", "2"]
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    ran = subprocess.run(
        program, check=True, cwd=ROOT, env=environment, capture_output=True, text=True, encoding="utf-8"
    )

    lines = ran.stdout.splitlines()
    rows = {name: cells for name, *cells in map(cells_of, lines)}
    assert lines[0].startswith("coqui-tts 0.28.")
    for figure in ("loaded, self-test included, after", "memory at rest", "first part", "real-time factor"):
        assert float(rows[figure][0].split()[0]) > 0
    one, two = (float(rows[f"caller {number}"][1].split()[0]) for number in (1, 2))
    assert one < two
    heard = [float(rows[name][2].split()[0]) for name in ("Hatif's", "coqui-tts's, every 20 tokens")]
    assert 5.5 < heard[0] <= heard[1] < 6.5


def cells_of(line: str) -> list[str]:
    return [cell.strip() for cell in line.removeprefix("|").removesuffix("|").split("|")]
