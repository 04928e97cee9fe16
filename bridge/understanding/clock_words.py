"""Clock words that are no number.

The fives of the Maghreb, "at" written together with the hour, "less" by its other names.
"""

from collections.abc import Sequence

from bridge.understanding.calendar_words import HOUR_WORDS, LENGTHS
from bridge.understanding.normalisation import words_of
from bridge.understanding.numerals import WORDS, Rank

__all__ = ["in_minutes", "without_each"]

_HOURS = (Rank.UNIT, Rank.TEN, Rank.TEEN)
_MINUTES = (*_HOURS, Rank.TENS, Rank.HALF, Rank.QUARTER, Rank.THIRD)
_AT_THE = ("عال", "فال", "فل", "عل", "مال", "ال")  # "at the three"; with an article it is else a weekday
_FIVES = {"قسم": 5, "قسمين": 10, "درج": 5, "درجين": 10, "قسام": 0, "اقسام": 0, "دراج": 0, "ادراج": 0}
_LESS, _ALSO_LESS = "الا", words_of("قل غير ناقص ناقصه")
_MOST_FIVES = 11
_PARTS = words_of("صباح صبح مسا مساء ليله ليل")


def in_minutes(tokens: Sequence[str]) -> list[str]:
    """The same in the words that every dialect has: "five and a qism" is five and five minutes."""
    found: list[str] = []
    for at, token in enumerate(tokens):
        after = tokens[at + 1] if at + 1 < len(tokens) else ""
        if token in _ALSO_LESS and found and (_rank(after) in _MINUTES or after in _FIVES):
            found.append(_LESS)
        elif token.removeprefix("و") in _FIVES:
            _add_fives(found, token)
        else:
            found.append(_hour(token, after_hour=at > 0 and tokens[at - 1] in HOUR_WORDS))
    return found


def without_each(tokens: Sequence[str]) -> list[str]:
    """As in "at six, every day"."""
    each = {
        at for at in range(1, len(tokens)) if tokens[at - 1] == "كل" and tokens[at] in LENGTHS.keys() | _PARTS
    }
    return [token for at, token in enumerate(tokens) if at not in each and at + 1 not in each]


def _rank(token: str) -> Rank | None:
    return WORDS[token].rank if token in WORDS else None


def _add_fives(found: list[str], token: str) -> None:
    """One, two, or so many of five minutes."""
    minutes = _FIVES[token.removeprefix("و")]
    count = WORDS.get(found[-1].removeprefix("و")) if found else None
    is_counted = found and found[-1].startswith("و") and count is not None and 1 <= count.value <= _MOST_FIVES
    if is_counted and count is not None:
        found[-1] = "و"
        found.append(str(count.value * 5))
        return
    found += ["و", str(minutes)] if token.startswith("و") else [str(minutes)]


def _hour(token: str, *, after_hour: bool) -> str:
    for prefix in _AT_THE if after_hour or not token.startswith("ال") else ():
        rest = token.removeprefix(prefix)
        if rest != token and _rank(rest) in _HOURS and token not in WORDS:
            return rest
    return token
