"""Health's keys, in process: what each says in each state, who sees details, what asking often costs."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from aiohttp import web
from sqlalchemy import text

from bridge.clock import Clock
from bridge.errors import StorageError
from bridge.identity.principal import Principal, Scope
from bridge.lifecycle import Lifecycle
from bridge.storage import schema
from bridge.storage.migrated import Migrated, migrated
from bridge.storage.store import Store
from bridge.web.authorisation import PRINCIPAL
from bridge.web.health import Component, Health
from bridge.web.server import Server

NAMES = ("storage", "recogniser", "voice", "prompts", "questionnaires")
SECRET = "a table of prompts"


class World:
    """A server without calls, whose components are what a test says."""

    def __init__(self) -> None:
        self.lifecycle = Lifecycle()
        self.ill: set[str] = set()
        self.looked = 0
        self.migrated = Migrated(7, 0)
        self.is_unreadable = False
        self.memory = 1_288_490_188  # 1.2 GiB
        self.principal: Principal | None = None
        self.health = Health(
            lifecycle=self.lifecycle,
            components=self._components,
            active_calls=lambda: 3,
            migrated=self._migrated,
            memory_bytes=lambda: self.memory,
        )
        self.server = Server(self.health, middlewares=[self._identify])

    async def _components(self) -> list[Component]:
        self.looked += 1
        return [Component(name, name not in self.ill, SECRET) for name in NAMES]

    async def _migrated(self) -> Migrated:
        if self.is_unreadable:
            raise StorageError("the database hatif.db is damaged")
        return self.migrated

    @web.middleware
    async def _identify(self, request: web.Request, handler: Any) -> web.StreamResponse:
        if self.principal is not None:
            request[PRINCIPAL] = self.principal
        return await handler(request)

    async def get(self, path: str = "/health") -> tuple[int, Any]:
        async with (
            aiohttp.ClientSession() as client,
            client.get(f"http://127.0.0.1:{self.server.port}{path}") as answer,
        ):
            return answer.status, await answer.json()


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    one = World()
    one.lifecycle.started()
    await one.server.start("127.0.0.1", 0, tmp_path / "admin.sock")
    yield one
    await one.server.stop()


async def test_the_keys_of_the_requirements(world: World) -> None:
    """000, 002 and 003: their names and their words."""
    before = datetime.now(UTC)
    status, report = await world.get()
    assert status == 200
    wanted = {
        "status": "healthy",
        "voice_service": "loaded",
        "vosk_model": "ready",
        "tts_model": "ready",
        "memory_usage": "1.2GB",
        "active_connections": 3,
    }
    assert {name: report[name] for name in wanted} == wanted
    assert report["checks"] == {
        "database": "healthy",
        "voice_services": "healthy",
        "migrations": {"status": "up_to_date", "applied": 7, "pending": 0},
    }
    assert report["timestamp"].endswith("Z")
    assert abs((datetime.fromisoformat(report["timestamp"]) - before).total_seconds()) < 60


@pytest.mark.parametrize(
    ("ill", "changed"),
    [
        ("recogniser", {"voice_service": "failed", "vosk_model": "failed", "tts_model": "ready"}),
        ("voice", {"voice_service": "failed", "vosk_model": "ready", "tts_model": "failed"}),
        ("storage", {"voice_service": "loaded", "vosk_model": "ready"}),
    ],
)
async def test_what_is_ill_is_named(world: World, ill: str, changed: dict[str, str]) -> None:
    """503, and the key of whatever it is."""
    world.ill = {ill}
    status, report = await world.get()
    assert (status, report["status"]) == (503, "unhealthy")
    assert {name: report[name] for name in changed} == changed
    assert report["checks"]["database"] == ("unhealthy" if ill == "storage" else "healthy")
    assert report["checks"]["voice_services"] == ("healthy" if ill == "storage" else "unhealthy")
    assert (await world.get("/readyz"))[1]["reasons"] == [ill]


async def test_what_is_not_there_yet_is_loading(tmp_path: Path) -> None:
    """While starting, nothing has failed."""
    one = World()
    one.ill = set(NAMES)
    await one.server.start("127.0.0.1", 0)
    status, report = await one.get()
    await one.server.stop()
    assert status == 503
    assert {report[name] for name in ("voice_service", "vosk_model", "tts_model")} == {"loading"}


async def test_migrations_that_are_missing(world: World) -> None:
    world.migrated = Migrated(5, 2)
    _, report = await world.get()
    assert report["checks"]["migrations"] == {"status": "pending", "applied": 5, "pending": 2}


async def test_a_database_that_cannot_be_read_is_no_error_of_health(world: World) -> None:
    world.is_unreadable = True
    world.ill = {"storage"}
    status, report = await world.get()
    assert status == 503
    assert report["checks"]["migrations"] == {"status": "unknown", "applied": None, "pending": None}


async def test_asking_often_looks_once(world: World) -> None:
    """A second's worth of questions is one look, also when they come at once; another state is another."""
    await asyncio.gather(*(world.get(path) for path in ("/health", "/readyz") * 10))
    assert world.looked == 1
    world.lifecycle.drain()
    status, report = await world.get()
    assert (status, report["state"], world.looked) == (503, "draining", 2)
    world.health._last = None
    await world.get()
    assert world.looked == 3


@pytest.mark.parametrize(
    ("scopes", "sees"),
    [(None, False), ({Scope.METRICS_READ}, False), ({Scope.HEALTH_READ}, True)],
)
async def test_details_need_a_credential(world: World, scopes: set[Scope] | None, *, sees: bool) -> None:
    """A stranger learns that something is ill; how, only whoever has the scope."""
    world.principal = None if scopes is None else Principal("key:1", frozenset(scopes))
    _, report = await world.get()
    assert (SECRET in str(report)) is sees
    assert set(report["components"]) == set(NAMES)


async def test_details_over_the_admin_socket(world: World, tmp_path: Path) -> None:
    connector = aiohttp.UnixConnector(str(tmp_path / "admin.sock"))
    async with (
        aiohttp.ClientSession(connector=connector) as client,
        client.get("http://localhost/health") as answer,
    ):
        assert SECRET in await answer.text()


@pytest.mark.parametrize(
    ("count", "text"), [(0, "0MB"), (740 << 20, "740MB"), (1 << 30, "1.0GB"), (5_368_709_120, "5.0GB")]
)
async def test_memory_in_the_requirements_words(world: World, count: int, text: str) -> None:
    world.memory = count
    assert (await world.get())[1]["memory_usage"] == text


async def test_a_database_that_was_opened_is_up_to_date(tmp_path: Path) -> None:
    """And one whose schema has fallen behind is told."""
    store = await Store.open(tmp_path / "hatif.db", clock=Clock())
    known = schema.known_revisions()
    assert await migrated(store) == Migrated(len(known), 0)
    assert (known[0], len(set(known))) == ("0001", len(known))

    async def fall_back(connection: Any) -> None:
        await connection.execute(text("UPDATE alembic_version SET version_num = :it"), {"it": known[-3]})

    await store.write(fall_back)
    found = await migrated(store)
    await store.close()
    assert (found, found.status) == (Migrated(len(known) - 2, 2), "pending")
