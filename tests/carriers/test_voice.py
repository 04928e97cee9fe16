"""`bridge.carriers.voice`: what a caller sounds like."""

import tarfile
from pathlib import Path

import numpy as np
import pytest

from bridge.audio.g711 import decode_ulaw, encode_ulaw, rms
from bridge.audio.levels import peak_dbfs
from bridge.carriers.voice import LineNoise, RecordedVoice, RecordingError, SyntheticVoice, Wording
from bridge.speech.base import Speech

RATE = 22_050
WORD = bytes(range(256)) * 8


class Hum:
    """A synthesiser that says everything as one second of a tone between two silences."""

    identity = "hum"

    async def synthesise(self, text: str) -> Speech:
        tone = 3000 * np.sin(np.arange(RATE) * 2 * np.pi * 400 / RATE)
        silence = np.zeros(RATE // 2)
        return Speech(np.concatenate([silence, tone, silence]).astype("<i2").tobytes(), RATE)


def noise(seed: int = 1) -> LineNoise:
    return LineNoise(np.random.default_rng(seed))


def samples(ulaw: bytes) -> np.ndarray:
    return np.frombuffer(decode_ulaw(ulaw), dtype="<i2").astype(int)


def level_dbfs(ulaw: bytes) -> float:
    return float(20 * np.log10(rms(decode_ulaw(ulaw)) / 32768))


@pytest.fixture
def recordings(tmp_path: Path) -> Path:
    for word in ("yes", "no"):
        (tmp_path / "asc" / word).mkdir(parents=True)
        (tmp_path / "asc" / word / "00000012_NO_01.ulaw").write_bytes(WORD)
    return tmp_path / "asc"


async def test_synthetic_speech_peaks_at_minus_12_dbfs() -> None:
    """Speech reaches the line at the level of an ordinary talker."""
    audio = await SyntheticVoice(Hum(), noise()).speak(Wording("نَعَمْ"))

    assert peak_dbfs(decode_ulaw(audio)) == pytest.approx(-12, abs=0.5)
    assert len(audio) == pytest.approx(16_000, abs=2)


async def test_noise_lies_30_db_below_the_speech() -> None:
    """The level of the line's noise is some 30 dB below speech, also where the voice pauses."""
    audio = await SyntheticVoice(Hum(), noise()).speak(Wording("نَعَمْ"))

    speech, pause = level_dbfs(audio[5000:11_000]), level_dbfs(audio[:3000])

    assert -45 < pause - speech < -25


def test_the_noise_of_a_line_repeats_with_its_seed() -> None:
    """Two lines with one seed hiss alike; another seed hisses otherwise."""
    assert noise(3).frame() == noise(3).frame()
    assert noise(3).frame() != noise(4).frame()


def test_noise_is_never_digital_silence() -> None:
    """Every frame of a caller's line carries sound."""
    line = noise()

    assert all(line.frame().strip(b"\xff\x7f") for _ in range(100))


async def test_recordings_are_played_over_the_lines_noise(recordings: Path) -> None:
    """A recorded voice adds the noise of its line, and nothing else."""
    voice = RecordedVoice(recordings, "00000012", "01", noise=noise())

    played = await voice.speak(Wording("نَعَمْ", word="yes"))
    assert voice.words == {"yes", "no"}
    assert samples(played) - samples(WORD) == pytest.approx(0, abs=1200)
    assert level_dbfs(encode_ulaw((samples(played) - samples(WORD)).astype("<i2").tobytes())) < -35


async def test_recordings_are_read_from_an_archive(recordings: Path, tmp_path: Path) -> None:
    """The archive needs no unpacking."""
    archive = tmp_path / "asc.tar.xz"
    with tarfile.open(archive, "w:xz") as tar:
        tar.add(recordings / "yes", "yes")

    voice = RecordedVoice(archive, "00000012", "01", noise=noise())

    assert len(await voice.speak(Wording("نَعَمْ", word="yes"))) == len(WORD)


async def test_a_missing_recording_is_named(recordings: Path) -> None:
    """The error says which file was expected where."""
    voice = RecordedVoice(recordings, "00000012", "01", noise=noise())

    with pytest.raises(RecordingError, match=r"asc/seven/00000012_NO_01\.ulaw: no such recording"):
        await voice.speak(Wording("سَبْعَة", word="seven"))


async def test_an_answer_without_a_recorded_word_is_refused(recordings: Path) -> None:
    """A recorded voice cannot say what has only a text."""
    voice = RecordedVoice(recordings, "00000012", "01", noise=noise())

    with pytest.raises(RecordingError, match="names no recording"):
        await voice.speak(Wording("غَدًا"))


def test_an_unknown_speaker_is_refused(recordings: Path) -> None:
    """A speaker of whom nothing is there is told at once."""
    with pytest.raises(RecordingError, match=r"holds no WORD/7_NO_01\.ulaw"):
        RecordedVoice(recordings, "7", "01", noise=noise())


@pytest.mark.parametrize(
    ("name", "content", "complaint"),
    [
        ("missing", None, "no such folder or archive"),
        ("asc.zip", b"PK", "neither a folder nor"),
        ("asc.tar.xz", b"no archive", "cannot be read as an archive"),
    ],
)
def test_what_is_no_set_of_recordings_is_refused(
    tmp_path: Path, name: str, content: bytes | None, complaint: str
) -> None:
    """Each mistake has its own sentence."""
    if content is not None:
        (tmp_path / name).write_bytes(content)

    with pytest.raises(RecordingError, match=complaint):
        RecordedVoice(tmp_path / name, "00000012", noise=noise())


def test_an_empty_recording_is_refused(recordings: Path) -> None:
    """A damaged copy is found before the call, not in it."""
    (recordings / "no" / "00000012_NO_01.ulaw").write_bytes(b"")

    with pytest.raises(RecordingError, match=r"no/00000012_NO_01\.ulaw: not a word"):
        RecordedVoice(recordings, "00000012", noise=noise())
