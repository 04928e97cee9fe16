"""What the name of a folder or a line of a table says: the words, and what they are worth as an answer.

Folder names of the Arabic Speech Commands are known by a table. Any other label is Arabic as it was said, and
is read as the dialogue would read it.
"""

from enum import StrEnum
from functools import cache
from importlib.resources import files

from msgspec import Struct

from bridge.understanding import Finding, Meaning, YesNoKind, bare, normalise, read_number, read_yes_no

__all__ = ["GREATEST_NUMBER", "Kind", "Label", "read_label"]

GREATEST_NUMBER = 999  # that the reader of numbers knows


class Kind(StrEnum):
    """What kind of an answer it is."""

    YES_NO = "yes/no"
    NUMBER = "number"
    OTHER = "other"


class Label(Struct, frozen=True):
    """What is said in a recording."""

    words: str  # as people write them, without vowel signs
    kind: Kind
    value: bool | int | None  # as an answer; None for other words


def read_label(name: str) -> Label | None:
    """Read a label; None where it is neither Arabic nor a known folder."""
    text = " ".join(bare(name.replace("_", " ")).split())
    listed = _speech_commands().get(text.casefold()) or _speech_commands().get(text)
    if listed is not None:
        return _valued(*listed)
    if not any("\u0621" <= character <= "\u06ff" for character in text):
        return None
    return _valued(text, _kind_of(text))


def _valued(words: str, kind: Kind) -> Label:
    match kind:
        case Kind.YES_NO:
            return Label(words, kind, _yes_or_no(words))
        case Kind.NUMBER:
            return Label(words, kind, _number(words))
        case Kind.OTHER:
            return Label(words, kind, None)


def _kind_of(text: str) -> Kind:
    if _yes_or_no(text) is not None:
        return Kind.YES_NO
    return Kind.OTHER if _number(text) is None else Kind.NUMBER


def _yes_or_no(text: str) -> bool | None:
    """What it is to any question; a symptom's name is a yes to some, and no label of one."""
    values = {_value(read_yes_no(text, kind)) for kind in (YesNoKind.SYMPTOM, YesNoKind.FACT)}
    return values.pop() if len(values) == 1 else None


def _value(meaning: Meaning) -> bool | None:
    return meaning.value if meaning.finding is Finding.VALUE and isinstance(meaning.value, bool) else None


def _number(text: str) -> int | None:
    meaning = read_number(normalise(text), 0, GREATEST_NUMBER)
    return meaning.value if meaning.finding is Finding.VALUE and isinstance(meaning.value, int) else None


@cache
def _speech_commands() -> dict[str, tuple[str, Kind]]:
    """Words and kind by folder and by the words themselves.

    The kind is listed for the sake of "start", which without its hamza is "never", a no.
    """
    lines = files("bridge.models").joinpath("speech_commands.tsv").read_text(encoding="utf-8").splitlines()
    known: dict[str, tuple[str, Kind]] = {}
    for folder, words, kind in (line.split("\t") for line in lines[1:]):
        known[folder] = known[words] = (words, Kind(kind))
    return known
