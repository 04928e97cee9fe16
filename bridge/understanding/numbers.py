"""One number: whole or with decimals, with its hedges, its corrections and what is counted.

Every word of an answer must be a number word or one that is known to stand beside numbers: an unknown
word next to a number invalidates it. Two numbers are no answer, unless one is said to correct the other.
"""

from collections.abc import Sequence
from itertools import pairwise

from msgspec.structs import replace

from bridge.understanding.judging import DOUBTED, SURE, Reading, ambiguous, as_value, reading
from bridge.understanding.lexing import lex
from bridge.understanding.meaning import Finding, Meaning, nothing
from bridge.understanding.normalisation import normalise, words_of
from bridge.understanding.numerals import Numeral, Rank
from bridge.understanding.vocabulary import DEGREES, STATES, WELL

__all__ = [
    "DOUBTED",
    "SURE",
    "Reading",
    "ambiguous",
    "as_value",
    "read_number",
    "read_quantity",
    "reading",
    "within",
]

_IN_A_ROW = 3  # digits said one by one that are one number: "one, two, nought"
_ONE = tuple(map(normalise, ("واحد", "واحدة", "وحدة", "حد", "أحد")))
_OTHER = words_of("ثاني تاني ثانية تانية آخر أخرى كمان غيره غيرها")
_VERY = normalise("مرة")  # also "once"
_HOW = STATES | WELL | DEGREES - words_of("بس كاملة")  # "very tired"
_NONE_AT_ALL = frozenset(
    normalise(phrase)
    for phrase in [
        "لا شيء",
        " لا شي",
        " ولا شي",
        " ولا شيء",
        " ولا حاجة",
        " ما في",
        " مافي",
        " مفيش",
        " ما فيه",
        " مافيه",
        " لا يوجد",
        " ما عندي",
        " معنديش",
        " والو",
        " ماكو",
        " ولا شي أبدا",
        " لا شيء أبدا",
        " ما في شي",
        " ما عندي شي",
        " لا يوجد شيء",
    ]
)


def read_number(text: str, minimum: float, maximum: float, decimals: int = 0) -> Meaning:
    """Read `text` as one number; outside the range it is told apart from no number at all."""
    meaning = read_quantity(text, minimum, maximum, decimals)
    is_none = meaning.rule == "no_number" and meaning.finding is Finding.NOTHING
    return within(_ago(text) if is_none else meaning, minimum, maximum)


def read_quantity(text: str, minimum: float, maximum: float, decimals: int = 0) -> Meaning:
    """The same before its range is looked at; the range only tells "out of ten" from two numbers."""
    words = lex(text)
    if words is not None and minimum <= 0 and _is_none_at_all(words, text):
        return Meaning(Finding.VALUE, "number:none_at_all", value=0, doubtful=True, confidence=DOUBTED)
    if words is None:
        return nothing("unknown_word")
    if _is_hour(text):
        return ambiguous("clock_time")
    if all(word.is_beside for word in words):
        return nothing("no_number" if words else "empty")
    meaning = reading(_without_scale(words, maximum)).meaning()
    return _counted(meaning, text, decimals)


def _ago(text: str) -> Meaning:
    """As in "two days ago", where nothing else is a number."""
    words = lex(text) or []
    lengths = [word.value for word in words if word.rank is Rank.THEN and word.value]
    if len(lengths) != 1:
        return nothing("no_number")
    return Meaning(Finding.VALUE, "number:ago", value=lengths[0], doubtful=True, confidence=DOUBTED)


def _counted(meaning: Meaning, text: str, decimals: int) -> Meaning:
    """A meaning that is one of others, or has too many decimals, is no number."""
    is_every = meaning.rule == "number:not_even_one" and "كل" in normalise(text).split()
    if is_every or (meaning.value == 1 and _is_some_one(text)):
        return ambiguous("one_of_others")
    if isinstance(meaning.value, float) and round(meaning.value, decimals) != meaning.value:
        return ambiguous("not_so_many_decimals", meaning.value)
    return meaning


def _is_none_at_all(words: Sequence[Numeral], text: str) -> bool:
    """As in "none", "I feel no pain", with nothing else beside it."""
    said = [word for word in words if not word.is_beside]
    return normalise(text) in _NONE_AT_ALL or (bool(said) and all(word.rank is Rank.NONE for word in said))


def _is_hour(text: str) -> bool:
    """Whether "the hour" stands before something: five o'clock is no five."""
    return normalise("الساعة") in normalise(text).split()[:-1]


def _is_some_one(text: str) -> bool:
    """As in "another one", "everyone", "very much", which count nothing."""
    tokens = normalise(text).split()
    pairs = set(pairwise(tokens))
    is_each = any(first == "كل" and second in _ONE for first, second in pairs)
    return (
        is_each
        or any(first in _ONE and second == "من" for first, second in pairs)
        or bool(_OTHER & set(tokens))
        or any(first in _HOW and second == _VERY for first, second in pairs - _before_one(tokens))
        or any(first == _VERY and second in _HOW for first, second in pairs)
    )


def _before_one(tokens: Sequence[str]) -> set[tuple[str, str]]:
    """The pairs of words that "one" follows: "fine, one time"."""
    return {
        (first, second)
        for first, second, third in zip(tokens, tokens[1:], tokens[2:], strict=False)
        if third in _ONE
    }


def within(meaning: Meaning, minimum: float, maximum: float) -> Meaning:
    """A value outside the range is told apart from an answer."""
    if meaning.finding is not Finding.VALUE or not isinstance(meaning.value, int | float):
        return meaning
    return meaning if minimum <= meaning.value <= maximum else replace(meaning, finding=Finding.OUT_OF_RANGE)


def _without_scale(words: list[Numeral], maximum: float) -> list[Numeral]:
    """Take "out of ten" away where ten is the end of the scale."""
    said = [word for word in words if not word.is_beside]
    if len(said) > 2 and said[-2].rank in (Rank.FROM, Rank.OVER) and said[-1].value == maximum:  # noqa: PLR2004
        return said[:-2]
    return words
