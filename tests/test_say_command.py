"""`hatif say` as its users meet it."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from bridge.cli import app
from bridge.errors import BridgeError

HELLO = "مَرْحَباً بِكَ"


def say(folder: Path, *arguments: str, stdin: str = "") -> tuple[int, bytes, str]:
    """Exit status, standard output, standard error."""
    inherited = {name: text for name, text in os.environ.items() if not name.startswith("HATIF_")}
    ended = subprocess.run(
        [sys.executable, "-m", "bridge", "say", *arguments],
        cwd=folder,
        env=inherited | {"COLUMNS": "200", "NO_COLOR": "1", "PYTHONPATH": str(Path(__file__).parents[1])},
        input=stdin.encode(),
        capture_output=True,
        timeout=60,
        check=False,
    )
    told = ended.stderr.decode()
    assert "Traceback" not in told, told
    return ended.returncode, ended.stdout, told


def test_it_says_where_it_wrote(tmp_path: Path) -> None:
    """Without --out; and how long it took."""
    status, told, _ = say(tmp_path, HELLO)

    assert status == 0
    assert (tmp_path / "said.wav").stat().st_size > 8000
    for row in ("said.wav", "espeak-ng/ar", "first sound after", "real-time factor"):
        assert row in told.decode()


def test_a_report_for_programs(tmp_path: Path) -> None:
    """Nothing else on standard output."""
    _, told, _ = say(
        tmp_path, "--file", "-", "--out", "a.ulaw", "--json", stdin="<speak>نَعَم<mark name='x'/></speak>"
    )
    report = json.loads(told)

    assert report["file"] == "a.ulaw"
    assert report["audio_seconds"] == (tmp_path / "a.ulaw").stat().st_size / 8000
    assert [mark["name"] for mark in report["marks"]] == ["x"]


def test_sound_for_a_pipe(tmp_path: Path) -> None:
    """Raw mu-law on standard output, what there is to tell on the other."""
    status, sound, told = say(tmp_path, HELLO, "--play-ulaw")

    assert status == 0
    assert len(sound) > 4000
    assert "real-time factor" in told


def test_whoever_listens_may_leave(tmp_path: Path) -> None:
    """A player that is closed is no error."""
    command = f"{sys.executable} -m bridge say --file long.txt --play-ulaw | head --bytes 1000 | wc --bytes"
    (tmp_path / "long.txt").write_text(f"{HELLO}. " * 100)
    ended = subprocess.run(
        ["bash", "-o", "pipefail", "-c", command],  # noqa: S607 - of any machine that has a shell
        cwd=tmp_path,
        env=os.environ | {"PYTHONPATH": str(Path(__file__).parents[1])},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )

    assert (ended.returncode, ended.stdout.strip(), ended.stderr) == (0, "1000", "")


def test_wrong_ssml_is_shown_with_its_place(tmp_path: Path) -> None:
    """Line and column, and the text from there on."""
    (tmp_path / "a.ssml").write_text("<speak>\n  نَعَم <prosody rate='fasst'>لا</prosody>\n</speak>")
    status, _, told = say(tmp_path, "--file", "a.ssml")

    assert status == 2
    assert "line 2, column 9: <prosody>: rate must be x-slow" in told
    assert "2 | … <prosody rate='fasst'>" in told
    assert list(tmp_path.iterdir()) == [tmp_path / "a.ssml"]


@pytest.mark.parametrize(
    ("arguments", "right"),
    [
        ((), "give a text, or a file"),
        ((HELLO, "--file", "a"), "give a text, or a file"),
        (("--file", "gone.ssml"), "gone.ssml cannot be read"),
        ((HELLO, "--play-ulaw", "--out", "a.wav"), "fills standard output"),
        ((HELLO, "--play-ulaw", "--json", "-"), "fills standard output"),
        ((HELLO, "--out", "a.mp3"), "must end in .wav"),
        ((HELLO, "--engine", "festival"), "there is no engine"),
    ],
)
def test_what_is_refused(arguments: tuple[str, ...], right: str) -> None:
    """In a sentence that says what would be right."""
    error = CliRunner().invoke(app, ["say", *arguments]).exception

    assert isinstance(error, BridgeError)
    assert right in str(error)
