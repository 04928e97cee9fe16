"""A caller who says line after line to anybody, taking turns by listening.

For servers whose words are not known: it hears only whether the far end is talking, not what it says.
"""

from collections import deque
from collections.abc import Sequence

from msgspec import Struct

from bridge.audio.frames import FRAME_SECONDS
from bridge.audio.g711 import decode_ulaw, rms
from bridge.carriers.caller import CallerFrame
from bridge.carriers.mouth import Mouth, frames_in
from bridge.carriers.voice import LineNoise

__all__ = ["Exchange", "HangUpLine", "Line", "LineCaller", "PauseLine", "PressLine", "SayLine"]

VOICE_RMS = 184  # -45 dBFS: well above the noise of a line, well below quiet speech
QUIET_SECONDS = 1.0  # longer than the pauses between a prompt's sentences
PATIENCE_SECONDS = 10.0  # a far end that says nothing for so long has left the turn to us


class SayLine(Struct, frozen=True):
    """Say this when it is our turn."""

    audio: bytes  # mu-law


class PressLine(Struct, frozen=True):
    """Press these keys when it is our turn."""

    keys: str


class PauseLine(Struct, frozen=True):
    """Wait so long, then say the next line whether or not it is our turn: how a prompt is interrupted."""

    seconds: float


class HangUpLine(Struct, frozen=True):
    """Hang up."""


Line = SayLine | PressLine | PauseLine | HangUpLine


class Exchange(Struct, frozen=True):
    """What was heard of the far end since our last line, and what we did then."""

    heard_seconds: float
    line: Line | None  # None: the call ended first


class LineCaller:
    """Says the next line when the far end has spoken and stopped; after the last one's reply, hangs up."""

    def __init__(
        self,
        lines: Sequence[Line],
        noise: LineNoise,
        *,
        quiet_seconds: float = QUIET_SECONDS,
        patience_seconds: float = PATIENCE_SECONDS,
    ) -> None:
        self._lines = deque(lines)
        self._mouth = Mouth(noise)
        self._quiet_frames = frames_in(quiet_seconds)
        self._patience_frames = frames_in(patience_seconds)
        self._far_end_spoke = False  # since our last line
        self._still_frames = 0
        self._goes_on = self._starts_with_pause()
        self._voice_frames = self._answered_frames = 0
        self._exchanges: list[Exchange] = []

    @property
    def exchanges(self) -> list[Exchange]:
        """The conversation so far, as far as one can tell who does not understand a word of it."""
        return [*self._exchanges, Exchange(self._unanswered_seconds(), None)]

    @property
    def heard_speech_seconds(self) -> float:
        """For how long the far end has talked."""
        return self._voice_frames * FRAME_SECONDS

    @property
    def lines_left(self) -> int:
        """Lines that were not said."""
        return len(self._lines)

    def tick(self, heard: bytes) -> CallerFrame:
        """Hear 20 ms, say 20 ms."""
        self._listen(heard)
        if self._mouth.is_busy or not self._is_our_turn():
            return self._mouth.tick()
        line = self._lines.popleft() if self._lines else HangUpLine()
        self._exchanges.append(Exchange(self._unanswered_seconds(), line))
        self._answered_frames = self._voice_frames
        self._say(line)
        return self._mouth.tick(hang_up=isinstance(line, HangUpLine))

    def _listen(self, heard: bytes) -> None:
        is_voice = rms(decode_ulaw(heard)) >= VOICE_RMS
        self._voice_frames += is_voice
        if self._mouth.is_busy:  # what is said over our own line is no reply to it
            self._far_end_spoke, self._still_frames = False, 0
        elif is_voice:
            self._far_end_spoke, self._still_frames = True, 0
        else:
            self._still_frames += 1

    def _unanswered_seconds(self) -> float:
        return (self._voice_frames - self._answered_frames) * FRAME_SECONDS

    def _is_our_turn(self) -> bool:
        has_replied = self._far_end_spoke and self._still_frames >= self._quiet_frames
        return self._goes_on or has_replied or self._still_frames >= self._patience_frames

    def _say(self, line: Line) -> None:
        self._goes_on = isinstance(line, PauseLine) or self._starts_with_pause()
        match line:
            case SayLine(audio):
                self._mouth.say(audio)
            case PressLine(keys):
                self._mouth.press(keys)
            case PauseLine(seconds):
                self._mouth.pause(seconds)
            case HangUpLine():
                pass

    def _starts_with_pause(self) -> bool:
        return bool(self._lines) and isinstance(self._lines[0], PauseLine)
