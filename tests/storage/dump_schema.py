"""Run as a program: prints a small database of a given schema as SQL, to be kept in tests/storage/schemas.

Before a release that changes the schema, and never again after it:
PYTHONPATH=. python tests/storage/dump_schema.py 0007 > tests/storage/schemas/0007.sql
"""

import sqlite3
import sys
import tempfile
from contextlib import closing
from pathlib import Path

from alembic import command
from sqlalchemy import create_engine

from bridge.storage import schema

MOMENT = "2026-01-02 10:00:00.000000"
HEARD = {"status": "answered", "via": "speech"}
ROWS: dict[str, list[dict[str, object]]] = {
    "calls": [
        {
            "call_id": "finished",
            "caller_number": "+966110000001",
            "ended_at": MOMENT,
            "disposition": "completed",
            "custom_json": '{"campaign":"ب"}',
        },
        {"call_id": "died", "custom_json": "{}"},
    ],
    "turns": [
        {"call_id": "finished", "turn_index": 1, "item": "pain", "closed": "سبعة", "value_json": "7"},
        {"call_id": "finished", "turn_index": 2, "item": "pain", "closed": "ثمانية", "value_json": "8"},
        {"call_id": "died", "turn_index": 1, "item": None, "closed": ""},
    ],
    "answers": [
        {"call_id": "finished", "item": "pain", "turn_index": 1, "revision": 1, "value_json": "7"} | HEARD,
        {"call_id": "finished", "item": "pain", "turn_index": 2, "revision": 2, "value_json": "8"} | HEARD,
    ],
    "dialogue_states": [
        {"call_id": "finished", "turn_index": 2, "state_json": "{}"},
        {"call_id": "died", "turn_index": 1, "state_json": "{}"},
    ],
    "redeemed_tokens": [{"token_id": "t1"}],
    "notifications": [{"call_id": "finished", "turn_index": 2, "number": 1, "recipients_json": '["nurse"]'}],
    "questionnaires": [{"hash": "h", "questionnaire": "q", "version": "1", "source": "id: q", "common": ""}],
    "sounds": [{"call_id": "finished", "turn_index": 2, "ulaw": b"\xff\x7f\x00"}],
    "phone_calls": [{"provider": "twilio", "provider_call_id": "CA1", "status": "completed", "rank": 3}],
    "utterances": [{"call_id": "finished", "utterance_index": 1, "channel": "caller", "text": "نعم"}],
}


def fill(connection: sqlite3.Connection, table: str, row: dict[str, object]) -> None:
    """Insert a row; what must be there and was not given gets a value of its kind."""
    for _, name, kind, must, default, key in connection.execute(f"PRAGMA table_info({table})").fetchall():
        if must and default is None and not key and name not in row:
            row = {**row, name: {"TEXT": "x", "DATETIME": MOMENT}.get(kind, 1)}
        if kind == "DATETIME" and must:
            row = {**row, name: MOMENT}
    names, marks = ", ".join(row), ", ".join("?" * len(row))
    connection.execute(f"INSERT INTO {table} ({names}) VALUES ({marks})", list(row.values()))  # noqa: S608


def main(revision: str) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "hatif.db"
        engine = create_engine(f"sqlite:///{path}")
        config = schema._config()
        with engine.begin() as connection:
            config.attributes["connection"] = connection
            command.upgrade(config, revision)
        engine.dispose()
        with closing(sqlite3.connect(path)) as database:
            present = {name for (name,) in database.execute("SELECT name FROM sqlite_master")}
            for table, rows in ROWS.items():
                for row in rows if table in present else []:
                    fill(database, table, row)
            database.commit()
            sys.stdout.writelines(f"{line}\n" for line in database.iterdump())


if __name__ == "__main__":
    main(sys.argv[1])
