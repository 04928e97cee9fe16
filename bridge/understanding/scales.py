"""A point on a scale: how often, how bad, how content, compared with before, in the words of all dialects.

A negation that is not part of a known phrase is never mapped onto a point: it is asked again. Phrases
that are listed as having a second reading ("not every day") are read back.
"""

from collections.abc import Mapping, Sequence
from functools import cache

from bridge.understanding.choices import Cut, cut_by_phrases, read_choice
from bridge.understanding.commands import read_command
from bridge.understanding.durations import Span, span
from bridge.understanding.labelling import Part
from bridge.understanding.meaning import Finding, Meaning, nothing
from bridge.understanding.normalisation import normalise
from bridge.understanding.scale_words import LOWEST_BY_NO, SCALES, point_of
from bridge.understanding.yes_no import YesNoKind, read_yes_no

__all__ = ["SCALES", "read_scale"]

SURE, DOUBTED = 0.95, 0.5
_NEGATING = (Part.NOT, Part.HAVE_NOT, Part.VERB_NOT, Part.NEVER)
_FOREIGN = (Part.UNKNOWN, Part.COMMAND, Part.ASKING)
_NOT_OR_OKAY = frozenset(map(normalise, ("ماشي", "مو", "مش", "مب", "ليس", "غير", "موش")))
_LOWEST = ("never", "none", "very_dissatisfied", "strongly_disagree")
_DAYS_IN_TWO_WEEKS = {
    "several_days": range(1, 8),
    "more_than_half": range(8, 12),
    "nearly_every_day": range(12, 15),
}


@cache
def _book(scale: str) -> dict[tuple[str, ...], tuple[str, bool]]:
    return point_of(scale)


def read_scale(text: str, scale: str, options: Mapping[str, Sequence[str]] | None = None) -> Meaning:
    """Read `text` as a point on a scale; `options` adds an author's phrases, or replaces its points."""
    points = SCALES.get(scale)
    if points is None or (options is not None and not set(options) <= set(points)):
        return read_choice(text, options or {})
    book = {phrase: value for phrase, (value, _) in _book(scale).items()}
    for value, phrases in (options or {}).items():
        book.update({tuple(normalise(phrase).split()): value for phrase in phrases})
    if tuple(normalise(text).split()) not in book and read_command(text) is not None:
        return nothing("command")  # "I do not know" begins with a no, and is none
    days = _by_number_of_days(text, scale)
    if days is not None and tuple(normalise(text).split()) not in book:
        return days
    cut = cut_by_phrases(text, book)
    if not cut.named:
        return _by_no(text, scale) or nothing(_why(cut))
    return _named(text, cut, scale)


def _named(text: str, cut: Cut, scale: str) -> Meaning:
    distinct = _without_no(cut)
    if len(distinct) > 1:
        return Meaning(Finding.AMBIGUOUS, "several_points", confidence=0.0, alternatives=distinct)
    value = distinct[0]
    parts = {chunk.part for _, chunk in cut.rest}
    if any(part in _NEGATING for part in parts) and value not in _LOWEST:
        return Meaning(Finding.AMBIGUOUS, "negated_point", confidence=0.0, alternatives=(value,))
    if _is_turned(text, cut) or Part.FIGURE in parts:
        return Meaning(Finding.AMBIGUOUS, "negated_point", confidence=0.0, alternatives=(value,))
    foreign = [place for place, chunk in cut.rest if chunk.part in _FOREIGN]
    if any(place == 0 for place in foreign):
        return nothing("unknown_word")
    is_no_before = Part.NO in parts and value not in _LOWEST and scale != "comparison"
    doubtful = bool(foreign) or is_no_before or Part.CORRECTION in parts or _is_marked(text, scale)
    return Meaning(
        Finding.VALUE,
        f"scale:{scale}",
        value=value,
        doubtful=doubtful,
        confidence=DOUBTED if doubtful else SURE,
    )


def _is_turned(text: str, cut: Cut) -> bool:
    """As in "mashi every day", which is "okay, every day" or "not", and "not never"."""
    first, *rest = normalise(text).split()
    is_not = bool(rest) and first in _NOT_OR_OKAY and len(cut.rest) == 1
    return is_not and cut.rest[0][1].text == first


def _without_no(cut: Cut) -> tuple[str, ...]:
    """The points that count: a correction takes the last."""
    marks = [place for place, chunk in cut.rest if chunk.part is Part.CORRECTION and place]
    if marks and cut.named[marks[-1] :]:
        return tuple(dict.fromkeys(cut.named[marks[-1] :]))
    return cut.distinct


def _is_marked(text: str, scale: str) -> bool:
    """Whether a phrase was used that has a second reading."""
    book = {phrase: f"{value}*" if marked else value for phrase, (value, marked) in _book(scale).items()}
    return all(name.endswith("*") for name in cut_by_phrases(text, book).named)


def _by_no(text: str, scale: str) -> Meaning | None:
    """As in "I have none" is the lowest point of how often, how bad and how much."""
    lowest = LOWEST_BY_NO.get(scale)
    answer = read_yes_no(text, YesNoKind.SYMPTOM)
    if lowest is None or answer.value is not False:
        return None
    return Meaning(
        Finding.VALUE,
        f"scale:{scale}:no",
        value=lowest,
        doubtful=answer.doubtful,
        confidence=answer.confidence,
    )


def _by_number_of_days(text: str, scale: str) -> Meaning | None:
    """As in "five days" of two weeks; how often is read back, for nobody asked for a number."""
    if scale != "frequency4":
        return None
    found = span(normalise(text).split())
    if not isinstance(found, Span) or set(found.parts) - {"day", "week"}:
        return None
    days = found.parts.get("day", 0) + 7 * found.parts.get("week", 0)
    value = next((point for point, among in _DAYS_IN_TWO_WEEKS.items() if days in among), None)
    if value is None:
        return None
    return Meaning(Finding.VALUE, "scale:frequency4:days", value=value, doubtful=True, confidence=DOUBTED)


def _why(cut: Cut) -> str:
    return "unknown_word" if any(chunk.part is Part.UNKNOWN for _, chunk in cut.rest) else "no_point"
