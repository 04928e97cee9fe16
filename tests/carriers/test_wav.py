"""`bridge.carriers.wav`: files as a telephone carries them."""

import wave
from pathlib import Path

import numpy as np
import pytest

from bridge.audio.g711 import decode_ulaw, encode_ulaw
from bridge.carriers.wav import WavError, read_wav


def write_wav(path: Path, samples: np.ndarray, *, rate: int = 8000, width: int = 2) -> Path:
    channels = samples.shape[1] if samples.ndim > 1 else 1
    with wave.open(str(path), "wb") as file:
        file.setnchannels(channels)
        file.setsampwidth(width)
        file.setframerate(rate)
        file.writeframes(samples.astype(f"<i{width}" if width > 1 else "u1").tobytes())
    return path


def test_telephone_audio_is_only_encoded(tmp_path: Path) -> None:
    """8 kHz mono becomes mu-law sample by sample."""
    samples = np.arange(-800, 800, dtype="<i2")

    assert read_wav(write_wav(tmp_path / "a.wav", samples)) == encode_ulaw(samples.tobytes())


@pytest.mark.parametrize("rate", [8000, 16_000, 44_100, 48_000])
def test_any_rate_keeps_its_duration(tmp_path: Path, rate: int) -> None:
    """A second stays a second."""
    tone = 8000 * np.sin(np.arange(rate) * 2 * np.pi * 300 / rate)

    assert len(read_wav(write_wav(tmp_path / "a.wav", tone, rate=rate))) == pytest.approx(8000, abs=2)


def test_channels_are_mixed(tmp_path: Path) -> None:
    """A voice on one side of a stereo file is heard at half its height."""
    stereo = np.column_stack([np.full(160, 8000), np.zeros(160)])

    mono = np.frombuffer(decode_ulaw(read_wav(write_wav(tmp_path / "a.wav", stereo))), dtype="<i2")

    assert mono == pytest.approx(np.full(160, 4000), rel=0.05)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    """The error says which file."""
    with pytest.raises(WavError, match=r"none\.wav: no such WAV file"):
        read_wav(tmp_path / "none.wav")


@pytest.mark.parametrize("content", [b"", b"RIFF", b"ID3 this is an mp3 file, or claims to be"])
def test_what_is_no_wav_file_is_refused(tmp_path: Path, content: bytes) -> None:
    """Other formats, and none, are told apart from a missing file."""
    (tmp_path / "a.wav").write_bytes(content)

    with pytest.raises(WavError, match="not a WAV file of 16-bit PCM"):
        read_wav(tmp_path / "a.wav")


def test_other_sample_widths_are_refused(tmp_path: Path) -> None:
    """8-bit audio is not guessed at."""
    path = write_wav(tmp_path / "a.wav", np.full(160, 128), width=1)

    with pytest.raises(WavError, match="8-bit audio; convert it to 16-bit PCM"):
        read_wav(path)


def test_an_empty_file_is_refused(tmp_path: Path) -> None:
    """A WAV file without audio says nothing."""
    path = write_wav(tmp_path / "a.wav", np.zeros(0))

    with pytest.raises(WavError, match="holds no audio"):
        read_wav(path)
