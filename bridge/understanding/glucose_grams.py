"""Grams of glucose in a litre, as the Maghreb counts it: "a gram and twenty" is 1.20 g/L."""

from collections.abc import Sequence
from decimal import Decimal

from bridge.understanding.lexing import lex
from bridge.understanding.normalisation import words_of
from bridge.understanding.numbers import reading
from bridge.understanding.numerals import Rank

__all__ = ["mg_of_grams"]

_GRAM = words_of("غرام غراما غرامات جرام جرامات غم قرام قرامات كرام كرامات اقرام غ")
_TWO_GRAMS = words_of("غرامين جرامين قرامين كرامين")
_MG_IN_DL = 100  # a gram in a litre
_MOST_GRAMS = Decimal(9)
_HUNDREDTHS = range(10, 100)
_AND = "و"


def mg_of_grams(tokens: Sequence[str]) -> Decimal | None:
    """Milligrams in a decilitre, where grams and hundredths of them were said; None for anything else."""
    at = next((at for at, token in enumerate(tokens) if token in _GRAM | _TWO_GRAMS), None)
    if at is None:
        return None
    grams = Decimal(2) if tokens[at] in _TWO_GRAMS else _number(tokens[:at], Decimal(1))
    more = _hundredths(tokens[at + 1 :])
    if grams is None or more is None or not 0 < grams <= _MOST_GRAMS or (more and grams != int(grams)):
        return None
    return (grams * _MG_IN_DL + more).quantize(Decimal(1))


def _number(tokens: Sequence[str], otherwise: Decimal) -> Decimal | None:
    words = lex(" ".join(tokens))
    if words is None:
        return None
    return otherwise if all(word.is_beside for word in words) else reading(words).number


def _hundredths(tokens: Sequence[str]) -> Decimal | None:
    """What follows "and": a half, a quarter or tens; five may be 5 or 50 hundredths, and is not taken."""
    words = lex(" ".join(tokens))
    words = [word for word in words or [] if not word.is_beside] if words is not None else None
    if words is None:
        return None
    if not words:
        return Decimal(0)
    if words[0].rank is Rank.LESS:
        part = reading(words[1:]).number
        return -part * _MG_IN_DL if part is not None and part < 1 else None
    rest = words[1:] if words[0].rank is Rank.AND else words
    number = reading(rest).number
    if number is None:
        return None
    if 0 < number < 1:
        return number * _MG_IN_DL
    return number if number in _HUNDREDTHS else None
