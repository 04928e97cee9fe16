"""`bridge.carriers.mouth`: words and keys as frames."""

import numpy as np
import pytest

from bridge.carriers.mouth import KEY_SPACING_SECONDS, Mouth, frames_in
from bridge.carriers.voice import LineNoise

SILENCE = b"\xff" * 160


@pytest.fixture
def mouth() -> Mouth:
    return Mouth(LineNoise(np.random.default_rng(1)))


def test_a_silent_mouth_still_hisses(mouth: Mouth) -> None:
    """A caller's line carries noise, never digital silence."""
    frame = mouth.tick()

    assert len(frame.audio) == 160
    assert frame.audio != SILENCE
    assert (frame.keys, frame.hang_up) == ("", False)


def test_words_leave_in_frames_and_the_last_is_filled_up(mouth: Mouth) -> None:
    """Audio of any length becomes whole frames, byte for byte."""
    words = bytes(range(1, 201))

    mouth.say(words)
    frames = [mouth.tick().audio, mouth.tick().audio]

    assert b"".join(frames)[:200] == words
    assert len(frames[1]) == 160
    assert not mouth.is_busy


def test_keys_are_pressed_one_at_a_time(mouth: Mouth) -> None:
    """Two keys never share a frame, and a finger needs its time."""
    mouth.press("10#")
    pressed = []
    while mouth.is_busy:
        pressed.append(mouth.tick().keys)

    assert [key for key in pressed if key] == ["1", "0", "#"]
    assert pressed.index("0") - pressed.index("1") == frames_in(KEY_SPACING_SECONDS) + 1


def test_a_pause_takes_its_time(mouth: Mouth) -> None:
    """A queued pause delays what is queued after it."""
    mouth.pause(0.06)
    mouth.press("5")

    assert [mouth.tick().keys for _ in range(4)] == ["", "", "", "5"]


def test_hanging_up_is_said_with_a_frame(mouth: Mouth) -> None:
    """The frame in which the caller hangs up is a whole frame."""
    frame = mouth.tick(hang_up=True)

    assert frame.hang_up
    assert len(frame.audio) == 160
