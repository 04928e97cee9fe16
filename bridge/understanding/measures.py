"""What is measured on a body: temperature, glucose, weight, each with its own way of being said.

Ranges belong to the question. What was said in another unit than it was asked for is converted, and
always read back.
"""

from collections.abc import Sequence
from decimal import Decimal

from msgspec.structs import replace

from bridge.understanding.companions import MOVED
from bridge.understanding.glucose_grams import mg_of_grams
from bridge.understanding.lexing import lex
from bridge.understanding.meaning import Finding, Meaning, nothing
from bridge.understanding.normalisation import normalise, words_of
from bridge.understanding.numbers import (
    DOUBTED,
    SURE,
    ambiguous,
    as_value,
    read_quantity,
    within,
)
from bridge.understanding.numerals import Numeral, Rank
from bridge.understanding.quantities import Quantity, quantities
from bridge.understanding.questions import AskGlucose, AskTemperature, AskWeight
from bridge.understanding.units import NO_UNITS, in_other_unit

__all__ = ["read_glucose", "read_temperature", "read_weight"]

_TEN = 10
_ZERO, _GRAMS = Decimal(0), Decimal(1000)
_REACHED = {Rank.TO, Rank.NOW}  # "it fell to eighty", "it fell and is eighty now"
_KILOS = words_of(
    "كيلو كيلوغرام كيلوجرام كيلوغراما كيلوجراما كيلوا كغم كجم كغ كلغ kg كيلوات كيلوهات كيلوين وحدة"
)
_CHANGES = MOVED | words_of("زايد ناقص نقصان زيادة")
_MMOL_TO_MG = Decimal("18.0182")  # glucose has 180.156 g/mol
_MMOL = frozenset(map(normalise, ["مليمول", "مول", "ملمول", "mmol"]))
_MG = frozenset(
    map(normalise, ["ملغم", "مجم", "ملليجرام", "ملليغرام", "ملغ", "ملجم", "مليغرام", "مليجرام", "ملي", "mg"])
)


# Temperature


def read_temperature(text: str, question: AskTemperature) -> Meaning:
    """Degrees Celsius: "thirty-eight and three" is 38.3 here, and nowhere else."""
    if in_other_unit(text, NO_UNITS):
        return ambiguous("other_unit")
    tenths = _degrees_and_tenths(text, question)
    meaning = tenths or read_quantity(text, question.minimum, question.maximum, decimals=2)
    if isinstance(meaning.value, float):
        meaning = replace(meaning, value=round(meaning.value, 1 if meaning.value * 4 % 1 else 2))
    if meaning.finding is Finding.VALUE and isinstance(meaning.value, int):
        tenth = meaning.value / _TEN
        if question.minimum <= tenth <= question.maximum:  # "three hundred and seventy-five"
            return replace(
                meaning, value=tenth, rule="temperature:in_tenths", doubtful=True, confidence=DOUBTED
            )
    return within(meaning, question.minimum, question.maximum)


def _degrees_and_tenths(text: str, question: AskTemperature) -> Meaning | None:
    words = lex(text)
    parts = quantities([word for word in words or [] if not word.is_beside and word.rank is not Rank.THING])
    parts = [part for part in parts if not (isinstance(part, Quantity) and part.rule == Rank.COUNTED)]
    if len(parts) not in (2, 3) or not isinstance(parts[0], Quantity) or not isinstance(parts[-1], Quantity):
        return None
    degrees, tenths = parts[0], parts[-1]
    joined = isinstance(parts[1], Numeral) and parts[1].rank is Rank.AND
    is_tenths = (
        len(tenths.digits) == 1 and _ZERO < tenths.value < _TEN and degrees.value == int(degrees.value)
    )
    if (
        not is_tenths
        or not question.minimum <= degrees.value <= question.maximum
        or joined != (parts[1] is not tenths)
    ):
        return None
    return Meaning(
        Finding.VALUE,
        "temperature:degrees_and_tenths",
        value=as_value(degrees.value + tenths.value / _TEN),
        doubtful=not joined or degrees.doubtful,
        confidence=SURE if joined else DOUBTED,
        alternatives=(as_value(degrees.value + tenths.value),) if joined else (),
    )


