"""Adding a voice: every kind of file, everything that can be wrong with it, and nothing half-made."""

import hashlib
import io
import struct
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from bridge.voices.adding import Decode, NewVoice, add_voice
from bridge.voices.card import VoiceCard
from bridge.voices.checking import wav_of
from bridge.voices.errors import VoiceError
from bridge.voices.shelf import VoiceShelf

RATE = 22_050  # hertz, of espeak-ng
NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
Samples = NDArray[np.float64]
AsFile = Callable[..., bytes]
Add = Callable[..., Awaitable[VoiceCard]]

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest.fixture
def shelf(tmp_path: Path) -> VoiceShelf:
    return VoiceShelf(tmp_path / "voices")


@pytest.fixture
def add(shelf: VoiceShelf, consent: Path, tmp_path: Path, decode: Decode) -> Add:
    def add(content: bytes, *, statement: bytes | None = None, **more: str) -> Awaitable[VoiceCard]:
        sample = tmp_path / more.pop("file", "sample.bin")
        sample.write_bytes(content)
        if statement is not None:
            consent.write_bytes(statement)
        wanted = NewVoice(more.pop("name", "nurse"), sample, consent, "root", **more)  # type: ignore[arg-type]
        return add_voice(shelf, wanted, decode, NOW)

    return add


@pytest.mark.parametrize(
    "kind",
    [("wav", "pcm_s16le"), ("flac", "flac"), ("ogg", "libopus"), ("mp3", "libmp3lame"), ("mp4", "aac")],
)
async def test_a_recording_of_any_kind_becomes_a_voice(
    add: Add, shelf: VoiceShelf, samples: Samples, as_file: AsFile, kind: tuple[str, str]
) -> None:
    """Kept as 24 kHz mono, with what it was and who agreed."""
    content = as_file(samples, *kind)
    card = await add(content, gender="female", dialect="lev", language="ar-JO", description="من العيادة")

    assert (card.language, card.dialect, card.gender, card.description) == (
        "ar-JO",
        "lev",
        "female",
        "من العيادة",
    )
    assert card.recording.sha256 == hashlib.sha256(content).hexdigest()
    assert card.recording.seconds == pytest.approx(len(samples) / RATE, abs=0.1)
    assert (card.consent.kind, card.consent.added_by, card.consent.added_at) == ("text", "root", NOW)
    assert shelf.card("nurse") == card
    pcm, rate = shelf.reference("nurse")
    assert rate == 24_000
    assert len(pcm) / 2 / rate == pytest.approx(card.recording.seconds, abs=0.01)
    assert b"Mariam" in shelf.consent("nurse")
    assert sorted(path.name for path in (shelf.folder / "nurse").iterdir()) == [
        *("consent", "reference.wav", "voice.json"),
    ]


def spoiled(samples: Samples, rate: int) -> dict[str, tuple[Samples, str]]:
    noise = np.random.default_rng(3).normal(0, 1, len(samples))
    level = float(np.sqrt(np.mean(samples**2)))
    at = 2 * np.pi * np.arange(len(samples)) / rate
    hum = 3000 * sum((np.sin(at * hertz) for hertz in (100, 233, 351)), np.zeros(len(samples)))
    pauses = np.concatenate((samples[: 3 * rate], np.zeros(15 * rate)))
    return {
        "short": (samples[: 2 * rate], "lasts 2.0 s; a recording must last 3 to 30 s"),
        "long": (np.resize(samples, 33 * rate), "lasts longer than 30 s; cut 3 to 30 s out of it"),
        "silent": (samples * 0, "is silent"),
        "nearly silent": (samples / 3000, "is silent"),
        "quiet": (samples / 40, "is too quiet: its speech is at -5"),
        "clipped": (samples * 8, "is clipped: "),
        "clipped and turned down": ((samples * 8).clip(-32_000, 32_000) / 4, "is clipped: "),
        "noise": (noise * 3000, "has too little speech in it: 0% of it"),
        "hum": (hum, "has too little speech in it"),
        "pauses": (pauses, "has too little speech in it"),
        "noisy": (samples + noise * level / 2, "is too noisy: its speech is"),
    }


@pytest.mark.parametrize(
    "how",
    [
        *("short", "long", "silent", "nearly silent", "quiet", "clipped"),
        *("clipped and turned down", "noise", "hum", "pauses", "noisy"),
    ],
)
async def test_an_unfit_recording_is_refused_in_a_sentence(
    add: Add, shelf: VoiceShelf, samples: Samples, as_file: AsFile, how: str
) -> None:
    """Which names the file and what is wrong with it; and nothing is kept."""
    unfit, reason = spoiled(samples, RATE)[how]
    with pytest.raises(VoiceError) as caught:
        await add(as_file(unfit), file="sample.wav")
    assert f"sample.wav {reason}" in str(caught.value)
    assert shelf.names() == []
    assert not shelf.folder.exists()


async def test_a_little_noise_and_a_low_level_are_taken(add: Add, samples: Samples, as_file: AsFile) -> None:
    """What a quiet room and an ordinary microphone give."""
    noise = np.random.default_rng(3).normal(0, 1, len(samples)) * float(np.sqrt(np.mean(samples**2))) / 15
    card = await add(as_file((samples + noise) / 6))
    assert 17 < card.recording.snr_db < 30
    assert -40 < card.recording.level_dbfs < -30


def claiming(wav: bytes, size: int) -> bytes:
    """A WAV file whose header says that its sound has so many bytes."""
    return wav[:4] + struct.pack("<I", size + 36) + wav[8:40] + struct.pack("<I", size) + wav[44:]


