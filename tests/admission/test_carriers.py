"""Carriers that take nothing, or send without end: they lose their own call, and grow nothing."""

import asyncio
import socket
import tracemalloc
from collections.abc import AsyncIterator
from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from bridge import audiosocket
from bridge.admission import Admission
from bridge.audiosocket import AudioSocketServer
from bridge.clock import Clock
from bridge.cuts import Cut
from bridge.line import CLOSE_NORMAL, Gone, Line, each_of
from bridge.web import media
from bridge.web.media import close_socket
from protocols.audiosocket import AudioSocketOptions, AudioSocketProtocol
from protocols.commands import PlayAudio
from protocols.errors import CLOSE_POLICY
from protocols.provider import IncomingCall
from protocols.registry import PROVIDERS

# AudioSocket's frames: a kind, two bytes of length, the content. The first says which call it is.
IDENTITY = b"\x01\x00\x10" + bytes(range(16))
AUDIO = b"\x10\x01\x40" + bytes(320)  # 20 ms
MIB = 1 << 20


async def nowhere(_message: str | bytes) -> None:
    """What is sent."""


def line(**others: Any) -> Line:
    arguments = {"clock": Clock(16), "send": nowhere, **others}
    return Line(AudioSocketProtocol(8000), **arguments)


async def introduced(one: Line) -> Line:
    """The line of a call that has said which one it is."""

    async def carrier() -> AsyncIterator[bytes]:
        yield IDENTITY + AUDIO
        await asyncio.Event().wait()

    reading = asyncio.create_task(one.read(each_of(carrier())))
    await one.introduction
    reading.cancel()
    await asyncio.gather(reading, return_exceptions=True)
    return one


class ToldClock(Clock):
    """Time passes when a test says so, and not while its machine is busy."""

    at = 0.0

    def monotonic(self) -> float:
        return self.at


async def test_a_carrier_at_ten_times_the_pace_of_life_loses_its_call_and_grows_nothing() -> None:
    """Ten minutes of audio are offered; a fraction of it is heard, and the rest is not kept."""
    lost: list[int] = []
    clock = ToldClock()
    fast = line(clock=clock, on_dropped=lambda _direction, frames: lost.append(frames))

    async def carrier() -> AsyncIterator[bytes]:
        yield IDENTITY
        for _ in range(300):
            if fast.is_gone:
                return
            for _ in range(100):
                yield AUDIO
            clock.at += 0.2

    tracemalloc.start()
    try:
        await fast.read(each_of(carrier()))
        _, most = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert (fast.close_code, fast.close_reason) == (
        CLOSE_POLICY,
        "the carrier sends much faster than anybody speaks",
    )
    assert fast.cut is Cut.TOO_FAST
    assert sum(lost) * 0.02 >= 5
    assert most < 8 * MIB


async def test_a_carrier_that_goes_on_as_life_does_is_heard_whole() -> None:
    """After a stall of its network too."""
    lost: list[int] = []
    clock = Clock(16)
    good = line(clock=clock, on_dropped=lambda _direction, frames: lost.append(frames))

    async def carrier() -> AsyncIterator[bytes]:
        yield IDENTITY + AUDIO
        await clock.sleep(8)
        for _ in range(400):
            yield AUDIO

    await good.read(each_of(carrier()))
    assert (good.close_code, lost) == (CLOSE_NORMAL, [])


async def test_a_carrier_that_takes_nothing_has_gone() -> None:
    """Each message has a time in which it must be taken."""

    async def never(_message: str | bytes) -> None:
        await asyncio.Event().wait()

    slow = await introduced(line(send=never, send_seconds=1.0))
    writing = asyncio.create_task(slow.write())
    slow.command(PlayAudio(b"\xff" * 160))
    async with asyncio.timeout(20):
        assert await slow.next() == Gone()
    assert (slow.close_code, slow.cut) == (CLOSE_POLICY, Cut.UNREAD)
    writing.cancel()
    await asyncio.gather(writing, return_exceptions=True)


