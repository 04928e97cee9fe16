"""Every kind of sound file that people have becomes the same sound, or a reason why not."""

import audioop
import io
import struct
import wave
from pathlib import Path, PurePath

import numpy as np
import pytest

from bridge.audio.g711 import encode_ulaw
from bridge.audio.soundfiles import SoundFileError, read_sound, read_sound_file

RATE = 8000
TONE = np.sin(np.arange(RATE) * 2 * np.pi * 500 / RATE) * 8000  # one second
PCM, FLOAT, ALAW, ULAW, EXTENSIBLE = 1, 3, 6, 7, 0xFFFE


def wav(data: bytes, *, kind: int = PCM, bits: int = 16, rate: int = RATE, channels: int = 1) -> bytes:
    """A WAV file, by hand: the standard library writes PCM only."""
    frame = channels * bits // 8
    header = struct.pack("<HHIIHH", kind, channels, rate, rate * frame, frame, bits)
    chunks = b"".join(
        name + struct.pack("<I", len(body)) + body + b"\0" * (len(body) % 2)
        for name, body in ((b"fmt ", header), (b"LIST", b"odd"), (b"data", data))
    )
    return b"RIFF" + struct.pack("<I", 4 + len(chunks)) + b"WAVE" + chunks


def heard(content: bytes, name: str = "x.wav") -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    return np.frombuffer(read_sound(PurePath(name), content), dtype="<i2").astype(np.float64)


def reason(content: bytes, name: str = "x.wav") -> str:
    with pytest.raises(SoundFileError) as failure:
        read_sound(PurePath(name), content)
    return str(failure.value)


PCM16 = TONE.astype("<i2").tobytes()
KINDS = {
    "8 bits": wav((TONE / 256 + 128).astype(np.uint8).tobytes(), bits=8),
    "16 bits": wav(PCM16),
    "24 bits": wav((TONE * 256).astype("<i4").view(np.uint8).reshape(-1, 4)[:, :3].tobytes(), bits=24),
    "32 bits": wav((TONE * 65536).astype("<i4").tobytes(), bits=32),
    "float": wav((TONE / 32768).astype("<f4").tobytes(), kind=FLOAT, bits=32),
    "double": wav((TONE / 32768).astype("<f8").tobytes(), kind=FLOAT, bits=64),
    "mu-law": wav(encode_ulaw(PCM16), kind=ULAW, bits=8),
    "A-law": wav(audioop.lin2alaw(PCM16, 2), kind=ALAW, bits=8),
}


@pytest.mark.parametrize("kind", KINDS)
def test_every_width_is_read(kind: str) -> None:
    """The tone comes back, but for what the format cannot hold."""
    assert np.abs(heard(KINDS[kind]) - TONE).max() < 300


def test_a_file_of_mu_law_needs_no_header() -> None:
    """Eight thousand bytes are a second."""
    assert np.abs(heard(encode_ulaw(PCM16), "x.ulaw") - TONE).max() < 300


@pytest.mark.parametrize("rate", [11025, 16000, 44100, 48000])
def test_every_rate_becomes_that_of_a_telephone(rate: int) -> None:
    """A tone stays a tone of the same length and pitch."""
    tone = np.sin(np.arange(rate) * 2 * np.pi * 500 / rate) * 8000
    samples = heard(wav(tone.astype("<i2").tobytes(), rate=rate))

    assert len(samples) == RATE
    assert np.abs(samples[400:-400] - TONE[400:-400]).max() < 100


def test_channels_are_mixed() -> None:
    """What one channel has alone is half as loud."""
    stereo = np.stack([TONE, np.zeros(RATE)], axis=1).astype("<i2").tobytes()

    assert np.abs(heard(wav(stereo, channels=2)) - TONE / 2).max() <= 1


def test_an_extensible_header_is_looked_into() -> None:
    """As many programs write for more than 16 bits."""
    frame = struct.pack("<HHIIHH", EXTENSIBLE, 1, RATE, RATE * 2, 2, 16)
    extension = struct.pack("<HHIH", 22, 16, 4, PCM) + bytes(14)
    body = (
        b"fmt " + struct.pack("<I", 40) + frame + extension + b"data" + struct.pack("<I", len(PCM16)) + PCM16
    )

    assert np.abs(heard(b"RIFF\0\0\0\0WAVE" + body) - TONE).max() <= 1


@pytest.mark.parametrize("size", [0, 0xFFFFFFFF])
def test_a_recorder_that_was_cut_off_leaves_a_file_that_can_be_read(size: int) -> None:
    """Its length was to be filled in at the end."""
    whole = wav(PCM16)
    place = whole.index(b"data") + 4

    assert len(heard(whole[:place] + struct.pack("<I", size) + whole[place + 4 :])) == RATE


def test_the_standard_librarys_own_files_are_read() -> None:
    """The header is no invention of ours."""
    file = io.BytesIO()
    with wave.open(file, "wb") as writer:
        writer.setparams((2, 2, 16000, 0, "NONE", ""))
        writer.writeframes(bytes(64000))

    assert len(heard(file.getvalue())) == RATE


@pytest.mark.parametrize(
    ("content", "name", "why"),
    [
        (b"", "x.wav", "is no WAV file"),
        (b"ID3 music", "x.wav", "is no WAV file"),
        (wav(PCM16)[:30], "x.wav", "cut short"),
        (wav(PCM16)[:-100], "x.wav", "is cut short: 15900 of 16000 bytes"),
        (wav(PCM16, rate=0), "x.wav", "broken header"),
        (wav(PCM16, channels=0), "x.wav", "broken header"),
        (wav(PCM16, kind=2, bits=4), "x.wav", "format 2 with 4 bits"),
        (wav(b""), "x.wav", "holds no sound"),
        (b"", "x.ulaw", "holds no sound"),
        (bytes(8000 * 61), "x.ulaw", "lasts 61 s"),
        (b"fLaC", "x.flac", "is of the kind .flac; convert it to WAV"),
    ],
)
def test_what_cannot_be_used_has_a_reason(content: bytes, name: str, why: str) -> None:
    """The rest of a sentence that begins with the file."""
    assert why in reason(content, name)


def test_numbers_that_are_none_are_silence() -> None:
    """A broken float does not break the others."""
    samples = np.full(RATE, np.nan, dtype="<f4")
    samples[1::2] = np.inf

    assert len(heard(wav(samples.tobytes(), kind=FLOAT, bits=32))) == RATE


def test_a_file_on_disk_is_named_by_what_is_wrong_with_it(tmp_path: Path) -> None:
    good, other = tmp_path / "a.wav", tmp_path / "b.wav"
    good.write_bytes(KINDS["16 bits"])
    other.write_bytes(b"ID3 this is an mp3 file, or claims to be")
    assert read_sound_file(good, max_seconds=2) == PCM16
    for path, complaint in (
        (tmp_path / "none.wav", f"{tmp_path / 'none.wav'}: no such sound file"),
        (other, f"{other} is no WAV file"),
        (good, f"{good} lasts 1 s; 0.5 s are the limit"),
        (tmp_path, f"{tmp_path} cannot be read: Is a directory"),
    ):
        with pytest.raises(SoundFileError) as failure:
            read_sound_file(path, max_seconds=0.5)
        assert str(failure.value) == complaint
