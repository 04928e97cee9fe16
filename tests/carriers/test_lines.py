"""`bridge.carriers.lines`: taking turns by listening."""

import numpy as np
import pytest

from bridge.audio.g711 import encode_ulaw
from bridge.carriers.caller import CallerFrame
from bridge.carriers.lines import HangUpLine, Line, LineCaller, PauseLine, PressLine, SayLine
from bridge.carriers.voice import LineNoise

SILENCE = b"\xff" * 160
TALK = encode_ulaw(np.tile(np.array([4000, -4000], dtype="<i2"), 80).tobytes())
HISS = LineNoise(np.random.default_rng(7)).frame()
WORDS = b"\x20" * 320  # two frames
TURN = 50  # frames of quiet that hand over the turn, at the default second


def caller_of(*lines: Line) -> LineCaller:
    return LineCaller(lines, LineNoise(np.random.default_rng(1)))


def hear(caller: LineCaller, frame: bytes, count: int) -> list[CallerFrame]:
    return [caller.tick(frame) for _ in range(count)]


def keys(frames: list[CallerFrame]) -> str:
    return "".join(frame.keys for frame in frames)


def test_the_caller_waits_until_the_far_end_has_stopped() -> None:
    """A line is said after the far end's speech and a second of quiet, not before."""
    caller = caller_of(SayLine(WORDS))

    talking = hear(caller, TALK, 100)
    pausing = hear(caller, SILENCE, TURN - 1)
    turn = hear(caller, SILENCE, 2)

    assert not any(frame.audio == WORDS[:160] for frame in talking + pausing)
    assert [frame.audio for frame in turn] == [WORDS[:160], WORDS[160:]]


def test_a_short_pause_is_not_the_end_of_a_prompt() -> None:
    """Speech that goes on within a second keeps the turn."""
    caller = caller_of(PressLine("1"))

    heard = hear(caller, TALK, 10) + hear(caller, SILENCE, TURN - 5) + hear(caller, TALK, 10)

    assert keys(heard) == ""
    assert keys(hear(caller, SILENCE, TURN)) == "1"


def test_a_caller_can_tell_how_the_conversation_went() -> None:
    """How long the far end spoke before each line, and after the last."""
    caller = caller_of(PressLine("1"), PressLine("2"))

    hear(caller, TALK, 50)
    hear(caller, SILENCE, 2 * TURN)
    hear(caller, TALK, 25)
    hear(caller, SILENCE, 2 * TURN)
    hear(caller, TALK, 5)

    assert [(round(each.heard_seconds, 2), each.line) for each in caller.exchanges] == [
        (1.0, PressLine("1")),
        (0.5, PressLine("2")),
        (0.1, None),
    ]


def test_line_noise_is_not_speech() -> None:
    """A far end that only hisses has not spoken."""
    caller = caller_of(PressLine("1"))

    assert keys(hear(caller, HISS, 3 * TURN)) == ""
    assert caller.heard_speech_seconds == 0


def test_a_far_end_that_never_speaks_is_spoken_to() -> None:
    """After ten seconds of nothing the turn is the caller's."""
    caller = caller_of(PressLine("1"))

    assert keys(hear(caller, SILENCE, 501)) == "1"


def test_lines_are_said_in_turn_and_then_the_caller_hangs_up() -> None:
    """Each line waits for a reply of its own, and the last reply is heard out."""
    caller = caller_of(PressLine("1"), SayLine(WORDS))
    said = []
    for _ in range(3):
        said += hear(caller, TALK, 20) + hear(caller, SILENCE, TURN + 12)

    assert keys(said) == "1"
    assert WORDS[:160] in [frame.audio for frame in said]
    assert said[-12].hang_up
    assert caller.lines_left == 0


def test_what_is_said_over_a_line_is_no_reply_to_it() -> None:
    """The next line waits for speech that comes after this one."""
    caller = caller_of(SayLine(WORDS * 50), PressLine("2"))
    hear(caller, TALK, 1)
    hear(caller, SILENCE, TURN)

    during = hear(caller, TALK, 99)

    assert keys(during + hear(caller, SILENCE, 2 * TURN)) == ""


def test_a_pause_makes_the_next_line_an_interruption() -> None:
    """After a pause the line is said even while the far end talks."""
    caller = caller_of(PauseLine(0.2), SayLine(WORDS))

    spoken = [frame.audio for frame in hear(caller, TALK, 14)]

    assert spoken.index(WORDS[:160]) == 10


def test_a_caller_can_hang_up_in_mid_prompt() -> None:
    """A pause followed by hanging up leaves at that moment, whoever is talking."""
    caller = caller_of(PauseLine(0.1), HangUpLine())

    assert [frame.hang_up for frame in hear(caller, TALK, 6)] == [False] * 5 + [True]


@pytest.mark.parametrize(("frames", "seconds"), [(0, 0.0), (50, 1.0)])
def test_the_far_ends_speech_is_measured(frames: int, seconds: float) -> None:
    """The report says for how long the far end talked."""
    caller = caller_of()

    hear(caller, TALK, frames)

    assert caller.heard_speech_seconds == pytest.approx(seconds)