async def test_what_waits_for_a_slow_carrier_is_bounded() -> None:
    """It is told so, and counted."""
    lost: list[str] = []
    slow = await introduced(line(on_dropped=lambda direction, _frames: lost.append(direction)))
    for _ in range(1000):
        slow.command(PlayAudio(b"\xff" * 160))
    assert (slow.close_code, slow.close_reason) == (CLOSE_POLICY, "the carrier reads too slowly")
    assert (lost, slow.cut) == (["out"], Cut.UNREAD)


class Talker:
    """Stands for the switchboard: talks for as long as the carrier takes it, and a while longer."""

    def __init__(self) -> None:
        self.admission = Admission(1)
        self.has_given_up = asyncio.Event()

    def admit_to(self, _questionnaire: str | None, *, provider: str) -> Any:
        assert provider == "audiosocket"
        return self.admission.place()

    def questionnaire(self, _name: str | None) -> object:
        return object()

    async def connect(
        self, _protocol: object, _questionnaire: object, _messages: object, send: Any, *, seat: Any
    ) -> None:
        assert seat is not None
        try:
            async with asyncio.timeout(0.2):
                while True:
                    await send(bytes(65_536))
        except TimeoutError:
            self.has_given_up.set()


async def test_an_asterisk_that_never_reads_keeps_no_connection(monkeypatch: pytest.MonkeyPatch) -> None:
    """What it has not taken is thrown away, and the place is another call's."""
    monkeypatch.setattr(audiosocket, "CLOSING_SECONDS", 0.1)
    board = Talker()
    server = AudioSocketServer(switchboard=board, options=AudioSocketOptions(listen="127.0.0.1:0"))  # type: ignore[arg-type]
    await server.start()
    with socket.create_connection(("127.0.0.1", server.ports[0])):
        async with asyncio.timeout(20):
            await board.has_given_up.wait()
            while server._connections:  # noqa: ASYNC110 - that none is left is promised
                await asyncio.sleep(0.01)
    assert board.admission.active == 0
    await server.stop()


async def test_a_web_socket_that_is_never_read_is_closed(monkeypatch: pytest.MonkeyPatch) -> None:
    """Its close frame would wait behind all that was not taken."""
    monkeypatch.setattr(media, "CLOSING_SECONDS", 0.1)
    closed = asyncio.Event()

    async def talk(request: web.Request) -> web.WebSocketResponse:
        response = web.WebSocketResponse(timeout=0.1)
        await response.prepare(request)
        try:
            async with asyncio.timeout(0.3):
                while True:
                    await response.send_bytes(bytes(65_536))
        except TimeoutError:
            pass
        await close_socket(response, request, CLOSE_NORMAL)
        closed.set()
        return response

    application = web.Application()
    application.router.add_get("/", talk)
    async with TestServer(application, shutdown_timeout=0.1) as server:
        assert server.port is not None
        with socket.create_connection(("127.0.0.1", server.port)) as peer:
            peer.sendall(
                b"GET / HTTP/1.1\r\nHost: h\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
            )
            async with asyncio.timeout(20):
                await closed.wait()


BUSY = {  # what each provider is told; by a request of ours where it takes no answer
    "bandwidth": b"<Hangup />",
    "exotel": 503,
    "infobip": "hangup",
    "jambonz": b"sip:decline",
    "plivo": b'reason="busy"',
    "signalwire": b'<Reject reason="busy" />',
    "telnyx": b'<Reject reason="busy" />',
    "twilio": b'<Reject reason="busy" />',
    "vobiz": b'reason="busy"',
    "vonage": b"[]",
}


@pytest.mark.parametrize("name", [name for name, one in PROVIDERS.items() if one.webhooks])
def test_every_provider_with_a_webhook_hears_busy_in_its_language(name: str) -> None:
    """And nothing that opens a stream."""
    provider = PROVIDERS[name]
    assert provider.webhooks is not None
    call = IncomingCall("c1", "+966500000001", "+966110000001")
    needed = {"api_key": "k"} if name == "infobip" else {}
    document = provider.webhooks(provider.options(**needed)).reject(call)
    expected = BUSY[name]
    if isinstance(expected, int):
        assert document.status == expected
    elif isinstance(expected, str):
        assert [expected in request.url for request in document.then] == [True]
    else:
        assert (document.status, expected in document.body) == (200, True)
    assert b"ws" not in document.body
