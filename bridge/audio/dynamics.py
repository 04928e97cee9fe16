"""Gains that follow the sound: a gentle compressor, and a limiter that no peak gets past. Streams at 8 kHz.

Both work in hops of 2 ms and draw straight lines from one hop's gain to the next, so that no gain ever jumps.
Samples are floating point of 16-bit scale.
"""

import math

import numpy as np

from bridge.audio.filters import Fir, FirStream, Samples
from bridge.audio.frames import SAMPLE_RATE

__all__ = ["HOP_SAMPLES", "Compressor", "Limiter", "hop_levels"]

FULL_SCALE = 32_768.0
HOP_SAMPLES = 16
HOP_SECONDS = HOP_SAMPLES / SAMPLE_RATE
_QUIETEST = 1e-12  # a mean square, below any sample of 16 bits

# The compressor. Vowels of speech at -19 LUFS lie about -15 dBFS, consonants 20 dB below: 2:1 from -22 dBFS
# takes some 3 dB off the vowels, and leaves the consonants where a noisy line can no longer cover them.
THRESHOLD_DBFS = -22.0
RATIO = 2.0
KNEE_DB = 10.0
ATTACK_SECONDS = 0.005
RELEASE_SECONDS = 0.1

# The limiter.
LOOK_AHEAD_HOPS = 4  # 8 ms
ATTACK_DB = 1.5  # a hop, while it sees what comes
RELEASE_DB = 0.1  # a hop: 50 dB in a second
OVERSAMPLING = 4  # a peak between samples is found within 0.6 dB (BS.1770-5, annex 2)
_HALF_TAPS = 8  # of the interpolator, each side


def hop_levels(samples: Samples) -> Samples:
    """The level (RMS) of every whole hop, in dBFS."""
    whole = samples[: len(samples) - len(samples) % HOP_SAMPLES].reshape(-1, HOP_SAMPLES)
    power = np.square(whole / FULL_SCALE).mean(axis=1)
    return np.asarray(10 * np.log10(np.maximum(power, _QUIETEST)))


class Compressor:
    """Takes off a half of what the level lies above its threshold. One stream; only whole hops come out."""

    def __init__(self) -> None:
        self._reduction = 0.0  # dB, at the last hop's end
        self._rest = np.zeros(0)

    def process(self, samples: Samples) -> Samples:
        """More of the stream."""
        joined = np.concatenate((self._rest, samples))
        levels = hop_levels(joined)
        whole, self._rest = np.split(joined, [len(levels) * HOP_SAMPLES])
        if not levels.size:
            return whole
        before = self._reduction
        reductions = np.array([before, *self._smoothed(_reduction(levels))])
        return whole * _lines(10 ** (reductions / 20))

    def flush(self) -> Samples:
        """The rest, less than a hop."""
        rest, self._rest = self._rest * 10 ** (self._reduction / 20), np.zeros(0)
        return rest

    def _smoothed(self, wanted: Samples) -> list[float]:
        """What is done of what would be right for each hop by itself: soon more, slowly less."""
        more = 1 - math.exp(-HOP_SECONDS / ATTACK_SECONDS)
        less = 1 - math.exp(-HOP_SECONDS / RELEASE_SECONDS)
        reduction, done = self._reduction, []
        for right in wanted.tolist():
            reduction += (right - reduction) * (more if right < reduction else less)
            done.append(reduction)
        self._reduction = reduction
        return done


