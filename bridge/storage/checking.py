"""Is a database whole? Its pages, what refers to what, its schema, and whether all in it can be read."""

import sqlite3
from collections.abc import Callable, Iterator
from typing import Any

import msgspec
from msgspec import Struct

from bridge.dialogue.answer import Value
from bridge.dialogue.state import DialogueState
from bridge.storage import schema

__all__ = ["Findings", "examine", "row_counts"]

SHOWN_FAULTS = 20  # of one kind; a damaged database has thousands

# What is JSON, as what, and which columns name a row of it. No column that a caller spoke is shown.
_JSON: tuple[tuple[str, str, Any, tuple[str, ...]], ...] = (
    ("answers", "value_json", Value, ("call_id", "item", "revision")),
    ("turns", "value_json", Value, ("call_id", "turn_index")),
    ("calls", "custom_json", dict[str, str], ("call_id",)),
    ("notifications", "recipients_json", tuple[str, ...], ("call_id", "turn_index", "number")),
    ("dialogue_states", "state_json", dict[str, Any], ("call_id",)),
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


def examine(connection: sqlite3.Connection, *, opened: Callable[[str], str] = str) -> Findings:
    """Look at all of a database, in one view of it while others write.

    `opened` makes a stored text readable, where it is encrypted; it raises ValueError where it cannot.

    Raises:
        sqlite3.Error: it cannot be looked at.

    """
    if faults := list(_damage(connection)):
        return Findings(schema=None, rows={}, faults=faults, notes=[])
    present = _revision(connection)
    rows = row_counts(connection)
    known = set(schema.known_revisions())
    if present is None:
        faults = ["it holds no tables of Hatif's: it is another program's database, or an empty one"]
    elif present not in known:
        faults = [
            f"its schema {present} is newer than this Hatif, which knows {max(known)}: install that version"
        ]
    faults += _strays(connection)
    faults += _unreadable(connection, rows, opened)
    notes = list(_not_to_be_resumed(connection, rows, opened))
    if present in known and present != schema.newest_revision():
        notes.append(f"its schema is {present}; `hatif db upgrade` brings it to {schema.newest_revision()}")
    return Findings(schema=present, rows=rows, faults=faults, notes=notes)


def row_counts(connection: sqlite3.Connection) -> dict[str, int]:
    """How many rows each table has."""
    names = connection.execute(
        "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite%' ORDER BY name"
    ).fetchall()
    return {
        name: int(connection.execute(f'SELECT count(*) FROM "{name}"').fetchone()[0])  # noqa: S608 (its own names)
        for (name,) in names
        if name != "alembic_version"
    }


def _damage(connection: sqlite3.Connection) -> Iterator[str]:
    """Broken pages and indexes (sqlite.org/pragma.html#pragma_integrity_check)."""
    found = [str(row[0]) for row in connection.execute(f"PRAGMA integrity_check({SHOWN_FAULTS})")]
    if found != ["ok"]:
        yield (
            f"it is damaged: {'; '.join(found[:3])}; restore the latest backup (`hatif db restore`) and "
            "check the disk"
        )


def _revision(connection: sqlite3.Connection) -> str | None:
    try:
        row = connection.execute("SELECT version_num FROM alembic_version").fetchone()
    except sqlite3.OperationalError:  # there is no such table
        return None
    return str(row[0]) if row else None


def _strays(connection: sqlite3.Connection) -> Iterator[str]:
    """Rows that refer to what is not there."""
    found = connection.execute("PRAGMA foreign_key_check").fetchmany(SHOWN_FAULTS)
    for table, rowid, parent, _key in found:
        yield (
            f"{table} row {rowid} refers to a row of {parent} that is not there: something other than Hatif "
            "has changed the database; restore a backup from before"
        )


def _unreadable(
    connection: sqlite3.Connection, rows: dict[str, int], opened: Callable[[str], str]
) -> Iterator[str]:
    for table, column, kind, key in _JSON:
        if table not in rows:
            continue
        decoder = msgspec.json.Decoder(kind)
        shown = 0
        for name, text in _texts(connection, table, column, key):
            if (why := _undecoded(decoder, text, opened)) and (shown := shown + 1) <= SHOWN_FAULTS:
                yield f"{table} {name}: {column} cannot be read ({why}); restore a backup from before"


def _texts(
    connection: sqlite3.Connection, table: str, column: str, key: tuple[str, ...]
) -> Iterator[tuple[str, str]]:
    """Every text in a column, and the name of its row: "3f2a pain 1"."""
    columns = ", ".join((*key, column))
    for *names, text in connection.execute(f"SELECT {columns} FROM {table} WHERE {column} IS NOT NULL"):  # noqa: S608
        yield " ".join(str(name) for name in names), str(text)


def _undecoded(decoder: "msgspec.json.Decoder[Any]", text: str, opened: Callable[[str], str]) -> str:
    """Why a text cannot be read; '' where it can. The reason carries nothing of the text."""
    try:
        decoder.decode(opened(text))
    except msgspec.ValidationError:
        return "it is of another kind than it should be"
    except (msgspec.DecodeError, ValueError):
        return "it is no JSON"
    return ""


def _not_to_be_resumed(
    connection: sqlite3.Connection, rows: dict[str, int], opened: Callable[[str], str]
) -> Iterator[str]:
    """Dialogues of an earlier version's shape: whole, but such a call begins afresh when it comes again."""
    if "dialogue_states" not in rows:
        return
    decoder = msgspec.json.Decoder(DialogueState)
    texts = _texts(connection, "dialogue_states", "state_json", ("call_id",))
    strange = sum(1 for _, text in texts if _undecoded(decoder, text, opened).startswith("it is of another"))
    if strange:
        yield f"{strange} dialogues are of another version's shape: such a call is not gone on with"
