"""What a call survives, and what is left of it when it does not: real daemon, real engines, real kills."""

import asyncio
import os
import signal
import sqlite3
from collections.abc import Callable
from contextlib import closing
from typing import Any

import pytest

from bridge.carriers.fake import EndedBy

pytestmark = pytest.mark.call

FAST = "8"  # where keys are pressed, and two cores need not recognise speech as well
SCRIPTED = {
    "consent": True,
    "pain": True,
    "pain_level": 3,
    "fever": False,
    "wound": False,
    "medication": True,
    "days_home": 7,
    "sleep": "good",
    "callback": False,
}


def rows(daemon: Any, query: str) -> list[tuple[Any, ...]]:
    """What a connection of our own reads from the daemon's database."""
    with closing(sqlite3.connect(f"file:{daemon.database}?mode=ro", uri=True)) as connection:
        return connection.execute(query).fetchall()


def stored(daemon: Any) -> dict[str, str]:
    """Every stored answer, as JSON, by item."""
    return dict(rows(daemon, "SELECT item, value_json FROM answers ORDER BY revision"))


async def test_what_was_acknowledged_survives_a_kill(start_daemon: Callable[..., Any], phone: Any) -> None:
    """Killed in mid-call: every answer whose next question was heard is there; the next call is taken."""
    daemon = start_daemon(HATIF_CLOCK__SPEED=FAST)

    def kill(item: str) -> None:
        if item == "wound":
            daemon.process.kill()

    _, patient = await phone(daemon, on_asked=kill)
    daemon.process.wait()
    acknowledged = patient.asked[: patient.asked.index("wound")]
    assert set(acknowledged) == {"consent", "pain", "pain_level", "fever"}
    assert set(acknowledged) <= stored(daemon).keys()

    daemon.start()
    assert rows(daemon, "SELECT disposition FROM calls") == [("interrupted",)]
    await phone(daemon)
    assert rows(daemon, "SELECT disposition FROM calls ORDER BY started_at") == [
        ("interrupted",),
        ("completed",),
    ]
    assert rows(daemon, "PRAGMA integrity_check") == [("ok",)]
    daemon.stop()


async def test_a_killed_recogniser_costs_one_apology(start_daemon: Callable[..., Any], phone: Any) -> None:
    """The recogniser is killed while the caller speaks: they are asked again, and the call completes."""
    daemon = start_daemon()
    killed: list[int] = []

    def kill(item: str) -> None:
        if item == "fever" and not killed:
            killed.append(daemon.children()["bridge.speech.vosk.worker"])
            os.kill(killed[0], signal.SIGKILL)

    outcome, _ = await phone(daemon, speaks=True, on_speaking=kill)
    assert killed
    assert outcome.ended_by is EndedBy.HATIF_HUNG_UP
    assert rows(daemon, "SELECT count(*) FROM turns WHERE input = 'not_heard'") == [(1,)]
    assert rows(daemon, "SELECT disposition FROM calls") == [("completed",)]
    daemon.stop()


async def test_other_calls_do_not_notice(start_daemon: Callable[..., Any], phone: Any) -> None:
    """Three calls at once, one of them hung up in the middle: the other two are complete and apart."""
    daemon = start_daemon(HATIF_CLOCK__SPEED=FAST)
    one, two, gone = (asyncio.create_task(phone(daemon)) for _ in range(3))
    await asyncio.sleep(3)
    gone.cancel()
    await asyncio.gather(one, two)
    await asyncio.gather(gone, return_exceptions=True)
    complete = "SELECT count(*) FROM answers JOIN calls USING (call_id) WHERE disposition = 'completed'"
    assert rows(daemon, complete) == [(2 * len(SCRIPTED),)]
    assert rows(daemon, "SELECT disposition FROM calls ORDER BY disposition")[-1] == ("hung_up",)
    daemon.stop()


async def test_nothing_personal_is_logged(start_daemon: Callable[..., Any], phone: Any) -> None:
    """After a whole call the log holds neither a number nor an answer nor a prompt."""
    daemon = start_daemon(HATIF_LOG__LEVEL="debug")
    await phone(daemon, speaks=True)
    daemon.stop()
    told = daemon.log
    assert "call_ended" in told
    assert not [word for word in ("9621234567", "9621234566", "نعم", "سبعة", "أَلَم", "سمعت") if word in told]
