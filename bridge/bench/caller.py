"""One call of a crowd's: a wire, an ear and a will, joined without a task of its own."""

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from enum import StrEnum
from typing import assert_never

from msgspec import Struct

from bridge.audio.frames import FRAME_SECONDS
from bridge.bench.acting import Act, Actor
from bridge.bench.sockets import Socket
from bridge.bench.telephone import Ear
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
from bridge.carriers.connection import CLOSE_NORMAL
from bridge.carriers.tones import ToneKeypad
from bridge.clock import Clock
from bridge.transcoding import FromMulaw, ToMulaw
from protocols import RemoteProtocolError

__all__ = ["Caller", "Ended", "Ending"]

CLOSED_WELL = (None, CLOSE_NORMAL)  # RFC 6455 section 7.4.1; None: without a code


class Ending(StrEnum):
    """How a call ended, as its caller saw it."""

    COMPLETED = "completed"  # the server hung up, or put the caller through
    LEFT = "left"  # the caller did: nobody spoke any more
    CUT = "cut"  # the run was over, or fewer calls were wanted
    REFUSED = "refused"  # no call came about
    BROKEN = "broken"


class Ended(Struct, frozen=True):
    """What became of one call."""

    ending: Ending
    why: str = ""  # where it was refused or broken: free of numbers, credentials and what was said
    retry_after_seconds: float | None = None  # that a refusal named


class Caller:
    """One call, from the moment when its socket is open."""

    def __init__(
        self, wire: CarrierWire, actor: Actor, ear: Ear, clock: Clock, *, is_spoken_to: bool
    ) -> None:
        """`is_spoken_to`: whether the server can speak on this wire; who only listens is not waited for."""
        self._wire = wire
        self._actor = actor
        self._ear = ear
        self._clock = clock
        self._is_spoken_to = is_spoken_to
        self._socket: Socket | None = None
        self._is_accepted = not wire.waits_for_accept
        self._has_heard = self._has_spoken = False
        self._tones = ToneKeypad()  # for a wire that has no word for keys
        self._to_ear, self._from_mouth = ToMulaw(wire.our_audio), FromMulaw(wire.caller_audio)
        self.over: asyncio.Future[Ended] = asyncio.get_running_loop().create_future()

    def introduce(self, socket: Socket, call: CarrierCall) -> None:
        """The socket is open: say who calls."""
        self._socket = socket
        self._send(self._wire.open(call))

    # What comes

    def hear(self, message: str | bytes) -> None:
        """Take one message of the server's."""
        if self.over.done():
            return
        try:
            for event in self._wire.receive(message):
                self._obey(event)
        except RemoteProtocolError as error:
            self._end(Ended(Ending.BROKEN, f"protocol: {error}"))
            self._abort()

    def lose(self, close_code: int | None) -> None:
        """The connection is over."""
        if close_code in CLOSED_WELL:
            self._complete()
        else:
            self._end(Ended(Ending.BROKEN, f"close code {close_code}"))

    def _obey(self, event: CarrierEvent) -> None:
        now = self._clock.monotonic()
        match event:
            case Accepted():
                self._is_accepted = True
            case AudioToPlay(payload=payload):
                self._has_heard = True
                self._ear.receive(self._to_ear.process(payload), now)
            case MarkRequested(name=name):
                self._ear.mark(name)
            case PlaybackCleared():
                dropped = self._ear.clear(now)
                self._return(dropped if self._wire.returns_marks_on_clear else ())
            case HangUpRequested() | TransferRequested():
                self._complete()
                self._close()
            case Owed(message=message):
                self._send((message,))
            case _:
                assert_never(event)

    # What goes

    def tick(self, now: float) -> None:
        """Do the next 20 ms."""
        if self.over.done() or not self._is_accepted:
            return
        self._return(self._ear.due(now))
        act = self._actor.act(hears_voice=self._ear.hears_voice(now), clears=self._ear.clears)
        words = self._press(act)
        audio = self._from_mouth.process(self._tones.over(act.audio))
        if audio:
            self._send(self._wire.audio(audio))
        self._send(words)
        self._note(act, now)
        if act.hangs_up:
            self._hang_up(Ended(Ending.LEFT))

    def stop(self) -> None:
        """Hang up, whatever goes on."""
        if not self.over.done():
            self._hang_up(Ended(Ending.CUT))

    def _press(self, act: Act) -> Sequence[str | bytes]:
        words = self._wire.digit(act.key) if act.key else ()
        if act.key and not words:
            self._tones.press(act.key)
        return words

    def _note(self, act: Act, now: float) -> None:
        if act.begins:
            self._has_spoken = True
            self._ear.begin_to_speak(now)
        elif act.ended and self._has_spoken:
            self._ear.end_to_speak(now - FRAME_SECONDS)
        elif act.is_last_key:
            self._ear.press(now)

    def _return(self, marks: Sequence[str]) -> None:
        for name in marks:
            self._send(self._wire.mark(name))

    def _send(self, messages: Sequence[str | bytes]) -> None:
        if self._socket is not None:
            for message in messages:
                self._socket.send(message)

    # The end

    def _complete(self) -> None:
        if self._has_heard or not self._is_spoken_to:
            self._end(Ended(Ending.COMPLETED))
        else:
            self._end(Ended(Ending.BROKEN, "it ended before anything was said"))

    def _hang_up(self, ended: Ended) -> None:
        with suppress(RemoteProtocolError):
            self._send(self._wire.stop())
        self._end(ended)
        self._close()

    def _end(self, ended: Ended) -> None:
        if not self.over.done():
            self.over.set_result(ended)

    def _close(self) -> None:
        if self._socket is not None:
            self._socket.close()

    def _abort(self) -> None:
        if self._socket is not None:
            self._socket.abort()
