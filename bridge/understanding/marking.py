"""Words and phrases of a text given their names, longest phrase first.

What every reader of times begins with.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import TypeVar

__all__ = ["find_phrase", "longest_at"]

T = TypeVar("T")


def longest_at(tokens: Sequence[str], at: int, phrases: Mapping[tuple[str, ...], T]) -> tuple[T, int] | None:
    """The value of the longest phrase that begins at a token, and how many tokens it takes."""
    for length in range(min(4, len(tokens) - at), 0, -1):
        phrase = tuple(tokens[at : at + length])
        if phrase in phrases:
            return phrases[phrase], length
    return None


def find_phrase(tokens: Sequence[str], phrases: Iterable[tuple[str, ...]]) -> tuple[int, int] | None:
    """Where the first of some phrases begins and ends."""
    for phrase in phrases:
        for at in range(len(tokens) - len(phrase) + 1):
            if tuple(tokens[at : at + len(phrase)]) == phrase:
                return at, at + len(phrase)
    return None
