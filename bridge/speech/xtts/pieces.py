"""Cutting a text into pieces that an engine can speak at once, where a reader would draw breath."""

import re
from collections.abc import Callable, Iterator, Sequence

from msgspec import Struct

__all__ = ["Piece", "pieces_of"]

SENTENCE_PAUSE_SECONDS = 0.25
CLAUSE_PAUSE_SECONDS = 0.12

_SENTENCE_ENDS = ".!?؟…۔"
_CLAUSE_ENDS = "،,;؛:"
# From the best place for a cut to the worst: a sentence's end, a comma, between two words.
_CUTS = tuple(map(re.compile, (rf"(?<=[{_SENTENCE_ENDS}])\s+", rf"(?<=[{_CLAUSE_ENDS}])\s+", r"\s+")))

Fits = Callable[[str], bool]


class Piece(Struct, frozen=True):
    """What is spoken at once, and the silence after it."""

    text: str
    pause_seconds: float


def pieces_of(text: str, fits: Fits) -> tuple[Piece, ...]:
    """Cut `text` into as few pieces as fit; () when there is nothing in it to be spoken.

    `fits` says whether a text is short enough, and must be true of every single character.
    """
    texts = tuple(one for one in _cut(" ".join(text.split()), fits, _CUTS) if any(map(str.isalnum, one)))
    pauses = [*map(_pause_after, texts[:-1]), 0.0]
    return tuple(map(Piece, texts, pauses))


def _cut(text: str, fits: Fits, cuts: Sequence[re.Pattern[str]]) -> Iterator[str]:
    if fits(text):
        yield text
    elif not cuts:
        yield from _chopped(text, fits)
    else:
        for part in _packed(cuts[0].split(text), fits):
            yield from _cut(part, fits, cuts[1:])


def _packed(parts: Sequence[str], fits: Fits) -> Iterator[str]:
    """Neighbours joined for as long as they fit together."""
    packed = parts[0]
    for part in parts[1:]:
        if fits(f"{packed} {part}"):
            packed = f"{packed} {part}"
        else:
            yield packed
            packed = part
    yield packed


def _chopped(word: str, fits: Fits) -> Iterator[str]:
    """A word too long to be one."""
    while word:
        length = next((n for n in range(len(word), 1, -1) if fits(word[:n])), 1)
        yield word[:length]
        word = word[length:]


def _pause_after(text: str) -> float:
    if text[-1] in _SENTENCE_ENDS:
        return SENTENCE_PAUSE_SECONDS
    return CLAUSE_PAUSE_SECONDS if text[-1] in _CLAUSE_ENDS else 0.0
