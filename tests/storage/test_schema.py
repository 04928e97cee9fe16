"""Migrations: they make what the tables say, run when the database is opened, and never run backwards."""

import asyncio
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from sqlalchemy import Connection

from bridge.clock import Clock
from bridge.errors import StorageError
from bridge.storage import schema
from bridge.storage.database import create_engine, database_url
from bridge.storage.store import CallRecord, Store
from bridge.storage.tables import metadata
from bridge.storage.utterances import utterances_of


async def test_migrations_make_what_the_tables_say(store: Store, path: Path) -> None:
    """Between a migrated database and the tables in code there is no difference."""
    engine = create_engine(database_url(path))
    async with engine.connect() as connection:
        differences = await connection.run_sync(
            lambda sync: compare_metadata(
                MigrationContext.configure(sync, opts={"compare_server_default": True}), metadata
            )
        )
    await engine.dispose()
    assert differences == []


async def test_opening_again_changes_nothing(
    store: Store, path: Path, query: Callable[..., list[Any]], a_call: Callable[..., CallRecord]
) -> None:
    """An up-to-date database is opened as it is."""
    await store.begin_call(a_call())
    again = await Store.open(path, clock=Clock())
    assert [call.call_id for call in await again.calls()] == ["c1"]
    assert query("SELECT version_num FROM alembic_version") == [("0009",)]
    await again.close()


async def test_two_daemons_may_start_at_once(path: Path, query: Callable[..., list[Any]]) -> None:
    """The second waits until the first has migrated."""
    stores = await asyncio.gather(*(Store.open(path, clock=Clock()) for _ in range(3)))
    for store in stores:
        await store.ping()
        await store.close()
    assert query("SELECT version_num FROM alembic_version") == [("0009",)]


async def test_an_older_database_is_brought_up_to_date(path: Path) -> None:
    """What it holds stays, and a refusal gets its new name."""
    path.parent.mkdir()
    engine = create_engine(database_url(path))
    config = schema._config()
    async with engine.begin() as connection:
        await connection.run_sync(lambda sync: _upgrade(config, sync, "0001"))
        row = "('c1', 'maqsam', 'q', '1', 'h', 'm', '2026-01-01', 'no_consent', '{}')"
        names = (
            "call_id, provider, questionnaire, questionnaire_version, questionnaire_hash, model, started_at"
        )
        statement = f"INSERT INTO calls ({names}, disposition, custom_json) VALUES {row}"  # noqa: S608
        await connection.exec_driver_sql(statement)
    await engine.dispose()
    store = await Store.open(path, clock=Clock())
    (call,) = await store.calls()
    assert (call.call_id, call.disposition) == ("c1", "refused")
    await store.close()


async def test_calls_of_before_there_was_listening_are_conversations(path: Path) -> None:
    """A database of the version before gets the column, its calls the kind, and the table is usable."""
    path.parent.mkdir()
    engine = create_engine(database_url(path))
    config = schema._config()
    async with engine.begin() as connection:
        await connection.run_sync(lambda sync: _upgrade(config, sync, "0004"))
        row = "('c1', 'maqsam', 'q', '1', 'h', 'm', '2026-01-01', '{}')"
        names = (
            "call_id, provider, questionnaire, questionnaire_version, questionnaire_hash, model, started_at"
        )
        await connection.exec_driver_sql(f"INSERT INTO calls ({names}, custom_json) VALUES {row}")  # noqa: S608
    await engine.dispose()
    store = await Store.open(path, clock=Clock())
    (call,) = await store.calls()
    assert (call.call_id, call.kind) == ("c1", "conversation")
    assert await utterances_of(store, "c1") == []
    await store.close()


def _upgrade(config: Config, connection: Connection, revision: str) -> None:
    config.attributes["connection"] = connection
    command.upgrade(config, revision)


async def test_newer_schema_is_refused(path: Path) -> None:
    """A database that a later version has changed is not touched."""
    await (await Store.open(path, clock=Clock())).close()
    with closing(sqlite3.connect(path)) as other, other:
        other.execute("UPDATE alembic_version SET version_num = '9999'")
    with pytest.raises(
        StorageError, match=r"written by a newer Hatif \(its schema is 9999, this one knows 0009"
    ):
        await Store.open(path, clock=Clock())


async def test_failed_migration_leaves_nothing_behind(path: Path) -> None:
    """All of a migration happens, or none of it."""
    path.parent.mkdir()
    with closing(sqlite3.connect(path)) as other, other:
        other.execute("CREATE TABLE answers (not_ours TEXT)")
    with pytest.raises(StorageError, match="refused the request"):
        await Store.open(path, clock=Clock())
    with closing(sqlite3.connect(path)) as other:
        names = other.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall()
    assert names == [("answers",)]
