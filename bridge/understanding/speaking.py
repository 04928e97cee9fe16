"""How a whole number is said: in standard Arabic, the Gulf, Egypt, the Levant and the Maghreb.

The counterpart of reading: what is spoken here is read back as the same number.
"""

from enum import StrEnum

from msgspec import Struct

__all__ = ["Style", "speak_number"]

GREATEST = 9_999


class Style(StrEnum):
    """Whose way of counting."""

    MSA = "msa"
    GULF = "glf"
    EGYPT = "egy"
    LEVANT = "lev"
    MAGHREB = "mag"


class _Words(Struct, frozen=True):
    to_nineteen: tuple[str, ...]  # 0 to 19
    tens: tuple[str, ...]  # 20 to 90
    hundreds: tuple[str, ...]  # 100 to 900
    thousands: tuple[str, ...]  # 1000 to 9000


def _words(to_nineteen: str, tens: str, hundreds: str, thousands: str) -> _Words:
    return _Words(*(tuple(listed.split("،")) for listed in (to_nineteen, tens, hundreds, thousands)))


_STYLES = {
    Style.MSA: _words(
        "صفر،واحد،اثنان،ثلاثة،أربعة،خمسة،ستة،سبعة،ثمانية،تسعة،عشرة،أحد عشر،اثنا عشر،ثلاثة عشر،أربعة عشر،"
        "خمسة عشر،ستة عشر،سبعة عشر،ثمانية عشر،تسعة عشر",
        "عشرون،ثلاثون،أربعون،خمسون،ستون،سبعون،ثمانون،تسعون",
        "مئة،مئتان،ثلاثمئة،أربعمئة،خمسمئة،ستمئة،سبعمئة،ثمانمئة،تسعمئة",
        "ألف،ألفان،ثلاثة آلاف،أربعة آلاف،خمسة آلاف،ستة آلاف،سبعة آلاف،ثمانية آلاف،تسعة آلاف",
    ),
    Style.GULF: _words(
        "صفر،واحد،اثنين،ثلاثة،أربعة،خمسة،ستة،سبعة،ثمانية،تسعة،عشرة،احدعش،اثنعش،ثلاثطعش،أربعطعش،خمسطعش،ستطعش،سبعطعش،"
        "ثمنطعش،تسعطعش",
        "عشرين،ثلاثين،أربعين،خمسين،ستين،سبعين،ثمانين،تسعين",
        "مية،ميتين،ثلاثمية،أربعمية،خمسمية،ستمية،سبعمية،ثمانمية،تسعمية",
        "ألف،ألفين،ثلاثة آلاف،أربعة آلاف،خمسة آلاف،ستة آلاف،سبعة آلاف،ثمانية آلاف،تسعة آلاف",
    ),
    Style.EGYPT: _words(
        "صفر،واحد،اتنين،تلاتة،أربعة،خمسة،ستة،سبعة،تمانية،تسعة،عشرة،حداشر،اتناشر،تلتاشر،أربعتاشر،خمستاشر،ستاشر،سبعتاشر،"
        "تمنتاشر،تسعتاشر",
        "عشرين،تلاتين،أربعين،خمسين،ستين،سبعين،تمانين،تسعين",
        "مية،ميتين،تلتمية،ربعمية،خمسمية،ستمية،سبعمية،تمنمية،تسعمية",
        "ألف،ألفين،تلات تلاف،أربع تلاف،خمس تلاف،ست تلاف،سبع تلاف،تمن تلاف،تسع تلاف",
    ),
    Style.LEVANT: _words(
        "صفر،واحد،تنين،تلاتة،أربعة،خمسة،ستة،سبعة،تمانية،تسعة،عشرة،احدعش،تنعش،تلتعش،أربعتعش،خمستعش،ستعش،سبعتعش،تمنتعش،تسعتعش",
        "عشرين،تلاتين،أربعين،خمسين،ستين،سبعين،تمانين،تسعين",
        "مية،ميتين،تلتمية،أربعمية،خمسمية،ستمية،سبعمية،تمنمية،تسعمية",
        "ألف،ألفين،تلات آلاف،أربع آلاف،خمس آلاف،ست آلاف،سبع آلاف،تمن آلاف،تسع آلاف",
    ),
    Style.MAGHREB: _words(
        "صفر،واحد،جوج،تلاتة،ربعة،خمسة،ستة،سبعة،تمنية،تسعود،عشرة،حداش،طناش،تلطاش،ربعطاش،خمسطاش،سطاش،سبعطاش،تمنطاش،تسعطاش",
        "عشرين،تلاتين،ربعين،خمسين،ستين،سبعين،تمانين،تسعين",
        "مية،ميتين،تلتمية،ربعمية،خمسمية،ستمية،سبعمية،تمنمية،تسعمية",
        "ألف،ألفين،تلت آلاف،ربع آلاف،خمس آلاف،ست آلاف،سبع آلاف،تمن آلاف،تسع آلاف",
    ),
}


def speak_number(number: int, style: Style | str = Style.MSA) -> str:
    """Say a whole number from 0 to 9,999.

    Raises:
        ValueError: the number is outside that range, or the style is none of `Style`.

    """
    if not 0 <= number <= GREATEST:
        raise ValueError(f"{number} is not between 0 and {GREATEST}")
    words = _STYLES[Style(style)]
    thousands, hundreds, rest = number // 1000, number // 100 % 10, number % 100
    parts = [words.thousands[thousands - 1]] if thousands else []
    if hundreds:
        parts.append(words.hundreds[hundreds - 1])
    if rest or not parts:
        parts.append(_below_hundred(rest, words, style))
    return " و".join(parts)


def _below_hundred(number: int, words: _Words, style: Style | str) -> str:
    if number < len(words.to_nineteen):
        return words.to_nineteen[number]
    tens, unit = words.tens[number // 10 - 2], number % 10
    if not unit:
        return tens
    said = "تنين" if unit == 2 and Style(style) is Style.MAGHREB else words.to_nineteen[unit]  # noqa: PLR2004
    return f"{said} و{tens}"
