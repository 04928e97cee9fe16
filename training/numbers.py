"""How the numbers from 0 to 999 are said, in standard Arabic and in three dialects, in words of the table."""

from itertools import product

__all__ = ["DIALECTS", "spoken"]

Forms = dict[int, tuple[str, ...]]

DIALECTS = ("msa", "glf", "egy", "lev")
AND = "و"  # one word with what it joins

_MSA: Forms = {
    0: ("صفر",), 1: ("واحد",), 2: ("اثنان", "اثنين"), 3: ("ثلاثة",), 4: ("أربعة",), 5: ("خمسة",), 6: ("ستة",),
    7: ("سبعة",), 8: ("ثمانية",), 9: ("تسعة",), 10: ("عشرة",), 11: ("أحد عشر",), 12: ("اثنا عشر",),
    13: ("ثلاثة عشر",), 14: ("أربعة عشر",), 15: ("خمسة عشر",), 16: ("ستة عشر",), 17: ("سبعة عشر",),
    18: ("ثمانية عشر",), 19: ("تسعة عشر",), 20: ("عشرون", "عشرين"), 30: ("ثلاثون", "ثلاثين"),
    40: ("أربعون", "أربعين"), 50: ("خمسون", "خمسين"), 60: ("ستون", "ستين"), 70: ("سبعون", "سبعين"),
    80: ("ثمانون", "ثمانين"), 90: ("تسعون", "تسعين"), 100: ("مئة",), 200: ("مئتان", "مئتين"),
    300: ("ثلاثمئة",), 400: ("أربعمئة",), 500: ("خمسمئة",), 600: ("ستمئة",), 700: ("سبعمئة",),
    800: ("ثمانمئة",), 900: ("تسعمئة",),
}  # fmt: skip
_TENS_IN_SPEECH = {ten: (forms[-1],) for ten, forms in _MSA.items() if ten in range(20, 100)}
_GLF: Forms = _MSA | _TENS_IN_SPEECH | {
    2: ("اثنين",), 11: ("احدعش",), 12: ("اثنعش",), 13: ("ثلاثطعش",), 14: ("أربعطعش",), 15: ("خمسطعش",),
    16: ("ستعش",), 17: ("سبعطعش",), 18: ("ثمنطعش",), 19: ("تسعطعش",), 100: ("مية",), 200: ("ميتين",),
    300: ("ثلاثمية",), 400: ("أربعمية",), 500: ("خمسمية",), 600: ("ستمية",), 700: ("سبعمية",),
    800: ("ثمانمية",), 900: ("تسعمية",),
}  # fmt: skip
_T_FOR_TH = {
    2: ("اتنين",), 3: ("تلاتة",), 8: ("تمانية",), 30: ("تلاتين",), 80: ("تمانين",), 300: ("تلتمية",),
    800: ("تمنمية",),
}  # fmt: skip
_EGY: Forms = _GLF | _T_FOR_TH | {
    11: ("حداشر",), 12: ("اتناشر",), 13: ("تلتاشر",), 14: ("أربعتاشر",), 15: ("خمستاشر",), 16: ("ستاشر",),
    17: ("سبعتاشر",), 18: ("تمنتاشر",), 19: ("تسعتاشر",), 400: ("ربعمية",),
}  # fmt: skip
_LEV: Forms = _GLF | _T_FOR_TH | {
    12: ("اتنعش",), 13: ("تلتعش",), 14: ("أربعتعش",), 15: ("خمستعش",), 17: ("سبعتعش",), 18: ("تمنتعش",),
    19: ("تسعتعش",),
}  # fmt: skip
_FORMS = {"msa": _MSA, "glf": _GLF, "egy": _EGY, "lev": _LEV}


def spoken(number: int, dialect: str) -> tuple[str, ...]:
    """The common ways to say a number from 0 to 999.

    Raises:
        ValueError: the number is beyond what is known.
        KeyError: the dialect is.

    """
    if not 0 <= number <= 999:
        raise ValueError(f"{number} is not between 0 and 999")
    forms = _FORMS[dialect]
    hundreds, rest = number // 100 * 100, number % 100
    if not hundreds:
        return _below_hundred(rest, forms)
    if not rest:
        return forms[hundreds]
    return tuple(
        f"{hundred} {AND}{phrase}"
        for hundred, phrase in product(forms[hundreds], _below_hundred(rest, forms))
    )


def _below_hundred(number: int, forms: Forms) -> tuple[str, ...]:
    if number in forms:
        return forms[number]
    unit, ten = number % 10, number - number % 10
    return tuple(f"{one} {AND}{tens}" for one, tens in product(forms[unit], forms[ten]))
