"""`hatif subject erase`: a person is forgotten at once, and what is left on disk is searched for them.

What stays is one row that says when, how much and why, and the hash of the calls' ids: random numbers, from
which nobody finds the person, but by which an export can be told to be of who was erased.
"""

import asyncio
import mmap
from collections.abc import Sequence
from datetime import datetime
from glob import escape
from pathlib import Path
from typing import Any
from uuid import uuid4

from msgspec import Struct
from sqlalchemy import Text, and_, cast, delete, func, insert, literal_column, select
from sqlalchemy.ext.asyncio import AsyncConnection

from bridge.durable import sync_folder
from bridge.privacy.subjects import (
    Audit,
    SubjectError,
    SubjectFile,
    no_audit,
    other_calls,
    rows_of,
    tables_of_calls,
)
from bridge.storage import tables
from bridge.storage.place import Place, Where
from bridge.storage.scrubbing import database_files, scrub
from bridge.storage.sealing import is_sealed
from bridge.storage.store import Store

__all__ = ["Erasure", "Proof", "erase_subject", "foresee", "prove"]

IDS_AT_ONCE = 500
NOT_SEARCHED = ("backups", "exported files")
NOT_SEARCHED_ON_A_SERVER = ("the server's write-ahead log and its archive", "replicas")


class Erasure(Struct, frozen=True, kw_only=True):
    """What goes, or went."""

    calls: int
    rows: dict[str, int]  # by table
    files: int
    subject_hash: str


class Proof(Struct, frozen=True, kw_only=True):
    """What is left."""

    searched_bytes: dict[str, int]  # by file, of an SQLite database as it is on disk
    searched_rows: dict[str, int]  # by table, of a PostgreSQL database as it keeps them
    spellings: int  # that were looked for
    found: int  # how many of them are in a file, or a table
    still_in_calls: list[str]  # other calls that mention one when they are read, such as in an answer
    is_scrubbed: bool  # nothing that was deleted is held any more, for a reader or in the log
    not_searched: tuple[str, ...]  # what is not ours to look into, and may still hold what was deleted

    @property
    def is_clean(self) -> bool:
        """Nothing was found."""
        return self.is_scrubbed and not self.found and not self.still_in_calls


async def foresee(store: Store, found: SubjectFile, recordings: Path) -> Erasure:
    """What an erasure would take away.

    Raises:
        SubjectError: a call is in progress, or somebody is still to be told of a danger in one.

    """
    await _refuse_what_is_not_over(store, found)
    rows = {table.name: len(await rows_of(store, table, found.call_ids)) for table in tables_of_calls()}
    rows[tables.phone_calls.name] = len(found.phone_calls)
    files = await asyncio.to_thread(_files, recordings, found.call_ids)
    return Erasure(calls=len(found.calls), rows=rows, files=len(files), subject_hash=found.digest)


async def erase_subject(
    store: Store,
    found: SubjectFile,
    *,
    reason: str,
    recordings: Path,
    now: datetime,
    audit: Audit = no_audit,
) -> Erasure:
    """Delete files, then all rows in one transaction, which leaves the note of it. Safe to run again.

    Raises:
        SubjectError: as `foresee`, or a file cannot be deleted.
        StorageError: the rows cannot be deleted; none is.

    """
    erasure = await foresee(store, found, recordings)
    await audit(erasure.subject_hash)
    try:
        await asyncio.to_thread(_delete_files, recordings, found.call_ids)
    except OSError as error:
        raise SubjectError(f"{error.filename} cannot be deleted: {error.strerror}; no row was") from error
    note = {
        "erasure_id": uuid4().hex,
        "at": now,
        "reason": reason,
        "calls": erasure.calls,
        "rows": sum(erasure.rows.values()),
        "files": erasure.files,
        "subject_hash": erasure.subject_hash,
    }

    async def work(connection: AsyncConnection) -> None:
        await _delete_rows(connection, found)
        await connection.execute(insert(tables.erasures).values(note))

    await store.write(work)
    return erasure


