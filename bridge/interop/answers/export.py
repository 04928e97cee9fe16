"""Reads stored calls one page after another and hands each to a writer; a target is complete or not there.

A file is written beside its target under another name, closed to other users as the database is, and takes
its name when it is whole.
"""

import os
import shutil
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import TextIO

from msgspec import Struct
from msgspec.structs import replace

from bridge.dialogue.hints import did_you_mean
from bridge.dialogue.loader import parse
from bridge.dialogue.questionnaire import Questionnaire
from bridge.errors import QuestionnaireError
from bridge.interop.answers.columns import columns_of
from bridge.interop.answers.excel import Workbooks
from bridge.interop.answers.flow_results import FlowResults
from bridge.interop.answers.lines import FhirLines, JsonLines
from bridge.interop.answers.tables import LongTable, WideTable
from bridge.interop.answers.writers import Contents, Wanted, Writer
from bridge.interop.formats import AnswersFormat
from bridge.interop.interviews import MIN_KEY_BYTES, Interview, subject_of
from bridge.interop.losses import InteropError
from bridge.storage.pages import HeldVersion, Selection, held_versions, read_calls, steps_answered
from bridge.storage.store import Store

__all__ = ["STDOUT", "Plan", "export_answers", "read_key"]

STDOUT = Path("-")
PRIVATE_FILE = 0o600  # answers are medical data
PRIVATE_FOLDER = 0o700
OnProgress = Callable[[int], None]


class Plan(Struct, frozen=True):
    """What is exported, and where to."""

    format: AnswersFormat
    target: Path
    selection: Selection = Selection()
    wanted: Wanted = Wanted()
    key: bytes | None = None  # for pseudonyms that are the same from call to call
    canonical: str | None = None  # where the site publishes its questionnaires, for FHIR


async def export_answers(
    store: Store, plan: Plan, *, now: datetime, on_progress: OnProgress = lambda _calls: None
) -> int:
    """Export the selected calls, and return how many they were.

    Raises:
        InteropError: the target cannot be written, or the format cannot hold what was selected.
        StorageError: the database cannot be read.

    """
    plan = await _resolved(store, plan)
    versions = await held_versions(store, plan.selection)
    _refuse_mixture(plan, versions)
    known = {version.hash: questionnaire for version in versions if (questionnaire := _parsed(version))}
    contents = Contents(list(known.values()), frozenset(await steps_answered(store, plan.selection)))
    written = 0
    with _target(plan) as opened:
        writer = _writer(plan, opened, contents, now)
        async for file in read_calls(store, plan.selection):
            writer.add(
                Interview(
                    file.call,
                    file.answers,
                    known.get(file.call.questionnaire_hash),
                    state=file.state,
                    subject=subject_of(file.call, plan.key),
                    consents=file.consents,
                )
            )
            written += 1
            on_progress(written)
        writer.close()
    return written


async def _resolved(store: Store, plan: Plan) -> Plan:
    """The plan with the one call whose id begins as was said."""
    beginning = plan.selection.call_beginning
    if beginning is None:
        await _refuse_unknown(store, plan.selection.questionnaire)
        return plan
    found: list[str] = []
    async for file in read_calls(store, plan.selection):
        found.append(file.call.call_id)
        if len(found) > 1:
            raise InteropError(f"several calls' ids begin with {beginning!r}: give more of it")
    if not found:
        raise InteropError(f"no call's id begins with {beginning!r}; `hatif answers list` shows them")
    return replace(plan, selection=Selection(call_id=found[0]))


async def _refuse_unknown(store: Store, questionnaire: str | None) -> None:
    """A questionnaire that no call was held with is probably misspelt."""
    held = sorted({version.questionnaire for version in await held_versions(store, Selection())})
    if questionnaire is not None and questionnaire not in held:
        there = ", ".join(held) or "none yet"
        hint = did_you_mean(questionnaire, held)
        raise InteropError(
            f"no call was held with questionnaire {questionnaire!r}{hint}; there are calls of: {there}"
        )


