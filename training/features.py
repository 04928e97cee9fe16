"""The features of the model: 40 log mel energies every 10 ms, to the digit what Kaldi's `fbank` computes.

What the network is trained on must be what Vosk will feed it (conf/fbank.conf, written by `export`), with one
freedom: `warp` stretches the frequency axis, as a shorter or longer vocal tract would.
"""

from functools import cache

import numpy as np
from numpy.typing import NDArray

__all__ = ["MELS", "SAMPLE_RATE", "SHIFT", "fbank", "lines_of_fbank_conf"]

Floats = NDArray[np.float32]

SAMPLE_RATE = 8000
MELS = 40
WINDOW = 200  # samples: 25 ms
SHIFT = 80  # samples: 10 ms
FFT = 256
LOW_HERTZ = 60.0
HIGH_HERTZ = 3800.0
PREEMPHASIS = 0.97
FLOOR = 1.1920929e-07  # FLT_EPSILON, Kaldi's floor under every energy

_POVEY = ((0.5 - 0.5 * np.cos(2 * np.pi * np.arange(WINDOW) / (WINDOW - 1))) ** 0.85).astype(np.float32)


def fbank(samples: Floats, warp: float = 1.0) -> Floats:
    """Samples at 8 kHz in the scale of 16 bits to features, shape (frames, 40); no frame is padded."""
    frames = 1 + (len(samples) - WINDOW) // SHIFT
    if frames <= 0:
        return np.zeros((0, MELS), np.float32)
    windows = np.lib.stride_tricks.sliding_window_view(samples, WINDOW)[::SHIFT].astype(np.float32)
    windows -= windows.mean(axis=1, keepdims=True)
    emphasised = np.empty_like(windows)
    emphasised[:, 1:] = windows[:, 1:] - PREEMPHASIS * windows[:, :-1]
    emphasised[:, 0] = windows[:, 0] * (1 - PREEMPHASIS)
    spectrum = np.fft.rfft(emphasised * _POVEY, FFT, axis=1)
    power = (spectrum.real**2 + spectrum.imag**2).astype(np.float32)
    energies: Floats = np.log(np.maximum(power @ _mel_bank(round(warp, 2)), FLOOR))
    return energies


@cache
def _mel_bank(warp: float) -> Floats:
    """Triangles over the bins of the spectrum, shape (129, 40), on a frequency axis stretched by `warp`."""
    low, high = _mel(np.array([LOW_HERTZ, HIGH_HERTZ]))
    step = (high - low) / (MELS + 1)
    bins = _mel(np.minimum(np.arange(FFT // 2) * SAMPLE_RATE / FFT * warp, SAMPLE_RATE / 2))
    bank = np.zeros((FFT // 2 + 1, MELS), np.float32)
    for index in range(MELS):
        left, centre, right = low + index * step, low + (index + 1) * step, low + (index + 2) * step
        rising, falling = (bins - left) / (centre - left), (right - bins) / (right - centre)
        weights = np.where(bins <= centre, rising, falling)
        weights[(bins <= left) | (bins >= right)] = 0
        bank[: FFT // 2, index] = weights
    return bank


def _mel(hertz: NDArray[np.float64]) -> NDArray[np.float64]:
    return 1127.0 * np.log(1 + hertz / 700.0)


def lines_of_fbank_conf() -> list[str]:
    """The same features, as Kaldi's options."""
    return [
        f"--sample-frequency={SAMPLE_RATE}",
        f"--num-mel-bins={MELS}",
        f"--low-freq={LOW_HERTZ:g}",
        f"--high-freq={HIGH_HERTZ:g}",
        "--dither=0",
        "--use-energy=false",
    ]
