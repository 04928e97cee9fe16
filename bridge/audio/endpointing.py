"""When an utterance begins and when it has ended, decided from seconds and a yes or no per frame.

It never sees a sample or a clock, so it is tested with lists of numbers. How long a silence ends the
utterance is the question's to say, and then what was said before it: a "yes" is over sooner than a
half-finished number.

    QUIET ── 120 ms of speech ──> SPEAKING: SpeechStarted
    SPEAKING ── a pause, where one is to be told ──> SPEAKING: SpeechPaused
    SPEAKING ── the end silence, or too long ──> QUIET: SpeechEnded
    QUIET ── speech begun soon enough after the end, 60 ms of it ──> SPEAKING: SpeechResumed

Soon enough is 300 ms after the end silence would have been over, also where the end was found sooner: ending
early makes a reply come early, and tears nothing apart that would have been one utterance.

An utterance that was cut for being too long is not resumed, and nothing starts before a pause has been
heard: a steady noise is one utterance, not a chain of them.
"""

from enum import StrEnum

from msgspec import Struct

__all__ = [
    "EndReason",
    "Endpoint",
    "Endpointer",
    "SpeechEnded",
    "SpeechPaused",
    "SpeechResumed",
    "SpeechStarted",
]

MIN_SPEECH_SECONDS = 0.12  # a click, a cough's edge or a key press is shorter; the shortest word (لا) is not
RESUME_SPEECH_SECONDS = 0.06  # less evidence is needed soon after speech than out of silence
RESUME_WINDOW_SECONDS = 0.3  # speech that begins again this soon belongs to the utterance before
ONSET_GAP_SECONDS = 0.2  # the closure inside ستة lasts 160 ms; what a longer gap precedes was a noise
PAUSE_SECONDS = 0.2  # after a cut: so much silence before anything new may start
_NEVER = float("inf")
_TOLERANCE_SECONDS = 1e-4  # sums of 0.02 miss round numbers by rounding errors


class EndReason(StrEnum):
    """Why an utterance was taken to have ended."""

    SILENCE = "silence"
    TOO_LONG = "too_long"


class SpeechStarted(Struct, frozen=True):
    """An utterance has begun."""

    onset_seconds: float  # how long ago its first speech began, this frame included


class SpeechResumed(Struct, frozen=True):
    """The utterance that had ended goes on after all."""


class SpeechPaused(Struct, frozen=True):
    """The utterance may be over: whoever can tell by what was said may `settle` it."""

    silence_seconds: float  # heard since its last speech
    speech_seconds: float  # from its first speech to its last


class SpeechEnded(Struct, frozen=True):
    """The utterance is over."""

    silence_seconds: float  # heard since its last speech
    speech_seconds: float  # from its first speech to its last, pauses included
    reason: EndReason


Endpoint = SpeechStarted | SpeechPaused | SpeechResumed | SpeechEnded


