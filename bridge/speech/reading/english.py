"""Figures in English texts, in English words. All else is left as it is: English engines read it well."""

from datetime import date

from bridge.speech.reading.codes import groups_of
from bridge.speech.reading.cursor import Tokens, is_digits, peek
from bridge.speech.reading.english_names import CURRENCY_NAMES, UNIT_NAMES
from bridge.speech.reading.figures import (
    Amount,
    Code,
    Day,
    Dotted,
    Era,
    Figure,
    Half,
    ListMark,
    Measured,
    Money,
    Over,
    Percent,
    Place,
    Span,
    Time,
)
from bridge.speech.reading.recognising import figure_at
from bridge.speech.reading.tokens import Kind
from bridge.speech.reading.units import CURRENCIES

__all__ = ["EnglishPassage", "cardinal", "figure_said", "ordinal"]

_SMALL_LISTED = (
    "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen "
    "sixteen seventeen eighteen nineteen"
)
_SMALL = tuple(_SMALL_LISTED.split())
_TENS = ["twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety"]
_SCALES = ((10**9, "billion"), (10**6, "million"), (10**3, "thousand"), (100, "hundred"))
_ORDINALS = {
    "one": "first",
    "two": "second",
    "three": "third",
    "five": "fifth",
    "eight": "eighth",
    "nine": "ninth",
    "twelve": "twelfth",
}
_MONTHS_LISTED = "January February March April May June July August September October November December"
_MONTHS = tuple(_MONTHS_LISTED.split())
_HIJRI_LISTED = (
    "Muharram|Safar|Rabi al-Awwal|Rabi al-Thani|Jumada al-Ula|Jumada al-Akhira|Rajab|Shaaban|Ramadan|"
    "Shawwal|Dhu al-Qaada|Dhu al-Hijja"
)
_HIJRI = tuple(_HIJRI_LISTED.split("|"))
_PERCENT = {100: "percent", 1000: "per thousand"}
_ERAS = {Era.HIJRI: "after the Hijra", Era.COMMON: "of the common era"}


class EnglishPassage:
    """The state of one reading."""

    def __init__(self, tokens: Tokens, today: date | None) -> None:
        self._tokens = tokens
        self._today = today

    def read(self) -> str:
        """The passage with its figures in words."""
        said: list[str] = []
        at, is_ours = 0, False
        while at < len(self._tokens):
            token = self._tokens[at]
            found = (
                None if token.kind in (Kind.SPACE, Kind.ARABIC) else figure_at(self._tokens, at, self._today)
            )
            text = figure_said(found[0]) if found else token.text
            if said and (found or is_ours) and said[-1][-1:].isalnum() and text[:1].isalnum():
                said.append(" ")
            said.append(text)
            is_ours = found is not None
            at = self._end(found) if found else at + 1
        return "".join(said)

    def _end(self, found: tuple[Figure, int]) -> int:
        """Between a date and its time, as machines write them, stands a letter."""
        figure, end = found
        is_stamp = isinstance(figure, Day) and peek(self._tokens, end).text == "T"
        return end + 1 if is_stamp and is_digits(self._tokens, end + 1) else end


def cardinal(number: int) -> str:
    """Say a whole number, such as "one hundred twenty-five"."""
    if number < len(_SMALL):
        return _SMALL[number]
    if number < 100:  # noqa: PLR2004
        tens, unit = divmod(number, 10)
        return _TENS[tens - 2] + (f"-{_SMALL[unit]}" if unit else "")
    scale, name = next((scale, name) for scale, name in _SCALES if number >= scale)
    many, rest = divmod(number, scale)
    return f"{cardinal(many)} {name}" + (f" {cardinal(rest)}" if rest else "")


def ordinal(number: int) -> str:
    """Say which one: "twenty-first"."""
    said = cardinal(number)
    cut = max(said.rfind(" "), said.rfind("-")) + 1
    last = said[cut:]
    if last in _ORDINALS:
        return said[:cut] + _ORDINALS[last]
    return said[:-1] + "ieth" if said.endswith("y") else said + "th"


