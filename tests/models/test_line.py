"""The line between a room and the recogniser."""

import numpy as np
import pytest

from bridge.audio.g711 import decode_ulaw, peak
from bridge.models.line import Line, room_noise

RATE = 8000
TONE = (np.sin(np.arange(RATE) * 0.4) * 12000).astype("<i2").tobytes()
LEAD, TAIL = 2400, 4800


def samples(ulaw: bytes) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    return np.frombuffer(decode_ulaw(ulaw), dtype="<i2").astype(np.float64)


def level(part: np.ndarray[tuple[int], np.dtype[np.float64]]) -> float:
    return float(np.sqrt((part**2).mean()))


def test_a_clean_line_hisses_before_and_after() -> None:
    """Three tenths of a second before, six after, never silent, and the voice at a call's level."""
    line = samples(Line([], 1).carry("a", TONE, None))

    assert len(line) == LEAD + RATE + TAIL
    assert 5 < level(line[:LEAD]) < 12
    assert 5 < level(line[-TAIL:]) < 12
    assert peak(line[LEAD:-TAIL].astype("<i2").tobytes()) == pytest.approx(32767 * 10 ** (-18 / 20), rel=0.04)


@pytest.mark.parametrize("snr", [20, 10, 0])
def test_noise_lies_as_far_below_the_voice_as_was_asked(snr: float) -> None:
    """Below the voice where it speaks, under its pauses too."""
    voice_and_pause = TONE + bytes(4 * RATE)  # two seconds of pause do not make the voice fainter
    clean, noisy = (
        samples(Line([room_noise(1)], 1).carry("a", voice_and_pause, each)) for each in (None, snr)
    )
    voice = level(clean[LEAD : LEAD + RATE])

    assert 20 * np.log10(voice / level(noisy - clean)) == pytest.approx(snr, abs=0.5)


def test_the_same_recording_meets_the_same_noise() -> None:
    """In every run and any company; another one meets another."""
    noise = [room_noise(3), bytes(room_noise(4))]
    line = Line(noise, 7)
    first = line.carry("a", TONE, 10)
    line.carry("b", TONE, 10)

    assert line.carry("a", TONE, 10) == Line(noise, 7).carry("a", TONE, 10) == first
    assert line.carry("b", TONE, 10) != first
    assert Line(noise, 8).carry("a", TONE, 10) != first


@pytest.mark.parametrize("noise", [[bytes(16000)], [b"\1\0" * 200]])
def test_strange_noise_does_no_harm(noise: list[bytes]) -> None:
    """Silence for noise, or less of it than the recording is long; nor does a silent recording."""
    line = Line(noise, 1)

    assert len(line.carry("a", TONE, 10)) == len(line.carry("a", bytes(16000), 10)) == LEAD + RATE + TAIL


def test_a_rooms_noise_is_low_and_the_same_each_time() -> None:
    """Most of it lies below 1 kHz."""
    noise = np.frombuffer(room_noise(5), dtype="<i2").astype(np.float64)
    power = np.abs(np.fft.rfft(noise)) ** 2
    below = power[: len(power) // 4].sum() / power.sum()

    assert below > 0.6
    assert room_noise(5) == room_noise(5) != room_noise(6)
