"""Calls that two processes hold: spread, counted and ended as one daemon's, and bereft of one of the two."""

import asyncio
import json
import os
import signal
import sqlite3
from collections import Counter
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from agreeing import Agreeing, Witness, placed, refused, until
from shipped import write_short

from bridge.audit.log import verify
from bridge.carriers.fake import EndedBy
from bridge.carriers.wires.generic import GenericWire
from bridge.carriers.wires.maqsam import MaqsamWire
from bridge.carriers.wires.twilio import TwilioWire
from bridge.clock import Clock
from bridge.config import load_settings
from bridge.identity.streams import StreamTokens
from bridge.storage.store import Store

pytestmark = pytest.mark.call

PLACES = 4
NORMAL, GOING_AWAY = 1000, 1001  # RFC 6455, section 7.4.1
ANSWERED = (
    "SELECT item, count(*) FROM answers JOIN calls USING (call_id) WHERE provider_call_id = 'G1' "
    "GROUP BY item ORDER BY item"
)
ENDED = "SELECT disposition FROM calls WHERE provider_call_id = 'G1' ORDER BY started_at"
HUNG_UP = EndedBy.HATIF_HUNG_UP


@pytest.fixture(scope="module")
def daemon(start_daemon: Callable[..., Any], tmp_path_factory: pytest.TempPathFactory) -> Any:
    """One with two workers, four places and a small questionnaire."""
    return start_daemon(
        HATIF_WORKERS="2",
        HATIF_CLOCK__SPEED="2",
        HATIF_CALLS__MAX_CONCURRENT=str(PLACES),
        HATIF_PROVIDERS__GENERIC__RECONNECTS="true",
        **write_short(tmp_path_factory.mktemp("site") / "questionnaires"),
    )


@pytest.fixture
async def running(daemon: Any) -> Any:
    """The same, whatever the test before has done to it."""
    if daemon.process.poll() is not None:
        await asyncio.to_thread(daemon.start)
    await until(lambda: metric(daemon, "hatif_workers_up") == 2, daemon)
    return daemon


def told(daemon: Any, event: str) -> list[dict[str, Any]]:
    """Lines of the log, of the last start."""
    lines = [json.loads(line) for line in daemon.log.splitlines()]
    begins = max((at for at, line in enumerate(lines) if line["event"] == "prompts_ready"), default=0)
    return [line for line in lines[begins:] if line["event"] == event]


def workers_of(daemon: Any) -> dict[int, int]:
    """The processes that there are now, by number."""
    return {line["process"]: line["pid"] for line in told(daemon, "worker_up")}


def is_there(pid: int) -> bool:
    """Whether it runs; what is dead may wait for whoever buries it."""
    try:
        return "State:\tZ" not in Path(f"/proc/{pid}/status").read_text(encoding="ascii")
    except OSError:
        return False


def metric(daemon: Any, name: str) -> float:
    """The sum of all its series."""
    _, body = daemon.get_as_admin("/metrics")
    lines = [line for line in body.decode().splitlines() if line.startswith((f"{name} ", f"{name}{{"))]
    return sum(float(line.rpartition(" ")[2]) for line in lines)


def rows(daemon: Any, query: str) -> list[tuple[Any, ...]]:
    with closing(sqlite3.connect(daemon.database)) as connection:
        return connection.execute(query).fetchall()


def newest(daemon: Any, count: int) -> list[str]:
    """How the last calls ended."""
    ended = rows(daemon, "SELECT disposition FROM calls ORDER BY started_at DESC")
    return [disposition for (disposition,) in ended[:count]]


async def asked(daemon: Any, method: str, path: str) -> Any:
    """What an operator's request is answered."""
    connector = aiohttp.UnixConnector(str(daemon.admin_socket))
    async with (
        aiohttp.ClientSession(connector=connector) as client,
        client.request(method, f"http://hatif{path}") as answer,
    ):
        return await answer.json()


