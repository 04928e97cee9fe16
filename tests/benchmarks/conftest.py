"""A synthetic speaker, where no recordings of people are at hand."""

import asyncio
from pathlib import Path

import pytest
from speaking import speak

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
    asyncio.run(speak(WORDS, folder, "Denis_NO_01.ulaw"))
    return folder
