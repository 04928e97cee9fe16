"""How numerals add up: hundreds, units, tens, each once, then thousands, then a half or a decimal.

A row of numerals is cut into the greatest numbers that it holds; what stands between them is left for the
question that was asked to judge.
"""

from collections.abc import Sequence
from decimal import Decimal

from msgspec import Struct

from bridge.understanding.numerals import Numeral, Rank

__all__ = ["Quantity", "quantities", "quantity_at"]

_TEN = 10
_QUARTER, _HALF, _THIRD = Decimal("0.25"), Decimal("0.5"), Decimal("0.33")
_TWENTY_TO_NINETY = range(20, 100, 10)
_THOUSAND, _HUNDRED = 1000, 100


class Quantity(Struct, frozen=True):
    """One number, and where in the row it ends."""

    value: Decimal
    end: int
    rule: str
    doubtful: bool = False
    other: Decimal | None = None  # what it may be instead
    digits: str = ""  # of one numeral in figures, or one digit in a word


def quantities(words: Sequence[Numeral]) -> list[Quantity | Numeral]:
    """Cut a row into its numbers and what stands between them."""
    found: list[Quantity | Numeral] = []
    position = 0
    while position < len(words):
        number = quantity_at(words, position)
        found.append(number or words[position])
        position = number.end if number else position + 1
    return found


def quantity_at(words: Sequence[Numeral], start: int) -> Quantity | None:
    """The greatest number that begins at `start`."""
    part = _leading_part(words, start)
    if part is not None:
        return part
    whole = _whole(words, start)
    return _with_part(words, whole) if whole else None


def _rank(words: Sequence[Numeral], at: int) -> Rank | None:
    return words[at].rank if 0 <= at < len(words) else None


def _value(words: Sequence[Numeral], at: int) -> Decimal:
    word = words[at]
    return Decimal(word.text) if word.rank is Rank.DIGITS else Decimal(word.value)


def _is_unit(words: Sequence[Numeral], at: int) -> bool:
    return _rank(words, at) in (Rank.UNIT, Rank.DIGITS) and _value(words, at) in range(1, _TEN)


# Halves and their like, before and after a whole number


def _leading_part(words: Sequence[Numeral], at: int) -> Quantity | None:
    rank = _rank(words, at)
    if _rank(words, at + 1) is Rank.QUARTERS and _is_unit(words, at) and _value(words, at) == 3:  # noqa: PLR2004
        return Quantity(_QUARTER * 3, at + 2, "part")
    parts = {Rank.HALF: _HALF, Rank.QUARTER: _QUARTER, Rank.THIRD: _THIRD}
    if rank in parts and rank is not None:
        return Quantity(parts[rank], at + 1, "part")
    if rank is Rank.TENTHS and words[at].value and _rank(words, at - 1) is None and len(words) == 1:
        return Quantity(Decimal(words[at].value) / _TEN, at + 1, "part", doubtful=True)
    return None


