"""What a simulated caller is about to say or press, cut into frames of 20 ms. Knows nothing of why."""

from collections import deque

from bridge.audio.frames import FRAME_BYTES, FRAME_SECONDS
from bridge.carriers.caller import CallerFrame
from bridge.carriers.voice import LineNoise

__all__ = ["Mouth", "frames_in"]

KEY_SPACING_SECONDS = 0.2  # a quick finger


def frames_in(seconds: float) -> int:
    """How many frames `seconds` last."""
    return round(seconds / FRAME_SECONDS)


class Mouth:
    """Frames in waiting; line noise when there are none."""

    def __init__(self, noise: LineNoise) -> None:
        self._noise = noise
        self._pending: deque[tuple[bytes, str]] = deque()

    @property
    def is_busy(self) -> bool:
        """Whether something is left to say or press."""
        return bool(self._pending)

    def say(self, audio: bytes) -> None:
        """Queue mu-law audio; its last frame is filled up with noise."""
        padded = audio + self._noise.ulaw(-len(audio) % FRAME_BYTES)
        self._pending.extend((padded[at : at + FRAME_BYTES], "") for at in range(0, len(padded), FRAME_BYTES))

    def press(self, keys: str) -> None:
        """Queue keys, a finger's movement apart."""
        for key in keys:
            self._pending.append((b"", key))
            self.pause(KEY_SPACING_SECONDS)

    def pause(self, seconds: float) -> None:
        """Queue silence, which on a line is noise."""
        self._pending.extend([(b"", "")] * frames_in(seconds))

    def tick(self, *, hang_up: bool = False) -> CallerFrame:
        """The next 20 ms."""
        audio, keys = self._pending.popleft() if self._pending else (b"", "")
        return CallerFrame(audio=audio or self._noise.frame(), keys=keys, hang_up=hang_up)
