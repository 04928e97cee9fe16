"""From a caller's mu-law to utterances: framing, speech detection, endpointing and levelling in one place.

What it emits is what the recogniser should hear: levelled PCM from at least 300 ms before the first speech
to the end of the silence that ended the utterance, without a gap. It knows neither questions nor recognisers.
"""

from collections import deque
from collections.abc import Iterable
from math import inf

from msgspec import Struct

from bridge.audio.endpointing import (
    RESUME_WINDOW_SECONDS,
    Endpointer,
    EndReason,
    SpeechEnded,
    SpeechPaused,
    SpeechResumed,
    SpeechStarted,
)
from bridge.audio.frames import FRAME_SECONDS, Framer
from bridge.audio.g711 import decode_ulaw
from bridge.audio.levels import Leveller
from bridge.audio.offset import OffsetFilter
from bridge.audio.vad import SpeechDetector

__all__ = [
    "GateEvent",
    "Spoken",
    "UtteranceContinued",
    "UtteranceEnded",
    "UtterancePaused",
    "UtteranceResumed",
    "UtteranceStarted",
    "VoiceGate",
    "whole_utterances",
]

CHUNK_FRAMES = 5  # 100 ms: the recogniser's network runs every 210 ms, so finer chunks only cost


class UtteranceStarted(Struct, frozen=True):
    """The caller has begun to speak."""

    pcm: bytes  # levelled; from the look-back before the first speech
    onset_seconds: float = 0.0  # how long ago its first speech began


class UtteranceContinued(Struct, frozen=True):
    """100 ms more of the utterance."""

    pcm: bytes


class UtterancePaused(Struct, frozen=True):
    """The caller may have come to the end: see `VoiceGate.settle`. More of the utterance is speech again."""

    pcm: bytes  # what had not been emitted yet; may be empty
    silence_seconds: float  # heard since the last speech
    speech_seconds: float  # from the first speech to the last


class UtteranceEnded(Struct, frozen=True):
    """The caller has stopped, or has spoken for too long."""

    pcm_tail: bytes  # what had not been emitted yet; may be empty
    silence_seconds: float  # heard since the last speech
    speech_seconds: float  # from the first speech to the last
    reason: EndReason


class UtteranceResumed(Struct, frozen=True):
    """The caller went on after all: this belongs to the utterance that had ended."""

    pcm: bytes  # everything since that end


GateEvent = UtteranceStarted | UtteranceContinued | UtterancePaused | UtteranceEnded | UtteranceResumed


class Spoken(Struct, frozen=True):
    """One whole utterance."""

    pcm: bytes  # levelled
    speech_seconds: float  # from the first speech to the last


def whole_utterances(events: Iterable[GateEvent]) -> list[Spoken]:
    """Put events together where nobody waits for them: an utterance that resumed is one, an open one none."""
    spoken: list[Spoken] = []
    begun = b""
    for event in events:
        match event:
            case UtteranceStarted():
                begun = event.pcm
            case UtteranceContinued() | UtterancePaused():
                begun += event.pcm
            case UtteranceResumed():
                begun = spoken.pop().pcm + event.pcm
            case UtteranceEnded():
                spoken.append(Spoken(begun + event.pcm_tail, event.speech_seconds))
    return spoken


class VoiceGate:
    """One call's ear: closed while nobody speaks."""

    def __init__(self, *, look_back_seconds: float = 0.3) -> None:
        if look_back_seconds < RESUME_WINDOW_SECONDS:
            raise ValueError(f"the look-back must be at least {RESUME_WINDOW_SECONDS:g} s")
        self._look_back_frames = round(look_back_seconds / FRAME_SECONDS)
        self._framer = Framer()
        self._offset = OffsetFilter()
        self._detector = SpeechDetector()
        self._endpointer = Endpointer()
        self._leveller = Leveller()
        self._held: deque[bytes] = deque()  # PCM frames not emitted: look-back, or the chunk under way
        self._latest: deque[bytes] = deque(maxlen=self._look_back_frames)  # emitted or not
        self._frames = 0

    @property
    def position_seconds(self) -> float:
        """How much audio has been heard."""
        return self._frames * FRAME_SECONDS

    @property
    def is_speaking(self) -> bool:
        """Whether an utterance is open."""
        return self._endpointer.is_speaking

    def expect(
        self, *, end_silence_seconds: float, max_speech_seconds: float, pause_seconds: float | None = None
    ) -> None:
        """Be as patient as the question asks, from the next frame on; tell of pauses of a given length."""
        self._endpointer.expect(
            end_silence_seconds=end_silence_seconds,
            max_speech_seconds=max_speech_seconds,
            pause_seconds=inf if pause_seconds is None else pause_seconds,
        )

    def settle(self, end_silence_seconds: float) -> UtteranceEnded | None:
        """Let the pause that was told be the end once it lasts so long: now, if it does.

        None: it does not yet, or speech has gone on meanwhile. What was heard since the pause was told is
        kept for an utterance that resumes.
        """
        ended = self._endpointer.settle(end_silence_seconds)
        if ended is None:
            return None
        return UtteranceEnded(b"", ended.silence_seconds, ended.speech_seconds, ended.reason)

    def dismiss(self) -> None:
        """What was taken for an utterance is none, such as our own echo. What is heard next may be one.

        It may have begun already: its look-back reaches into what was dismissed.
        """
        self._endpointer.dismiss()
        self._held = deque(self._latest)

    def forget(self) -> None:
        """What is heard next has nothing to do with what was heard before."""
        self._endpointer.dismiss()
        self._held.clear()
        self._latest.clear()

    def process(self, payload: bytes) -> list[GateEvent]:
        """Take in mu-law of any length; say what the frames it completes decided."""
        events: list[GateEvent] = []
        for frame in self._framer.push(payload):
            event = self._hear(self._offset.process(decode_ulaw(frame)))
            if event is not None:
                events.append(event)
        return events

    def _hear(self, frame_pcm: bytes) -> GateEvent | None:
        self._frames += 1
        self._held.append(frame_pcm)
        self._latest.append(frame_pcm)
        endpoint = self._endpointer.process(FRAME_SECONDS, self._detector.is_speech(frame_pcm))
        match endpoint:
            case None:
                return self._wait()
            case SpeechStarted():
                return self._start(endpoint.onset_seconds)
            case SpeechPaused():
                pcm = self._leveller.apply(self._release())
                return UtterancePaused(pcm, endpoint.silence_seconds, endpoint.speech_seconds)
            case SpeechResumed():
                return UtteranceResumed(self._leveller.apply(self._release()))
            case SpeechEnded():
                tail = self._leveller.apply(self._release())
                return UtteranceEnded(
                    tail, endpoint.silence_seconds, endpoint.speech_seconds, endpoint.reason
                )

    def _start(self, onset_seconds: float) -> UtteranceStarted:
        pcm = self._release()
        self._leveller.begin(pcm)
        return UtteranceStarted(self._leveller.apply(pcm), onset_seconds)

    def _wait(self) -> UtteranceContinued | None:
        if self._endpointer.is_idle:
            while len(self._held) > self._look_back_frames:
                self._held.popleft()
        elif self._endpointer.is_speaking:
            is_due = len(self._held) >= CHUNK_FRAMES and not self._endpointer.is_paused
            return self._continue() if is_due else None
        # While speech may be beginning or going on, what led up to it is kept as well as the look-back.
        return None

    def _continue(self) -> UtteranceContinued:
        return UtteranceContinued(self._leveller.apply(self._release()))

    def _release(self) -> bytes:
        pcm = b"".join(self._held)
        self._held.clear()
        return pcm
