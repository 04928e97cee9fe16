"""A questionnaire's own file over the common content: one block of data whose every field knows its place."""

import hashlib
import json
from collections.abc import Iterable, Mapping
from copy import deepcopy
from typing import Any

from msgspec import Struct

from bridge.dialogue.dialects import Dialect
from bridge.dialogue.document import Document, Path, Place, Problem, read_document
from bridge.errors import Fault, QuestionnaireError

__all__ = ["SHARED_BLOCKS", "Layers", "Source"]

SHARED_BLOCKS = ("prompts", "closing", "words", "scales", "hearing", "limits")


class Source(Struct, frozen=True):
    """A file's name, as faults show it, and its text."""

    name: str
    text: str


class Layers:
    """Both files, read and merged; `data` is empty where `problems` say why."""

    def __init__(self, own: Source, common: Source) -> None:
        self.own, self.common = own, common
        mine, shared = read_document(own.text), read_document(common.text)
        self._mine, self._shared = mine, shared
        self.problems = [*_of_mapping(mine), *_of_mapping(shared)]
        self._origin_of_problem = {id(problem): common.name for problem in shared.problems}
        own_data, common_data = deepcopy(mine.data), deepcopy(shared.data)
        self.data: dict[str, Any] = {} if self.problems else _merge(own_data, common_data)
        # Of what is written, the common content included: comments, blanks and quotes do not count.
        self.digest = hashlib.sha256(json.dumps(self.data).encode()).hexdigest()
        if not self.problems:
            self.problems += _foreign_blocks(shared)

    def refuse_if_any(self, problems: Iterable[Problem]) -> None:
        """Raise the problems, if there are any, each with its place, in the order of the file."""
        faults = [self.fault(problem) for problem in problems]
        if faults:
            in_order = sorted(faults, key=lambda one: (one.file != self.own.name, one.line, one.column))
            raise QuestionnaireError.of(in_order)

    def fault(self, problem: Problem) -> Fault:
        """The problem with its file, line and column."""
        path = self._real_path(problem.path)
        name, place = self._place(problem, path)
        return Fault(name, place.line, place.column, ".".join(map(str, path)), problem.text)

    def is_own(self, path: Path) -> bool:
        """Whether what stands there is written in the questionnaire's own file."""
        written = self._mine.places
        return path in written or (isinstance(path[-1], int) and path[:-1] in written)

    def _place(self, problem: Problem, path: Path) -> tuple[str, Place]:
        if problem.place is not None:
            return self._origin_of_problem.get(id(problem), self.own.name), problem.place
        for known in (path[:length] for length in range(len(path), 0, -1)):
            if known in self._mine.places:
                return self.own.name, self._mine.places[known]
            if known in self._shared.places:
                return self.common.name, self._shared.places[known]
        return self.own.name, Place(1)

    def _real_path(self, path: Path) -> Path:
        """Leave out what is no place in the document: a model's variant, the dialect of a plain list."""
        mine, shared = self._mine.places, self._shared.places
        real: Path = ()
        for position, part in enumerate(path):
            here = (*real, part)
            is_plain_list = part == Dialect.MSA and (*real, 0) in mine
            is_last = position == len(path) - 1 and isinstance(part, str)  # a single text is no list
            if not is_plain_list and (is_last or here in mine or here in shared):
                real = here
        return real


def _of_mapping(document: Document) -> list[Problem]:
    if document.problems or isinstance(document.data, dict):
        return list(document.problems)
    return [Problem((), "it should begin with 'format: 1'", Place(1))]


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
