"""Between 8 kHz and whatever rate an engine or a provider speaks, by soxr: a stream or a piece at a time.

soxr is given floating point: to 16 bits it would round with random dither, and no run would repeat another.
"""

import numpy as np
import soxr
from numpy.typing import NDArray

__all__ = ["Resampler", "resample", "resampled"]

_PCM = np.dtype("<i2")
_LOWEST, _HIGHEST = -32_768, 32_767


class Resampler:
    """One stream: chunks in, chunks out, no seams between them. Output lags behind.

    From 16 kHz by up to 115 ms at high quality, by 60 ms at soxr's low one, which still rejects what would
    alias: good for a conversation, where somebody waits.
    """

    def __init__(self, source_hz: int, target_hz: int, *, is_live: bool = False) -> None:
        quality = "LQ" if is_live else "HQ"
        self._stream = soxr.ResampleStream(source_hz, target_hz, 1, dtype="float32", quality=quality)
        self._odd = b""

    def process(self, pcm: bytes) -> bytes:
        """More of the stream (signed 16-bit little-endian, any byte count); what can be said of it so far."""
        joined = self._odd + pcm
        whole = len(joined) - len(joined) % _PCM.itemsize
        self._odd = joined[whole:]
        return _to_pcm(self._stream.resample_chunk(_to_samples(joined[:whole]))) if whole else b""

    def flush(self) -> bytes:
        """The rest, after which the resampler may serve another stream."""
        rest = _to_pcm(self._stream.resample_chunk(_to_samples(b""), last=True))
        self._stream.clear()
        self._odd = b""
        return rest


def resample(pcm: bytes, source_hz: int, target_hz: int) -> bytes:
    """One whole piece of audio at another rate, its length to the sample."""
    if source_hz == target_hz:
        return pcm
    return _to_pcm(soxr.resample(_to_samples(pcm), source_hz, target_hz))


def resampled(samples: NDArray[np.float32], source_hz: int, target_hz: int) -> NDArray[np.float32]:
    """The same of samples that are floating point already, which nothing rounds or clips on the way."""
    if source_hz == target_hz:
        return samples
    return np.asarray(soxr.resample(samples, source_hz, target_hz), dtype=np.float32)


def _to_samples(pcm: bytes) -> NDArray[np.float32]:
    return np.frombuffer(pcm, dtype=_PCM).astype(np.float32)


def _to_pcm(samples: NDArray[np.float32]) -> bytes:
    return np.rint(samples).clip(_LOWEST, _HIGHEST).astype(_PCM).tobytes()
