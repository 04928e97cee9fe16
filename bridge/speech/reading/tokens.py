"""Text cut once, from left to right, into words, figures, blanks and signs. Nothing is left out."""

import re
from enum import StrEnum
from functools import lru_cache

from msgspec import Struct

__all__ = ["Kind", "Token", "bare", "folded", "is_vowelled", "tokens_of", "without_controls"]

# Arabic letters with their marks and tatweel; figures and punctuation of the same blocks are none.
_LETTERS = (
    "\u0620-\u064a\u066e-\u066f\u0671-\u06d3\u06d5\u06e5-\u06e6\u06ee-\u06ef\u06fa-\u06fc\u06ff"
    "\u0750-\u077f\u08a0-\u08c9\ufb50-\ufbb1\ufbd3-\ufd3d\ufd50-\ufdfb\ufe70-\ufefc"
)
_MARKS = "\u0610-\u061a\u064b-\u065f\u0670\u06d6-\u06dc\u06df-\u06e4\u06e7-\u06e8\u06ea-\u06ed\u08ca-\u08ff"
_LATIN = "A-Za-z\u00aa\u00b5\u00ba\u00c0-\u00d6\u00d8-\u00f6\u00f8-\u024f\u03bc"
# Lengths are bounded, so that a hostile text is looked at a bounded number of times.
_TOKEN = re.compile(
    r"(?P<url>(?:https?://|www\.)[A-Za-z0-9._~:/?#\[\]@!$&'()*+,;=%-]{1,500})"
    r"|(?P<email>[A-Za-z0-9][A-Za-z0-9._%+-]{0,63}@[A-Za-z0-9-]{1,63}(?:\.[A-Za-z0-9-]{1,63}){1,8})"
    rf"|(?P<arabic>[{_LETTERS}][{_LETTERS}{_MARKS}]*)"
    rf"|(?P<latin>[{_LATIN}][{_LATIN}\u0300-\u036f]*(?:['’][A-Za-z]+)?)"
    r"|(?P<digits>\d+)"
    r"|(?P<space>\s+)"
    r"|(?P<sign>.)",
    re.DOTALL,
)
_MARK = re.compile(f"[{_MARKS}\u0640]")
_VOWEL = re.compile("[\u064b-\u0652\u0670]")
# Bidirectional controls and the like: they are seen, and never heard.
_CONTROLS = dict.fromkeys(
    (0xAD, 0x61C, 0xFEFF, 0x200B, 0x200E, 0x200F, *range(0x202A, 0x202F), *range(0x2066, 0x206A))
)
# A hamza that is written as a mark of its own goes with the other marks.
_SAME = str.maketrans("أإآٱىةیکہھ", "اااايهيكهه")


class Kind(StrEnum):
    """What a token is."""

    URL = "url"
    EMAIL = "email"
    ARABIC = "arabic"
    LATIN = "latin"
    DIGITS = "digits"
    SPACE = "space"
    SIGN = "sign"


_KINDS = {str(kind): kind for kind in Kind}


class Token(Struct, frozen=True):
    """A stretch of text of one kind."""

    kind: Kind
    text: str
    key: str  # Arabic as it is compared, Latin in small letters, figures as 0-9, else the text


def tokens_of(text: str) -> list[Token]:
    """Cut a text; its tokens' texts, joined, are the text again."""
    return [_token(_KINDS[match.lastgroup or ""], match.group()) for match in _TOKEN.finditer(text)]


def _token(kind: Kind, text: str) -> Token:
    if kind is Kind.ARABIC:
        return Token(kind, text, folded(text))
    if kind is Kind.LATIN:
        return Token(kind, text, text.casefold())
    if kind is Kind.DIGITS:
        return Token(kind, text, text if text.isascii() else "".join(str(int(digit)) for digit in text))
    return Token(kind, text, text)


def without_controls(text: str) -> str:
    """Take out what steers only how a text looks."""
    return text if text.isascii() else text.translate(_CONTROLS)


def bare(word: str) -> str:
    """A word without its vowels and without tatweel."""
    return _MARK.sub("", word)


@lru_cache(maxsize=8192)
def folded(word: str) -> str:
    """A word as it is compared: without vowels, and with one alif, one ya and one ha for all."""
    return bare(word).translate(_SAME)


def is_vowelled(word: str) -> bool:
    """Whether its author gave it vowels."""
    return _VOWEL.search(word) is not None
