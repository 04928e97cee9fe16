"""Reading amounts: numbers with separators, fractions, percentages, measures, money, ranges."""

from bridge.speech.reading.cursor import Spellings, Tokens, is_digits, past_blank, peek
from bridge.speech.reading.figures import Amount, Figure, Measured, Money, Over, Percent, Span
from bridge.speech.reading.tokens import Kind, Token, bare
from bridge.speech.reading.units import CURRENCY_SPELLINGS, UNIT_SPELLINGS

__all__ = ["VULGAR", "amount_at", "money_at", "percent_at", "quantity_at"]

VULGAR = {
    "½": (1, 2),
    "⅓": (1, 3),
    "⅔": (2, 3),
    "¼": (1, 4),
    "¾": (3, 4),
    "⅕": (1, 5),
    "⅖": (2, 5),
    "⅗": (3, 5),
    "⅘": (4, 5),
    "⅙": (1, 6),
    "⅛": (1, 8),
    "⅜": (3, 8),
    "⅝": (5, 8),
    "⅞": (7, 8),
}
DASHES = frozenset("-–—‑−")
_MINUS = frozenset("-−")
_THOUSANDS = frozenset((",", "٬", "\u00a0", "\u202f", "\u2009"))
_POINTS = frozenset((".", "٫"))
_PERCENT = {"%": 100, "٪": 100, "‰": 1000}
_CURRENCY_SIGNS = frozenset("$€£₪₺﷼")
_CURRENCIES, _UNITS = Spellings(CURRENCY_SPELLINGS), Spellings(UNIT_SPELLINGS)
_NAMED_DENOMINATORS = range(2, 5)  # halves, thirds, quarters; "7/10" is a score
_MAX_DENOMINATOR = 10
_SYSTOLIC, _DIASTOLIC = range(60, 261), range(30, 161)
_GROUP = 3


def amount_at(tokens: Tokens, at: int) -> tuple[Amount, int] | None:
    """A number, or None where none begins."""
    is_negative = peek(tokens, at).text in _MINUS and _may_be_signed(tokens, at)
    at += is_negative
    vulgar = VULGAR.get(peek(tokens, at).text)
    if vulgar:
        return Amount("", fraction=vulgar, is_negative=is_negative), at + 1
    if not is_digits(tokens, at):
        return None
    fraction = _fraction_at(tokens, at)
    if fraction:
        return Amount("", fraction=fraction[0], is_negative=is_negative), fraction[1]
    whole, end = _whole_at(tokens, at)
    is_grouped = end > at + 1
    decimals, end = _decimals_at(tokens, end, is_grouped=is_grouped)
    mixed = None if decimals else _mixed_at(tokens, end)
    if mixed:
        return Amount(whole, "", mixed[0], is_negative, is_grouped), mixed[1]
    return Amount(whole, decimals, None, is_negative, is_grouped), end


def _may_be_signed(tokens: Tokens, at: int) -> bool:
    before = peek(tokens, at - 1)
    return before.kind is Kind.SPACE or before.text in ("(", "[", ":", "،", "±")


def _whole_at(tokens: Tokens, at: int) -> tuple[str, int]:
    digits, end = tokens[at].key, at + 1
    if len(digits) > _GROUP or digits.startswith("0"):
        return digits, end
    while peek(tokens, end).text in _THOUSANDS and is_digits(tokens, end + 1, _GROUP):
        digits, end = digits + tokens[end + 1].key, end + 2
    return digits, end


def _decimals_at(tokens: Tokens, at: int, *, is_grouped: bool) -> tuple[str, int]:
    sign = peek(tokens, at).text
    if not is_digits(tokens, at + 1):
        return "", at
    is_list = sign == "," and peek(tokens, at - 2).text == ","
    goes_on = is_list or (peek(tokens, at + 2).text == sign and is_digits(tokens, at + 3))
    if goes_on or (sign == "," and (is_grouped or not is_digits(tokens, at + 1, 1, 2))):
        return "", at
    return (tokens[at + 1].key, at + 2) if sign in _POINTS or sign == "," else ("", at)


