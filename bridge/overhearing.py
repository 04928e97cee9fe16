"""A line on which others speak: an ear for every channel of it, and nothing is said.

An ear finds utterances and where in the call they are. Audio that is not sent (hold, a pause, a gap) is
silence of that length, so that an utterance ends by it and positions stay right. It knows no recogniser.
"""

from collections.abc import Awaitable, Callable, Iterable
from itertools import chain

from bridge.audio.frames import FRAME_BYTES, FRAME_SECONDS, SAMPLE_RATE
from bridge.audio.g711 import SAMPLE_WIDTH
from bridge.audio.gate import GateEvent, UtteranceEnded, UtteranceResumed, UtteranceStarted, VoiceGate
from bridge.clock import Clock
from bridge.line import Line, Overheard
from bridge.transcoding import ToMulaw
from protocols import events
from protocols.audio import MULAW_8K, AudioFormat
from protocols.base import MediaProtocol
from protocols.events import Channel

__all__ = ["OverheardLine"]

END_SILENCE_SECONDS = 0.7  # a breath between two sentences; nobody waits for our reply
HURRIED_SILENCE_SECONDS = 0.3  # ends what has lasted long: it is cut at a pause rather than in mid-word
LONG_SECONDS = 10.0
MAX_SPEECH_SECONDS = 30.0
CLOSING_SECONDS = 1.0  # silence that ends any utterance


class Ear:
    """One channel of a call."""

    def __init__(self, channel: Channel, heard: AudioFormat, *, look_back_seconds: float) -> None:
        self._channel = channel
        self._heard = ToMulaw(heard)
        self._gate = VoiceGate(look_back_seconds=look_back_seconds)
        self._unheard_seconds = 0.0  # of the call, less the silence that was made for it
        self._made_seconds = 0.0  # silence that was made before it was told how long it lasts
        self._spoken_seconds = 0.0  # of the utterance under way
        self._began_seconds = 0.0

    @property
    def position_seconds(self) -> float:
        """How far into the call it has heard."""
        return self._gate.position_seconds + self._unheard_seconds

    def hear(self, payload: bytes) -> list[Overheard]:
        """More of the channel, as the wire has it."""
        return self.take(self._heard.process(payload))

    def take(self, ulaw: bytes) -> list[Overheard]:
        """More of it in mu-law; frame by frame, because each event is told with its position."""
        frames = (ulaw[at : at + FRAME_BYTES] for at in range(0, len(ulaw), FRAME_BYTES))
        return [
            self._overheard(event) for frame in frames for event in self._gate.process(self._patiently(frame))
        ]

    def _overheard(self, event: GateEvent) -> Overheard:
        at_seconds = self.position_seconds
        match event:
            case UtteranceStarted(pcm=pcm) | UtteranceResumed(pcm=pcm):
                self._began_seconds = at_seconds - len(pcm) / (SAMPLE_WIDTH * SAMPLE_RATE)
            case UtteranceEnded():
                at_seconds -= event.silence_seconds
                # The look-back is no speech, and of one that went on its first part is another utterance.
                self._began_seconds = max(self._began_seconds, at_seconds - event.speech_seconds)
        return Overheard(self._channel, event, self._began_seconds, at_seconds)

    def pause(self) -> list[Overheard]:
        """Nothing will come for a while: what was being said has ended."""
        return [] if self._made_seconds else self._make(CLOSING_SECONDS)

    def skip(self, seconds: float) -> list[Overheard]:
        """So much of the call has passed unheard."""
        events = [] if self._made_seconds else self._make(min(seconds, CLOSING_SECONDS))
        self._unheard_seconds += seconds - self._made_seconds
        self._made_seconds = 0.0
        return events

    def _make(self, seconds: float) -> list[Overheard]:
        frames = int(seconds / FRAME_SECONDS)
        self._made_seconds = frames * FRAME_SECONDS
        return self.take(MULAW_8K.silence * MULAW_8K.frame_bytes * frames)

    def _patiently(self, frame: bytes) -> bytes:
        """Wait less long for the end of what has lasted long."""
        self._spoken_seconds = self._spoken_seconds + FRAME_SECONDS if self._gate.is_speaking else 0.0
        is_long = self._spoken_seconds > LONG_SECONDS
        self._gate.expect(
            end_silence_seconds=HURRIED_SILENCE_SECONDS if is_long else END_SILENCE_SECONDS,
            max_speech_seconds=MAX_SPEECH_SECONDS,
        )
        return frame


class OverheardLine(Line):
    """One call's channels. The formats and which channels there are is known when the call has started."""

    def __init__(
        self,
        protocol: MediaProtocol,
        *,
        clock: Clock,
        send: Callable[[str | bytes], Awaitable[None]],
        send_seconds: float = 5.0,
        look_back_seconds: float = 0.3,
    ) -> None:
        super().__init__(
            protocol, clock=clock, send=send, send_seconds=send_seconds, look_back_seconds=look_back_seconds
        )
        self._look_back_seconds = look_back_seconds
        self._ears: dict[Channel, Ear] = {}

    def last_words(self) -> list[Overheard]:
        """What nobody has asked for yet, and the end of what was being said when the call ended."""
        waiting = [self._inbox.get_nowait()[1] for _ in range(self._inbox.qsize())]
        overheard = [happening for happening in waiting if isinstance(happening, Overheard)]
        return [*overheard, *chain.from_iterable(ear.pause() for ear in self._ears.values())]

    def _on_event(self, event: events.Event, now: float) -> None:
        match event:
            case events.AudioPaused():
                self._tell(ear.pause() for ear in self._ears.values())
            case events.AudioSkipped(seconds=seconds):
                self._tell(ear.skip(seconds) for ear in self._ears.values())
            case _:
                super()._on_event(event, now)

    def _start(self, started: events.CallStarted, now: float) -> None:
        if not self._ears:
            self._ears = {
                channel: Ear(channel, started.heard, look_back_seconds=self._look_back_seconds)
                for channel in started.channels
            }
        super()._start(started, now)

    def _on_audio(self, payload: bytes, channel: Channel, now: float) -> None:
        self._came(now)
        if channel in self._ears:
            self._tell([self._ears[channel].hear(payload)])

    def _take(self, payload: bytes) -> None:
        """Silence that was not sent, where silence is not."""
        self._tell(ear.take(payload) for ear in self._ears.values())

    def _tell(self, events_of_ears: Iterable[list[Overheard]]) -> None:
        for overheard in chain.from_iterable(events_of_ears):
            self._happened(overheard)
