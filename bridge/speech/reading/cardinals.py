"""Whole numbers in vowelled standard Arabic, alone and with what they count, to 999,999,999,999.

The rules are those of the school grammars: one and two follow their noun's gender, three to ten oppose it,
eleven to ninety-nine take an accusative singular, hundreds and thousands a genitive singular.
"""

from collections.abc import Callable
from functools import lru_cache

from bridge.speech.reading.endings import Case, End, and_, composed, declined, dual
from bridge.speech.reading.nouns import Noun, phrase_of_few, phrase_of_one, phrase_of_two

__all__ = ["GREATEST", "cardinal", "counted", "digit_word"]

GREATEST = 999_999_999_999

_ZERO = "صِفْر"
_ONE, _ONE_FEMININE, _ONE_JOINED_FEMININE = "وَاحِد", "وَاحِدَة", "إِحْدَى"
_TWO, _TWO_FEMININE = "اِثْن", "اِثْنَت"
# 3 to 10: with a masculine noun, and with a feminine one.
_MASCULINE = ("ثَلَاثَة", "أَرْبَعَة", "خَمْسَة", "سِتَّة", "سَبْعَة", "ثَمَانِيَة", "تِسْعَة", "عَشَرَة")
_FEMININE = ("ثَلَاث", "أَرْبَع", "خَمْس", "سِتّ", "سَبْع", "ثَمَان", "تِسْع", "عَشْر")
_TENS = ("عِشْر", "ثَلَاث", "أَرْبَع", "خَمْس", "سِتّ", "سَبْع", "ثَمَان", "تِسْع")
_HUNDRED = "مِئَة"
_FEW, _TEEN, _FIRST_TENS = 3, 11, 20

_THOUSAND = Noun("أَلْف", "آلَافٍ")
_SCALES = (
    (10**9, Noun("مِلْيَار", "مِلْيَارَاتٍ")),
    (10**6, Noun("مِلْيُون", "مَلَايِينَ")),
    (10**3, _THOUSAND),
)

_Part = Callable[[Case, End], str]


@lru_cache(maxsize=4096)
def cardinal(
    number: int, *, feminine: bool = False, case: Case = Case.NOMINATIVE, end: End = End.PAUSE
) -> str:
    """Say a number; `feminine` is the gender of what it counts.

    Raises:
        ValueError: the number is negative, or greater than `GREATEST`.

    """
    if not 0 <= number <= GREATEST:
        raise ValueError(f"{number} is not between 0 and {GREATEST}")
    *most, last = _parts(number, feminine=feminine)
    said = [part(case, End.JOINED) for part in most] + [last(case, end)]
    return composed(" ".join([said[0], *map(and_, said[1:])]))


@lru_cache(maxsize=4096)
def counted(number: int, noun: Noun, case: Case = Case.NOMINATIVE, end: End = End.PAUSE) -> str:
    """A number with what it counts: يَوْمٌ وَاحِد، يَوْمَان، ثَلَاثَةُ أَيَّام، أَحَدَ عَشَرَ يَوْمًا، مِئَةُ يَوْم."""
    said = _with_one(number, noun, case, End.JOINED if noun.tail else end)
    return composed(f"{said} {noun.tail}" if noun.tail else said)


def _with_one(number: int, noun: Noun, case: Case, end: End) -> str:
    """One thing is told to be one, and nothing that follows a hundred is."""
    if noun.is_fixed and number % 100 in (1, 2):
        return f"{cardinal(number, feminine=noun.feminine, case=case, end=End.JOINED)} {noun.one}"
    if number == 1:
        one = declined(_ONE_FEMININE if noun.feminine else _ONE, case, end)
        return f"{phrase_of_one(noun, case, End.JOINED)} {one}"
    return _counted(number, noun, case, end)


