"""A row of numerals judged as one number: corrections, then and now, ranges, what is counted, how sure it is.

Two numbers are no answer, unless one is said to correct the other, or to be so now.
"""

from collections.abc import Sequence
from decimal import Decimal

from msgspec import Struct
from msgspec.structs import replace

from bridge.understanding.meaning import Finding, Meaning, Value
from bridge.understanding.normalisation import normalise
from bridge.understanding.numerals import Numeral, Rank
from bridge.understanding.quantities import Quantity, quantities
from bridge.understanding.tenses import moved_to, present_of, was_only

__all__ = ["DOUBTED", "SURE", "Reading", "ambiguous", "as_value", "reading"]

SURE, DOUBTED = 0.95, 0.5  # how surely words mean what they were taken for
_UNIT = normalise("وحدة")
_BEFORE_UNITS = (Rank.TEN, Rank.TEEN, Rank.TENS, Rank.HUNDRED, Rank.DIGITS)
_TEN, _TWENTY = 10, 20


class Reading(Struct, frozen=True):
    """One number before its range is looked at, or why there is none."""

    number: Decimal | None
    rule: str
    doubtful: bool = False
    alternatives: tuple[Decimal, ...] = ()
    is_known: bool = True  # every word was

    def meaning(self) -> Meaning:
        """The same as an answer."""
        others = tuple(as_value(other) for other in self.alternatives)
        if self.number is None:
            finding = Finding.AMBIGUOUS if self.is_known else Finding.NOTHING
            return Meaning(finding, self.rule, alternatives=others, confidence=0.0)
        return Meaning(
            Finding.VALUE,
            self.rule,
            value=as_value(self.number),
            doubtful=self.doubtful,
            alternatives=others,
            confidence=DOUBTED if self.doubtful else SURE,
        )


def as_value(number: Decimal) -> int | float:
    """A whole number as int, any other as float of at most two decimals."""
    return int(number) if number == int(number) else round(float(number), 2)


def ambiguous(rule: str, *alternatives: Value) -> Meaning:
    """Known words that do not come to one meaning."""
    return Meaning(Finding.AMBIGUOUS, rule, alternatives=alternatives, confidence=0.0)


def reading(words: Sequence[Numeral]) -> Reading:
    """Judge a row of numerals as one number."""
    words = _without_units([word for word in words if word.rank is not Rank.FILLER])
    corrected = [at for at, word in enumerate(words) if word.rank is Rank.CORRECTED]
    if corrected and _is_empty(words[corrected[-1] + 1 :]):  # "five, sorry": nothing was put right
        words, corrected = words[: corrected[-1]], corrected[:-1]
    if corrected:
        return _doubted(_judge(words[corrected[-1] + 1 :]), "corrected")
    return _hedged(_judge(words), words)


def _without_units(words: Sequence[Numeral]) -> list[Numeral]:
    """Units of insulin are spelled like "one": "twenty units"."""
    return [
        word
        for at, word in enumerate(words)
        if not (word.text == _UNIT and at and words[at - 1].rank in _BEFORE_UNITS)
    ]


def _hedged(read: Reading, words: Sequence[Numeral]) -> Reading:
    """Doubt what is "about" so, and what went up or down, to it or by it."""
    ranks = {word.rank for word in words}
    rule = (
        "about"
        if Rank.ABOUT in ranks
        else "moved"
        if Rank.MOVED in ranks and Rank.TO not in ranks
        else "was"
        if was_only(words)
        else ""
    )
    return _doubted(read, rule) if rule and read.number is not None else read


def _is_empty(words: Sequence[Numeral]) -> bool:
    return not any(isinstance(part, Quantity) for part in quantities(words))


def _doubted(read: Reading, rule: str) -> Reading:
    return Reading(read.number, f"{read.rule}:{rule}", doubtful=True, alternatives=read.alternatives)


def _judge(words: Sequence[Numeral]) -> Reading:
    parts = _without_things(quantities([word for word in words if word.rank is not Rank.PERCENT]))
    present = present_of(parts) or moved_to(parts)
    if present is not None:
        return _doubted(_one(present), "present")
    parts = _without_edges([part for part in parts if isinstance(part, Quantity) or not part.is_beside])
    numbers = [part for part in parts if isinstance(part, Quantity)]
    ranks = [part.rank for part in parts if isinstance(part, Numeral)]
    if len(numbers) == 1 and not ranks:
        return _one(numbers[0])
    if not numbers:
        return Reading(None, "no_number")
    if len(numbers) == 1:
        return _beside(numbers[0], ranks)
    return _two(numbers, parts) if len(numbers) == 2 else _several(numbers, parts, ranks)  # noqa: PLR2004


def _several(
    numbers: Sequence[Quantity], parts: Sequence[Quantity | Numeral], ranks: Sequence[Rank]
) -> Reading:
    """Three numbers or more: digits of one, or one put right."""
    if _is_put_right(parts):
        return _doubted(_one(numbers[-1]), "put_right")
    if not ranks and all(len(number.digits) == 1 for number in numbers) and numbers[0].value:
        joined = Decimal("".join(number.digits for number in numbers))
        return Reading(joined, "number:digit_by_digit", doubtful=True)
    total = sum(number.value for number in numbers[1:])
    if set(ranks) == {Rank.AND} and numbers[0].value == total:  # "two: one in the morning and one at night"
        return _doubted(_one(numbers[0]), "total")
    return Reading(None, "several_numbers", alternatives=tuple(number.value for number in numbers))


