"""Loudness: what the standard says of known signals, which must also hold at 8 kHz."""

import math

import numpy as np
import pytest

from bridge.audio.loudness import SILENT, LoudnessMeter, loudness

RATE = 8000
STANDARD = (  # BS.1770-5, tables 1 and 2, the highest power of 1/z first
    ((1.19839281085285, -2.69169618940638, 1.53512485958697), (0.73248077421585, -1.69065929318241, 1.0)),
    ((1.0, -2.0, 1.0), (0.99007225036621, -1.99004745483398, 1.0)),
)


def sine(dbfs: float, seconds: float, hertz: float = 997.0) -> np.ndarray:
    """A sine whose peak is at `dbfs`."""
    time = np.arange(round(seconds * RATE)) / RATE
    return 32_767 * 10 ** (dbfs / 20) * np.sin(2 * np.pi * hertz * time)


def loudness_of(*parts: np.ndarray) -> float:
    return loudness(np.rint(np.concatenate(parts)).astype("<i2").tobytes())


@pytest.mark.parametrize("dbfs", [0.0, -6.0, -23.0, -40.0])
def test_a_sine_reads_what_the_standard_says(dbfs: float) -> None:
    """BS.1770-5: 997 Hz at full scale on one channel is -3.01 LUFS, and each decibel less is one less."""
    assert loudness_of(sine(dbfs, 5)) == pytest.approx(dbfs - 3.01, abs=0.03)


# EBU Tech 3341, cases 3 to 5, whose two equal channels read 3.01 LU more than our one.
SEQUENCES = {
    "3": [(-36, 10), (-23, 60), (-36, 10)],
    "4": [(-72, 10), (-36, 10), (-23, 60), (-36, 10), (-72, 10)],
    "5": [(-26, 20), (-20, 20.1), (-26, 20)],
}


@pytest.mark.parametrize("case", SEQUENCES)
def test_the_gates_are_the_standards(case: str) -> None:
    """What is quieter by far counts for nothing; the answer is -23 LUFS in stereo, within 0.1."""
    parts = [sine(dbfs, seconds, 1000) for dbfs, seconds in SEQUENCES[case]]
    assert loudness_of(*parts) + 3.01 == pytest.approx(-23, abs=0.1)


@pytest.mark.parametrize("hertz", [60, 100, 200, 500, 1500, 2000, 3000, 3400])
def test_frequencies_weigh_as_in_the_standard(hertz: float) -> None:
    """Within half a decibel of the filters that BS.1770-5 gives for 48 kHz, and their constant of -0.691."""
    turn = np.exp(-2j * np.pi * hertz / 48_000)
    gain = np.prod([np.polyval(above, turn) / np.polyval(below, turn) for above, below in STANDARD])
    expected = -20 - 3.01 + 20 * math.log10(abs(gain)) - 0.691
    assert loudness_of(sine(-20, 5, hertz)) == pytest.approx(expected, abs=0.5)


def test_silence_has_no_loudness() -> None:
    """Also what lies below the absolute gate, and nothing at all."""
    assert loudness(b"") == loudness(bytes(RATE)) == SILENT
    assert loudness_of(sine(-68, 2)) == SILENT
    assert loudness_of(sine(-66, 2)) > -70


def test_what_is_shorter_than_a_block_is_measured_whole() -> None:
    """A word of 100 ms is as loud as a second of it."""
    assert loudness_of(sine(-20, 0.1)) == pytest.approx(loudness_of(sine(-20, 1)), abs=0.3)
    assert math.isfinite(loudness_of(sine(-20, 0.001)))


@pytest.mark.parametrize("size", [1, 7, 160, 4001])
def test_a_stream_reads_what_the_whole_reads(size: int) -> None:
    """However it is cut."""
    signal = np.concatenate((sine(-20, 0.7), sine(-30, 0.5, 400)))
    meter = LoudnessMeter()
    for start in range(0, len(signal), size):
        meter.push(signal[start : start + size])
    whole = LoudnessMeter()
    whole.push(signal)
    assert meter.loudness == pytest.approx(whole.loudness, abs=1e-6)
