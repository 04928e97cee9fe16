"""The questionnaires that ship, each read once by each process of a run, and only where a test needs it."""

from functools import cache

from bridge.content import CONTENT
from bridge.dialogue.loader import load
from bridge.dialogue.questionnaire import Questionnaire

__all__ = ["NAMES", "shipped"]

FOLDER = CONTENT / "questionnaires"
NAMES = tuple(sorted(path.stem for path in FOLDER.glob("*.yaml")))


@cache
def shipped(name: str) -> Questionnaire:
    """The questionnaire of this name; it is frozen, so that tests may share it."""
    return load(FOLDER / f"{name}.yaml")
