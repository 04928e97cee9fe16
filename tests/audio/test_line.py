"""The line: silence that is not sent, rest while nothing is due, and what comes that must not."""

import json
import sys
from typing import Any

import pytest

from bridge.audio.frames import FRAME_SECONDS
from bridge.audio.g711 import encode_ulaw
from bridge.audio.gate import UtteranceEnded, UtteranceStarted
from bridge.clock import Clock
from bridge.cuts import Cut
from bridge.line import (
    CLOSE_INTERNAL_ERROR,
    DEAD_SECONDS,
    PAUSE_SECONDS,
    REST_SECONDS,
    Gone,
    Happening,
    Line,
    Receive,
    WentDead,
)
from protocols.asterisk import AsteriskProtocol
from protocols.base import MediaProtocol
from protocols.events import AudioReceived, Channel, MarkReturned
from protocols.maqsam import MaqsamProtocol
from protocols.twilio import TwilioProtocol

START = '{"event":"MEDIA_START","format":"ulaw"}'
SETUP = '{"type":"session.setup","data":{}}'
STREAM = """{"event": "start", "streamSid": "MZ1", "start": {"streamSid": "MZ1", "callSid": "CA1",
"mediaFormat": {"encoding": "audio/x-mulaw", "sampleRate": 8000, "channels": 1}}}"""
FRAME_BYTES = 160


class StandingClock(Clock):
    """Moves when the test says so."""

    seconds = 100.0

    def monotonic(self) -> float:
        return self.seconds


class Recorder:
    """Counts the caller's audio: the clock of a recording."""

    def __init__(self) -> None:
        self.seconds = 0.0

    def heard(self, ulaw: bytes) -> None:
        self.seconds += len(ulaw) / 8000

    def played(self, ulaw: bytes) -> None:
        """What is said is not counted."""

    def cleared(self) -> None:
        """Nor that it was dropped."""


class Telephone:
    """A line, and what comes in on it."""

    def __init__(self, protocol: MediaProtocol, start: str) -> None:
        self.clock = StandingClock()
        self.recorder = Recorder()
        recorder: Any = self.recorder
        self.line = Line(protocol, clock=self.clock, send=self._send, recorder=recorder)
        self._protocol = protocol
        self._receive(start)

    async def _send(self, _message: str | bytes) -> None:
        """Nobody listens."""

    def _receive(self, message: str | bytes) -> None:
        for event in self._protocol.receive(message):
            self.line._on_event(event, self.clock.monotonic())

    def says(self, ulaw: bytes) -> None:
        """The caller's audio, frame by frame in its own time."""
        for at in range(0, len(ulaw), FRAME_BYTES):
            received = AudioReceived(ulaw[at : at + FRAME_BYTES], channel=Channel.CALLER)
            self.line._on_event(received, self.clock.monotonic())
            self.pauses(FRAME_SECONDS)

    def pauses(self, seconds: float) -> None:
        """Nothing comes in."""
        for _ in range(round(seconds / FRAME_SECONDS)):
            self.clock.seconds += FRAME_SECONDS
            self.line.tick(self.clock.seconds)

    def happened(self) -> list[type[Happening]]:
        found = self.all_happened()
        return [each for each in found if each in (UtteranceStarted, UtteranceEnded, WentDead)]

    def all_happened(self) -> list[type[Happening]]:
        inbox = self.line._inbox
        return [type(inbox.get_nowait()[1]) for _ in range(inbox.qsize())]

    def sent(self) -> list[str]:
        """What Twilio's messages that wait to leave say that they are."""
        outbox = self.line._outbox
        return [json.loads(outbox.get_nowait())["event"] for _ in range(outbox.qsize())]


@pytest.fixture
def word(sounds: Any) -> bytes:
    """Silence on the line, and a word up to its last sound."""
    return encode_ulaw(sounds.call((1, None), (0.5, -12), noise_dbfs=-60))


async def test_an_utterance_ends_although_its_silence_is_not_sent(word: bytes) -> None:
    """Asterisk passes silence suppression on: without the silence that we make, nobody would ever answer."""
    telephone = Telephone(AsteriskProtocol(), START)
    telephone.says(word)
    assert telephone.happened() == [UtteranceStarted]

    telephone.pauses(PAUSE_SECONDS + 1.0)
    assert telephone.happened() == [UtteranceEnded]


async def test_a_stall_of_the_network_is_no_silence(word: bytes) -> None:
    """What is late comes, and nothing was put before it."""
    telephone = Telephone(AsteriskProtocol(), START)
    telephone.says(word)
    telephone.pauses(PAUSE_SECONDS - 0.1)

    assert telephone.happened() == [UtteranceStarted]
    assert telephone.recorder.seconds == pytest.approx(len(word) / 8000)


