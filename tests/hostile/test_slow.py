"""Two hundred slow clients of each kind at the real daemon, a thousand connections at once, and a good call.

Slow clients connect from many addresses of this machine, floods from one; good calls come from another.
"""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import aiohttp
import pytest
from drips import LOOKED_AT, Crowd, Slow, flood, in_a_process

from bridge.carriers.leg import EndedBy
from bridge.carriers.running import RunOptions, run_calls

pytestmark = pytest.mark.call

SLOW_CLIENTS = 200
FLOOD = 1000
MOST_PER_ADDRESS = 64  # the default
PATIENCE = 60.0  # seconds until a client gives up waiting to be closed; the daemon's limits are 2
UPGRADE = (
    b"GET /ws/maqsam HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n%s\r\n"
)
LATE = {"event_loop_blocked", "notification_not_acknowledged"}
POST = b"POST /webhooks/twilio/%s HTTP/1.1\r\nHost: x\r\nContent-Length: 5000\r\n\r\n"
KINDS = [
    Slow("silence", b""),
    Slow("headers that stall", b"GET / HTTP/1.1\r\nHost: x\r\n"),
    Slow("headers that drip", b"GET / HTTP/1.1\r\n", b"X-Long: " + b"a" * 500),
    Slow("a body that stalls", POST % b"answer"),
    Slow("a body that drips", POST % b"status", b"a" * 500),
    Slow("a body that no route reads", POST.replace(b"webhooks/twilio/%s", b"livez"), b"a" * 500),
    Slow("a handshake that drips", UPGRADE[:120], UPGRADE[120:] + b"a" * 500),
    Slow("a socket without a credential", UPGRADE % b""),
    Slow("a socket whose first frame drips", UPGRADE % b"", b"\x81\xfe\x10\x00" + b"a" * 500),
    Slow("answers that are not read", b"GET /openapi.json HTTP/1.1\r\nHost: x\r\n\r\n" * 8, reads=False),
]


async def back_to(daemon: Any, count: int) -> None:
    """Wait until no more than so many sockets are open."""
    await until(lambda: daemon.sockets() <= count)


async def until(is_so: Callable[[], Any]) -> None:
    """Wait for what comes without a sign."""
    async with asyncio.timeout(30):
        while not await asyncio.to_thread(is_so):  # noqa: ASYNC110 - another process tells no event
            await asyncio.sleep(0.1)


@asynccontextmanager
async def a_good_call(daemon: Any) -> AsyncIterator[None]:
    """Somebody who is asked everything meanwhile, and answers by keys."""
    options = RunOptions(
        url=daemon.url("/ws/maqsam"),
        provider="maqsam",
        tokens=(daemon.token,),
        speed=8,
        max_seconds=1600,
        turns=100,  # more than there are: a busy machine's pause may sound like the end of a question
    )
    calling = asyncio.create_task(run_calls(options))
    try:
        await until(daemon.active_calls)
        yield
        async with asyncio.timeout(300):
            (outcome,) = (await calling).outcomes
    finally:
        calling.cancel()
    assert not said(daemon, "call_cut")
    assert outcome.ended_by is EndedBy.HATIF_HUNG_UP
    assert outcome.frames_heard > 1000


def said(daemon: Any, event: str) -> list[dict[str, Any]]:
    """What the log says of it."""
    lines = [json.loads(line) for line in daemon.log.splitlines()]
    return [line for line in lines if line["event"] == event]


@pytest.mark.timeout(600)  # a busy machine takes its time over two thousand clients
async def test_slow_clients_are_let_go(impatient: Any) -> None:
    """All of them, in time, and none of their connections stays open."""
    before = impatient.sockets()
    tale = await in_a_process(Crowd(impatient.port, KINDS, SLOW_CLIENTS, PATIENCE))
    for kind in KINDS:
        ends = tale.ends[kind.name]
        assert [end.is_closed for end in ends] == [True] * SLOW_CLIENTS, kind.name
        assert min(end.seconds for end in ends) >= LOOKED_AT, kind.name  # nobody was turned away instead
    await back_to(impatient, before)
    assert impatient.active_calls() == 0


@pytest.mark.timeout(600)
async def test_a_call_is_not_disturbed(impatient: Any) -> None:
    """Slow clients of every kind and a flood of connections while somebody is asked: nobody hears of it."""
    before = impatient.sockets()
    async with a_good_call(impatient):
        await in_a_process(Crowd(impatient.port, KINDS, 20, PATIENCE, FLOOD))
    await back_to(impatient, before)
    assert said(impatient, "connections_refused")
    assert "Traceback" not in impatient.log
    assert not errors(impatient)


def errors(daemon: Any) -> list[dict[str, Any]]:
    """What the log tells as errors, but for what only says that time has passed: others use the machine."""
    lines = [json.loads(line) for line in daemon.log.splitlines()]
    return [line for line in lines if line["level"] == "error" and line["event"] not in LATE]


async def test_a_flood_from_one_address_gets_its_share(impatient: Any) -> None:
    """Of a thousand connections no more stay than one address may have, and others are served meanwhile."""
    before = impatient.sockets()
    left, answers = await asyncio.gather(
        flood(impatient.port, FLOOD, MOST_PER_ADDRESS), asyncio.to_thread(asked, impatient)
    )
    assert left <= MOST_PER_ADDRESS
    assert said(impatient, "connections_refused")
    assert set(answers) == {200}
    await back_to(impatient, before)


def asked(daemon: Any) -> list[int]:
    """What somebody else is answered meanwhile."""
    return [daemon.get("/readyz")[0] for _ in range(20)]


async def test_strangers_take_no_calls_place(impatient: Any) -> None:
    """Sockets that wait for a credential are no calls: with all places' worth of them, a call is taken."""
    async with aiohttp.ClientSession() as client:
        waiting = [await client.ws_connect(impatient.url("/ws/maqsam")) for _ in range(60)]
        assert impatient.active_calls() == 0
        async with client.ws_connect(
            impatient.url("/ws/maqsam"), headers={"Auth": impatient.token}
        ) as socket:
            answer = await socket.receive_json(timeout=10)
        closed = await asyncio.gather(*(each.receive(timeout=10) for each in waiting))
    assert answer["type"] == "session.ready"
    assert {message.data for message in closed} == {1008}
