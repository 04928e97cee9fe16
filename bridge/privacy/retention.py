"""Forgetting in time: what of a call is older than `privacy.keep_days` allows is deleted, class by class.

A call counts from its end, and by its questionnaire where that has a period of its own. Calls in progress,
and calls about which somebody is still to be told that the caller may be in danger, are left alone. Which
column goes with which class says `bridge.privacy.classes`.
"""

import asyncio
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import MappingProxyType
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
    false,
    func,
    not_,
    or_,
    select,
    true,
    update,
)
from sqlalchemy.ext.asyncio import AsyncConnection

from bridge.privacy.classes import CLASSES, Kept
from bridge.privacy.fields import BLANK
from bridge.privacy.recordings import recordings_in
from bridge.storage import tables
from bridge.storage.opened import OpenDatabase

__all__ = ["OF_CALLS", "Limit", "Purge", "Purged", "purge"]

T = TypeVar("T")

OF_CALLS = (Kept.CALLS, Kept.ANSWERS, Kept.TRANSCRIPTS, Kept.SOUNDS, Kept.RECORDINGS)
CALLS_AT_ONCE = 200  # of one transaction: a call in progress waits for no more than that


class Limit(Struct, frozen=True):
    """Of one class: calls that ended before this moment are forgotten; None: none is."""

    moment: datetime | None = None
    of: Mapping[str, datetime | None] = {}  # of a questionnaire that has a limit of its own

    def is_past(self) -> ColumnElement[bool]:
        """Of a call's row: it ended before, and nobody has to see to its caller."""
        calls, notices = tables.calls, tables.notifications.alias("open_notices")
        is_open = exists().where(notices.c.call_id == calls.c.call_id, notices.c.acknowledged_at.is_(None))
        others = (
            [(self.moment, calls.c.questionnaire.not_in(self.of))] if self.of else [(self.moment, true())]
        )
        own = [(moment, calls.c.questionnaire == name) for name, moment in self.of.items()]
        limits = [whose & (calls.c.ended_at < moment) for moment, whose in others + own if moment is not None]
        return and_(or_(false(), *limits), not_(is_open))


class Purge(Struct, frozen=True):
    """What is to be forgotten, by class; one that is not named stays."""

    limits: Mapping[Kept, Limit]
    recordings: Path | None = None

    @classmethod
    def at(
        cls,
        now: datetime,
        days: Mapping[str, int | None],
        recordings: Path | None,
        days_of: Mapping[str, Mapping[str, int | None]] = MappingProxyType({}),
    ) -> "Purge":
        """By `privacy.keep_days`, and `privacy.keep_days_of` for what questionnaires have of their own."""

        def ago(kept: int | None) -> datetime | None:
            return None if kept is None else now - timedelta(days=kept)

        limits = {}
        for name in OF_CALLS:
            own = {questionnaire: ago(its[name]) for questionnaire, its in days_of.items() if name in its}
            limit = Limit(ago(days.get(name)), own)
            if any(moment is not None for moment in (limit.moment, *own.values())):
                limits[name] = limit
        return cls(limits, recordings)


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
        if (limit := wanted.limits.get(kept)) is not None:
            rows[kept] = await _purge_class(database, kept, limit, dry_run=dry_run)
    return Purged(dict(rows), files)


async def _purge_class(database: OpenDatabase, kept: Kept, limit: Limit, *, dry_run: bool) -> int:
    """The tables that refer to others before those."""
    total = 0
    if kept is Kept.CALLS:
        total += await _purge_phone_calls(database, limit, dry_run=dry_run)
    for table in reversed(tables.metadata.sorted_tables):
        if (due := _due(table, kept)) is not None:
            total += await _purge_rows(
                database, table, kept, and_(due, _of_past_calls(table, limit)), dry_run
            )
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


def _of_past_calls(table: Table, limit: Limit) -> ColumnElement[bool]:
    return table.c.call_id.in_(select(tables.calls.c.call_id).where(limit.is_past()))


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


async def _purge_phone_calls(database: OpenDatabase, limit: Limit, *, dry_run: bool) -> int:
    """What providers told of calls that go now, and of those that never had a session.

    A phone call with several sessions goes with the last of them.
    """
    phone, calls = tables.phone_calls, tables.calls
    same = and_(calls.c.provider == phone.c.provider, calls.c.provider_call_id == phone.c.provider_call_id)
    has_one = exists().where(same)
    stays = exists().where(same, not_(limit.is_past()) | calls.c.ended_at.is_(None))
    never_began = not_(has_one) & (phone.c.at < limit.moment) if limit.moment is not None else false()
    due = or_(has_one & not_(stays), never_began)
    if dry_run:
        rows = await database.select(select(func.count().label("n")).select_from(phone).where(due))
        return int(rows[0]["n"])
    return await _execute(database, delete(phone).where(due))


async def _purge_recordings(database: OpenDatabase, wanted: Purge, *, dry_run: bool) -> int:
    """Recordings of past calls, and those whose call is gone."""
    limits = [wanted.limits[kept] for kept in (Kept.RECORDINGS, Kept.CALLS) if kept in wanted.limits]
    folder = wanted.recordings
    if not limits or folder is None:
        return 0
    calls = tables.calls
    is_past = or_(*(limit.is_past() for limit in limits))
    moments = [limit.moment for limit in limits if limit.moment is not None]
    due = 0
    for paths in _batches(await asyncio.to_thread(recordings_in, folder)):
        names = {path.name.partition(".")[0]: path for path in paths}
        known = await database.select(
            select(calls.c.call_id, is_past.label("past")).where(calls.c.call_id.in_(names))
        )
        past = {str(row["call_id"]): bool(row["past"]) for row in known}
        for name, path in names.items():
            if past[name] if name in past else moments and _is_older(path, max(moments)):
                due += 1
                if not dry_run:
                    await asyncio.to_thread(path.unlink, missing_ok=True)
    return due


def _is_older(path: Path, moment: datetime) -> bool:
    return datetime.fromtimestamp(path.stat().st_mtime, UTC) < moment


def _batches(each: Sequence[T]) -> Iterator[Sequence[T]]:
    for begin in range(0, len(each), CALLS_AT_ONCE):
        yield each[begin : begin + CALLS_AT_ONCE]