async def test_a_recording_keeps_time_through_pauses(word: bytes) -> None:
    """A caller who is silent from the start, speaks, and is silent again."""
    telephone = Telephone(AsteriskProtocol(), START)
    telephone.pauses(5)
    telephone.says(word)
    telephone.pauses(5)

    assert telephone.recorder.seconds == pytest.approx(10 + len(word) / 8000, abs=0.05)


async def test_a_carrier_that_sends_silence_is_not_helped() -> None:
    """Where silence is sent, its absence is a stall of any length."""
    telephone = Telephone(MaqsamProtocol(authenticated=True, check=None), SETUP)
    telephone.pauses(5)

    assert telephone.recorder.seconds == 0


async def test_a_line_that_goes_dead_in_mid_utterance_is_told(word: bytes) -> None:
    """Once; what comes after it is another utterance, and nothing of the first is heard again."""
    telephone = Telephone(MaqsamProtocol(authenticated=True, check=None), SETUP)
    telephone.says(word)
    assert telephone.happened() == [UtteranceStarted]

    telephone.pauses(DEAD_SECONDS + 5)
    assert telephone.happened() == [WentDead]
    telephone.says(word + b"\xff" * 8000)
    assert telephone.happened() == [UtteranceStarted, UtteranceEnded]


@pytest.mark.parametrize("stall", ["of the network", "of ours", "when nobody speaks"])
async def test_a_stall_is_no_dead_line(word: bytes, stall: str) -> None:
    """Three seconds are not long enough; time that we ourselves stood still has passed for nobody."""
    telephone = Telephone(MaqsamProtocol(authenticated=True, check=None), SETUP)
    telephone.says(word if stall != "when nobody speaks" else b"\xff" * 8000)
    telephone.happened()
    if stall == "of ours":
        telephone.clock.seconds += 60
        telephone.pauses(0.1)
    else:
        telephone.pauses(3.0 if stall == "of the network" else 60)

    telephone.says(b"\xff" * 8000)
    assert telephone.happened() == ([] if stall == "when nobody speaks" else [UtteranceEnded])


async def test_only_the_caller_answers(word: bytes) -> None:
    """What somebody else says on a channel of their own is no answer of the caller's."""
    telephone = Telephone(AsteriskProtocol(), START)
    line, now = telephone.line, telephone.clock.monotonic()
    for channel in (Channel.AGENT, Channel.CALLER):
        assert line._inbox.empty()
        for at in range(0, len(word), FRAME_BYTES):
            line._on_event(AudioReceived(word[at : at + FRAME_BYTES], channel=channel), now)
    assert not line._inbox.empty()


async def test_a_line_at_rest_is_awake_when_something_happens() -> None:
    """What is said leaves at once, and its end is known a tick after the carrier has told of it."""
    telephone = Telephone(TwilioProtocol(), STREAM)
    line = telephone.line
    telephone.pauses(REST_SECONDS / 2)
    assert telephone.sent() == []

    line.say([bytes(2400)])
    assert telephone.sent() == ["media", "mark"]

    telephone.pauses(0.5)
    assert line.is_speaking, "its mark has not come"
    line._on_event(MarkReturned("phrase-1", played=True), telephone.clock.seconds)
    telephone.pauses(FRAME_SECONDS)
    assert not line.is_speaking


async def test_a_line_that_is_cleared_is_awake_too() -> None:
    telephone = Telephone(TwilioProtocol(), STREAM)
    telephone.line.say([bytes(16000)])
    telephone.line.clear()
    telephone.line.say([bytes(800)])
    assert telephone.sent() == ["media", "clear", "media", "mark"]


async def test_an_error_of_ours_ends_the_call_and_not_whoever_brings_the_message() -> None:
    """The socket's parser, which hands messages on, reports nothing that is raised in it."""
    errors: list[BaseException | None] = []
    telephone = Telephone(TwilioProtocol(), STREAM)
    line = telephone.line

    def told() -> None:
        errors.append(sys.exc_info()[1])
        line.break_down()

    def broken(_event: object, _now: float) -> None:
        raise ValueError("a bug")

    line._on_event = broken  # type: ignore[method-assign]
    media = '{"event":"media","streamSid":"MZ1","media":{"payload":"/w=="}}'

    async def messages(receive: Receive) -> None:
        receive(media)
        receive(media)  # is not heard any more

    await line.read(messages, on_bug=told)
    assert [str(error) for error in errors] == ["a bug"]
    assert (line.has_broken_down, line.is_gone, line.close_code) == (True, True, CLOSE_INTERNAL_ERROR)


async def test_a_carrier_that_breaks_the_protocol_is_heard_no_more() -> None:
    telephone = Telephone(TwilioProtocol(), STREAM)

    async def messages(receive: Receive) -> None:
        receive("{")
        receive('{"event":"dtmf","streamSid":"MZ1","dtmf":{"digit":"1"}}')

    await telephone.line.read(messages)
    assert telephone.line.cut is Cut.PROTOCOL
    assert [type(telephone.line._inbox.get_nowait()[1]) for _ in range(telephone.line._inbox.qsize())] == [
        Gone
    ]
