"""Wishes in whole sentences: words of some classes that follow each other, whatever stands around them.

"Repeat the question, I did not hear" and "I want to speak to the doctor, he knows me" are wishes for certain:
no answer addresses whoever asks.
"""

from collections.abc import Sequence

from bridge.understanding.meaning import Command
from bridge.understanding.normalisation import normalise
from bridge.understanding.wish_classes import (
    ANSWERS_BEFORE,
    COURTESIES,
    NEGATING,
    NOT,
    PATTERNS,
    SPOILS_WAITING,
    Pattern,
    Phrases,
)

__all__ = ["wish_in_sentence"]

_MAY_PRECEDE = ("و", "ف")
_LONGEST = 3
_BEGINNINGS = [
    (pattern, frozenset(phrase[0] for phrase in pattern.parts[0] if phrase)) for pattern in PATTERNS
]


def wish_in_sentence(text: str, *, over_answers: bool) -> Command | None:
    """The wish that a sentence holds, the weightier of two; `over_answers`: only one that is no answer."""
    tokens = normalise(text).split()
    said = {*tokens, *(token[1:] for token in tokens if token[:1] in _MAY_PRECEDE)}
    for pattern, beginnings in _BEGINNINGS:
        if (pattern.weak and over_answers) or beginnings.isdisjoint(said):
            continue
        found = _where(tokens, pattern)
        if found is not None and not _is_an_answer(tokens, found, pattern.command):
            return pattern.command
    return None


def _where(tokens: Sequence[str], pattern: Pattern) -> int | None:
    """Where a pattern begins; None if it does not stand in the text."""
    places = range(_after_courtesies(tokens) + 1 if pattern.first else len(tokens))
    for at in places:
        ends = _follow(tokens, at, pattern)
        if ends and (not pattern.last or any(_is_over(tokens, end) for end in ends)):
            return at
    return None


def _follow(tokens: Sequence[str], at: int, pattern: Pattern) -> set[int]:
    """Where the parts that begin here may end."""
    ends = _ends(tokens, at, pattern.parts[0])
    for part in pattern.parts[1:]:
        starts = {end + gap for end in ends for gap in range(pattern.gap + 1)}
        ends = {end for start in starts for end in _ends(tokens, start, part)}
    return ends


def _ends(tokens: Sequence[str], at: int, phrases: Phrases) -> set[int]:
    """Where a phrase that begins here ends; its first word may bear an "and"."""
    found = set[int]()
    for length in range(1, min(_LONGEST, len(tokens) - at) + 1):
        words = tuple(tokens[at : at + length])
        bare = (words[0][1:], *words[1:]) if words[0][:1] in _MAY_PRECEDE else words
        if words in phrases or bare in phrases:
            found.add(at + length)
    return found


def _after_courtesies(tokens: Sequence[str]) -> int:
    at = 0
    while at < len(tokens):
        ends = _ends(tokens, at, COURTESIES)
        if not ends:
            break
        at = max(ends)
    return at


def _is_over(tokens: Sequence[str], at: int) -> bool:
    return at + _after_courtesies(tokens[at:]) >= len(tokens)


def _is_an_answer(tokens: Sequence[str], at: int, command: Command) -> bool:
    """Whether the same words may answer: a person is wanted or not, pain is borne a moment."""
    if command is Command.PERSON:
        first = any(_ends(tokens, 0, ANSWERS_BEFORE)) and not _ends(tokens, at, NOT)
        return first or (at > 0 and bool(_ends(tokens, at - 1, NOT)) and not _ends(tokens, at, NOT))
    if command is Command.WAIT:
        return any(_ends(tokens, place, SPOILS_WAITING) for place in range(len(tokens)))
    if command in (Command.STOP, Command.BACK):
        before = tokens[at - 1] if at else ""
        return (before,) in NEGATING and not (before == "لا" and command is Command.BACK)
    return False
