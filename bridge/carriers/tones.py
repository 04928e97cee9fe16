"""The keypad of a simulated caller's telephone, for wires on which keys are tones in the audio."""

from collections import deque

from bridge.audio.dtmf import key_tone
from bridge.audio.frames import FRAME_BYTES
from bridge.audio.g711 import encode_ulaw
from bridge.carriers.caller import SILENT_FRAME

__all__ = ["ToneKeypad"]

TONE_SECONDS = 0.1  # a quick finger; telephones make no shorter ones
PAUSE_FRAMES = 4  # 80 ms before the next key


class ToneKeypad:
    """While a key sounds, the microphone is cut off."""

    def __init__(self) -> None:
        self._frames: deque[bytes] = deque()

    def press(self, key: str) -> None:
        """Sound a key after those pressed before."""
        audio = encode_ulaw(key_tone(key, TONE_SECONDS))
        self._frames.extend(audio[at : at + FRAME_BYTES] for at in range(0, len(audio), FRAME_BYTES))
        self._frames.extend([SILENT_FRAME] * PAUSE_FRAMES)

    def over(self, frame: bytes) -> bytes:
        """What the line carries in this frame."""
        return self._frames.popleft() if self._frames else frame
