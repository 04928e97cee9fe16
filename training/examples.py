"""Synthetic speech to measure a model on: voices that it was never taught with."""

import wave
from collections.abc import Sequence
from pathlib import Path
from random import Random

from training.curriculum import NUMBER_DIALECTS
from training.features import SAMPLE_RATE
from training.lexicon import read_words
from training.numbers import spoken
from training.synthesis import HELD_OUT_VOICES, Saying, say_all, shuffled_manner

__all__ = ["speak_examples"]

SEED = 777


def speak_examples(folder: Path, count: int) -> list[Path]:
    """Write `count` single words and `count` numbers up to 999 as WAV files; return their tables."""
    words = {word.spelling: word.pronunciations for word in read_words(Path(__file__).parent / "words.tsv")}
    random = Random(SEED)
    single = [random.choice(list(words)) for _ in range(count)]
    numbers = [
        random.choice(spoken(random.randrange(1000), random.choice(NUMBER_DIALECTS))) for _ in range(count)
    ]
    tables = []
    for name, phrases in (("words", single), ("numbers", numbers)):
        sayings = [
            Saying(
                tuple(phrase.split()),
                tuple(words[word][0] for word in phrase.split()),
                *shuffled_manner(random, HELD_OUT_VOICES),
            )
            for phrase in phrases
        ]
        tables.append(_written(folder / name, sayings))
    return tables


def _written(folder: Path, sayings: Sequence[Saying]) -> Path:
    """Files and a table "path, tab, text"."""
    folder.mkdir(parents=True, exist_ok=True)
    lines = []
    for number, (saying, samples) in enumerate(zip(sayings, say_all(sayings), strict=True)):
        name = f"{number:05}-{saying.voice}.wav"
        with wave.open(str(folder / name), "wb") as file:
            file.setnchannels(1)
            file.setsampwidth(2)
            file.setframerate(SAMPLE_RATE)
            file.writeframes(samples.tobytes())
        lines.append(f"{name}\t{' '.join(saying.words)}\n")
    table = folder / "table.tsv"
    table.write_text("".join(lines), encoding="utf-8")
    return table
