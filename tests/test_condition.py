"""How the daemon is, put together: what is not there yet, what is overdue, and whose memory counts."""

import asyncio
import os
import shutil
import sys
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from exposed import sample
from msgspec.structs import replace

from bridge.admission import Admission, Busy, BusyReason, Seat
from bridge.clock import Clock
from bridge.condition import Parts, look
from bridge.errors import StorageError
from bridge.inventory import Inventory
from bridge.lifecycle import Lifecycle, State
from bridge.speech.memory import family_bytes, resident_bytes
from bridge.storage.place import Place
from bridge.switchboard import Switchboard
from bridge.telemetry.metrics import Metrics

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)


class Notices:
    """A store that has notifications only, due so many seconds from now."""

    def __init__(self, *due: float) -> None:
        self._due = due

    async def notifications(self) -> list[Any]:
        if not self._due:
            raise StorageError("the database is locked")
        return [SimpleNamespace(acknowledge_by=NOW + timedelta(seconds=seconds)) for seconds in self._due]


def parts(**others: Any) -> Parts:
    return Parts(state=State.RUNNING, calls=2, now=NOW, **others)


async def test_what_is_not_there_yet_is_unknown() -> None:
    """A daemon that has just begun."""
    now = await look(parts())
    assert (now.state, now.calls, now.engines, now.prompts) == ("running", 2, {}, None)
    assert (now.notices_waiting, now.notices_overdue, now.lag_seconds) == (None, None, None)
    assert "hatif_event_loop_lag_seconds" not in Metrics().exposition(now).decode()


async def test_whom_nobody_has_seen_is_counted() -> None:
    now = await look(parts(store=Notices(-1, 5, 60)))
    assert (now.notices_waiting, now.notices_overdue) == (2, 1)


async def test_a_database_that_fails_hides_nothing_else() -> None:
    now = await look(parts(store=Notices(), pulse=SimpleNamespace(lag_seconds=0.25)))
    assert (now.notices_waiting, now.lag_seconds) == (None, 0.25)


async def test_the_disk_and_the_latest_backup_are_seen(tmp_path: Path) -> None:
    """0 says that there has never been one; where the database is a server's, neither is ours to know."""
    place = Place(address=tmp_path / "hatif.db")
    now = await look(parts(), {"storage": True}, place)
    assert (now.components, now.backup_at) == ({"storage": True}, 0.0)
    assert 0 < (now.storage_free_bytes or 0) <= shutil.disk_usage(tmp_path).total
    (tmp_path / "backups").mkdir()
    for name, made in (("hatif-20260101T000000Z.db.sealed", 2000.0), ("hatif-20260102T000000Z.db", 1000.0)):
        (tmp_path / "backups" / name).touch()
        os.utime(tmp_path / "backups" / name, (made, made))
    (tmp_path / "backups/letter.txt").touch()
    assert (await look(parts(), place=place)).backup_at == 2000.0
    remote = await look(parts(), place=Place(address="postgresql://db.example/hatif"))
    assert (remote.storage_free_bytes, remote.backup_at) == (None, None)


async def test_a_database_that_hangs_is_not_ready(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever asks is answered, and the component says so."""
    monkeypatch.setattr("bridge.inventory.LOOK_SECONDS", 0.01)
    monkeypatch.setattr("bridge.condition.LOOK_SECONDS", 0.01)
    forever = SimpleNamespace(ping=asyncio.Event().wait, notifications=asyncio.Event().wait)
    lifecycle, pulse = Lifecycle(), SimpleNamespace(lag_seconds=0.0)
    inventory = Inventory(lifecycle, pulse, Clock(), store=forever)  # type: ignore[arg-type]
    now = await inventory.snapshot(Place(address="postgresql://db.example/hatif"))
    assert now.components == dict.fromkeys(
        ("storage", "recogniser", "voice", "prompts", "questionnaires"), False
    )
    assert now.notices_waiting is None


async def test_engines_by_name() -> None:
    """Ears, voices, and what decodes Opus."""
    now = await look(
        parts(
            recognizer=SimpleNamespace(is_ready=False, restarts=3, identity="model@1"),
            bench=SimpleNamespace(states=lambda: {"espeak-ng": (True, 0)}),
            opus=SimpleNamespace(worker=SimpleNamespace(is_ready=True, restarts=1)),
        )
    )
    told = {name: (engine.is_up, engine.restarts) for name, engine in now.engines.items()}
    assert told == {"vosk": (False, 3), "espeak-ng": (True, 0), "media": (True, 1)}
    assert now.model == "model@1"


async def test_a_drain_is_seen() -> None:
    now = await look(replace(parts(), state=State.DRAINING))
    assert sample(Metrics().exposition(now).decode(), "hatif_drain_state") == 1


async def test_memory_is_of_the_whole_family() -> None:
    """Of what was started, and of what that has started; a session of its own makes it no stranger."""
    script = "import subprocess, sys; subprocess.run([sys.executable, '-c', sys.argv[1]])"
    big = "kept = bytearray(b'1' * (64 << 20)); print('there', flush=True); input()"
    child = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", script, big),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        start_new_session=True,
    )
    assert child.stdout is not None
    await child.stdout.readline()
    mine, ours = resident_bytes(os.getpid()), family_bytes(os.getpid())
    await child.communicate(b"\n")
    assert ours - mine > 64 << 20
    assert family_bytes(child.pid) == 0


@pytest.fixture
def board() -> Callable[..., Any]:
    """A switchboard that only decides, and the metrics that count what it refuses."""

    def make(state: State, *, limit: int = 1, is_rendered: bool = True) -> Any:
        lifecycle = Lifecycle()
        if state is not State.STARTING:
            lifecycle.started()
        if state is State.DRAINING:
            lifecycle.drain()
        metrics = Metrics()
        switchboard = Switchboard(
            services=SimpleNamespace(metrics=metrics),  # type: ignore[arg-type]
            offer=SimpleNamespace(questionnaires={"q": SimpleNamespace(id="q")}, default="q"),  # type: ignore[arg-type]
            admission=Admission(limit),
            lifecycle=lifecycle,
            new_call_id=lambda: "c1",
            is_rendered=lambda _: is_rendered,
        )
        return switchboard, metrics

    return make


@pytest.mark.parametrize(
    ("state", "limit", "is_rendered", "reason"),
    [
        (State.RUNNING, 0, True, BusyReason.FULL),
        (State.DRAINING, 1, True, BusyReason.DRAINING),
        (State.STARTING, 1, True, BusyReason.NOT_READY),
        (State.RUNNING, 1, False, BusyReason.NOT_RENDERED),
    ],
)
async def test_a_refused_call_is_counted_once(
    board: Callable[..., Any], state: State, limit: int, reason: BusyReason, *, is_rendered: bool
) -> None:
    """By its reason, whichever provider asks."""
    switchboard, metrics = board(state, limit=limit, is_rendered=is_rendered)
    assert switchboard.admit_to("q") == Busy(reason)
    text = metrics.exposition(await look(parts())).decode()
    assert sample(text, f'hatif_calls_refused_total{{reason="{reason}"}}') == 1


async def test_a_call_that_is_taken_is_not_counted_as_refused(board: Callable[..., Any]) -> None:
    switchboard, metrics = board(State.RUNNING)
    with switchboard.admit_to("q"):
        assert switchboard.active_calls == 0  # it has only been let in
    assert isinstance(switchboard.admit(), Seat)
    assert "hatif_calls_refused_total{" not in metrics.exposition(await look(parts())).decode()