class Limiter:
    """Keeps every peak, also between samples, at or below its ceiling. One stream, `delay` samples late."""

    delay = LOOK_AHEAD_HOPS * HOP_SAMPLES + _HALF_TAPS

    def __init__(self, ceiling_dbfs: float) -> None:
        self._ceiling = ceiling_dbfs
        self._peaks = _PeakMeter()
        self._samples = np.zeros(0)  # from the next hop that comes out
        self._needed = np.zeros(0)  # dB, of the same hops
        self._gain = math.inf  # dB, where the last hop that came out ended

    def process(self, samples: Samples) -> Samples:
        """More of the stream."""
        self._samples = np.concatenate((self._samples, samples))
        needed = np.minimum(self._ceiling - self._peaks.process(samples), 0.0)
        self._needed = np.concatenate((self._needed, needed))
        ready = len(self._needed) - LOOK_AHEAD_HOPS
        return self._advance(ready) if ready > 0 else np.zeros(0)

    def flush(self) -> Samples:
        """The rest."""
        left = len(self._samples)
        return self.process(np.zeros(self.delay + 2 * HOP_SAMPLES))[:left]

    def _advance(self, hops: int) -> Samples:
        decibels = self._boundaries(hops)
        out, self._samples = np.split(self._samples, [hops * HOP_SAMPLES])
        self._needed = self._needed[hops:]
        self._gain = float(decibels[-1])
        return out * _lines(10 ** (decibels / 20))

    def _boundaries(self, hops: int) -> Samples:
        """The gain at each hop's beginning and at the last one's end, in decibels; each limits two hops."""
        wanted = self._needed[:hops]
        for ahead in range(LOOK_AHEAD_HOPS):
            wanted = np.minimum(wanted, self._needed[ahead + 1 : ahead + 1 + hops] + ahead * ATTACK_DB)
        slope = RELEASE_DB * np.arange(hops + 1)
        beginning = min(self._gain, float(self._needed[0]))
        rising = np.concatenate(([beginning], wanted)) - slope
        return np.asarray(np.minimum.accumulate(rising) + slope)


class _PeakMeter:
    """The highest peak of every hop, between samples too; a hop is told once that is complete."""

    def __init__(self) -> None:
        self._phases = [FirStream(each) for each in _INTERPOLATORS]
        self._past = np.zeros(_HALF_TAPS)
        self._rest = np.zeros(0)
        self._early = _HALF_TAPS  # interpolated values that belong to no sample: before the first one

    def process(self, samples: Samples) -> Samples:
        joined = np.concatenate((self._past, samples))
        highest, self._past = np.abs(joined[: len(samples)]), joined[len(samples) :]
        for phase in self._phases:
            np.maximum(highest, np.abs(phase.process(samples)), out=highest)
        skipped = min(self._early, len(highest))
        self._early -= skipped
        joined = np.concatenate((self._rest, highest[skipped:]))
        whole = len(joined) - len(joined) % HOP_SAMPLES
        self._rest = joined[whole:]
        peaks = joined[:whole].reshape(-1, HOP_SAMPLES).max(axis=1)
        return np.asarray(20 * np.log10(np.maximum(peaks, _QUIETEST) / FULL_SCALE))


def _interpolators() -> list[Fir]:
    """For each point between two samples the filter that gives the value there, `_HALF_TAPS` late."""
    responses = []
    for phase in range(1, OVERSAMPLING):
        at = np.arange(-_HALF_TAPS, _HALF_TAPS + 1) + phase / OVERSAMPLING
        window = np.cos(np.pi * np.clip(at / (2 * (_HALF_TAPS + 1)), -0.5, 0.5)) ** 2
        responses.append(Fir(np.sinc(at) * window))
    return responses


_INTERPOLATORS = _interpolators()


def _reduction(levels: Samples) -> Samples:
    """What the compressor does to each level, in decibels: nothing below its knee."""
    over = levels - THRESHOLD_DBFS
    bent = np.square(np.clip(over + KNEE_DB / 2, 0.0, KNEE_DB)) / (2 * KNEE_DB)
    return np.asarray((1 / RATIO - 1) * np.where(over > KNEE_DB / 2, over, bent))


def _lines(ends: Samples) -> Samples:
    """Straight lines through the ends of hops, sample by sample."""
    part = np.arange(1, HOP_SAMPLES + 1) / HOP_SAMPLES
    return np.asarray((ends[:-1, None] + (ends[1:] - ends[:-1])[:, None] * part).ravel())
