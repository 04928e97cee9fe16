"""Opus (RFC 6716) as a web page sends it: bare packets, one after the other, each whole.

A browser's `AudioEncoder` makes such packets, and FFmpeg's decoder, through PyAV, takes them one at a time
and without a container. What a `MediaRecorder` makes is a WebM file in pieces that end anywhere: PyAV reads
files, and would have to wait for each piece in a thread of every call's own, so that is not taken.
PyAV is an extra: it is imported where a call needs it.
"""

from typing import TYPE_CHECKING

import numpy as np

from bridge.errors import ConfigError

if TYPE_CHECKING:
    from av.audio.codeccontext import AudioCodecContext

__all__ = ["OPUS_RATE", "OpusDecoder", "require_opus"]

OPUS_RATE = 48_000  # hertz; of the decoder, whatever the encoder was given
FULL_SCALE = 32_767


def require_opus() -> None:
    """Make sure that Opus can be decoded.

    Raises:
        ConfigError: the extra is not installed.

    """
    try:
        import av  # noqa: F401, PLC0415
    except ImportError:
        raise ConfigError(
            "providers.browser.opus: Opus needs PyAV, which is not installed; "
            "run `pip install 'hatif[media]'`, or set it to false"
        ) from None


class OpusDecoder:
    """One stream of packets."""

    def __init__(self) -> None:
        """Open a decoder.

        Raises:
            ConfigError: the extra is not installed.

        """
        require_opus()
        import av  # noqa: PLC0415

        self._decoder: AudioCodecContext = av.CodecContext.create("opus", "r")
        self._decoder.sample_rate = OPUS_RATE
        self._decoder.layout = "mono"

    def decode(self, packet: bytes) -> bytes:
        """The sound of one packet, linear at `OPUS_RATE`, mono; nothing where it is none or is damaged."""
        import av  # noqa: PLC0415

        if not packet:  # to FFmpeg an empty one is the end of the stream
            return b""
        try:
            frames = self._decoder.decode(av.Packet(packet))
        except av.error.FFmpegError:
            return b""
        samples = [frame.to_ndarray().mean(axis=0) for frame in frames]
        if not samples:
            return b""
        sound = np.rint(np.concatenate(samples) * FULL_SCALE).clip(-FULL_SCALE, FULL_SCALE)
        return bytes(sound.astype("<i2").tobytes())
