"""One call while its connection is open: what the carrier does every 20 ms, whatever it is connected by."""

import asyncio
from collections.abc import Callable, Sequence
from contextlib import suppress
from enum import StrEnum
from typing import assert_never

from msgspec import Struct

from bridge.audio.frames import FRAME_BYTES, FRAME_SECONDS
from bridge.audio.g711 import ULAW_SILENCE
from bridge.carriers.base import (
    Accepted,
    AudioToPlay,
    CarrierCall,
    CarrierEvent,
    CarrierWire,
    HangUpRequested,
    MarkRequested,
    Owed,
    PlaybackCleared,
    TransferRequested,
)
from bridge.carriers.caller import Caller
from bridge.carriers.connection import CLOSE_NORMAL, BrokenConnectionError, Connection
from bridge.carriers.faults import Fault, Faults
from bridge.carriers.playback import PlaybackBuffer
from bridge.carriers.telephone_line import TelephoneLine
from bridge.carriers.tones import ToneKeypad
from bridge.clock import Clock
from bridge.transcoding import FromMulaw, ToMulaw
from protocols import RemoteProtocolError

__all__ = ["CallOutcome", "EndedBy", "Leg", "OnFrame"]

CLOSE_SECONDS = 2.0  # for the server to answer our close frame
MAX_LAG_SECONDS = 1.0  # frames that a busy machine delayed are sent in a burst up to here, then late
CLOSE_PROTOCOL_ERROR = 1002  # RFC 6455 section 7.4.1

OnFrame = Callable[[bytes, bytes], None]  # what the caller said and heard, in mu-law, for a recording

_SILENCE = bytes([ULAW_SILENCE])


class EndedBy(StrEnum):
    """Who or what ended the call."""

    HATIF_HUNG_UP = "hatif_hung_up"
    HATIF_TRANSFERRED = "hatif_transferred"
    HATIF_CLOSED = "hatif_closed"  # the socket, which is how some protocols hang up
    CALLER = "caller"
    REFUSED = "refused"  # no WebSocket came about
    PROTOCOL_ERROR = "protocol_error"  # Hatif broke the protocol
    TIME_LIMIT = "time_limit"


class CallOutcome(Struct, frozen=True, kw_only=True):
    """How the call went, as the carrier saw it."""

    accepted: bool = False
    ended_by: EndedBy
    close_code: int | None = None  # that Hatif closed the socket with; 1006 when it vanished without a word
    http_status: int | None = None  # that the upgrade was refused with
    retry_after_seconds: int | None = None  # that the refusal named
    seconds: float = 0.0  # of call time, while the socket was open
    frames_sent: int = 0
    frames_heard: int = 0  # in which the caller heard Hatif
    first_heard_seconds: float | None = None  # after audio began to flow
    cleared: int = 0  # how often Hatif cut itself short
    marks: int = 0  # returned because the audio before them had been played
    detail: str = ""  # a sentence for a person, free of phone numbers, tokens and what was said


class _Ending(Struct, frozen=True):
    ended_by: EndedBy
    close_code: int | None = None
    detail: str = ""


