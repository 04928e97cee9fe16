"""Recordings are read as they lie, and nobody who is tested on is learned from."""

import io
import tarfile
import wave
from pathlib import Path

import numpy as np
import pytest

from bridge.errors import BridgeError
from training.corpus import TRAINING_SPEAKERS, VALIDATION_SPEAKERS, read_noise, read_recordings

LEARNED_FROM, TESTED_ON, UNKNOWN = "00000001", "00000002", "00000003"


def one_second(rate: int, *, channels: int = 1) -> bytes:
    """A WAV file with a tone in its second half."""
    time = np.arange(rate) / rate
    tone = np.where(time > 0.5, 8000 * np.sin(2 * np.pi * 440 * time), 0).astype("<i2")
    content = io.BytesIO()
    with wave.open(content, "wb") as file:
        file.setnchannels(channels)
        file.setsampwidth(2)
        file.setframerate(rate)
        file.writeframes(np.repeat(tone, channels).tobytes())
    return content.getvalue()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name in (
        f"yes/{LEARNED_FROM}_NO_01.wav",
        f"yes/{TESTED_ON}_NO_01.wav",
        f"yes/{UNKNOWN}_NO_01.wav",
        f"dishes/{LEARNED_FROM}_NO_01.wav",
    ):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(one_second(16000))
    (tmp_path / "noise").mkdir()
    (tmp_path / "noise/boiler.ulaw").write_bytes(b"\xff" * 8000)
    return tmp_path


def test_no_speaker_is_on_both_sides() -> None:
    assert TRAINING_SPEAKERS.isdisjoint(VALIDATION_SPEAKERS)


def test_speakers_are_kept_apart_and_strangers_left_alone(folder: Path) -> None:
    corpus = read_recordings(folder)
    assert [(clip.words, clip.speaker) for clip in corpus.training] == [(("نعم",), LEARNED_FROM)]
    assert [(clip.words, clip.speaker) for clip in corpus.validation] == [(("نعم",), TESTED_ON)]


def test_recordings_come_out_at_8_khz_with_their_speech_marked(folder: Path) -> None:
    (clip,) = read_recordings(folder).training
    assert clip.samples.shape == (8000,)
    begin, end = clip.speech
    assert begin == pytest.approx(4000, abs=240)
    assert end == pytest.approx(8000, abs=240)


def test_archives_are_read_as_folders_are(folder: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    packed = tmp_path_factory.mktemp("packed")
    with tarfile.open(packed / "recordings.tar.xz", "w:xz") as archive:
        archive.add(folder, ".")
    lying, archived = read_recordings(folder), read_recordings(packed)
    assert [(clip.words, clip.speaker) for clip in archived.training] == [
        (clip.words, clip.speaker) for clip in lying.training
    ]
    assert np.array_equal(archived.training[0].samples, lying.training[0].samples)


def test_noise_is_what_lies_in_no_words_folder(folder: Path) -> None:
    (noise,) = read_noise(folder)
    assert len(noise) == 8000


def test_two_channels_become_one(folder: Path) -> None:
    (folder / f"yes/{LEARNED_FROM}_NO_01.wav").write_bytes(one_second(8000, channels=2))
    (clip,) = read_recordings(folder).training
    assert clip.samples.shape == (8000,)


def test_an_unreadable_recording_is_named(folder: Path) -> None:
    (folder / f"yes/{LEARNED_FROM}_NO_01.wav").write_bytes(b"no sound")
    with pytest.raises(BridgeError, match=f"yes/{LEARNED_FROM}_NO_01.wav is no WAV file that can be read"):
        read_recordings(folder)


def test_a_folder_without_recordings_says_what_should_be_there(tmp_path: Path) -> None:
    with pytest.raises(BridgeError, match=r"holds no recordings WORD/SPEAKER_NO_ROUND\.wav"):
        read_recordings(tmp_path)


def test_what_is_no_folder_is_named(tmp_path: Path) -> None:
    with pytest.raises(BridgeError, match="nowhere is no folder"):
        read_recordings(tmp_path / "nowhere")
