"""/metrics, in process: who may read it and where, what requests are counted by, and what promtool says."""

import socket
import subprocess
import urllib.error
import urllib.request
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from aiohttp import web
from exposed import SNAPSHOT, everything, families, sample
from programs import needs, path_of

from bridge.errors import ConfigError
from bridge.identity.principal import Principal, Scope
from bridge.lifecycle import Lifecycle
from bridge.telemetry.metrics import Metrics
from bridge.telemetry.snapshot import Snapshot
from bridge.web.authorisation import PRINCIPAL
from bridge.web.endpoints import Endpoint
from bridge.web.health import Component, Health
from bridge.web.measuring import measuring
from bridge.web.scraping import MetricsListener, Scraping
from bridge.web.server import Server


async def _snapshot() -> Snapshot:
    return SNAPSHOT


async def _components() -> list[Component]:
    return []


class World:
    """A server without calls, with metrics on it, and whoever is said to ask."""

    def __init__(self) -> None:
        self.metrics = Metrics()
        self.scraping = Scraping(self.metrics, _snapshot)
        self.principal: Principal | None = None
        lifecycle = Lifecycle()
        lifecycle.started()
        breaks = Endpoint(
            method="GET", path="/breaks/{secret}", scope=None, handler=self._break, summary="", answer=str
        )
        self.server = Server(
            Health(lifecycle=lifecycle, components=_components, active_calls=lambda: 0),
            endpoints=[*self.scraping.endpoints(), breaks],
            middlewares=[self._identify, measuring(self.metrics.requested)],
        )

    @web.middleware
    async def _identify(self, request: web.Request, handler: Any) -> web.StreamResponse:
        if self.principal is not None:
            request[PRINCIPAL] = self.principal
        return await handler(request)

    async def _break(self, _request: web.Request) -> web.Response:
        raise ValueError("962790000001")

    async def get(self, path: str = "/metrics", method: str = "GET", port: int = 0) -> tuple[int, str]:
        url = f"http://127.0.0.1:{port or self.server.port}{path}"
        async with aiohttp.ClientSession() as client, client.request(method, url) as answer:
            return answer.status, await answer.text()


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    one = World()
    await one.server.start("127.0.0.1", 0, tmp_path / "admin.sock")
    yield one
    await one.server.stop()


@pytest.mark.parametrize(
    ("scopes", "status"), [(None, 401), ({Scope.HEALTH_READ}, 403), ({Scope.METRICS_READ}, 200)]
)
async def test_the_network_needs_the_scope(world: World, scopes: set[Scope] | None, status: int) -> None:
    world.principal = None if scopes is None else Principal("key:1", frozenset(scopes))
    assert (await world.get())[0] == status


async def test_the_admin_socket_needs_nothing(world: World, tmp_path: Path) -> None:
    """And the answer is what Prometheus reads, by its type too."""
    connector = aiohttp.UnixConnector(str(tmp_path / "admin.sock"))
    async with (
        aiohttp.ClientSession(connector=connector) as client,
        client.get("http://localhost/metrics") as answer,
    ):
        text = await answer.text()
        assert answer.headers["Content-Type"].startswith("text/plain; version=")
    assert sample(text, "hatif_calls_active") == 3


async def test_a_listener_of_its_own_serves_nothing_else(world: World) -> None:
    """Without a credential, and without any other route."""
    listener = MetricsListener(world.scraping)
    await listener.start("127.0.0.1", 0)
    status, text = await world.get(port=listener.port)
    others = [(await world.get(path, port=listener.port))[0] for path in ("/", "/health", "/admin/status")]
    await listener.stop()
    assert (status, others) == (200, [404, 404, 404])
    assert "hatif_calls_total" in families(text)


async def test_a_port_in_use_is_told_by_its_option(world: World) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        with pytest.raises(ConfigError, match=r"metrics\.port: cannot listen on 127\.0\.0\.1:\d+"):
            await MetricsListener(world.scraping).start("127.0.0.1", taken.getsockname()[1])


async def test_requests_are_counted_by_route_and_never_by_path(world: World) -> None:
    """A path may hold a token or a number; a method may be anything."""
    await world.get("/livez")
    await world.get("/application/962790000001/962790000002")
    await world.get("/nowhere/962790000003")
    await world.get("/breaks/962790000004")
    await world.get("/livez", method="PROPFIND")
    text = world.metrics.exposition(SNAPSHOT).decode()
    name = "http_server_request_duration_seconds_count"

    def count(method: str, status: int, route: str) -> float | None:
        labels = f'http_request_method="{method}",http_response_status_code="{status}",http_route="{route}"'
        return sample(text, f"{name}{{{labels}}}")

    assert count("GET", 200, "/livez") == 1
    assert count("GET", 503, "/application/{provider}/{questionnaire}") == 1
    assert count("GET", 404, "none") == 1
    assert count("GET", 500, "/breaks/{secret}") == 1
    assert count("_OTHER", 405, "none") == 1
    assert "96279" not in text
    assert "PROPFIND" not in text


def test_a_daemon_tells_how_it_is(daemon: Any) -> None:
    """The real one: its engines run, its prompts are counted, and no stranger learns of it."""
    status, body = daemon.get_as_admin("/metrics")
    text = body.decode()
    assert status == 200
    for engine in ("vosk", "espeak-ng"):
        assert sample(text, f'hatif_engine_up{{engine="{engine}"}}') == 1
    assert sample(text, 'hatif_state{state="running"}') == 1
    assert sample(text, "hatif_prompts_entries") > 0
    memory = sample(text, "hatif_memory_bytes")
    assert memory > sample(text, "process_resident_memory_bytes")  # the engines are processes of their own
    assert sample(text, "hatif_asyncio_tasks") > 1  # of the request, and what the daemon does all the time
    assert sample(text, 'hatif_escalations_open{due="overdue"}') is not None
    with pytest.raises(urllib.error.HTTPError) as refused:
        urllib.request.urlopen(f"http://127.0.0.1:{daemon.port}/metrics", timeout=5)
    with refused.value as answer:
        assert answer.code == 401


@needs("promtool")
def test_promtool_finds_nothing_wrong_with_a_daemons_metrics(daemon: Any) -> None:
    """And there is nothing among them that is not documented (tests/deploy compares the page)."""
    _, body = daemon.get_as_admin("/metrics")
    done = subprocess.run(
        [path_of("promtool"), "check", "metrics"], input=body, capture_output=True, timeout=60, check=False
    )
    assert (done.returncode, done.stdout + done.stderr) == (0, b"")
    told = families(body.decode())
    assert told.items() <= families(everything()).items()
    only_with_workers = {"hatif_workers_up", "hatif_workers_wanted", "hatif_worker_restarts_total"}
    assert set(families(everything())) - set(told) <= {"hatif_event_loop_lag_seconds", *only_with_workers}
