"""Which questionnaire a command means: a file, or an id in the configured folder."""

from pathlib import Path

from bridge.config import Settings
from bridge.dialogue.hints import did_you_mean
from bridge.dialogue.loader import load, load_folder
from bridge.dialogue.questionnaire import Questionnaire
from bridge.errors import QuestionnaireError

__all__ = ["chosen"]

SUFFIXES = (".yaml", ".yml")


def chosen(name: str, settings: Settings) -> Questionnaire:
    """The questionnaire of that file or id.

    Raises:
        QuestionnaireError: there is none, or it is faulty.

    """
    if name.endswith(SUFFIXES):
        return load(Path(name))
    folder = settings.questionnaires.folder
    if (usual := folder / f"{name}.yaml").is_file() and (found := load(usual)).id == name:
        return found  # and whatever is wrong with the other files does not matter
    known = load_folder(folder)
    if name not in known:
        hint = did_you_mean(name, known) or f"; there are: {', '.join(sorted(known))}"
        raise QuestionnaireError(f"no questionnaire {name!r}{hint}")
    return known[name]
