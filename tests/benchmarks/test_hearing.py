"""The measurement of the hearing rule, on a synthetic speaker where no recordings of people are at hand."""

import io
import json
import tarfile
from pathlib import Path

import pytest
from benchmark_programs import run_benchmark


def test_every_recording_is_counted_once(synthetic_speaker: Path, tmp_path: Path) -> None:
    """Endings add up, a synthetic speaker is stored right, and a folder and its archive agree."""
    figures = json.loads(run_benchmark("hearing", "--speech", str(synthetic_speaker), "--json").stdout)
    counts = figures["kinds"]["all"]
    with tarfile.open(tmp_path / "all.tar.xz", "w:xz") as archive:
        for word in synthetic_speaker.iterdir():
            archive.add(word, word.name)

    assert counts["recordings"] == len(list(synthetic_speaker.iterdir())) == 12
    assert sum(counts[name] for name in counts if name.startswith("dialogue_") and "mean" not in name) == 12
    assert figures["wrong"] == []
    assert (
        json.loads(run_benchmark("hearing", "--speech", str(tmp_path / "all.tar.xz"), "--json").stdout)
        == figures
    )


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
    run = run_benchmark("hearing", "--speech", str(source))

    assert run.returncode == 1
    assert run.stderr.startswith("hearing: ")
    assert len(run.stderr.splitlines()) == 1
