"""Callers who agree to everything, and carriers that bring them to a daemon and tell how it ended."""

import asyncio
from collections.abc import Callable, Sequence
from typing import Any

import aiohttp
import pytest

from bridge.audio.frames import FRAME_BYTES, FRAME_SECONDS
from bridge.carriers.base import AudioToPlay, CarrierCall, CarrierEvent, CarrierWire, MarkRequested, Owed
from bridge.carriers.caller import SILENT_FRAME, CallerFrame
from bridge.carriers.fake import CallOutcome, FakeCarrier
from bridge.carriers.wires.maqsam import MaqsamWire
from bridge.clock import Clock
from bridge.speech.vosk.recognizer import KNOWN_SOUND

__all__ = ["Agreeing", "Witness", "placed", "refused", "until"]

QUIET_FRAMES = 20  # 0.4 s: nothing is being said
QUIET_BYTES = frozenset(range(0x70, 0x80)) | frozenset(range(0xF0, 0x100))  # of mu-law: hardly any sound
VOICE = KNOWN_SOUND.read_bytes()  # yes
SPOKEN = [
    VOICE[at : at + FRAME_BYTES].ljust(FRAME_BYTES, b"\xff") for at in range(0, len(VOICE), FRAME_BYTES)
]


class Agreeing:
    """Says yes to every question, or to the first ones, by key or by voice, and tells what is going on."""

    def __init__(self, *, speaks: bool = False, times: int = 1000) -> None:
        self.stage = ""  # prompt, utterance, or commit
        self.prompts = 0
        self._speaks = speaks
        self._times = times
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
        if not self._is_asked or not self._times or self._quiet < QUIET_FRAMES:
            return CallerFrame(SILENT_FRAME)
        self._is_asked = False
        self._times -= 1
        if self._speaks:
            self._to_say = list(SPOKEN)
            return CallerFrame(SILENT_FRAME)
        self.stage = "commit"
        return CallerFrame(SILENT_FRAME, "1")


def placed(daemon: Any, caller: Agreeing, number: int = 1) -> asyncio.Task[CallOutcome]:
    """Call the daemon."""
    carrier = FakeCarrier(MaqsamWire(), caller, clock=Clock(float(daemon.environment["HATIF_CLOCK__SPEED"])))
    call = CarrierCall(from_number="9621234567", to_number="9621234566", call_id=str(number))
    return asyncio.create_task(carrier.place(daemon.url("/ws/maqsam"), call=call, token=daemon.token))


class Witness:
    """A carrier that leaves the closing of the socket to the daemon, and tells with which code it did."""

    def __init__(self, daemon: Any, wire: CarrierWire, caller: Agreeing) -> None:
        self._daemon = daemon
        self._wire = wire
        self._caller = caller
        self._heard = bytearray()

    async def call(self, provider: str, call_id: str = "1", token: str | None = None) -> int | None:
        """Place a call, and stay until the socket is closed."""
        introduced = CarrierCall(from_number="9621234567", to_number="9621234566", call_id=call_id)
        dialling = self._wire.dial(self._daemon.url(f"/ws/{provider}"), introduced, token)
        async with (
            aiohttp.ClientSession() as client,
            client.ws_connect(dialling.url, headers=dialling.headers) as socket,
        ):
            await _send(socket, self._wire.open(introduced))
            talking = asyncio.create_task(self._talk(socket))
            try:
                async for message in socket:
                    for event in self._wire.receive(message.data):
                        await _send(socket, self._reply(event))
            finally:
                talking.cancel()
            return socket.close_code

    def _reply(self, event: CarrierEvent) -> Sequence[str | bytes]:
        match event:
            case Owed(message=message):
                return (message,)
            case MarkRequested(name=name):
                return self._wire.mark(name)
            case AudioToPlay(payload=payload):
                self._heard.extend(payload)
        return ()

    async def _talk(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        clock = Clock(float(self._daemon.environment["HATIF_CLOCK__SPEED"]))
        due = clock.monotonic()
        while True:
            said = self._caller.tick(bytes(self._heard[:FRAME_BYTES]) or SILENT_FRAME)
            del self._heard[:FRAME_BYTES]
            await _send(socket, self._wire.audio(said.audio))
            for key in said.keys:
                await _send(socket, self._wire.digit(key))
            due += FRAME_SECONDS  # and not so long after the last: on a busy machine the caller would lag
            await clock.sleep(max(0.0, due - clock.monotonic()))


async def _send(socket: aiohttp.ClientWebSocketResponse, messages: Sequence[str | bytes]) -> None:
    for message in messages:
        await (socket.send_str(message) if isinstance(message, str) else socket.send_bytes(message))


async def until(is_so: Callable[[], bool], daemon: Any) -> None:
    """Wait for something to become true of a busy machine."""
    async with asyncio.timeout(120):
        while not is_so():
            assert daemon.process.poll() is None, daemon.log
            await asyncio.sleep(0.01)


async def refused(daemon: Any) -> tuple[int, bool]:
    """What a call is answered that is not taken, and whether it is told when to try again."""
    async with aiohttp.ClientSession() as client:
        with pytest.raises(aiohttp.WSServerHandshakeError) as refusal:
            await client.ws_connect(daemon.url("/ws/maqsam"), headers={"Auth": daemon.token})
    assert refusal.value.headers is not None
    return refusal.value.status, "Retry-After" in refusal.value.headers
