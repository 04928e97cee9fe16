"""A store on a real file, and short ways to make what is put into it."""

import sqlite3
from collections.abc import AsyncIterator, Callable
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from bridge.clock import Clock
from bridge.dialogue.answer import Answer, AnswerStatus, Via
from bridge.storage.store import CallRecord, Store, TurnRecord

NOON = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "data" / "hatif.db"


@pytest.fixture
async def store(path: Path) -> AsyncIterator[Store]:
    opened = await Store.open(path, clock=Clock())
    yield opened
    await opened.close()


@pytest.fixture
def query(path: Path) -> Callable[..., list[Any]]:
    """Ask the file through a connection of its own, as any other program would."""

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
