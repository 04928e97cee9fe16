"""What SSML's say-as asks for: a text read as one kind of thing, and as nothing else."""

from collections.abc import Callable

from bridge.speech.reading import arabic, english
from bridge.speech.reading.amounts import amount_at, money_at, quantity_at
from bridge.speech.reading.arabic import Setting
from bridge.speech.reading.cardinals import GREATEST
from bridge.speech.reading.codes import groups_of
from bridge.speech.reading.cursor import Tokens, is_digits
from bridge.speech.reading.figures import MOST_FIGURES, Amount, Code, Day, Figure, Measured, Money, Time
from bridge.speech.reading.latin import letters_said
from bridge.speech.reading.moments import full_year, hour_at, is_day, time_at
from bridge.speech.reading.ordinals import ordinal
from bridge.speech.reading.tokens import Kind, tokens_of, without_controls

__all__ = ["DATE_FORMATS", "KINDS", "say_as"]

DATE_FORMATS = ("dmy", "mdy", "ymd", "dm", "md", "my", "ym", "d", "m", "y")
_GENDERS = ("", "masculine", "feminine")
_MAX_CHARACTERS = 200  # of what is said letter by letter: half a minute
_ARABIC_LETTERS = {
    letter: name
    for listed in """
    ا أَلِف,أ أَلِف,إ أَلِف,آ أَلِف مَدّ,ب بَاء,ت تَاء,ث ثَاء,ج جِيم,ح حَاء,خ خَاء,د دَال,ذ ذَال,
    ر رَاء,ز زَاي,س سِين,ش شِين,ص صَاد,ض ضَاد,
    ط طَاء,ظ ظَاء,ع عَيْن,غ غَيْن,ف فَاء,ق قَاف,ك كَاف,ل لَام,
    م مِيم,ن نُون,ه هَاء,و وَاو,ي يَاء,ى أَلِف مَقْصُورَة,ة تَاء مَرْبُوطَة,ء هَمْزَة,
    ؤ هَمْزَة عَلَى وَاو,ئ هَمْزَة عَلَى يَاء
    """.replace("\n", "").split(",")
    for letter, _, name in [listed.strip().partition(" ")]
}
_SIGNS = {
    "-": "شَرْطَة",
    ".": "نُقْطَة",
    "/": "شَرْطَة مَائِلَة",
    "@": "آت",
    "+": "زَائِد",
    "_": "شَرْطَة سُفْلِيَّة",
    "#": "مُرَبَّع",
    "*": "نَجْمَة",
}
_ENGLISH_SIGNS = {
    "-": "dash",
    ".": "dot",
    "/": "slash",
    "@": "at",
    "+": "plus",
    "_": "underscore",
    "#": "hash",
    "*": "star",
}


def say_as(text: str, interpret_as: str, format: str | None = None, language: str = "ar") -> str:  # noqa: A002 - SSML's name
    """Read `text` as the kind of thing that it is said to be.

    Kinds: characters (spell-out), digits, cardinal (number), ordinal, fraction, date, time, telephone, unit,
    currency. `format` is a date's order (dmy, mdy, ymd, dm, md, my, ym, d, m, y), or the gender of a cardinal
    or ordinal (masculine, feminine). In other languages than Arabic and English the text comes back.

    Raises:
        ValueError: there is no such kind or format, or the text is not of that kind; it says what is right.
            It never repeats the text.

    """
    kind = KINDS.get(interpret_as.strip().lower())
    if kind is None:
        raise ValueError(f"say-as cannot read {interpret_as!r}; it knows {', '.join(KINDS)}")
    primary = language.partition("-")[0].lower()
    cleaned = without_controls(text).strip()
    if primary not in ("ar", "en"):
        return text
    if not cleaned:
        raise ValueError(f"nothing stands in say-as {interpret_as!r}; give the text that is to be read so")
    return kind(cleaned, (format or "").strip().lower(), primary)


def _say(figure: Figure, language: str) -> str:
    return arabic.figure_said(figure, Setting()) if language == "ar" else english.figure_said(figure)


def _wrong(right: str) -> ValueError:
    return ValueError(f"say-as: the text is not {right}")


def _no_format(given: str, allowed: tuple[str, ...], kind: str) -> None:
    if given not in allowed:
        names = ", ".join(name for name in allowed if name)
        raise ValueError(
            f"say-as {kind}: there is no format {given!r}" + (f"; use {names}" if names else "; leave it out")
        )


def _characters(text: str, _format: str, language: str) -> str:
    if len(text) > _MAX_CHARACTERS:
        raise _wrong(f"short enough to be spelled; {_MAX_CHARACTERS} characters are the most")
    return " ".join(filter(None, (_character(character, language) for character in text)))


def _character(character: str, language: str) -> str:
    if character.isdecimal():
        return _say(Code((str(int(character)),)), language)
    if language == "en":
        return _ENGLISH_SIGNS.get(character, character if character.isalnum() else "")
    if character.isascii() and character.isalpha():
        return letters_said(character)
    return _ARABIC_LETTERS.get(character) or _SIGNS.get(character, "")


def _digits_of(text: str) -> list[str]:
    return [token.key for token in tokens_of(text) if token.kind is Kind.DIGITS]


def _digits(text: str, _format: str, language: str) -> str:
    groups = _digits_of(text)
    if not groups or any(token.kind in (Kind.ARABIC, Kind.LATIN) for token in tokens_of(text)):
        raise _wrong("a row of digits, such as 1234")
    return _say(Code(tuple(groups)), language)


