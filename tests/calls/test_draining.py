"""The daemon's end and its drains: no call is cut, callers hear a goodbye, and the service manager knows."""

import asyncio
import re
import signal
import sqlite3
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from agreeing import Agreeing, Witness, placed, refused, until
from manager import Manager
from shipped import write_short

from bridge.carriers.fake import EndedBy
from bridge.carriers.wires.generic import GenericWire
from bridge.carriers.wires.maqsam import MaqsamWire
from bridge.carriers.wires.twilio import TwilioWire
from bridge.identity.streams import StreamTokens

pytestmark = pytest.mark.call

CALLS = 20
NORMAL, GOING_AWAY, TRY_AGAIN = 1000, 1001, 1013  # RFC 6455, section 7.4.1, and IANA's registry
MEMORY = Path("/dev/shm")  # noqa: S108 - in a folder of its own in it
TROUBLE = re.compile("Task was destroyed|never awaited|never retrieved|ResourceWarning|Traceback")


@pytest.fixture
def brief(tmp_path: Path) -> Iterator[dict[str, str]]:
    """The environment of a daemon with one small questionnaire.

    Its database is in memory where there is such a folder: twenty calls that go on at the same pace commit at
    the same moment, and a disk that others write to as well is not what is tried here.
    """
    with tempfile.TemporaryDirectory(dir=MEMORY if MEMORY.is_dir() else None) as memory:
        yield write_short(tmp_path / "questionnaires") | {
            "HATIF_STORAGE__PATH": str(Path(memory) / "hatif.db"),
            # Two cores that have something else to do as well need not recognise speech as fast as a server.
            "HATIF_RECOGNISER__FINISH_TIMEOUT_SECONDS": "30",
            "HATIF_RECOGNISER__PHASES": "1",
        }


@pytest.fixture
def manager(tmp_path: Path) -> Iterator[Manager]:
    """A service manager."""
    one = Manager(tmp_path)
    yield one
    one.close()


def on_every_kind_of_wire(daemon: Any) -> tuple[list[Agreeing], list[asyncio.Task[int | None]]]:
    """Calls that are ended by a word on the socket, and by closing it."""
    word, close = callers = [Agreeing(times=1) for _ in range(2)]
    token = StreamTokens(daemon.tokens_secret).issue(provider="twilio")
    calls = (
        Witness(daemon, MaqsamWire(), word).call("maqsam", "word", daemon.token),
        Witness(daemon, TwilioWire(), close).call("twilio", "close", token),
    )
    return callers, [asyncio.create_task(call) for call in calls]


async def in_the_middle_of_everything(daemon: Any, callers: list[Agreeing]) -> None:
    """Send SIGTERM while a prompt is heard, an answer is spoken, and another is on its way to the disk."""
    with closing(sqlite3.connect(daemon.environment["HATIF_STORAGE__PATH"], isolation_level=None)) as other:
        while True:
            await until(lambda: "utterance" in {caller.stage for caller in callers}, daemon)
            other.execute("BEGIN IMMEDIATE")  # nothing is written meanwhile
            try:
                for _ in range(100):  # a second: callers are not kept waiting for long
                    await asyncio.sleep(0.01)
                    if {caller.stage for caller in callers} >= {"prompt", "utterance", "commit"}:
                        daemon.process.send_signal(signal.SIGTERM)
                        return
            finally:
                other.execute("ROLLBACK")
            # SQLite looks every 0.1 s whether a lock is free: who takes it again at once starves it
            await asyncio.sleep(1)


async def ended(daemon: Any) -> int:
    """The exit status."""
    return await asyncio.to_thread(daemon.process.wait, 60)


def rows(daemon: Any, query: str) -> list[tuple[Any, ...]]:
    with closing(sqlite3.connect(daemon.environment["HATIF_STORAGE__PATH"])) as connection:
        return connection.execute(query).fetchall()


