"""YAML 1.2 read into plain data, with the place of every field. No tags, no anchors, no doubles.

Plain `no` stays a word, `12:30` stays a text, and a number with a leading nought is refused, since readers
differ on it.
"""

import re
from collections.abc import Iterator
from functools import lru_cache
from typing import Any

from msgspec import Struct
from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.events import (
    AliasEvent,
    DocumentEndEvent,
    DocumentStartEvent,
    Event,
    MappingEndEvent,
    MappingStartEvent,
    NodeEvent,
    ScalarEvent,
    SequenceEndEvent,
    SequenceStartEvent,
    StreamEndEvent,
    StreamStartEvent,
)

__all__ = ["Document", "Path", "Place", "Problem", "read_document"]

MAX_CHARACTERS = 128 * 1024  # the longest questionnaire known is under 40 KiB
MAX_NODES = 6000  # names, values and what holds them; the common content, which is the largest, has 1700
MAX_DEPTH = 12  # items > options > accept needs six

Path = tuple[str | int, ...]
Plain = Any  # what YAML can hold: mappings, sequences, texts, numbers, booleans, null

_INTEGER = re.compile(r"[-+]?[0-9]+")
_FLOAT = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?")
_LEADING_NOUGHT = re.compile(r"[-+]?0[0-9]+")
_WORDS = {"null": None, "Null": None, "NULL": None, "~": None, "": None} | {
    word: word.lower() == "true" for word in ("true", "True", "TRUE", "false", "False", "FALSE")
}


class Place(Struct, frozen=True, order=True):
    """Where something stands in a file; both count from one."""

    line: int
    column: int = 1


class Problem(Struct, frozen=True):
    """Something wrong in a document."""

    path: Path
    text: str
    place: Place | None = None  # where the document says so itself; otherwise the path's place is meant


class Document(Struct, frozen=True):
    """Plain data, and where each part of it stands."""

    data: Plain
    places: dict[Path, Place]
    problems: tuple[Problem, ...] = ()

    def place_of(self, path: Path) -> Place | None:
        """Where the innermost block stands that `path` leads to; None where not even its first part is."""
        known = (self.places.get(path[:length]) for length in range(len(path), 0, -1))
        return next((place for place in known if place is not None), None)


class _UnreadableError(Exception):
    def __init__(self, problem: Problem) -> None:
        super().__init__(problem.text)
        self.problem = problem


@lru_cache(maxsize=16)  # of a folder's questionnaires all have the same common content
def read_document(text: str) -> Document:
    """Read `text`; what is wrong with it comes back as problems, never as an exception.

    The same text gives the same document: copy its data before you change it.
    """
    if len(text) > MAX_CHARACTERS:
        return Document(None, {}, (Problem((), f"longer than {MAX_CHARACTERS} characters", Place(1)),))
    reader = _Reader(text)
    try:
        data = reader.read()
    except _UnreadableError as error:
        return Document(None, {}, (*reader.problems, error.problem))
    except MarkedYAMLError as error:
        return Document(None, {}, (_not_yaml(error),))
    except (
        YAMLError,
        ValueError,
        IndexError,
    ) as error:  # what the scanner lets out on control characters and the like
        return Document(None, {}, (Problem((), f"not YAML: {type(error).__name__}"),))
    return Document(data, reader.places, tuple(reader.problems))


# What the scanner says, and what its author has usually done.
_USUAL_CAUSES = {
    "mapping values are not allowed": "a text that holds ': ' stands in quotes",
    "cannot start any token": "indent with blanks, and put a text in quotes that begins with a sign",
    "expected <block end>": "fields of one block begin in the same column",
    "could not find expected ':'": "a field is written 'name: value'",
    "while scanning a quoted scalar": "a quotation mark has no partner",
    "expected ',' or": "a bracket has no partner, or a comma is missing",
    "expected the node content": "a bracket has no partner, or a value is missing",
}


