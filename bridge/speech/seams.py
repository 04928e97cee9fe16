"""The edges of one passage's sound, where it meets another: silence kept short, and no click.

Engines put silence around whatever they speak, as if it stood alone, and some begin or end in the middle of a
swing. A stream of samples goes in and comes out; no more than a silence, or a few milliseconds, is held back.
"""

import numpy as np
from numpy.typing import NDArray

__all__ = ["Seam"]

Samples = NDArray[np.int16]

SILENCE_LEVEL = 100  # of 32768, -50 dBFS: quieter is silence on a telephone
EDGE_SECONDS = 0.03  # of an engine's own silence, left at a trimmed edge for what is softer than that
FADE_SECONDS = 0.004  # too short to be heard as a fade, too long to be a click


class Seam:
    """One passage on its way out. An edge that is not trimmed keeps the engine's own silence."""

    def __init__(self, rate: int, *, trims_begin: bool, trims_end: bool) -> None:
        self._edge = round(EDGE_SECONDS * rate)
        self._fade = round(FADE_SECONDS * rate)
        self._trims_begin = trims_begin
        self._trims_end = trims_end
        self._is_begun = False  # the beginning has been cut and faded
        self._held: Samples = np.empty(0, np.int16)  # the newest, which may turn out to be the end

    def process(self, pcm: bytes) -> bytes:
        """More of the passage (whole samples); what of it can be no end any more."""
        self._held = np.concatenate((self._held, np.frombuffer(pcm, dtype="<i2")))
        if not self._is_begun and not self._begin():
            return b""
        end = len(self._held) - self._fade
        if self._trims_end:
            end = min(end, _end_of_sound(self._held))
        return self._let_go(max(end, 0))

    def flush(self) -> bytes:
        """The end, cut and faded; nothing where a trimmed passage was all silence."""
        if not self._is_begun:
            is_sound = self._trim_begin()
            self._held = _faded_in(self._held if is_sound else self._held[:0], self._fade)
        if self._trims_end:
            self._held = self._held[: _end_of_sound(self._held) + self._edge]
        self._held = _faded_in(self._held[::-1], self._fade)[::-1]
        return self._let_go(len(self._held))

    def _begin(self) -> bool:
        """Cut and fade the beginning, once enough of it is there."""
        if not self._trim_begin() or len(self._held) < self._fade:
            return False
        self._held = _faded_in(self._held, self._fade)
        self._is_begun = True
        return True

    def _trim_begin(self) -> bool:
        """Forget the silence before the sound, save an edge of it; whether the passage may begin."""
        if not self._trims_begin:
            return True
        sounding = np.flatnonzero(_is_sound(self._held))
        first = int(sounding[0]) if sounding.size else len(self._held)
        self._held = self._held[max(first - self._edge, 0) :]
        return bool(sounding.size)

    def _let_go(self, count: int) -> bytes:
        out, self._held = self._held[:count], self._held[count:]
        return out.tobytes()


def _end_of_sound(samples: Samples) -> int:
    """How many samples there are until the last that is no silence."""
    sounding = np.flatnonzero(_is_sound(samples))
    return int(sounding[-1]) + 1 if sounding.size else 0


def _is_sound(samples: Samples) -> NDArray[np.bool_]:
    return np.abs(samples.astype(np.int32)) > SILENCE_LEVEL


def _faded_in(samples: Samples, count: int) -> Samples:
    """The samples, the first of them from nothing up where they would begin with a jump."""
    if not samples.size or abs(int(samples[0])) <= SILENCE_LEVEL:
        return samples
    faded = samples.copy()
    head = samples[:count]
    faded[:count] = np.rint(head * np.linspace(0.0, 1.0, len(head), endpoint=False))
    return faded
