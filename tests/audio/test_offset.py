"""offset: a direct current is taken away, and nothing else is touched."""

from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bridge.audio.frames import PCM_FRAME_BYTES
from bridge.audio.offset import BLOCK_FRAMES, FIRST_FRAMES, LEAST, MOST, OffsetFilter

SILENT = bytes(PCM_FRAME_BYTES)


def filtered(pcm: bytes) -> bytes:
    """What is left of it, frame by frame."""
    offset = OffsetFilter()
    return b"".join(
        offset.process(pcm[at : at + PCM_FRAME_BYTES]) for at in range(0, len(pcm), PCM_FRAME_BYTES)
    )


def shifted(pcm: bytes, steps: int) -> bytes:
    """On a line with an offset, as loud as mu-law can be."""
    return np.clip(np.frombuffer(pcm, "<i2") + float(steps), -32_124, 32_124).astype("<i2").tobytes()


def samples(pcm: bytes) -> Any:
    return np.frombuffer(pcm, "<i2").astype(int)


def test_a_line_without_an_offset_stays_as_it_came(sounds: Any) -> None:
    """Voice, noise and silence, byte for byte."""
    call = sounds.call((1, None), (2, -6), (1, None)) + sounds.silence(1)
    assert filtered(call) == call


@pytest.mark.parametrize("steps", [-600, -100, 100, 600])
def test_an_offset_is_gone_after_a_moment(sounds: Any, steps: int) -> None:
    """To within a few steps, also while somebody speaks; the sound is the same."""
    call = sounds.call((1, None), (2, -12), (1, None))
    left = filtered(shifted(call, steps))
    began = FIRST_FRAMES * PCM_FRAME_BYTES
    assert np.abs(samples(left[began:]) - samples(call[began:])).max() < LEAST


def test_what_was_lost_stays_silent_and_tells_nothing(sounds: Any) -> None:
    """A hole in a line with an offset is no step, and does not move the measure."""
    line = shifted(sounds.call((4, None)), 400)
    frames = [line[at : at + PCM_FRAME_BYTES] for at in range(0, len(line), PCM_FRAME_BYTES)]
    for filling in (SILENT, sounds.noise(0.02, -60)):
        holed = [filling if number % 3 == 2 else frame for number, frame in enumerate(frames)]
        left = filtered(b"".join(holed))
        holes = [left[at : at + PCM_FRAME_BYTES] for at in range(0, len(left), PCM_FRAME_BYTES)][2::3]
        assert set(holes) == {filling}
        assert np.abs(samples(left[2 * BLOCK_FRAMES * PCM_FRAME_BYTES :])).max() < 150


@settings(max_examples=50, deadline=None)
@given(seed=st.integers(0, 2**16), steps=st.integers(-3000, 3000))
def test_no_sample_wraps_around(seed: int, steps: int) -> None:
    """However large the offset and however loud the caller: all of a second moves by the same."""
    wave = np.random.default_rng(seed).uniform(-32_124, 32_124, 160 * 30).astype("<i2").tobytes()
    line = shifted(wave, steps)
    moved = samples(filtered(line)) - samples(line)
    assert np.abs(moved).max() <= MOST
    assert all(before == after for before, after in pairwise(moved[160 * (FIRST_FRAMES + 3) :]))
