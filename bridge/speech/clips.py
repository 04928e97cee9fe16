"""Sounds that scripts name: rendered prompts, and recordings that a site has put beside them.

`cache:NAME` is NAME.au in the folder of prompts, or in the one of its subfolders that a rendered prompt of
that address lies in. Nothing else is ever opened.
"""

import asyncio
import re
import struct
from pathlib import Path

from bridge.audio.g711 import decode_ulaw
from bridge.speech.base import Speech

__all__ = ["Clips"]

MAX_BYTES = 4 * 1024 * 1024  # eight minutes
RATES = range(8_000, 48_001)  # hertz

# Sun audio: magic, offset of the audio, its length, encoding (1: 8-bit mu-law), rate, channels.
_HEADER = struct.Struct(">4s5I")
_MAGIC, _ULAW, _MONO = b".snd", 1, 1
_UNKNOWN_LENGTH = 0xFFFFFFFF
_NAME = re.compile(r"\w[\w.-]*")


class Clips:
    """The sounds of one folder, by name: Sun audio (.au), mu-law, one channel."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    async def find(self, name: str) -> Speech | None:
        """The sound of that name; None when there is none, or none that can be read."""
        return await asyncio.to_thread(self._read, name)

    def _read(self, name: str) -> Speech | None:
        if _NAME.fullmatch(name) is None:
            return None
        for path in (self._folder / f"{name}.au", self._folder / name[:2] / f"{name}.au"):
            try:
                if path.stat().st_size <= MAX_BYTES:
                    return _sound(path.read_bytes())
            except OSError:
                continue
        return None


def _sound(content: bytes) -> Speech | None:
    if len(content) < _HEADER.size:
        return None
    magic, offset, length, encoding, rate, channels = _HEADER.unpack_from(content)
    if (magic, encoding, channels) != (_MAGIC, _ULAW, _MONO) or rate not in RATES:
        return None
    end = None if length == _UNKNOWN_LENGTH else offset + length
    audio = content[max(offset, _HEADER.size) : end]
    return Speech(decode_ulaw(audio), rate) if audio else None
