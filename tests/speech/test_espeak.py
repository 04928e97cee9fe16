"""The voice: real espeak-ng in its own process."""

import asyncio
import os
import signal
import sys
import unicodedata

import pytest

from bridge.errors import WorkerError
from bridge.speech.espeak.synthesizer import (
    MAX_TEXT_CHARACTERS,
    EspeakSynthesizer,
    EspeakWorker,
    shadda_first,
)

pytestmark = pytest.mark.asyncio(loop_scope="module")

HEALTH = "الصِّحَّةِ"


async def test_a_text_is_spoken(espeak: EspeakWorker) -> None:
    """Speech comes as 16-bit samples with their rate, and lasts as long as a word does."""
    speech = await EspeakSynthesizer(worker=espeak).synthesise("نَعَم")

    assert speech.rate == 22050
    assert 0.3 < len(speech.pcm) / 2 / speech.rate < 3
    assert any(speech.pcm)


async def test_the_same_text_sounds_the_same(espeak: EspeakWorker) -> None:
    """A prompt may be cached: what was spoken in between leaves no trace."""
    voice = EspeakSynthesizer(worker=espeak, voice="ar")
    first = await voice.synthesise("أَهْلاً بِكَ")
    await EspeakSynthesizer(worker=espeak, voice="ar+Reed", pitch=90, words_per_minute=300).synthesise("لا")

    assert await voice.synthesise("أَهْلاً بِكَ") == first


async def test_voices_and_prosody_differ(espeak: EspeakWorker) -> None:
    """Variant, speed and pitch change the sound, and the identity with it."""
    options = ({}, {"voice": "ar+Alex"}, {"words_per_minute": 300}, {"pitch": 90})
    voices = [EspeakSynthesizer(worker=espeak, **option) for option in options]  # type: ignore[arg-type]
    spoken = [await voice.synthesise("نَعَم") for voice in voices]

    assert len({speech.pcm for speech in spoken}) == 4
    assert len({voice.identity for voice in voices}) == 4


@pytest.mark.parametrize("voice", ["xx", "", "ar+Nobody", "ar+", "+Alex", "ar+../../ar", "Alex"])
async def test_a_voice_that_does_not_exist_is_named(espeak: EspeakWorker, voice: str) -> None:
    """espeak-ng itself would speak in another voice, or not at all."""
    with pytest.raises(WorkerError, match="has no voice"):
        await EspeakSynthesizer(worker=espeak, voice=voice).synthesise("نعم")

    assert espeak.is_ready


@pytest.mark.parametrize("text", ["", "   ", "\0", "x" * (MAX_TEXT_CHARACTERS + 1)])
async def test_what_cannot_be_spoken_is_refused(espeak: EspeakWorker, text: str) -> None:
    """No sound, or too much of it, is an error and not an empty prompt."""
    with pytest.raises(WorkerError):
        await EspeakSynthesizer(worker=espeak).synthesise(text)

    assert espeak.restarts == 0


async def test_markup_is_text(espeak: EspeakWorker) -> None:
    """Nothing in a text is taken for SSML: a sign of it does not silence the rest."""
    voice = EspeakSynthesizer(worker=espeak)
    plain = await voice.synthesise("نعم نعم نعم")
    marked = await voice.synthesise("نعم <break/ نعم نعم")

    assert len(marked.pcm) >= len(plain.pcm)


async def test_shadda_goes_first(espeak: EspeakWorker) -> None:
    """Canonical order and shadda-first order are spoken alike, since both are put right."""
    canonical = unicodedata.normalize("NFC", HEALTH)
    voice = EspeakSynthesizer(worker=espeak)

    assert shadda_first(canonical) == shadda_first(shadda_first(canonical))
    assert "\u0651\u0650" in shadda_first(canonical)
    assert await voice.synthesise(canonical) == await voice.synthesise(shadda_first(canonical))


async def test_many_ask_at_once(espeak: EspeakWorker) -> None:
    """Requests are spoken one after the other, each in its own voice."""
    voices = [EspeakSynthesizer(worker=espeak, pitch=pitch) for pitch in (0, 50, 99) * 3]
    spoken = await asyncio.gather(*(voice.synthesise("نَعَم") for voice in voices))

    assert spoken[:3] == spoken[3:6] == spoken[6:]
    assert len({speech.pcm for speech in spoken}) == 3


async def test_a_dead_voice_comes_back() -> None:
    """A synthesiser with a process of its own speaks again after that was killed."""
    voice = EspeakSynthesizer()
    await voice.start()
    first = await voice.synthesise("نَعَم")
    assert voice.worker.pid is not None
    os.kill(voice.worker.pid, signal.SIGKILL)
    with pytest.raises(WorkerError, match="died"):
        await voice.synthesise("نَعَم")

    assert await voice.synthesise("نَعَم") == first
    assert (voice.is_ready, voice.worker.restarts) == (True, 1)
    await voice.stop()


async def test_identity_is_known_before_the_start() -> None:
    """What is cached can be looked up without a process."""
    identity = EspeakSynthesizer(voice="ar+Denis", words_per_minute=140).identity

    assert identity.startswith("espeak-ng/")
    assert "voice=ar+Denis" in identity
    assert "wpm=140" in identity


@pytest.mark.parametrize("options", [{"words_per_minute": 20}, {"pitch": 101}])
async def test_prosody_has_limits(options: dict[str, int]) -> None:
    """Values that espeak-ng would bend are refused when the voice is made."""
    with pytest.raises(ValueError, match="must be"):
        EspeakSynthesizer(**options)  # type: ignore[arg-type]


async def test_the_library_stays_in_its_process(espeak: EspeakWorker) -> None:
    """GPL code is never loaded here."""
    with open("/proc/self/maps") as maps:  # noqa: ASYNC230, PTH123 - a file of the kernel's, read at once
        loaded = maps.read()

    assert espeak.is_ready
    assert "espeak" not in loaded
    assert "espeakng_loader" not in sys.modules
