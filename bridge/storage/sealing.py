"""The border between rows and values: what tells of a person is sealed going in, and opened coming out."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from msgspec import Struct
from sqlalchemy import Column, Label, Select, Table, delete, insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from bridge.errors import StorageError
from bridge.privacy.fields import FieldCipher, Place, Sealed
from bridge.privacy.keys import PLAIN
from bridge.storage.sealed_types import SealedBytes, SealedText
from bridge.storage.tables import sealing_keys

__all__ = ["agree_on_keys", "is_sealed", "note_key", "only_key", "open_rows", "require_keys", "seal_row"]

_PROOF = "hatif"


class _Opening(Struct, frozen=True):
    """A sealed column of a query: where it stands in a row, and where its row's primary key does."""

    position: int
    column: Column[Any]
    key_positions: tuple[int, ...]

    def place(self, row: Sequence[Any]) -> Place:
        table = self.column.table
        return Place(
            str(table.description), self.column.name, tuple(row[index] for index in self.key_positions)
        )


def is_sealed(column: Column[Any]) -> bool:
    """Whether it holds sealed values only."""
    return isinstance(column.type, SealedText | SealedBytes)


def seal_row(
    cipher: FieldCipher, table: Table, row: Mapping[str, Any], key: Mapping[str, Any] | None = None
) -> dict[str, Any]:
    """The row as it is written; its primary key is in it, or in `key`."""
    known = {**row, **(key or {})}
    names = [name for name in row if is_sealed(table.c[name])]
    if not names:
        return dict(row)
    its_key = tuple(known[column.name] for column in table.primary_key)
    sealed = {name: cipher.seal(row[name], Place(table.name, name, its_key)) for name in names}
    return {**row, **sealed}


def open_rows(
    cipher: FieldCipher, query: Select[Any], names: Sequence[str], rows: Iterable[Sequence[Any]]
) -> list[dict[str, Any]]:
    """Rows by their columns' names, opened.

    Raises:
        StorageError: a value cannot be decrypted.

    """
    openings = _openings(query)
    opened: list[dict[str, Any]] = []
    for row in rows:
        values = dict(zip(names, row, strict=True))
        for one in openings:
            values[names[one.position]] = cipher.open(row[one.position], one.place(row))
        opened.append(values)
    return opened


def _openings(query: Select[Any]) -> list[_Opening]:
    columns = [each.element if isinstance(each, Label) else each for each in query.selected_columns]
    positions = {
        (column.table, column.name): index
        for index, column in enumerate(columns)
        if isinstance(column, Column)
    }
    openings: list[_Opening] = []
    for index, column in enumerate(columns):
        if isinstance(column, Column) and is_sealed(column):
            key = [positions.get((column.table, part.name)) for part in column.table.primary_key]
            if None in key:
                raise TypeError(f"{column} is sealed to its row: select the row's primary key beside it")
            openings.append(_Opening(index, column, tuple(part for part in key if part is not None)))
    return openings


async def agree_on_keys(connection: AsyncConnection, cipher: FieldCipher) -> None:
    """Refuse a database that the configured keys do not open; note the key that is used from now on.

    Raises:
        StorageError: a key is missing or another, or the database is not encrypted and should be.

    """
    rows = (await connection.execute(select(sealing_keys))).all()
    require_keys([(name, proof) for name, proof in rows], cipher)
    if cipher.target not in {row.key_name for row in rows}:
        await note_key(connection, cipher)


def require_keys(noted: Iterable[tuple[str, str | bytes | None]], cipher: FieldCipher) -> None:
    """Be sure that the configured keys open what is sealed with those that the database notes, with proofs.

    Raises:
        StorageError: a key is missing or another, or the database is not encrypted and should be.

    """
    for name, proof in noted:
        if name not in cipher.readable:
            raise StorageError(_told(name))
        if name != PLAIN:
            cipher.open(Sealed(proof or ""), _proof_place(name))


async def note_key(connection: AsyncConnection, cipher: FieldCipher) -> None:
    """Note that values may be sealed with the key that is used."""
    name = cipher.target
    sealed = None if name == PLAIN else cipher.seal(_PROOF, _proof_place(name))
    row = {"key_name": name, "proof": sealed.stored if sealed else None}
    await connection.execute(insert(sealing_keys).values(row))


async def only_key(connection: AsyncConnection, name: str) -> None:
    """Note that no value is sealed with any other key any more."""
    await connection.execute(delete(sealing_keys).where(sealing_keys.c.key_name != name))


def _proof_place(name: str) -> Place:
    return Place(sealing_keys.name, "proof", (name,))


def _told(name: str) -> str:
    if name == PLAIN:
        return (
            "the database holds values that are not encrypted, but privacy.key is configured; "
            "run `hatif privacy rekey` to encrypt them, or leave privacy.key out"
        )
    return (
        f"the database is encrypted with the key {name}; privacy.key must hold it: where it is the "
        "credential privacy_key of the service, run this as root (docs/privacy.md)"
    )
