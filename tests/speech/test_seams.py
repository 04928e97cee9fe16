"""The edges of a passage: cut to what is heard, faded where they would click, and never lost."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bridge.speech.seams import EDGE_SECONDS, FADE_SECONDS, SILENCE_LEVEL, Seam

RATE = 8000
EDGE, FADE = round(EDGE_SECONDS * RATE), round(FADE_SECONDS * RATE)
TONE = np.full(2000, 8000, np.int16)  # as loud at its edges as anywhere
QUIET = np.zeros(1600, np.int16)


def through(*chunks: np.ndarray, begin: bool = False, end: bool = False) -> np.ndarray:
    """What comes out of a seam."""
    seam = Seam(RATE, trims_begin=begin, trims_end=end)
    pcm = b"".join([seam.process(chunk.astype("<i2").tobytes()) for chunk in chunks]) + seam.flush()
    return np.frombuffer(pcm, dtype="<i2")


def test_what_begins_and_ends_in_silence_is_as_it_was() -> None:
    """Nothing is faded that needs no fading."""
    swing = (8000 * np.sin(np.arange(2000) / 2000 * np.pi * 8)).astype(np.int16)

    assert np.array_equal(through(swing), swing)


def test_an_edge_without_silence_is_faded() -> None:
    """From nothing up, and down to nothing; all between stays."""
    out = through(TONE)

    assert out[0] == out[-1] == 0
    assert np.abs(np.diff(out)).max() <= 8000 / FADE + 1
    assert (out[FADE:-FADE] == 8000).all()


@pytest.mark.parametrize(
    ("begin", "end", "length"),
    [
        (False, False, 2 * len(QUIET) + len(TONE)),
        (True, False, EDGE + len(TONE) + len(QUIET)),
        (False, True, len(QUIET) + len(TONE) + EDGE),
        (True, True, 2 * EDGE + len(TONE)),
    ],
)
def test_silence_is_cut_where_passages_meet(begin: bool, end: bool, length: int) -> None:
    """A little of it is left, and all of it elsewhere."""
    assert len(through(QUIET, TONE, QUIET, begin=begin, end=end)) == length


def test_silence_within_is_kept() -> None:
    """A pause that the engine makes between its words is no edge."""
    out = through(TONE, QUIET, TONE, begin=True, end=True)

    assert len(out) == len(TONE) * 2 + len(QUIET)


@pytest.mark.parametrize("count", [0, 1, FADE - 1, FADE, 5000])
def test_silence_alone(count: int) -> None:
    """Where it would be cut it is cut altogether."""
    silence = np.zeros(count, np.int16)

    assert len(through(silence)) == count
    assert not through(silence, begin=True, end=True).any()


@pytest.mark.parametrize("count", [1, 2, FADE - 1, FADE, FADE + 1, 2 * FADE])
def test_the_shortest_sounds(count: int) -> None:
    """A sound shorter than its fades is still as long as it was."""
    assert len(through(TONE[:count], begin=True, end=True)) == count


def test_no_more_is_held_back_than_a_fade() -> None:
    """Of a sound that goes on; so that it is heard while the rest is made."""
    seam = Seam(RATE, trims_begin=True, trims_end=True)

    assert len(seam.process(TONE.tobytes())) == 2 * (len(TONE) - FADE)


@settings(deadline=None)
@given(
    st.lists(st.sampled_from([QUIET[:100], TONE[:50], QUIET[:3], TONE[:7] // 200, TONE[:1]]), max_size=12),
    st.booleans(),
    st.booleans(),
)
def test_chunks_do_not_matter(chunks: list[np.ndarray], begin: bool, end: bool) -> None:
    """However the sound is cut, the same comes out; and every sample that is heard does."""
    joined = np.concatenate([np.empty(0, np.int16), *chunks])
    out = through(*chunks, begin=begin, end=end)

    assert np.array_equal(out, through(joined, begin=begin, end=end))
    sounding = np.flatnonzero(np.abs(joined) > SILENCE_LEVEL)
    assert len(out) >= (sounding[-1] - sounding[0] + 1 if sounding.size else 0)
