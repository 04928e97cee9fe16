"""Waiting for the caller: from happenings on the line to one input for the dialogue.

Speech and keys are heard at the same time, and whichever is complete first is the input. A caller who speaks
or presses a key over a prompt stops it, where the prompt allows that; where no word came, the prompt is taken
up again with the phrase that was stopped, and only keys stop it then. What began before a new question could
be heard is marked premature. At a pause what has been said so far is weighed: it may be over already, or
surely not be. An utterance that goes on right after its endpoint comes back whole, marked as a revision of
the turn before.
"""

import asyncio
from collections.abc import Callable, Sequence

from msgspec import Struct
from msgspec.structs import replace

from bridge.audio.endpointing import RESUME_SPEECH_SECONDS
from bridge.audio.gate import (
    UtteranceContinued,
    UtteranceEnded,
    UtterancePaused,
    UtteranceResumed,
    UtteranceStarted,
)
from bridge.clock import Clock
from bridge.dialogue.actions import Keys, Listen
from bridge.dialogue.inputs import Digits, HungUp, Input, Machine, NoInput, NotHeard, Utterance
from bridge.dialogue.keypad import Keypad
from bridge.errors import WorkerError
from bridge.line import (
    DEAD_SECONDS,
    Dismissed,
    Gone,
    Happening,
    KeyPressed,
    Line,
    MachineAnswered,
    PlayoutFinished,
    WentDead,
)
from bridge.speech.base import Hearing, Recognizer
from bridge.speech.utterance import OpenUtterance

__all__ = ["DismissedError", "Heard", "Listener", "Unfinished"]

NO_KEYS = Keys(max_digits=0)
LONGEST_WAIT_SECONDS = (
    4.9  # of the wall clock, after a caller's last word: then they hear that they were not heard
)
HEARD_SECONDS = 0.1  # of a phrase's end are no reason to say it again
MAX_LOOKS = 3  # at one utterance: each after the first decodes again what was said before it


class DismissedError(Exception):
    """The daemon must end, and this call was asking."""


class Heard(Struct, frozen=True):
    """One input, and what is known of how it came. Times are seconds of call time."""

    input: Input
    pcm: bytes = b""  # the utterance's audio, levelled
    revises: bool = False  # the utterance before went on, and this is all of it
    endpoint_seconds: float | None = None  # the silence that was waited for
    recognise_seconds: float | None = None
    speech_ended_at: float | None = None
    has_stopped_reply: bool = False  # of the turn before, which has to be said again


class Unfinished(Struct, frozen=True):
    """The utterance before, for as long as it may go on."""

    phrases: tuple[str, ...]
    pcm: bytes
    has_gone_on: bool = False  # once already: an echo of the reply must not stop it for ever


