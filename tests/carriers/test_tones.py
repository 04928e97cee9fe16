"""A simulated caller presses keys as tones, and a real line on a real socket hears them."""

import asyncio
from collections.abc import AsyncIterator

import pytest
from aiohttp import WSMsgType, web
from aiohttp.test_utils import TestServer

from bridge.audio.gate import UtteranceStarted
from bridge.carriers.base import CarrierCall
from bridge.carriers.caller import SILENT_FRAME, CallerFrame
from bridge.carriers.fake import EndedBy, FakeCarrier
from bridge.carriers.tones import ToneKeypad
from bridge.carriers.wires.generic import GenericWire
from bridge.clock import Clock
from bridge.line import Happening, KeyPressed, Line, each_of
from protocols import ALAW_8K, MULAW_8K, PROVIDERS, AudioFormat, Encoding
from protocols.generic import GenericOptions
from protocols.http import HttpRequest
from protocols.provider import Grant

CALL = CarrierCall("966500000001", "966110000001", "4711")
KEYS = "0512346789*#"


class Presser:
    """Presses all keys, half a second into the call, quicker than they can sound; then goes."""

    def __init__(self) -> None:
        self._frames = 0

    def tick(self, heard: bytes) -> CallerFrame:
        self._frames += 1
        keys = KEYS if self._frames == 25 else ""
        return CallerFrame(SILENT_FRAME, keys=keys, hang_up=self._frames == 200)


async def happenings_of(wire: GenericWire, *, keys_in_audio: bool) -> list[Happening]:
    """All that a line makes of one call."""
    happened: list[Happening] = []

    async def serve(request: web.Request) -> web.WebSocketResponse:
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        upgrade = HttpRequest("GET", "wss://hatif.example/ws/generic")
        options = GenericOptions(keys_in_audio=keys_in_audio)
        protocol = PROVIDERS["generic"].media(options, Grant(request=upgrade, is_authenticated=True))
        line = Line(protocol, clock=Clock(8), send=socket.send_str)  # type: ignore[arg-type]

        async def messages() -> AsyncIterator[str | bytes]:
            async for message in socket:
                if message.type in {WSMsgType.TEXT, WSMsgType.BINARY}:
                    yield message.data

        await line.read(each_of(messages()))
        while (happening := await line.next(0.01)) is not None:
            happened.append(happening)
        return socket

    app = web.Application()
    app.router.add_get("/ws", serve)
    async with TestServer(app, shutdown_timeout=0.1) as server, asyncio.timeout(60):
        carrier = FakeCarrier(wire, Presser(), clock=Clock(8))
        outcome = await carrier.place(f"ws://{server.host}:{server.port}/ws", call=CALL)
    assert outcome.ended_by is EndedBy.CALLER
    return happened


@pytest.mark.parametrize("audio", [MULAW_8K, ALAW_8K, AudioFormat(Encoding.LINEAR, 24000)])
async def test_keys_pressed_in_the_audio_arrive(audio: AudioFormat) -> None:
    """All of them, in order, once each, and no tone is taken for a word."""
    happened = await happenings_of(GenericWire(audio, keys_in_audio=True), keys_in_audio=True)

    assert "".join(event.key for event in happened if isinstance(event, KeyPressed)) == KEYS
    assert not [event for event in happened if isinstance(event, UtteranceStarted)]


async def test_tones_are_not_listened_for_where_keys_are_said() -> None:
    """A key that is said and sounds as well would count twice."""
    said = await happenings_of(GenericWire(), keys_in_audio=False)
    sounded = await happenings_of(GenericWire(keys_in_audio=True), keys_in_audio=False)

    assert "".join(event.key for event in said if isinstance(event, KeyPressed)) == KEYS
    assert not [event for event in sounded if isinstance(event, KeyPressed)]


def test_a_key_sounds_and_then_the_line_is_the_callers_again() -> None:
    """100 ms of tone, 80 ms of nothing."""
    keypad, speech = ToneKeypad(), b"\x10" * 160
    keypad.press("5")
    heard = [keypad.over(speech) for _ in range(10)]
    assert all(frame not in {speech, SILENT_FRAME} for frame in heard[:5])
    assert heard[5:] == [SILENT_FRAME] * 4 + [speech]
