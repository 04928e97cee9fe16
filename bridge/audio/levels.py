"""How loud audio is, and how loud it is to be.

The recogniser's model has no normalisation of its own: bringing whole utterances to one peak turned 525 right
digits of 600 (real voices) into 537. In a call the utterance is not all there when its beginning must be sent
on, so the `Leveller` guesses from the onset and from what it remembers of the caller: 540 of 600.
"""

import math

from bridge.audio.g711 import amplify, peak

__all__ = ["FULL_SCALE", "Leveller", "peak_dbfs", "scale_to_peak"]

FULL_SCALE = 32_767
TARGET_PEAK = (
    8_000  # -12 dBFS: what the model was measured at, with room for a guess that was 12 dB too quiet
)
MAX_GAIN = 32.0  # 30 dB: below a peak of -42 dBFS there is no voice to raise, only the line
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
    """One call's gain. It is chosen when an utterance begins; within it, it only falls, to avoid clipping."""

    __slots__ = ("_expected_peak", "_gain", "_highest")

    def __init__(self) -> None:
        self._gain = 1.0
        self._highest = 0  # sample of the utterance, before gain
        self._expected_peak = 0.0  # of this caller's utterances; 0: nothing heard yet

    @property
    def gain(self) -> float:
        """The factor in force."""
        return self._gain

    def begin(self, onset_pcm: bytes) -> None:
        """Choose the gain of a new utterance from its look-back and first speech."""
        self._remember()
        self._highest = peak(onset_pcm)
        guess = max(self._highest, self._expected_peak, 1.0)
        self._gain = min(TARGET_PEAK / guess, MAX_GAIN)

    def apply(self, pcm: bytes) -> bytes:
        """More of the utterance, at its gain."""
        self._highest = max(self._highest, peak(pcm))
        if self._highest * self._gain > FULL_SCALE:
            self._gain = FULL_SCALE / self._highest
        return amplify(pcm, self._gain)

    def _remember(self) -> None:
        if not self._highest:
            return
        before = self._expected_peak or self._highest
        self._expected_peak = before * (self._highest / before) ** MEMORY