# Glucose and weight


def read_glucose(text: str, question: AskGlucose) -> Meaning:
    """A concentration in the question's unit, converted where another was named or must have been meant."""
    tokens = set(normalise(text).split())
    if in_other_unit(text, NO_UNITS):
        return ambiguous("other_unit")
    grams = mg_of_grams(normalise(text).split())
    if grams is not None:
        return within(_of_grams(grams, question), question.minimum, question.maximum)
    meaning = read_quantity(text, question.minimum, question.maximum, decimals=2)
    if meaning.finding is not Finding.VALUE or not isinstance(meaning.value, int | float):
        return meaning
    asked_mmol = question.unit != "mg/dL"
    said_mmol = bool(tokens & _MMOL)
    if tokens & (_MMOL | _MG) and said_mmol != asked_mmol:
        return within(_converted(meaning, to_mmol=asked_mmol), question.minimum, question.maximum)
    checked = within(meaning, question.minimum, question.maximum)
    if checked.finding is Finding.VALUE or said_mmol or tokens & _MG:
        return checked
    converted = within(_converted(meaning, to_mmol=asked_mmol), question.minimum, question.maximum)
    return converted if converted.finding is Finding.VALUE else checked


def _of_grams(milligrams: Decimal, question: AskGlucose) -> Meaning:
    said = Meaning(
        Finding.VALUE, "glucose:grams", value=as_value(milligrams), doubtful=True, confidence=DOUBTED
    )
    return said if question.unit == "mg/dL" else _converted(said, to_mmol=True)


def _converted(meaning: Meaning, *, to_mmol: bool) -> Meaning:
    said = Decimal(str(meaning.value))
    value = round(said / _MMOL_TO_MG, 1) if to_mmol else round(said * _MMOL_TO_MG)
    return replace(
        meaning, value=as_value(Decimal(value)), rule="glucose:converted", doubtful=True, confidence=DOUBTED
    )


def read_weight(text: str, question: AskWeight) -> Meaning:
    """Kilogrammes; grams may follow, and a baby's weight may be said in grams alone."""
    tokens = normalise(text).split()
    if _CHANGES & set(tokens) and not _REACHED & {word.rank for word in lex(text) or ()}:
        return ambiguous("weight:change")
    if in_other_unit(text, _KILOS):
        return ambiguous("other_unit")
    grams = [at for at, token in enumerate(tokens) if token in ("غرام", "جرام", "جم", "غم", "قرام")]
    if grams:
        return within(_with_grams(tokens[: grams[0]]), question.minimum, question.maximum)
    meaning = read_quantity(text, question.minimum, question.maximum, 2)
    if meaning.rule == f"number:{Rank.COUNTED}":  # "a kilo" is no person's weight
        return ambiguous("weight:unit_alone")
    return within(meaning, question.minimum, question.maximum)


def _with_grams(tokens: Sequence[str]) -> Meaning:
    words = lex(" ".join(tokens))
    if words is None:
        return nothing("unknown_word")
    numbers = [part for part in quantities(words) if isinstance(part, Quantity)]
    kilos = [number for number in numbers if number.value < _TEN * _TEN]
    if len(numbers) == 1:
        return _kilos(numbers[0].value / _GRAMS, numbers)
    if len(numbers) == 2 or (len(numbers) == 3 and numbers[1].rule == Rank.COUNTED):  # noqa: PLR2004
        return (
            _kilos(kilos[0].value + numbers[-1].value / _GRAMS, numbers)
            if kilos
            else ambiguous("several_numbers")
        )
    return ambiguous("several_numbers")


def _kilos(value: Decimal, numbers: Sequence[Quantity]) -> Meaning:
    doubtful = any(number.doubtful for number in numbers)
    return Meaning(
        Finding.VALUE,
        "weight:grams",
        value=as_value(round(value, 2)),
        doubtful=doubtful,
        confidence=DOUBTED if doubtful else SURE,
    )
