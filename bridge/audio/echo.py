"""Is what is heard the echo of what we said? Pure.

An echo is our own sound, softer, later, and through the filters of a line: laid over what was sent at the
right place it has nearly the same shape. Nobody else's voice has. Where a caller speaks over the echo it is
the louder of both that decides.
"""

import numpy as np

from bridge.audio.frames import SAMPLE_RATE

__all__ = ["ALIKE", "SURELY_ALIKE", "is_echo", "likeness"]

ALIKE = 0.45  # 13 of 733 callers reached more; echoes 15 to 30 dB down stayed above 0.54: docs/benchmarks.md
SURELY_ALIKE = 0.8  # of an onset alone: callers reached 0.72
SHORTEST_SAMPLES = 800  # of less than 100 ms nobody can tell
_SILENT = 1e-9


def likeness(heard_pcm: bytes, said_pcm: bytes) -> float:
    """How much the one is a part of the other, 0 to 1, wherever it lies in it; 0 where it is too short.

    Signed 16-bit little-endian, 8 kHz, mono; `said_pcm` should reach as far back as an echo may be late.
    """
    heard = np.frombuffer(heard_pcm, dtype="<i2").astype(np.float64)
    said = np.frombuffer(said_pcm, dtype="<i2").astype(np.float64)
    if len(heard) < SHORTEST_SAMPLES or not len(said):
        return 0.0
    said = np.concatenate((np.zeros(len(heard)), said))  # it may have begun before we did
    length = 1 << (len(said) + len(heard) - 1).bit_length()
    products = np.fft.irfft(np.fft.rfft(said, length) * np.conj(np.fft.rfft(heard, length)), length)
    energies = np.concatenate(([0.0], np.cumsum(said**2)))
    places = len(said) - len(heard) + 1
    energy = (energies[len(heard) :] - energies[:places]) * np.sum(heard**2)
    known = energy > max(_SILENT, float(energy.max()) * _SILENT)
    if not known.any():
        return 0.0
    return float(np.max(np.abs(products[:places][known]) / np.sqrt(energy[known])))


def is_echo(heard_pcm: bytes, said_pcm: bytes, onset_seconds: float) -> bool:
    """Whether what is heard is what was said; its speech began `onset_seconds` before its end.

    What came before may be anything: an earlier word of the caller's, or the end of an echo into which they
    have begun to speak.
    """
    onset_bytes = 2 * max(SHORTEST_SAMPLES, round(onset_seconds * SAMPLE_RATE))
    at_onset = likeness(heard_pcm[-onset_bytes:], said_pcm)
    if at_onset >= SURELY_ALIKE:
        return True
    return at_onset >= ALIKE and likeness(heard_pcm, said_pcm) >= ALIKE
