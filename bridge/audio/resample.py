"""Between 8 kHz and whatever rate an engine or a provider speaks, by soxr: a stream or a piece at a time."""

import numpy as np
import soxr

__all__ = ["Resampler", "resample"]

_PCM = np.dtype("<i2")
_EMPTY = np.empty(0, dtype=_PCM)


class Resampler:
    """One stream: chunks in, chunks out, no seams between them. Output lags by the filter's length."""

    def __init__(self, source_hz: int, target_hz: int) -> None:
        self._stream = soxr.ResampleStream(source_hz, target_hz, num_channels=1, dtype="int16")
        self._odd = b""

    def process(self, pcm: bytes) -> bytes:
        """More of the stream (signed 16-bit little-endian, any byte count); what can be said of it so far."""
        joined = self._odd + pcm
        whole = len(joined) - len(joined) % _PCM.itemsize
        self._odd = joined[whole:]
        if not whole:
            return b""
        return self._chunk(np.frombuffer(joined[:whole], dtype=_PCM), last=False)

    def flush(self) -> bytes:
        """The rest, after which the resampler may serve another stream."""
        tail = self._chunk(_EMPTY, last=True)
        self._stream.clear()
        self._odd = b""
        return tail

    def _chunk(self, samples: np.ndarray[tuple[int], np.dtype[np.int16]], *, last: bool) -> bytes:
        return bytes(self._stream.resample_chunk(samples, last=last).astype(_PCM, copy=False).tobytes())


def resample(pcm: bytes, source_hz: int, target_hz: int) -> bytes:
    """One whole piece of audio at another rate, its length to the sample."""
    if source_hz == target_hz:
        return pcm
    samples = np.frombuffer(pcm, dtype=_PCM)
    return bytes(soxr.resample(samples, source_hz, target_hz).astype(_PCM, copy=False).tobytes())
