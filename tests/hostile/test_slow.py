"""Two hundred slow clients of each kind at the real daemon, a thousand connections at once, and good calls.

Slow clients connect from several addresses of this machine, floods from one; good calls come from another.
"""

import asyncio
import json
import os
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from drips import Slow, drip_all

from bridge.carriers.leg import EndedBy
from bridge.carriers.running import RunOptions, run_calls

pytestmark = pytest.mark.call

SLOW_CLIENTS = 200
FLOOD = 1000
MOST_PER_ADDRESS = 64  # the default
PATIENT = 1.9  # for so long the daemon waits for everybody
PATIENCE = 30.0  # seconds until a client gives up waiting to be closed; the daemon's limits are 2 or 3
UPGRADE = (
    b"GET /ws/maqsam HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n%s\r\n"
)
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


def descriptors(daemon: Any) -> int:
    """How many files and sockets the daemon has open."""
    return len(os.listdir(f"/proc/{daemon.process.pid}/fd"))  # noqa: PTH208


async def back_to(daemon: Any, count: int) -> None:
    """Wait until no more than so many descriptors are open."""
    await until(lambda: descriptors(daemon) <= count)


async def until(is_so: Callable[[], Any]) -> None:
    """Wait for what comes without a sign."""
    async with asyncio.timeout(30):
        while not is_so():  # noqa: ASYNC110 - another process tells no event
            await asyncio.sleep(0.1)


@asynccontextmanager
async def a_good_call(daemon: Any) -> AsyncIterator[None]:
    """Somebody who is asked everything meanwhile, and answers by keys."""
    options = RunOptions(
        url=daemon.url("/ws/maqsam"), provider="maqsam", tokens=(daemon.token,), speed=8, max_seconds=400
    )
    calling = asyncio.create_task(run_calls(options))
    try:
        await until(daemon.active_calls)
        yield
        async with asyncio.timeout(120):
            (outcome,) = (await calling).outcomes
    finally:
        calling.cancel()
    assert outcome.ended_by is EndedBy.HATIF_HUNG_UP
    assert outcome.frames_heard > 1000


def said(daemon: Any, event: str) -> list[dict[str, Any]]:
    """What the log says of it."""
    lines = [json.loads(line) for line in Path(daemon.folder / "daemon.log").read_text().splitlines()]
    return [line for line in lines if line["event"] == event]


@pytest.mark.parametrize("kind", KINDS, ids=[kind.name.replace(" ", "-") for kind in KINDS])
async def test_slow_clients_are_let_go(impatient: Any, kind: Slow) -> None:
    """All of them, in time, and none of their connections stays open."""
    before = descriptors(impatient)
    ends = await drip_all(impatient.port, kind, SLOW_CLIENTS, PATIENCE)
    assert [end.is_closed for end in ends] == [True] * SLOW_CLIENTS
    assert min(end.seconds for end in ends) >= PATIENT  # nobody was turned away instead
    await back_to(impatient, before)
    assert impatient.active_calls() == 0


@pytest.mark.calm
async def test_a_call_is_not_disturbed(impatient: Any) -> None:
    """Slow clients of every kind and a flood of connections while somebody is asked: nobody hears of it."""
    before = descriptors(impatient)
    async with a_good_call(impatient):
        await asyncio.gather(
            *(drip_all(impatient.port, kind, 20, PATIENCE) for kind in KINDS), flood(impatient.port)
        )
    await back_to(impatient, before)
    assert said(impatient, "connections_refused")
    assert not [line for line in said(impatient, "line_broke_down") if line]
    assert "Traceback" not in impatient.log
    assert '"level": "error"' not in impatient.log


async def flood(port: int) -> int:
    """A thousand connections from one address at once; how many are left open."""
    opened = await asyncio.gather(
        *(asyncio.open_connection("127.0.0.1", port, local_addr=("127.0.2.1", 0)) for _ in range(FLOOD)),
        return_exceptions=True,
    )
    writers = [each[1] for each in opened if isinstance(each, tuple)]
    readers = [each[0] for each in opened if isinstance(each, tuple)]

    def open_still() -> int:
        return sum(not reader.at_eof() and reader.exception() is None for reader in readers)

    until_all_were_looked_at = asyncio.get_running_loop().time() + PATIENT
    while (left := open_still()) > MOST_PER_ADDRESS:  # the system has taken them, and the daemon not yet
        if asyncio.get_running_loop().time() > until_all_were_looked_at:
            break
        await asyncio.sleep(0.02)
    for writer in writers:
        writer.transport.abort()
    return left


async def test_a_flood_from_one_address_gets_its_share(impatient: Any) -> None:
    """Of a thousand connections as many stay as one address may have, and others are served meanwhile."""
    before = descriptors(impatient)
    left, answers = await asyncio.gather(flood(impatient.port), asyncio.to_thread(asked, impatient))
    assert 0 < left <= MOST_PER_ADDRESS
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
