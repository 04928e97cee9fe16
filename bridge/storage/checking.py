"""Is a database whole? Its pages, what refers to what, its schema, and whether all in it can be read."""

import sqlite3
from collections.abc import Callable, Collection, Iterable, Iterator
from typing import Any

import msgspec
from msgspec import Struct

from bridge.dialogue.answer import Value
from bridge.dialogue.state import DialogueState
from bridge.errors import StorageError
from bridge.privacy.fields import FieldCipher, Place, Sealed
from bridge.privacy.keys import KeyRing
from bridge.storage import schema

__all__ = ["VERSION_TABLE", "Findings", "Run", "examine", "examine_content", "row_counts"]

VERSION_TABLE = "alembic_version"
Run = Callable[[str], Iterable[Any]]  # a statement, and the rows that it gives

_REMEDY = "restore a backup from before"
SHOWN_FAULTS = 20  # of one kind; a damaged database has thousands

# What is JSON, as what, and which columns name a row of it. No column that a caller spoke is shown.
_JSON: tuple[tuple[str, str, Any, tuple[str, ...]], ...] = (
    ("answers", "value_json", Value, ("call_id", "item", "revision")),
    ("turns", "value_json", Value, ("call_id", "turn_index")),
    ("calls", "custom_json", dict[str, str], ("call_id",)),
    ("notifications", "recipients_json", tuple[str, ...], ("call_id", "turn_index", "number")),
)


class Findings(Struct, frozen=True, kw_only=True):
    """What was found in a database."""

    schema: str | None  # the newest migration that it has seen
    rows: dict[str, int]
    faults: list[str]  # each one sentence: what is wrong, and what to do
    notes: list[str]  # what is as it may be, and good to know

    @property
    def is_whole(self) -> bool:
        """Nothing is wrong."""
        return not self.faults


class _Reader:
    """Reads stored texts with the keys at hand, and counts those that other keys have sealed."""

    def __init__(self, keys: KeyRing | None) -> None:
        self._cipher = FieldCipher(keys, reads_plain=True)
        self.closed = 0

    def text(self, stored: str, place: Place) -> str | None:
        """What was written; None where its key is not at hand, StorageError where it was tampered with."""
        sealed = Sealed(stored)
        if sealed.key_name not in self._cipher.readable:
            self.closed += 1
            return None
        return str(self._cipher.open(sealed, place))


def examine(connection: sqlite3.Connection, *, keys: KeyRing | None = None) -> Findings:
    """Look at all of an SQLite database, in one view of it while others write.

    What is encrypted is looked into where `keys` has its key, and otherwise counted in a note.

    Raises:
        sqlite3.Error: it cannot be looked at.

    """
    if faults := list(_damage(connection)):
        return Findings(schema=None, rows={}, faults=faults, notes=[])
    found = examine_content(connection.execute, _tables(connection), keys=keys)
    return msgspec.structs.replace(found, faults=[*_strays(connection), *found.faults])


def examine_content(run: Run, tables: Collection[str], *, keys: KeyRing | None = None) -> Findings:
    """Look at what any database holds: its schema, and whether all that is JSON can be read."""
    present = _revision(run) if VERSION_TABLE in tables else None
    rows = {name: _count(run, name) for name in tables if name != VERSION_TABLE}
    known = schema.known_revisions()
    faults, notes = [], []
    if present is None:
        faults.append("it holds no tables of Hatif's: it is another program's database, or an empty one")
    elif present not in known:
        faults.append(f"its schema {present} is newer than this Hatif, which knows {known[-1]}: install that")
    elif present != known[-1]:
        notes.append(f"its schema is {present}; `hatif db upgrade` brings it to {known[-1]}")
    reader = _Reader(keys)
    faults += _unreadable(run, rows, reader)
    if "dialogue_states" in rows:
        for found, more in zip((faults, notes), _dialogues(run, reader), strict=True):
            found.extend(more)
    if reader.closed:
        notes.append(f"{reader.closed} values are encrypted with a key that privacy.key does not hold")
    return Findings(schema=present, rows=rows, faults=faults, notes=notes)


