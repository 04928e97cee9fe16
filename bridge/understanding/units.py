"""Numbers of things that a measure is not counted in: "seventy kilos" of sugar."""

from itertools import pairwise

from bridge.understanding.normalisation import normalise, words_of
from bridge.understanding.numerals import COUNTED, WORDS, Rank

__all__ = ["NO_UNITS", "in_other_unit"]

_COUNTING = (Rank.UNIT, Rank.TEN, Rank.TEEN, Rank.TENS, Rank.HUNDRED, Rank.THOUSAND)
# Said of a temperature, of sugar, or of how often.
NO_UNITS = words_of("درجة درجات وحدة وحدات مرة مرات")


def in_other_unit(text: str, units: frozenset[str]) -> bool:
    """Whether a number stands before a thing that this cannot be counted in: "seventy kilos" of sugar."""
    for number, thing in pairwise(normalise(text).split()):
        word = WORDS.get(number.removeprefix("و")) or WORDS.get(number)
        if (
            thing in COUNTED
            and thing not in units
            and (number.isdigit() or (word and word.rank in _COUNTING))
        ):
            return True
    return False
