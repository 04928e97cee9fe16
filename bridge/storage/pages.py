"""Reads many conversations a page at a time, in the order in which they began: only a page is in memory.

A page begins behind the last call of the one before: calls that begin meanwhile change nothing before them.
"""

from collections import defaultdict
from collections.abc import AsyncIterator, Sequence
from datetime import datetime
from typing import Any

from msgspec import Struct
from sqlalchemy import ColumnElement, Select, and_, func, or_, select

from bridge.storage import tables
from bridge.storage.consents import StoredConsent, consents_by_call
from bridge.storage.records import CallKind, StoredAnswer, StoredCall
from bridge.storage.store import Store, stored_answer, stored_call

__all__ = ["CallFile", "HeldVersion", "Selection", "held_versions", "read_calls", "steps_answered"]

PAGE_CALLS = 200


class Selection(Struct, frozen=True):
    """Which calls are meant; what is None does not matter."""

    questionnaire: str | None = None
    call_id: str | None = None
    call_beginning: str | None = None  # of its id
    since: datetime | None = None  # began at this moment or later
    until: datetime | None = None  # began before


class HeldVersion(Struct, frozen=True):
    """A version of a questionnaire that calls were held with, and its texts where they were kept."""

    questionnaire: str
    version: str
    hash: str
    sources: tuple[str, str] | None


class CallFile(Struct, frozen=True):
    """What is stored of one call but its turns: answers in every revision, consents, the dialogue's state."""

    call: StoredCall
    answers: list[StoredAnswer]
    state: bytes | None
    consents: list[StoredConsent]


async def held_versions(store: Store, selection: Selection) -> list[HeldVersion]:
    """The versions that the selected calls were held with, in the order of their first call."""
    calls = tables.calls
    named = (calls.c.questionnaire, calls.c.questionnaire_version, calls.c.questionnaire_hash)
    query = select(*named).where(*_where(selection)).group_by(*named).order_by(func.min(calls.c.started_at))
    rows = await store.select(query)
    return [
        HeldVersion(
            row["questionnaire"],
            row["questionnaire_version"],
            row["questionnaire_hash"],
            await store.questionnaire_sources(row["questionnaire_hash"]),
        )
        for row in rows
    ]


async def steps_answered(store: Store, selection: Selection) -> set[str]:
    """The ids of all steps with an answer in the selected calls: "pain", "pill#2"."""
    answers, calls = tables.answers, tables.calls
    query = select(answers.c.item).distinct()
    if selection != Selection():
        query = query.join_from(answers, calls, answers.c.call_id == calls.c.call_id).where(
            *_where(selection)
        )
    return {str(row["item"]) for row in await store.select(query)}


async def read_calls(
    store: Store, selection: Selection, *, page_calls: int = PAGE_CALLS
) -> AsyncIterator[CallFile]:
    """The selected calls with their answers, the oldest first."""
    calls = tables.calls
    last: StoredCall | None = None
    while True:
        query = select(calls).where(*_where(selection), *_behind(last))
        rows = await store.select(query.order_by(calls.c.started_at, calls.c.call_id).limit(page_calls))
        page = [stored_call(row) for row in rows]
        for file in await _files(store, page):
            yield file
        if len(page) < page_calls:
            return
        last = page[-1]


async def _files(store: Store, page: Sequence[StoredCall]) -> list[CallFile]:
    ids = [call.call_id for call in page]
    answers: dict[str, list[StoredAnswer]] = defaultdict(list)
    for row in await store.select(_answers_of(ids)):
        answers[row["call_id"]].append(stored_answer(row))
    states = tables.dialogue_states
    kept = await store.select(select(states.c.call_id, states.c.state_json).where(states.c.call_id.in_(ids)))
    by_call = {row["call_id"]: str(row["state_json"]).encode() for row in kept}
    consents = await consents_by_call(store, ids)
    return [
        CallFile(one, answers[one.call_id], by_call.get(one.call_id), consents[one.call_id]) for one in page
    ]


def _answers_of(ids: Sequence[str]) -> Select[Any]:
    answers, calls = tables.answers, tables.calls
    traces = (calls.c.questionnaire, calls.c.questionnaire_version, calls.c.questionnaire_hash, calls.c.model)
    joined = select(answers, *traces).join_from(answers, calls, answers.c.call_id == calls.c.call_id)
    return joined.where(answers.c.call_id.in_(ids)).order_by(
        answers.c.call_id, answers.c.turn_index, answers.c.item, answers.c.revision
    )


def _where(selection: Selection) -> list[ColumnElement[bool]]:
    calls = tables.calls
    wanted: list[ColumnElement[bool]] = [calls.c.kind == CallKind.CONVERSATION]
    if selection.questionnaire is not None:
        wanted.append(calls.c.questionnaire == selection.questionnaire)
    if selection.call_id is not None:
        wanted.append(calls.c.call_id == selection.call_id)
    if selection.call_beginning is not None:
        wanted.append(calls.c.call_id.startswith(selection.call_beginning, autoescape=True))
    if selection.since is not None:
        wanted.append(calls.c.started_at >= selection.since)
    if selection.until is not None:
        wanted.append(calls.c.started_at < selection.until)
    return wanted


def _behind(last: StoredCall | None) -> list[ColumnElement[bool]]:
    """Calls that began later than the last one read, or at the same moment with a greater id."""
    if last is None:
        return []
    calls = tables.calls
    same = and_(calls.c.started_at == last.started_at, calls.c.call_id > last.call_id)
    return [or_(calls.c.started_at > last.started_at, same)]
