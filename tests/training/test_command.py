"""`python -m training`: what it says where it cannot begin."""

import subprocess
import sys
from pathlib import Path

import pytest

pytest.importorskip(
    "torch", reason="the recipe's own packages are not installed: pip install -e '.[training]'"
)

from training.synthesis import HELD_OUT_VOICES, VOICES

ROOT = Path(__file__).parents[2]


def refused(*arguments: str) -> str:
    ran = subprocess.run(
        [sys.executable, "-W", "ignore", "-m", "training", *arguments],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert ran.returncode == 1
    assert "Traceback" not in ran.stderr
    return ran.stderr


def test_without_recordings_it_says_where_they_are() -> None:
    said = refused("make")
    assert "make model DATA=DIR" in said
    assert "arabic-speech-commands-dataset" in said


def test_a_word_to_leave_out_must_be_one_that_is_recorded() -> None:
    assert "--without: perhaps is none of" in refused("make", "--data", ".", "--without", "perhaps")


def test_voices_that_are_held_out_can_be_heard(tmp_path: Path) -> None:
    """Every file of the tables is there, in a voice that nothing is taught with."""
    ran = subprocess.run(
        [sys.executable, "-W", "ignore", "-m", "training", "speak", str(tmp_path), "--count", "4"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
        timeout=120,
    )
    assert ran.stdout.count("hatif models evaluate MODEL --data") == 2
    for table in (tmp_path / "words/table.tsv", tmp_path / "numbers/table.tsv"):
        lines = [line.split("\t") for line in table.read_text(encoding="utf-8").splitlines()]
        assert len(lines) == 4
        for name, _ in lines:
            assert (table.parent / name).stat().st_size > 1000
            assert Path(name).stem.partition("-")[2] in HELD_OUT_VOICES
    assert set(HELD_OUT_VOICES).isdisjoint(VOICES)


def test_a_folder_without_recordings_is_named(tmp_path: Path) -> None:
    work = str(tmp_path / "work")
    assert "holds no recordings" in refused("make", "--data", str(tmp_path), "--work", work)
