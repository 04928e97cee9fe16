"""A bare agent to measure Hatif beside: Twilio's wire over aiohttp, and nothing that a product needs.

    python benchmarks/media_agent.py PORT [--uvloop]

JSON and base64 by msgspec, speech by the energy of mu-law's linear samples, an utterance over after 400 ms of
silence, one reply from memory paced by one ticker, and a `clear` after 120 ms of speech over it. It knows no
credential, log, metric, database, recogniser, questionnaire, limit or error.
"""

import argparse
import asyncio
import sys
import time

import msgspec
from aiohttp import WSMsgType, web
from msgspec import Struct

from bridge.audio.frames import FRAME_BYTES, FRAME_SECONDS
from bridge.audio.g711 import decode_ulaw, rms
from bridge.speech.vosk.recognizer import KNOWN_SOUND

SPEECH_LEVEL = 150
ONSET_FRAMES = 6  # 120 ms, as Hatif
END_FRAMES = 20  # 400 ms, as Hatif of a yes or no
REPLY_FRAMES = 200  # 4 s


class _Media(Struct, frozen=True):
    payload: bytes


class _Start(Struct, frozen=True, rename="camel"):
    stream_sid: str


class _Message(Struct, frozen=True):
    event: str
    start: _Start | None = None
    media: _Media | None = None


class _Out(Struct, frozen=True, rename="camel", omit_defaults=True):
    event: str
    stream_sid: str
    media: _Media | None = None


_DECODER: msgspec.json.Decoder[_Message] = msgspec.json.Decoder(_Message)
_ENCODER = msgspec.json.Encoder()


class Agent:
    """One call."""

    def __init__(self, socket: web.WebSocketResponse, talking: set["Agent"], reply: list[bytes]) -> None:
        self._socket = socket
        self._talking = talking
        self._reply = reply
        self._stream = ""
        self._loud = self._quiet = 0
        self._is_spoken_to = False
        self._at = 0
        self._sending: set[asyncio.Task[None]] = set()

    def receive(self, text: str) -> None:
        """Take one message in."""
        message = _DECODER.decode(text)
        if message.media is not None:
            self._hear(message.media.payload)
        elif message.start is not None:
            self._stream = message.start.stream_sid

    def tick(self) -> None:
        """Send the next 20 ms of the reply."""
        self._send(_Out("media", self._stream, _Media(self._reply[self._at])))
        self._at += 1
        if self._at == len(self._reply):
            self._talking.discard(self)

    def leave(self) -> None:
        """Fall silent."""
        self._talking.discard(self)

    def _hear(self, ulaw: bytes) -> None:
        if rms(decode_ulaw(ulaw)) >= SPEECH_LEVEL:
            self._loud, self._quiet = self._loud + 1, 0
            if self._loud == ONSET_FRAMES:
                self._is_spoken_to = True
                if self in self._talking:
                    self._talking.discard(self)
                    self._send(_Out("clear", self._stream))
            return
        self._loud, self._quiet = 0, self._quiet + 1
        if self._is_spoken_to and self._quiet == END_FRAMES:
            self._is_spoken_to = False
            self._at = 0
            self._talking.add(self)
            self.tick()

    def _send(self, message: _Out) -> None:
        """Send without a task of its own, unless the socket's buffer is full."""
        sending = self._socket.send_str(_ENCODER.encode(message).decode())
        try:
            waits_for = sending.send(None)
        except StopIteration:
            return
        sending.close()
        del waits_for


async def serve(port: int) -> None:
    """Take calls for ever."""
    sound = (KNOWN_SOUND.read_bytes() * 10)[: REPLY_FRAMES * FRAME_BYTES]
    reply = [sound[at : at + FRAME_BYTES] for at in range(0, len(sound), FRAME_BYTES)]
    talking: set[Agent] = set()

    async def connect(request: web.Request) -> web.WebSocketResponse:
        socket = web.WebSocketResponse(compress=False)
        await socket.prepare(request)
        agent = Agent(socket, talking, reply)
        async for message in socket:
            if message.type is WSMsgType.TEXT:
                agent.receive(message.data)
        agent.leave()
        return socket

    application = web.Application()
    application.router.add_get("/ws", connect)
    runner = web.AppRunner(application, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", port).start()
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    due = time.perf_counter()
    while True:
        due += FRAME_SECONDS
        await asyncio.sleep(max(0.0, due - time.perf_counter()))
        for agent in tuple(talking):
            agent.tick()


def main() -> None:
    """Read the arguments, and serve."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("port", type=int)
    parser.add_argument("--uvloop", action="store_true")
    options = parser.parse_args()
    if options.uvloop:
        import uvloop  # noqa: PLC0415 - only where it is asked for

        uvloop.run(serve(options.port))
    else:
        asyncio.run(serve(options.port))


if __name__ == "__main__":
    main()