def _fraction_at(tokens: Tokens, at: int) -> tuple[tuple[int, int], int] | None:
    """As 1/2 or 3/4, and not as 7/10, 120/80 or a date."""
    if not (
        is_digits(tokens, at, 1)
        and peek(tokens, at + 1).text in ("/", "⁄")
        and is_digits(tokens, at + 2, 1, 2)
    ):
        return None
    if peek(tokens, at + 3).text == "/" or peek(tokens, at - 1).text == "/":
        return None
    upper, lower = int(tokens[at].key), int(tokens[at + 2].key)
    is_named = lower in _NAMED_DENOMINATORS or (upper == 1 and lower <= _MAX_DENOMINATOR)
    return ((upper, lower), at + 3) if 0 < upper < lower and is_named else None


def _mixed_at(tokens: Tokens, at: int) -> tuple[tuple[int, int], int] | None:
    """The fraction of 1½ or 1 1/2."""
    after = past_blank(tokens, at)
    vulgar = VULGAR.get(peek(tokens, after).text)
    if vulgar:
        return vulgar, after + 1
    return _fraction_at(tokens, after) if after > at else None


def quantity_at(tokens: Tokens, at: int) -> tuple[Figure, int] | None:
    """An amount with all that belongs to it: its unit, where it ends, or what it is over."""
    found = amount_at(tokens, at)
    if found is None:
        return None
    amount, end = found
    return _over_at(tokens, amount, end) or _span_at(tokens, amount, end) or _measured_at(tokens, amount, end)


def _over_at(tokens: Tokens, upper: Amount, at: int) -> tuple[Over, int] | None:
    if not upper.whole or peek(tokens, at).text != "/" or not is_digits(tokens, at + 1):
        return None
    found = amount_at(tokens, at + 1)
    if found is None or not found[0].whole:
        return None
    lower, end = found
    if upper.value in _SYSTOLIC and lower.value in _DIASTOLIC and upper.value > lower.value:
        measured, end = _measured_at(tokens, lower, end)
        return Over(upper, measured if isinstance(measured, Measured) else lower), end
    return Over(upper, lower), end


def _span_at(tokens: Tokens, first: Amount, at: int) -> tuple[Span, int] | None:
    dash = past_blank(tokens, at)
    if peek(tokens, dash).text not in DASHES:
        return None
    begin = past_blank(tokens, dash + 1)
    if not is_digits(tokens, begin):
        return None
    found = amount_at(tokens, begin)
    if found is None or first.is_negative:
        return None
    last, end = _measured_at(tokens, *found)
    return (Span(first, last), end) if isinstance(last, Amount | Measured | Money | Percent) else None


def _measured_at(tokens: Tokens, amount: Amount, at: int) -> tuple[Figure, int]:
    after = past_blank(tokens, at)
    sign = peek(tokens, after)
    if sign.text in _PERCENT:
        return Percent(amount, _PERCENT[sign.text]), after + 1
    currency = _CURRENCIES.at(tokens, after, currency_spelling)
    if currency:
        return Money(amount, currency[0]), currency[1]
    if _is_generation(tokens, at):
        return amount, at
    unit = _UNITS.at(tokens, after, lambda token: token.key.casefold())
    return (Measured(amount, unit[0]), unit[1]) if unit else (amount, at)


def _is_generation(tokens: Tokens, at: int) -> bool:
    """5G is no mass."""
    return peek(tokens, at).text == "G"


def percent_at(tokens: Tokens, at: int) -> tuple[Percent, int] | None:
    """A sign that stands before its number: ٪50."""
    per = _PERCENT.get(peek(tokens, at).text)
    found = amount_at(tokens, at + 1) if per and is_digits(tokens, at + 1) else None
    return (Percent(found[0], per), found[1]) if found and per else None


def money_at(tokens: Tokens, at: int) -> tuple[Money, int] | None:
    """An amount behind the sign or the code of its currency: $5, JOD 5."""
    token = tokens[at]
    if not (token.text.isupper() if token.kind is Kind.LATIN else token.text in _CURRENCY_SIGNS):
        return None
    currency = _CURRENCIES.at(tokens, at, currency_spelling)
    if currency is None:
        return None
    begin = past_blank(tokens, currency[1])
    found = amount_at(tokens, begin) if is_digits(tokens, begin) else None
    return (Money(found[0], currency[0]), found[1]) if found else None


def currency_spelling(token: Token) -> str:
    """As currencies are compared: Latin ones are written in capitals, or are no currency."""
    if token.kind is Kind.LATIN:
        return token.key if token.text.isupper() else "\0"
    return bare(token.text)
