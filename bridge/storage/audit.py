"""The audit log's table: rows are added, each in a transaction that reads the one before it, and read."""

from collections.abc import AsyncIterator, Mapping, Sequence
from datetime import datetime
from typing import Any

import msgspec
from msgspec import Struct
from sqlalchemy import ColumnElement, Select, insert, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection

from bridge.audit.entries import Entry, Noted, entry_after
from bridge.errors import StorageError
from bridge.storage.opened import OpenDatabase
from bridge.storage.tables import audit_log

__all__ = ["AuditSelection", "add_entry", "all_entries", "latest_entries"]

PAGE_ROWS = 1000
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
        newest = select(audit_log).order_by(audit_log.c.number.desc()).limit(1)
        row = (await connection.execute(newest)).mappings().first()
        entry = entry_after(Entry.of(dict(row)) if row else None, what, at)
        await connection.execute(insert(audit_log).values(msgspec.structs.asdict(entry)))
        return entry

    for _ in range(ATTEMPTS):
        try:
            return await database.write(work)
        except IntegrityError:
            continue
    raise StorageError("the audit log cannot be added to: other processes take every number first")


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
