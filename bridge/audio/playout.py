"""Sending prompts in time, and knowing how much of them the caller has heard.

A `Playout` is one call's queue of phrases: pure, told the time, never more than 400 ms ahead of the
caller's ear, so that little is left over when the caller interrupts, and sent 100 ms at a time. Each phrase
is followed by a mark. What was heard is what a mark acknowledges; where marks do not come, or come too late,
it is what the clock says.

The `Ticker` is the one task that makes all calls send: every 20 ms, on deadlines that do not drift.
"""

import asyncio
import math
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

from msgspec import Struct

from bridge.audio.frames import FRAME_SECONDS, SAMPLE_RATE
from bridge.audio.g711 import ULAW_SILENCE
from bridge.clock import Clock

__all__ = ["Mark", "PhraseProgress", "Playout", "Ticker"]

LEAD_SECONDS = 0.4  # bridges a hiccup of the network or of our own loop; longer would make a clear come late
# So much leaves at once: each message costs as much as its audio. Of a short lead no more than a quarter, for
# what is left of it when more is sent must bridge as before.
BATCH_SECONDS, BATCH_SHARE = 0.1, 0.25
MARK_GRACE_SECONDS = 1.0  # a carrier's jitter buffer and the way back; after that the mark is not coming
_SILENCE = bytes((ULAW_SILENCE,))
_TOLERANCE_SECONDS = 1e-6  # deadlines are sums of floats

TickCallback = Callable[[float], None]
TickErrorCallback = Callable[[TickCallback, Exception], None]


class Mark(Struct, frozen=True):
    """Ask the carrier to tell when everything before has been played."""

    name: str


class PhraseProgress(Struct, frozen=True):
    """How far the caller has heard one phrase."""

    name: str
    seconds: float
    heard_seconds: float
    finished: bool  # heard to its end
    acknowledged: bool  # its own mark came back as played


@dataclass(slots=True)
class _Phrase:
    name: str
    audio: bytes
    bytes_per_second: int
    sent_bytes: int = 0
    plays_until: float = 0.0  # when the last byte sent will have been heard
    was_played: bool = False  # its mark, or a later one, came back
    is_acknowledged: bool = False
    heard_at_clear: float | None = None  # seconds; set when the rest was dropped

    @property
    def seconds(self) -> float:
        return len(self.audio) / self.bytes_per_second

    @property
    def was_cleared(self) -> bool:
        return self.heard_at_clear is not None

    @property
    def is_sent(self) -> bool:
        return self.sent_bytes == len(self.audio)

    def heard_seconds(self, now: float) -> float:
        if self.heard_at_clear is not None:
            return self.heard_at_clear
        return max(0.0, self.sent_bytes / self.bytes_per_second - max(0.0, self.plays_until - now))