def _with_part(words: Sequence[Numeral], whole: Quantity) -> Quantity:
    at = _past_things(words, whole.end)
    added = _added(words, at)
    if added is None:
        return whole
    part, end, rule = added
    value = whole.value + part
    round_value = whole.value != 0 and whole.value % _HUNDRED == 0
    if (
        part == _HALF and round_value
    ):  # "a thousand and a half" is 1500 to many; "a hundred and a half" may be 150
        step = _THOUSAND if whole.value % _THOUSAND == 0 else _HUNDRED
        return Quantity(whole.value + step // 2, end, "half_of_the_step", doubtful=True, other=value)
    return Quantity(value, end, f"{whole.rule}_and_{rule}", whole.doubtful, whole.other)


def _past_things(words: Sequence[Numeral], at: int) -> int:
    """A thing between a number and its half: "five kilos and a half"."""
    is_thing = _rank(words, at) in (Rank.COUNTED, Rank.THING) and _added(words, at + 1) is not None
    return at + 1 if is_thing else at


def _added(words: Sequence[Numeral], at: int) -> tuple[Decimal, int, str] | None:
    match _rank(words, at):
        case Rank.AND:
            return _added_by_and(words, at + 1)
        case Rank.LESS:
            return _taken_away(words, at + 1)
        case Rank.POINT:
            return _decimal(words, at + 1)
        case Rank.TENTHS:  # "37, a line"
            return _tenths(words, at)
        case Rank.UNIT | Rank.DIGITS if _rank(words, at + 1) is Rank.TENTHS:  # "37, three lines"
            return _tenths(words, at)
        case _:
            return None


def _taken_away(words: Sequence[Numeral], at: int) -> tuple[Decimal, int, str] | None:
    less = {Rank.QUARTER: _QUARTER, Rank.THIRD: _THIRD, Rank.HALF: _HALF}
    rank = _rank(words, at)
    if rank is Rank.TENTHS and words[at].value:
        return -Decimal(words[at].value) / _TEN, at + 1, "less"
    return (-less[rank], at + 1, "less") if rank in less and rank is not None else None


def _added_by_and(words: Sequence[Numeral], at: int) -> tuple[Decimal, int, str] | None:
    rank, after = _rank(words, at), _rank(words, at + 1)
    if rank is Rank.POINT:
        return _decimal(words, at + 1)
    if rank is Rank.HALF:
        return _HALF, at + 1, "half"
    if rank is Rank.QUARTER:
        return _QUARTER, at + 1, "quarter"
    if rank is Rank.THIRD or (rank is Rank.UNIT and words[at].text == "تلت" and after is None):
        return _THIRD, at + 1, "third"
    if _is_unit(words, at) and after is Rank.QUARTERS and _value(words, at) == 3:  # noqa: PLR2004
        return _QUARTER * 3, at + 2, "quarters"
    return _tenths(words, at)


def _tenths(words: Sequence[Numeral], at: int) -> tuple[Decimal, int, str] | None:
    if _rank(words, at) is Rank.TENTHS and words[at].value:
        return Decimal(words[at].value) / _TEN, at + 1, "tenths"
    if not _is_unit(words, at):
        return None
    if _rank(words, at + 1) is Rank.TENTHS:
        return _value(words, at) / _TEN, at + 2, "tenths"
    is_of_ten = _rank(words, at + 1) is Rank.FROM and _rank(words, at + 2) in (Rank.TEN, Rank.DIGITS)
    if is_of_ten and _value(words, at + 2) == _TEN:
        return _value(words, at) / _TEN, at + 3, "tenths"
    return None


def _decimal(words: Sequence[Numeral], at: int) -> tuple[Decimal, int, str] | None:
    """What follows "point": figures, digit words one by one, or one number below a hundred."""
    digits, end = "", at
    while _rank(words, end) is Rank.UNIT and _rank(words, end + 1) is not Rank.AND:
        digits += str(words[end].value)
        end += 1
    if not digits:
        below = _below_hundred(words, at)
        if below is None or below.value != int(below.value) or below.value == 0:
            return None
        digits, end = (below.digits or str(below.value)), below.end
    return (Decimal(f"0.{digits}"), end, "decimal") if len(digits) <= 2 else None  # noqa: PLR2004


# Whole numbers


def _whole(words: Sequence[Numeral], start: int) -> Quantity | None:
    """Thousands, and what is below a thousand."""
    rank = _rank(words, start)
    if rank in (Rank.THOUSAND, Rank.THOUSANDS):
        return _above(words, Quantity(Decimal(words[start].value), start + 1, "thousand"))
    if rank is Rank.COUNTED:
        return _single(words, start)
    first = _below_thousand(words, start)
    if first is None or _rank(words, first.end) is not Rank.THOUSAND or first.value < 1:
        return first
    value = first.value * _THOUSAND
    return _above(words, Quantity(value, first.end + 1, "thousands", doubtful=first.doubtful))


def _above(words: Sequence[Numeral], thousands: Quantity) -> Quantity:
    joined = _rank(words, thousands.end) is Rank.AND
    rest = _below_thousand(words, thousands.end + joined)
    if rest is None or not 0 < rest.value < _THOUSAND or _rank(words, rest.end) is Rank.THOUSAND:
        return thousands
    is_hundreds = rest.value >= _HUNDRED  # "one thousand nine hundred" needs no "and"
    return Quantity(
        thousands.value + rest.value,
        rest.end,
        f"thousands_and_{rest.rule}",
        doubtful=thousands.doubtful or rest.doubtful or not (joined or is_hundreds),
    )


def _below_thousand(words: Sequence[Numeral], start: int) -> Quantity | None:
    rank = _rank(words, start)
    is_hundred = rank is Rank.HUNDRED or (
        rank is Rank.DIGITS
        and _value(words, start) in range(_HUNDRED, _THOUSAND, _HUNDRED)
        and _rank(words, start + 1) is Rank.AND
        and _rank(words, start + 2) is not Rank.DIGITS
    )
    if not is_hundred:
        return _below_hundred(words, start)
    hundreds = _value(words, start)
    joined = _rank(words, start + 1) is Rank.AND
    below = _below_hundred(words, start + 1 + joined)
    if below is None or not 0 < below.value < _HUNDRED or below.value != int(below.value):
        return Quantity(
            hundreds, start + 1, "hundred", digits=words[start].text if rank is Rank.DIGITS else ""
        )
    # Where a unit and a ten follow, the "and" before both is left out by many; elsewhere it was swallowed.
    is_usual = joined or below.rule == "unit_and_tens"
    return Quantity(
        hundreds + below.value,
        below.end,
        f"hundred_and_{below.rule}",
        doubtful=below.doubtful or not is_usual,
    )


def _below_hundred(words: Sequence[Numeral], start: int) -> Quantity | None:
    rank = _rank(words, start)
    if rank not in (Rank.UNIT, Rank.TEN, Rank.TEEN, Rank.TENS, Rank.DIGITS):
        return None
    if _is_unit(words, start):
        joined = _rank(words, start + 1) is Rank.AND
        if _rank(words, start + 1 + joined) is Rank.TENS:
            value = _value(words, start) + _value(words, start + 1 + joined)
            rule = "unit_and_tens" if joined else "unit_tens"  # the "and" is often swallowed
            return Quantity(value, start + 2 + joined, rule, doubtful=not joined)
    return _figures_and_unit(words, start) or _single(words, start)


def _figures_and_unit(words: Sequence[Numeral], start: int) -> Quantity | None:
    """As written by some recognisers: "20 and five"."""
    ranks = [_rank(words, start + offset) for offset in range(3)]
    if ranks != [Rank.DIGITS, Rank.AND, Rank.UNIT] or not _is_unit(words, start + 2):
        return None
    if _value(words, start) not in _TWENTY_TO_NINETY:
        return None
    value = _value(words, start) + _value(words, start + 2)
    return Quantity(value, start + 3, "figures_and_unit", doubtful=True)


def _single(words: Sequence[Numeral], at: int) -> Quantity | None:
    word = words[at]
    digits = word.text if word.rank is Rank.DIGITS else str(word.value) if word.rank is Rank.UNIT else ""
    doubtful = word.rank is Rank.COUNTED and word.text == "long"
    return Quantity(_value(words, at), at + 1, str(word.rank), doubtful=doubtful, digits=digits)
