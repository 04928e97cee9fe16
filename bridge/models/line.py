"""The telephone line that recordings are sent through: one level, a room's noise, faint hiss around, mu-law.

Pure, and the same for a recording in whatever order and company it comes.
"""

import math
import zlib

import numpy as np
from numpy.typing import NDArray

from bridge.audio.frames import FRAME_SAMPLES, SAMPLE_RATE
from bridge.audio.g711 import encode_ulaw
from bridge.audio.levels import scale_to_peak

__all__ = ["Line", "room_noise"]

PEAK_DBFS = -18.0  # of every recording: where the leveller of a call brings a caller
HISS_DEVIATION = 8.0  # of 16-bit samples: a line is never digitally silent
LEAD_SECONDS = 0.3  # of hiss before a recording: the look-back of an utterance
TAIL_SECONDS = 0.6  # and after it: the silence that ends one
ACTIVE_DB = 20.0  # frames this far below the loudest are pauses, and do not count for the speech's level
NOISE_SECONDS = 30.0
LOWEST_NOISE_HZ = 60.0  # a telephone carries nothing below
_LOWEST, _HIGHEST = -32_768, 32_767

_Samples = NDArray[np.float64]


class Line:
    """A line between a room and the recogniser."""

    def __init__(self, noise: list[bytes], seed: int) -> None:
        """Take the room's noise, 16-bit PCM at 8 kHz; none for a silent room."""
        self._noise = [_samples(pcm) for pcm in noise]
        self._seed = seed

    def carry(self, name: str, pcm: bytes, snr_db: float | None) -> bytes:
        """Mu-law of `pcm` with noise `snr_db` below its speech; without one for None.

        `name` tells recordings apart: the same one meets the same noise in every run.
        """
        rng = np.random.default_rng([self._seed, zlib.crc32(name.encode())])
        speech = _samples(scale_to_peak(pcm, PEAK_DBFS))
        lead, tail = (int(seconds * SAMPLE_RATE) for seconds in (LEAD_SECONDS, TAIL_SECONDS))
        hiss = rng.normal(0.0, HISS_DEVIATION, lead + tail)
        line = np.concatenate([hiss[:lead], speech, hiss[lead:]])
        if snr_db is not None and self._noise:
            line += self._room(rng, len(line), _active_level(speech) * 10 ** (-snr_db / 20))
        return encode_ulaw(_pcm(line))

    def _room(self, rng: np.random.Generator, length: int, level: float) -> _Samples:
        """A stretch of noise of that length and level (RMS), from anywhere in one of the recordings of it."""
        noise = self._noise[rng.integers(len(self._noise))]
        stretch = np.resize(np.roll(noise, -int(rng.integers(len(noise)))), length)
        own = _level(stretch)
        return stretch * (level / own) if own else stretch


def room_noise(seed: int) -> bytes:
    """A room's noise, made up: stronger the lower, and swelling, as traffic and machines are."""
    rng = np.random.default_rng(seed)
    count = int(NOISE_SECONDS * SAMPLE_RATE)
    frequencies = np.fft.rfftfreq(count, 1 / SAMPLE_RATE)
    spectrum = rng.normal(size=len(frequencies)) + 1j * rng.normal(size=len(frequencies))
    spectrum *= np.where(frequencies < LOWEST_NOISE_HZ, 0, 1 / np.sqrt(np.maximum(frequencies, 1)))
    seconds = np.arange(count) / SAMPLE_RATE
    swell = 1 + 0.3 * np.sin(2 * math.pi * 0.4 * seconds + rng.uniform(0, 2 * math.pi))
    noise = np.fft.irfft(spectrum, count) * swell
    return _pcm(noise / np.abs(noise).max() * _HIGHEST / 2)


def _active_level(speech: _Samples) -> float:
    """The level (RMS) of the frames in which somebody speaks."""
    whole = speech[: len(speech) - len(speech) % FRAME_SAMPLES].reshape(-1, FRAME_SAMPLES)
    levels = np.sqrt((whole**2).mean(axis=1))
    active = whole[levels >= levels.max(initial=0.0) * 10 ** (-ACTIVE_DB / 20)]
    return _level(active) if active.size else 0.0


def _level(samples: _Samples) -> float:
    return float(np.sqrt((samples**2).mean()))


def _samples(pcm: bytes) -> _Samples:
    return np.frombuffer(pcm, dtype="<i2").astype(np.float64)


def _pcm(samples: _Samples) -> bytes:
    return bytes(np.rint(samples).clip(_LOWEST, _HIGHEST).astype("<i2").tobytes())
