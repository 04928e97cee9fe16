"""A direct current on the line is no sound: it is measured over a second, and taken away. A stream of frames.

Left there, it is a noise to whatever measures levels: of 180 real words at an ordinary level over an offset
of 600 steps the gate missed 20, and all of them where they were 20 dB softer (docs/benchmarks.md).
"""

from bridge.audio.g711 import mean, peak, shift

__all__ = ["OffsetFilter"]

FIRST_FRAMES = 10  # 200 ms, in which nothing is held to be speech anyway
BLOCK_FRAMES = 50  # a second: a voice has no mean over so long
LEAST = 24  # steps of 16 bits, -63 dBFS: below, it makes no difference, and the line stays as it came
MOST = 640  # mu-law ends at 32,124, and no sample may wrap around


class OffsetFilter:
    """One call's."""

    __slots__ = ("_frames", "_needed", "_offset", "_sum")

    def __init__(self) -> None:
        self._offset = 0
        self._sum = 0
        self._frames = 0
        self._needed = FIRST_FRAMES

    def process(self, frame_pcm: bytes) -> bytes:
        """The next frame, as many samples as were given, without the offset that was known before it."""
        own, offset = mean(frame_pcm), self._offset
        if offset and abs(own) < LEAST and peak(frame_pcm) <= abs(offset) // 2:
            return frame_pcm  # lost, and filled with what has no offset
        if own:  # digital silence tells nothing
            self._sum += own
            self._frames += 1
            if self._frames == self._needed:
                self._close_block()
        return shift(frame_pcm, -offset) if offset else frame_pcm

    def _close_block(self) -> None:
        offset = round(self._sum / self._frames)
        self._offset = max(-MOST, min(offset, MOST)) if abs(offset) >= LEAST else 0
        self._sum = self._frames = 0
        self._needed = BLOCK_FRAMES
