"""Many callers on Twilio's wire, light enough that their own cost does not hide the server's.

    python benchmarks/media_callers.py --url ws://127.0.0.1:9000/ws --calls 100 --pid 1234

They run in a process of their own and are no carrier of whole calls (that is `bridge.carriers`): each sends a
frame every 20 ms by absolute deadlines, gives marks back when what was sent before them has been played, and
notes when audio came. A caller speaks a quarter of the time: 1.56 s, then 3.12 s of line noise, in which a
reply of four seconds is spoken over by what follows; 1.56 s again, then 6.24 s, in which it is heard to its
end. Everybody begins at another point of that.

What was seen is written as JSON. Where the callers themselves were late (`late_ms`), the rest is not the
server's alone.
"""

import argparse
import asyncio
import base64
import random
import sys
import time
from collections import deque
from collections.abc import Iterator, Sequence

import msgspec
from msgspec import Struct
from vitals import processor_seconds

from bridge.audio.frames import FRAME_BYTES, FRAME_SECONDS, SAMPLE_RATE
from bridge.carriers.arriving import TwilioWay
from bridge.carriers.base import CarrierCall
from bridge.carriers.placing import EXAMPLE_CALLEE, EXAMPLE_CALLER
from bridge.carriers.wires.twilio import TwilioWire
from bridge.speech.vosk.recognizer import KNOWN_SOUND

SPOKEN_FRAMES = 26  # of the known sound: its voice, to the last loud frame
REPEATED = 3
SPEECH, SHORT_PAUSE, LONG_PAUSE = SPOKEN_FRAMES * REPEATED, 2 * SPOKEN_FRAMES * REPEATED, 312
NOISE = bytes((0xFF, 0x7F, 0xFE, 0x7E, 0xFD, 0x7D))  # mu-law within 24 steps of silence
SLOTS = 10  # calls whose frames are due within the same 2 ms are served together
RAMP_SECONDS = 0.02  # between two calls that begin
SILENT_SHARE = 0.9
UNDERRUN_SECONDS = 0.02  # a telephone bridges less; what comes later is heard as a gap
CLOSE_SECONDS = 3.0
STREAM = "MZ" + "1" * 32

# RFC 6455
TEXT, CLOSE, PING, PONG = 0x1, 0x8, 0x9, 0xA
MASKED, FINAL = 0x80, 0x80
UPGRADE = (
    "GET {path} HTTP/1.1\r\nHost: {host}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n"
)


class Step(Struct, frozen=True):
    """One frame of the cycle."""

    audio: bytes  # mu-law
    begins: bool = False  # to speak, with this frame
    ended: bool = False  # the frame before was the last of what was said


