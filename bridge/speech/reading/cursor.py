"""Looking at tokens without running over their end."""

from collections.abc import Callable, Mapping, Sequence
from typing import Generic, TypeVar

from bridge.speech.reading.tokens import Kind, Token

__all__ = ["Spellings", "Tokens", "is_digits", "past_blank", "peek"]

T = TypeVar("T")
Tokens = Sequence[Token]

_END = Token(Kind.SPACE, "\n", "\n")
_LONGEST_SPELLING = 5  # tokens: "د.أ." has four
_WORDS = frozenset((Kind.ARABIC, Kind.LATIN, Kind.DIGITS))


def peek(tokens: Tokens, at: int) -> Token:
    """The token there; beyond either end the text is a new line."""
    return tokens[at] if 0 <= at < len(tokens) else _END


def past_blank(tokens: Tokens, at: int) -> int:
    """The place after one blank, if there is one; a new line is none."""
    token = peek(tokens, at)
    return at + 1 if token.kind is Kind.SPACE and "\n" not in token.text else at


def is_digits(tokens: Tokens, at: int, *lengths: int) -> bool:
    """Whether there are figures, of one of these lengths if any are given."""
    token = peek(tokens, at)
    return token.kind is Kind.DIGITS and (not lengths or len(token.key) in lengths)


class Spellings(Generic[T]):
    """A table of spellings that may go over several tokens."""

    def __init__(self, table: Mapping[str, T]) -> None:
        self._table = dict(table)
        self._beginnings = frozenset(key[:length] for key in table for length in range(1, len(key) + 1))

    def at(self, tokens: Tokens, at: int, spelled: Callable[[Token], str]) -> tuple[T, int] | None:
        """The longest entry that stands there as a whole word, and the place after it."""
        found, key = None, ""
        for end in range(at, min(at + _LONGEST_SPELLING, len(tokens))):
            key += spelled(tokens[end])
            if key not in self._beginnings:
                break
            is_whole = tokens[end].kind not in _WORDS or peek(tokens, end + 1).kind not in _WORDS
            if is_whole and key in self._table:
                found = (self._table[key], end + 1)
        return found
