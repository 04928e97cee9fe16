"""The person on the phone, as a carrier knows one: hears a frame, says a frame, presses keys, hangs up."""

from typing import Protocol

from msgspec import Struct

from bridge.audio.frames import FRAME_BYTES
from bridge.audio.g711 import ULAW_SILENCE

__all__ = ["SILENT_FRAME", "Caller", "CallerFrame"]

SILENT_FRAME = bytes([ULAW_SILENCE]) * FRAME_BYTES


class CallerFrame(Struct, frozen=True):
    """What the caller does in 20 ms."""

    audio: bytes  # one frame of mu-law
    keys: str = ""  # pressed in this frame, usually one or none
    hang_up: bool = False


class Caller(Protocol):
    """Someone who can be called. Pure: all that it knows of time is how often it is asked."""

    def tick(self, heard: bytes) -> CallerFrame:
        """Hear one frame of mu-law (silence when nothing plays) and do something meanwhile."""
        ...