def cycle(spoken: bytes, chance: random.Random) -> list[Step]:
    """Everything that a caller says, and is silent for, before it begins again."""

    def noise(frames: int) -> bytes:
        return bytes(chance.choices(NOISE, k=frames * FRAME_BYTES))

    speech = spoken[: SPOKEN_FRAMES * FRAME_BYTES] * REPEATED
    audio = speech + noise(SHORT_PAUSE) + speech + noise(LONG_PAUSE)
    begins = {0, SPEECH + SHORT_PAUSE}
    ends = {begin + SPEECH for begin in begins}
    return [
        Step(audio[at * FRAME_BYTES : (at + 1) * FRAME_BYTES], at in begins, at in ends)
        for at in range(len(audio) // FRAME_BYTES)
    ]


class Seen(Struct):
    """What all callers of a run noted. Milliseconds."""

    replies: list[float] = []  # from the end of speech to the first sound that is not silence
    unanswered: int = 0
    clears: list[float] = []  # from speech over a reply to the wish to drop the rest of it
    uncleared: int = 0
    pacing: list[float] = []  # how far a piece of a reply came from where its own rhythm wanted it
    underruns: int = 0  # pieces that came when everything before had been played
    received_seconds: float = 0.0  # of audio
    messages: int = 0


class Playback:
    """One caller's ear and telephone: what was received, as far as it has been played. Pure."""

    def __init__(self, seen: Seen) -> None:
        self._seen = seen
        self._plays_until = 0.0
        self._marks: deque[tuple[float, str]] = deque()
        self._ended_at: float | None = None  # speech, to which no reply has come
        self._interrupts_since: float | None = None
        self._pieces: list[float] = []  # of the reply: when each came, less the audio before it
        self._reply_seconds = 0.0

    def begin_to_speak(self, now: float) -> None:
        """The caller speaks; over a reply that must make it stop."""
        if self._ended_at is not None:
            self._seen.unanswered += 1
            self._ended_at = None
        if now < self._plays_until:
            self._interrupts_since = now

    def end_to_speak(self, now: float) -> None:
        """Nothing more is said: a reply is due."""
        if self._interrupts_since is not None:
            self._seen.uncleared += 1
            self._interrupts_since = None
        self._ended_at = now

    def receive(self, audio: bytes, now: float) -> None:
        """Take more of ours in."""
        seconds = len(audio) / SAMPLE_RATE
        self._seen.received_seconds += seconds
        self._seen.messages += 1
        if self._ended_at is not None and not is_silent(audio):
            self._seen.replies.append((now - self._ended_at) * 1000)
            self._ended_at = None
            self._settle()
        if self._pieces and now > self._plays_until + UNDERRUN_SECONDS:
            self._seen.underruns += 1
        self._pieces.append(now - self._reply_seconds)
        self._reply_seconds += seconds
        self._plays_until = max(now, self._plays_until) + seconds

    def mark(self, name: str) -> None:
        """Give this back when all before it has been played."""
        self._marks.append((self._plays_until, name))
        self._settle()  # what follows a mark need not follow at once

    def clear(self, now: float) -> list[str]:
        """Drop the rest; the marks in it come back at once."""
        if self._interrupts_since is not None:
            self._seen.clears.append((now - self._interrupts_since) * 1000)
            self._interrupts_since = None
        self._plays_until = now
        self._settle()
        return self.due(now)

    def due(self, now: float) -> list[str]:
        """Marks whose audio has been played."""
        names = []
        while self._marks and min(self._marks[0][0], self._plays_until) <= now:
            names.append(self._marks.popleft()[1])
        return names

    def _settle(self) -> None:
        """Weigh the reply so far against its own rhythm; its first piece opens it, and may be ahead."""
        steady = sorted(self._pieces[1:])
        if steady:
            middle = steady[len(steady) // 2]
            self._seen.pacing += [abs(piece - middle) * 1000 for piece in steady]
        self._pieces.clear()
        self._reply_seconds = 0.0


def is_silent(audio: bytes) -> bool:
    """Whether it is filling only."""
    return audio.count(b"\xff") + audio.count(b"\x7f") > SILENT_SHARE * len(audio)


# The wire


class _Payload(Struct, frozen=True):
    payload: bytes


class _Media(Struct, frozen=True, tag_field="event", tag="media"):
    media: _Payload


class _Name(Struct, frozen=True):
    name: str


class _Mark(Struct, frozen=True, tag_field="event", tag="mark"):
    mark: _Name


class _Clear(Struct, frozen=True, tag_field="event", tag="clear"):
    pass


_DECODER: msgspec.json.Decoder[_Media | _Mark | _Clear] = msgspec.json.Decoder(_Media | _Mark | _Clear)


def frame(payload: bytes, kind: int = TEXT) -> bytes:
    """One frame from a client. Its masking key is zero, which costs the server what any other does."""
    length = len(payload)
    head = bytes((FINAL | kind, MASKED | length)) if length < 126 else bytes((FINAL | kind, MASKED | 126))
    extended = b"" if length < 126 else length.to_bytes(2, "big")
    return head + extended + bytes(4) + payload


class Frames:
    """Cuts what a server sends into its frames. It takes none that is masked or in parts. Pure."""

    def __init__(self) -> None:
        self._rest = b""

    def push(self, data: bytes) -> Iterator[tuple[int, bytes]]:
        """Kind and payload of every frame that is complete now."""
        data, at = self._rest + data, 0
        while (found := self._frame(data, at)) is not None:
            kind, begin, at = found
            yield kind, data[begin:at]
        self._rest = data[at:]

    def _frame(self, data: bytes, at: int) -> tuple[int, int, int] | None:
        """Its kind, where its payload begins, and where it ends."""
        if len(data) < at + 2:
            return None
        length, begin = data[at + 1], at + 2
        if length >= 126:
            begin += 2 if length == 126 else 8
            length = int.from_bytes(data[at + 2 : begin], "big")
        if len(data) < begin + length:
            return None
        return data[at] & 0x0F, begin, begin + length


class Caller(asyncio.Protocol):
    """One call."""

    def __init__(
        self, number: int, address: str, path: str, *, steps: Sequence[Step], at: int, seen: Seen
    ) -> None:
        self._number = number
        self._upgrade = UPGRADE.format(path=path, host=address).encode()
        self._steps = steps
        self._payloads = [base64.b64encode(step.audio) for step in steps]
        self._at = at
        self._seen = seen
        self._playback = Playback(seen)
        self._transport: asyncio.Transport | None = None
        self._answer: bytes | None = b""  # to the upgrade, as far as it has come
        self._frames = Frames()
        self._sent = 0
        self._has_spoken = False
        self.opened: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.is_over = False

    # What comes

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport  # type: ignore[assignment]
        self._write(self._upgrade)

    def data_received(self, data: bytes) -> None:
        if self._answer is not None:
            self._answer += data
            head, end, data = self._answer.partition(b"\r\n\r\n")
            if not end:
                return
            self._answer = None
            self._open(head)
        now = time.perf_counter()
        for kind, payload in self._frames.push(data):
            if kind == TEXT:
                self._on_message(payload, now)
            elif kind == PING:
                self._write(frame(payload, PONG))
            elif kind == CLOSE:
                self._write(frame(payload[:2], CLOSE))

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002
        self.is_over = True
        if not self.opened.done():
            self.opened.set_exception(ConnectionError("the server closed the connection"))

    def _open(self, head: bytes) -> None:
        if b" 101 " not in head:
            self.opened.set_exception(ConnectionError(head.partition(b"\r\n")[0].decode()))
            return
        wire = TwilioWire(stream_sid=STREAM)
        call = CarrierCall(EXAMPLE_CALLER, EXAMPLE_CALLEE, f"CA{self._number:032x}")
        for message in wire.open(call):
            self._write(frame(message.encode()))
        self.opened.set_result(None)

    def _on_message(self, message: bytes, now: float) -> None:
        match _DECODER.decode(message):
            case _Media(media=media):
                self._playback.receive(media.payload, now)
            case _Mark(mark=mark):
                self._playback.mark(mark.name)
            case _Clear():
                self._return(self._playback.clear(now))

    def _return(self, names: Sequence[str]) -> None:
        for name in names:
            returned = (
                f'{{"event":"mark","sequenceNumber":"{self._sent}","streamSid":"{STREAM}",'
                f'"mark":{{"name":"{name}"}}}}'
            )
            self._write(frame(returned.encode()))

    # What goes

    def tick(self, now: float) -> None:
        """Send the next frame."""
        if self.is_over:
            return
        step, payload = self._steps[self._at], self._payloads[self._at]
        self._at = (self._at + 1) % len(self._steps)
        self._sent += 1
        self._write(
            frame(
                b'{"event":"media","sequenceNumber":"%d","media":{"track":"inbound","chunk":"%d","timestamp":"%d",'
                b'"payload":"%b"},"streamSid":"%b"}'
                % (self._sent + 1, self._sent, self._sent * 20, payload, STREAM.encode())
            )
        )
        if step.begins:
            self._has_spoken = True
            self._playback.begin_to_speak(now)
        elif step.ended and self._has_spoken:
            self._playback.end_to_speak(now - FRAME_SECONDS)
        self._return(self._playback.due(now))

    def stop(self) -> None:
        """Hang up."""
        if not self.is_over:
            self._write(frame(b'{"event":"stop","sequenceNumber":"0","streamSid":"%b"}' % STREAM.encode()))
            self._write(frame((1000).to_bytes(2, "big"), CLOSE))

    def abort(self) -> None:
        """Leave whatever is still there."""
        if self._transport is not None:
            self._transport.abort()

    def _write(self, data: bytes) -> None:
        if self._transport is not None and not self.is_over:
            self._transport.write(data)


# A run


class Load(Struct, frozen=True, kw_only=True):
    """What was seen in the measured time."""

    calls: int
    lost: int  # that ended before they were to
    cpu_ms_per_call_second: float
    callers_cpu_share: float  # of one core
    reply_ms: tuple[float, ...]  # p50, p95, p99
    replies: int
    unanswered: int
    clear_ms: tuple[float, ...]
    clears: int
    uncleared: int
    pacing_ms: tuple[float, ...]
    underruns: int
    audio_share: float  # of a call's time in which it was sent audio
    messages_per_call_second: float
    late_ms: tuple[float, ...]  # the callers' own frames: p50, p95, p99


def spread(values: Sequence[float]) -> tuple[float, ...]:
    """p50, p95 and p99; nothing of nothing."""
    ranked = sorted(values)
    return tuple(
        round(ranked[min(int(len(ranked) * part), len(ranked) - 1)], 2)
        for part in (0.5, 0.95, 0.99)
        if ranked
    )


class Crowd:
    """All of them."""

    def __init__(self, options: argparse.Namespace) -> None:
        self._options = options
        self._chance = random.Random(options.seed)  # noqa: S311 - when somebody speaks is no secret
        self._steps = cycle(KNOWN_SOUND.read_bytes(), self._chance)
        self._seen = Seen()
        self._callers: list[Caller] = []
        self._late: list[float] = []

    async def run(self) -> Load:
        """Begin the calls, let them settle, measure, hang up."""
        options = self._options
        pacing = asyncio.create_task(self._pace())
        try:
            for number in range(options.calls):
                self._callers.append(await self._place(number))
                await asyncio.sleep(RAMP_SECONDS)
            await asyncio.sleep(options.settle)
            self._forget()
            began, cpu, own = time.perf_counter(), self._cpu(), time.process_time()
            await asyncio.sleep(options.seconds)
            seconds, cpu = time.perf_counter() - began, self._cpu() - cpu
            load = self._load(seconds, cpu, time.process_time() - own)
        finally:
            pacing.cancel()
            await asyncio.gather(pacing, return_exceptions=True)
            await self._leave()
        return load

    async def _place(self, number: int) -> Caller:
        address, path = await self._door(number)
        host, _, port = address.rpartition(":")
        at = self._chance.randrange(len(self._steps))
        loop = asyncio.get_running_loop()
        _, caller = await loop.create_connection(
            lambda: Caller(number, address, path, steps=self._steps, at=at, seen=self._seen), host, int(port)
        )
        await caller.opened
        return caller

    async def _door(self, number: int) -> tuple[str, str]:
        """Address and path: as they are, or as the answer to a signed webhook names them."""
        url = self._options.url
        if self._options.token is not None:
            way = TwilioWay(url, self._options.token, self._options.public_url)
            door = await way.knock(CarrierCall(EXAMPLE_CALLER, EXAMPLE_CALLEE, f"CA{number:032x}"))
            if door.url is None:
                raise ConnectionError(f"no call was taken: {door.answer}")
            url = door.url
        address, slash, path = url.removeprefix("ws://").partition("/")
        return address, slash + path

    async def _pace(self) -> None:
        due, slot = time.perf_counter(), 0
        while True:
            due += FRAME_SECONDS / SLOTS
            await asyncio.sleep(max(0.0, due - time.perf_counter()))
            now = time.perf_counter()
            self._late.append((now - due) * 1000)
            for caller in self._callers[slot::SLOTS]:
                caller.tick(now)
            slot = (slot + 1) % SLOTS

    def _forget(self) -> None:
        """What was seen before the time that counts."""
        for name, value in msgspec.structs.asdict(Seen()).items():
            setattr(self._seen, name, value)
        self._late.clear()

    def _cpu(self) -> float:
        return processor_seconds(self._options.pid)

    def _load(self, seconds: float, cpu: float, own: float) -> Load:
        seen, calls = self._seen, len(self._callers)
        return Load(
            calls=calls,
            lost=sum(caller.is_over for caller in self._callers),
            cpu_ms_per_call_second=round(cpu / seconds / calls * 1000, 3),
            callers_cpu_share=round(own / seconds, 3),
            reply_ms=spread(seen.replies),
            replies=len(seen.replies),
            unanswered=seen.unanswered,
            clear_ms=spread(seen.clears),
            clears=len(seen.clears),
            uncleared=seen.uncleared,
            pacing_ms=spread(seen.pacing),
            underruns=seen.underruns,
            audio_share=round(seen.received_seconds / seconds / calls, 3),
            messages_per_call_second=round(seen.messages / seconds / calls, 1),
            late_ms=spread(self._late),
        )

    async def _leave(self) -> None:
        for caller in self._callers:
            caller.stop()
        until = time.perf_counter() + CLOSE_SECONDS
        while time.perf_counter() < until and not all(caller.is_over for caller in self._callers):  # noqa: ASYNC110 - nothing tells
            await asyncio.sleep(0.05)
        for caller in self._callers:
            caller.abort()


def main() -> None:
    """Call, and say how it was."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument(
        "--url", required=True, help="of the media socket; with --token, HOST:PORT of webhooks"
    )
    parser.add_argument("--token", help="Twilio's auth token: the socket is asked for by a signed webhook")
    parser.add_argument("--public-url", default="https://hatif.example", help="that webhooks are signed for")
    parser.add_argument("--pid", type=int, required=True, help="whose processor time is measured")
    parser.add_argument("--calls", type=int, default=100)
    parser.add_argument("--settle", type=float, default=6.0, help="seconds before measuring")
    parser.add_argument("--seconds", type=float, default=15.0, help="that are measured")
    parser.add_argument("--seed", type=int, default=0)
    load = asyncio.run(Crowd(parser.parse_args()).run())
    sys.stdout.write(msgspec.json.encode(load).decode() + "\n")


if __name__ == "__main__":
    main()
