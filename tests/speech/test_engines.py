"""Voices by name: what is wrong is told before anything starts, and each engine has one process."""

import asyncio
import sys
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from pathlib import Path

import pytest

from bridge.config import Settings, load_settings
from bridge.errors import BridgeError, ConfigError, ModelError, WorkerError
from bridge.speech import engines
from bridge.speech.base import Engine, Speech, Synthesizer
from bridge.speech.engines import ENGINES, VoiceBench, VoiceName
from bridge.speech.espeak.synthesizer import EspeakEngine
from bridge.speech.script import Passage

Configure = Callable[..., Settings]


@pytest.fixture
def configured(tmp_path: Path) -> Configure:
    """Settings of a config.yaml with these lines."""

    def configure(*lines: str) -> Settings:
        path = tmp_path / "config.yaml"
        path.write_text("\n".join(lines) + "\n")
        return load_settings(path, environ={})

    return configure


@pytest.fixture
async def bench(configured: Configure) -> AsyncIterator[VoiceBench]:
    bench = VoiceBench(configured("voice:", "  voice: ar+Denis"))
    yield bench
    await bench.stop()


@pytest.mark.parametrize(
    ("text", "engine", "voice"),
    [
        ("espeak-ng/ar+Denis", "espeak-ng", "ar+Denis"),
        ("espeak-ng/ar ", "espeak-ng", "ar"),
    ],
)
def test_a_name_is_read(text: str, engine: str, voice: str) -> None:
    """And written as it was."""
    assert VoiceName.parse(text) == VoiceName(engine, voice)
    assert str(VoiceName.parse(text)) == text.strip()


@pytest.mark.parametrize("text", ["", "ar", "espeak-ng", "espeak-ng/", "espeak-ng/  ", "festival/ar", "/ar"])
def test_what_names_no_voice_is_refused(text: str) -> None:
    """With what a name looks like and the engines that there are."""
    with pytest.raises(ConfigError, match=r"must be ENGINE/VOICE, such as espeak-ng/ar \(engines: espeak-ng"):
        VoiceName.parse(text)


def test_engines_are_those_that_may_be_configured(configured: Configure) -> None:
    """And the other way round."""
    for engine in ENGINES:
        assert configured("voice:", f"  engine: {engine}").voice.engine == engine


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("espeak-ng/tlh2", r"espeak-ng has no voice 'tlh2'; there are: .*\bar\b"),
        ("espeak-ng/ar+Nobody", r"espeak-ng has no variant 'Nobody' of ar; there are: .*\bDenis\b"),
        ("espeak-ng/ar+", r"espeak-ng has no variant '' of ar"),
    ],
)
def test_an_unknown_voice_is_told_with_those_that_there_are(
    name: str, told: str, configured: Configure
) -> None:
    """Nothing has been started for it."""
    with pytest.raises(ConfigError, match=told):
        VoiceBench(configured()).voice(name)


def test_the_configured_voice_is_told_with_its_place(configured: Configure) -> None:
    """File and line."""
    settings = configured("voice:", "  engine: espeak-ng", "  voice: ar+Nobody")

    with pytest.raises(ConfigError, match=r"config\.yaml:3: voice: espeak-ng/ar\+Nobody cannot speak: "):
        VoiceBench(settings).default()


def test_the_library_is_not_loaded_to_know_its_voices(configured: Configure) -> None:
    """It is GPL."""
    VoiceBench(configured()).voice("espeak-ng/ar+Denis")

    assert "espeakng_loader" not in sys.modules


async def test_voices_of_an_engine_share_one_process(bench: VoiceBench) -> None:
    """It starts with the first of them, however many ask at once."""
    names = ["espeak-ng/ar", "espeak-ng/ar+Denis", "espeak-ng/ar+Reed"]
    voices = [bench.voice(name) for name in names]
    assert not any(voice.is_ready for voice in voices)

    spoken = await asyncio.gather(*(voice.synthesise("نَعَم") for voice in voices))

    assert len({speech.pcm for speech in spoken}) == len(names)
    assert all(voice.is_ready for voice in voices)
    assert bench.voice("espeak-ng/ar") is voices[0]


