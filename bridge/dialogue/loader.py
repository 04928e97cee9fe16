"""Questionnaires from files: read, completed from the common content, checked; or refused, every fault named.

The common content (`common/LANGUAGE.yaml` beside the questionnaire, or the shipped one) holds what all
share; a questionnaire may say any of it differently.
"""

import json
import types
from collections.abc import Iterable, Iterator, Mapping, Sequence
from copy import deepcopy
from functools import lru_cache
from pathlib import Path as FilePath
from typing import Any, Union, get_args, get_origin

from msgspec import Struct
from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from bridge.content import CONTENT
from bridge.dialogue.checks import check
from bridge.dialogue.dialects import Dialect
from bridge.dialogue.document import Document, Path, Problem, read_document
from bridge.dialogue.hints import did_you_mean
from bridge.dialogue.items import Item
from bridge.dialogue.questionnaire import Questionnaire
from bridge.dialogue.scales import fill_scales
from bridge.errors import QuestionnaireError

__all__ = ["load", "load_folder", "parse"]

COMMON_FOLDER = "common"
SHARED_BLOCKS = ("prompts", "closing", "words", "scales", "hearing", "limits")
MAX_BYTES = 1024 * 1024  # read no further than this into a file that is no questionnaire


class _Source(Struct, frozen=True):
    name: str
    text: str


def load(path: FilePath) -> Questionnaire:
    """Load one questionnaire.

    Raises:
        QuestionnaireError: one line for each fault, "file:line: field: what is wrong; what would be right".

    """
    own = _Source(path.name, _read(path))
    return _build(own, _common_for(path, own.text))


def load_folder(path: FilePath) -> dict[str, Questionnaire]:
    """Load every questionnaire of a folder, by id; folders inside it are left alone.

    Raises:
        QuestionnaireError: of all files together.

    """
    if not path.is_dir():
        raise QuestionnaireError(f"{path}: no such folder; it should hold questionnaires (*.yaml)")
    loaded: dict[str, Questionnaire] = {}
    faults: list[str] = []
    for file in sorted(path.glob("*.yaml")):
        try:
            questionnaire = load(file)
        except QuestionnaireError as error:
            faults.append(str(error))
            continue
        if questionnaire.id in loaded:
            faults.append(f"{file.name}:1: id: '{questionnaire.id}' is another file's id too")
        loaded[questionnaire.id] = questionnaire
    if faults:
        raise QuestionnaireError("\n".join(faults))
    return loaded


def parse(text: str, *, name: str, common: str, common_name: str = "common") -> Questionnaire:
    """Make a questionnaire from its text and that of the common content.

    Raises:
        QuestionnaireError: as `load`.

    """
    return _build(_Source(name, text), _Source(common_name, common))


def _read(path: FilePath) -> str:
    try:
        with path.open("rb") as file:
            return file.read(MAX_BYTES).decode("utf-8")
    except OSError as error:
        raise QuestionnaireError(f"{path}: cannot be read ({error.strerror})") from error
    except UnicodeDecodeError as error:
        raise QuestionnaireError(f"{path.name}:1: not UTF-8; save it as UTF-8") from error


@lru_cache(maxsize=16)  # of a folder's questionnaires all have the same common content
def _document(text: str) -> Document:
    return read_document(text)


def _common_for(path: FilePath, text: str) -> _Source:
    data = _document(text).data
    language = data.get("language") if isinstance(data, dict) else None
    name = f"{language if language in _LANGUAGES else _LANGUAGES[0]}.yaml"
    beside = path.parent / COMMON_FOLDER / name
    shipped = CONTENT / "questionnaires" / COMMON_FOLDER / name
    return _Source(f"{COMMON_FOLDER}/{name}", _read(beside if beside.is_file() else shipped))


_LANGUAGES: tuple[str, ...] = get_args(Questionnaire.model_fields["language"].annotation)


def _build(own: _Source, common: _Source) -> Questionnaire:
    merged = _Merged(own, common)
    merged.refuse_if_any(merged.problems)
    merged.refuse_if_any(fill_scales(merged.data))
    try:
        # By way of JSON, where strictness knows that a sequence may be a tuple.
        questionnaire = Questionnaire.model_validate_json(
            json.dumps(merged.data), context=(own.text, common.text)
        )
    except ValidationError as error:
        merged.refuse_if_any(_problem(details) for details in _causes(error.errors()))
        raise
    merged.refuse_if_any(check(questionnaire))
    return questionnaire


class _Merged:
    """A questionnaire's own data over the common data, each field knowing which file it came from."""

    def __init__(self, own: _Source, common: _Source) -> None:
        self._own, self._common = own.name, common.name
        mine, shared = _document(own.text), _document(common.text)
        self._own_lines, self._common_lines = mine.lines, shared.lines
        self.problems = [*_of_mapping(mine), *_of_mapping(shared)]
        self._origin_of_problem = {id(problem): common.name for problem in shared.problems}
        self.data: dict[str, Any] = (
            {} if self.problems else _merge(deepcopy(mine.data), deepcopy(shared.data))
        )
        if not self.problems:
            self.problems += _foreign_blocks(shared)

    def refuse_if_any(self, problems: Iterable[Problem]) -> None:
        """Raise the problems, if there are any, each with its place."""
        lines = [self._sentence(problem) for problem in problems]
        if lines:
            raise QuestionnaireError("\n".join(dict.fromkeys(lines)))

    def _sentence(self, problem: Problem) -> str:
        name, line, path = self._place(problem)
        field = ".".join(str(part) for part in path)
        return f"{name}:{line}: {field}: {problem.text}" if field else f"{name}:{line}: {problem.text}"

    def _place(self, problem: Problem) -> tuple[str, int, Path]:
        path = self._real_path(problem.path)
        if problem.line is not None:
            return self._origin_of_problem.get(id(problem), self._own), problem.line, path
        for known in (path[:length] for length in range(len(path), 0, -1)):
            if known in self._own_lines:
                return self._own, self._own_lines[known], path
            if known in self._common_lines:
                return self._common, self._common_lines[known], path
        return self._own, 1, path

    def _real_path(self, path: Path) -> Path:
        """Leave out what is no place in the document: a model's variant, the dialect of a plain list."""
        real: Path = ()
        for position, part in enumerate(path):
            here = (*real, part)
            is_plain_list = part == Dialect.MSA and (*real, 0) in self._own_lines
            is_last = position == len(path) - 1
            if not is_plain_list and (is_last or here in self._own_lines or here in self._common_lines):
                real = here
        return real


