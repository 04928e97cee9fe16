"""The daemon's end and its drains: no call is cut, callers hear a goodbye, and the service manager knows."""

import asyncio
import re
import shutil
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

import aiohttp
import pytest
from manager import Manager

from bridge.audio.frames import FRAME_BYTES
from bridge.carriers.base import CarrierCall
from bridge.carriers.caller import SILENT_FRAME, CallerFrame
from bridge.carriers.fake import CallOutcome, EndedBy, FakeCarrier
from bridge.carriers.wires.maqsam import MaqsamWire
from bridge.clock import Clock
from bridge.content import CONTENT
from bridge.speech.vosk.recognizer import KNOWN_SOUND

pytestmark = pytest.mark.call

CALLS = 20
MEMORY = Path("/dev/shm")  # noqa: S108 - in a folder of its own in it
QUIET_FRAMES = 20  # 0.4 s: nothing is being said
QUIET_BYTES = frozenset(range(0x70, 0x80)) | frozenset(range(0xF0, 0x100))  # of mu-law: hardly any sound
BRIEF = """\
format: 1
id: brief
version: "1"
title: قصير
language: ar
status: draft
source: {name: test, licence: own}
items:
  - {id: consent, type: consent, ask: "هَلْ تُوَافِق؟"}
  - {id: one, type: yes_no, kind: fact, ask: "هَلِ الْجَوُّ جَمِيل؟"}
  - {id: two, type: yes_no, kind: fact, ask: "هَلْ نُكْمِل؟"}
"""
TROUBLE = re.compile("Task was destroyed|never awaited|never retrieved|ResourceWarning|Traceback")
VOICE = KNOWN_SOUND.read_bytes()  # yes
SPOKEN = [
    VOICE[at : at + FRAME_BYTES].ljust(FRAME_BYTES, b"\xff") for at in range(0, len(VOICE), FRAME_BYTES)
]


class Agreeing:
    """Says yes to every question, by key or by voice, and tells what is going on."""

    def __init__(self, *, speaks: bool) -> None:
        self.stage = ""  # prompt, utterance, or commit
        self.prompts = 0
        self._speaks = speaks
        self._quiet = 0
        self._is_asked = False
        self._to_say: list[bytes] = []

    def tick(self, heard: bytes) -> CallerFrame:
        """Wait for the end of what is being said, and answer."""
        if not QUIET_BYTES.issuperset(heard):
            self.prompts += self.stage != "prompt"
            self.stage, self._quiet, self._is_asked = "prompt", 0, True
        self._quiet += 1
        if self._to_say:
            self.stage = "utterance" if len(self._to_say) > 1 else "commit"
            return CallerFrame(self._to_say.pop(0))
        if not self._is_asked or self._quiet < QUIET_FRAMES:
            return CallerFrame(SILENT_FRAME)
        self._is_asked = False
        if self._speaks:
            self._to_say = list(SPOKEN)
            return CallerFrame(SILENT_FRAME)
        self.stage = "commit"
        return CallerFrame(SILENT_FRAME, "1")


@pytest.fixture
def brief(tmp_path: Path) -> Iterator[dict[str, str]]:
    """The environment of a daemon with one small questionnaire.

    Its database is in memory where there is such a folder: twenty calls that go on at the same pace commit at
    the same moment, and a disk that others write to as well is not what is tried here.
    """
    folder = tmp_path / "questionnaires"
    shutil.copytree(CONTENT / "questionnaires" / "common", folder / "common")
    (folder / "brief.yaml").write_text(BRIEF, encoding="utf-8")
    with tempfile.TemporaryDirectory(dir=MEMORY if MEMORY.is_dir() else None) as memory:
        yield {
            "HATIF_STORAGE__PATH": str(Path(memory) / "hatif.db"),
            "HATIF_QUESTIONNAIRES__FOLDER": str(folder),
            "HATIF_QUESTIONNAIRES__DEFAULT": "brief",
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


def placed(daemon: Any, caller: Agreeing, number: int = 1) -> asyncio.Task[CallOutcome]:
    """Call the daemon."""
    carrier = FakeCarrier(MaqsamWire(), caller, clock=Clock(float(daemon.environment["HATIF_CLOCK__SPEED"])))
    call = CarrierCall(from_number="9621234567", to_number="9621234566", call_id=str(number))
    return asyncio.create_task(carrier.place(daemon.url("/ws/maqsam"), call=call, token=daemon.token))


async def until(is_so: Callable[[], bool], daemon: Any) -> None:
    """Wait for something to become true of a busy machine."""
    async with asyncio.timeout(120):
        while not is_so():
            assert daemon.process.poll() is None, daemon.log
            await asyncio.sleep(0.01)


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


async def refused(daemon: Any) -> tuple[int, bool]:
    """What a call is answered that is not taken, and whether it is told when to try again."""
    async with aiohttp.ClientSession() as client:
        with pytest.raises(aiohttp.WSServerHandshakeError) as refusal:
            await client.ws_connect(daemon.url("/ws/maqsam"), headers={"Auth": daemon.token})
    assert refusal.value.headers is not None
    return refusal.value.status, "Retry-After" in refusal.value.headers


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
    """An operator drains and goes on; then the end comes, and with its deadline a goodbye."""
    daemon = start_daemon(
        HATIF_CLOCK__SPEED="2", HATIF_CALLS__DRAIN_SECONDS="0.2", PYTHONDEVMODE="1", **brief
    )
    caller = Agreeing(speaks=False)
    call = placed(daemon, caller)
    await until(lambda: caller.prompts > 0, daemon)
    assert "draining" in await asyncio.to_thread(hatif, daemon, "drain")
    assert await refused(daemon) == (503, True)
    assert (await call).ended_by is EndedBy.HATIF_HUNG_UP  # far beyond the deadline, which is of an end
    assert "running" in await asyncio.to_thread(hatif, daemon, "undrain")
    daemon.process.send_signal(signal.SIGUSR1)
    await until(lambda: daemon.get("/readyz")[0] == 503, daemon)
    assert "running" in await asyncio.to_thread(hatif, daemon, "undrain")

    caller = Agreeing(speaks=False)
    call = placed(daemon, caller, 2)
    await until(lambda: caller.stage == "commit", daemon)
    said_before = caller.prompts
    daemon.process.send_signal(signal.SIGTERM)
    outcome = await call
    assert await ended(daemon) == 0
    assert outcome.ended_by is EndedBy.HATIF_HUNG_UP
    assert caller.prompts > said_before
    assert rows(daemon, "SELECT disposition FROM calls ORDER BY started_at") == [
        ("completed",),
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
    await until(lambda: caller.stage == "commit", daemon)
    daemon.process.send_signal(signal.SIGTERM)
    await until(lambda: daemon.get("/readyz")[0] == 503, daemon)
    daemon.process.send_signal(signal.SIGINT)
    outcome = await call
    assert await ended(daemon) == 0
    assert outcome.ended_by is EndedBy.HATIF_HUNG_UP
    assert rows(daemon, "SELECT disposition FROM calls") == [("interrupted",)]
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
