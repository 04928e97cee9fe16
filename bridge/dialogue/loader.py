"""Questionnaires from files: read, completed from the common content, checked; or refused, every fault named.

The common content (`common/LANGUAGE.yaml` beside the questionnaire, or the shipped one) holds what all
share; a questionnaire may say any of it differently.
"""

import json
from pathlib import Path as FilePath
from typing import get_args

from msgspec import Struct
from pydantic import ValidationError

from bridge.content import CONTENT
from bridge.dialogue.checks import check
from bridge.dialogue.document import Problem, read_document
from bridge.dialogue.field_faults import field_problems
from bridge.dialogue.layers import Layers, Source
from bridge.dialogue.questionnaire import Questionnaire
from bridge.dialogue.scales import fill_scales
from bridge.errors import Fault, QuestionnaireError

__all__ = ["Located", "load", "load_folder", "load_located", "parse"]

COMMON_FOLDER = "common"
MAX_BYTES = 1024 * 1024  # read no further than this into a file that is no questionnaire


class Located(Struct, frozen=True):
    """A questionnaire, and where each part of it is written."""

    questionnaire: Questionnaire
    layers: Layers


def load(path: FilePath) -> Questionnaire:
    """Load one questionnaire.

    Raises:
        QuestionnaireError: one line for each fault, "file:line:column: field: what is wrong; what is right".

    """
    return load_located(path).questionnaire


def load_located(path: FilePath) -> Located:
    """Load one questionnaire together with the places of its fields.

    Raises:
        QuestionnaireError: as `load`.

    """
    return _build(*_sources(path))


def load_folder(path: FilePath) -> dict[str, Questionnaire]:
    """Load every questionnaire of a folder, by id; folders inside it are left alone.

    Raises:
        QuestionnaireError: of all files together.

    """
    if not path.is_dir():
        raise QuestionnaireError(f"{path}: no such folder; it should hold questionnaires (*.yaml)")
    loaded: dict[str, Questionnaire] = {}
    faults: list[Fault] = []
    for file in sorted(path.glob("*.yaml")):
        try:
            own, common = _sources(file)
            questionnaire = _build(own, common).questionnaire
        except QuestionnaireError as error:
            faults += error.faults
            continue
        if questionnaire.id in loaded:
            text = f"'{questionnaire.id}' is another file's id too; ids differ"
            faults.append(Layers(own, common).fault(Problem(("id",), text)))
        loaded[questionnaire.id] = questionnaire
    if faults:
        raise QuestionnaireError.of(faults)
    return loaded


def parse(text: str, *, name: str, common: str, common_name: str = "common") -> Questionnaire:
    """Make a questionnaire from its text and that of the common content.

    Raises:
        QuestionnaireError: as `load`.

    """
    return _build(Source(name, text), Source(common_name, common)).questionnaire


def _sources(path: FilePath) -> tuple[Source, Source]:
    """Its own text and that of the common content."""
    own = Source(path.name, _read(path))
    return own, _common_for(path, own.text)


def _read(path: FilePath) -> str:
    try:
        with path.open("rb") as file:
            return file.read(MAX_BYTES).decode("utf-8")
    except OSError as error:
        raise _unreadable(str(path), 0, f"cannot be read ({error.strerror})") from error
    except UnicodeDecodeError as error:
        raise _unreadable(path.name, 1, "not UTF-8; save it as UTF-8") from error


def _unreadable(name: str, line: int, text: str) -> QuestionnaireError:
    return QuestionnaireError.of([Fault(name, line, 1, "", text)])


def _common_for(path: FilePath, text: str) -> Source:
    data = read_document(text).data
    language = data.get("language") if isinstance(data, dict) else None
    name = f"{language if language in _LANGUAGES else _LANGUAGES[0]}.yaml"
    beside = path.parent / COMMON_FOLDER / name
    shipped = CONTENT / "questionnaires" / COMMON_FOLDER / name
    return Source(f"{COMMON_FOLDER}/{name}", _read(beside if beside.is_file() else shipped))


_LANGUAGES: tuple[str, ...] = get_args(Questionnaire.model_fields["language"].annotation)


def _build(own: Source, common: Source) -> Located:
    layers = Layers(own, common)
    layers.refuse_if_any(layers.problems)
    layers.refuse_if_any(fill_scales(layers.data))
    try:
        # By way of JSON, where strictness knows that a sequence may be a tuple.
        questionnaire = Questionnaire.model_validate_json(
            json.dumps(layers.data), context=(own.text, common.text, layers.digest)
        )
    except ValidationError as error:
        layers.refuse_if_any(field_problems(error.errors()))
        raise
    layers.refuse_if_any(check(questionnaire))
    return Located(questionnaire, layers)
