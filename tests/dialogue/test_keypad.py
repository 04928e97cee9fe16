"""Keys into entries."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge.dialogue.actions import Keys
from bridge.dialogue.inputs import Digits
from bridge.dialogue.keypad import Keypad


def test_an_entry_ends_with_its_last_possible_key() -> None:
    """A single-key question needs no terminator."""
    assert Keypad(Keys(max_digits=1)).press("2") == Digits("2")


def test_an_entry_ends_with_the_terminator() -> None:
    """The terminator is no part of it."""
    keypad = Keypad(Keys(max_digits=3))
    assert keypad.press("8") is None
    assert not keypad.is_empty
    assert keypad.press("#") == Digits("8")
    assert keypad.is_empty


def test_an_entry_ends_with_a_pause() -> None:
    """Whoever holds the clock says when."""
    keypad = Keypad(Keys(max_digits=3))
    keypad.press("8")
    assert keypad.expire() == Digits("8")
    assert keypad.expire() is None


def test_a_terminator_alone_is_nothing() -> None:
    """There is no empty entry."""
    assert Keypad(Keys(max_digits=2)).press("#") is None


def test_the_star_is_an_entry_of_its_own() -> None:
    """It drops what was pressed before."""
    keypad = Keypad(Keys(max_digits=3))
    keypad.press("8")
    assert keypad.press("*") == Digits("*")
    assert keypad.is_empty


@pytest.mark.parametrize("key", ["", "A", "12", "٣", " "])
def test_what_is_no_key_is_ignored(key: str) -> None:
    """Carriers also send A to D, and whatever else."""
    assert Keypad(Keys(max_digits=1)).press(key) is None


@given(st.lists(st.sampled_from("0123456789"), max_size=20), st.integers(1, 6))
def test_no_digit_is_lost(keys: list[str], longest: int) -> None:
    """Entries put end to end are what was pressed."""
    keypad = Keypad(Keys(max_digits=longest))
    entries = [keypad.press(key) for key in keys] + [keypad.expire()]
    assert "".join(entry.keys for entry in entries if entry) == "".join(keys)
