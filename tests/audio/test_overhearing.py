"""Two people on one line: who spoke, and when in the call, whatever was not sent of it."""

import asyncio
from collections.abc import Sequence
from typing import Any

import pytest

from bridge.audio.frames import FRAME_BYTES
from bridge.audio.g711 import encode_ulaw
from bridge.audio.gate import UtteranceEnded, UtteranceStarted
from bridge.clock import Clock
from bridge.line import Gone, Overheard
from bridge.overhearing import OverheardLine
from protocols import (
    LINEAR_8K,
    AudioPaused,
    AudioReceived,
    AudioSkipped,
    CallDetails,
    CallEnded,
    CallStarted,
    Capabilities,
    Channel,
    Command,
    DtmfReceived,
    Event,
)

SPEECH = ((1.0, None), (0.6, -12.0), (1.4, None))  # begins after a second, lasts 0.6


class Told:
    """A protocol whose messages are its events."""

    def __init__(self, *, pauses_audio: bool = False) -> None:
        self.capabilities = Capabilities(name="told", plays=False, pauses_audio=pauses_audio)
        self.events: list[Event] = []

    def receive(self, _message: str | bytes) -> Sequence[Event]:
        return (self.events.pop(0),)

    def begin_without_setup(self) -> Sequence[Event]:
        return ()

    def send(self, _command: Command) -> Sequence[str | bytes]:
        return ()


class StillClock(Clock):
    """Stands still unless it is moved."""

    seconds = 0.0

    def monotonic(self) -> float:
        return self.seconds


class Overhearing:
    """A line that hears what a test says."""

    def __init__(self, *, channels: tuple[Channel, ...] = tuple(Channel), **options: Any) -> None:
        self.clock = StillClock()
        self.protocol = Told(**options)
        self.line = OverheardLine(self.protocol, clock=self.clock, send=asyncio.sleep)
        self.start = CallStarted(CallDetails(), channels=channels)

    async def hear(self, *events: Event) -> list[Overheard]:
        """All that the line makes of these, in order."""
        self.protocol.events += events
        happenings = []
        for _ in events:
            for event in self.protocol.receive(""):
                self.line._on_event(event, self.clock.monotonic())
            happenings += await self.happened()
        return happenings

    async def happened(self) -> list[Any]:
        found = []
        while (happening := await self.line.next(0.001)) is not None:
            found.append(happening)
        return found


def spoken(sounds: Any, *parts: tuple[float, float | None], channel: Channel = Channel.CALLER) -> list[Event]:
    """A piece of a call on one channel, in frames."""
    ulaw = encode_ulaw(sounds.call(*parts))
    return [
        AudioReceived(ulaw[at : at + FRAME_BYTES], channel=channel) for at in range(0, len(ulaw), FRAME_BYTES)
    ]


def spans(happenings: Sequence[Any]) -> list[tuple[str, float, float]]:
    """Who spoke from when to when."""
    overheard = (each for each in happenings if isinstance(each, Overheard))
    ended = (each for each in overheard if isinstance(each.event, UtteranceEnded))
    return [(each.channel, each.began_seconds, each.at_seconds) for each in ended]


async def test_two_who_speak_at_the_same_time_are_kept_apart(sounds: Any) -> None:
    """Each has an ear of their own."""
    one = Overhearing()
    caller = spoken(sounds, *SPEECH)
    agent = spoken(sounds, (1.2, None), (1.0, -15.0), (0.8, None), channel=Channel.AGENT)
    both = [event for pair in zip(caller, agent, strict=True) for event in pair]

    found = spans(await one.hear(one.start, *both))
    assert found == [
        ("caller", pytest.approx(1.0, abs=0.1), pytest.approx(1.6, abs=0.1)),
        ("agent", pytest.approx(1.2, abs=0.1), pytest.approx(2.2, abs=0.1)),
    ]


async def test_a_hold_ends_what_was_being_said_and_counts(sounds: Any) -> None:
    """The word before it is over at once; the word after it is as much later as the hold was long."""
    one = Overhearing(channels=(Channel.CALLER,))
    before, after = spoken(sounds, (1.0, None), (0.5, -12.0)), spoken(sounds, *SPEECH)

    first = spans(await one.hear(one.start, *before, AudioPaused()))
    assert first == [("caller", pytest.approx(1.0, abs=0.1), pytest.approx(1.5, abs=0.1))]
    second = spans(await one.hear(AudioPaused(), AudioSkipped(90.0), *after))
    assert second == [("caller", pytest.approx(92.5, abs=0.1), pytest.approx(93.1, abs=0.1))]


