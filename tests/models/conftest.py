"""The configured model, a synthetic speaker's recordings, and the shipped questionnaires."""

import asyncio
import shutil
from pathlib import Path

import pytest
from speaking import speak

from bridge.config import load_settings
from bridge.content import DEFAULT_CONFIG
from bridge.dialogue.loader import load_folder
from bridge.dialogue.questionnaire import Questionnaire

# Folder names of both kinds, and what the synthetic speaker says.
SAID = {"yes": "نَعَم", "لا": "لا", "three": "ثَلَاثَة", "عشرة": "عَشَرَة", "stop": "تَوَقَّف"}


@pytest.fixture(scope="session")
def model() -> Path:
    """The model that `hatif serve` uses when nothing else is configured."""
    return load_settings(DEFAULT_CONFIG, environ={}).recogniser.model


@pytest.fixture
def copy(model: Path, tmp_path: Path) -> Path:
    """A model that a test may damage."""
    return Path(shutil.copytree(model, tmp_path / "model"))


@pytest.fixture(scope="session")
def questionnaires() -> dict[str, Questionnaire]:
    """What is shipped."""
    return load_folder(load_settings(DEFAULT_CONFIG, environ={}).questionnaires.folder)


@pytest.fixture(scope="session")
def recordings(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """DIR/LABEL/Denis.ulaw: one word each, in a voice that the model was not trained on."""
    folder = tmp_path_factory.mktemp("recordings")
    asyncio.run(speak(SAID, folder, "Denis.ulaw"))
    return folder
