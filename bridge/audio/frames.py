"""How audio is cut: 8 kHz, 20 ms frames. Audio time is counted in samples, never by a clock.

Carriers send any chunk length; everything behind the `Framer` sees whole frames only.
"""

__all__ = ["FRAME_BYTES", "FRAME_SAMPLES", "FRAME_SECONDS", "PCM_FRAME_BYTES", "SAMPLE_RATE", "Framer"]

SAMPLE_RATE = 8_000  # hertz; what the telephone network carries
FRAME_SAMPLES = 160
FRAME_SECONDS = FRAME_SAMPLES / SAMPLE_RATE  # 20 ms, the packet time of every carrier served
FRAME_BYTES = FRAME_SAMPLES  # mu-law: one byte per sample
PCM_FRAME_BYTES = 2 * FRAME_SAMPLES  # signed 16-bit little-endian

_ULAW_SILENCE = b"\xff"


class Framer:
    """Cuts mu-law of any chunk length into frames, keeping the remainder for the next chunk."""

    __slots__ = ("_remainder",)

    def __init__(self) -> None:
        self._remainder = b""

    def push(self, payload: bytes) -> list[bytes]:
        """Every frame that `payload` completes, oldest first."""
        if not self._remainder and len(payload) == FRAME_BYTES:  # what carriers send nearly always
            return [payload]
        joined = self._remainder + payload
        whole = len(joined) - len(joined) % FRAME_BYTES
        self._remainder = joined[whole:]
        return [joined[start : start + FRAME_BYTES] for start in range(0, whole, FRAME_BYTES)]

    def flush(self) -> bytes | None:
        """The remainder as one frame, filled up with silence; None when nothing is left."""
        if not self._remainder:
            return None
        frame = self._remainder.ljust(FRAME_BYTES, _ULAW_SILENCE)
        self._remainder = b""
        return frame
