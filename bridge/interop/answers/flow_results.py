"""Answers as packages of Flow Results 1.0.0-rc1 (floip.gitbook.io/flow-results-specification), one a version.

A package is a folder: `datapackage.json` describes the questions, `responses.json` has one row a response.
The format knows no word for "asked and not answered": what was refused or not known is in none of the rows.
"""

import hashlib
import uuid
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any, TextIO

import msgspec

from bridge.dialogue.answer import AnswerStatus, Value
from bridge.dialogue.items import (
    AudioItem,
    BloodPressureItem,
    DateItem,
    MultiChoiceItem,
    OptionsItem,
    QuestionItem,
    TimeItem,
)
from bridge.dialogue.questionnaire import Questionnaire
from bridge.interop.answers.records import ExportedAnswer, ExportedCall, exported, question_of
from bridge.interop.fhir.values import pressure
from bridge.interop.interviews import Interview
from bridge.understanding import YesNoKind, bare

__all__ = ["FlowResults", "descriptor"]

SPECIFICATION = "1.0.0-rc1"
ARABIC = "ara"  # ISO 639-3
_FIELDS = (
    ("timestamp", "Timestamp", "datetime"),
    ("row_id", "Row ID", "string"),
    ("contact_id", "Contact ID", "string"),
    ("question_id", "Question ID", "string"),
    ("response", "Response", "any"),
    ("response_metadata", "Response Metadata", "object"),
)


class FlowResults:
    """One folder for each version of a questionnaire, inside the folder given."""

    def __init__(self, folder: Path, *, now: datetime) -> None:
        self._folder = folder
        self._now = now
        self._rows: dict[
            str, tuple[TextIO, bool]
        ] = {}  # by the version's hash: the file, and whether it has rows

    def add(self, interview: Interview) -> None:
        """Write one call's responses; a call whose questionnaire was not kept cannot be described."""
        questionnaire = interview.questionnaire
        if questionnaire is None:
            return
        call = exported(interview)
        for answer in call.answers:
            item = question_of(interview, answer.item)
            if item is not None and answer.status is AnswerStatus.ANSWERED and answer.counts:
                for row in _rows(call, answer, item):
                    self._write(questionnaire, row)

    def close(self) -> None:
        """End the lists."""
        for stream, _ in self._rows.values():
            stream.write("\n]\n")
            stream.close()

    def begin(self, questionnaire: Questionnaire) -> None:
        """Make a version's package, whether or not anybody has answered."""
        name = _package_name(questionnaire)
        folder = self._folder / f"{name}-{questionnaire.hash[:8]}"
        folder.mkdir(parents=True)
        described = msgspec.json.format(msgspec.json.encode(descriptor(questionnaire, self._now)), indent=2)
        (folder / "datapackage.json").write_bytes(described + b"\n")
        stream = (folder / "responses.json").open("w", encoding="utf-8")
        stream.write("[")
        self._rows[questionnaire.hash] = (stream, False)

    def _write(self, questionnaire: Questionnaire, row: list[Any]) -> None:
        if questionnaire.hash not in self._rows:
            self.begin(questionnaire)
        stream, has_rows = self._rows[questionnaire.hash]
        stream.write((",\n" if has_rows else "\n") + msgspec.json.encode(row).decode())
        self._rows[questionnaire.hash] = (stream, True)


def descriptor(questionnaire: Questionnaire, now: datetime) -> dict[str, Any]:
    """The package's description; its id follows from the version's content, so that it never changes."""
    digest = hashlib.sha256(f"flow results {questionnaire.hash}".encode()).digest()[:16]
    at = now.isoformat(sep=" ", timespec="seconds")
    questions = dict(question for item in questionnaire.questions for question in _questions(item))
    schema = {
        "language": ARABIC,
        "fields": [dict(zip(("name", "title", "type"), field, strict=True)) for field in _FIELDS],
        "questions": questions,
    }
    resource = {
        "name": "responses",
        "path": "responses.json",
        "format": "json",
        "mediatype": "application/json",
    }
    return {
        "profile": "flow-results-package",
        "flow_results_specification_version": SPECIFICATION,
        "created": at,
        "modified": at,
        "id": str(uuid.UUID(bytes=digest, version=4)),
        "name": _package_name(questionnaire),
        "title": bare(questionnaire.title),
        "questionnaire": {
            "id": questionnaire.id,
            "version": questionnaire.version,
            "hash": questionnaire.hash,
            "status": questionnaire.status,
        },
        "resources": [{**resource, "encoding": "utf-8", "schema": schema}],
    }


def _package_name(questionnaire: Questionnaire) -> str:
    """Small letters, digits, dots, hyphens and underscores."""
    named = f"{questionnaire.id}-{questionnaire.version}".lower()
    return "".join(one if one.isascii() and (one.isalnum() or one in "._-") else "-" for one in named)


def _questions(item: QuestionItem) -> Iterator[tuple[str, dict[str, Any]]]:
    label = bare(item.ask[0])
    if isinstance(item, BloodPressureItem):
        for part, ends in (("systolic", item.systolic), ("diastolic", item.diastolic)):
            options = {"range": list(ends)}
            yield (
                f"{item.id}.{part}",
                {"type": "numeric", "label": f"{label} ({part})", "type_options": options},
            )
        return
    kind, options = _type(item)
    yield item.id, {"type": kind, "label": label, "type_options": options}


def _type(item: QuestionItem) -> tuple[str, dict[str, Any]]:
    if isinstance(item, OptionsItem):
        kind = "select_many" if isinstance(item, MultiChoiceItem) else "select_one"
        return kind, {"choices": [option.value for option in item.options]}
    if isinstance(getattr(item, "kind", None), YesNoKind):
        return "select_one", {"choices": ["yes", "no"]}
    if hasattr(item, "decimals"):
        return "numeric", {"range": [getattr(item, "minimum", 0), getattr(item, "maximum", 0)]}
    by_class: dict[type, str] = {DateItem: "date", TimeItem: "time"}
    return by_class.get(type(item), "text"), {}


def _rows(call: ExportedCall, answer: ExportedAnswer, item: QuestionItem) -> Iterator[list[Any]]:
    at = answer.answered_at.isoformat(timespec="milliseconds")
    round_ = {"round": answer.round} if answer.round else {}
    metadata = {
        **round_,
        "session_id": call.call_id,
        "status": answer.status,
        "revision": answer.revision,
        "disposition": call.disposition,
        "via": answer.via,
        "confirmed": answer.confirmed,
    }
    for question, response in _responses(item, answer.value):
        row_id = f"{call.call_id}:{question}" + (f"#{answer.round}" if answer.round else "")
        yield [at, row_id, call.subject, question, response, metadata]


def _responses(item: QuestionItem, value: Value) -> Iterator[tuple[str, Value]]:
    """What was answered, in the format of the question's type; sound has no address and is left out."""
    if value is None or isinstance(item, AudioItem):
        return
    if isinstance(item, BloodPressureItem):
        numbers = pressure(value)
        if numbers is not None:
            yield from zip((f"{item.id}.systolic", f"{item.id}.diastolic"), numbers, strict=True)
        return
    if isinstance(value, bool):
        yield item.id, "yes" if value else "no"
    elif isinstance(item, TimeItem):
        yield item.id, f"{value}:00"
    else:
        yield item.id, value
