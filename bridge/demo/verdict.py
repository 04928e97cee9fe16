"""Did the demonstration succeed? What was said is held against what was stored. Pure."""

from collections.abc import Iterable, Sequence

from msgspec import Struct

from bridge.carriers.script import AnswerScript
from bridge.dialogue.actions import Disposition
from bridge.dialogue.answer import Value, Via

__all__ = [
    "MIN_BY_KEY",
    "MIN_BY_SPEECH",
    "AnswerReport",
    "DemoReport",
    "Latency",
    "StoredAnswer",
    "TurnReport",
    "failures",
    "report",
]

# A demonstration in which the caller presses keys all the time shows no speech recognition.
MIN_BY_SPEECH = 5
MIN_BY_KEY = 1


class Latency(Struct, frozen=True):
    """Where the time between the caller's last sound and Hatif's first went, in milliseconds."""

    endpoint: float | None = None
    recognise: float | None = None
    understand: float | None = None
    commit: float | None = None
    first_audio: float | None = None
    total: float | None = None


class TurnReport(Struct, frozen=True):
    """One turn, as stored."""

    item: str | None
    heard: str
    confidence: float | None
    latency_ms: Latency


class StoredAnswer(Struct, frozen=True):
    """One answer, as stored."""

    item: str
    value: Value
    via: str
    tries: int


class AnswerReport(Struct, frozen=True):
    """One answer, held against what the script said."""

    item: str
    said: Value
    stored: Value
    ok: bool
    via: str
    tries: int


class DemoReport(Struct, frozen=True):
    """What the demonstration shows, and what `--json` writes."""

    completed: bool
    disposition: str
    answers: tuple[AnswerReport, ...]
    turns: tuple[TurnReport, ...]


def report(
    script: AnswerScript, disposition: str | None, stored: Iterable[StoredAnswer], turns: Sequence[TurnReport]
) -> DemoReport:
    """Hold what is stored against the script, item by item."""
    by_item = {answer.item: answer for answer in stored}
    items = [*script.answers, *(item for item in by_item if item not in script.answers)]
    return DemoReport(
        completed=disposition == Disposition.COMPLETED,
        disposition=disposition or "",
        answers=tuple(_compared(script, by_item.get(item), item) for item in items),
        turns=tuple(turns),
    )


def _compared(script: AnswerScript, stored: StoredAnswer | None, item: str) -> AnswerReport:
    scripted = script.answers.get(item)
    said = scripted.value if scripted else None
    if stored is None:
        return AnswerReport(item=item, said=said, stored=None, ok=False, via=Via.NONE, tries=0)
    # True == 1 in Python; an answer of another type is another answer.
    same = scripted is not None and type(said) is type(stored.value) and said == stored.value
    return AnswerReport(
        item=item, said=said, stored=stored.value, ok=same, via=stored.via, tries=stored.tries
    )


def failures(outcome: DemoReport) -> list[str]:
    """Why the demonstration did not succeed, one sentence each; nothing when it did."""
    found = []
    if not outcome.completed:
        found.append(f"the call was not completed: {outcome.disposition or 'its end was not recorded'}")
    found += [_mismatch(answer) for answer in outcome.answers if not answer.ok]
    for via, at_least in ((Via.SPEECH, MIN_BY_SPEECH), (Via.DTMF, MIN_BY_KEY)):
        count = sum(answer.ok and answer.via == via for answer in outcome.answers)
        if count < at_least:
            found.append(f"{count} answers arrived by {via}; at least {at_least} were to")
    return found


def _mismatch(answer: AnswerReport) -> str:
    if answer.via == Via.NONE:
        return f"{answer.item}: the caller's answer was not stored"
    return f"{answer.item}: what was stored differs from what the caller said"
