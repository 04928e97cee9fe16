"""Gains that follow the sound: how much, how fast, and never with a jump."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bridge.audio.dynamics import Compressor, Limiter

RATE = 8000
CEILING = 32_768 * 10 ** (-2 / 20)


def tone(dbfs: float, seconds: float, hertz: float = 1000.0, phase: float = 0.0) -> np.ndarray:
    time = np.arange(round(seconds * RATE)) / RATE
    return 32_768 * 10 ** (dbfs / 20) * np.sin(2 * np.pi * hertz * time + phase)


def limited(samples: np.ndarray, size: int = 10**9) -> np.ndarray:
    limiter = Limiter(-2.0)
    parts = [limiter.process(samples[start : start + size]) for start in range(0, len(samples), size)]
    return np.concatenate([*parts, limiter.flush()])


def level(samples: np.ndarray) -> float:
    return float(10 * np.log10(np.mean(np.square(samples / 32_768))))


@pytest.mark.parametrize(("dbfs", "taken"), [(-40, 0), (-30, 0), (-9, 5), (-3, 8)])
def test_half_of_what_is_too_loud_is_taken_off(dbfs: float, taken: float) -> None:
    """2:1 above -22 dBFS (RMS); what is soft is left alone."""
    speech = tone(dbfs, 1)
    squeezed = Compressor().process(speech)[RATE // 2 :]
    assert dbfs - 3.01 - level(squeezed) == pytest.approx(taken, abs=0.3)


def test_the_compressor_is_quick_to_hold_and_slow_to_let_go() -> None:
    """Within 20 ms of a loud sound most is taken off; 50 ms after it much is still off, later nothing."""
    gain = Compressor().process(np.concatenate((tone(-40, 0.5), tone(-3, 0.5), tone(-40, 1))))
    before, after = tone(-40, 0.5), tone(-40, 1)
    assert level(gain[:4000]) == pytest.approx(level(before), abs=0.01)
    assert level(gain[4160:4320]) < -6 - 5
    assert level(gain[8320:8480]) < level(after) - 3
    assert level(gain[-3200:]) == pytest.approx(level(after), abs=0.1)


@settings(deadline=None)
@given(
    parts=st.lists(
        st.tuples(st.floats(-40, 24), st.integers(1, 900), st.floats(100, 3900), st.floats(0, 6.3)),
        min_size=1,
        max_size=8,
    ),
    size=st.integers(1, 5000),
)
def test_no_peak_gets_past_the_limiter(parts: list[tuple[float, int, float, float]], size: int) -> None:
    """Bursts of tones up to 24 dB over full scale; what comes out is as long, however it is cut."""
    samples = np.concatenate([tone(dbfs, count / RATE, hertz, phase) for dbfs, count, hertz, phase in parts])
    out = limited(samples, size)
    assert len(out) == len(samples)
    assert np.abs(out).max() <= CEILING * 1.0001
    assert np.allclose(out, limited(samples), atol=1e-6)


def test_peaks_between_samples_count() -> None:
    """A tone at a quarter of the rate has its peaks where no sample lies: 3 dB above the samples."""
    out = limited(tone(0, 1, RATE / 4, np.pi / 4))
    assert np.abs(out[800:-800]).max() * 2**0.5 <= CEILING * 1.04


def test_what_fits_is_not_touched() -> None:
    """Below the ceiling the limiter is a wire."""
    speech = tone(-2.5, 0.5)
    assert np.allclose(limited(speech), speech)


def test_the_limiter_does_not_click() -> None:
    """Its gain falls ahead of a burst, and never by more in a sample than a line over 2 ms allows."""
    carrier = np.full(4000, 1000.0)
    carrier[2000:2400] = 60_000.0
    out = limited(carrier)
    gain = out / carrier
    assert np.abs(np.diff(gain[:1990])).max() < 0.06
    assert gain[1980] < 0.9
