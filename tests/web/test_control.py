"""The daemon's own affairs over the admin socket, by the routes and by the commands that operators type."""

import asyncio
import json
import os
import socket
from collections.abc import AsyncIterator, Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from structlog.testing import capture_logs
from typed import typed

from bridge.errors import ConfigError
from bridge.lifecycle import Lifecycle, State
from bridge.offering import Change
from bridge.pulse import Pulse
from bridge.reloading import Reloaded
from bridge.running import RunningWorker
from bridge.web.control import ControlRoutes, Traffic
from bridge.web.health import Component, Health
from bridge.web.server import Server


class Site:
    """A server of the control routes alone, and what is behind them."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.socket = folder / "admin.sock"
        self.config = folder / "config.yaml"
        self.config.write_text(f"admin: {{socket: {self.socket}}}\n", encoding="utf-8")
        self.lifecycle = Lifecycle()
        self.calls: list[int] = []  # what is told next; the last stays
        self.refused: dict[str, int] = {}
        self.questionnaires: dict[str, str] = {}
        self.workers: list[RunningWorker] = []
        self.components = [Component("storage", is_ready=True)]
        self.reloaded = Reloaded()
        control = ControlRoutes(
            lifecycle=self.lifecycle,
            pulse=Pulse(),
            components=self._components,
            traffic=lambda: Traffic(
                calls=self.calls.pop(0) if self.calls else 0,
                most_calls=50,
                refused=self.refused,
                questionnaires=self.questionnaires,
                workers=self.workers,
            ),
            versions=lambda: {"model": "hatif-ar@1"},
            reload=self._reload,
        )
        health = Health(lifecycle=self.lifecycle, components=self._components, active_calls=lambda: 0)
        self.server = Server(health, has_page=False, endpoints=control.endpoints())

    async def _components(self) -> list[Component]:
        return self.components

    async def _reload(self) -> Reloaded:
        return self.reloaded

    async def type(self, *arguments: str) -> tuple[int, str, str]:
        """Type `hatif …` for this site: its exit status, what it printed, and what it complained of."""
        done = await asyncio.to_thread(typed, *arguments, "--config", self.config)
        return done.returncode, done.stdout, " ".join(done.stderr.split())

    async def report(self, *arguments: str) -> Any:
        """What the command writes as JSON."""
        _, shown, _ = await self.type(*arguments, "--json", "-")
        return json.loads(shown)


@pytest.fixture
async def site(tmp_path: Path) -> AsyncIterator[Site]:
    """A daemon that runs, as far as its operator can see."""
    one = Site(tmp_path)
    await one.server.start("127.0.0.1", 0, one.socket)
    one.lifecycle.started()
    with capture_logs():  # the server's, which shares its streams with the command
        yield one
    await one.server.stop()


async def test_status_shows_how_it_is(site: Site) -> None:
    """In a table, and as JSON: state and since when, calls, versions, what is not ready."""
    site.calls = [12, 12]
    site.components.append(Component("voice", is_ready=False, detail="piper died"))
    report = await site.report("status")
    assert (report["state"], report["calls"], report["is_ending"]) == ("running", 12, False)
    assert report["since"] == site.lifecycle.since.isoformat().replace("+00:00", "Z")
    assert (report["not_ready"], report["pid"]) == ({"voice": "piper died"}, os.getpid())
    assert report["versions"]["model"] == "hatif-ar@1"
    status, shown, _ = await site.type("status")
    assert status == 0
    for told in ("running, since", "12", "hatif-ar@1", "voice: piper died"):
        assert told in " ".join(shown.split())


async def test_status_shows_what_calls_meet_with(site: Site) -> None:
    """How many there are and may be, how many were refused and why, and what is asked and what is not."""
    told = " ".join((await site.type("status"))[1].split())
    assert "calls 0 of 50 refused none since the daemon began asked nothing yet" in told
    site.calls, site.refused = [1], {"full": 3, "draining": 1}
    crisis = "site.crisis_number is not configured"
    site.questionnaires = {
        "gad7": crisis,
        "phq2": crisis,
        "pain": "ready",
        "sleep": "2 of 9 prompts are missing",
    }
    told = " ".join((await site.type("status"))[1].split())
    assert "calls 1 of 50 refused 1 draining, 3 full asked pain" in told
    assert f"not asked gad7, phq2: {crisis} not asked sleep: 2 of 9 prompts are missing" in told
    assert (await site.report("status"))["refused"] == {"full": 3, "draining": 1}


async def test_status_shows_each_worker(site: Site) -> None:
    """How many calls it holds, and what is wrong where it is not well; where there is none, no line."""
    assert "worker" not in (await site.type("status"))[1]
    late, gone = "it is late", "it is not there"
    site.workers = [
        RunningWorker(number=1, pid=4711, calls=12, is_well=True, detail=""),
        RunningWorker(number=2, pid=4712, calls=1, is_well=False, detail=late),
        RunningWorker(number=3, pid=None, calls=0, is_well=False, detail=gone),
    ]
    told = " ".join((await site.type("status"))[1].split())
    assert f"process {os.getpid()} worker 1 4711, holds 12 calls worker 2 4712, holds 1 call: {late} " in told
    assert told.endswith(f"worker 3 holds no calls: {gone}")
    first = (await site.report("status"))["workers"][0]
    assert first == {"number": 1, "pid": 4711, "calls": 12, "is_well": True, "detail": ""}


async def test_it_is_drained_and_goes_on(site: Site) -> None:
    """Drained, it is not ready for calls, and says so to those who balance them."""
    ready = f"http://127.0.0.1:{site.server.port}/readyz"
    async with aiohttp.ClientSession() as client:
        assert (await site.report("drain"))["state"] == "draining"
        async with client.get(ready) as answer:
            assert (answer.status, await answer.json()) == (503, {"ready": False, "reasons": ["draining"]})
        assert (await site.report("undrain"))["state"] == "running"
        async with client.get(ready) as answer:
            assert answer.status == 200


async def test_a_drain_may_be_waited_for(site: Site) -> None:
    """Until the last call is over."""
    site.calls = [2, 1, 0]
    assert (await site.report("drain", "--wait"))["calls"] == 0
    assert site.lifecycle.state is State.DRAINING


async def test_an_end_is_not_taken_back(site: Site) -> None:
    """The command says why, and changes nothing."""
    site.lifecycle.end()
    status, _, complaint = await site.type("undrain")
    assert (status, site.lifecycle.state) == (2, State.DRAINING)
    assert "told to end, which cannot be taken back" in complaint


async def test_a_reload_tells_what_came_of_it(site: Site) -> None:
    """What changed, and what waits for a restart."""
    site.reloaded = Reloaded((), 2, {"phq2": Change.CHANGED, "gad7": Change.UNCHANGED}, ("server.port",))
    status, shown, complaint = await site.type("reload")
    assert (status, shown.split()) == (0, ["phq2", "changed", "gad7", "unchanged"])
    assert "server.port waits for a restart" in complaint
    assert (await site.report("reload"))["reloaded"] is True


async def test_a_reload_that_is_refused_tells_every_reason(site: Site) -> None:
    """By file, line and field, as the log does; the exit status is that of a failure."""
    site.reloaded = Reloaded(("phq2.yaml:3:1: versoin: no such field", "gad7.yaml:9:2: what"))
    status, _, complaint = await site.type("reload")
    assert status == 1
    assert "phq2.yaml:3:1: versoin: no such field" in complaint
    assert "gad7.yaml:9:2: what" in complaint


async def test_nothing_is_reloaded_while_it_starts(tmp_path: Path) -> None:
    """There is nothing to compare with yet."""
    one = Site(tmp_path)
    await one.server.start("127.0.0.1", 0, one.socket)
    status, _, complaint = await one.type("reload")
    await one.server.stop()
    assert (status, "starting" in complaint) == (1, True)


async def test_the_network_needs_a_credential(site: Site) -> None:
    """The same routes, by way of the port."""
    origin = f"http://127.0.0.1:{site.server.port}"
    async with aiohttp.ClientSession(origin) as client:
        asked = [
            client.get("/admin/status"),
            *(client.post(f"/admin/{what}") for what in ("drain", "undrain", "reload")),
        ]
        for asking in asked:
            async with asking as answer:
                assert answer.status == 401
    assert site.lifecycle.state is State.RUNNING


# Whoever does not answer


async def test_where_no_daemon_runs_that_is_said(tmp_path: Path) -> None:
    """Also where one has left its socket behind."""
    one = Site(tmp_path)
    for leave in (lambda: None, lambda: _left_behind(one.socket)):
        leave()
        status, _, complaint = await one.type("status")
        assert status == 2
        assert "no daemon runs here: nothing answers at" in complaint
        assert "hatif serve" in complaint


async def test_a_daemon_without_a_socket_cannot_be_driven(tmp_path: Path) -> None:
    """What the configuration must have is named."""
    one = Site(tmp_path)
    one.config.write_text("admin: {socket: null}\n", encoding="utf-8")
    status, _, complaint = await one.type("drain")
    assert (status, "admin.socket is null" in complaint) == (2, True)


def _rude(connection: socket.socket) -> None:
    connection.sendall(b"220 mail.example ESMTP\r\n")


def _curt(connection: socket.socket) -> None:
    connection.close()


@pytest.mark.parametrize("answer", [_rude, _curt])
async def test_what_is_no_daemon_is_told_from_one(
    tmp_path: Path, answer: Callable[[socket.socket], None]
) -> None:
    """Somebody answers, in another language or not at all."""
    one = Site(tmp_path)
    with closing(socket.socket(socket.AF_UNIX)) as listening:
        listening.bind(str(one.socket))
        listening.listen()

        def serve() -> None:
            connection, _ = listening.accept()
            with connection:
                answer(connection)

        serving = asyncio.create_task(asyncio.to_thread(serve))
        status, _, complaint = await one.type("status")
        await serving
    assert (status, "broke off the conversation" in complaint) == (2, True)


# The sockets themselves


def _left_behind(path: Path) -> None:
    with closing(socket.socket(socket.AF_UNIX)) as crashed:
        crashed.bind(str(path))


async def test_a_socket_that_is_left_behind_gives_way(tmp_path: Path) -> None:
    """After a crash the next daemon starts."""
    one = Site(tmp_path)
    _left_behind(one.socket)
    await one.server.start("127.0.0.1", 0, one.socket)
    assert (await one.report("status"))["state"] == "starting"
    await one.server.stop()


async def test_a_daemon_that_is_alive_keeps_its_socket(site: Site) -> None:
    """The second one is told, and the first is still reached."""
    second = Site(site.folder)
    with pytest.raises(ConfigError, match="another daemon answers at"):
        await second.server.start("127.0.0.1", 0, site.socket)
    assert (await site.report("status"))["state"] == "running"


async def test_a_listening_socket_may_be_handed_over(tmp_path: Path) -> None:
    """The service manager has opened it; the configured port is not looked at."""
    one = Site(tmp_path)
    with socket.create_server(("127.0.0.1", 0)) as opened:
        await one.server.start("192.0.2.1", 9, handed_over=opened.dup())
        assert one.server.port == opened.getsockname()[1]
        async with (
            aiohttp.ClientSession() as client,
            client.get(f"http://127.0.0.1:{one.server.port}/livez") as answer,
        ):
            assert answer.status == 200
        await one.server.stop()
