"""Forgetting in time: what of a call is older than `privacy.keep_days` allows is deleted, class by class.

A call counts from its end. Calls in progress, and calls about which somebody is still to be told that the
caller may be in danger, are left alone. Which column goes with which class says `bridge.privacy.classes`.
"""

import asyncio
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TypeVar

from msgspec import Struct
from sqlalchemy import (
    ColumnElement,
    Delete,
    Table,
    Update,
    and_,
    delete,
    exists,
    func,
    not_,
    or_,
    select,
    update,
)
from sqlalchemy.ext.asyncio import AsyncConnection

from bridge.privacy.classes import CLASSES, Kept
from bridge.privacy.fields import BLANK
from bridge.privacy.recordings import recordings_in
from bridge.storage import tables
from bridge.storage.opened import OpenDatabase

__all__ = ["Purge", "Purged", "purge"]

T = TypeVar("T")

CALLS_AT_ONCE = 200  # of one transaction: a call in progress waits for no more than that


class Purge(Struct, frozen=True):
    """What is to be forgotten: what is older than its class's moment; a class that is not named stays."""

    before: Mapping[Kept, datetime]
    recordings: Path | None = None

    @classmethod
    def at(cls, now: datetime, days: Mapping[str, int | None], recordings: Path | None) -> "Purge":
        """By `privacy.keep_days`."""
        named = {Kept(name): now - timedelta(days=kept) for name, kept in days.items() if kept is not None}
        return cls(named, recordings)


class Purged(Struct, frozen=True):
    """How much was forgotten: rows (deleted, or blanked in part) by class, and files."""

    rows: dict[str, int]
    files: int


async def purge(database: OpenDatabase, wanted: Purge, *, dry_run: bool = False) -> Purged:
    """Forget what is due; with `dry_run` only count it.

    Raises:
        StorageError: the database cannot be read or written; what was forgotten is.
        OSError: a recording cannot be deleted.

    """
    files = await _purge_recordings(database, wanted, dry_run=dry_run)
    rows: Counter[str] = Counter()
    for kept in (Kept.SOUNDS, Kept.TRANSCRIPTS, Kept.ANSWERS, Kept.CALLS):
        if (moment := wanted.before.get(kept)) is not None:
            rows[kept] = await _purge_class(database, kept, moment, dry_run=dry_run)
    return Purged(dict(rows), files)


async def _purge_class(database: OpenDatabase, kept: Kept, moment: datetime, *, dry_run: bool) -> int:
    """The tables that refer to others before those."""
    total = 0
    for table in reversed(tables.metadata.sorted_tables):
        if (due := _due(table, kept)) is not None:
            total += await _purge_rows(
                database, table, kept, and_(due, _of_past_calls(table, moment)), dry_run
            )
    if kept is Kept.CALLS:
        total += await _purge_phone_calls(database, moment, dry_run=dry_run)
    return total


def _due(table: Table, kept: Kept) -> ColumnElement[bool] | None:
    """Which rows of a table have something of this class; None: the table has not."""
    if "call_id" not in table.columns:
        return None
    known = CLASSES[table.name]
    if kept in {known.kept, Kept.CALLS}:  # with the call goes everything of it
        return table.c.call_id.is_not(None)
    blanked = _blanked(table, kept)
    return (
        or_(*(table.c[name].is_not(None) & (table.c[name] != BLANK) for name in blanked)) if blanked else None
    )


def _blanked(table: Table, kept: Kept) -> list[str]:
    return [name for name, column in CLASSES[table.name].columns.items() if column.kept is kept]


def _of_past_calls(table: Table, moment: datetime) -> ColumnElement[bool]:
    """Of a call that ended before, and that nobody has to see to."""
    return table.c.call_id.in_(select(tables.calls.c.call_id).where(_is_past(moment)))


def _is_past(moment: datetime) -> ColumnElement[bool]:
    calls, notices = tables.calls, tables.notifications.alias("open_notices")
    is_open = exists().where(notices.c.call_id == calls.c.call_id, notices.c.acknowledged_at.is_(None))
    return and_(calls.c.ended_at < moment, not_(is_open))


async def _purge_rows(
    database: OpenDatabase, table: Table, kept: Kept, due: ColumnElement[bool], dry_run: bool
) -> int:
    found = await database.select(
        select(table.c.call_id, func.count().label("n")).where(due).group_by(table.c.call_id)
    )
    total = sum(int(row["n"]) for row in found)
    if dry_run:
        return total
    deletes = kept in {CLASSES[table.name].kept, Kept.CALLS}
    values = {
        name: None if table.c[name].nullable else BLANK for name in ([] if deletes else _blanked(table, kept))
    }
    for ids in _batches([str(row["call_id"]) for row in found]):
        which = and_(due, table.c.call_id.in_(ids))
        await _execute(
            database, delete(table).where(which) if deletes else update(table).where(which).values(values)
        )
    return total


async def _execute(database: OpenDatabase, statement: Delete | Update) -> int:
    async def work(connection: AsyncConnection) -> int:
        return (await connection.execute(statement)).rowcount

    return await database.write(work)


async def _purge_phone_calls(database: OpenDatabase, moment: datetime, *, dry_run: bool) -> int:
    """What providers told of calls that are gone, or that never had a session."""
    phone, calls = tables.phone_calls, tables.calls
    same = and_(calls.c.provider == phone.c.provider, calls.c.provider_call_id == phone.c.provider_call_id)
    # counted before the calls are deleted, deleted after
    stays = exists().where(same, not_(_is_past(moment)) | calls.c.ended_at.is_(None))
    due = and_(phone.c.at < moment, not_(stays))
    if dry_run:
        rows = await database.select(select(func.count().label("n")).select_from(phone).where(due))
        return int(rows[0]["n"])
    return await _execute(database, delete(phone).where(due))


async def _purge_recordings(database: OpenDatabase, wanted: Purge, *, dry_run: bool) -> int:
    """Recordings of past calls, and those whose call is gone."""
    moments = [wanted.before[kept] for kept in (Kept.RECORDINGS, Kept.CALLS) if kept in wanted.before]
    folder = wanted.recordings
    if not moments or folder is None:
        return 0
    calls = tables.calls
    due = 0
    for paths in _batches(await asyncio.to_thread(recordings_in, folder)):
        names = {path.name.partition(".")[0]: path for path in paths}
        known = await database.select(
            select(calls.c.call_id, _is_past(max(moments)).label("past")).where(calls.c.call_id.in_(names))
        )
        past = {str(row["call_id"]): bool(row["past"]) for row in known}
        for name, path in names.items():
            if past[name] if name in past else _is_older(path, max(moments)):
                due += 1
                if not dry_run:
                    await asyncio.to_thread(path.unlink, missing_ok=True)
    return due


def _is_older(path: Path, moment: datetime) -> bool:
    return datetime.fromtimestamp(path.stat().st_mtime, UTC) < moment


def _batches(each: Sequence[T]) -> Iterator[Sequence[T]]:
    for begin in range(0, len(each), CALLS_AT_ONCE):
        yield each[begin : begin + CALLS_AT_ONCE]