def figure_said(figure: Figure) -> str:  # noqa: C901, PLR0911 - one line for each kind
    """Say any figure."""
    match figure:
        case Amount():
            return _amount(figure)
        case Percent(amount, per):
            return f"{_amount(amount)} {_PERCENT[per]}"
        case Measured(amount, unit):
            return f"{_amount(amount)} {UNIT_NAMES[unit][not _is_one(amount)]}"
        case Money(amount, currency):
            return _money(amount, currency)
        case Span(first, last):
            return f"{figure_said(first)} to {figure_said(last)}"
        case Over(upper, lower):
            return f"{_amount(upper)} over {figure_said(lower)}"
        case Day():
            return _day(figure)
        case Time():
            return _time(figure)
        case Code(groups, has_plus):
            return ("plus " if has_plus else "") + _digits(groups)
        case Dotted(numbers):
            return " point ".join(cardinal(int(number)) for number in numbers)
        case Place(number):
            return ordinal(number)
        case ListMark(number):
            return f"{cardinal(number)}:"


def _is_one(amount: Amount) -> bool:
    if amount.fraction and not amount.whole:
        return True  # half a metre
    return amount.is_whole and amount.value == 1


def _amount(amount: Amount) -> str:
    sign = "minus " if amount.is_negative else ""
    if amount.is_too_long:
        return sign + _digits(groups_of(amount.whole))
    if amount.decimals:
        behind = " ".join(_SMALL[int(digit)] for digit in amount.decimals)
        return f"{sign}{cardinal(amount.value)} point {behind}"
    if amount.fraction is None:
        return sign + cardinal(amount.value)
    part = fraction(*amount.fraction)
    return f"{sign}{cardinal(amount.value)} and {_with_article(part)}" if amount.whole else sign + part


def _with_article(part: str) -> str:
    return part.replace("one ", "a ", 1) if part.startswith("one ") else part


def fraction(upper: int, lower: int) -> str:
    """Say a fraction: "three quarters"."""
    name = {2: "half", 4: "quarter"}.get(lower) or ordinal(lower)
    many = {"half": "halves"}.get(name, f"{name}s")
    return f"{cardinal(upper)} {name if upper == 1 else many}"


def _money(amount: Amount, code: str) -> str:
    one, many, part, parts = CURRENCY_NAMES[code]
    digits = CURRENCIES[code].digits
    if not amount.decimals or amount.is_too_long or len(amount.decimals) > digits:
        return f"{_amount(amount)} {one if _is_one(amount) else many}"
    small = int(amount.decimals.ljust(digits, "0"))
    sign = "minus " if amount.is_negative else ""
    whole = f"{cardinal(amount.value)} {one if amount.value == 1 else many}"
    if not small:
        return sign + whole
    small_said = f"{cardinal(small)} {part if small == 1 else parts}"
    return sign + (f"{whole} and {small_said}" if amount.value else small_said)


def _day(day: Day) -> str:
    months = _HIJRI if day.is_hijri else _MONTHS
    parts = [f"the {ordinal(day.day)}"] if day.day else []
    if day.month:
        parts += [*(["of"] if parts else []), months[day.month - 1]]
    if day.year:
        parts.append(year(day.year))
    if day.era in _ERAS:
        parts.append(_ERAS[day.era])
    return " ".join(parts)


def year(number: int) -> str:
    """Say a year: "twenty twenty-six", "nineteen oh five", "two thousand six"."""
    century, rest = divmod(number, 100)
    if not 10 <= century <= 99 or century % 10 == 0 and rest < 10:  # noqa: PLR2004, RUF021
        return cardinal(number)
    if not rest:
        return f"{cardinal(century)} hundred"
    return f"{cardinal(century)} {'oh ' if rest < 10 else ''}{cardinal(rest)}"  # noqa: PLR2004


def _time(time: Time) -> str:
    hour = time.hour % 24
    parts = [cardinal((hour - 1) % 12 + 1)]
    if time.minute:
        parts.append(("oh " if time.minute < 10 else "") + cardinal(time.minute))  # noqa: PLR2004
    elif time.half in (Half.UNKNOWN, Half.TOLD) and not time.second:
        parts.append("o'clock")
    if time.second:
        parts.append(f"and {cardinal(time.second)} second" + ("s" if time.second > 1 else ""))
    is_morning = time.half is Half.MORNING or (time.half is Half.BY_CLOCK and hour < 12)  # noqa: PLR2004
    if time.half in (Half.MORNING, Half.AFTERNOON, Half.BY_CLOCK):
        parts.append("a m" if is_morning else "p m")
    return " ".join(parts)


def _digits(groups: tuple[str, ...]) -> str:
    return ", ".join(" ".join(_SMALL[int(digit)] for digit in group) for group in groups)
