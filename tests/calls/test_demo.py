"""Whole calls in Arabic, as `hatif demo` places them: heard by the real recogniser, stored, and read back."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

pytestmark = pytest.mark.call

ARCHIVE = "asc-val-ulaw8k.tar.xz"
Demo = Callable[..., tuple[int, dict[str, Any]]]
BESIDE = Path(__file__).resolve().parents[3] / "shared" / "speech"


@pytest.fixture
def demo(spoken_prompts: Path) -> Demo:
    """Run `hatif demo`, with the prompts that other daemons have made; its status and its report."""

    def run(*options: str) -> tuple[int, dict[str, Any]]:
        command = [sys.executable, "-m", "bridge", "demo", "--fast", "--json", "-", *options]
        environment = os.environ | {"HATIF_PROMPTS__FOLDER": str(spoken_prompts)}
        ended = subprocess.run(command, capture_output=True, timeout=170, check=False, env=environment)
        assert b"Traceback" not in ended.stderr, ended.stderr.decode()
        return ended.returncode, json.loads(ended.stdout)

    return run


def recordings() -> Path:
    """The recordings of real people, where there are any."""
    named = os.environ.get("HATIF_SPEECH_DATA")
    place = Path(named) if named else BESIDE / ARCHIVE
    if place.is_dir() and (place / ARCHIVE).exists():
        place /= ARCHIVE
    if not place.exists():
        pytest.skip(
            f"recordings of real people: no {ARCHIVE} in ../shared/speech, HATIF_SPEECH_DATA names none"
        )
    return place


@pytest.mark.parametrize(("provider", "voice"), [("maqsam", "ar+Reed"), ("twilio", "ar")])
def test_a_whole_call_is_heard_understood_and_stored(
    demo: Demo, provider: str, voice: str, tmp_path: Path
) -> None:
    """Nine answers, at least five of them spoken, each stored as it was said, over either wire."""
    status, report = demo("--provider", provider, "--voice", voice, "--keep", str(tmp_path))
    assert (status, report["completed"], report["disposition"]) == (0, True, "completed")
    assert [answer for answer in report["answers"] if not answer["ok"]] == []
    assert sum(answer["via"] == "speech" for answer in report["answers"]) >= 5
    assert (tmp_path / "call.wav").stat().st_size > 100_000
    _is_measured(report)


def _is_measured(report: dict[str, Any]) -> None:
    """The report tells of every turn what was heard, how surely, and where the time went."""
    spoken = [turn for turn in report["turns"] if turn["confidence"] is not None]
    assert len(spoken) >= 5
    parts = {"endpoint", "recognise", "understand", "commit", "first_audio", "total"}
    assert all(turn["latency_ms"].keys() == parts for turn in report["turns"])
    assert all(turn["heard"] and turn["latency_ms"]["total"] for turn in spoken)


@pytest.mark.parametrize("speaker", ["00000012", "00000025"])
def test_real_people_are_never_misunderstood(demo: Demo, speaker: str) -> None:
    """The first recordings of two people whom the model has never heard: no stored value differs."""
    options = ("--caller", "recorded", "--speech", str(recordings()), "--speaker", speaker, "--round", "01")
    _, report = demo(*options)
    assert report["completed"]
    assert [answer for answer in report["answers"] if not answer["ok"]] == []
