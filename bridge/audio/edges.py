"""Where speech begins and ends: silence around it goes, and both ends fade to nothing. A stream at 8 kHz."""

import numpy as np

from bridge.audio.dynamics import HOP_SAMPLES, hop_levels
from bridge.audio.filters import Samples
from bridge.audio.frames import SAMPLE_RATE

__all__ = ["LEAD_SECONDS", "TAIL_SECONDS", "Edges"]

LEAD_SECONDS = 0.014  # before the first hop that sounds: the air before a plosive, the rise of a consonant
TAIL_SECONDS = 0.05  # after the last: what a vowel leaves behind

_LEAD = round(LEAD_SECONDS * SAMPLE_RATE)
_TAIL = round(TAIL_SECONDS * SAMPLE_RATE)
_RISE = HOP_SAMPLES  # 2 ms, too short to soften a plosive that an engine begins with
_FALL = 2 * HOP_SAMPLES  # 4 ms


class Edges:
    """Leaves 14 ms before the speech and at most 50 ms after it; pauses within it stay as they are.

    What might be the end is held back until speech goes on: a pause, and always the last 4 ms.
    """

    delay = _FALL + HOP_SAMPLES

    def __init__(self, silence_dbfs: float) -> None:
        self._silence = silence_dbfs  # RMS of a hop; what lies below is silence
        self._has_begun = False
        self._held = np.zeros(0)
        self._sounding = 0  # samples of what is held until the last hop that sounds has ended
        self._looked_at = 0  # samples of what is held

    def process(self, samples: Samples) -> Samples:
        """More of the stream; what is certainly not its end."""
        self._held = np.concatenate((self._held, samples))
        self._look()
        if not self._has_begun:
            return self._held[:0]
        return self._release(max(self._sounding - _FALL, 0))

    def flush(self) -> Samples:
        """The end; nothing when there was no speech."""
        if not self._has_begun:
            return self._held[:0]
        if self._looked_at < len(self._held):
            self._held = np.concatenate((self._held, np.zeros(HOP_SAMPLES)))
            self._look()
        end = self._release(min(self._sounding + _TAIL, len(self._held)))
        return _faded_out(end)

    def _look(self) -> None:
        levels = hop_levels(self._held[self._looked_at :])
        sounding = np.flatnonzero(levels > self._silence)
        if sounding.size:
            if not self._has_begun:
                self._begin(self._looked_at + int(sounding[0]) * HOP_SAMPLES)
            self._sounding = self._looked_at + (int(sounding[-1]) + 1) * HOP_SAMPLES
        self._looked_at += len(levels) * HOP_SAMPLES
        if not self._has_begun:
            self._drop(max(self._looked_at - _LEAD, 0))

    def _begin(self, at: int) -> None:
        self._has_begun = True
        self._drop(max(at - _LEAD, 0))
        self._held[:_RISE] *= _slope(_RISE)  # there are so many: a hop that sounds

    def _drop(self, count: int) -> None:
        self._held = self._held[count:].copy()
        self._looked_at -= count
        self._sounding -= count

    def _release(self, count: int) -> Samples:
        released = self._held[:count]
        self._drop(count)
        return released


def _faded_out(samples: Samples) -> Samples:
    count = min(_FALL, len(samples))
    samples[len(samples) - count :] *= _slope(count)[::-1]
    return samples


def _slope(count: int) -> Samples:
    """From nothing to all, without a corner at either end."""
    return np.asarray(0.5 - 0.5 * np.cos(np.pi * np.arange(count) / count))
