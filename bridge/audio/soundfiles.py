"""Sound files as a telephone carries them: mu-law, and WAV of any rate, width and number of channels.

It takes the files that people have: PCM and floating point, and the mu-law and A-law of telephone systems,
which the standard library's `wave` refuses.
"""

import struct
from collections.abc import Callable
from pathlib import Path, PurePath

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from bridge.audio.frames import FRAME_SECONDS, SAMPLE_RATE
from bridge.audio.g711 import SAMPLE_WIDTH, decode_ulaw
from bridge.audio.resample import resample
from bridge.errors import BridgeError

__all__ = ["ANSWER_SECONDS", "OTHER_SOUNDS", "SOUNDS", "SoundFileError", "read_sound", "read_sound_file"]

SOUNDS = frozenset({".wav", ".ulaw"})
OTHER_SOUNDS = frozenset(  # what people take for a recording, and nothing here can read
    {
        ".aac",
        ".aif",
        ".aiff",
        ".alaw",
        ".amr",
        ".flac",
        ".gsm",
        ".m4a",
        ".mp3",
        ".ogg",
        ".opus",
        ".webm",
        ".wma",
    }
)
ANSWER_SECONDS = 60  # the longest answer, as in a call

_PCM, _FLOAT, _ALAW, _ULAW, _EXTENSIBLE = 1, 3, 6, 7, 0xFFFE  # mmreg.h: WAVE_FORMAT_*
_FORMAT = struct.Struct("<HHIIHH")  # format, channels, rate, bytes per second, bytes per frame, bits
_SUBFORMAT_OFFSET = 24  # of an extensible format: its real number, first in a GUID
_STREAMED_SIZES = 0, 0xFFFF_FFFF  # written by programs that did not go back to fill them in
_FULL_SCALE = 32_768.0
_LOWEST, _HIGHEST = -32_768, 32_767

_Samples = NDArray[np.float64]


class SoundFileError(BridgeError):
    """A recording cannot be used; the text is the rest of a sentence that begins with its name."""

    code = "sound_file"


class _Wav(Struct, frozen=True):
    """What a WAV file holds."""

    format: int
    channels: int
    rate: int  # hertz
    bits: int  # of a sample
    data: bytes


def read_sound(name: PurePath, content: bytes, *, max_seconds: float = ANSWER_SECONDS) -> bytes:
    """The sound of a file: signed 16-bit little-endian, 8 kHz, mono.

    Raises:
        SoundFileError: it is of another kind, damaged, empty, or too long.

    """
    match name.suffix.lower():
        case ".ulaw":
            pcm = decode_ulaw(content)
        case ".wav":
            pcm = _heard(_parse(content))
        case suffix:
            raise SoundFileError(f"is of the kind {suffix or 'without a name'}; convert it to WAV")
    seconds = len(pcm) / SAMPLE_WIDTH / SAMPLE_RATE
    if seconds < FRAME_SECONDS:
        raise SoundFileError("holds no sound")
    if seconds > max_seconds:
        raise SoundFileError(f"lasts {seconds:.0f} s; {max_seconds:g} s are the limit")
    return pcm


def read_sound_file(path: Path, *, max_seconds: float) -> bytes:
    """The sound of a file on disk, as `read_sound` has it.

    Raises:
        SoundFileError: there is none, or it cannot be used. The text is a sentence, and names the file.

    """
    try:
        return read_sound(path, path.read_bytes(), max_seconds=max_seconds)
    except FileNotFoundError:
        raise SoundFileError(f"{path}: no such sound file") from None
    except OSError as error:
        raise SoundFileError(f"{path} cannot be read: {error.strerror}") from None
    except SoundFileError as error:
        raise SoundFileError(f"{path} {error}") from None