class Leg:
    """One call while its socket is open: one task listens, one talks, and the first to be done ends it."""

    def __init__(
        self,
        connection: Connection,
        wire: CarrierWire,
        caller: Caller,
        clock: Clock,
        *,
        on_frame: OnFrame | None = None,
        faults: Faults | None = None,
        line: TelephoneLine | None = None,
    ) -> None:
        """`line` is between the caller and the carrier; without it all arrives as it was said."""
        self._connection = connection
        self._wire = wire
        self._caller = caller
        self._clock = clock
        self._on_frame = on_frame
        self._faults = faults or Faults()
        self._line = line
        self._late_marks: list[tuple[float, str]] = []  # when, and which
        self._accepted = asyncio.Event()
        self._playback = PlaybackBuffer()
        self._tones = ToneKeypad()  # for a wire that has no word for keys
        self._heard, self._said = ToMulaw(wire.our_audio), FromMulaw(wire.caller_audio)
        self._cleared_marks: list[str] = []  # to be returned although their audio was dropped
        self._began = clock.monotonic()
        self._first_heard_seconds: float | None = None
        self._frames_sent = self._frames_heard = self._cleared = self._marks = 0

    async def converse(self, call: CarrierCall, max_seconds: float) -> CallOutcome:
        started = self._clock.monotonic()
        ending = await self._until_someone_ends(call, max_seconds)
        return CallOutcome(
            accepted=self._accepted.is_set(),
            ended_by=ending.ended_by,
            close_code=ending.close_code,
            seconds=self._clock.monotonic() - started,
            frames_sent=self._frames_sent,
            frames_heard=self._frames_heard,
            first_heard_seconds=self._first_heard_seconds,
            cleared=self._cleared,
            marks=self._marks,
            detail=ending.detail,
        )

    async def _until_someone_ends(self, call: CarrierCall, max_seconds: float) -> _Ending:
        listening = asyncio.create_task(self._listen())
        talking = asyncio.create_task(self._talk(call))
        ending = None
        try:
            ending = await self._first_to_end(listening, talking, max_seconds)
            return ending
        finally:
            talking.cancel()
            await self._close(ending)  # while someone listens: cancelling a receive would break the socket
            listening.cancel()
            await asyncio.gather(listening, talking, return_exceptions=True)

    async def _first_to_end(
        self, listening: asyncio.Task[_Ending], talking: asyncio.Task[_Ending], max_seconds: float
    ) -> _Ending:
        await asyncio.wait(
            (listening, talking),
            timeout=self._clock.real_seconds(max_seconds),
            return_when=asyncio.FIRST_COMPLETED,
        )
        for task in (listening, talking):
            if task.done():
                return task.result()
        return _Ending(EndedBy.TIME_LIMIT)

    async def _close(self, ending: _Ending | None) -> None:
        """Say goodbye, but do not wait long for a server that does not answer."""
        is_broken = ending is not None and ending.ended_by is EndedBy.PROTOCOL_ERROR
        with suppress(OSError, TimeoutError):
            async with asyncio.timeout(CLOSE_SECONDS):
                await self._connection.close(CLOSE_PROTOCOL_ERROR if is_broken else CLOSE_NORMAL)

    async def _listen(self) -> _Ending:
        """Do what Hatif asks, until it ends the call, breaks the protocol or leaves."""
        if Fault.NEVER_READS in self._faults:
            await asyncio.Event().wait()
        try:
            async for message in self._connection:
                if self._faults.is_gone(self._seconds()):
                    await asyncio.Event().wait()
                for event in self._wire.receive(message):
                    if isinstance(event, Owed):
                        await self._send((event.message,))
                    elif (ending := self._obey(event)) is not None:
                        return ending
        except (RemoteProtocolError, BrokenConnectionError) as error:
            return _Ending(EndedBy.PROTOCOL_ERROR, detail=str(error))
        return self._closed()

    def _obey(self, event: CarrierEvent) -> _Ending | None:
        match event:
            case Accepted():
                self._accepted.set()
            case AudioToPlay():
                self._playback.queue(self._heard.process(event.payload))
            case MarkRequested():
                self._playback.mark(event.name)
            case PlaybackCleared():
                self._clear()
            case TransferRequested():
                return _Ending(EndedBy.HATIF_TRANSFERRED)
            case HangUpRequested():
                return _Ending(EndedBy.HATIF_HUNG_UP)
            case Owed():
                pass  # sent by whoever listens
            case _:
                assert_never(event)
        return None

    def _clear(self) -> None:
        self._cleared += 1
        dropped = self._playback.clear()
        if self._wire.returns_marks_on_clear:
            self._cleared_marks.extend(dropped)

    def _closed(self) -> _Ending:
        ended_by = EndedBy.HATIF_HUNG_UP if self._wire.hangs_up_on_close else EndedBy.HATIF_CLOSED
        return _Ending(ended_by, close_code=self._connection.close_code)

    async def _talk(self, call: CarrierCall) -> _Ending:
        """Introduce the call, then be the caller every 20 ms until they hang up."""
        await self._send(self._wire.open(call))
        if not self._wire.waits_for_accept:
            self._accepted.set()
        await self._accepted.wait()
        self._began = deadline = self._clock.monotonic()
        while not await self._tick():
            if self._faults.is_gone(self._seconds()):
                await asyncio.Event().wait()
            await self._clock.sleep(self._faults.pause_seconds(self._seconds()))
            now = self._clock.monotonic()
            deadline = max(deadline + FRAME_SECONDS, now - MAX_LAG_SECONDS)
            await self._clock.sleep(max(0.0, deadline - now))
        return _Ending(EndedBy.CALLER)

    async def _tick(self) -> bool:
        """One frame in each direction; True when the caller has hung up."""
        await self._return_marks()
        playing = self._playback.play()
        heard = playing.ljust(FRAME_BYTES, _SILENCE)
        said = self._caller.tick(heard)
        words = [self._press(key) for key in said.keys]
        audio = self._tones.over(said.audio)
        if self._on_frame is not None:
            self._on_frame(audio, heard)
        for packet in [audio] if self._line is None else self._line.tick(audio, heard):
            for piece in self._faults.cut(self._said.process(packet * self._faults.frames_per_tick)):
                await self._send(self._faults.audio(self._wire.audio(piece)))
        for messages in words:
            await self._send(messages)
        if playing and not self._frames_heard:
            self._first_heard_seconds = self._seconds()
        self._frames_heard += bool(playing)
        self._frames_sent += 1
        if said.hang_up:
            await self._send(self._wire.stop())
        return said.hang_up

    def _press(self, key: str) -> Sequence[str | bytes]:
        """What the wire says of a key; of one that it has no word for the caller's audio has the tones."""
        messages = self._wire.digit(key)
        if not messages:
            self._tones.press(key)
        return messages

    async def _return_marks(self) -> None:
        played = self._playback.due_marks()
        self._marks += len(played)
        dropped, self._cleared_marks = self._cleared_marks, []
        now = self._clock.monotonic()
        for name in played:
            delay = self._faults.mark_delay_seconds()
            self._late_marks += [] if delay is None else [(now + delay, name)]
        due = [name for at, name in self._late_marks if at <= now]
        self._late_marks = [(at, name) for at, name in self._late_marks if at > now]
        for name in (*dropped, *due):
            await self._send(self._wire.mark(name))

    def _seconds(self) -> float:
        """Since audio began to flow."""
        return self._clock.monotonic() - self._began

    async def _send(self, messages: Sequence[str | bytes]) -> None:
        with suppress(ConnectionError):  # whoever listens learns how it ended
            for message in messages:
                await self._connection.send(message)
