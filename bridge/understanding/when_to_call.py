"""When a caller asks to be called: a day, an hour, both, or how long from now."""

from collections.abc import Sequence

from bridge.understanding.calendar_words import BESIDE_TIMES, HOUR_WORDS
from bridge.understanding.clock_times import read_clock_time
from bridge.understanding.command_words import CALLING, NOT_TO, WISHING
from bridge.understanding.dates import read_date
from bridge.understanding.durations import Span, as_iso, length_of, span
from bridge.understanding.meaning import Finding
from bridge.understanding.normalisation import normalise
from bridge.understanding.questions import Context, Period

__all__ = ["AFTER", "when_to_call"]

AFTER = tuple(map(normalise, ("بعد", "عقب", "ورا", "من")))
_NO_TIMES = frozenset(
    map(normalise, ["ثاني", "تاني", "ثانية", "تانية", "أول", "آخر", "واحد", "مرة", "مرتين"])
)


def when_to_call(tokens: Sequence[str], context: Context | None) -> str | None:
    """The day, the hour, both, or how long from now, as ISO 8601."""
    kept = [token for token in tokens if token not in CALLING and token not in WISHING | NOT_TO | _NO_TIMES]
    from_now = _from_now(kept)
    if from_now is not None:
        return from_now
    day, hour = _best_date(kept, context), _best_time(kept)
    return f"{day}T{hour}" if day and hour else day or hour


def _from_now(tokens: Sequence[str]) -> str | None:
    """As in "in an hour", "after two days"."""
    for at, token in enumerate(tokens):
        if token not in AFTER:
            continue
        for end in range(len(tokens), at + 1, -1):
            found = span(tokens[at + 1 : end])
            if isinstance(found, Span) and length_of(tokens[end - 1]):
                return as_iso(found)
    return None


def _best_date(tokens: Sequence[str], context: Context | None) -> str | None:
    for start in range(len(tokens)):
        for end in range(len(tokens), start, -1):
            meaning = read_date(" ".join(tokens[start:end]), Period.FUTURE, context or Context())
            if meaning.finding is Finding.VALUE and (not meaning.doubtful or meaning.rule == "date:counted"):
                return str(meaning.value)
    return None


def _best_time(tokens: Sequence[str]) -> str | None:
    sure: str | None = None
    for start in range(len(tokens)):
        for end in range(len(tokens), start, -1):
            piece = tokens[start:end]
            if set(piece) <= HOUR_WORDS | BESIDE_TIMES:
                continue
            meaning = read_clock_time(" ".join(piece))
            if meaning.finding is Finding.VALUE:
                sure = sure or str(meaning.value)
    return sure
