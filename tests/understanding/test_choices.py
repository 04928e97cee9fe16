"""One of a few options."""

import pytest

from bridge.understanding.choices import read_choice
from bridge.understanding.meaning import Finding

SLEEP = {"good": ["جيد", "جيد جدا", "زين"], "fair": ["عادي", "طيب"], "poor": ["سيئ"]}


@pytest.mark.parametrize(
    ("said", "value"),
    [
        ("جيد", "good"),
        ("جَيِّد جِدًّا", "good"),
        ("والله سيئ", "poor"),
        ("سيئ سيئ", "poor"),
        ("طيب", "fair"),
        ("زين", "good"),
    ],
)
def test_an_option_is_known_by_its_phrases(said: str, value: str) -> None:
    """Fillers fall away, unless an option claims the word."""
    assert read_choice(said, SLEEP).value == value


def test_two_options_are_ambiguous() -> None:
    """Naming two of them chooses none."""
    assert read_choice("جيد سيئ", SLEEP).finding is Finding.AMBIGUOUS


@pytest.mark.parametrize("said", ["", "والله", "مو جيد", "جيدا", "سبعة"])
def test_other_words_choose_nothing(said: str) -> None:
    """A negated or unknown word is never mapped to the option beside it."""
    assert read_choice(said, SLEEP).finding is Finding.NOTHING