async def test_two_processes_are_one_daemon(running: Any) -> None:
    """Calls are spread; places, lists, an operator's end, metrics and the audit log are one daemon's."""
    daemon = running
    started, before = len(told(daemon, "call_started")), metric(daemon, "hatif_calls_total")
    callers = [Agreeing(times=0) for _ in range(PLACES)]  # who say nothing
    calls = [placed(daemon, caller, number) for number, caller in enumerate(callers)]
    await until(lambda: all(caller.prompts for caller in callers), daemon)
    assert Counter(line["process"] for line in told(daemon, "call_started")[started:]) == {1: 2, 2: 2}
    assert await refused(daemon) == (503, True)
    assert daemon.active_calls() == metric(daemon, "hatif_calls_active") == PLACES
    status = await asked(daemon, "GET", "/admin/status")  # which `hatif status` shows
    assert (status["calls"], status["most_calls"], status["refused"]) == (PLACES, PLACES, {"full": 1})
    pids = workers_of(daemon)
    assert [(one["number"], one["pid"], one["calls"]) for one in status["workers"]] == [
        (1, pids[1], 2),
        (2, pids[2], 2),
    ]

    listed = (await asked(daemon, "GET", "/admin/sessions"))["sessions"]  # and this `hatif calls list`
    ids = [one["id"] for one in listed]
    assert set(ids) == {line["call_id"] for line in told(daemon, "call_started")[started:]}
    assert {one["item"] for one in listed} == {"consent"}  # which only their processes know
    ended, *_ = ids
    assert await asked(daemon, "DELETE", f"/admin/sessions/{ended}") == {"id": ended, "ending": True}
    await until(lambda: metric(daemon, "hatif_calls_active") < PLACES, daemon)
    for call in calls:
        call.cancel()  # the others hang up
    await asyncio.gather(*calls, return_exceptions=True)
    await until(lambda: daemon.active_calls() == 0, daemon)
    assert metric(daemon, "hatif_calls_total") == before + PLACES
    assert (ended, "interrupted") in rows(daemon, "SELECT call_id, disposition FROM calls")
    store = await Store.open(daemon.database, clock=Clock())
    place = load_settings(environ={"HATIF_STORAGE__PATH": str(daemon.database)}).database
    verdict = await verify(store, place)
    await store.close()
    assert (verdict.is_whole, verdict.rows > 0) == (True, True)


async def test_a_stream_token_opens_one_socket_of_one_worker(running: Any) -> None:
    """Whoever shows it again is refused, whichever process would have held the call."""
    daemon = running
    token, caller = StreamTokens(daemon.tokens_secret).issue(provider="twilio"), Agreeing()
    call = asyncio.create_task(Witness(daemon, TwilioWire(), caller).call("twilio", "T1", token))
    await until(lambda: caller.prompts > 0, daemon)
    for _ in range(2):
        with pytest.raises(aiohttp.WSServerHandshakeError) as refusal:
            await Witness(daemon, TwilioWire(), Agreeing()).call("twilio", "T2", token)
        assert refusal.value.status == 401
    assert await call == NORMAL


async def test_a_call_goes_on_at_another_worker(running: Any) -> None:
    """Its provider opens another socket while the first is there, which gives way."""
    daemon = running
    caller = Agreeing(times=1)
    first = asyncio.create_task(Witness(daemon, GenericWire(), caller).call("generic", "G2"))
    await until(lambda: caller.prompts > 0, daemon)
    assert await Witness(daemon, GenericWire(), Agreeing()).call("generic", "G2") == NORMAL
    assert await first == NORMAL
    assert [line["process"] for line in told(daemon, "call_started")[-2:]] == [1, 2]
    assert [line["cause"] for line in told(daemon, "call_cut")[-1:]] == ["replaced"]
    assert newest(daemon, 2) == ["completed", "interrupted"]
    answered = ANSWERED.replace("G1", "G2")
    assert rows(daemon, answered) == [("consent", 1), ("one", 1), ("two", 1)]


async def test_a_killed_worker_costs_its_own_callers_a_moment(running: Any) -> None:
    """The other's calls go on. Its own come back and are asked the rest, and its places are free."""
    daemon = running
    pids = workers_of(daemon)
    losing = asyncio.create_task(Witness(daemon, GenericWire(), Agreeing()).call("generic", "G1"))
    await until(lambda: bool(rows(daemon, ANSWERED)), daemon)
    others = [Agreeing() for _ in range(PLACES - 1)]
    calls = [placed(daemon, other, number) for number, other in enumerate(others)]
    await until(lambda: all(other.prompts for other in others), daemon)
    its, *_ = told(daemon, "call_started")[-PLACES:]
    os.kill(pids[its["process"]], signal.SIGKILL)
    assert await losing not in {NORMAL, GOING_AWAY}  # the connection is gone without a word
    assert await Witness(daemon, GenericWire(), Agreeing()).call("generic", "G1") == NORMAL
    assert rows(daemon, ENDED) == [("interrupted",), ("completed",)]
    assert rows(daemon, ANSWERED) == [("consent", 1), ("one", 1), ("two", 1)]

    ended = [outcome.ended_by for outcome in await asyncio.gather(*calls)]
    assert ended.count(HUNG_UP) == 2  # which the other worker had; one more was lost
    gone = told(daemon, "worker_killed")[-1]
    assert (gone["pid"], gone["signal"]) == (pids[its["process"]], "SIGKILL")
    await until(lambda: metric(daemon, "hatif_workers_up") == 2, daemon)
    assert metric(daemon, "hatif_worker_restarts_total") >= 1
    assert daemon.active_calls() == 0
    assert rows(daemon, "SELECT count(*) FROM calls WHERE ended_at IS NULL") == [(0,)]
    again = [placed(daemon, Agreeing(times=0), number) for number in range(PLACES + 1)]
    await until(lambda: metric(daemon, "hatif_calls_active") == PLACES, daemon)
    await until(lambda: any(call.done() for call in again), daemon)
    assert [call.result().http_status for call in again if call.done()] == [503]
    for call in again:
        call.cancel()
    await asyncio.gather(*again, return_exceptions=True)
    await until(lambda: daemon.active_calls() == 0, daemon)


