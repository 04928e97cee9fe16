"""The words that the model knows, and how each of them is said: the table `words.tsv`.

Phones are written in ASCII, as in the table below; what is held twice as long is written twice ("s i t t a").
"""

from collections.abc import Iterable, Sequence
from pathlib import Path

from msgspec import Struct

from bridge.errors import BridgeError

__all__ = ["KINDS", "PHONES", "SOURCES", "VOWELS", "Word", "questions", "read_words", "usual_spellings"]

# Q ء, th ث, j ج, H ح, x خ, dh ذ, sh ش, S ص, D ض, T ط, Z ظ, E ع, gh غ, q ق, y ي; g is the Egyptian ج and the
# Gulf's ق; ee and oo are the long vowels of the dialects' "beet" and "yoom".
CONSONANTS = tuple("Q b t th j H x d dh r z s sh S D T Z E gh f q k l m n h w y g".split())  # noqa: SIM905
VOWELS = ("a", "aa", "i", "ii", "u", "uu", "ee", "oo")
PHONES = CONSONANTS + VOWELS
KINDS = frozenset(  # of words, by what answers with them
    {
        *("yes", "no", "dont_know", "refuse", "repeat", "slower", "stop", "wait", "person", "number", "unit"),
        *("fraction", "frequency", "severity", "change", "quality", "day", "time_of_day", "period", "body"),
        *("symptom", "danger", "filler", "function"),
        "keyword",  # recorded words that nothing else needs
    }
)
_ALWAYS = (
    "repeat",
    "slower",
    "stop",
    "wait",
    "person",
    "danger",
    "dont_know",
    "refuse",
)  # said to any question
_ANSWERS = (  # kinds of words that answer one kind of question
    ("yes", "no", "function"),
    ("number", "unit", "fraction"),
    ("frequency", "severity", "change", "quality"),
    ("day", "time_of_day", "period", "number"),
)
_USUAL = frozenset({"yes", "no", "number"})  # most answers are made of these
SOURCES = frozenset({"dataset", "lexicon", "numbers", "own"})  # dataset: there are recordings of it

_HEADING = "spelling\tpronunciations\tclass\tsource"
_FEMININE = "ة"


class Word(Struct, frozen=True):
    """One word; of its pronunciations, the first is the most usual."""

    spelling: str
    pronunciations: tuple[tuple[str, ...], ...]
    kind: str
    source: str


def read_words(path: Path) -> tuple[Word, ...]:
    """Read the table.

    Before another noun, ة is said as t ("khamsat ayyam"): that pronunciation is added to the table's.

    Raises:
        BridgeError: a line is not what it should be; the message names it.

    """
    lines = path.read_text(encoding="utf-8").splitlines()
    if not lines or lines[0] != _HEADING:
        raise BridgeError(f"{path}, line 1: the heading should be {_HEADING!r}")
    words: dict[str, Word] = {}
    for number, line in enumerate(lines[1:], 2):
        word = _word(line, f"{path}, line {number}")
        if word.spelling in words:
            raise BridgeError(f"{path}, line {number}: {word.spelling} is there already")
        words[word.spelling] = word
    return tuple(words.values())


def usual_spellings(words: Iterable[Word]) -> frozenset[str]:
    """The words that answers are usually made of."""
    return frozenset(word.spelling for word in words if word.kind in _USUAL)


def _word(line: str, place: str) -> Word:
    fields = line.split("\t")
    if len(fields) != _HEADING.count("\t") + 1:
        raise BridgeError(
            f"{place}: should have spelling, pronunciations, class and source, with tabs between"
        )
    spelling, said, kind, source = fields
    if not spelling or any(mark in spelling for mark in " _[<#"):
        raise BridgeError(f"{place}: the spelling should be one word, not {spelling!r}")
    if kind not in KINDS:
        raise BridgeError(f"{place}: the class {kind!r} should be one of {', '.join(sorted(KINDS))}")
    if source not in SOURCES:
        raise BridgeError(f"{place}: the source {source!r} should be one of {', '.join(sorted(SOURCES))}")
    pronunciations = tuple(tuple(variant.split()) for variant in said.split("|"))
    unknown = sorted({phone for phones in pronunciations for phone in phones} - set(PHONES))
    if unknown or not all(pronunciations):
        raise BridgeError(f"{place}: pronunciations are phones ({' '.join(PHONES)}), not {said!r}")
    return Word(spelling, _with_joined(spelling, pronunciations), kind, source)


def _with_joined(spelling: str, pronunciations: tuple[tuple[str, ...], ...]) -> tuple[tuple[str, ...], ...]:
    if not spelling.endswith(_FEMININE) or pronunciations[0][-1] != "a":
        return pronunciations
    return tuple(dict.fromkeys((*pronunciations, (*pronunciations[0], "t"))))


def questions(words: Sequence[Word]) -> list[frozenset[str]]:
    """For each kind of question, the words that are listened for: its answers, commands, words of danger."""
    return [
        frozenset(word.spelling for word in words if word.kind in answers + _ALWAYS) for answers in _ANSWERS
    ]
