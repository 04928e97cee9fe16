"""How loud audio is, and how loud it is to be.

The recogniser's model has no normalisation of its own. Of 600 digits spoken by real people it gets 525 right
as they were recorded, 537 to 539 when every peak is at one level from -12 to -30 dBFS, 522 at -1, 517 at -36.
In a call the utterance is not all there when its beginning must be sent on, so the `Leveller` guesses from
the onset and from what it remembers of the caller, and aims at the middle of what is good.
"""

import math

from bridge.audio.g711 import amplify, peak

__all__ = ["FULL_SCALE", "Leveller", "peak_dbfs", "scale_to_peak"]

FULL_SCALE = 32_767
TARGET_PEAK = 4_000.0  # -18 dBFS
CEILING = 16_000.0  # -6 dBFS: the gain falls rather than let an utterance become louder
MAX_GAIN = 8.0  # below a peak of -36 dBFS there is little voice to raise, and much line
ASSUMED_PEAK = 4_000.0  # of a stranger: going by the onset alone, room noise was raised by 30 dB
MEMORY = 0.3  # how far, in decibels, the expected peak moves towards each utterance's own


def peak_dbfs(pcm: bytes) -> float:
    """The level of the loudest sample; minus infinity for silence."""
    highest = peak(pcm)
    return 20 * math.log10(highest / FULL_SCALE) if highest else -math.inf


def scale_to_peak(pcm: bytes, dbfs: float) -> bytes:
    """The same audio with its loudest sample at `dbfs`; silence stays silence."""
    highest = peak(pcm)
    return amplify(pcm, FULL_SCALE * 10 ** (dbfs / 20) / highest) if highest else pcm


class Leveller:
    """One call's gain. It is chosen when an utterance begins; within it, it only falls, at the ceiling."""

    __slots__ = ("_expected_peak", "_gain", "_highest")

    def __init__(self) -> None:
        self._gain = 1.0
        self._highest = 0  # sample of the utterance, before gain
        self._expected_peak = ASSUMED_PEAK  # of this caller's utterances

    @property
    def gain(self) -> float:
        """The factor in force."""
        return self._gain

    def begin(self, onset_pcm: bytes) -> None:
        """Choose the gain of a new utterance from its look-back and first speech."""
        self._remember()
        self._highest = peak(onset_pcm)
        self._gain = min(TARGET_PEAK / max(self._highest, self._expected_peak), MAX_GAIN)

    def apply(self, pcm: bytes) -> bytes:
        """More of the utterance, at its gain."""
        self._highest = max(self._highest, peak(pcm))
        if self._highest * self._gain > CEILING:
            self._gain = CEILING / self._highest
        return amplify(pcm, self._gain)

    def _remember(self) -> None:
        if self._highest:
            self._expected_peak *= (self._highest / self._expected_peak) ** MEMORY
