"""The questionnaires that ship, each read once by each process of a run, and only where a test needs it."""

import shutil
from collections.abc import Iterable
from functools import cache
from pathlib import Path

from bridge.content import CONTENT
from bridge.dialogue.loader import load
from bridge.dialogue.questionnaire import Questionnaire

__all__ = ["NAMES", "copy_shipped", "shipped"]

FOLDER = CONTENT / "questionnaires"
NAMES = tuple(sorted(path.stem for path in FOLDER.glob("*.yaml")))


@cache
def shipped(name: str) -> Questionnaire:
    """The questionnaire of this name; it is frozen, so that tests may share it."""
    return load(FOLDER / f"{name}.yaml")


def copy_shipped(folder: Path, names: Iterable[str]) -> Path:
    """Make `folder` a site's own, with these questionnaires and what all share; the folder."""
    shutil.copytree(FOLDER / "common", folder / "common")
    for name in names:
        shutil.copy(FOLDER / f"{name}.yaml", folder)
    return folder
