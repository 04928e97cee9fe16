"""A store on a real file or a real server, and short ways to make what is put into it.

What a store promises holds on SQLite and on PostgreSQL: tests in modules that say `ON_BOTH = True` are run on
both, unless they ask for the file's `path`.
"""

import asyncio
import inspect
import sqlite3
from collections.abc import AsyncIterator, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from clusters import PACKAGE, Cluster, cluster
from databases import put_empty

from bridge.clock import Clock
from bridge.dialogue.answer import Answer, AnswerStatus, Via
from bridge.storage.store import CallRecord, Store, TurnRecord
from bridge.storage.tables import metadata

NOON = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    wanted = getattr(metafunc.module, "ON_BOTH", False) and "store" in metafunc.fixturenames
    if wanted and "path" not in inspect.signature(metafunc.function).parameters:
        metafunc.parametrize("kind", ["sqlite", "postgresql"])


@pytest.fixture
def kind() -> str:
    return "sqlite"


@pytest.fixture(scope="session")
def server() -> Iterator[Cluster]:
    """A PostgreSQL server, one for all tests."""
    with cluster() as made:
        if made is None:
            pytest.skip(PACKAGE)
        yield made


@pytest.fixture(scope="session")
def migrated(server: Cluster) -> str:
    """The name of a database on it that has all tables."""

    async def migrate() -> None:
        await (await Store.open(server.url("postgres"), clock=Clock())).close()

    with ThreadPoolExecutor(1) as thread:
        thread.submit(asyncio.run, migrate()).result()
    return "postgres"


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "data" / "hatif.db"


@pytest.fixture
def where(kind: str, path: Path, request: pytest.FixtureRequest) -> Path | str:
    """An empty database of the kind that the test is run on; it has all tables."""
    if kind == "sqlite":
        return put_empty(path)
    server, database = request.getfixturevalue("server"), request.getfixturevalue("migrated")
    emptied = [name for name in metadata.tables if name != "audit_log"]  # that lets nobody take rows away
    server.run(database, f"TRUNCATE {', '.join(emptied)}")
    return str(server.url(database))


@pytest.fixture
async def store(where: Path | str) -> AsyncIterator[Store]:
    opened = await Store.open(where, clock=Clock())
    yield opened
    await opened.close()


@pytest.fixture
def query(kind: str, path: Path, request: pytest.FixtureRequest) -> Callable[..., list[Any]]:
    """Ask the database through a connection of its own, as any other program would."""
    if kind == "postgresql":
        return partial(request.getfixturevalue("server").run, request.getfixturevalue("migrated"))

    def run(statement: str, *values: object) -> list[Any]:
        with closing(sqlite3.connect(path)) as connection:
            return connection.execute(statement, values).fetchall()

    return run


@pytest.fixture
def a_call() -> Callable[..., CallRecord]:
    def make(call_id: str = "c1", **changes: Any) -> CallRecord:
        facts: dict[str, Any] = {
            "provider": "maqsam",
            "questionnaire": "post_discharge",
            "questionnaire_version": "1",
            "questionnaire_hash": "abc",
            "model": "hatif-ar-phone-0.2 def",
            "started_at": NOON,
        }
        return CallRecord(call_id=call_id, **(facts | changes))

    return make


@pytest.fixture
def a_turn() -> Callable[..., TurnRecord]:
    def make(**changes: Any) -> TurnRecord:
        facts: dict[str, Any] = {"at": NOON, "item": "pain", "input": "speech", "meaning": "answer"}
        return TurnRecord(**(facts | changes))

    return make


@pytest.fixture
def an_answer() -> Callable[..., Answer]:
    def make(item: str = "pain", value: bool | int | str | None = 7, **changes: Any) -> Answer:
        facts: dict[str, Any] = {
            "status": AnswerStatus.ANSWERED,
            "via": Via.SPEECH,
            "tries": 1,
            "confirmed": False,
        }
        return Answer(item=item, value=value, **(facts | changes))

    return make
