"""A checkpoint's files, looked at without PyTorch."""

import json
import shutil
import zipfile
from pathlib import Path
from typing import Any

import pytest

from bridge.errors import ModelError
from bridge.speech.xtts.checkpoint import check_checkpoint

CONFIG: dict[str, Any] = {
    "model": "xtts",
    "model_args": {"gpt_number_text_tokens": 3},
    "languages": ["ar", "en"],
}
VOCABULARY = {"model": {"type": "BPE", "vocab": {"[STOP]": 0, "[UNK]": 1, "ا": 2}}}


def write_weights(path: Path, *tensors: bytes, name: str = "model") -> None:
    """As PyTorch does: an archive whose entries are in a folder named after the file."""
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr(f"{name}/data.pkl", b"which tensor is which")
        for number, tensor in enumerate(tensors):
            archive.writestr(f"{name}/data/{number}", tensor)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A whole one."""
    place = tmp_path / "xtts_v2"
    place.mkdir()
    (place / "config.json").write_text(json.dumps(CONFIG))
    (place / "vocab.json").write_text(json.dumps(VOCABULARY))
    write_weights(place / "model.pth", b"\0" * 4000, b"\1" * 4000)
    return place


def refused(folder: Path) -> str:
    with pytest.raises(ModelError) as failure:
        check_checkpoint(folder)
    assert "\n" not in str(failure.value)
    return str(failure.value)


def test_a_whole_one_is_told_by_its_content(folder: Path, tmp_path: Path) -> None:
    """Wherever it lies, however it was named when it was saved."""
    copy = Path(shutil.copytree(folder, tmp_path / "copy"))
    write_weights(copy / "model.pth", b"\0" * 4000, b"\1" * 4000, name="archive")

    checkpoint = check_checkpoint(folder)

    assert checkpoint.identity == check_checkpoint(copy).identity
    assert checkpoint.languages == ("ar", "en")
    assert not checkpoint.has_speakers


@pytest.mark.parametrize("what", ["weights", "config", "vocabulary", "speakers"])
def test_whatever_changes_the_sound_changes_its_identity(folder: Path, what: str) -> None:
    """One byte of one tensor is enough."""
    before = check_checkpoint(folder).identity
    match what:
        case "weights":
            write_weights(folder / "model.pth", b"\0" * 4000, b"\1" * 3999 + b"\2")
        case "config":
            (folder / "config.json").write_text(json.dumps(CONFIG | {"temperature": 0.5}))
        case "vocabulary":
            (folder / "vocab.json").write_text(json.dumps(VOCABULARY | {"version": "1"}))
        case "speakers":
            write_weights(folder / "speakers_xtts.pth", b"\3")

    assert check_checkpoint(folder).identity != before


def test_one_that_is_not_there(tmp_path: Path) -> None:
    """The command that fetches it is named."""
    assert "hatif models fetch xtts_v2" in refused(tmp_path / "nowhere")


@pytest.mark.parametrize("name", ["config.json", "model.pth", "vocab.json"])
@pytest.mark.parametrize("is_empty", [True, False])
def test_half_a_checkpoint(folder: Path, name: str, is_empty: bool) -> None:
    """The missing half is named."""
    (folder / name).unlink()
    if is_empty:
        (folder / name).touch()

    assert f"half a checkpoint of XTTS: it lacks {name}" in refused(folder)


def test_weights_that_were_cut_off(folder: Path) -> None:
    """The archive's directory was at the end."""
    path = folder / "model.pth"
    path.write_bytes(path.read_bytes()[:-200])

    assert "is cut off, or no checkpoint" in refused(folder)


def test_an_archive_of_something_else(folder: Path) -> None:
    """A zip file is not yet a checkpoint."""
    with zipfile.ZipFile(folder / "model.pth", "w") as archive:
        archive.writestr("holiday/photo.jpg", b"")

    assert "no checkpoint of PyTorch" in refused(folder)


@pytest.mark.parametrize(
    ("config", "why"),
    [
        ({"model": "vits"}, "describes a model 'vits', not 'xtts': a checkpoint of another architecture"),
        ({}, "describes no model, not 'xtts'"),
        ({"model": "xtts"}, "has no model_args"),
        ([], "holds no JSON object"),
    ],
)
def test_a_configuration_of_something_else(folder: Path, config: object, why: str) -> None:
    """What it describes is named."""
    (folder / "config.json").write_text(json.dumps(config))

    assert why in refused(folder)


@pytest.mark.parametrize("name", ["config.json", "vocab.json"])
def test_what_is_no_json(folder: Path, name: str) -> None:
    """A page that says "not found", for one."""
    (folder / name).write_text("<html>")

    assert f"{name} is no JSON" in refused(folder)


@pytest.mark.parametrize(
    "vocabulary", [{}, {"model": {}}, {"model": {"vocab": {}}}, {"model": {"vocab": {"a": "b"}}}]
)
def test_no_vocabulary(folder: Path, vocabulary: object) -> None:
    """XTTS's is one of byte pairs."""
    (folder / "vocab.json").write_text(json.dumps(vocabulary))

    assert "holds no vocabulary of byte pairs" in refused(folder)


def test_a_vocabulary_of_another_checkpoint(folder: Path) -> None:
    """Larger than the network has room for."""
    larger = {"model": {"vocab": {"a": 0, "b": 3}}}
    (folder / "vocab.json").write_text(json.dumps(larger))

    assert "has 4 tokens and config.json has room for 3" in refused(folder)
