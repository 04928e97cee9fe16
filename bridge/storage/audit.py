"""The audit log's table: rows are added, each in a transaction that reads the one before it, and read.

The oldest may be deleted, together with a row that says so: the database refuses it without one.
"""

from collections.abc import AsyncIterator, Mapping, Sequence
from datetime import datetime
from typing import Any

import msgspec
from msgspec import Struct
from sqlalchemy import ColumnElement, Select, delete, func, insert, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection

from bridge.audit.entries import Action, Entry, Head, Noted, Result, entry_after
from bridge.errors import StorageError
from bridge.storage.opened import OpenDatabase
from bridge.storage.tables import audit_log

__all__ = [
    "PURGED_AT_ONCE",
    "AuditSelection",
    "add_entry",
    "all_entries",
    "count_before",
    "first_number",
    "latest_entries",
    "purge_before",
]

PAGE_ROWS = 1000
PURGED_AT_ONCE = 5000  # of one transaction: a call in progress waits for no more than that
ATTEMPTS = 5  # another process may have taken the number, though not with SQLite, whose lock comes first


class AuditSelection(Struct, frozen=True):
    """Which rows are meant; what is None does not matter."""

    since: datetime | None = None
    until: datetime | None = None  # written before
    before: int | None = None  # with a lower number
    tenant: str | None = None


async def add_entry(database: OpenDatabase, what: Noted, at: datetime) -> Entry:
    """Add one row behind the last. When this returns, the disk has it.

    Raises:
        StorageError: it cannot be written.

    """

    async def work(connection: AsyncConnection) -> Entry:
        return await _append(connection, what, at)

    for _ in range(ATTEMPTS):
        try:
            return await database.write(work)
        except IntegrityError:
            continue
    raise StorageError("the audit log cannot be added to: other processes take every number first")


async def _append(connection: AsyncConnection, what: Noted, at: datetime) -> Entry:
    newest = select(audit_log).order_by(audit_log.c.number.desc()).limit(1)
    row = (await connection.execute(newest)).mappings().first()
    entry = entry_after(Entry.of(dict(row)) if row else None, what, at)
    await connection.execute(insert(audit_log).values(msgspec.structs.asdict(entry)))
    return entry


async def purge_before(database: OpenDatabase, moment: datetime, principal: str, at: datetime) -> int:
    """Delete the rows before the first that is as young as `moment`, some thousand; how many those were.

    In the same transaction `principal` is noted to have done so at `at`, with the head of what is gone.

    Raises:
        StorageError: they cannot be deleted; none is.

    """
    numbers = audit_log.c.number

    async def work(connection: AsyncConnection) -> int:
        first, last = (await connection.execute(select(func.min(numbers), func.max(numbers)))).one()
        if first is None:
            return 0
        young = select(func.min(numbers)).where(audit_log.c.at >= moment)
        kept = (await connection.execute(young)).scalar() or last + 1
        until = min(kept, first + PURGED_AT_ONCE) - 1
        if until < first:
            return 0
        hashed = select(audit_log.c.hash).where(numbers == until)
        head = Head(until, (await connection.execute(hashed)).scalar_one())
        what = Noted(principal=principal, action=Action.AUDIT_PURGE, object=str(head), result=Result.DONE)
        await _append(connection, what, at)
        return (await connection.execute(delete(audit_log).where(numbers <= until))).rowcount

    return await database.write(work)


async def count_before(database: OpenDatabase, moment: datetime) -> int:
    """How many rows are before the first that is as young as `moment`."""
    numbers = audit_log.c.number
    young = select(func.min(numbers)).where(audit_log.c.at >= moment).scalar_subquery()
    counted = (
        select(func.count().label("n")).where((numbers < young) | young.is_(None)).select_from(audit_log)
    )
    return int((await _rows(database, counted))[0]["n"])


async def first_number(database: OpenDatabase) -> int:
    """The number of the oldest row that is kept; 0 where there is none."""
    found = await _rows(database, select(func.coalesce(func.min(audit_log.c.number), 0).label("n")))
    return int(found[0]["n"])


async def all_entries(database: OpenDatabase, *, after: int = 0) -> AsyncIterator[Entry]:
    """Every row behind number `after`, in order, a page at a time."""
    while True:
        query = select(audit_log).where(audit_log.c.number > after).order_by(audit_log.c.number)
        rows = await _rows(database, query.limit(PAGE_ROWS))
        for row in rows:
            yield Entry.of(dict(row))
        if len(rows) < PAGE_ROWS:
            return
        after = rows[-1]["number"]


async def latest_entries(database: OpenDatabase, selection: AuditSelection, limit: int) -> list[Entry]:
    """The latest of the selected rows, newest first."""
    query = select(audit_log).where(*_where(selection)).order_by(audit_log.c.number.desc()).limit(limit)
    return [Entry.of(dict(row)) for row in await _rows(database, query)]


async def _rows(database: OpenDatabase, query: Select[Any]) -> Sequence[Mapping[str, Any]]:
    try:
        return await database.select(query)
    except ValueError:  # a moment that is none: nobody but a tamperer has written that
        raise StorageError("the audit log holds a row that cannot be read: its moment is none") from None


def _where(selection: AuditSelection) -> list[ColumnElement[bool]]:
    table = audit_log
    wanted: list[ColumnElement[bool]] = []
    if selection.since is not None:
        wanted.append(table.c.at >= selection.since)
    if selection.until is not None:
        wanted.append(table.c.at < selection.until)
    if selection.before is not None:
        wanted.append(table.c.number < selection.before)
    if selection.tenant is not None:
        wanted.append(table.c.tenant == selection.tenant)
    return wanted