def read_key(path: Path) -> bytes:
    """The key of pseudonyms, from a file of its own.

    Raises:
        InteropError: it cannot be read, or is too short to keep a secret.

    """
    try:
        key = path.read_bytes().strip()
    except OSError as error:
        raise InteropError(f"the key {path} cannot be read: {error.strerror}") from None
    if len(key) < MIN_KEY_BYTES:
        raise InteropError(
            f"the key in {path} has {len(key)} bytes; at least {MIN_KEY_BYTES} random ones are needed"
        )
    return key


def _parsed(version: HeldVersion) -> Questionnaire | None:
    """The questionnaire as it was; None where its text was not kept, or is of a format no longer read."""
    if version.sources is None:
        return None
    source, common = version.sources
    try:
        return parse(source, name=f"{version.questionnaire} {version.version}", common=common)
    except QuestionnaireError:
        return None


def _refuse_mixture(plan: Plan, versions: list[HeldVersion]) -> None:
    """A table of calls has the columns of one questionnaire."""
    names = list(dict.fromkeys(version.questionnaire for version in versions))
    if plan.format is AnswersFormat.WIDE and len(names) > 1:
        listed = ", ".join(sorted(names))
        raise InteropError(
            f"there are calls of {len(names)} questionnaires: choose one with --questionnaire: {listed}"
        )
    if plan.format in (AnswersFormat.XLSX, AnswersFormat.FLOIP) and plan.target == STDOUT:
        what = (
            "a workbook is a file: name it"
            if plan.format is AnswersFormat.XLSX
            else "packages are folders: name one"
        )
        raise InteropError(f"{what} with --to")


def _writer(plan: Plan, opened: "_Opened", contents: Contents, now: datetime) -> Writer:
    match plan.format:
        case AnswersFormat.XLSX:
            return Workbooks(opened.path, contents, plan.wanted)
        case AnswersFormat.FLOIP:
            packages = FlowResults(opened.path, now=now)
            for version in contents.versions:
                packages.begin(version)
            return packages
        case AnswersFormat.WIDE:
            return WideTable(opened.stream, columns_of(contents.versions, contents.answered))
        case AnswersFormat.LONG:
            return LongTable(opened.stream, plan.wanted)
        case AnswersFormat.JSONL:
            return JsonLines(opened.stream, plan.wanted)
        case AnswersFormat.FHIR:
            is_single = plan.selection.call_id is not None
            return FhirLines(opened.stream, now=now, canonical=plan.canonical, is_single=is_single)


class _Opened:
    """Where a writer writes: a path under another name, or a stream."""

    def __init__(self, path: Path, stream: TextIO | None) -> None:
        self.path = path
        self._stream = stream

    @property
    def stream(self) -> TextIO:
        if self._stream is None:
            raise TypeError("this target is no stream")
        return self._stream


@contextmanager
def _target(plan: Plan) -> Iterator[_Opened]:
    if plan.target == STDOUT:
        with _standard_output() as stream:
            yield _Opened(plan.target, stream)
        return
    part = plan.target.with_name(f"{plan.target.name}.part")
    try:
        with _part(plan, part) as opened:
            yield opened
        part.replace(plan.target)
    except OSError as error:
        raise InteropError(f"{plan.target} cannot be written: {error.strerror or error}") from None
    finally:
        _remove(part)


@contextmanager
def _standard_output() -> Iterator[TextIO]:
    try:
        yield sys.stdout
        sys.stdout.flush()
    except BrokenPipeError:
        # What is left in the buffer would fail once more at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        raise InteropError("whoever was reading the output has gone; it is not complete") from None


@contextmanager
def _part(plan: Plan, part: Path) -> Iterator[_Opened]:
    if plan.format is AnswersFormat.FLOIP:
        if plan.target.exists():
            raise InteropError(f"{plan.target} is there already; name a folder that is not")
        _remove(part)
        part.mkdir(mode=PRIVATE_FOLDER)
        yield _Opened(part, None)
        return
    descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, PRIVATE_FILE)
    # newline="": rows of CSV bring their own ends.
    with open(descriptor, "w", encoding="utf-8", newline="") as stream:  # noqa: PTH123 - it has a descriptor
        yield _Opened(part, stream)


def _remove(part: Path) -> None:
    if part.is_dir():
        shutil.rmtree(part)
    else:
        part.unlink(missing_ok=True)
