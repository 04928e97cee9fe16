"""A voice for texts as they are written, of real espeak-ng."""

from contextlib import aclosing

import pytest

from bridge.errors import WorkerError
from bridge.speech.base import whole
from bridge.speech.espeak import EspeakSynthesizer, EspeakWorker
from bridge.speech.performing import PerformanceError
from bridge.speech.reading.reader import Reader
from bridge.speech.script import Manner, Passage
from bridge.speech.scripted import ScriptedVoice
from bridge.speech.seams import FADE_SECONDS
from bridge.speech.ssml import SsmlError

pytestmark = pytest.mark.asyncio(loop_scope="module")

FADE_BYTES = 2 * round(FADE_SECONDS * 22_050)


def scripted(espeak: EspeakWorker, **options: object) -> ScriptedVoice:
    voice = EspeakSynthesizer(worker=espeak)
    return ScriptedVoice(voice, read=Reader().read, reading="1", **options)  # type: ignore[arg-type]


async def test_words_are_spoken_as_ever(espeak: EspeakWorker) -> None:
    """A text that needs no reading sounds as the voice alone, but for a fade at its ends."""
    for passage in (Passage("مَرْحَباً بِكَ"), Passage("نَعَم", manner=Manner(rate=1.5, pitch=3))):
        alone = await whole(EspeakSynthesizer(worker=espeak).stream(passage))
        said = await whole(scripted(espeak).stream(passage))
        assert (said.rate, len(said.pcm)) == (alone.rate, len(alone.pcm))
        assert said.pcm[FADE_BYTES:-FADE_BYTES] == alone.pcm[FADE_BYTES:-FADE_BYTES]


async def test_figures_are_read_out(espeak: EspeakWorker) -> None:
    """As the reader says them, and not as the engine would."""
    said = await scripted(espeak).synthesise("عِنْدَكَ 25")

    assert said == await EspeakSynthesizer(worker=espeak).synthesise(Reader().read("عِنْدَكَ 25"))


async def test_ssml_is_performed(espeak: EspeakWorker) -> None:
    """Or spoken as text, by a voice that takes none: with signs, brackets and all."""
    pause = await scripted(espeak).synthesise("<speak><break time='1s'/></speak>")
    assert (len(pause.pcm), pause.rate) == (16_000, 8000)

    text = await scripted(espeak, takes_ssml=False).synthesise("<speak>نَعَم</speak>")
    ssml = await scripted(espeak).synthesise("<speak>نَعَم</speak>")
    assert len(text.pcm) > len(ssml.pcm) * 1.5


async def test_its_errors(espeak: EspeakWorker) -> None:
    """Those of SSML, of a script, and of the engine."""
    with pytest.raises(SsmlError, match="column 8"):
        await scripted(espeak).synthesise("<speak><x/></speak>")
    with pytest.raises(PerformanceError, match="'espeak-ng/ar' is named"):
        await scripted(espeak).synthesise("<speak><voice name='espeak-ng/ar'>لا</voice></speak>")
    with pytest.raises(WorkerError, match="longer than"):
        await scripted(espeak).synthesise("نعم " * 2000)


async def test_it_is_the_voice_in_all_else(espeak: EspeakWorker) -> None:
    """What changes the sound is in its identity."""
    voice = EspeakSynthesizer(worker=espeak)
    first = ScriptedVoice(voice, read=Reader().read, reading="1")
    second = ScriptedVoice(voice, read=Reader().read, reading="2")
    await first.start()

    assert first.is_ready
    assert len({voice.identity, first.identity, second.identity}) == 3
    assert first.identity.startswith(voice.identity)
    async with aclosing(first.stream(Passage("نَعَم"))) as pieces:
        assert (await anext(pieces)).rate == 22_050
    await first.stop()
    assert espeak.is_ready
