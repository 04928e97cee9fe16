"""Calls that we end for a reason of ours: the log and the metrics say which."""

import asyncio
import json
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import aiohttp
from exposed import SNAPSHOT, sample
from house import TOKEN, House, KeyCaller, call, house
from structlog.testing import capture_logs

from bridge.carriers.base import CarrierCall
from bridge.carriers.wires.maqsam import MaqsamWire
from bridge.clock import Clock
from bridge.web.media import SocketLimits

HEARTBEAT, IDLE = 0.5, 2.0  # seconds; an answer to a ping is no sign of a caller
NO_FRAME = b"\xff\xff\xff\xff"
Socket = aiohttp.ClientWebSocketResponse


async def fall_silent(_socket: Socket) -> None:
    """Answer pings, and say nothing more."""


async def vanish(_socket: Socket) -> None:
    """Not even answer pings."""


async def break_the_rules(socket: Socket) -> None:
    """Send what is no frame."""
    writer: Any = socket._writer
    writer.transport.write(NO_FRAME)


async def say_nonsense(socket: Socket) -> None:
    """Send what is no message of this provider."""
    await socket.send_str("nonsense")


CARRIERS = {
    fall_silent: 1008,
    vanish: 1006,
    break_the_rules: 1002,
    say_nonsense: 1003,
}  # and how each is closed


async def test_the_cause_is_told(tmp_path: Path) -> None:
    """Once for each, without a word of what was sent; and nothing of calls that ended by themselves."""
    limits = SocketLimits(heartbeat_seconds=HEARTBEAT, idle_seconds=IDLE)
    async with house(tmp_path / "hatif.db", clock=Clock(4), limits=limits) as ours:
        with capture_logs() as lines:
            codes = await asyncio.gather(*(ended(ours.url, do) for do in CARRIERS))
            await call(ours.url, KeyCaller(), clock=ours.clock)
            await ended(ours.url, Socket.close)
            await quiet(ours)
    assert dict(zip(CARRIERS, codes, strict=True)) == CARRIERS
    told = {line["call_id"]: line["cause"] for line in lines if line["event"] == "call_cut"}
    assert sorted(told.values()) == ["idle", "protocol", "protocol", "unanswered"]
    assert {line["log_level"] for line in lines if line["event"] == "call_cut"} == {"warning"}
    assert "nonsense" not in json.dumps(lines)
    ends = {line["call_id"]: line["disposition"] for line in lines if line["event"] == "call_ended"}
    assert sorted(ends[one] for one in ends.keys() - told.keys()) == ["completed", "hung_up"]
    assert [cuts(ours, cause) for cause in ("idle", "protocol", "unanswered")] == [1, 2, 1]


async def test_a_call_that_never_ends_is_told_of(tmp_path: Path) -> None:
    """After `max_call_seconds`."""
    async with house(tmp_path / "hatif.db", clock=Clock(4), max_call_seconds=3) as ours:
        with capture_logs() as lines:
            await call(ours.url, KeyCaller(answers=False), clock=ours.clock)
            await quiet(ours)
    assert [line["cause"] for line in lines if line["event"] == "call_cut"] == ["too_long"]
    assert cuts(ours, "too_long") == 1


async def ended(url: str, do: Callable[[Socket], Awaitable[None]]) -> int | None:
    """Call, do that once the call is taken, and wait for the end; the close code."""
    wire = MaqsamWire()
    made = CarrierCall("9621234567", "9621234566", "c1")
    dialling = wire.dial(url, made, TOKEN)
    async with (
        aiohttp.ClientSession() as http,
        http.ws_connect(dialling.url, headers=dialling.headers, autoping=do is not vanish) as socket,
    ):
        for message in wire.open(made):
            await socket.send_str(str(message))
        await socket.receive(timeout=20)
        doing = asyncio.ensure_future(do(socket))
        async with asyncio.timeout(30):
            async for _ in socket:
                pass
            await doing
        return socket.close_code


async def quiet(ours: House) -> None:
    """Wait until every call is over."""
    async with asyncio.timeout(30):
        while ours.switchboard.active_calls:  # noqa: ASYNC110 - nothing tells
            await asyncio.sleep(0.02)


def cuts(ours: House, cause: str) -> float | None:
    """How many calls were cut for it."""
    text = ours.metrics.exposition(SNAPSHOT).decode()
    return sample(text, f'hatif_calls_cut_total{{cause="{cause}",provider="maqsam"}}')
