"""What is measured on a body: temperature, blood pressure, glucose, weight.

Each with its own way of being said.

Ranges belong to the question. What was said in another unit than it was asked for is converted, and
always read back.
"""

from collections.abc import Sequence
from decimal import Decimal
from itertools import pairwise

from msgspec.structs import replace

from bridge.understanding.companions import MOVED
from bridge.understanding.glucose_grams import mg_of_grams
from bridge.understanding.lexing import lex
from bridge.understanding.meaning import Finding, Meaning, nothing
from bridge.understanding.normalisation import normalise, words_of
from bridge.understanding.numbers import (
    DOUBTED,
    SURE,
    Reading,
    ambiguous,
    as_value,
    read_quantity,
    reading,
    within,
)
from bridge.understanding.numerals import COUNTED, WORDS, Numeral, Rank
from bridge.understanding.quantities import Quantity, quantities
from bridge.understanding.questions import AskBloodPressure, AskGlucose, AskTemperature, AskWeight

__all__ = ["read_blood_pressure", "read_glucose", "read_temperature", "read_weight"]

_TEN = 10
_ZERO, _GRAMS = Decimal(0), Decimal(1000)
_REACHED = {Rank.TO, Rank.NOW}  # "it fell to eighty", "it fell and is eighty now"
_COUNTING = (Rank.UNIT, Rank.TEN, Rank.TEEN, Rank.TENS, Rank.HUNDRED, Rank.THOUSAND)
_NO_UNITS = words_of("درجة درجات وحدة وحدات مرة مرات")
_KILOS = words_of(
    "كيلو كيلوغرام كيلوجرام كيلوغراما كيلوجراما كيلوا كغم كجم كغ كلغ kg كيلوات كيلوهات كيلوين وحدة"
)
_CHANGES = MOVED | words_of("زايد ناقص نقصان زيادة")
_MMOL_TO_MG = Decimal("18.0182")  # glucose has 180.156 g/mol
_CM_SYSTOLIC, _CM_DIASTOLIC = range(5, 27), range(3, 19)  # "12 over 8", in centimetres of mercury
_OVER = tuple(map(normalise, ("على", "عل", "ع", "/", "عن")))
_ON = "ع"
_HIGH = frozenset(
    map(
        normalise,
        [
            "العالي",
            "الفوقاني",
            "الانقباضي",
            "الفوق",
            "فوق",
            "الكبير",
            "السيستولي",
            "الأعلى",
            "العلوي",
            "الفوقي",
            "انقباضي",
            "العليا",
            "عالي",
            "الأول",
            "الاول",
        ],
    )
)
_LOW = frozenset(
    map(
        normalise,
        [
            "الواطي",
            "التحتاني",
            "الانبساطي",
            "التحت",
            "تحت",
            "الصغير",
            "الدياستولي",
            "الأدنى",
            "السفلي",
            "التحتي",
            "انبساطي",
            "السفلى",
            "واطي",
            "الواطئ",
            "الأسفل",
            "المنخفض",
            "الثاني",
            "التاني",
        ],
    )
)
_LABEL_COMPANIONS = frozenset(
    map(
        normalise,
        ["اللي", "الرقم", "هو", "كان", "طلع", "و", "الضغط", "ضغطي", "كانت", "يكون", "بيكون", "على", "وعلى"],
    )
)
_MMOL = frozenset(map(normalise, ["مليمول", "مول", "ملمول", "mmol"]))
_MG = frozenset(
    map(normalise, ["ملغم", "مجم", "ملليجرام", "ملليغرام", "ملغ", "ملجم", "مليغرام", "مليجرام", "ملي", "mg"])
)


# Temperature


def read_temperature(text: str, question: AskTemperature) -> Meaning:
    """Degrees Celsius: "thirty-eight and three" is 38.3 here, and nowhere else."""
    if _in_other_unit(text, _NO_UNITS):
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
    if _in_other_unit(text, _NO_UNITS):
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


def _in_other_unit(text: str, units: frozenset[str]) -> bool:
    """Whether a number stands before a thing that this cannot be counted in: "seventy kilos" of sugar."""
    for number, thing in pairwise(normalise(text).split()):
        word = WORDS.get(number.removeprefix("و")) or WORDS.get(number)
        if (
            thing in COUNTED
            and thing not in units
            and (number.isdigit() or (word and word.rank in _COUNTING))
        ):
            return True
    return False


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
    if _in_other_unit(text, _KILOS):
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


# Blood pressure


def read_blood_pressure(text: str, question: AskBloodPressure) -> Meaning:
    """Systolic over diastolic, also in centimetres of mercury, which are always read back."""
    if _in_other_unit(text, _NO_UNITS):
        return ambiguous("other_unit")
    tokens = [part for token in normalise(text).split() for part in _without_over(token)]
    pair = _labelled(tokens) or _over(tokens)
    if pair is not None:
        return _pressure(*pair, question)
    words = lex(" ".join(tokens))
    if words is None:
        return nothing("unknown_word")
    return _side_by_side(words, question)


def _without_over(token: str) -> tuple[str, ...]:
    """Cut "on eighty", written as one word, in two."""
    rest = token.removeprefix(_ON)
    if rest == token or token in WORDS or lex(token) is not None:
        return (token,)
    words = lex(rest)
    return (
        (_ON, rest) if words and any(isinstance(part, Quantity) for part in quantities(words)) else (token,)
    )