async def prove(store: Store, where: Where, spellings: Sequence[str]) -> Proof:
    """Write the database anew, and look for what is erased: in what is stored, and in what other calls say.

    What is stored are SQLite's files to the byte, or the rows of PostgreSQL's tables as the server has them.

    Raises:
        StorageError: the database cannot be written anew, or read.

    """
    is_scrubbed = await scrub(where)
    path = Place.of(where).file
    files = await asyncio.to_thread(database_files, path) if path is not None else []
    found = await asyncio.to_thread(lambda: sum(_occurrences(file, spellings) for file in files))
    rows, found_in_rows = ({}, 0) if path is not None else await _search_rows(store, spellings)
    return Proof(
        searched_bytes={file.name: file.stat().st_size for file in files},
        searched_rows=rows,
        spellings=len(spellings),
        found=found + found_in_rows,
        still_in_calls=await _mentions(store, spellings),
        is_scrubbed=is_scrubbed,
        not_searched=NOT_SEARCHED if path is not None else (*NOT_SEARCHED, *NOT_SEARCHED_ON_A_SERVER),
    )


async def _search_rows(store: Store, spellings: Sequence[str]) -> tuple[dict[str, int], int]:
    """How many rows each table has, and how many of the spellings are in one, as PostgreSQL writes rows."""
    counts, found = {}, 0
    for table in tables.metadata.sorted_tables:
        row = cast(literal_column(table.name), Text)
        is_in = [
            func.bool_or(func.strpos(row, each) > 0).label(f"is_{n}") for n, each in enumerate(spellings)
        ]
        (result,) = await store.select(select(func.count().label("n"), *is_in).select_from(table))
        counts[table.name] = int(result["n"])
        found += sum(bool(result[each.name]) for each in is_in)
    return counts, found


async def _refuse_what_is_not_over(store: Store, found: SubjectFile) -> None:
    running = [call.call_id for call in found.calls if call.ended_at is None]
    if running:
        raise SubjectError(f"call {running[0]} is in progress: erase it when it has ended")
    ids = set(found.call_ids)
    unseen = [one.call_id for one in await store.notifications() if one.call_id in ids]
    if unseen:
        raise SubjectError(
            f"nobody has seen yet that the caller of {unseen[0]} may be in danger; see to them, then "
            "`hatif notifications acknowledge` it"
        )


async def _delete_rows(connection: AsyncConnection, found: SubjectFile) -> None:
    ids = found.call_ids
    for table in reversed(tables_of_calls()):
        for begin in range(0, len(ids), IDS_AT_ONCE):
            some = ids[begin : begin + IDS_AT_ONCE]
            await connection.execute(delete(table).where(table.c.call_id.in_(some)))
    phone = tables.phone_calls
    for provider, name in found.phone_keys:
        its_own = and_(phone.c.provider == provider, phone.c.provider_call_id == name)
        await connection.execute(delete(phone).where(its_own))


def _files(folder: Path, call_ids: Sequence[str]) -> list[Path]:
    """The recordings, and what an interrupted `hatif privacy rekey` has left of them."""
    return [path for call_id in call_ids for path in sorted(folder.glob(f"{escape(call_id)}.*"))]


def _delete_files(folder: Path, call_ids: Sequence[str]) -> None:
    paths = _files(folder, call_ids)
    for path in paths:
        path.unlink(missing_ok=True)
    if paths:
        sync_folder(folder)


def _occurrences(file: Path, spellings: Sequence[str]) -> int:
    """How many of them are in a file's bytes, as UTF-8 or UTF-16."""
    if not file.stat().st_size:
        return 0
    with file.open("rb") as opened, mmap.mmap(opened.fileno(), 0, access=mmap.ACCESS_READ) as content:
        return sum(
            content.find(spelling.encode(encoding)) >= 0
            for spelling in spellings
            for encoding in ("utf-8", "utf-16-le")
        )


async def _mentions(store: Store, spellings: Sequence[str]) -> list[str]:
    mentioning: set[str] = set()
    async for ids in other_calls(store):
        for table in tables_of_calls():
            if any(map(is_sealed, table.columns)) and table is not tables.sounds:
                for row in await rows_of(store, table, ids):
                    if _mentions_any(row, spellings):
                        mentioning.add(row["call_id"])
    return sorted(mentioning)


def _mentions_any(row: dict[str, Any], spellings: Sequence[str]) -> bool:
    return any(
        spelling in value for value in row.values() if isinstance(value, str) for spelling in spellings
    )
