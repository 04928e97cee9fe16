"""The audio formats that wires carry: an encoding, a rate, and for linear samples their byte order.

Lengths in bytes are of samples; packets of Opus have none.
"""

from enum import StrEnum

from msgspec import Struct

__all__ = ["ALAW_8K", "LINEAR_8K", "MULAW_8K", "OPUS", "AudioFormat", "Encoding"]


class Encoding(StrEnum):
    """How one sample is written."""

    MULAW = "mulaw"  # ITU-T G.711, one byte
    ALAW = "alaw"  # ITU-T G.711, one byte
    LINEAR = "linear16"  # signed, two bytes
    OPUS = "opus"  # RFC 6716, bare packets: theirs only, and nothing of it is counted in bytes


class AudioFormat(Struct, frozen=True):
    """Mono audio as bytes."""

    encoding: Encoding
    sample_rate: int = 8000  # hertz
    big_endian: bool = False  # of linear samples; RFC 3551's L16 is, most WebSockets' is not

    @property
    def sample_bytes(self) -> int:
        """How many bytes one sample has."""
        return 2 if self.encoding is Encoding.LINEAR else 1

    @property
    def bytes_per_second(self) -> int:
        """How many bytes a second of it has."""
        return self.sample_bytes * self.sample_rate

    @property
    def frame_bytes(self) -> int:
        """How many bytes 20 ms of it have."""
        return self.bytes_per_second // 50

    @property
    def silence(self) -> bytes:
        """One silent sample."""
        return _SILENCE[self.encoding]


_SILENCE = {Encoding.MULAW: b"\xff", Encoding.ALAW: b"\xd5", Encoding.LINEAR: b"\0\0"}

MULAW_8K = AudioFormat(Encoding.MULAW)
ALAW_8K = AudioFormat(Encoding.ALAW)
LINEAR_8K = AudioFormat(Encoding.LINEAR)
OPUS = AudioFormat(Encoding.OPUS, 48_000)  # the rate is the decoder's