def _parse(content: bytes) -> _Wav:
    if content[:4] != b"RIFF" or content[8:12] != b"WAVE":
        raise SoundFileError("is no WAV file")
    chunks = _chunks(content)
    if b"fmt " not in chunks or b"data" not in chunks:
        raise SoundFileError("is a WAV file without sound in it, or cut short")
    try:
        kind, channels, rate, _, _, bits = _FORMAT.unpack_from(chunks[b"fmt "])
        if kind == _EXTENSIBLE:
            (kind,) = struct.unpack_from("<H", chunks[b"fmt "], _SUBFORMAT_OFFSET)
    except struct.error:
        raise SoundFileError("is a WAV file with a broken header") from None
    if not channels or not rate:
        raise SoundFileError("is a WAV file with a broken header")
    return _Wav(kind, channels, rate, bits, chunks[b"data"])


def _chunks(content: bytes) -> dict[bytes, bytes]:
    """The parts of a RIFF file by name, up to the sound, which is the last that matters."""
    found: dict[bytes, bytes] = {}
    offset = 12
    while offset + 8 <= len(content) and b"data" not in found:
        name, size = content[offset : offset + 4], int.from_bytes(content[offset + 4 : offset + 8], "little")
        body = content[offset + 8 : offset + 8 + size]
        if name == b"data" and size in _STREAMED_SIZES:
            body = content[offset + 8 :]
        elif len(body) < size:
            raise SoundFileError(
                f"is cut short: {len(body)} of {size} bytes of its {name.decode('latin-1')!r}"
            )
        found[name] = body
        offset += 8 + size + size % 2
    return found


def _heard(wav: _Wav) -> bytes:
    decode = _DECODERS.get((wav.format, wav.bits))
    if decode is None:
        raise SoundFileError(f"is WAV of format {wav.format} with {wav.bits} bits; convert it to 16-bit PCM")
    frame_bytes = wav.channels * wav.bits // 8
    whole = wav.data[: len(wav.data) - len(wav.data) % frame_bytes]
    mono = decode(whole).reshape(-1, wav.channels).mean(axis=1)
    pcm = np.rint(np.nan_to_num(mono)).clip(_LOWEST, _HIGHEST).astype("<i2").tobytes()
    return resample(pcm, wav.rate, SAMPLE_RATE)


def _bytes_around_zero(data: bytes) -> _Samples:
    return (np.frombuffer(data, dtype=np.uint8).astype(np.float64) - 128) * 256


def _three_bytes(data: bytes) -> _Samples:
    """24 bits: put into the upper bytes of 32."""
    narrow = np.frombuffer(data, dtype=np.uint8).reshape(-1, 3)
    wide = np.zeros((len(narrow), 4), dtype=np.uint8)
    wide[:, 1:] = narrow
    return wide.view("<i4").ravel().astype(np.float64) / 65_536


def _alaw(data: bytes) -> _Samples:
    """G.711 A-law: sign, three bits of exponent and four of mantissa, every other bit inverted."""
    codes = np.frombuffer(data, dtype=np.uint8).astype(np.int64) ^ 0x55
    exponent, mantissa = (codes >> 4) & 7, codes & 15
    magnitude = np.where(
        exponent == 0, (mantissa << 4) + 8, ((mantissa << 4) + 0x108) << np.maximum(exponent - 1, 0)
    )
    return np.where(codes & 0x80, magnitude, -magnitude).astype(np.float64)


def _ulaw(data: bytes) -> _Samples:
    return np.frombuffer(decode_ulaw(data), dtype="<i2").astype(np.float64)


def _numbers(dtype: str, unit: float) -> Callable[[bytes], _Samples]:
    """Samples that numpy knows, `unit` being what becomes one step of 16 bits."""
    return lambda data: np.frombuffer(data, dtype=dtype).astype(np.float64) / unit


_DECODERS: dict[tuple[int, int], Callable[[bytes], _Samples]] = {
    (_PCM, 8): _bytes_around_zero,
    (_PCM, 16): _numbers("<i2", 1),
    (_PCM, 24): _three_bytes,
    (_PCM, 32): _numbers("<i4", 65_536),
    (_FLOAT, 32): _numbers("<f4", 1 / _FULL_SCALE),
    (_FLOAT, 64): _numbers("<f8", 1 / _FULL_SCALE),
    (_ALAW, 8): _alaw,
    (_ULAW, 8): _ulaw,
}