class Endpointer:
    """Tells speech that answers from noises that do not, and an answer's end from a pause in it."""

    __slots__ = (
        "_burst_seconds",
        "_end_silence_seconds",
        "_ended_ago_seconds",
        "_is_blocked",
        "_is_paused",
        "_is_speaking",
        "_max_speech_seconds",
        "_needed_silence_seconds",
        "_onset_seconds",
        "_pause_seconds",
        "_resume_seconds",
        "_resumes",
        "_silence_seconds",
        "_spoken_seconds",
    )

    def __init__(
        self,
        *,
        end_silence_seconds: float = 0.4,
        max_speech_seconds: float = 15.0,
        pause_seconds: float = _NEVER,
    ) -> None:
        self.expect(
            end_silence_seconds=end_silence_seconds,
            max_speech_seconds=max_speech_seconds,
            pause_seconds=pause_seconds,
        )
        self._is_speaking = False
        self._is_paused = False  # and that was told
        self._is_blocked = False  # cut for being too long: waiting for a pause
        self._silence_seconds = 0.0  # since the last speech
        self._spoken_seconds = 0.0  # of the utterance, from its first speech to now
        self._burst_seconds = 0.0  # speech heard in the onset under suspicion
        self._onset_seconds = 0.0  # since that onset began
        self._ended_ago_seconds = _NEVER
        self._resume_seconds = RESUME_WINDOW_SECONDS
        self._resumes = False  # the onset began soon enough after an end

    @property
    def is_speaking(self) -> bool:
        """Whether an utterance is open."""
        return self._is_speaking

    @property
    def is_paused(self) -> bool:
        """Whether the utterance is in a pause that was told."""
        return self._is_paused

    @property
    def is_idle(self) -> bool:
        """Whether nothing is heard that is an utterance or may become one, or the rest of the one before."""
        return (
            not self._is_speaking
            and not self._onset_seconds
            and self._ended_ago_seconds >= self._resume_seconds - _TOLERANCE_SECONDS
        )

    def expect(
        self, *, end_silence_seconds: float, max_speech_seconds: float, pause_seconds: float = _NEVER
    ) -> None:
        """Be as patient as the question asks, and tell of pauses of that length, from the next frame on."""
        self._end_silence_seconds = end_silence_seconds - _TOLERANCE_SECONDS
        self._needed_silence_seconds = self._end_silence_seconds
        self._max_speech_seconds = max_speech_seconds - _TOLERANCE_SECONDS
        self._pause_seconds = pause_seconds - _TOLERANCE_SECONDS

    def settle(self, end_silence_seconds: float) -> SpeechEnded | None:
        """Let the pause under way be the end once it lasts so long: now, if it does.

        Nothing happens where speech has gone on meanwhile; another pause is another matter.
        """
        if not self._is_paused:
            return None
        self._needed_silence_seconds = end_silence_seconds - _TOLERANCE_SECONDS
        is_over = self._silence_seconds >= self._needed_silence_seconds
        return self._end(EndReason.SILENCE) if is_over else None

    def dismiss(self) -> None:
        """Whatever is heard is no speech: nothing has begun, and nothing goes on."""
        self._is_speaking = False
        self._go_on()
        self._ended_ago_seconds = _NEVER
        self._forget_onset()

    def process(self, frame_seconds: float, is_speech: bool) -> Endpoint | None:
        """Take in one frame; say what it decided, if anything."""
        self._silence_seconds = 0.0 if is_speech else self._silence_seconds + frame_seconds
        if self._is_speaking:
            return self._follow_utterance(frame_seconds)
        if self._is_blocked:
            self._is_blocked = self._silence_seconds < PAUSE_SECONDS - _TOLERANCE_SECONDS
            return None
        self._ended_ago_seconds += frame_seconds
        if not is_speech and not self._onset_seconds:  # nearly every frame of a call
            return None
        return self._follow_onset(frame_seconds, is_speech)

    def _follow_utterance(self, frame_seconds: float) -> Endpoint | None:
        self._spoken_seconds += frame_seconds
        if not self._silence_seconds:
            self._go_on()
        elif self._silence_seconds >= self._needed_silence_seconds:
            return self._end(EndReason.SILENCE)
        if self._spoken_seconds >= self._max_speech_seconds:
            self._is_blocked = True
            return self._end(EndReason.TOO_LONG)
        if self._silence_seconds >= self._pause_seconds and not self._is_paused:
            self._is_paused = True
            return SpeechPaused(self._silence_seconds, self._spoken_seconds - self._silence_seconds)
        return None

    def _go_on(self) -> None:
        self._is_paused = False
        self._needed_silence_seconds = self._end_silence_seconds

    def _end(self, reason: EndReason) -> SpeechEnded:
        self._is_speaking = False
        self._go_on()
        self._ended_ago_seconds = 0.0 if reason is EndReason.SILENCE else _NEVER
        saved_seconds = self._end_silence_seconds - self._silence_seconds
        self._resume_seconds = RESUME_WINDOW_SECONDS + max(0.0, saved_seconds)
        self._forget_onset()
        return SpeechEnded(self._silence_seconds, self._spoken_seconds - self._silence_seconds, reason)

    def _follow_onset(self, frame_seconds: float, is_speech: bool) -> Endpoint | None:
        if not self._onset_seconds:
            begun_after = self._ended_ago_seconds - frame_seconds
            self._resumes = begun_after < self._resume_seconds - _TOLERANCE_SECONDS
        self._onset_seconds += frame_seconds
        if not is_speech:
            if self._silence_seconds > ONSET_GAP_SECONDS + _TOLERANCE_SECONDS:
                self._forget_onset()
            return None
        self._burst_seconds += frame_seconds
        needed = RESUME_SPEECH_SECONDS if self._resumes else MIN_SPEECH_SECONDS
        return self._begin() if self._burst_seconds >= needed - _TOLERANCE_SECONDS else None

    def _begin(self) -> Endpoint:
        self._is_speaking = True
        onset_seconds, resumes = self._onset_seconds, self._resumes
        self._forget_onset()
        if resumes:
            self._spoken_seconds += self._ended_ago_seconds
            return SpeechResumed()
        self._spoken_seconds = onset_seconds
        return SpeechStarted(onset_seconds)

    def _forget_onset(self) -> None:
        self._burst_seconds = 0.0
        self._onset_seconds = 0.0
        self._resumes = False