async def test_without_workers_the_main_process_holds_calls(running: Any) -> None:
    """Until there are some again; one that hangs is killed for it, and one that dies is replaced at once."""
    daemon = running
    pids = workers_of(daemon)
    first, second = pids[1], pids[2]
    os.kill(first, signal.SIGSTOP)
    silent = {"number": 1, "pid": first, "calls": 0, "is_well": False, "detail": "it gives no sign of life"}
    async with asyncio.timeout(60):
        while (await asked(daemon, "GET", "/admin/status"))["workers"][0] != silent:  # noqa: ASYNC110
            await asyncio.sleep(0.1)
    await until(lambda: bool(told(daemon, "worker_silent")), daemon)
    assert told(daemon, "worker_silent")[-1]["pid"] == first
    os.kill(second, signal.SIGKILL)
    await until(lambda: metric(daemon, "hatif_workers_up") == 0, daemon)
    assert (await placed(daemon, Agreeing())).ended_by is HUNG_UP
    assert "process" not in told(daemon, "call_started")[-1]
    await until(lambda: metric(daemon, "hatif_workers_up") == 2, daemon)
    assert (await placed(daemon, Agreeing())).ended_by is HUNG_UP
    assert "process" in told(daemon, "call_started")[-1]


async def test_workers_end_with_the_main_process(running: Any) -> None:
    """Whatever that died of. The next start finds what they had, and says that it was interrupted."""
    daemon = running
    caller, workers = Agreeing(times=0), list(workers_of(daemon).values())
    call = placed(daemon, caller)
    await until(lambda: caller.prompts > 0, daemon)
    daemon.process.kill()
    assert (await call).ended_by is not HUNG_UP
    async with asyncio.timeout(60):
        while [pid for pid in workers if is_there(pid)]:  # noqa: ASYNC110 - other processes
            await asyncio.sleep(0.05)
    assert rows(daemon, "SELECT count(*) FROM calls WHERE ended_at IS NULL") == [(1,)]
    await asyncio.to_thread(daemon.process.wait)
    await asyncio.to_thread(daemon.start)
    assert newest(daemon, 1) == ["interrupted"]


async def test_an_end_lets_all_calls_finish(running: Any) -> None:
    """SIGTERM to all processes, as a terminal sends it: the calls of both workers go on to their end."""
    daemon = running
    callers = [Agreeing() for _ in range(PLACES)]
    calls = [placed(daemon, caller, number) for number, caller in enumerate(callers)]
    await until(lambda: all(caller.prompts for caller in callers), daemon)
    workers = workers_of(daemon).values()
    for pid in (daemon.process.pid, *workers):
        os.kill(pid, signal.SIGTERM)
    await until(lambda: daemon.get("/readyz")[0] == 503, daemon)
    assert await refused(daemon) == (503, True)
    assert {outcome.ended_by for outcome in await asyncio.gather(*calls)} == {HUNG_UP}
    assert await asyncio.to_thread(daemon.process.wait, 60) == 0
    assert newest(daemon, PLACES) == ["completed"] * PLACES
    assert not [pid for pid in workers if is_there(pid)]


async def test_a_second_signal_is_the_goodbye_to_all(running: Any) -> None:
    """Every caller hears it, and every socket is closed by the worker that has it."""
    daemon = running
    callers = [Agreeing(times=1) for _ in range(2)]
    codes = [
        asyncio.create_task(Witness(daemon, MaqsamWire(), caller).call("maqsam", str(number), daemon.token))
        for number, caller in enumerate(callers)
    ]
    await until(lambda: all(caller.prompts > 1 for caller in callers), daemon)
    daemon.process.send_signal(signal.SIGTERM)
    await until(lambda: daemon.get("/readyz")[0] == 503, daemon)
    daemon.process.send_signal(signal.SIGTERM)
    assert await asyncio.gather(*codes) == [GOING_AWAY] * 2
    assert await asyncio.to_thread(daemon.process.wait, 60) == 0
    assert told(daemon, "calls_dismissed")[0]["calls"] == 2
    assert [line["cause"] for line in told(daemon, "call_cut")[-2:]] == ["dismissed"] * 2
    assert newest(daemon, 2) == ["interrupted"] * 2