def _one(number: Quantity) -> Reading:
    others = () if number.other is None else (number.other,)
    return Reading(number.value, f"number:{number.rule}", number.doubtful, others)


def _beside(number: Quantity, ranks: Sequence[Rank]) -> Reading:
    """One number with words beside it that are none."""
    if ranks == [Rank.OR]:  # "not even one"
        is_one = number.value == 1
        return Reading(Decimal(0), "number:not_even_one") if is_one else Reading(None, "negated_number")
    if set(ranks) == {Rank.NONE} and number.value == 0:  # "nought, I feel nothing"
        return _one(number)
    rules = {Rank.INEXACT: "inexact", Rank.NOT: "negated_number", Rank.NONE: "none_and_a_number"}
    for rank, rule in rules.items():
        if rank in ranks:
            return Reading(None, rule, alternatives=(number.value,))
    if set(ranks) <= {Rank.FROM, Rank.TO}:
        return _one(number)
    if ranks == [Rank.OVER]:  # "down on fifty", or the end of "eight over ten"
        return _doubted(_one(number), "over")
    return Reading(None, "several_numbers", alternatives=(number.value,))


def _two(numbers: Sequence[Quantity], parts: Sequence[Quantity | Numeral]) -> Reading:
    first, second = numbers
    shape = tuple("number" if isinstance(part, Quantity) else str(part.rank) for part in parts)
    match shape:
        case ("not", "number", "number") | ("not", "number", "and", "number"):
            return _doubted(_one(second), "not_the_first")
        case ("number", "not", "number"):
            return _doubted(_one(first), "not_the_second")
        case ("number", "number") if first.value == second.value:
            return _doubted(_one(first), "said_twice")
        case ("number", "less", "number") if _is_less(first.value, second.value):
            return Reading(first.value - second.value, "number:less", doubtful=True)
        case ("number", "number") if _is_by_digits(first, second):
            return Reading(first.value * _TEN + second.value, "number:digit_by_digit", doubtful=True)
        case _:
            rule = "range" if _is_range(shape, first, second) else "several_numbers"
            return Reading(None, rule, alternatives=(first.value, second.value))


def _is_less(whole: Decimal, part: Decimal) -> bool:
    """As in "ninety less five", "two hundred less ten"."""
    most = _TWENTY if whole % (_TEN * _TEN) == 0 else _TEN - 1
    return 0 < part <= most < whole and whole % _TEN == 0


def _is_put_right(parts: Sequence[Quantity | Numeral]) -> bool:
    """As in "seven, not seven: eight"."""
    shape = [part.rank if isinstance(part, Numeral) else part.value for part in parts]
    return len(shape) == 4 and shape[1] is Rank.NOT and shape[0] == shape[2]  # noqa: PLR2004


def _is_by_digits(tens: Quantity, rest: Quantity) -> bool:
    """As in "three, nought" and "three, seven point five", which are no range."""
    has_decimals = rest.rule.endswith("_decimal") and 0 < rest.value < _TEN
    return len(tens.digits) == 1 and tens.value > 0 and (rest.digits == "0" or has_decimals)


def _is_range(shape: tuple[str, ...], first: Quantity, second: Quantity) -> bool:
    if {"or", "to", "between"} & set(shape):
        return True
    return shape == ("number", "number") and 0 < second.value - first.value <= first.value


def _without_edges(parts: Sequence[Quantity | Numeral]) -> list[Quantity | Numeral]:
    """As in "from", "to" and the like after everything say nothing."""
    kept = list(parts)
    while kept and isinstance(kept[-1], Numeral) and _is_edge(kept[-1]):
        kept.pop()
    return kept


def _is_edge(word: Numeral) -> bool:
    # Once normalised, "water" is spelled like "not".
    return word.rank in (Rank.FROM, Rank.OVER, Rank.TO) or word.text == "ما"


def _without_things(parts: Sequence[Quantity | Numeral]) -> list[Quantity | Numeral]:
    """What is counted stands beside its number: "three days", "one time", "times two"."""
    kept: list[Quantity | Numeral] = []
    for at, part in enumerate(parts):
        if isinstance(part, Numeral):
            if part.rank is not Rank.THING:
                kept.append(part)
            continue
        if part.rule == Rank.COUNTED and _is_of_a_number(parts, at, part):
            continue
        kept.append(part)
    return _doubting_long(kept, parts)


def _is_of_a_number(parts: Sequence[Quantity | Numeral], at: int, thing: Quantity) -> bool:
    """A counted thing is no number where its number stands before it, or says the same behind it."""
    before = parts[at - 1] if at else None
    after = parts[at + 1] if at + 1 < len(parts) else None
    if isinstance(before, Quantity) and before.rule != Rank.COUNTED:
        return thing.value in (1, before.value)
    return isinstance(after, Quantity) and after.rule != Rank.COUNTED and after.value == thing.value


def _doubting_long(
    kept: list[Quantity | Numeral], parts: Sequence[Quantity | Numeral]
) -> list[Quantity | Numeral]:
    """Weeks and months may not be what was asked for: "three weeks" to "how many days?"."""
    is_long = any(part.text == "long" if isinstance(part, Numeral) else _is_long(part) for part in parts)
    if not is_long:
        return kept
    return [replace(part, doubtful=True) if isinstance(part, Quantity) else part for part in kept]


def _is_long(part: Quantity) -> bool:
    return part.rule == Rank.COUNTED and part.doubtful
