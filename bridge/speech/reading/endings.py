"""How Arabic words end: by case, and by what follows them."""

import unicodedata
from enum import StrEnum

__all__ = ["AND", "Case", "End", "and_", "composed", "declined", "definite", "dual", "joined_to", "plural"]

AND = "وَ"  # one word with what follows
_SUN_LETTERS = frozenset("تثدذرزسشصضطظلن")
_SHADDA = "\u0651"
_TANWEEN_FATH = "ً"


class Case(StrEnum):
    """What a word is to its sentence."""

    NOMINATIVE = "nominative"
    GENITIVE = "genitive"
    ACCUSATIVE = "accusative"


class End(StrEnum):
    """What follows a word."""

    PAUSE = "pause"  # nothing, or nothing that is known: the last short vowel is left out
    JOINED = "joined"  # more of the same phrase: the word is indefinite, with its tanween
    CONSTRUCT = "construct"  # the word that it belongs to: "three" of "three days"


_TANWEEN = {Case.NOMINATIVE: "ٌ", Case.GENITIVE: "ٍ", Case.ACCUSATIVE: _TANWEEN_FATH}
_VOWEL = {Case.NOMINATIVE: "ُ", Case.GENITIVE: "ِ", Case.ACCUSATIVE: "َ"}


def composed(text: str) -> str:
    """Put marks into the one order in which the questionnaires have them too (NFC)."""
    return unicodedata.normalize("NFC", text)


def declined(stem: str, case: Case, end: End) -> str:
    """A noun in the singular; `stem` is written without its ending: يَوْم."""
    if end is End.CONSTRUCT:
        return stem + _VOWEL[case]
    if case is Case.ACCUSATIVE and not stem.endswith("ة"):
        return stem + _TANWEEN_FATH + "ا"  # heard at a pause too
    return stem if end is End.PAUSE else stem + _TANWEEN[case]


def dual(stem: str, case: Case, end: End) -> str:
    """Two of it: يَوْمَان, and يَوْمَيْن in other cases than the nominative."""
    root = stem.removesuffix("ة") + "ت" if stem.endswith("ة") else stem
    if case is Case.NOMINATIVE:
        return root + {End.PAUSE: "َان", End.JOINED: "َانِ", End.CONSTRUCT: "َا"}[end]
    return root + {End.PAUSE: "َيْن", End.JOINED: "َيْنِ", End.CONSTRUCT: "َيْ"}[end]


def plural(genitive: str, end: End) -> str:
    """A counted plural, always genitive, from the form before more words: أَيَّامٍ, دَقَائِقَ, ثَوَانٍ."""
    if end is End.JOINED:
        return genitive
    return genitive[:-1] + ("ِ" if end is End.CONSTRUCT else "")


def definite(word: str) -> str:
    """With its article, which a sun letter swallows: الثَّالِث, الْخَامِس."""
    first, rest = word[0], word[1:]
    if first in _SUN_LETTERS:
        return f"ال{first}{_SHADDA}{rest}"
    return f"الْ{word}"


def joined_to(prefix: str, word: str) -> str:
    """A word behind a letter that is written with it; an alif that only helps to begin loses its vowel."""
    return prefix + ("ا" + word[2:] if word.startswith("اِ") else word)


def and_(word: str) -> str:
    """The conjunction, and what it joins."""
    return joined_to(AND, word)
