"""Figures in English texts."""

from pathlib import Path

import pytest

from bridge.speech.reading import Reader
from bridge.speech.reading.english import cardinal, ordinal, year
from bridge.speech.reading.english_names import CURRENCY_NAMES, UNIT_NAMES
from bridge.speech.reading.units import CURRENCIES, UNITS

READER = Reader()
LINES = Path(__file__).with_name("english.tsv").read_text(encoding="utf-8").splitlines()
ROWS = [(written, said) for written, _, said in (line.partition("\t") for line in LINES)]


@pytest.mark.parametrize(("written", "said"), ROWS, ids=[written for written, _ in ROWS])
def test_row(written: str, said: str) -> None:
    """Each row is said as it stands there, in every English, and is said again the same."""
    assert READER.read(written, "en-GB") == said
    assert READER.read(said, "en") == said


def test_every_unit_and_currency_has_an_english_name() -> None:
    """Both languages say the same units."""
    assert UNIT_NAMES.keys() == UNITS.keys()
    assert CURRENCY_NAMES.keys() == CURRENCIES.keys()


def test_numbers() -> None:
    """Ordinals differ in their last word only, and years are said in pairs."""
    assert cardinal(1_000_001) == "one million one"
    assert [ordinal(number) for number in (1, 8, 12, 21, 30, 100)] == [
        "first",
        "eighth",
        "twelfth",
        "twenty-first",
        "thirtieth",
        "one hundredth",
    ]
    assert [year(number) for number in (1447, 1905, 2000, 2009, 2026, 800)] == [
        "fourteen forty-seven",
        "nineteen oh five",
        "two thousand",
        "two thousand nine",
        "twenty twenty-six",
        "eight hundred",
    ]
