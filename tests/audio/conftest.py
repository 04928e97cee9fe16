"""Sounds to listen to, made from formulas: a vowel, the noise of a line, silence. All PCM, 16-bit, 8 kHz."""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
import pytest

RATE = 8_000
PITCH_HZ = 130
FORMANTS_HZ = ((700, 120), (1200, 150), (2500, 250))  # of an open vowel: centre, width


def _vowel(seconds: float, peak_dbfs: float) -> bytes:
    time = np.arange(round(seconds * RATE)) / RATE
    harmonics = np.arange(PITCH_HZ, 3_600, PITCH_HZ)
    strength = sum(np.exp(-(((harmonics - centre) / width) ** 2)) for centre, width in FORMANTS_HZ)
    wave = (strength[:, None] * np.sin(2 * np.pi * harmonics[:, None] * time)).sum(axis=0)
    wave *= 1 + 0.3 * np.sin(2 * np.pi * 5 * time)  # syllables
    return (wave / np.abs(wave).max() * 32_767 * 10 ** (peak_dbfs / 20)).astype("<i2").tobytes()


def _noise(seconds: float, rms_dbfs: float) -> bytes:
    wave = np.random.default_rng(7).standard_normal(round(seconds * RATE))
    return np.clip(wave * 32_767 * 10 ** (rms_dbfs / 20), -32_768, 32_767).astype("<i2").tobytes()


def _mix(first: bytes, second: bytes) -> bytes:
    both = np.frombuffer(first, "<i2").astype(int) + np.frombuffer(second, "<i2")
    return np.clip(both, -32_768, 32_767).astype("<i2").tobytes()


class Sounds(NamedTuple):
    """Makers of PCM."""

    vowel: Callable[[float, float], bytes]  # seconds, peak dBFS
    noise: Callable[[float, float], bytes]  # seconds, RMS dBFS
    mix: Callable[[bytes, bytes], bytes]

    def silence(self, seconds: float) -> bytes:
        return bytes(2 * round(seconds * RATE))

    def call(self, *parts: tuple[float, float | None], noise_dbfs: float = -65) -> bytes:
        """A line with noise on it, on which there is a vowel of a peak, or none, for some seconds each."""
        clean = b"".join(
            self.silence(seconds) if peak is None else self.vowel(seconds, peak) for seconds, peak in parts
        )
        return self.mix(clean, self.noise(len(clean) / 2 / RATE, noise_dbfs))


@pytest.fixture(scope="session")
def sounds() -> Sounds:
    return Sounds(_vowel, _noise, _mix)
