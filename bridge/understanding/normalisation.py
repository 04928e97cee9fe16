"""One spelling for every way of writing the same Arabic word.

Applied to the lexicon and to what was recognised alike, so that both meet; the raw text is kept elsewhere,
for audit. It knows letters and signs, no words: nothing is stemmed, no article or conjunction is cut off.
"""

import re
import unicodedata
from functools import cache
from itertools import chain

__all__ = ["bare", "normalise", "phrase_of", "words_of"]

# Written but not read: tatweel, zero-width and bidirectional controls, soft hyphen, byte order mark.
_INVISIBLE = (
    "\u0640\u00ad\u061c\ufeff\u200b\u200c\u200d\u200e\u200f"
    "\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"
)

_LETTERS = str.maketrans(
    {
        **dict.fromkeys("أإآٱ", "ا"),
        **dict.fromkeys("ىیے", "ي"),
        **dict.fromkeys("ةہھە", "ه"),
        "ک": "ك",
        "ؤ": "و",
        "ئ": "ي",
        "ء": None,
        # Letters of dialects and of Persian keyboards: the recogniser and the lexicon may differ in them.
        "گ": "ق",
        "چ": "ج",
        "ڤ": "ف",
        "پ": "ب",
        "٫": ".",
        "٬": None,
        "٪": "%",
        **dict.fromkeys(_INVISIBLE, None),
    }
)
_IN_WORDS = re.compile(r"[^\W_]|[.,%/]")


class _Spelling(dict[int, str | int | None]):
    """A table for `str.translate` that finds out about each character once."""

    def __missing__(self, code: int) -> str | int | None:
        self[code] = self.spelled(chr(code))
        return self[code]

    def spelled(self, character: str) -> str | None:
        """Leave out what marks a letter: vowel signs, and the like of other scripts."""
        return None if unicodedata.category(character) == "Mn" else character


class _Comparable(_Spelling):
    """Letters and digits in the one way in which words are compared; what parts words is a space."""

    def spelled(self, character: str) -> str | None:
        digit = unicodedata.decimal(character, None)
        if digit is not None:
            return str(digit)
        kept = super().spelled(character)
        return kept if kept is None or _IN_WORDS.match(character) else " "


_UNMARKED = _Spelling()
_COMPARABLE = _Comparable(_LETTERS)
_THOUSANDS_COMMA = re.compile(r"(?<=\d),(?=\d{3}(?!\d))")
_DECIMAL_COMMA = re.compile(r"(?<=\d),(?=\d{1,2}(?!\d))")
_NOT_A_DECIMAL_POINT = re.compile(r"(?<!\d)\.|\.(?!\d)")
_THRICE = re.compile(r"(.)\1\1")  # found sooner than what is drawn out, and mostly not there
_DRAWN_OUT = re.compile(r"([^\W\d])\1{2,}")  # نعمممم


def normalise(text: str) -> str:
    """Spell `text` in the one way in which words are compared."""
    text = unicodedata.normalize("NFKC", text).translate(_COMPARABLE)
    if "," in text:
        text = _DECIMAL_COMMA.sub(".", _THOUSANDS_COMMA.sub("", text)).replace(",", " ")
    if "." in text:
        text = _NOT_A_DECIMAL_POINT.sub(" ", text)
    if _THRICE.search(text):
        text = _DRAWN_OUT.sub(r"\1", text)
    return " ".join(text.replace("/", " / ").split())


@cache
def _tokens_of(word: str) -> tuple[str, ...]:
    return tuple(normalise(word).split())


def phrase_of(listed: str) -> tuple[str, ...]:
    """The words of a phrase of our own lists, as they are compared; each word is worked out once.

    For lists only, whose words are few and come again a hundred times: nothing is ever forgotten.
    """
    return tuple(chain.from_iterable(map(_tokens_of, listed.split())))


def bare(text: str) -> str:
    """Take the vowel signs away and leave the letters: a prompt's word as a recogniser spells it."""
    return " ".join(text.translate(_UNMARKED).replace("\u0640", "").split())


def words_of(listed: str) -> frozenset[str]:
    """The words of a list, parted by spaces, as they are compared."""
    return frozenset(map(normalise, listed.split()))
