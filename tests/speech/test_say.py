"""What `hatif say` does, with real espeak-ng: files, streams, marks and measures."""

import io
import wave
from pathlib import Path

import numpy as np
import pytest

from bridge.audio.g711 import decode_ulaw, encode_ulaw
from bridge.config import Settings, load_settings
from bridge.errors import BridgeError
from bridge.speech.say import SayError, Wish, say_aloud, say_to_file
from bridge.speech.ssml import SsmlError

HELLO = "مَرْحَباً بِكَ"
SSML = (
    f"<speak><break time='500ms'/>{HELLO}<mark name='m'/><break time='1s'/>{HELLO}<break time='2s'/></speak>"
)


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """The defaults, with prompts in a folder of one's own."""
    path = tmp_path / "config.yaml"
    path.write_text("prompts:\n  folder: prompts\n")
    return load_settings(path, environ={})


def wav_samples(path: Path) -> np.ndarray:
    with wave.open(str(path)) as wav:
        assert wav.getparams()[:3] == (1, 2, 8000)
        return np.frombuffer(wav.readframes(wav.getnframes()), dtype="<i2")


async def test_a_file_is_written_and_measured(settings: Settings, tmp_path: Path) -> None:
    """What the report says of it is so."""
    report = await say_to_file(Wish(HELLO), settings, tmp_path / "a.wav")
    samples = wav_samples(tmp_path / "a.wav")

    assert report.file == str(tmp_path / "a.wav")
    assert report.voice == "espeak-ng/ar"
    assert report.audio_seconds == pytest.approx(len(samples) / 8000, abs=0.001)
    assert 0 < report.first_sound_seconds <= report.elapsed_seconds
    assert report.real_time_factor == pytest.approx(report.elapsed_seconds / report.audio_seconds, abs=0.01)
    assert np.abs(samples).max() > 3000


async def test_silence_that_is_written_stays(settings: Settings, tmp_path: Path) -> None:
    """Polishing takes an engine's own silence away, and not that of the script; marks count it."""
    report = await say_to_file(Wish(SSML), settings, tmp_path / "a.wav")
    samples = wav_samples(tmp_path / "a.wav")

    assert not samples[:4000].any()
    assert samples[4000:5600].any()
    assert not samples[-16_000:].any()
    ((name, seconds),) = [(mark.name, mark.seconds) for mark in report.marks]
    assert name == "m"
    at = round(seconds * 8000)
    assert not np.abs(samples[at + 1000 : at + 6500]).max() > 60
    assert np.abs(samples[at - 3000 : at]).max() > 1000


@pytest.mark.parametrize("name", ["a.au", "a.ulaw", "A.ULAW"])
async def test_other_formats(settings: Settings, tmp_path: Path, name: str) -> None:
    """Sun audio says what it is; raw mu-law is nothing but the sound."""
    path = tmp_path / name
    await say_to_file(Wish(HELLO), settings, tmp_path / "a.wav")
    await say_to_file(Wish(HELLO), settings, path)
    content = path.read_bytes()
    if name.endswith(".au"):
        assert (
            content[:24].hex()
            == "2e736e6400000018" + len(content[24:]).to_bytes(4).hex() + "0000000100001f4000000001"
        )
        content = content[24:]

    assert content == encode_ulaw(wav_samples(tmp_path / "a.wav").tobytes())


async def test_a_stream_is_as_long_as_the_file(settings: Settings, tmp_path: Path) -> None:
    """And as loud, to a few decibels."""
    sink = io.BytesIO()
    streamed = await say_aloud(Wish(SSML), settings, sink)
    written = await say_to_file(Wish(SSML), settings, tmp_path / "a.wav")
    samples = np.frombuffer(decode_ulaw(sink.getvalue()), dtype="<i2")

    assert streamed.audio_seconds == len(samples) / 8000 == pytest.approx(written.audio_seconds, abs=0.1)
    loudness = [
        np.sqrt((sound.astype(float) ** 2).mean()) for sound in (samples, wav_samples(tmp_path / "a.wav"))
    ]
    assert 0.6 < loudness[0] / loudness[1] < 1.6


async def test_sounds_and_voices_of_a_script(settings: Settings, tmp_path: Path) -> None:
    """A file beside the prompts is a sound; a missing one has words in its place; voices have names."""
    settings.prompts.folder.mkdir(parents=True)
    await say_to_file(Wish(HELLO), settings, settings.prompts.folder / "hello.au")
    alone = await say_to_file(Wish("<speak><audio src='cache:hello'/></speak>"), settings, tmp_path / "a.wav")
    script = (
        "<speak><audio src='cache:hello'/><audio src='cache:gone'>لا</audio>"
        "<voice name='espeak-ng/ar+Alicia'>نَعَم</voice></speak>"
    )
    report = await say_to_file(Wish(script), settings, tmp_path / "b.wav")

    assert report.audio_seconds > alone.audio_seconds + 0.5


@pytest.mark.parametrize(
    ("wish", "error", "right"),
    [
        (Wish("<speak><x/></speak>"), SsmlError, "column 8: <x> is not known"),
        (Wish(HELLO, engine="festival"), SayError, "there is no engine 'festival'; there are: espeak-ng"),
        (Wish(HELLO, engine="espeak", voice="xx"), BridgeError, "no voice 'xx'"),
        (Wish("<speak><voice name='nobody'>لا</voice></speak>"), BridgeError, "must be ENGINE/VOICE"),
        (Wish("<speak><audio src='cache:a'/></speak>"), BridgeError, "there is no sound 'a'"),
        (Wish("."), SayError, "nothing came of it"),
        (Wish(" "), SayError, "nothing came of it"),
    ],
)
async def test_what_cannot_be_said(
    settings: Settings, tmp_path: Path, wish: Wish, error: type[Exception], right: str
) -> None:
    """One sentence, and no file."""
    with pytest.raises(error, match=right):
        await say_to_file(wish, settings, tmp_path / "a.wav")

    assert not (tmp_path / "a.wav").exists()


@pytest.mark.parametrize(
    ("wish", "voice"),
    [
        (Wish(HELLO, engine="espeak"), "espeak-ng/ar"),
        (Wish(HELLO, engine="espeak-ng", voice="ar+Denis"), "espeak-ng/ar+Denis"),
        (Wish(HELLO, voice="espeak-ng/ar+Reed"), "espeak-ng/ar+Reed"),
        (Wish(HELLO, voice="ar+Reed"), "espeak-ng/ar+Reed"),
    ],
)
async def test_who_speaks(settings: Settings, tmp_path: Path, wish: Wish, voice: str) -> None:
    """An engine, a voice of it, both in one, or the configured one."""
    assert (await say_to_file(wish, settings, tmp_path / "a.wav")).voice == voice


@pytest.mark.parametrize(
    ("name", "right"), [("a.mp3", "must end in .wav"), ("no/a.wav", "cannot be written")]
)
async def test_files_that_cannot_be_written(
    settings: Settings, tmp_path: Path, name: str, right: str
) -> None:
    """By their name, or by where they would lie."""
    with pytest.raises(SayError, match=right):
        await say_to_file(Wish(HELLO), settings, tmp_path / name)
