"""The benchmark, over tiny networks: it goes through the real worker process and tells what it measured."""

import runpy
from pathlib import Path

import pytest

PROGRAM = Path(__file__).parents[2] / "benchmarks" / "xtts.py"


def test_the_benchmark_measures_and_prints_markdown(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Every figure is there, everybody who waited was served in turn, and both streams were heard whole."""
    monkeypatch.setenv("PYTHONPATH", "")  # it sets this one and the next two, which are put back
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    monkeypatch.setenv("OMP_WAIT_POLICY", "PASSIVE")
    runpy.run_path(str(PROGRAM))["main"](["--tiny", "--waiting", "2"])

    lines = capsys.readouterr().out.splitlines()
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
