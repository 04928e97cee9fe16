"""A synthetic speaker, where no recordings of people are at hand."""

import asyncio
from pathlib import Path

import pytest

from bridge.audio.g711 import encode_ulaw
from bridge.audio.levels import scale_to_peak
from bridge.audio.resample import resample
from bridge.speech.espeak.synthesizer import EspeakSynthesizer

WORDS = {
    "yes": "نَعَم",
    "no": "لا",
    "zero": "صِفْر",
    "one": "وَاحِد",
    "two": "اِثْنَان",
    "three": "ثَلَاثَة",
    "four": "أَرْبَعَة",
    "five": "خَمْسَة",
    "six": "سِتَّة",
    "seven": "سَبْعَة",
    "eight": "ثَمَانِيَة",
    "nine": "تِسْعَة",
}


@pytest.fixture(scope="session")
def synthetic_speaker(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a yes, a no and every digit of one, as benchmarks read them."""
    folder = tmp_path_factory.mktemp("synthetic_speaker")
    asyncio.run(speak(folder))
    return folder


async def speak(folder: Path) -> None:
    voice = EspeakSynthesizer(voice="ar+Denis")
    await voice.start()
    for word, text in WORDS.items():
        speech = await voice.synthesise(text)
        pcm = scale_to_peak(resample(speech.pcm, speech.rate, 8000), -12.0)
        (folder / word).mkdir()
        (folder / word / "Denis_NO_01.ulaw").write_bytes(encode_ulaw(pcm))
    await voice.stop()
