"""What a caller does in each 20 ms: talks on a schedule, or takes turns and answers. Pure."""

import random
from collections import deque
from collections.abc import Iterator, Sequence
from typing import Protocol

import numpy as np
from msgspec import Struct

from bridge.audio.frames import FRAME_BYTES
from bridge.audio.g711 import decode_ulaw, rms
from bridge.carriers.lines import (
    PATIENCE_SECONDS,
    QUIET_SECONDS,
    VOICE_RMS,
    HangUpLine,
    Line,
    PauseLine,
    PressLine,
    SayLine,
)
from bridge.carriers.mouth import KEY_SPACING_SECONDS, frames_in
from bridge.carriers.voice import LineNoise

__all__ = ["Act", "Actor", "Answerer", "Hiss", "Talker", "cycle"]

SPOKEN_FRAMES = 26  # of the known sound: its voice, to the last loud frame
REPEATED = 3
SPEECH, SHORT_PAUSE, LONG_PAUSE = SPOKEN_FRAMES * REPEATED, 2 * SPOKEN_FRAMES * REPEATED, 312
NOISE = bytes((0xFF, 0x7F, 0xFE, 0x7E, 0xFD, 0x7D))  # mu-law within 24 steps of silence
INTO_THE_PROMPT_SECONDS = 0.8  # then somebody who does not wait for its end speaks
HISS_FRAMES = 250


class Act(Struct, frozen=True):
    """What is done in one frame."""

    audio: bytes  # mu-law
    key: str = ""
    is_last_key: bool = False
    begins: bool = False  # to speak, with this frame
    ended: bool = False  # the frame before was the last of what was said
    hangs_up: bool = False


class Actor(Protocol):
    """One caller's will."""

    def act(self, *, hears_voice: bool, clears: int) -> Act:
        """Do the next 20 ms, spoken to or not; the server has dropped prompts so many times until now."""
        ...


class Talker(Actor):
    """Says the same on a schedule, whatever is heard; everybody begins at another point of it."""

    def __init__(self, acts: Sequence[Act], at: int) -> None:
        self._acts = acts
        self._at = at

    def act(self, *, hears_voice: bool, clears: int) -> Act:  # noqa: ARG002 - it does not listen
        """The next one."""
        act = self._acts[self._at]
        self._at = (self._at + 1) % len(self._acts)
        return act


def cycle(spoken: bytes, chance: random.Random) -> list[Act]:
    """What a talker says, and is silent for, before it begins again: a quarter of it is speech.

    1.56 s, then 3.12 s of line noise, in which a reply of four seconds is spoken over by what follows; 1.56 s
    again, then 6.24 s, in which it is heard to its end.
    """

    def noise(frames: int) -> bytes:
        return bytes(chance.choices(NOISE, k=frames * FRAME_BYTES))

    speech = spoken[: SPOKEN_FRAMES * FRAME_BYTES] * REPEATED
    audio = speech + noise(SHORT_PAUSE) + speech + noise(LONG_PAUSE)
    begins = {0, SPEECH + SHORT_PAUSE}
    ends = {begin + SPEECH for begin in begins}
    return [
        Act(audio[at * FRAME_BYTES : (at + 1) * FRAME_BYTES], begins=at in begins, ended=at in ends)
        for at in range(len(audio) // FRAME_BYTES)
    ]


class Hiss:
    """Frames of a line's noise, made once and shared by all callers."""

    def __init__(self, seed: int) -> None:
        noise = LineNoise(np.random.default_rng(seed))
        self._frames = [noise.frame() for _ in range(HISS_FRAMES)]
        self._at = 0

    def frame(self) -> bytes:
        """The next one."""
        self._at = (self._at + 1) % HISS_FRAMES
        return self._frames[self._at]


class Answerer(Actor):
    """Answers when the far end has spoken and stopped, and now and then before it has stopped.

    It understands nothing and gives one line after the other. What was said over a prompt that went on is
    said again in its turn. After the last line it waits to be hung up on, and hangs up when nobody does.
    """

    def __init__(
        self, lines: Iterator[Line], hiss: Hiss, *, chance: random.Random, over_share: float
    ) -> None:
        """Of the lines that are spoken such a share begins over a prompt."""
        self._lines = lines
        self._hiss = hiss
        self._chance = chance
        self._over_share = over_share
        self._pending: deque[Act] = deque()
        self._spoke = False  # the far end, since our last line
        self._voice_frames = self._still_frames = 0
        self._cleared_before: int | None = None  # while we speak over it
        self._line: Line = HangUpLine()
        self._next()

    def act(self, *, hears_voice: bool, clears: int) -> Act:
        """Go on with what is being said, or look whether to begin."""
        if not self._pending:
            self._listen(hears_voice=hears_voice)
            if self._interrupts(hears_voice=hears_voice):
                self._cleared_before = clears
            elif not self._is_our_turn():
                return Act(self._hiss.frame())
            self._pending.extend(self._acts_of(self._line))
        act = self._pending.popleft()
        if not self._pending:
            self._end_line(clears)
        return act

    def _listen(self, *, hears_voice: bool) -> None:
        if hears_voice:
            self._spoke, self._still_frames = True, 0
            self._voice_frames += 1
        else:
            self._still_frames += 1

    def _interrupts(self, *, hears_voice: bool) -> bool:
        is_into_it = self._voice_frames >= frames_in(INTO_THE_PROMPT_SECONDS)
        return self._is_to_interrupt and hears_voice and is_into_it

    def _is_our_turn(self) -> bool:
        has_spoken = self._spoke and self._still_frames >= frames_in(QUIET_SECONDS)
        is_left_to_us = self._still_frames >= frames_in(PATIENCE_SECONDS)
        return is_left_to_us or (has_spoken and not isinstance(self._line, HangUpLine))

    def _end_line(self, clears: int) -> None:
        """Wait for the reply. A prompt that was not stopped has not heard us: say it again in our turn."""
        was_heard = self._cleared_before is None or clears > self._cleared_before
        self._cleared_before = None
        self._spoke, self._voice_frames, self._still_frames = False, 0, 0
        if was_heard:
            self._next()
        else:
            self._is_to_interrupt = False

    def _next(self) -> None:
        self._line = next(self._lines, HangUpLine())
        is_spoken = isinstance(self._line, SayLine)
        self._is_to_interrupt = is_spoken and self._chance.random() < self._over_share

    def _acts_of(self, line: Line) -> Iterator[Act]:
        match line:
            case SayLine(audio):
                yield from self._speech(audio)
            case PressLine(keys):
                for at, key in enumerate(keys, 1):
                    yield Act(self._hiss.frame(), key=key, is_last_key=at == len(keys))
                    if at < len(keys):
                        yield from (Act(self._hiss.frame()) for _ in range(frames_in(KEY_SPACING_SECONDS)))
            case PauseLine(seconds):
                yield from (Act(self._hiss.frame()) for _ in range(max(1, frames_in(seconds))))
            case HangUpLine():
                yield Act(self._hiss.frame(), hangs_up=True)

    def _speech(self, audio: bytes) -> Iterator[Act]:
        """From the first loud frame to the last one, and one more that says it is over."""
        frames = [audio[at : at + FRAME_BYTES] for at in range(0, len(audio), FRAME_BYTES)]
        loud = [at for at, frame in enumerate(frames) if rms(decode_ulaw(frame)) >= VOICE_RMS] or [0]
        for at, frame in enumerate(frames[: loud[-1] + 1]):
            yield Act(frame + self._hiss.frame()[len(frame) :], begins=at == loud[0])
        yield Act(self._hiss.frame(), ended=True)
