"""`Reader`: what is written becomes what is said, passage by passage."""

import re
from collections.abc import Callable
from datetime import date

from bridge.speech.reading.english import EnglishPassage
from bridge.speech.reading.lexicon import EMPTY, Lexicon
from bridge.speech.reading.passage import ArabicPassage
from bridge.speech.reading.tokens import tokens_of, without_controls

__all__ = ["Reader"]

# Text without any of these is said as it is written: figures, foreign letters, signs, and letters that stand
# alone before a point or a stroke, as abbreviations do.
_TELLING = re.compile(
    r"[^\u0621-\u0652\u0670\s.,:;!?،؛؟…()«»\"'“”‘’–—-]|(?<![\u0621-\u0652])[وأادصقم]{1,2}ـ?[./]|ا?[إا]لخ"
)
_ARABIC_LETTER = re.compile(r"[\u0621-\u064a]")
_VOWEL = re.compile(r"[\u064b-\u0652\u0670]")
_BARE_UP_TO = 0.1  # marks for each letter: an author who vowels gives most letters one


class Reader:
    """Reads texts out in words. It has no state but its tables: all calls of a tenant may share it."""

    def __init__(
        self,
        lexicon: Lexicon | None = None,
        diacritise: Callable[[str], str] | None = None,
        today: date | None = None,
    ) -> None:
        self._lexicon = lexicon or EMPTY
        self._diacritise = diacritise
        self._today = today

    def read(self, text: str, language: str = "ar") -> str:
        """What a voice is given for `text`. In languages (BCP 47) that it does not know it stays as it is."""
        primary = language.partition("-")[0].lower()
        if primary == "en":
            return EnglishPassage(tokens_of(without_controls(text)), self._today).read()
        if primary != "ar":
            return text
        text = without_controls(text)
        if self._diacritise and is_bare(text):
            text = self._diacritise(text)
        if not self._lexicon and not _TELLING.search(text):
            return text
        return ArabicPassage(tokens_of(text), self._lexicon, self._today).read()


def is_bare(text: str) -> bool:
    """Whether a text has Arabic letters, and hardly a vowel."""
    letters = len(_ARABIC_LETTER.findall(text))
    return letters > 0 and len(_VOWEL.findall(text)) <= _BARE_UP_TO * letters
