"""Phrases looked up in a text, longest first. Whoever asks decides what a word that is in no phrase means."""

from collections.abc import Iterable, Sequence
from typing import Generic, TypeVar

from bridge.understanding.normalisation import normalise

__all__ = ["Phrasebook", "contains_phrase"]

Label = TypeVar("Label")


class Phrasebook(Generic[Label]):
    """Phrases, each with a label. A phrase named again takes its later label."""

    def __init__(self, entries: Iterable[tuple[str, Label]]) -> None:
        self._labels: dict[tuple[str, ...], Label] = {
            tuple(normalise(phrase).split()): label for phrase, label in entries
        }
        self._longest = max(map(len, self._labels), default=0)

    def labels(self, tokens: Sequence[str]) -> list[Label | None]:
        """Cut `tokens` into the longest known phrases and name each; a word that is in none is None."""
        found: list[Label | None] = []
        position = 0
        while position < len(tokens):
            length = self._length_at(tokens, position)
            found.append(self._labels.get(tuple(tokens[position : position + length])))
            position += length
        return found

    def _length_at(self, tokens: Sequence[str], position: int) -> int:
        for length in range(min(self._longest, len(tokens) - position), 1, -1):
            if tuple(tokens[position : position + length]) in self._labels:
                return length
        return 1


def contains_phrase(tokens: Sequence[str], phrase: Sequence[str]) -> bool:
    """Whether `phrase` stands anywhere in `tokens`, its words side by side."""
    wanted, length = tuple(phrase), len(phrase)
    return any(tuple(tokens[at : at + length]) == wanted for at in range(len(tokens) - length + 1))