async def test_a_stopped_voice_leaves_its_engine_to_others(bench: VoiceBench) -> None:
    """Only the bench ends it; and a bench that was stopped may start again."""
    voice, other = await bench.start("espeak-ng/ar"), bench.voice("espeak-ng/ar+Reed")
    await voice.stop()
    assert (await other.synthesise("نَعَم")).pcm

    await bench.stop()
    assert not other.is_ready
    assert (await other.synthesise("نَعَم")).pcm


async def test_the_configured_voice(bench: VoiceBench) -> None:
    """As it is configured, and spoken through the engine that all others share."""
    assert "voice=ar+Denis" in bench.default().identity
    assert [piece.rate async for piece in bench.default().stream(Passage("نَعَم"))] == [22050]


async def test_an_engine_that_does_not_start_is_tried_again(
    bench: VoiceBench, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever asks is told; the next one may have better luck."""
    working = EspeakEngine.start

    async def broken(self: EspeakEngine) -> None:
        raise BridgeError("no process today")

    monkeypatch.setattr(EspeakEngine, "start", broken)
    with pytest.raises(BridgeError, match="no process today"):
        await bench.default().synthesise("نَعَم")
    monkeypatch.setattr(EspeakEngine, "start", working)

    assert (await bench.default().synthesise("نَعَم")).pcm


def test_the_configured_voice_has_the_prompts_that_were_rendered_before(configured: Configure) -> None:
    """The name of a prompt depends on the voice's identity: a bench must not change it."""
    identity = VoiceBench(configured("voice:", "  words_per_minute: 150", "  pitch: 40")).default().identity

    assert identity.startswith("espeak-ng/")
    assert "voice=ar wpm=150 pitch=40" in identity


async def test_engines_tell_how_they_are(bench: VoiceBench) -> None:
    """Only those that somebody has asked a voice of; one that has not begun cannot speak."""
    assert bench.states() == {}
    voice = bench.default()
    assert bench.states() == {"espeak-ng": (False, 0)}
    await voice.start()
    assert bench.states() == {"espeak-ng": (True, 0)}


class _Shy(Synthesizer):
    """A voice that has something of its own to make ready, as cloned ones have."""

    def __init__(self) -> None:
        self.starts = 0
        self.fails = 1

    @property
    def identity(self) -> str:
        return "shy"

    @property
    def is_ready(self) -> bool:
        return self.starts > 0

    async def start(self) -> None:
        await asyncio.sleep(0)
        if self.fails:
            self.fails -= 1
            raise WorkerError("not yet")
        self.starts += 1

    async def stop(self) -> None:
        self.starts = 0

    async def stream(self, passage: Passage) -> AsyncGenerator[Speech]:
        yield Speech(passage.text.encode(), self.starts)


class _ShyEngine(Engine):
    """An engine of one such voice."""

    def __init__(self, _settings: Settings) -> None:
        self.starts = 0

    def voice(self, name: str) -> Synthesizer:
        if name != "shy":
            raise ModelError("half a checkpoint")
        return _Shy()

    async def start(self) -> None:
        self.starts += 1

    async def stop(self) -> None:
        self.starts = 0


async def test_a_voice_is_started_once_and_before_it_speaks(
    configured: Configure, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also where SSML alone names it, however many ask at once, and again after a failure or a stop."""
    monkeypatch.setattr(engines, "ENGINES", {**ENGINES, "xtts": _ShyEngine})
    bench = VoiceBench(configured("voice:", "  engine: xtts", "  voice: none"))
    voice = bench.voice("xtts/shy")

    with pytest.raises(WorkerError, match="not yet"):
        await voice.synthesise("a")
    spoken = await asyncio.gather(*(voice.synthesise("a") for _ in range(5)))
    assert spoken == [Speech(b"a", 1)] * 5
    await voice.stop()
    assert [piece async for piece in voice.stream(Passage("b"))] == [Speech(b"b", 1)]
    with pytest.raises(ConfigError, match="xtts/none cannot speak: half a checkpoint"):
        bench.default()
    await bench.stop()
