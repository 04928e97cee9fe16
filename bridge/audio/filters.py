"""Linear filters at 8 kHz, by their impulse responses: a whole piece or a stream at a time, no sample late.

A recursive filter is run once, over an impulse; what it answers until it is silent is convolved with the
sound. That costs numpy a few microseconds a frame where the recursion would cost Python milliseconds, and a
stream gives what the whole gives.
"""

import math
from collections.abc import Sequence
from functools import cache, cached_property

import numpy as np
from numpy.typing import NDArray

from bridge.audio.frames import SAMPLE_RATE

__all__ = ["Biquad", "Fir", "FirStream", "Samples", "high_pass", "impulse_response", "k_weighting"]

Samples = NDArray[np.float64]
Biquad = tuple[float, float, float, float, float]  # b0, b1, b2, a1, a2, where a0 is 1

RESPONSE_SAMPLES = 800  # 100 ms: all filters of ours have fallen below -120 dB by then
TRANSFORM_SAMPLES = 8192  # of one Fourier transform, by which longer pieces are convolved with long responses
SHORT_TAPS = 64  # up to here a convolution is faster done directly

_BUTTERWORTH_4 = (0.541196100146197, 1.306562964876377)  # the Qs of its two sections
# ITU-R BS.1770-5, annex 1: its two filters, as the analogue prototypes of its coefficients for 48 kHz.
_SHELF_HERTZ, _SHELF_DB, _SHELF_Q = 1681.974450955533, 3.999843853973347, 0.7071752369554196
_RLB_HERTZ, _RLB_Q = 38.13547087602444, 0.5003270373238773


class Fir:
    """A filter, by what it answers to one sample of 1."""

    def __init__(self, response: Samples) -> None:
        self.response = response

    @cached_property
    def _spectrum(self) -> NDArray[np.complex128]:
        return np.fft.rfft(self.response, TRANSFORM_SAMPLES)

    def convolved(self, samples: Samples) -> Samples:
        """Those samples of the convolution that have their whole past."""
        past = len(self.response) - 1
        if past < SHORT_TAPS or len(samples) < TRANSFORM_SAMPLES // 2:
            return np.convolve(samples, self.response, "valid")
        parts = []
        for start in range(0, len(samples) - past, TRANSFORM_SAMPLES - past):
            piece = samples[start : start + TRANSFORM_SAMPLES]
            spectrum = np.fft.rfft(piece, TRANSFORM_SAMPLES) * self._spectrum
            # What wraps around falls on samples without their past.
            parts.append(np.fft.irfft(spectrum, TRANSFORM_SAMPLES)[past : len(piece)])
        return np.concatenate(parts)


class FirStream:
    """A filter over one stream; what it is given makes no seams."""

    def __init__(self, filter_: Fir) -> None:
        self._filter = filter_
        self._past = np.zeros(len(filter_.response) - 1)

    def process(self, samples: Samples) -> Samples:
        """More of the stream, as many samples as were given."""
        if not samples.size:
            return samples
        joined = np.concatenate((self._past, samples))
        self._past = joined[len(joined) - len(self._past) :]
        return self._filter.convolved(joined)


@cache
def high_pass(hertz: float) -> Fir:
    """A Butterworth high-pass of the fourth order, -3 dB at `hertz`."""
    return Fir(impulse_response([_high_pass_section(hertz, q) for q in _BUTTERWORTH_4]))


@cache
def k_weighting() -> Fir:
    """How loud each frequency is to a listener: the shelf of a head, and no rumble."""
    return Fir(impulse_response([_shelf_section(), _high_pass_section(_RLB_HERTZ, _RLB_Q)]))


def impulse_response(sections: Sequence[Biquad], count: int = RESPONSE_SAMPLES) -> Samples:
    """What the sections, one after the other, answer to one sample of 1."""
    response = [1.0] + [0.0] * (count - 1)
    for section in sections:
        response = _run(section, response)
    return np.array(response)


def _run(section: Biquad, samples: Sequence[float]) -> list[float]:
    b0, b1, b2, a1, a2 = section
    first = second = 0.0  # transposed direct form II
    answered = []
    for sample in samples:
        out = b0 * sample + first
        first, second = b1 * sample - a1 * out + second, b2 * sample - a2 * out
        answered.append(out)
    return answered


def _high_pass_section(hertz: float, q: float) -> Biquad:
    k = math.tan(math.pi * hertz / SAMPLE_RATE)
    scale = 1 / (1 + k / q + k * k)
    return scale, -2 * scale, scale, 2 * (k * k - 1) * scale, (1 - k / q + k * k) * scale


def _shelf_section() -> Biquad:
    k = math.tan(math.pi * _SHELF_HERTZ / SAMPLE_RATE)
    high = 10 ** (_SHELF_DB / 20)
    middle = high**0.4996667741545416
    scale = 1 / (1 + k / _SHELF_Q + k * k)
    return (
        (high + middle * k / _SHELF_Q + k * k) * scale,
        2 * (k * k - high) * scale,
        (high - middle * k / _SHELF_Q + k * k) * scale,
        2 * (k * k - 1) * scale,
        (1 - k / _SHELF_Q + k * k) * scale,
    )
