"""Opus (RFC 6716) as a web page sends it: bare packets, one after the other, each whole.

A browser's `AudioEncoder` makes such packets. They are decoded in the media worker, those of all calls in
batches: while one is under way the next gathers, so that a quiet daemon waits for nothing and a busy one is
not busy with messages. When the worker dies, what it had is heard as silence, and the calls go on.
"""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from itertools import count
from math import ceil

import structlog

from bridge.audio.frames import FRAME_SECONDS
from bridge.errors import ConfigError, WorkerError
from bridge.speech.media.decoding import MediaWorker, has_media

__all__ = ["OPUS_RATE", "OpusEars", "OpusStream", "require_opus", "seconds_of"]

OPUS_RATE = 48_000  # hertz; of what comes back, whatever the encoder was given
MAX_BATCH = 500  # packets: 20 ms of every call that one machine can take
MAX_WAITING = 5_000  # beyond, the oldest are silence: the worker does not keep up
MAX_PACKET_SECONDS = 0.12  # RFC 6716 section 3.2.5, rule R5

_SAMPLE_BYTES = 2
# RFC 6716 section 3.1, table 2: milliseconds of a frame, by configuration.
_SILK, _HYBRID, _CELT = (10, 20, 40, 60), (10, 20), (2.5, 5, 10, 20)
_FIRST_HYBRID, _FIRST_CELT = 12, 16
_COUNTED = 3  # the code of a packet that tells the number of its frames

log = structlog.get_logger()


def require_opus() -> None:
    """Make sure that Opus can be decoded.

    Raises:
        ConfigError: the extra is not installed.

    """
    if not has_media():
        raise ConfigError(
            "providers.browser.opus: Opus needs PyAV, which is not installed; "
            "run `pip install 'hatif[media]'`, or set it to false"
        )


def seconds_of(packet: bytes) -> float:
    """How long a packet lasts, by its first two bytes (RFC 6716 section 3.1); 0 where it cannot be right."""
    if not packet:
        return 0.0
    configuration, code = packet[0] >> 3, packet[0] & 3
    if code == _COUNTED and len(packet) == 1:
        return 0.0
    frames = {0: 1, 1: 2, 2: 2}.get(code) or packet[1] & 0x3F
    seconds = frames * _frame_ms(configuration) / 1000
    return seconds if seconds <= MAX_PACKET_SECONDS else 0.0


def _frame_ms(configuration: int) -> float:
    if configuration < _FIRST_HYBRID:
        return _SILK[configuration % 4]
    if configuration < _FIRST_CELT:
        return _HYBRID[configuration % 2]
    return _CELT[configuration % 4]


class OpusStream:
    """One call's packets. Their sound comes back in order, a little later, and never after `close`."""

    def __init__(self, ears: "OpusEars", number: int, on_sound: Callable[[bytes], None]) -> None:
        self._ears = ears
        self._on_sound = on_sound
        self.number = number
        self.is_closed = False

    def feed(self, packet: bytes) -> None:
        """Hand over one packet. Never waits, never raises."""
        if not self.is_closed:
            self._ears.take(self, packet)

    def give(self, pcm: bytes) -> None:
        """Some of its sound is there."""
        if pcm and not self.is_closed:
            self._on_sound(pcm)

    def close(self) -> None:
        """Nothing more is wanted; safe at any time."""
        if not self.is_closed:
            self.is_closed = True
            self._ears.forget(self)


class OpusEars:
    """All calls' packets, on their way through one worker."""

    def __init__(
        self, worker: MediaWorker | None = None, *, on_dropped: Callable[[int], None] = lambda _: None
    ) -> None:
        """`on_dropped` is told of frames of 20 ms that became silence."""
        self._worker = worker or MediaWorker()
        self._on_dropped = on_dropped
        self._numbers = count(1)
        self._waiting: list[tuple[OpusStream, bytes]] = []
        self._wanted = asyncio.Event()
        self._pump: asyncio.Task[None] | None = None
        self._is_deaf = False  # what came last is silence: the worker is being replaced

    @property
    def worker(self) -> MediaWorker:
        """The process behind it."""
        return self._worker

    async def start(self) -> None:
        """Start the worker; ConfigError or WorkerError when Opus cannot be decoded."""
        require_opus()
        await self._worker.start()
        self._pump = asyncio.create_task(self._run(), name="opus")

    async def stop(self) -> None:
        """End the worker."""
        if self._pump is not None:
            self._pump.cancel()
            with suppress(asyncio.CancelledError):
                await self._pump
            self._pump = None
        await self._worker.stop()

    def open(self, on_sound: Callable[[bytes], None]) -> OpusStream:
        """Begin a stream; `on_sound` is given its sound, linear at `OPUS_RATE`, mono."""
        return OpusStream(self, next(self._numbers), on_sound)

    def take(self, stream: OpusStream, packet: bytes) -> None:
        """One more packet for the next batch."""
        self._waiting.append((stream, packet))
        self._wanted.set()
        if len(self._waiting) > MAX_WAITING:
            late, packet = self._waiting.pop(0)
            _give(late, self._silence(packet))

    def forget(self, stream: OpusStream) -> None:
        """A stream is closed."""
        self._worker.close_opus(stream.number)

    async def _run(self) -> None:
        while True:
            await self._wanted.wait()
            batch, self._waiting = self._waiting[:MAX_BATCH], self._waiting[MAX_BATCH:]
            if not self._waiting:
                self._wanted.clear()
            for (stream, _), sound in zip(batch, await self._sounds(batch), strict=True):
                _give(stream, sound)

    async def _sounds(self, batch: list[tuple[OpusStream, bytes]]) -> tuple[bytes, ...]:
        packets = tuple((stream.number, packet) for stream, packet in batch)
        try:
            sounds = await self._worker.decode_opus(packets)
        except WorkerError as error:
            if not self._is_deaf:
                log.warning("opus_not_decoded", code=error.code, detail=str(error))
            self._is_deaf = True
            return tuple(self._silence(packet) for _, packet in packets)
        self._is_deaf = False
        return sounds

    def _silence(self, packet: bytes) -> bytes:
        """What is heard in place of a packet."""
        seconds = seconds_of(packet)
        self._on_dropped(ceil(seconds / FRAME_SECONDS))
        return bytes(round(seconds * OPUS_RATE) * _SAMPLE_BYTES)


def _give(stream: OpusStream, sound: bytes) -> None:
    """Whatever goes wrong in one call is no business of the others'."""
    try:
        stream.give(sound)
    except Exception:  # whoever listens has its own way of breaking down
        log.exception("opus_not_heard")
        stream.close()