def _not_yaml(error: MarkedYAMLError) -> Problem:
    said = f"{error.problem or error.context}"
    whole = f"{error.context} {error.problem}"
    cause = next((f"; {meant}" for sign, meant in _USUAL_CAUSES.items() if sign in whole), "")
    mark = error.problem_mark
    return Problem((), f"not YAML: {said}{cause}", Place(mark.line + 1, mark.column + 1) if mark else None)


class _Reader:
    """One pass over the parser's events; a limit of depth bounds the recursion, one of nodes the time."""

    def __init__(self, text: str) -> None:
        self._events: Iterator[Event] = iter(YAML(typ="safe", pure=True).parse(text))
        self._nodes = 0
        self.places: dict[Path, Place] = {}
        self.problems: list[Problem] = []

    def read(self) -> Plain:
        self._skip(StreamStartEvent)
        self._skip(DocumentStartEvent)
        data = self._node(next(self._events), ())
        self._skip(DocumentEndEvent)
        self._skip(StreamEndEvent)
        return data

    def _skip(self, expected: type[Event]) -> None:
        event = next(self._events)
        if not isinstance(event, expected):
            text = "empty" if isinstance(event, StreamEndEvent) else "more than one document in the file"
            raise _UnreadableError(Problem((), text, _place(event)))

    def _node(self, event: Event, path: Path) -> Plain:
        self.places.setdefault(path, _place(event))
        self._count(event, path)
        self._refuse_machinery(event, path)
        if len(path) > MAX_DEPTH:
            raise _UnreadableError(Problem(path[:3], f"nested deeper than {MAX_DEPTH} levels", _place(event)))
        if isinstance(event, MappingStartEvent):
            return self._mapping(path)
        if isinstance(event, SequenceStartEvent):
            return self._sequence(path)
        return self._scalar(event, path)

    def _count(self, event: Event, path: Path) -> None:
        self._nodes += 1
        if self._nodes > MAX_NODES:
            text = f"more than {MAX_NODES} names and values in the file"
            raise _UnreadableError(Problem(path[:1], text, _place(event)))

    def _refuse_machinery(self, event: Event, path: Path) -> None:
        if isinstance(event, AliasEvent) or (isinstance(event, NodeEvent) and event.anchor is not None):
            raise _UnreadableError(
                Problem(path, "anchors and aliases are not used here; write it out", _place(event))
            )
        if getattr(event, "tag", None) is not None:
            raise _UnreadableError(Problem(path, "tags are not used here; leave it out", _place(event)))

    def _sequence(self, path: Path) -> list[Plain]:
        found: list[Plain] = []
        while not isinstance(event := next(self._events), SequenceEndEvent):
            found.append(self._node(event, (*path, len(found))))
        return found

    def _mapping(self, path: Path) -> dict[str, Plain]:
        found: dict[str, Plain] = {}
        while not isinstance(event := next(self._events), MappingEndEvent):
            key = self._key(event, path)
            if key in found:
                text = f"stands here twice, first on line {self.places[*path, key].line}; keep one of the two"
                self.problems.append(Problem((*path, key), text, _place(event)))
            self.places[*path, key] = _place(event)
            found[key] = self._node(next(self._events), (*path, key))
        return found

    def _key(self, event: Event, path: Path) -> str:
        self._count(event, path)
        if not isinstance(event, ScalarEvent):
            raise _UnreadableError(
                Problem(path, "a field's name is a plain word; write it without brackets", _place(event))
            )
        self._refuse_machinery(event, path)
        return str(event.value)

    def _scalar(self, event: Event, path: Path) -> Plain:
        value = str(getattr(event, "value", ""))
        if getattr(event, "style", None) is not None:
            return value
        if value in _WORDS:
            return _WORDS[value]
        if _LEADING_NOUGHT.fullmatch(value):
            self.problems.append(
                Problem(path, "a number with a leading nought; put it in quotes", _place(event))
            )
            return value
        if len(value) < 20:  # noqa: PLR2004  # longer rows of digits are no number that anyone means
            return (
                int(value)
                if _INTEGER.fullmatch(value)
                else float(value)
                if _FLOAT.fullmatch(value)
                else value
            )
        return value


def _place(event: Event) -> Place:
    return Place(int(event.start_mark.line) + 1, int(event.start_mark.column) + 1)
