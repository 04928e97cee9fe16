"""The measurement of the hearing rule, on a synthetic speaker where no recordings of people are at hand."""

import io
import json
import subprocess
import sys
import tarfile
from pathlib import Path

import pytest

from bridge.audio.g711 import encode_ulaw
from bridge.audio.levels import scale_to_peak
from bridge.audio.resample import resample
from bridge.speech.espeak.synthesizer import EspeakSynthesizer

ROOT = Path(__file__).parents[2]
WORDS = {
    "yes": "نَعَم",
    "no": "لا",
    "zero": "صِفْر",
    "one": "وَاحِد",
    "two": "اِثْنَان",
    "three": "ثَلَاثَة",
    "four": "أَرْبَعَة",
    "five": "خَمْسَة",
    "six": "سِتَّة",
    "seven": "سَبْعَة",
    "eight": "ثَمَانِيَة",
    "nine": "تِسْعَة",
}


async def speak(folder: Path) -> None:
    voice = EspeakSynthesizer(voice="ar+Denis")
    await voice.start()
    for word, text in WORDS.items():
        speech = await voice.synthesise(text)
        pcm = scale_to_peak(resample(speech.pcm, speech.rate, 8000), -12.0)
        (folder / word).mkdir()
        (folder / word / "Denis_NO_01.ulaw").write_bytes(encode_ulaw(pcm))
    await voice.stop()


def measured(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "benchmarks/hearing.py", *arguments]
    environment = {"PYTHONPATH": str(ROOT), "PATH": ""}
    return subprocess.run(
        command, capture_output=True, text=True, cwd=ROOT, env=environment, timeout=120, check=False
    )


async def test_every_recording_is_counted_once(tmp_path: Path) -> None:
    """Endings add up, a synthetic speaker is stored right, and a folder and its archive agree."""
    await speak(tmp_path)
    figures = json.loads(measured("--speech", str(tmp_path), "--json").stdout)
    counts = figures["kinds"]["all"]
    with tarfile.open(tmp_path / "all.tar.xz", "w:xz") as archive:
        for word in WORDS:
            archive.add(tmp_path / word, word)

    assert counts["recordings"] == len(WORDS)
    assert sum(counts[name] for name in counts if name.startswith("dialogue_") and "mean" not in name) == 12
    assert figures["wrong"] == []
    assert json.loads(measured("--speech", str(tmp_path / "all.tar.xz"), "--json").stdout) == figures


@pytest.mark.parametrize("content", ["folder", "archive", "nothing", "damaged"])
def test_no_recordings_is_one_sentence(tmp_path: Path, content: str) -> None:
    """A wrong path is told plainly, without a traceback."""
    source = tmp_path / content
    if content == "folder":
        source.mkdir()
    elif content == "damaged":
        (source / "yes").mkdir(parents=True)
        (source / "yes" / "Denis_NO_01.wav").write_text("no sound")
    elif content == "archive":
        with tarfile.open(source, "w") as archive:
            archive.addfile(tarfile.TarInfo("readme"), io.BytesIO())
    run = measured("--speech", str(source))

    assert run.returncode == 1
    assert run.stderr.startswith("hearing: ")
    assert len(run.stderr.splitlines()) == 1
