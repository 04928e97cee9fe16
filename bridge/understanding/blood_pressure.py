"""Blood pressure: systolic over diastolic, in millimetres or in centimetres of mercury."""

from collections.abc import Sequence
from decimal import Decimal

from msgspec.structs import replace

from bridge.understanding.companions import NOW, THEN, WAS
from bridge.understanding.lexing import lex
from bridge.understanding.meaning import Finding, Meaning, nothing
from bridge.understanding.normalisation import normalise, words_of
from bridge.understanding.numbers import DOUBTED, SURE, Reading, ambiguous, reading
from bridge.understanding.numerals import WORDS, Numeral, Rank
from bridge.understanding.quantities import Quantity, quantities
from bridge.understanding.questions import AskBloodPressure
from bridge.understanding.units import NO_UNITS, in_other_unit

__all__ = ["read_blood_pressure"]

_TEN = 10
_THEN_OR_NOW = THEN | WAS | NOW
_CM_SYSTOLIC, _CM_DIASTOLIC = range(5, 27), range(3, 19)  # "12 over 8", in centimetres of mercury
_OVER = words_of("على عل ع / عن")
_ON = "ع"
_HIGH = words_of(
    """
    العالي الفوقاني الانقباضي الفوق فوق الكبير السيستولي الأعلى العلوي الفوقي انقباضي العليا عالي
    الأول الاول
    """
)
_LOW = words_of(
    """
    الواطي التحتاني الانبساطي التحت تحت الصغير الدياستولي الأدنى السفلي التحتي انبساطي السفلى واطي
    الواطئ الأسفل المنخفض الثاني التاني
    """
)
_LABEL_COMPANIONS = words_of(
    """
    اللي الرقم هو كان طلع و الضغط ضغطي كانت يكون بيكون على وعلى
    """
)


def read_blood_pressure(text: str, question: AskBloodPressure) -> Meaning:
    """Systolic over diastolic, also in centimetres of mercury, which are always read back."""
    if in_other_unit(text, NO_UNITS):
        return ambiguous("other_unit")
    tokens = [part for token in normalise(text).split() for part in _without_over(token)]
    pair = _labelled(tokens) or _over(tokens)
    if pair is not None:
        return _pressure(*pair, question)
    present = _present(tokens)
    if present is not None:
        return _pressure(*present, question)
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


def _present(tokens: Sequence[str]) -> tuple[Reading, Reading] | None:
    """Of one pressure then and another one now, the one now, to be read back."""
    for at, token in enumerate(tokens):
        if not {token, token.removeprefix("و")} & _THEN_OR_NOW:
            continue
        first, second = _over(list(tokens[:at])), _over(list(tokens[at:]))
        if first is None or second is None:
            continue
        is_now = _is_now(tokens[:at]), _is_now(tokens[at:])
        is_then = _is_then(tokens[:at]), _is_then(tokens[at:])
        if (is_now[1] or is_then[0]) and not (is_now[0] or is_then[1]):
            return _doubtful(second)
        if (is_now[0] or is_then[1]) and not (is_now[1] or is_then[0]):
            return _doubtful(first)
    return None


def _is_now(tokens: Sequence[str]) -> bool:
    return any(token in NOW or token.removeprefix("و") in NOW for token in tokens)


def _is_then(tokens: Sequence[str]) -> bool:
    return any(token in THEN | WAS or token.removeprefix("و") in THEN | WAS for token in tokens)


def _doubtful(pair: tuple[Reading, Reading]) -> tuple[Reading, Reading]:
    first, second = pair
    return Reading(first.number, f"{first.rule}:present", doubtful=True), second


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
        is_about = any(word.rank is Rank.ABOUT for word in words)
        (meaning,) = found.values()
        return replace(meaning, doubtful=True, confidence=DOUBTED) if one_number or is_about else meaning
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