def _counted(number: int, noun: Noun, case: Case, end: End) -> str:
    rest = number % 100
    if number in (1, 2):
        return phrase_of_one(noun, case, end) if number == 1 else phrase_of_two(noun, case, end)
    if rest in (1, 2):
        return f"{_counted(number - rest, noun, case, End.JOINED)} {and_(_counted(rest, noun, case, end))}"
    if _FEW <= rest < _TEEN:
        said = cardinal(number, feminine=noun.feminine, case=case, end=End.CONSTRUCT)
        return f"{said} {phrase_of_few(noun, end)}"
    if rest:
        said = cardinal(number, feminine=noun.feminine, case=case, end=End.JOINED)
        return f"{said} {phrase_of_one(noun, Case.ACCUSATIVE, end)}"
    said = cardinal(number, case=case, end=End.CONSTRUCT)
    return f"{said} {phrase_of_one(noun, Case.GENITIVE, end)}"


def digit_word(digit: str) -> str:
    """One figure by itself, as codes and telephone numbers are said."""
    return cardinal(int(digit))


def _parts(number: int, *, feminine: bool) -> list[_Part]:
    if not number:
        return [lambda case, end: declined(_ZERO, case, end)]
    parts: list[_Part] = []
    for scale, noun in _SCALES:
        many, number = divmod(number, scale)
        if many:
            parts.append(_scaled(many, noun))
    hundreds, rest = divmod(number, 100)
    if hundreds:
        parts.append(lambda case, end: _hundreds(hundreds, case, end))
    if rest:
        parts += _below_hundred(rest, feminine=feminine)
    return parts


def _scaled(many: int, noun: Noun) -> _Part:
    return lambda case, end: _counted(many, noun, case, end)


def _hundreds(hundreds: int, case: Case, end: End) -> str:
    if hundreds == 1:
        return declined(_HUNDRED, case, end)
    if hundreds == 2:  # noqa: PLR2004
        return dual(_HUNDRED, case, end)
    unit = _FEMININE[hundreds - _FEW]
    vowel = "ِ" if hundreds == 8 or case is Case.GENITIVE else "ُ" if case is Case.NOMINATIVE else "َ"  # noqa: PLR2004
    # One word since long: the unit keeps its case, the hundred is in the genitive.
    return unit + vowel + declined(_HUNDRED, Case.GENITIVE, end)


def _below_hundred(number: int, *, feminine: bool) -> list[_Part]:
    if number < _TEEN:
        return [lambda case, end: _unit(number, case, end, feminine=feminine)]
    if number < _FIRST_TENS:
        return [lambda case, end: _teen(number - 10, case, end, feminine=feminine)]
    tens, unit = divmod(number, 10)
    parts: list[_Part] = [lambda case, end: _ten(_TENS[tens - 2], case, end)]
    if unit == 1 and feminine:
        return [lambda _case, _end: _ONE_JOINED_FEMININE, *parts]
    if unit:
        parts.insert(0, lambda case, end: _unit(unit, case, end, feminine=feminine))
    return parts


def _ten(stem: str, case: Case, end: End) -> str:
    ending = "ُون" if case is Case.NOMINATIVE else "ِين"
    return stem + ending + ("" if end is End.PAUSE else "َ")


def _unit(number: int, case: Case, end: End, *, feminine: bool) -> str:
    if number == 1:
        return declined(_ONE_FEMININE if feminine else _ONE, case, end)
    if number == 2:  # noqa: PLR2004
        return dual(_TWO_FEMININE if feminine else _TWO, case, end)
    if feminine and number == 8:  # noqa: PLR2004
        return _FEMININE[5] + {End.PAUSE: "ِي", End.JOINED: "ٍ", End.CONSTRUCT: "ِي"}[end]
    said = (_FEMININE if feminine else _MASCULINE)[number - _FEW]
    return said if end is End.PAUSE else declined(said, case, end)


def _teen(unit: int, case: Case, end: End, *, feminine: bool) -> str:
    if unit == 1:
        first = _ONE_JOINED_FEMININE if feminine else "أَحَدَ"
    elif unit == 2:  # noqa: PLR2004
        first = dual(_TWO_FEMININE if feminine else _TWO, case, End.CONSTRUCT)
    elif feminine:
        first = "ثَمَانِيَ" if unit == 8 else _FEMININE[unit - _FEW] + "َ"  # noqa: PLR2004
    else:
        first = _MASCULINE[unit - _FEW] + "َ"
    return f"{first} {'عَشْرَة' if feminine else 'عَشَر'}" + ("" if end is End.PAUSE else "َ")
