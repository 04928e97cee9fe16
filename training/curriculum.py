"""What the synthetic voices say: every word, every phrase as answers are phrased, numbers up to 999."""

from collections.abc import Iterator, Mapping, Sequence
from itertools import cycle, islice
from pathlib import Path
from random import Random

from training.numbers import spoken
from training.synthesis import Saying, shuffled_manner

__all__ = ["NUMBER_DIALECTS", "read_phrases", "sayings"]

Pronunciations = Mapping[str, Sequence[tuple[str, ...]]]

NUMBER_DIALECTS = ("msa", "glf", "egy", "lev")
TIMES_WORD = 24
TIMES_PHRASE = 7
TIMES_NUMBER = 5
PRESSURES = 1500


def sayings(words: Pronunciations, phrases: Sequence[str], random: Random) -> list[Saying]:
    """Draw who says what, and how."""
    return [
        *_each_word(words, random),
        *(_saying(words, phrase, random) for phrase in phrases for _ in range(TIMES_PHRASE)),
        *(
            _saying(words, _number(number, random), random)
            for number in range(1000)
            for _ in range(TIMES_NUMBER)
        ),
        *(_saying(words, _pressure(random), random) for _ in range(PRESSURES)),
    ]


def read_phrases(path: Path) -> list[str]:
    """The first column of a table with a heading."""
    rows = path.read_text(encoding="utf-8").splitlines()[1:]
    return [row.split("\t")[0] for row in rows if row]


def _each_word(words: Pronunciations, random: Random) -> Iterator[Saying]:
    for word, pronunciations in words.items():
        # The usual pronunciation comes twice as often as each other.
        for phones in islice(cycle((pronunciations[0], *pronunciations)), TIMES_WORD):
            yield Saying((word,), (phones,), *shuffled_manner(random))


def _saying(words: Pronunciations, phrase: str, random: Random) -> Saying:
    said = tuple(phrase.split())
    chosen = tuple(words[word][0] if random.random() < 0.6 else random.choice(words[word]) for word in said)
    return Saying(said, chosen, *shuffled_manner(random))


def _number(number: int, random: Random) -> str:
    return random.choice(spoken(number, random.choice(NUMBER_DIALECTS)))


def _pressure(random: Random) -> str:
    """A blood pressure: "a hundred and twenty over eighty"."""
    dialect = random.choice(NUMBER_DIALECTS)
    upper, lower = random.randint(80, 220), random.randint(40, 120)
    return " ".join((random.choice(spoken(upper, dialect)), "على", random.choice(spoken(lower, dialect))))
