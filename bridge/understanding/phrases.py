"""Phrases looked up in a text, longest first. Whoever asks decides what a word that is in no phrase means."""

from collections.abc import Iterable, Sequence
from typing import Generic, TypeVar

from bridge.understanding.normalisation import normalise

__all__ = ["PhraseFinder", "Phrasebook"]

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


class PhraseFinder(Generic[Label]):
    """Phrases, as words, each with a label; found anywhere in a text, also where they overlap."""

    def __init__(self, entries: Iterable[tuple[Sequence[str], Label]]) -> None:
        self._by_first: dict[str, list[tuple[tuple[str, ...], Label]]] = {}
        for phrase, label in entries:
            self._by_first.setdefault(phrase[0], []).append((tuple(phrase), label))

    @property
    def first_words(self) -> frozenset[str]:
        """The words that a phrase begins with."""
        return frozenset(self._by_first)

    def labels(self, tokens: Sequence[str]) -> set[Label]:
        """The labels of all phrases that stand in `tokens`, their words side by side."""
        return {
            label
            for at, token in enumerate(tokens)
            for phrase, label in self._by_first.get(token, ())
            if tuple(tokens[at : at + len(phrase)]) == phrase
        }
