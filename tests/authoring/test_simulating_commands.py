"""`hatif questionnaire simulate` as authors meet it: piped, from a file, at a terminal, and by voice."""

import json
import os
import pty
import subprocess
import sys
from pathlib import Path

import pytest
from typed import typed

from bridge.authoring.simulation.goldens import read_golden

CRISIS = ("--site", "crisis_number=937", "--gender", "f")


def simulate(*arguments: object, said: str | int = "") -> subprocess.CompletedProcess[str]:
    """Run it; what is said is piped in, or read from a file descriptor by a process of its own."""
    command = ("questionnaire", "simulate", *map(str, arguments))
    if not isinstance(said, int):
        return typed(*command, said=said, COLUMNS="200")
    return subprocess.run(
        [sys.executable, "-m", "bridge", *command],
        env=os.environ | {"COLUMNS": "200", "NO_COLOR": "1"},
        stdin=said,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def test_help_shows_an_example() -> None:
    shown = simulate("--help")
    assert shown.returncode == 0
    assert "hatif questionnaire simulate phq9 --gender f" in " ".join(shown.stdout.split())


def test_piped_lines_are_played_and_their_end_hangs_up() -> None:
    ended = simulate("post_discharge", said="نعم\n/1\n")
    assert ended.returncode == 0, ended.stderr
    assert ended.stdout.startswith("Type what the caller says")
    assert "هل تشعرون بألم اليوم؟" in ended.stdout
    assert "hung_up" in ended.stdout.splitlines()[-1]


def test_variants_follow_gender_and_dialect() -> None:
    assert "تشعرين" in simulate("post_discharge", "--gender", "f", said="نعم\n").stdout
    assert "تَشْعُرُونَ" in simulate("post_discharge", "--vowels", said="نعم\n").stdout


def test_a_program_gets_the_whole_call(tmp_path: Path) -> None:
    """JSON alone on standard output, the transcript beside it; the golden dialogue can be read."""
    said, golden = tmp_path / "said.txt", tmp_path / "kept.yaml"
    said.write_text("موافقة\n" + "/1\n" * 8 + "عدة أيام\nنعم\n", encoding="utf-8")
    ended = simulate("phq9", *CRISIS, "--answers", said, "--save", golden, "--json")
    assert ended.returncode == 0, ended.stderr
    report = json.loads(ended.stdout)
    assert (report["disposition"], report["put_through_to"]) == ("escalated", "937")
    assert report["scores"]["phq9"] == {"value": 1, "band": "minimal"}
    assert "put through to 937" in ended.stderr
    assert read_golden(golden).dialogues[0].ends == "escalated"
    again = simulate("phq9", *CRISIS, "--answers", said, "--save", golden)
    assert (again.returncode, "is there already" in again.stderr) == (2, True)


def test_lines_that_are_left_over_are_an_error() -> None:
    ended = simulate("post_discharge", said="لا\n/1\n/1\n")
    assert ended.returncode == 1
    assert "the call had ended, and 2 lines were left" in ended.stderr


@pytest.mark.parametrize(
    ("arguments", "said", "sentence"),
    [
        (("post_dischrge",), "", "hatif: no questionnaire 'post_dischrge'; did you mean 'post_discharge'?"),
        (("post_discharge",), "نعم\n/nope\n", "hatif: standard input:2: '/nope' is no command"),
        (("post_discharge", "--answers", "none.txt"), "", "none.txt: cannot be read"),
        (("post_discharge", "--call", "x=1"), "", "--call x: there is no such key"),
        (("none.yaml",), "", "cannot be read (No such file"),
    ],
)
def test_a_mistake_is_one_sentence(arguments: tuple[str, ...], said: str, sentence: str) -> None:
    refused = simulate(*arguments, said=said)
    assert refused.returncode == 2, refused
    assert sentence in refused.stderr
    assert "Traceback" not in refused.stderr


def test_a_missing_crisis_number_is_told() -> None:
    assert "hatif serve refuses this questionnaire" in simulate("phq9").stdout


def test_at_a_terminal_a_mistake_is_typed_again_and_ctrl_d_hangs_up() -> None:
    keyboard, terminal = pty.openpty()
    try:
        os.write(keyboard, "/nope\nنعم\n\x04".encode())
        ended = simulate("post_discharge", said=terminal)
    finally:
        os.close(terminal)
        os.close(keyboard)
    assert ended.returncode == 0, ended.stderr
    assert "'/nope' is no command" in ended.stdout
    assert "stored consent" in ended.stdout
    assert "hung_up" in ended.stdout.splitlines()[-1]


@pytest.mark.call
def test_by_voice_a_yes_is_spoken_and_heard() -> None:
    """The real voice, the real gate, the real recogniser under the question's grammar."""
    ended = simulate("post_discharge", "--voice", "--json", said="نعم\n")
    assert ended.returncode == 0, ended.stderr
    assert "spoken \u2068نَعَمْ\u2069 · heard \u2068نعم\u2069" in ended.stderr
    (consent,) = json.loads(ended.stdout)["answers"]
    assert (consent["item"], consent["value"], consent["via"]) == ("consent", True, "speech")
