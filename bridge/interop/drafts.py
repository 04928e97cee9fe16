"""A questionnaire made from another format, as a file that an author can finish.

It is a draft whatever the original was: its sentences were written for readers, not for listeners. What could
not be carried over stands at its top as comments, so that it is seen by whoever goes on with the file.
"""

import io
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from msgspec import Struct
from ruamel.yaml import YAML
from ruamel.yaml.scalarstring import DoubleQuotedScalarString

from bridge.dialogue.evaluation import FUNCTIONS, REFERENCE_FUNCTIONS
from bridge.interop.losses import Loss

__all__ = [
    "MAX_OPTIONS",
    "MISSING_TEXT",
    "Draft",
    "Ids",
    "arabic_of",
    "as_yaml",
    "option_losses",
    "wording_losses",
]

MAX_OPTIONS = 9  # each has a key of its own, 1 to 9
MAX_PHRASE = 60
MAX_ID = 40
MISSING_TEXT = "هَلْ …؟ (نَصُّ السُّؤَالِ نَاقِص)"  # "the question's text is missing"
_RESERVED = {"value", "call", "patient", "site", "and", "or", "not", "in", "true", "false"}
_RESERVED |= {*FUNCTIONS, *REFERENCE_FUNCTIONS}
_ARABIC = re.compile(r"[\u0621-\u064a]")
_ALWAYS_QUOTED = ("version", "key", "date")
LINE_WIDTH = 140
_FIRST = ("id", "type", "kind", "scale", "title", "say", "when", "ask", "variants")
_LAST = ("options", "codes", "items")


class Draft(Struct, frozen=True):
    """A questionnaire's file as plain data, and what it lacks."""

    data: dict[str, Any]
    losses: list[Loss]


class Ids:
    """Names of a foreign format as ids of ours: small letters, digits, _; each once."""

    def __init__(self) -> None:
        self._taken: set[str] = set()
        self._given: dict[str, str] = {}

    def give(self, name: str, fallback: str = "item") -> str:
        """A new id for this name."""
        wished = re.sub(r"[^a-z0-9]+", "_", name.lower()).strip("_")
        if not wished[:1].isalpha():
            wished = f"{fallback}_{wished}".rstrip("_")
        wished = wished[:MAX_ID].rstrip("_")
        chosen, number = wished, 2
        while chosen in self._taken or chosen in _RESERVED:
            ending = f"_{number}"
            chosen, number = wished[: MAX_ID - len(ending)] + ending, number + 1
        self._taken.add(chosen)
        self._given.setdefault(name, chosen)
        return chosen

    def of(self, name: str) -> str | None:
        """The id that a name was given."""
        return self._given.get(name)


def arabic_of(texts: Iterable[str | None]) -> str | None:
    """The first text in Arabic letters, or else the first there is."""
    there = [text.strip() for text in texts if text and text.strip()]
    return next((text for text in there if _ARABIC.search(text)), there[0] if there else None)


def wording_losses(where: str, text: str | None) -> list[Loss]:
    """What an author has to do about a sentence."""
    if text is None:
        return [Loss(where, "has no text; write its question")]
    if not _ARABIC.search(text):
        return [Loss(where, "is not in Arabic; translate it")]
    return []


def option_losses(where: str, options: Sequence[dict[str, Any]]) -> list[Loss]:
    """What an author has to do about options before they can be spoken."""
    long = [str(option["value"]) for option in options if len(str(option["say"])) > MAX_PHRASE]
    foreign = [str(option["value"]) for option in options if not _ARABIC.search(str(option["say"]))]
    found = []
    if long:
        found.append(Loss(where, f"options {', '.join(long)} have over {MAX_PHRASE} letters; shorten 'say'"))
    if foreign:
        found.append(Loss(where, f"options {', '.join(foreign)} are not in Arabic; translate 'say'"))
    return found


def as_yaml(draft: Draft, origin: str) -> str:
    """The draft as a file, with what it lacks as comments at its top."""
    yaml = YAML()
    yaml.allow_unicode, yaml.width = True, LINE_WIDTH
    yaml.indent(mapping=2, sequence=4, offset=2)
    buffer = io.StringIO()
    yaml.dump(_quoted(draft.data), buffer)
    head = [f"Imported from {origin}. A draft: read it aloud, add vowels, and have a clinician check it."]
    head += [f"TODO {loss}" for loss in draft.losses]
    lines = [f"# {' '.join(line.split())}" for line in head]
    return "\n".join(lines) + "\n" + buffer.getvalue()


def _quoted(data: Any, name: str = "") -> Any:
    """Texts that a reader might take for numbers, in quotes."""
    if isinstance(data, dict):
        return {key: _quoted(data[key], str(key)) for key in (_in_order(data) if "type" in data else data)}
    if isinstance(data, list | tuple):
        return [_quoted(one, name) for one in data]
    return DoubleQuotedScalarString(data) if isinstance(data, str) and name in _ALWAYS_QUOTED else data


def _in_order(item: Mapping[str, Any]) -> list[str]:
    """An item's fields as authors write them: what it is, what is said, the rest, what it holds."""
    middle = [name for name in item if name not in (*_FIRST, *_LAST)]
    return [name for name in (*_FIRST, *middle, *_LAST) if name in item]