class Playout:
    """One call's prompts on their way to the caller."""

    __slots__ = (
        "_acknowledges",
        "_batch_seconds",
        "_bytes_per_second",
        "_chunk_bytes",
        "_chunk_seconds",
        "_generation",
        "_grace_seconds",
        "_keeps_step",
        "_lead_seconds",
        "_needed_seconds",
        "_phrases",
        "_plays_until",
        "_silence",
        "_unsent",
    )

    def __init__(
        self,
        *,
        lead_seconds: float = LEAD_SECONDS,
        mark_grace_seconds: float = MARK_GRACE_SECONDS,
        acknowledges: bool,
        chunk_seconds: float = FRAME_SECONDS,
        bytes_per_second: int = SAMPLE_RATE,
        silence: bytes = _SILENCE,
    ) -> None:
        """`chunk_seconds`: audio leaves in whole multiples of it, the last one filled with `silence`."""
        self._lead_seconds = max(lead_seconds, chunk_seconds)
        self._chunk_seconds = chunk_seconds
        # Less half a chunk: a tick that is a little early must not put it off to the next.
        self._batch_seconds = min(BATCH_SECONDS, self._lead_seconds * BATCH_SHARE) - chunk_seconds / 2
        self._needed_seconds = self._batch_seconds  # of room, for the next audio to leave
        self._keeps_step = False  # with the ticks
        self._bytes_per_second = bytes_per_second
        self._chunk_bytes = round(chunk_seconds * bytes_per_second)
        self._silence = silence
        self._grace_seconds = mark_grace_seconds if acknowledges else 0.0
        self._acknowledges = acknowledges
        self._phrases: dict[str, _Phrase] = {}  # of the turn, in order
        self._unsent: deque[_Phrase] = deque()
        self._plays_until = 0.0  # when the caller will have heard everything sent
        self._generation = 0

    @property
    def generation(self) -> int:
        """How many clears there have been: what belongs to an earlier generation will not be heard."""
        return self._generation

    def queue(self, name: str, audio: bytes, now: float) -> None:
        """Say this after everything queued before; audio of any length, a name never used in this turn."""
        if name in self._phrases:
            raise ValueError("a phrase of this name is already queued")
        begins_at = max(now, self._plays_until)
        phrase = _Phrase(name, audio, self._bytes_per_second, plays_until=begins_at)
        self._phrases[name] = phrase
        self._unsent.append(phrase)

    def due(self, now: float) -> list[bytes | Mark]:
        """What to send at this moment: whole chunks of audio, each phrase's mark after its last chunk.

        They leave several at a time, in an even rhythm.
        """
        sendable: list[bytes | Mark] = []
        while self._unsent:
            begins_at = max(now, self._plays_until)
            room_seconds = now + self._lead_seconds - begins_at + _TOLERANCE_SECONDS
            room = int(room_seconds / self._chunk_seconds)
            if room <= 0 or room_seconds < self._needed_seconds:
                break
            self._keep_step(room_seconds, plays=begins_at > now)
            chunk, ended = self._next_chunks(room * self._chunk_bytes, begins_at)
            if chunk:
                sendable.append(chunk)
                self._plays_until = begins_at + len(chunk) / self._bytes_per_second
            if self._acknowledges:
                sendable += [Mark(phrase.name) for phrase in ended]
        return sendable

    def _keep_step(self, room_seconds: float, *, plays: bool) -> None:
        """Ask for as much room as there is at this tick, give or take half a tick.

        Ticks are late by a moment, and never twice the same. Where the room that is asked for comes as a tick
        does, audio would leave with that one at one time, and with the next at another.
        """
        if not plays:  # a burst, whenever somebody began to speak
            self._needed_seconds, self._keeps_step = self._batch_seconds, False
        elif not self._keeps_step:
            most_seconds = self._batch_seconds + FRAME_SECONDS
            self._needed_seconds = min(room_seconds - FRAME_SECONDS / 2, most_seconds)
            self._keeps_step = True

    def next_due(self) -> float:
        """When there will be something to send, or everything heard, unless something happens before."""
        if self._unsent:
            needed_seconds = max(self._chunk_seconds, self._needed_seconds)
            return self._plays_until - self._lead_seconds + needed_seconds - _TOLERANCE_SECONDS
        last = next(reversed(self._phrases.values()), None)  # the filling of its last chunk is no part of it
        return math.inf if last is None else last.plays_until + self._grace_seconds - _TOLERANCE_SECONDS

    def idle(self, now: float, seconds: float) -> bytes:
        """A chunk of silence once nothing was said for so long: some carriers want to hear of us."""
        if self._unsent or now < self._plays_until + seconds - _TOLERANCE_SECONDS:
            return b""
        self._plays_until = now + self._chunk_seconds
        return self._filled(b"")

    def mark_returned(self, name: str, *, played: bool, now: float) -> None:
        """A mark came back. Those of dropped audio, of earlier turns or of nobody mean nothing."""
        phrase = self._phrases.get(name)
        if phrase is None or not played or not phrase.is_sent or phrase.was_cleared:
            return
        phrase.is_acknowledged = True
        for earlier in self._phrases.values():  # a carrier plays in order, so they were heard as well
            earlier.was_played = not earlier.was_cleared
            earlier.plays_until = min(earlier.plays_until, now)
            if earlier is phrase:
                break

    def clear(self, now: float) -> None:
        """Drop what has not been heard: the caller speaks. The carrier must be told to do the same."""
        for phrase in self._phrases.values():
            if not self._is_finished(phrase, now):
                phrase.heard_at_clear = phrase.heard_seconds(now)
        self._unsent.clear()
        self._plays_until = now
        self._generation += 1

    def reset(self, now: float) -> None:
        """A new turn begins: report only what is still being said and what is queued from here on."""
        self._phrases = {name: phrase for name, phrase in self._phrases.items() if self._is_due(phrase, now)}

    def progress(self, now: float) -> list[PhraseProgress]:
        """How much of each of the turn's phrases the caller has heard, in order."""
        return [
            PhraseProgress(
                phrase.name,
                phrase.seconds,
                phrase.heard_seconds(now),
                self._is_finished(phrase, now),
                phrase.is_acknowledged,
            )
            for phrase in self._phrases.values()
        ]

    def is_finished(self, now: float) -> bool:
        """Whether nothing is left that the caller has yet to hear."""
        return not self._unsent and not any(self._is_due(phrase, now) for phrase in self._phrases.values())

    def _is_finished(self, phrase: _Phrase, now: float) -> bool:
        if phrase.was_played or phrase.was_cleared or not phrase.is_sent:
            return phrase.was_played
        return now >= phrase.plays_until + self._grace_seconds - _TOLERANCE_SECONDS

    def _is_due(self, phrase: _Phrase, now: float) -> bool:
        return not phrase.was_cleared and not self._is_finished(phrase, now)

    def _filled(self, audio: bytes) -> bytes:
        """At least one whole chunk, the last one filled up."""
        missing = -len(audio) % self._chunk_bytes if audio else self._chunk_bytes
        return audio + self._silence * (missing // len(self._silence))

    def _next_chunks(self, limit_bytes: int, begins_at: float) -> tuple[bytes, list[_Phrase]]:
        """The next chunks, at most up to one in which phrases end: their marks belong right behind it."""
        parts: list[bytes] = []
        length = 0
        ended: list[_Phrase] = []
        while self._unsent and length < limit_bytes:
            phrase = self._unsent[0]
            piece = phrase.audio[phrase.sent_bytes : phrase.sent_bytes + limit_bytes - length]
            parts.append(piece)
            length += len(piece)
            phrase.sent_bytes += len(piece)
            phrase.plays_until = begins_at + length / self._bytes_per_second
            if phrase.is_sent:
                ended.append(self._unsent.popleft())
                limit_bytes = math.ceil(length / self._chunk_bytes) * self._chunk_bytes
        said = b"".join(parts)  # fills its last chunk unless the queue ran dry in mid-chunk
        return (self._filled(said) if said else said), ended


class Ticker:
    """Calls everybody back every 20 ms of call time, from one task; sleeps while there is nobody to call."""

    def __init__(
        self,
        clock: Clock,
        period_seconds: float = FRAME_SECONDS,
        *,
        on_error: TickErrorCallback | None = None,
    ) -> None:
        self._clock = clock
        self._period_seconds = period_seconds
        self._on_error = on_error or _report_to_loop
        self._callbacks: dict[object, TickCallback] = {}
        self._is_wanted = asyncio.Event()

    def add(self, callback: TickCallback) -> Callable[[], None]:
        """Call `callback(now)` on each tick, until the returned function is called."""
        key = object()
        self._callbacks[key] = callback
        self._is_wanted.set()

        def remove() -> None:
            self._callbacks.pop(key, None)

        return remove

    async def run(self) -> None:
        """Tick until cancelled. Ticks that were missed are left out, not made up for in a burst."""
        deadline = self._clock.monotonic()
        while True:
            if not self._callbacks:
                await self._wait_until_wanted()
                deadline = self._clock.monotonic()
            now = self._clock.monotonic()
            self._tick(now)
            missed = max(0, int((now - deadline) / self._period_seconds))
            deadline += (1 + missed) * self._period_seconds
            await self._clock.sleep(max(0.0, deadline - self._clock.monotonic()))

    async def _wait_until_wanted(self) -> None:
        self._is_wanted.clear()
        await self._is_wanted.wait()

    def _tick(self, now: float) -> None:
        for key, callback in tuple(self._callbacks.items()):
            if key not in self._callbacks:  # removed by one called before it
                continue
            try:
                callback(now)
            except Exception as error:  # noqa: BLE001  # one call's failure is that call's alone
                self._callbacks.pop(key, None)
                self._on_error(callback, error)


def _report_to_loop(callback: TickCallback, error: Exception) -> None:
    asyncio.get_running_loop().call_exception_handler(
        {"message": "a tick callback failed and was removed", "exception": error, "callback": callback}
    )