def _telephone(text: str, _format: str, language: str) -> str:
    digits = _digits_of(text)
    if not digits or not all(character.isdecimal() or character in "+-.() /\u00a0‑" for character in text):
        raise _wrong("a telephone number, such as +962 79 123 4567")
    groups = tuple(part for group in digits for part in groups_of(group))
    return _say(Code(groups, text.startswith("+")), language)


def _whole_number(text: str, example: str) -> Amount:
    tokens = tokens_of(text)
    found = amount_at(tokens, 0)
    if found is None or found[1] != len(tokens):
        raise _wrong(f"a number, such as {example}")
    if found[0].is_too_long:
        raise _wrong(f"a number up to {GREATEST}")
    return found[0]


def _cardinal(text: str, gender: str, language: str) -> str:
    _no_format(gender, _GENDERS, "cardinal")
    amount = _whole_number(text, "125 or 37.5")
    if language == "ar":
        return arabic.figure_said(amount, Setting(feminine=gender == "feminine"))
    return english.figure_said(amount)


def _ordinal(text: str, gender: str, language: str) -> str:
    _no_format(gender, _GENDERS, "ordinal")
    tokens = tokens_of(text)
    if (
        not tokens
        or not is_digits(tokens, 0)
        or len(tokens) > 1
        or not 0 < int(tokens[0].key[:13]) <= GREATEST
    ):
        raise _wrong("the number of a place, such as 3")
    number = int(tokens[0].key)
    return ordinal(number, feminine=gender == "feminine") if language == "ar" else english.ordinal(number)


def _fraction(text: str, format_: str, language: str) -> str:
    _no_format(format_, ("",), "fraction")
    found = amount_at(tokens_of(text), 0)
    if found and found[0].fraction and found[1] == len(tokens_of(text)):
        return _say(found[0], language)
    digits = _digits_of(text)
    if (
        len(digits) != 2  # noqa: PLR2004
        or text.replace(" ", "").count("/") != 1
        or not all(len(part) <= MOST_FIGURES and int(part) for part in digits)
    ):
        raise _wrong("a fraction, such as 3/4 or 1½")
    upper, lower = map(int, digits)
    return arabic.fraction_said(upper, lower) if language == "ar" else english.fraction(upper, lower)


def _date(text: str, format_: str, language: str) -> str:
    _no_format(format_, ("", *DATE_FORMATS), "date")
    digits = _digits_of(text)
    if len(digits) == 1 and len(format_) > 1:
        digits = _cut(digits[0], format_)
    if not format_:
        format_ = "ymd" if digits and len(digits[0]) == 4 else "dmy"  # noqa: PLR2004
    if len(digits) != len(format_) or any(character.isalpha() for character in text):
        raise _wrong(f"a date in the order {format_}, such as {_example(format_)}")
    if any(len(part) > 4 for part in digits):  # noqa: PLR2004 - a year has no more
        raise _wrong(f"a date in the order {format_}, such as {_example(format_)}")
    given = dict(zip(format_, digits, strict=True))
    day, month = (int(given[part]) if part in given else None for part in "dm")
    if not is_day(day, month):
        raise _wrong(f"a date in the order {format_}, such as {_example(format_)}")
    year = full_year(given["y"], None) if "y" in given else None
    return _say(Day(day, month, year, is_hijri=year is not None and 1300 <= year < 1600), language)  # noqa: PLR2004


def _cut(digits: str, format_: str) -> list[str]:
    """Figures without anything between them: 20261121."""
    sizes = [4 if part == "y" else 2 for part in format_]
    if sum(sizes) != len(digits):
        return [digits]
    ends = [sum(sizes[: at + 1]) for at in range(len(sizes))]
    return [digits[end - size : end] for size, end in zip(sizes, ends, strict=True)]


def _example(format_: str) -> str:
    return "-".join({"d": "21", "m": "11", "y": "2026"}[part] for part in format_)


def _time(text: str, _format: str, language: str) -> str:
    tokens = tokens_of(text)
    found = (time_at(tokens, 0) or hour_at(tokens, 0)) if tokens and is_digits(tokens, 0) else None
    if found is None or found[1] != len(tokens) or not isinstance(found[0], Time):
        raise _wrong("a time, such as 14:30 or 2:30 pm")
    return _say(found[0], language)


def _unit(text: str, _format: str, language: str) -> str:
    return _of_kind(text, quantity_at, Measured, "a measure, such as 5 mg or 37.5 °C", language)


def _currency(text: str, _format: str, language: str) -> str:
    right = "an amount of money, such as 5.50 JOD"
    tokens = tokens_of(text)
    find = quantity_at if is_digits(tokens, 0) else money_at
    return _of_kind(text, find, Money, right, language)


def _of_kind(
    text: str,
    find: Callable[[Tokens, int], tuple[Figure, int] | None],
    kind: type[Figure],
    right: str,
    language: str,
) -> str:
    tokens = tokens_of(text)
    found = find(tokens, 0)
    if found is None or found[1] != len(tokens) or not isinstance(found[0], kind):
        raise _wrong(right)
    return _say(found[0], language)


KINDS: dict[str, Callable[[str, str, str], str]] = {
    "characters": _characters,
    "spell-out": _characters,
    "digits": _digits,
    "cardinal": _cardinal,
    "number": _cardinal,
    "ordinal": _ordinal,
    "fraction": _fraction,
    "date": _date,
    "time": _time,
    "telephone": _telephone,
    "unit": _unit,
    "currency": _currency,
}
