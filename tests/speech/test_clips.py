"""Sounds by name: what is a sound, what is not, and that nothing outside the folder is opened."""

import struct
from pathlib import Path

import pytest

from bridge.audio.g711 import decode_ulaw
from bridge.speech.base import Speech
from bridge.speech.clips import MAX_BYTES, Clips

AUDIO = bytes(range(256)) * 4


def au(
    *,
    magic: bytes = b".snd",
    length: int = len(AUDIO),
    encoding: int = 1,
    rate: int = 8000,
    channels: int = 1,
) -> bytes:
    return struct.pack(">4s5I", magic, 28, length, encoding, rate, channels) + b"note" + AUDIO


@pytest.mark.parametrize("place", ["chime.au", "ch/chime.au"])
async def test_a_sound_is_found(tmp_path: Path, place: str) -> None:
    """In the folder itself, or where prompts lie."""
    path = tmp_path / place
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(au(rate=16_000))

    assert await Clips(tmp_path).find("chime") == Speech(decode_ulaw(AUDIO), 16_000)
    assert await Clips(tmp_path).find("other") is None


async def test_a_sound_of_unknown_length(tmp_path: Path) -> None:
    """As programs write it that do not know the end yet."""
    (tmp_path / "a.au").write_bytes(au(length=0xFFFFFFFF))

    assert await Clips(tmp_path).find("a") == Speech(decode_ulaw(AUDIO), 8000)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        au()[:20],
        au()[:28],
        au(magic=b"RIFF"),
        au(encoding=3),
        au(rate=7999),
        au(channels=2),
        au(length=0),
        au() + bytes(MAX_BYTES),
    ],
)
async def test_what_is_no_sound(tmp_path: Path, content: bytes) -> None:
    """Is as good as missing."""
    (tmp_path / "a.au").write_bytes(content)

    assert await Clips(tmp_path).find("a") is None


@pytest.mark.parametrize("name", ["../a", "", ".a", "x/../../a", "a\0", "/etc/passwd"])
async def test_nothing_else_is_opened(tmp_path: Path, name: str) -> None:
    """A name is no path."""
    (tmp_path / "a.au").write_bytes(au())
    inside = tmp_path / "folder"
    inside.mkdir()

    assert await Clips(inside).find(name) is None
