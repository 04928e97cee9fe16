"""`python -m training`: what it says where it cannot begin."""

import subprocess
import sys
from pathlib import Path

import pytest

pytest.importorskip(
    "torch", reason="the recipe's own packages are not installed: pip install -e '.[training]'"
)

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
    said = refused()
    assert "make model DATA=DIR" in said
    assert "arabic-speech-commands-dataset" in said


def test_a_word_to_leave_out_must_be_one_that_is_recorded() -> None:
    assert "--without: perhaps is none of" in refused("--data", ".", "--without", "perhaps")


def test_a_folder_without_recordings_is_named(tmp_path: Path) -> None:
    work = str(tmp_path / "work")
    assert "holds no recordings" in refused("--data", str(tmp_path), "--work", work)
