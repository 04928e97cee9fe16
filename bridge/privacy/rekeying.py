"""From one key to another, to the first one, or to none: every sealed value is written anew.

Each page is one transaction, and what is done is left as it is: stopped at any moment, it goes on when it is
run again. Until the end the database says that values of both keys may be there.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from pathlib import Path
from typing import Any

from msgspec import Struct
from sqlalchemy import Column, Table, and_, func, select, tuple_, update
from sqlalchemy.ext.asyncio import AsyncConnection

from bridge.privacy.fields import BLANK, FieldCipher, Place
from bridge.privacy.keys import PLAIN, KeyRing
from bridge.privacy.recordings import recordings_in, rewrite
from bridge.storage import tables
from bridge.storage.opened import OpenDatabase
from bridge.storage.sealing import is_sealed, only_key

__all__ = [
    "Rekeyed",
    "calls_in_progress",
    "rekey_database",
    "rekey_recordings",
    "rows_to_look_at",
    "target_of",
]

PAGE_ROWS = 200

Progress = Callable[[int], None]


class Rekeyed(Struct, frozen=True):
    """What was done."""

    looked_at: int  # rows
    rewritten: int


def target_of(ring: KeyRing | None, *, decrypt: bool) -> str:
    """The name of the key that values are to be sealed with."""
    return PLAIN if decrypt or ring is None else ring.current.name


async def rows_to_look_at(database: OpenDatabase) -> int:
    """How many rows there are in tables that seal."""
    counts = [
        await database.select(select(func.count().label("n")).select_from(table)) for table in _sealing()
    ]
    return sum(int(rows[0]["n"]) for rows in counts)


async def rekey_database(
    database: OpenDatabase, cipher: FieldCipher, *, on_progress: Progress = lambda _: None
) -> Rekeyed:
    """Seal every value with the cipher's target. The database was opened with the same cipher.

    Raises:
        StorageError: a value cannot be opened or written; what was done is done.

    """
    looked_at = rewritten = 0
    while True:  # a daemon that still has the old keys may write meanwhile
        before = rewritten
        for table in _sealing():
            last: tuple[Any, ...] | None = None
            while page := await _rekey_page(database, cipher, table, last):
                last, rows, changed = page
                looked_at, rewritten = looked_at + rows, rewritten + changed
                on_progress(looked_at)
        if rewritten == before:
            break
    await database.write(lambda connection: only_key(connection, cipher.target))
    return Rekeyed(looked_at, rewritten)


async def calls_in_progress(database: OpenDatabase) -> set[str]:
    """Their recordings are being written."""
    calls = tables.calls
    rows = await database.select(select(calls.c.call_id).where(calls.c.ended_at.is_(None)))
    return {str(row["call_id"]) for row in rows}


def rekey_recordings(
    folder: Path, ring: KeyRing | None, *, decrypt: bool, running: Collection[str] = ()
) -> Rekeyed:
    """Write every recording anew under the current key, or under none, but those of running calls.

    Raises:
        StorageError: one cannot be opened.
        OSError: one cannot be written.

    """
    key = None if decrypt or ring is None else ring.current
    paths = [path for path in recordings_in(folder) if path.name.partition(".")[0] not in running]
    return Rekeyed(len(paths), sum(rewrite(path, ring, key) for path in paths))


def _sealing() -> list[Table]:
    return [table for table in tables.metadata.sorted_tables if any(map(is_sealed, table.columns))]


async def _rekey_page(
    database: OpenDatabase, cipher: FieldCipher, table: Table, last: tuple[Any, ...] | None
) -> tuple[tuple[Any, ...], int, int] | None:
    """Rewrite what needs it in the rows behind the last one; where the page ends, its rows, and how many."""
    key = tuple(table.primary_key)
    query = select(table).order_by(*key).limit(PAGE_ROWS).with_for_update()
    if last is not None:
        query = query.where(tuple_(*key) > tuple_(*last))

    async def work(connection: AsyncConnection) -> tuple[tuple[Any, ...], int, int] | None:
        rows = (await connection.execute(query)).mappings().all()
        if not rows:
            return None
        changes = [change for row in rows if (change := _resealed(cipher, table, row))]
        for its_key, values in changes:
            where = and_(*(column == part for column, part in zip(key, its_key, strict=True)))
            await connection.execute(update(table).where(where).values(values))
        return _key_of(key, rows[-1]), len(rows), len(changes)

    return await database.write(work)


def _resealed(
    cipher: FieldCipher, table: Table, row: Mapping[Any, Any]
) -> tuple[tuple[Any, ...], dict[str, Any]] | None:
    """The values of a row that another key seals, sealed by the target."""
    key = _key_of(tuple(table.primary_key), row)
    changed: dict[str, Any] = {}
    for column in filter(is_sealed, table.columns):
        sealed = row[column.name]
        if sealed is not None and sealed != BLANK and sealed.key_name != cipher.target:
            place = Place(table.name, column.name, key)
            changed[column.name] = cipher.seal(cipher.open(sealed, place), place)
    return (key, changed) if changed else None


def _key_of(key: Sequence[Column[Any]], row: Mapping[Any, Any]) -> tuple[Any, ...]:
    return tuple(row[column.name] for column in key)
