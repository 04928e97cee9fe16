"""What the figures of a text mean: the one order in which readings are tried, none looking far ahead.

It knows how things are written in Arabic and English texts, and not how any of them is said.
"""

from datetime import date

from bridge.speech.reading.amounts import VULGAR, money_at, percent_at, quantity_at
from bridge.speech.reading.codes import LONG, code_at, dotted_at
from bridge.speech.reading.counted_nouns import counted_noun
from bridge.speech.reading.cursor import Tokens, past_blank, peek
from bridge.speech.reading.figures import (
    MOST_FIGURES,
    Amount,
    Figure,
    ListMark,
    Measured,
    Money,
    Percent,
    Place,
)
from bridge.speech.reading.moments import day_at, hour_at, month_first_at, time_at
from bridge.speech.reading.tokens import Kind

__all__ = ["figure_at"]

_ORDINALS = frozenset(("st", "nd", "rd", "th"))
_LIST_SIGNS = frozenset(".)-")
_LONGEST_LIST = 2  # figures
_WORDS = (Kind.ARABIC, Kind.LATIN)

Found = tuple[Figure, int]


def figure_at(tokens: Tokens, at: int, today: date | None, *, is_hour: bool = False) -> Found | None:
    """What begins there, and the place after it. `is_hour`: the word for "hour" stands before.

    Figures always mean something; other tokens may be the beginning of something, or None.
    """
    token = peek(tokens, at)
    if token.kind is Kind.DIGITS:
        return _figure_of_digits(tokens, at, today, is_hour=is_hour)
    if token.kind is Kind.LATIN:
        return money_at(tokens, at) or month_first_at(tokens, at, today)
    if token.text == "+":
        return code_at(tokens, at)
    if token.text in VULGAR or token.text in "-−":
        return quantity_at(tokens, at)
    return percent_at(tokens, at) or money_at(tokens, at) if token.kind is Kind.SIGN else None


def _figure_of_digits(tokens: Tokens, at: int, today: date | None, *, is_hour: bool) -> Found | None:
    return (
        _list_mark_at(tokens, at)
        or day_at(tokens, at, today)
        or _place_at(tokens, at)
        or time_at(tokens, at)
        or (hour_at(tokens, at) if is_hour else None)
        or dotted_at(tokens, at)
        or _long_amount_at(tokens, at)
        or code_at(tokens, at)
        or quantity_at(tokens, at)
    )


def _list_mark_at(tokens: Tokens, at: int) -> Found | None:
    before = peek(tokens, at - 1)
    if not (before.kind is Kind.SPACE and "\n" in before.text) or len(tokens[at].key) > _LONGEST_LIST:
        return None
    is_mark = peek(tokens, at + 1).text in _LIST_SIGNS and peek(tokens, at + 2).kind is Kind.SPACE
    number = int(tokens[at].key)
    return (ListMark(number), at + 2) if is_mark and number and peek(tokens, at + 3).kind in _WORDS else None


def _place_at(tokens: Tokens, at: int) -> Found | None:
    number = int(tokens[at].key[:LONG])
    return (Place(number), at + 2) if number and peek(tokens, at + 1).key in _ORDINALS else None


def _long_amount_at(tokens: Tokens, at: int) -> Found | None:
    """Many figures are no code where they count something."""
    digits = tokens[at].key
    if not LONG <= len(digits) <= MOST_FIGURES or digits.startswith("0"):
        return None
    found = quantity_at(tokens, at)
    if found is None or isinstance(found[0], Measured | Money | Percent):
        return found
    word = peek(tokens, past_blank(tokens, found[1]))
    is_counted = word.kind is Kind.ARABIC and counted_noun(word.text, int(digits[-2:])) is not None
    return found if is_counted and isinstance(found[0], Amount) else None
