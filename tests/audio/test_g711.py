"""g711: mu-law by the book."""

import numpy as np
import pytest

from bridge.audio import g711

NEGATIVE_ZERO = 0x7F


def test_every_code_survives_decoding_and_encoding() -> None:
    """All 256 codes come back, except that negative zero becomes zero."""
    codes = bytes(range(256))
    back = g711.encode_ulaw(g711.decode_ulaw(codes))
    assert back == codes.replace(bytes((NEGATIVE_ZERO,)), bytes((g711.ULAW_SILENCE,)))


@pytest.mark.parametrize(
    ("code", "sample"), [(0xFF, 0), (0x80, 32124), (0x00, -32124), (0xF0, 120), (0x70, -120)]
)
def test_codes_stand_for_the_samples_of_the_standard(code: int, sample: int) -> None:
    """G.711 table 2a, scaled to 16 bits."""
    assert np.frombuffer(g711.decode_ulaw(bytes((code,))), "<i2").tolist() == [sample]


def test_encoding_again_changes_nothing() -> None:
    """The loss happens once."""
    pcm = np.arange(-32_768, 32_767, 7, dtype="<i2").tobytes()
    once = g711.decode_ulaw(g711.encode_ulaw(pcm))
    assert g711.decode_ulaw(g711.encode_ulaw(once)) == once


def test_levels_are_those_of_the_samples() -> None:
    """Peak is the largest magnitude, RMS the root of the mean square, amplifying stops at full scale."""
    pcm = np.array([3000, -4000, 0, 0], dtype="<i2").tobytes()
    assert g711.peak(pcm) == 4000
    assert g711.rms(pcm) == 2500
    assert np.frombuffer(g711.amplify(pcm, 10), "<i2").tolist() == [30_000, -32_768, 0, 0]


def test_a_direct_current_is_measured_and_taken_away() -> None:
    """The mean is rounded down, and every sample moves by as much as is asked."""
    pcm = np.array([100, -300, 50, 51], dtype="<i2").tobytes()
    assert g711.mean(pcm) == -25
    assert np.frombuffer(g711.shift(pcm, 25), "<i2").tolist() == [125, -275, 75, 76]