def hatif(daemon: Any, *arguments: str) -> str:
    """A command to the running daemon, as an operator types it."""
    environment = {"HATIF_ADMIN__SOCKET": str(daemon.admin_socket), "PATH": "/usr/bin:/bin"}
    done = subprocess.run(
        [sys.executable, "-m", "bridge", *arguments],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


async def test_twenty_calls_are_not_cut(
    start_daemon: Callable[..., Any], brief: dict[str, str], manager: Manager
) -> None:
    """SIGTERM amid prompts, utterances and commits: all finish, and a further call is refused meanwhile."""
    daemon = start_daemon(
        HATIF_CLOCK__SPEED="1", NOTIFY_SOCKET=manager.address, WATCHDOG_USEC="3000000", **brief
    )
    callers = [Agreeing(speaks=number % 4 == 0) for number in range(CALLS)]
    calls = []
    for number, caller in enumerate(callers):
        calls.append(placed(daemon, caller, number))
        await asyncio.sleep(0.2)  # so that not all do the same at the same moment
    await until(lambda: all(caller.prompts for caller in callers), daemon)
    await in_the_middle_of_everything(daemon, callers)
    await until(lambda: f"STATUS={CALLS} calls, draining before the end" in manager.lines, daemon)
    assert await refused(daemon) == (503, True)
    assert daemon.get("/readyz") == (503, {"ready": False, "reasons": ["draining"]})
    assert not [call for call in calls if call.done()]  # the refusal waited for nobody

    outcomes = await asyncio.gather(*calls)
    assert {outcome.ended_by for outcome in outcomes} == {EndedBy.HATIF_HUNG_UP}
    assert await ended(daemon) == 0
    assert rows(daemon, "SELECT DISTINCT disposition FROM calls") == [("completed",)]
    assert rows(daemon, "SELECT count(*) FROM answers WHERE status = 'answered'") == [(3 * CALLS,)]
    told = [
        "STATUS=starting",
        "READY=1",
        "WATCHDOG=1",
        "STOPPING=1",
        "STATUS=20 calls, draining",
        "STATUS=stopped",
    ]
    assert [manager.first(line) for line in told] == sorted(manager.first(line) for line in told)
    assert manager.lines.count("READY=1") == manager.lines.count("STOPPING=1") == 1
    assert manager.first("EXTEND_TIMEOUT_USEC=") < manager.first("READY=1")
    assert [
        line for line in manager.lines[manager.first("STOPPING=1") :] if line.startswith("EXTEND_TIMEOUT")
    ]


async def test_a_drain_is_taken_back_and_a_deadline_is_not(
    start_daemon: Callable[..., Any], brief: dict[str, str]
) -> None:
    """An operator drains and goes on; then the end comes, and with its deadline a goodbye.

    A call whose socket is lost during the drain is no new one when its provider opens another.
    """
    daemon = start_daemon(
        HATIF_CLOCK__SPEED="2",
        HATIF_CALLS__DRAIN_SECONDS="0.2",
        HATIF_PROVIDERS__GENERIC__RECONNECTS="true",
        PYTHONDEVMODE="1",
        **brief,
    )
    caller, lost = Agreeing(), Agreeing(times=1)
    call = placed(daemon, caller)
    losing = asyncio.create_task(Witness(daemon, GenericWire(), lost).call("generic"))
    await until(lambda: caller.prompts > 0 and lost.prompts > 1, daemon)  # one answer is stored
    daemon.process.send_signal(signal.SIGUSR1)
    await until(lambda: daemon.get("/readyz")[0] == 503, daemon)
    assert await refused(daemon) == (503, True)
    losing.cancel()
    await asyncio.gather(losing, return_exceptions=True)
    stranger = Witness(daemon, GenericWire(), Agreeing())
    assert await stranger.call("generic", "stranger") == TRY_AGAIN
    assert await Witness(daemon, GenericWire(), Agreeing()).call("generic") == NORMAL
    assert rows(daemon, "SELECT disposition FROM calls WHERE provider = 'generic' ORDER BY started_at") == [
        ("interrupted",),
        ("completed",),
    ]
    assert rows(
        daemon,
        "SELECT item, count(*) FROM answers JOIN calls USING (call_id) WHERE provider = 'generic' "
        "GROUP BY item ORDER BY item",
    ) == [("consent", 1), ("one", 1), ("two", 1)]
    assert (await call).ended_by is EndedBy.HATIF_HUNG_UP  # far beyond the deadline, which is of an end
    assert "running" in await asyncio.to_thread(hatif, daemon, "undrain")
    assert "draining" in await asyncio.to_thread(hatif, daemon, "drain")
    assert daemon.get("/readyz")[0] == 503
    assert "running" in await asyncio.to_thread(hatif, daemon, "undrain")

    caller = Agreeing(speaks=False)
    call = placed(daemon, caller, 2)
    others, codes = on_every_kind_of_wire(daemon)
    await until(lambda: caller.stage == "commit" and all(other.prompts for other in others), daemon)
    said_before = caller.prompts
    daemon.process.send_signal(signal.SIGTERM)
    outcome = await call
    assert await ended(daemon) == 0
    assert outcome.ended_by is EndedBy.HATIF_HUNG_UP
    assert caller.prompts > said_before
    assert await asyncio.gather(*codes) == [GOING_AWAY] * len(codes)
    assert rows(daemon, "SELECT disposition FROM calls WHERE provider = 'maqsam' ORDER BY started_at") == [
        ("completed",),
        ("interrupted",),
        ("interrupted",),
    ]
    assert TROUBLE.search(daemon.log) is None, daemon.log


async def test_a_second_signal_is_the_goodbye_at_once(
    start_daemon: Callable[..., Any], brief: dict[str, str]
) -> None:
    """Long before the deadline; and a signal while the daemon starts ends it as well."""
    daemon = start_daemon(HATIF_CLOCK__SPEED="2", PYTHONDEVMODE="1", **brief)
    caller = Agreeing(speaks=False)
    call = placed(daemon, caller)
    others, codes = on_every_kind_of_wire(daemon)
    await until(lambda: caller.stage == "commit" and all(other.prompts for other in others), daemon)
    daemon.process.send_signal(signal.SIGTERM)
    await until(lambda: daemon.get("/readyz")[0] == 503, daemon)
    daemon.process.send_signal(signal.SIGINT)
    outcome = await call
    assert await ended(daemon) == 0
    assert outcome.ended_by is EndedBy.HATIF_HUNG_UP
    assert await asyncio.gather(*codes) == [GOING_AWAY] * len(codes)
    assert rows(daemon, "SELECT DISTINCT disposition FROM calls") == [("interrupted",)]
    assert "calls_dismissed" in daemon.log

    starting = threading.Thread(target=_start_in_vain, args=(daemon,))
    starting.start()
    before = daemon.log.count("worker_started")
    async with asyncio.timeout(60):
        while daemon.log.count("worker_started") == before:  # noqa: ASYNC110 - another process
            await asyncio.sleep(0.01)
    daemon.process.send_signal(signal.SIGTERM)
    assert await ended(daemon) == 0
    starting.join()
    assert TROUBLE.search(daemon.log) is None, daemon.log


def _start_in_vain(daemon: Any) -> None:
    with pytest.raises(AssertionError, match="the daemon ended"):
        daemon.start()