def picture() -> bytes:
    """A film without sound."""
    import av  # noqa: PLC0415

    file = io.BytesIO()
    with av.open(file, "w", format="mp4") as out:
        stream = out.add_stream("mpeg4", rate=10)
        stream.width = stream.height = 64
        stream.pix_fmt = "yuv420p"
        out.mux(stream.encode(av.VideoFrame(64, 64, "yuv420p")))
        out.mux(stream.encode(None))
    return file.getvalue()


async def test_what_is_no_recording_is_refused(
    add: Add, shelf: VoiceShelf, samples: Samples, as_file: AsFile
) -> None:
    """Whatever its name: by what is in it, and by how large it is."""
    flac = as_file(samples, "flac", "flac")
    bomb = as_file(np.zeros(600 * RATE), "flac", "flac")
    assert len(bomb) < 200_000
    hostile = {
        b"this is no sound " * 100: "is no sound file, or of a kind that cannot be read",
        b"": "is no sound file",
        bytes(10 * 2**20 + 1): "is larger than 10 MiB, the limit of a recording",
        picture(): "holds no sound",
        bomb: "lasts longer than 30 s",
        flac[: len(flac) // 10]: "",
    }
    for content, reason in hostile.items():
        with pytest.raises(VoiceError) as caught:
            await add(content, file="sample.wav")
        assert "sample.wav" in str(caught.value)
        assert reason in str(caught.value)
    assert shelf.names() == []
    pcm = samples.astype("<i2").tobytes()
    card = await add(claiming(wav_of(pcm, RATE), 100 * 2**20))  # it is what is there that counts
    assert card.recording.seconds < 30


@pytest.mark.parametrize(
    "refused",
    [
        (b"", "is empty; it must hold the speaker's consent, as text, PDF or a recording"),
        (b" \n\t\0 ", "is empty"),
        (b"yes", "is too short to be a consent; it must say who agrees, and to what"),
        (b"12345 67890 12345 67890 1234", "is too short"),
        (b"\xff\xfe\x00\x01" * 30, "the consent must be text (UTF-8), a PDF or a recording of the statement"),
        (b"x" * (2**20 + 1), "is larger than 1 MiB, the limit of the consent"),
    ],
)
async def test_without_a_consent_there_is_no_voice(
    add: Add, shelf: VoiceShelf, samples: Samples, as_file: AsFile, refused: tuple[bytes, str]
) -> None:
    """An empty file is none, nor is a word."""
    statement, reason = refused
    with pytest.raises(VoiceError) as caught:
        await add(as_file(samples), statement=statement)
    assert reason in str(caught.value)
    assert shelf.names() == []


async def test_a_consent_may_be_a_pdf_or_spoken(
    add: Add, shelf: VoiceShelf, samples: Samples, as_file: AsFile
) -> None:
    """By what it is; a silent recording is none."""
    assert (await add(as_file(samples), statement=b"%PDF-1.7\n%...")).consent.kind == "pdf"
    spoken = as_file(samples, "ogg", "libopus")
    assert (await add(as_file(samples), statement=spoken, name="second")).consent.kind == "audio"
    assert shelf.consent("second") == spoken
    with pytest.raises(VoiceError, match="is a recording in which nothing is said"):
        await add(as_file(samples), statement=as_file(samples * 0, "ogg", "libopus"), name="third")


async def test_a_missing_file_is_named(
    shelf: VoiceShelf, consent: Path, tmp_path: Path, decode: Decode
) -> None:
    """Recording or consent."""
    for sample, statement in ((tmp_path / "none.wav", consent), (consent, tmp_path / "none.pdf")):
        with pytest.raises(VoiceError, match=r"none\.(wav|pdf) cannot be read: No such file"):
            await add_voice(shelf, NewVoice("nurse", sample, statement, "root"), decode, NOW)


@pytest.mark.parametrize(
    "name", ["", "..", "../nurse", "a/b", "-x", ".x", "ممرضة", "a" * 41, "a b", "a\n", "a\0"]
)
async def test_a_name_that_could_be_a_path_is_refused(add: Add, shelf: VoiceShelf, name: str) -> None:
    """Before anything is read."""
    with pytest.raises(VoiceError, match=r"is no name for a voice; it must be 1 to 40 letters"):
        await add(b"", name=name)
    assert not shelf.folder.exists()


@pytest.mark.parametrize("language", ["arabic", "ar_JO", "", "AR"])
async def test_a_language_is_a_tag(add: Add, samples: Samples, as_file: AsFile, language: str) -> None:
    """As everywhere."""
    with pytest.raises(VoiceError, match="is no language; it must be a BCP 47 tag such as ar, ar-JO"):
        await add(as_file(samples), language=language)


async def test_a_name_is_given_once_and_voices_have_a_limit(
    decode: Decode, consent: Path, tmp_path: Path, samples: Samples, as_file: AsFile
) -> None:
    """A second voice of that name does not replace the first."""
    shelf = VoiceShelf(tmp_path / "voices", max_voices=2)
    sample = tmp_path / "sample.wav"
    sample.write_bytes(as_file(samples))
    first = await add_voice(shelf, NewVoice("one", sample, consent, "root"), decode, NOW)
    with pytest.raises(VoiceError, match="there is a voice one already"):
        await add_voice(shelf, NewVoice("one", sample, consent, "other"), decode, NOW)
    assert shelf.card("one") == first
    await add_voice(shelf, NewVoice("two", sample, consent, "root"), decode, NOW)
    with pytest.raises(VoiceError, match=r"there are 2 cloned voices, and voices\.max_voices is 2"):
        await add_voice(shelf, NewVoice("three", sample, consent, "root"), decode, NOW)
