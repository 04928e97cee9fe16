"""How wide words are on paper, by estimate: what reads the drawing has fonts of its own. Pure.

The estimates are on the wide side, so that no font runs over its box.
"""

import unicodedata

from msgspec import Struct

__all__ = ["ARABIC", "MONO", "SANS", "Font", "width_of", "wrapped"]


class Font(Struct, frozen=True):
    """How something is written."""

    size: float  # pixels
    letter: float  # the mean width of a letter, in ems
    leading: float = 1.35  # from line to line, in ems

    @property
    def line(self) -> float:
        """From one line to the next, in pixels."""
        return self.size * self.leading


SANS = Font(12, 0.57)
MONO = Font(12, 0.605)  # of one width, in all fonts within a hundredth
ARABIC = Font(19, 0.48, 1.5)

_WIDE = "mwMW@%—"
_WIDE_FACTOR = 1.5


def width_of(text: str, font: Font) -> float:
    """The estimated width of one line, in pixels."""
    return sum(_width(character) for character in text) * font.size * font.letter


def wrapped(text: str, font: Font, width: float) -> list[str]:
    """Break `text` into lines of at most `width` pixels; one word that is wider is cut."""
    lines = [""]
    for word in text.split():
        for piece in _pieces(word, font, width):
            longer = f"{lines[-1]} {piece}".strip()
            if width_of(longer, font) <= width:
                lines[-1] = longer
            else:
                lines.append(piece)
    return [line for line in lines if line]


def _pieces(word: str, font: Font, width: float) -> list[str]:
    if width_of(word, font) <= width:
        return [word]
    most = max(1, int(width / (font.size * font.letter * _WIDE_FACTOR)))
    return [word[at : at + most] for at in range(0, len(word), most)]


def _width(character: str) -> float:
    if unicodedata.combining(character):
        return 0.0
    return _WIDE_FACTOR if character in _WIDE else 1.0
