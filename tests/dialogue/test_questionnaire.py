"""The model of a questionnaire."""

import pytest
from pydantic import ValidationError

from bridge.dialogue.questionnaire import Option, Questionnaire


def test_an_item_is_found_by_its_id(short: Questionnaire) -> None:
    """An unknown id finds nothing."""
    found = short.item("pain")
    assert found is not None
    assert found.type == "yes_no"
    assert short.item("nothing") is None


def test_it_cannot_be_changed(short: Questionnaire) -> None:
    """A call finishes on the questionnaire that it began with."""
    with pytest.raises(ValidationError):
        short.title = "آخر"  # type: ignore[misc]


def test_an_option_is_named_as_a_recogniser_spells() -> None:
    """Vowels are for the voice only."""
    assert Option(value="fair", say="عَادِيّ", accept=("مُتَوَسِّط",), key="1").phrases == ("عادي", "متوسط")


def test_only_small_numbers_are_asked_by_voice(short: Questionnaire) -> None:
    """What the recogniser does not know is asked by keypad."""
    assert [short.is_spoken(item) for item in short.items] == [True, True, True, True, False]
