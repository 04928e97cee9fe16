"""Which models there are."""

import shutil
from pathlib import Path

import pytest

from bridge.models.catalogue import PUBLIC_MODELS, Offered, look
from bridge.models.fetching import ADDRESS


@pytest.fixture
def folder(model: Path, tmp_path: Path) -> Path:
    """A good model, half of one, and what is none."""
    shutil.copytree(model, tmp_path / model.name)
    (tmp_path / PUBLIC_MODELS[0].name / "am").mkdir(parents=True)
    (tmp_path / "notes").mkdir()
    (tmp_path / ".unpacking-x" / "am").mkdir(parents=True)
    (tmp_path / "file.zip").write_bytes(b"")
    return tmp_path


def test_models_are_found_with_what_is_wrong_with_them(folder: Path, model: Path) -> None:
    """One bad model does not hide the others; what was never a model is passed over."""
    good, half = look([folder], folder / model.name).installed

    assert (good.name, good.is_used, good.problem) == (model.name, True, "")
    assert good.words > 100
    assert good.takes_grammars
    assert good.identity.startswith(f"{model.name}@")
    assert half.name == PUBLIC_MODELS[0].name
    assert not half.is_used
    assert "am/final.mdl is missing" in half.problem


def test_the_configured_model_is_there_wherever_it_lies(folder: Path, model: Path) -> None:
    """Once, also where several paths lead to it; and as missing, where it is."""
    elsewhere = look([folder], model).installed
    twice = look([folder, folder / "notes" / ".."], folder / model.name).installed
    missing = look([folder / "nowhere"], folder / "nothing").installed

    assert [(one.folder, one.name) for one in elsewhere if one.is_used] == [(str(model.parent), model.name)]
    assert len(twice) == 2
    assert [(one.is_used, "it does not exist" in one.problem) for one in missing] == [(True, True)]


def test_public_models_are_known_by_name_size_and_address(folder: Path, model: Path) -> None:
    """And whether they are here already."""
    public = {one.name: one for one in look([folder], folder / model.name).public}

    assert set(public) == {
        "vosk-model-ar-mgb2-0.4",
        "vosk-model-ar-0.22-linto-1.1.0",
        "vosk-model-small-ar-tn-0.1-linto",
        "vosk-model-ar-tn-0.1-linto",
        "xtts_v2",
    }
    assert [round(one.size_bytes / 2**20) for one in public.values()] == [318, 1314, 158, 517, 1812]
    assert public["vosk-model-ar-mgb2-0.4"].is_installed
    assert not public["vosk-model-ar-tn-0.1-linto"].is_installed
    assert public["vosk-model-ar-tn-0.1-linto"].address == f"{ADDRESS}/vosk-model-ar-tn-0.1-linto.zip"


def test_the_checkpoint_that_speaks_is_among_them(folder: Path, model: Path, tmp_path: Path) -> None:
    """With its licence, and whether it is here."""

    def offered() -> Offered:
        return look([folder], folder / model.name, tmp_path).public[-1]

    assert "no commercial use" in offered().licence
    assert not offered().is_installed
    (tmp_path / "model.pth").write_bytes(b"weights")
    assert offered().is_installed