@pytest.mark.parametrize("lost", [0.0, 0.06, 0.4, 20.0])
async def test_a_gap_is_silence_of_its_length(sounds: Any, lost: float) -> None:
    """What was discarded moves all that follows, to the frame, however short it was."""
    one = Overhearing(channels=(Channel.CALLER,))
    silence = spoken(sounds, (1.0, None))

    found = spans(await one.hear(one.start, *silence, AudioSkipped(lost), *spoken(sounds, *SPEECH)))
    assert found == [("caller", pytest.approx(2.0 + lost, abs=0.1), pytest.approx(2.6 + lost, abs=0.1))]
    assert one.line._ears[Channel.CALLER].position_seconds == pytest.approx(4.0 + lost)


async def test_a_gap_inside_a_hold_is_not_counted_twice(sounds: Any) -> None:
    """Silence is made once; what is told later of its length is settled."""
    one = Overhearing(channels=(Channel.CALLER,))
    await one.hear(one.start, AudioPaused(), AudioSkipped(0.5), AudioPaused(), AudioSkipped(10.0))

    assert one.line._ears[Channel.CALLER].position_seconds == pytest.approx(10.5)


async def test_a_long_speech_is_cut_at_its_next_pause(sounds: Any) -> None:
    """A breath that would not end a sentence ends what has gone on for long; nothing in it is lost."""
    one = Overhearing(channels=(Channel.CALLER,))
    words, breath = ((0.6, -12.0), (0.2, None)), (0.3, None)
    talk = spoken(sounds, (1.0, None), *words * 5, breath, *words * 9, breath, *words * 2, (1.5, None))

    first, second = spans(await one.hear(one.start, *talk))
    assert first[1:] == (pytest.approx(1.0, abs=0.1), pytest.approx(12.3, abs=0.1))
    assert second[1:] == (pytest.approx(12.7, abs=0.2), pytest.approx(14.2, abs=0.1))


async def test_last_words_count(sounds: Any) -> None:
    """Who is cut off in mid-word has said what was heard."""
    one = Overhearing(channels=(Channel.AGENT,))
    said = spoken(sounds, (1.0, None), (0.6, -12.0), channel=Channel.AGENT)

    happened = await one.hear(one.start, *said, CallEnded())
    assert [type(each) for each in happened[:1] + happened[-1:]] == [Overheard, Gone]
    assert spans(happened) == []
    assert spans(one.line.last_words()) == [
        ("agent", pytest.approx(1.0, abs=0.1), pytest.approx(1.6, abs=0.1))
    ]
    assert one.line.last_words() == []


async def test_what_still_waits_comes_before_the_last_words(sounds: Any) -> None:
    """Whoever stops listening in mid-call asks for all that was heard, in order."""
    one = Overhearing(channels=(Channel.CALLER,))
    for event in (one.start, *spoken(sounds, *SPEECH), *spoken(sounds, (0.5, None), (0.5, -12.0))):
        one.line._on_event(event, one.clock.monotonic())

    began = [seconds for _, seconds, _ in spans(one.line.last_words())]
    assert began == [pytest.approx(1.0, abs=0.1), pytest.approx(3.5, abs=0.1)]


async def test_a_channel_that_was_not_announced_is_not_heard(sounds: Any) -> None:
    """Neither before the call has started."""
    one = Overhearing(channels=(Channel.CALLER,))
    stranger = spoken(sounds, *SPEECH, channel=Channel.AGENT)

    assert await one.hear(*stranger, one.start, *stranger, DtmfReceived("1")) != []
    assert not any(isinstance(each, Overheard) for each in await one.hear(*stranger))


async def test_where_silence_is_not_sent_it_is_made(sounds: Any) -> None:
    """A wire that falls silent with its caller says no more when a sentence is over."""
    one = Overhearing(channels=(Channel.CALLER,), pauses_audio=True)
    heard = await one.hear(one.start, *spoken(sounds, (1.0, None), (0.6, -12.0)))
    assert isinstance(heard[0].event, UtteranceStarted)
    one.clock.seconds += 1.5
    one.line.tick(one.clock.seconds)

    assert spans(await one.happened()) == [
        ("caller", pytest.approx(1.0, abs=0.1), pytest.approx(1.6, abs=0.1))
    ]


async def test_any_format_is_heard(sounds: Any) -> None:
    """As a conversation's line does."""
    one = Overhearing(channels=(Channel.CALLER,))
    pcm = sounds.call(*SPEECH)
    start = CallStarted(CallDetails(), heard=LINEAR_8K, channels=(Channel.CALLER,))
    assert len(spans(await one.hear(start, AudioReceived(pcm)))) == 1