def _labelled(tokens: list[str]) -> tuple[Reading, Reading] | None:
    """As in "the upper is 130, the lower 90", in either order."""
    labels = [(at, _label(token)) for at, token in enumerate(tokens) if _label(token)]
    if [label for _, label in labels] not in (["high", "low"], ["low", "high"]):
        return None
    (first, label), (second, _) = labels
    pieces = (tokens[first + 1 : second], tokens[second + 1 :])
    if not _read_piece(pieces[1]).number and _read_piece(tokens[:first]).number:  # the labels come after
        pieces = (tokens[:first], pieces[0])
    readings = tuple(map(_read_piece, pieces))
    return (readings[0], readings[1]) if label == "high" else (readings[1], readings[0])


def _label(token: str) -> str:
    bare = token.removeprefix("و") if token not in _LOW else token
    return "high" if bare in _HIGH else "low" if bare in _LOW else ""


def _read_piece(tokens: Sequence[str]) -> Reading:
    kept = [token for token in tokens if token not in _LABEL_COMPANIONS]
    words = lex(" ".join(kept))
    if words and words[0].rank is Rank.AND:  # joins it to what was said before
        words = words[1:]
    return reading(words) if words is not None else Reading(None, "unknown_word", is_known=False)


def _over(tokens: list[str]) -> tuple[Reading, Reading] | None:
    """Cut at the "over" that has a number on both sides."""
    tokens, corrected = _last_said(tokens)
    pairs = [
        (_read_piece(tokens[:at]), _read_piece(tokens[at + 1 :]))
        for at, token in enumerate(tokens)
        if token in _OVER
    ]
    found = [pair for pair in pairs if pair[0].number is not None and pair[1].number is not None]
    if len(found) == 1:
        first, second = found[0]
        return Reading(first.number, first.rule, first.doubtful or corrected), second
    return pairs[0] if len(pairs) == 1 and not all(one.is_known for one in pairs[0]) else None


def _last_said(tokens: list[str]) -> tuple[list[str], bool]:
    """What follows a correction, where it is a whole pressure."""
    words = [lex(token) for token in tokens]
    marks = [at for at, word in enumerate(words) if word and word[0].rank is Rank.CORRECTED]
    if marks and set(tokens[marks[-1] :]) & set(_OVER):
        before = lex(" ".join(tokens[: marks[-1]])) or []
        return tokens[marks[-1] + 1 :], any(isinstance(part, Quantity) for part in quantities(before))
    return tokens, False


def _side_by_side(words: Sequence[Numeral], question: AskBloodPressure) -> Meaning:
    """Two numbers without "over": taken where they can be cut in one way only."""
    said = [word for word in words if not word.is_beside]
    found: dict[str, Meaning] = {}
    for at in range(1, len(said)):
        rest = at + (said[at].rank is Rank.AND)
        meaning = _pressure(reading(said[:at]), reading(said[rest:]), question)
        if meaning.finding is Finding.VALUE and (not _is_in_centimetres(meaning) or _are_two(said)):
            found.setdefault(str(meaning.value), meaning)
    if len(found) == 1:
        one_number = reading(said).number is not None  # "a hundred eighty"
        (meaning,) = found.values()
        return replace(meaning, doubtful=True, confidence=DOUBTED) if one_number else meaning
    if found:
        return ambiguous("pressure:several_ways", *found)
    return nothing("no_number") if not said else ambiguous("pressure:not_two_numbers")


def _are_two(words: Sequence[Numeral]) -> bool:
    """Whether these are two numbers of one word each: "twelve, eight", "sixteen and nine"."""
    ranks = [part.rank for part in quantities(words) if isinstance(part, Numeral)]
    numbers = len(words) - len(ranks)
    return numbers == 2 and len(quantities(words)) == len(words) and ranks in ([], [Rank.AND])  # noqa: PLR2004


def _is_in_centimetres(meaning: Meaning) -> bool:
    return meaning.rule == "pressure:centimetres"


def _pressure(first: Reading, second: Reading, question: AskBloodPressure) -> Meaning:
    if first.number is None or second.number is None:
        unknown = next((one for one in (first, second) if not one.is_known), None)
        return nothing("unknown_word") if unknown else ambiguous("pressure:not_two_numbers")
    doubtful = first.doubtful or second.doubtful
    upper, lower = _in_millimetres(first.number, second.number)
    if upper != int(upper) or lower != int(lower):
        return ambiguous("pressure:not_whole")
    value, turned = f"{upper:.0f}/{lower:.0f}", f"{lower:.0f}/{upper:.0f}"
    if upper <= lower:
        return ambiguous("pressure:lower_first", turned) if upper < lower else ambiguous("pressure:equal")
    scaled = (upper, lower) != (first.number, second.number)
    fits = all(
        low <= number <= high
        for number, (low, high) in zip((upper, lower), (question.systolic, question.diastolic), strict=True)
    )
    return Meaning(
        Finding.VALUE if fits else Finding.OUT_OF_RANGE,
        "pressure:centimetres" if scaled else "pressure",
        value=value,
        doubtful=doubtful or scaled,
        confidence=DOUBTED if doubtful or scaled else SURE,
    )


def _in_millimetres(upper: Decimal, lower: Decimal) -> tuple[Decimal, Decimal]:
    """Ten times what was said in centimetres: "twelve over eight", also "a hundred and twenty over eight"."""
    is_upper = _CM_SYSTOLIC[0] <= upper <= _CM_SYSTOLIC[-1]
    is_lower = _CM_DIASTOLIC[0] <= lower <= _CM_DIASTOLIC[-1]
    return (upper * _TEN if is_upper else upper), (lower * _TEN if is_lower else lower)
