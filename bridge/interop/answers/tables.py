"""Answers as CSV: wide, with one row a call, or long, with one row an answer.

UTF-8 with a byte-order mark and lines that end as RFC 4180 says, which Excel opens with its Arabic whole.
"""

import csv
from collections.abc import Iterator, Sequence
from typing import TextIO

from bridge.dialogue.answer import AnswerStatus
from bridge.interop.answers.cells import guarded, moment, text_of
from bridge.interop.answers.columns import CALL_HEADINGS, Column
from bridge.interop.answers.records import ExportedAnswer, ExportedCall, exported
from bridge.interop.answers.writers import Wanted
from bridge.interop.interviews import Interview

__all__ = ["BOM", "LONG_COLUMNS", "LongTable", "WideTable", "call_cells", "long_cells", "wide_answers"]

BOM = "\ufeff"
NOT_APPLICABLE = "not_applicable"  # answered, and no longer asked for after a correction
LONG_COLUMNS = (
    *CALL_HEADINGS,
    *(
        "item",
        "round",
        "revision",
        "status",
        "counts",
        "value",
        "label",
        "ordinal",
        "via",
        "tries",
        "confirmed",
    ),
    *("confidence", "audio", "answered_at", "turn", "heard"),
)


class WideTable:
    """One row a call: for each question its value, what became of it, and its revision."""

    def __init__(self, stream: TextIO, columns: Sequence[Column]) -> None:
        self._columns = columns
        self._rows = csv.writer(stream)
        stream.write(BOM)
        self._rows.writerow([*CALL_HEADINGS, *_wide_names(columns)])

    def add(self, interview: Interview) -> None:
        """Write one call."""
        call = exported(interview)
        self._rows.writerow(map(guarded, [*call_cells(call), *self._cells(call)]))

    def close(self) -> None:
        """Nothing comes last."""

    def _cells(self, call: ExportedCall) -> Iterator[str]:
        answers = wide_answers(call)
        scores = {score.score: score for score in call.scores}
        for column in self._columns:
            if column.is_score:
                score = scores.get(column.name)
                yield text_of(score.value if score else None)
                yield (score.band if score else None) or ""
                continue
            answer = answers.get(column.name)
            yield text_of(answer.value if answer and answer.counts else None)
            yield wide_status(answer)
            yield str(answer.revision) if answer else ""


class LongTable:
    """One row an answer."""

    def __init__(self, stream: TextIO, wanted: Wanted) -> None:
        self._wanted = wanted
        self._rows = csv.writer(stream)
        stream.write(BOM)
        self._rows.writerow(LONG_COLUMNS)

    def add(self, interview: Interview) -> None:
        """Write one call."""
        call = exported(
            interview, every_revision=self._wanted.every_revision, with_heard=self._wanted.with_heard
        )
        for answer in call.answers:
            self._rows.writerow(map(guarded, [*call_cells(call), *long_cells(answer)]))

    def close(self) -> None:
        """Nothing comes last."""


def wide_answers(call: ExportedCall) -> dict[str, ExportedAnswer]:
    """The answers by the names of their columns."""
    return {answer.item + (f"#{answer.round}" if answer.round else ""): answer for answer in call.answers}


def wide_status(answer: ExportedAnswer | None) -> str:
    """What became of a question; nothing where it was never reached."""
    if answer is None:
        return ""
    is_superfluous = not answer.counts and answer.status != AnswerStatus.WITHDRAWN
    return NOT_APPLICABLE if is_superfluous else str(answer.status)


def _wide_names(columns: Sequence[Column]) -> Iterator[str]:
    for column in columns:
        yield column.name
        yield from (
            (f"{column.name}.band",)
            if column.is_score
            else (f"{column.name}.status", f"{column.name}.revision")
        )


def call_cells(call: ExportedCall) -> list[str]:
    """What is told about the call, as texts."""
    cells = {name: getattr(call, name) for name in CALL_HEADINGS}
    cells |= {"started_at": moment(call.started_at), "ended_at": moment(call.ended_at)}
    return [cell or "" for cell in cells.values()]


def long_cells(answer: ExportedAnswer) -> list[str]:
    """What is told about one answer, as texts."""
    numbers = (answer.round, answer.ordinal, answer.confidence)
    round_, ordinal, confidence = map(text_of, numbers)
    status = (answer.item, round_, str(answer.revision), str(answer.status), text_of(answer.counts))
    value = (text_of(answer.value), answer.label or "", ordinal, answer.via, str(answer.tries))
    trace = (text_of(answer.confirmed), confidence, text_of(answer.audio), moment(answer.answered_at))
    return [*status, *value, *trace, str(answer.turn), answer.heard or ""]
