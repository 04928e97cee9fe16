"""What is noted of a call as it is lived: waits since the end of a word or a key, and gaps in a phrase."""

from collections.abc import Sequence

import pytest

from bridge.carriers.arriving import Gap, Notes, Turn, TwilioWay, _Listener, _Watched
from bridge.carriers.base import AudioToPlay, CarrierEvent, MarkRequested, PlaybackCleared
from bridge.carriers.caller import SILENT_FRAME, CallerFrame
from bridge.carriers.fake import _seconds
from bridge.carriers.wires.maqsam import MaqsamWire
from bridge.clock import Clock

LOUD = b"\x10" * 160
HISS = b"\xfe\x7e" * 80
TENTH = AudioToPlay(b"\x10" * 800)


class Time(Clock):
    """A clock that a test moves."""

    at = 0.0

    def monotonic(self) -> float:
        return self.at


class Mute:
    """Does what it is told to, frame by frame."""

    def __init__(self) -> None:
        self.next = CallerFrame(HISS)

    def tick(self, heard: bytes) -> CallerFrame:
        return self.next


def lived(*moments: tuple[float, bytes, CallerFrame]) -> Notes:
    """What is noted of a caller who heard and did all that."""
    clock, caller, notes = Time(), Mute(), Notes(0.5)
    listener = _Listener(caller, clock, notes)
    for clock.at, heard, caller.next in moments:
        listener.tick(heard)
    return notes


def test_a_reply_is_waited_for_from_the_end_of_a_word() -> None:
    """Not from a pause in it, nor by what was heard before it."""
    notes = lived(
        (1.0, LOUD, CallerFrame(HISS)),
        (2.0, SILENT_FRAME, CallerFrame(LOUD)),
        (2.1, SILENT_FRAME, CallerFrame(HISS)),
        (2.2, SILENT_FRAME, CallerFrame(LOUD)),
        (3.0, LOUD, CallerFrame(HISS)),
        (3.02, LOUD, CallerFrame(HISS)),
    )
    assert notes.first_word_seconds == 0.5
    (turn,) = notes.turns
    assert (turn.at, turn.seconds, turn.by_key) == (pytest.approx(2.22), pytest.approx(0.78), False)


def test_a_reply_to_a_key_may_come_at_once() -> None:
    """A key has no end to be waited for; who is spoken over has not been replied to."""
    notes = lived(
        (2.0, SILENT_FRAME, CallerFrame(HISS, "1")),
        (2.02, LOUD, CallerFrame(LOUD)),
        (2.06, LOUD, CallerFrame(HISS)),
    )
    assert notes.turns == [Turn(2.0, pytest.approx(0.02), by_key=True)]


class Scripted(MaqsamWire):
    """Takes an event for its own message."""

    def receive(self, message: str | bytes) -> Sequence[CarrierEvent]:
        return EVENTS[str(message)]


EVENTS: dict[str, Sequence[CarrierEvent]] = {
    "audio": (TENTH,),
    "mark": (MarkRequested("one"),),
    "clear": (PlaybackCleared(),),
}


@pytest.mark.parametrize(
    ("came", "gaps"),
    [
        ([(1.0, "audio"), (1.05, "audio"), (1.19, "audio")], []),  # ahead of what plays
        ([(1.0, "audio"), (1.11, "audio")], []),  # the network's own unevenness
        ([(1.0, "audio"), (1.3, "audio"), (1.35, "audio")], [Gap(1.1, 0.2)]),
        ([(1.0, "audio"), (1.0, "mark"), (1.3, "audio")], []),  # another phrase
        ([(1.0, "audio"), (1.05, "clear"), (1.3, "audio")], []),
    ],
)
def test_a_phrase_that_breaks_off_is_a_gap(came: list[tuple[float, str]], gaps: list[Gap]) -> None:
    """Only what comes after all before it was played, and within a phrase."""
    clock, notes = Time(), Notes(0.0)
    wire = _Watched(Scripted(), clock, notes)
    for clock.at, message in came:
        assert wire.receive(message) == EVENTS[message]
    assert [(round(gap.at, 3), round(gap.seconds, 3)) for gap in notes.gaps] == [
        (gap.at, gap.seconds) for gap in gaps
    ]


@pytest.mark.parametrize(
    ("status", "document", "told"),
    [
        (200, '<Response><Connect><Stream url="wss://h/ws/twilio/t" /></Connect></Response>', (True, False)),
        (200, '<Response><Reject reason="busy" /></Response>', (False, True)),
        (200, "<Response />", (False, False)),
        (503, '<Response><Reject reason="busy" /></Response>', (False, False)),
    ],
)
def test_busy_is_what_twilio_takes_for_it(status: int, document: str, told: tuple[bool, bool]) -> None:
    """And nothing else is."""
    door = TwilioWay("127.0.0.1:8080", "t", "https://h")._door(status, document)
    assert (door.url == "ws://127.0.0.1:8080/ws/twilio/t", door.is_busy) == told


@pytest.mark.parametrize(
    ("headers", "seconds"), [({"Retry-After": "5"}, 5), ({"Retry-After": "Fri, 31 Dec"}, None), (None, None)]
)
def test_when_to_try_again_is_read(headers: dict[str, str] | None, seconds: int | None) -> None:
    """In seconds; a date is none."""
    assert _seconds(headers) == seconds