def _of_mapping(document: Document) -> list[Problem]:
    if document.problems or isinstance(document.data, dict):
        return list(document.problems)
    return [Problem((), "it should begin with 'format: 1'", 1)]


def _foreign_blocks(shared: Document) -> list[Problem]:
    """What the common content may not hold."""
    foreign = [name for name in shared.data if name not in SHARED_BLOCKS]
    return [Problem((name,), f"the common content holds only {', '.join(SHARED_BLOCKS)}") for name in foreign]


def _merge(own: Mapping[str, Any], common: Mapping[str, Any]) -> dict[str, Any]:
    merged = {**common, **own}
    for name, value in common.items():
        mine = own.get(name)
        if isinstance(mine, dict) and isinstance(value, list):
            merged[name] = {Dialect.MSA.value: value} | mine  # a plain list is everybody's
        elif isinstance(mine, dict) and isinstance(value, dict):
            merged[name] = _merge(mine, value)
    return merged


_TEXTS = {
    "missing": "missing",
    "extra_forbidden": "unknown field",
    "string_type": "should be text",
    "int_type": "should be a whole number",
    "float_type": "should be a number",
    "int_parsing": "should be a whole number",
    "bool_type": "should be true or false",
    "tuple_type": "should be a list",
    "model_type": "should be a block of fields",
    "dict_type": "should be a list of phrases, or a block of lists",
    "union_tag_not_found": "'type' is missing",
}


def _causes(errors: Sequence[ErrorDetails]) -> Iterator[ErrorDetails]:
    """Leave out "too few" where it only follows from faults inside."""
    for details in errors:
        path = details["loc"]
        is_consequence = details["type"] == "too_short" and any(
            other["loc"][: len(path)] == path and len(other["loc"]) > len(path) for other in errors
        )
        if not is_consequence:
            yield details


def _problem(details: ErrorDetails) -> Problem:
    tagged = tuple(part for part in details["loc"] if part != "[key]")
    path = _without_tags(tagged)
    kind, context = details["type"], details.get("ctx", {})
    if kind == "extra_forbidden":
        return Problem(path, _TEXTS[kind] + did_you_mean(str(path[-1]), _fields_at(tagged[:-1])))
    if kind == "union_tag_invalid":
        tags = _tags()
        text = f"unknown type '{context['tag']}'" + did_you_mean(str(context["tag"]), tags)
        return Problem((*path, "type"), f"{text}; one of {', '.join(tags)}")
    if kind in ("enum", "literal_error"):
        return Problem(path, f"should be {context['expected']}")
    if kind in ("too_short", "too_long"):
        bound = (
            f"at least {context['min_length']}" if kind == "too_short" else f"at most {context['max_length']}"
        )
        return Problem(path, f"has {context['actual_length']} entries; {bound}")
    if kind == "value_error":
        return Problem(path, str(context["error"]))
    return Problem(path, _TEXTS.get(kind) or details["msg"][:1].lower() + details["msg"][1:])


def _without_tags(path: Path) -> Path:
    """Leave out the item types that pydantic puts between an item's number and its fields."""
    return tuple(
        part
        for at, part in enumerate(path)
        if not (at >= 2 and path[at - 2] == "items" and isinstance(path[at - 1], int) and part in _tags())  # noqa: PLR2004
    )


def _tags() -> list[str]:
    return [get_args(item.model_fields["type"].annotation)[0] for item in get_args(Item)]


def _fields_at(path: Path) -> Iterable[str]:
    """The fields that the block at `path` may have; the path holds a union's tag where there is one."""
    model: Any = Questionnaire
    for part in path:
        if isinstance(part, int):
            continue
        if get_origin(model) is dict:  # the part is a key, and may be any name
            model = _inner(get_args(model)[1])
            continue
        if part in _tags() and not _is_model(model):
            model = next(
                item for item in get_args(Item) if part in get_args(item.model_fields["type"].annotation)
            )
        elif _is_model(model) and part in model.model_fields:
            model = _inner(model.model_fields[part].annotation)
    return model.model_fields if _is_model(model) else ()


def _inner(annotation: Any) -> Any:
    """The model inside an optional or a sequence; the annotation itself where there are several."""
    if get_origin(annotation) is tuple:
        return _inner(get_args(annotation)[0])
    if get_origin(annotation) in (Union, types.UnionType):
        models = [argument for argument in get_args(annotation) if _is_model(argument)]
        return models[0] if len(models) == 1 else annotation
    if hasattr(annotation, "__metadata__"):
        return _inner(get_args(annotation)[0])
    return annotation


def _is_model(annotation: Any) -> bool:
    return isinstance(annotation, type) and issubclass(annotation, BaseModel)
