"""Which calls are a person's, and everything that is stored of them."""

import hashlib
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from typing import Any

from msgspec import Struct
from sqlalchemy import Table, and_, or_, select

from bridge.errors import BridgeError
from bridge.privacy.numbers import Subject
from bridge.storage import tables
from bridge.storage.opened import OpenDatabase
from bridge.storage.records import StoredCall
from bridge.storage.store import Store, stored_call
from protocols.events import Direction

__all__ = [
    "Audit",
    "PhoneKey",
    "SubjectError",
    "SubjectFile",
    "find_subject",
    "is_with",
    "no_audit",
    "other_calls",
    "rows_of",
    "tables_of_calls",
]

PAGE_CALLS = 500

PhoneKey = tuple[str, str]  # of a phone call: the provider, and its name for it

Audit = Callable[[str], Awaitable[None]]  # told of whom, by a hash, before anything is done


async def no_audit(_object: str) -> None:
    """Note nothing."""


class SubjectError(BridgeError):
    """A person's data cannot be exported or erased as they are."""

    code = "subject"


class SubjectFile(Struct, frozen=True):
    """A person's calls, and what providers told of them."""

    calls: list[StoredCall]
    phone_calls: list[dict[str, Any]]

    @property
    def call_ids(self) -> list[str]:
        """The calls' ids, sorted."""
        return sorted(call.call_id for call in self.calls)

    @property
    def digest(self) -> str:
        """What the person is called in notes that stay: SHA-256 of the calls' ids."""
        return hashlib.sha256("\n".join(self.call_ids).encode()).hexdigest()

    @property
    def phone_keys(self) -> list[PhoneKey]:
        """The phone calls' primary keys."""
        return [(row["provider"], row["provider_call_id"]) for row in self.phone_calls]


async def find_subject(store: Store, *, subject: Subject | None, call_id: str | None) -> SubjectFile:
    """The calls of a number or of one id, and the phone calls that belong to them.

    Every number is read and compared: what is encrypted cannot be searched.
    """
    calls = [call async for call in _calls(store) if _is_meant(call, subject, call_id)]
    keys = {(call.provider, call.provider_call_id) for call in calls if call.provider_call_id}
    phone_calls = [
        dict(row)
        for row in await store.select(select(tables.phone_calls))
        if (row["provider"], row["provider_call_id"]) in keys or (subject and _is_theirs(row, subject))
    ]
    return SubjectFile(calls, phone_calls)


async def other_calls(store: Store, *, at_once: int = 100) -> AsyncIterator[list[str]]:
    """The ids of all calls that are there, some at a time."""
    ids: list[str] = []
    async for call in _calls(store):
        ids.append(call.call_id)
        if len(ids) == at_once:
            yield ids
            ids = []
    if ids:
        yield ids


async def rows_of(database: OpenDatabase, table: Table, call_ids: Sequence[str]) -> list[dict[str, Any]]:
    """What a table holds of these calls."""
    query = select(table).where(table.c.call_id.in_(call_ids)).order_by(*table.primary_key)
    return [dict(row) for row in await database.select(query)]


def tables_of_calls() -> list[Table]:
    """Every table that knows calls, those before that others refer to."""
    return [table for table in tables.metadata.sorted_tables if "call_id" in table.columns]


def _is_meant(call: StoredCall, subject: Subject | None, call_id: str | None) -> bool:
    return call.call_id == call_id if subject is None else is_with(call, subject)


def is_with(call: StoredCall, subject: Subject) -> bool:
    """Whether the person on the line of a call has this number: who called us, or whom we called."""
    return _is_theirs(
        {
            "direction": call.direction,
            "caller_number": call.caller_number,
            "callee_number": call.callee_number,
        },
        subject,
    )


def _is_theirs(row: Mapping[str, Any], subject: Subject) -> bool:
    if row["direction"] == Direction.OUTBOUND:
        return subject.is_same(row["callee_number"])
    if row["direction"] == Direction.INBOUND:
        return subject.is_same(row["caller_number"])
    return subject.is_same(row["caller_number"]) or subject.is_same(row["callee_number"])


async def _calls(store: Store) -> AsyncIterator[StoredCall]:
    calls = tables.calls
    last: StoredCall | None = None
    while True:
        behind = (
            []
            if last is None
            else [
                or_(
                    calls.c.started_at > last.started_at,
                    and_(calls.c.started_at == last.started_at, calls.c.call_id > last.call_id),
                )
            ]
        )
        query = select(calls).where(*behind).order_by(calls.c.started_at, calls.c.call_id).limit(PAGE_CALLS)
        page = [stored_call(row) for row in await store.select(query)]
        for call in page:
            yield call
        if len(page) < PAGE_CALLS:
            return
        last = page[-1]
