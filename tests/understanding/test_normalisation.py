"""Spelling: every way of writing a word comes out the same."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge.understanding.normalisation import bare, normalise, phrase_of

ARABIC = st.text(st.characters(min_codepoint=0x600, max_codepoint=0x6FF), max_size=30)


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("خَمْسَة", "خمسه"),
        ("ثـــلاثـــة", "ثلاثه"),
        ("أربعة", "اربعه"),
        ("إحدى", "احدي"),
        ("ﻻ ﺑﺄﺱ", "لا باس"),
        ("\u200fلا", "لا"),
        ("شیء", "شي"),
        ("لا_أعرف", "لا اعرف"),
        ("نعمممم", "نعم"),
        ("نعم، صحيح!", "نعم صحيح"),
        ("  لا   لا ", "لا لا"),
        ("", ""),
    ],
)
def test_spellings_meet(written: str, expected: str) -> None:
    """Vowel signs, hamza seats, presentation forms and invisible marks make no difference."""
    assert normalise(written) == expected


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("١٢٠", "120"),
        ("۳۷٫۵", "37.5"),
        ("37,5", "37.5"),
        ("1,200", "1200"),
        ("١٬٢٠٠", "1200"),
        ("120/80", "120 / 80"),
        ("خمسة.", "خمسه"),
    ],
)
def test_digits_become_ascii(written: str, expected: str) -> None:
    """Digits of every script read alike, and a comma is told from a decimal point."""
    assert normalise(written) == expected


@given(st.one_of(ARABIC, st.text(max_size=30)))
def test_normalising_twice_changes_nothing(text: str) -> None:
    """A normalised text is its own normal form."""
    assert normalise(normalise(text)) == normalise(text)


@given(st.one_of(ARABIC, st.text(max_size=30), st.text("ن.,/1٢ـ\u0651 \n", max_size=12)))
def test_a_phrase_of_a_list_is_its_words(text: str) -> None:
    """What is kept of each word is what the whole phrase would have come to."""
    assert phrase_of(text) == tuple(normalise(text).split())


@given(st.text("ن.,/1ىي", max_size=12))
def test_only_letters_are_drawn_out(text: str) -> None:
    """A letter written three times or more is one; digits and twins stay as they are."""
    found = normalise(text)
    assert "ننن" not in found
    assert "ييي" not in found
    assert found.count("1") == text.count("1")


def test_bare_keeps_the_letters_as_written() -> None:
    """Only the vowel signs go, for the recogniser spells with hamza and ta marbuta."""
    assert bare("سَيِّئ") == "سيئ"
    assert bare("لَا  أَعْرِف") == "لا أعرف"
