"""The first, the second …: ordinal numbers in vowelled standard Arabic, with their article."""

from bridge.speech.reading.cardinals import cardinal
from bridge.speech.reading.endings import Case, End, and_, composed, definite

__all__ = ["adverb", "ordinal"]

_MASCULINE = (
    "أَوَّل",
    "ثَانِي",
    "ثَالِث",
    "رَابِع",
    "خَامِس",
    "سَادِس",
    "سَابِع",
    "ثَامِن",
    "تَاسِع",
    "عَاشِر",
)
_FEMININE = ("أُولَى", "ثَانِيَة", *(f"{stem}َة" for stem in _MASCULINE[2:]))
_ELEVENTH = ("حَادِي", "حَادِيَة")
_ADVERBS = ("أَوَّلًا", "ثَانِيًا", *(f"{stem}ًا" for stem in _MASCULINE[2:]))
_TEN, _HUNDRED, _GREATEST = 10, 100, 999
_VOWEL = {Case.NOMINATIVE: "ُ", Case.GENITIVE: "ِ", Case.ACCUSATIVE: "َ"}
_UNCHANGING = ("ِي", "ى")  # endings that are the same in both cases that are used here


def ordinal(
    number: int, *, feminine: bool = False, case: Case = Case.NOMINATIVE, end: End = End.PAUSE
) -> str:
    """Say which one: الثَّالِث, الثَّالِثَةَ عَشْرَة, الْخَامِسُ بَعْدَ الْمِئَة; from a thousand on, رَقْمُ with the number.

    Raises:
        ValueError: there is no such number.

    """
    if number < 1:
        raise ValueError(f"{number} is not 1 or more")
    hundreds, rest = divmod(number, _HUNDRED)
    if number > _GREATEST:
        return f"رَقْمُ {cardinal(number, case=Case.GENITIVE, end=end)}"
    if not rest:
        return composed(_definite_hundreds(number, case, end))
    if not hundreds:
        return composed(_below_hundred(rest, case, end, feminine=feminine))
    after = _definite_hundreds(hundreds * _HUNDRED, Case.GENITIVE, end)
    return composed(f"{_below_hundred(rest, case, End.JOINED, feminine=feminine)} بَعْدَ {after}")


def adverb(number: int) -> str:
    """Firstly, secondly … tenthly: how items of a list are called; later ones by their number."""
    return composed(_ADVERBS[number - 1]) if 1 <= number <= _TEN else cardinal(number)


def _definite_hundreds(number: int, case: Case, end: End) -> str:
    """There is no tanween behind an article, but two hundred keep their nun."""
    if end is not End.PAUSE:
        end = End.JOINED if number == 2 * _HUNDRED else End.CONSTRUCT
    return definite(cardinal(number, case=case, end=end))


def _below_hundred(number: int, case: Case, end: End, *, feminine: bool) -> str:
    tens, unit = divmod(number, 10)
    forms = _FEMININE if feminine else _MASCULINE
    if number <= _TEN:
        return _ended(definite(forms[number - 1]), case, end)
    first = definite(_ELEVENTH[feminine] if unit == 1 else forms[unit - 1])
    if tens == 1:
        return f"{first}َ {'عَشْرَة' if feminine else 'عَشَر'}" + ("" if end is End.PAUSE else "َ")
    ten = definite(cardinal(tens * 10, case=case, end=End.JOINED if end is not End.PAUSE else end))
    return f"{_ended(first, case, End.JOINED)} {and_(ten)}" if unit else ten


def _ended(word: str, case: Case, end: End) -> str:
    return word if end is End.PAUSE or word.endswith(_UNCHANGING) else word + _VOWEL[case]