class Listener:
    """Waits for one input under one `Listen`; None waits only for the prompt's end."""

    def __init__(
        self,
        line: Line,
        recognizer: Recognizer,
        clock: Clock,
        *,
        listen: Listen | None,
        barge_in: bool,
        unfinished: Unfinished | None,
        prompt: Sequence[bytes] = (),
        end_silence: Callable[[Utterance], float] | None = None,
        is_nothing: Callable[[Utterance], bool] = lambda _: False,
        on_barge_in: Callable[[float], None] = lambda _: None,
    ) -> None:
        """`prompt` is what is being said, phrase by phrase, in mu-law.

        `end_silence` says after how many seconds of silence what was said so far is over, `is_nothing`
        whether it was no word at all.
        `on_barge_in` is told when a prompt was stopped, and how long after the caller began to speak.
        """
        self._line = line
        self._recognizer = recognizer
        self._clock = clock
        self._listen = listen
        self._barge_in = barge_in
        self._unfinished = unfinished
        self._prompt = tuple(prompt)
        self._stopped: tuple[bytes, ...] = ()  # phrases that were not heard because somebody spoke
        self._is_taken_up = False
        self._end_silence = end_silence
        self._is_nothing = is_nothing
        self._on_barge_in = on_barge_in
        self._keypad = Keypad(listen.keys if listen else NO_KEYS)
        self._spoken: OpenUtterance | None = None
        self._looks = 0
        self._revises = False
        self._has_stopped_reply = False
        self._is_premature = False
        self._heard: Heard | None = None
        self._restart_timer()

    async def hear(self) -> Heard | None:
        """The caller's next input; None when there is nothing to listen for and the prompt has ended.

        Raises:
            DismissedError: nobody is to be asked any more. Last words are heard to their end.

        """
        if self._listen is not None:
            self._line.gate.expect(
                end_silence_seconds=self._listen.end_silence_seconds,
                max_speech_seconds=self._listen.max_speech_seconds,
                pause_seconds=self._listen.look_seconds if self._end_silence else None,
            )
        try:
            while self._heard is None and not self._is_through():
                happening = await self._line.next(self._seconds_left())
                if happening is None:
                    self._on_silence()
                else:
                    await self._on_happening(happening)
        finally:
            if self._spoken is not None:
                self._spoken.cancel()
        return self._heard

    def _is_through(self) -> bool:
        return self._listen is None and not self._line.is_speaking and self._spoken is None

    async def _on_happening(self, happening: Happening) -> None:
        match happening:
            case UtterancePaused():
                await self._look(happening)
            case UtteranceEnded():
                await self._end(happening)
            case UtteranceStarted() | UtteranceResumed() | UtteranceContinued():
                self._on_speech(happening)
            case KeyPressed(key=key):
                self._press(key)
            case PlayoutFinished():
                self._restart_timer()
            case WentDead():
                self._break_off()
            case Dismissed() if self._listen is not None:
                raise DismissedError
            case MachineAnswered() if self._listen is not None:
                self._line.clear()
                self._heard = Heard(Machine())
            case Gone():
                self._heard = Heard(HungUp())

    # Speech

    def _on_speech(self, spoken: UtteranceStarted | UtteranceResumed | UtteranceContinued) -> None:
        match spoken:
            case UtteranceStarted(pcm=pcm, onset_seconds=onset_seconds):
                self._start(pcm, onset_seconds)
            case UtteranceResumed(pcm=pcm):
                self._resume(pcm)
            case UtteranceContinued(pcm=pcm):
                self._feed(pcm)

    def _start(self, pcm: bytes, onset_seconds: float) -> None:
        self._unfinished = None  # what goes on from here on is this
        if self._listen is None or not self._listen.phrases or not self._may_interrupt(by_voice=True):
            return
        if self._line.is_echo(pcm, onset_seconds):
            self._line.gate.dismiss()
            return
        self._is_premature = self._listen.is_new and self._line.is_premature
        self._interrupt(onset_seconds)
        self._open(self._listen.phrases, pcm)

    def _resume(self, pcm: bytes) -> None:
        if self._unfinished is None:
            return
        if self._line.is_echo(pcm, RESUME_SPEECH_SECONDS):
            self._line.gate.dismiss()
            return
        self._revises, self._is_premature = True, False
        if self._line.is_speaking and not self._unfinished.has_gone_on:
            self._line.clear()
            self._has_stopped_reply = True
        self._open(self._unfinished.phrases, self._unfinished.pcm + pcm)

    def _open(self, phrases: tuple[str, ...], pcm: bytes) -> None:
        if self._spoken is not None:
            self._spoken.cancel()
        self._spoken = OpenUtterance(self._recognizer, phrases)
        self._looks = 0
        self._spoken.feed(pcm)

    def _feed(self, pcm: bytes) -> None:
        if self._spoken is not None:
            self._spoken.feed(pcm)

    async def _look(self, paused: UtterancePaused) -> None:
        """Weigh what was said so far. One that has gone on once is not found to be over early again."""
        if self._spoken is None:
            return
        self._spoken.feed(paused.pcm)
        if self._end_silence is None or self._revises or self._looks >= MAX_LOOKS:
            return
        if not self._recognizer.is_quick:  # what has ended comes first
            return
        self._looks += 1
        try:
            hearing = await self._spoken.so_far()
        except WorkerError:
            return  # said when it is over
        seconds = self._end_silence(self._utterance(hearing, paused.speech_seconds))
        if ended := self._line.gate.settle(seconds):
            await self._end(ended)

    async def _end(self, ended: UtteranceEnded) -> None:
        self._restart_timer()
        if self._spoken is None:
            return
        spoken, self._spoken = self._spoken, None
        speech_ended_at = self._clock.monotonic() - ended.silence_seconds
        silence_seconds = self._clock.real_seconds(ended.silence_seconds)
        try:
            async with asyncio.timeout(max(0.0, LONGEST_WAIT_SECONDS - silence_seconds)):
                hearing = await spoken.whole(ended.pcm_tail)
        except (WorkerError, TimeoutError):
            not_heard = NotHeard(lasting=not self._recognizer.is_reliable)
            self._heard = Heard(not_heard, speech_ended_at=speech_ended_at)
            return
        finally:
            spoken.cancel()
        utterance = self._utterance(hearing, ended.speech_seconds)
        if self._stopped and self._is_nothing(utterance):
            self._take_up()
            return
        self._heard = Heard(
            utterance,
            pcm=bytes(spoken.pcm),
            revises=self._revises,
            endpoint_seconds=ended.silence_seconds,
            recognise_seconds=hearing.recognise_seconds,
            speech_ended_at=speech_ended_at,
            has_stopped_reply=self._has_stopped_reply,
        )

    def _break_off(self) -> None:
        """The line went dead in mid-utterance: half of an answer may be another answer, so it is none."""
        self._restart_timer()
        if self._spoken is not None:
            self._spoken.cancel()
            self._spoken = None
            self._heard = Heard(NotHeard(), speech_ended_at=self._clock.monotonic() - DEAD_SECONDS)

    def _utterance(self, hearing: Hearing, speech_seconds: float) -> Utterance:
        return Utterance(hearing.closed, hearing.open, hearing.confidence, speech_seconds, self._is_premature)

    # Keys

    def _press(self, key: str) -> None:
        if self._listen is None or not self._may_interrupt():
            return
        if self._keypad.is_empty:  # of a whole entry it is the first key that counts
            self._is_premature = self._listen.is_new and self._line.is_premature
        self._interrupt()
        if self._spoken is not None:  # a key is certain; what was being said is not
            self._spoken.cancel()
            self._spoken = None
        self._keyed(self._keypad.press(key))
        self._restart_timer()

    def _keyed(self, digits: Digits | None) -> None:
        if digits is not None:
            self._heard = Heard(replace(digits, premature=self._is_premature))

    # Silence

    def _on_silence(self) -> None:
        if self._keypad.is_empty:
            self._heard = Heard(NoInput())
        else:
            self._keyed(self._keypad.expire())

    def _restart_timer(self) -> None:
        self._quiet_since = self._clock.monotonic()

    def _seconds_left(self) -> float | None:
        """How long silence may still last; None while somebody is speaking."""
        if self._listen is None or self._line.is_speaking or self._spoken is not None:
            return None
        patience = (
            self._listen.no_input_seconds if self._keypad.is_empty else self._listen.keys.interdigit_seconds
        )
        return self._quiet_since + patience - self._clock.monotonic()

    # Speaking over the prompt

    def _may_interrupt(self, *, by_voice: bool = False) -> bool:
        may = self._barge_in and not (by_voice and self._is_taken_up)
        return may or not self._line.is_speaking

    def _take_up(self) -> None:
        """Go on with the prompt that was stopped for nothing; once, or noise would chop it up."""
        self._line.say(self._stopped)
        self._stopped, self._is_taken_up = (), True

    def _unheard(self) -> tuple[bytes, ...]:
        """The prompt from the phrase on that is being said."""
        progress = self._line.progress()[-len(self._prompt) :] if self._prompt else []
        heard = sum(one.heard_seconds >= one.seconds - HEARD_SECONDS for one in progress)
        return self._prompt[heard:]

    def _interrupt(self, onset_seconds: float = 0.0) -> None:
        if self._line.is_speaking:
            self._stopped = self._unheard()
            self._line.clear()
            self._on_barge_in(onset_seconds + self._line.waited_seconds)
