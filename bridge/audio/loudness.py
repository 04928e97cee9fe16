"""How loud speech is to a listener on the telephone: the gated loudness of ITU-R BS.1770-5, for 8 kHz mono.

The standard's filters are given for 48 kHz. Here their analogue prototypes are brought to 8 kHz, which bends
the shelf above 2 kHz a little, and the constant is such that 997 Hz reads what the standard says. Speech
between gates counts alone, so that a prompt with long pauses is not taken to be a quiet one.
"""

import math

import numpy as np

from bridge.audio.filters import FirStream, Samples, k_weighting
from bridge.audio.frames import SAMPLE_RATE

__all__ = ["SILENT", "LoudnessMeter", "loudness", "loudness_of_samples"]

FULL_SCALE = 32_768.0
BLOCK_SAMPLES = SAMPLE_RATE * 4 // 10  # 400 ms
STEP_SAMPLES = BLOCK_SAMPLES // 4  # blocks overlap by three quarters
ABSOLUTE_GATE = -70.0  # LUFS; a block below it is silence
RELATIVE_GATE = -10.0  # LU under the mean of what is no silence; a block below it is a pause
SILENT = -math.inf
REFERENCE_HERTZ = 997
REFERENCE_LUFS = -3.01  # BS.1770-5: of a sine of that frequency at full scale, on one channel


class LoudnessMeter:
    """The loudness of one stream so far."""

    def __init__(self) -> None:
        self._weighting = FirStream(k_weighting())
        self._steps: list[float] = []  # sums of squares, 100 ms each
        self._rest = np.zeros(0)

    def push(self, samples: Samples) -> None:
        """More of the stream: samples of 16-bit scale, as floating point."""
        weighted = np.concatenate((self._rest, self._weighting.process(samples / FULL_SCALE)))
        whole = len(weighted) - len(weighted) % STEP_SAMPLES
        self._rest = weighted[whole:]
        self._steps += np.square(weighted[:whole].reshape(-1, STEP_SAMPLES)).sum(axis=1).tolist()

    @property
    def loudness(self) -> float:
        """In LUFS; minus infinity of silence. What is shorter than a block is one block of its length."""
        powers = self._powers()
        if not (sounding := powers[_lufs(powers) > ABSOLUTE_GATE]).size:
            return SILENT
        gate = _lufs(sounding.mean()) + RELATIVE_GATE
        return float(_lufs(sounding[_lufs(sounding) > gate].mean()))

    def _powers(self) -> Samples:
        """The mean square of every block."""
        count = BLOCK_SAMPLES // STEP_SAMPLES
        if len(self._steps) < count:
            samples = len(self._steps) * STEP_SAMPLES + len(self._rest)
            total = sum(self._steps) + float(np.square(self._rest).sum())
            return np.array([total / samples] if samples else [])
        sums = np.cumsum([0.0, *self._steps])
        return np.asarray((sums[count:] - sums[:-count]) / BLOCK_SAMPLES)


def loudness(pcm: bytes) -> float:
    """The loudness of a whole piece (signed 16-bit little-endian, 8 kHz, mono), in LUFS."""
    return loudness_of_samples(np.frombuffer(pcm, dtype="<i2").astype(np.float64))


def loudness_of_samples(samples: Samples) -> float:
    """The same of samples of 16-bit scale."""
    meter = LoudnessMeter()
    meter.push(samples)
    return meter.loudness


def _lufs(power: Samples | float) -> Samples:
    """The level of a mean square."""
    with np.errstate(divide="ignore"):
        return np.asarray(10 * np.log10(power) + _OFFSET)


def _offset() -> float:
    """What makes the reference read as the standard says; -0.691 at the standard's own rate."""
    response = k_weighting().response
    turn = np.exp(-2j * np.pi * REFERENCE_HERTZ / SAMPLE_RATE * np.arange(len(response)))
    gain_db = 20 * math.log10(abs(complex(np.dot(response, turn))))
    return REFERENCE_LUFS - 10 * math.log10(0.5) - gain_db


_OFFSET = _offset()