def row_counts(connection: sqlite3.Connection) -> dict[str, int]:
    """How many rows each table has."""
    return {name: _count(connection.execute, name) for name in _tables(connection) if name != VERSION_TABLE}


def _tables(connection: sqlite3.Connection) -> list[str]:
    named = "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite%' ORDER BY name"
    return [str(name) for (name,) in connection.execute(named)]


def _count(run: Run, table: str) -> int:
    return next(int(count) for (count,) in run(f'SELECT count(*) FROM "{table}"'))  # noqa: S608 (its own name)


def _damage(connection: sqlite3.Connection) -> Iterator[str]:
    """Broken pages and indexes (sqlite.org/pragma.html#pragma_integrity_check)."""
    found = [str(row[0]) for row in connection.execute(f"PRAGMA integrity_check({SHOWN_FAULTS})")]
    if found != ["ok"]:
        yield (
            f"it is damaged: {'; '.join(found[:3])}; restore the latest backup (`hatif db restore`) and "
            "check the disk"
        )


def _revision(run: Run) -> str | None:
    return next((str(revision) for (revision,) in run(f"SELECT version_num FROM {VERSION_TABLE}")), None)  # noqa: S608


def _strays(connection: sqlite3.Connection) -> Iterator[str]:
    """Rows that refer to what is not there."""
    found = connection.execute("PRAGMA foreign_key_check").fetchmany(SHOWN_FAULTS)
    for table, rowid, parent, _key in found:
        yield (
            f"{table} row {rowid} refers to a row of {parent} that is not there: something other than Hatif "
            "has changed the database; restore a backup from before"
        )


def _unreadable(run: Run, rows: dict[str, int], reader: _Reader) -> Iterator[str]:
    for table, column, kind, key in _JSON:
        if table not in rows:
            continue
        decoder = msgspec.json.Decoder(kind)
        shown = 0
        for place, text in _texts(run, table, column, key):
            if (why := _undecoded(decoder, reader, place, text)) and (shown := shown + 1) <= SHOWN_FAULTS:
                yield f"{table} {_row(place)}: {column} cannot be read ({why}); {_REMEDY}"


def _texts(run: Run, table: str, column: str, key: tuple[str, ...]) -> Iterator[tuple[Place, str]]:
    """Every text in a column, and where it stands."""
    columns = ", ".join((*key, column))
    for *names, text in run(f"SELECT {columns} FROM {table} WHERE {column} IS NOT NULL"):  # noqa: S608
        yield Place(table, column, tuple(names)), str(text)


def _row(place: Place) -> str:
    """The name of a row: "3f2a pain 1"."""
    return " ".join(map(str, place.key))


def _undecoded(decoder: "msgspec.json.Decoder[Any]", reader: _Reader, place: Place, stored: str) -> str:
    """Why a text cannot be read; '' where it can, or nobody can tell. The reason carries nothing of it."""
    try:
        text = reader.text(stored, place)
        if text:  # none where its key is elsewhere, empty where it was forgotten
            decoder.decode(text)
    except StorageError:
        return "it was changed, or moved from another row"
    except msgspec.ValidationError:
        return "it is of another kind than it should be"
    except (msgspec.DecodeError, ValueError):
        return "it is no JSON"
    return ""


def _dialogues(run: Run, reader: _Reader) -> tuple[list[str], list[str]]:
    """What is wrong with dialogues' states, and what is worth a note.

    One of an earlier version's shape is whole; such a call begins afresh when it comes again.
    """
    state, anything = msgspec.json.Decoder(DialogueState), msgspec.json.Decoder(dict[str, Any])
    faults, strange = [], 0
    for place, text in _texts(run, "dialogue_states", "state_json", ("call_id",)):
        if not _undecoded(state, reader, place, text):
            continue
        if why := _undecoded(anything, reader, place, text):
            faults.append(f"dialogue_states {_row(place)}: state_json cannot be read ({why}); {_REMEDY}")
        else:
            strange += 1
    noted = f"{strange} dialogues are of another version's shape: such a call is not gone on with"
    return faults[:SHOWN_FAULTS], [noted] if strange else []
