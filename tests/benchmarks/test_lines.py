"""The measurement of bad lines, on a synthetic speaker where no recordings of people are at hand."""

import json
from argparse import Namespace
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest
from benchmark_programs import benchmark, run_benchmark

from bridge.errors import BridgeError


@pytest.fixture(scope="module")
def lines() -> ModuleType:
    """The program, as a module."""
    return benchmark("lines")


def test_a_word_begins_where_it_sounds(lines: ModuleType) -> None:
    """After the room's noise and a click before it, a pause within it included."""
    rng = np.random.default_rng(1)
    pcm = rng.normal(0, 20, 8000)
    pcm[800:840] += 3000  # a click, long before
    pcm[4000:4400] += 2000 * np.sin(np.arange(400))
    pcm[5200:6800] += 9000 * np.sin(np.arange(1600))
    assert lines.onset_sample(pcm.astype("<i2").tobytes()) == 4000


def test_a_quiet_line_with_an_offset_is_heard(synthetic_speaker: Path, tmp_path: Path) -> None:
    """Both words are right at once, nothing is cut off, and its noise is no word."""
    report = tmp_path / "figures.json"
    run = run_benchmark(
        "lines",
        "--speech",
        str(synthetic_speaker),
        "--lines",
        "quiet-offset",
        "--noise-seconds",
        "5",
        "--json",
        str(report),
    )
    (figures,) = json.loads(report.read_text())
    counts = figures["counts"]["all"]

    assert (counts["recordings"], counts["right_at_once"]) == (2, 2)
    assert (figures["late_ms"], figures["placed"], figures["hiss"]["utterances"]) == ([], 2, 0)
    assert run.stdout.splitlines()[2].startswith("| quiet-offset | 2 | 2 |")


def test_a_line_that_there_is_not_is_refused(lines: ModuleType) -> None:
    """With the names of those that there are."""
    with pytest.raises(BridgeError, match="no such line: golden; there are good, quiet"):
        lines.works_for(Namespace(lines="good,golden"))
