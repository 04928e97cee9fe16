"""Where long texts are cut."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge.speech.xtts.pieces import CLAUSE_PAUSE_SECONDS, SENTENCE_PAUSE_SECONDS, pieces_of


def texts(text: str, most: int) -> list[str]:
    return [piece.text for piece in pieces_of(text, lambda one: len(one) <= most)]


@pytest.mark.parametrize(
    ("text", "most", "expected"),
    [
        ("هل تشعر بألم؟", 166, ["هل تشعر بألم؟"]),
        ("  two \n words ", 166, ["two words"]),
        ("One. Two. Three.", 10, ["One. Two.", "Three."]),
        ("نعم، أو لا، أو ربما.", 12, ["نعم، أو لا،", "أو ربما."]),
        ("one two three", 8, ["one two", "three"]),
        ("abcdefgh", 3, ["abc", "def", "gh"]),
        ("It is 3.5 mg. Take it.", 14, ["It is 3.5 mg.", "Take it."]),
        ("أهلا. صباح الخير، كيف حالك؟ اجلس.", 14, ["أهلا.", "صباح الخير،", "كيف حالك؟", "اجلس."]),
        ("?! … نعم", 3, ["نعم"]),
        ("", 10, []),
        (" ؟! ... ", 10, []),
    ],
)
def test_it_is_cut_at_the_best_place_that_fits(text: str, most: int, expected: list[str]) -> None:
    """Sentences, then clauses, then words, and only then within one."""
    assert texts(text, most) == expected


def test_pauses_are_those_of_a_reader() -> None:
    """Longer after a sentence than after a comma, none within a clause nor at the end."""
    pieces = pieces_of("One two three, four. Five", lambda one: len(one) <= 8)

    assert [(one.text, one.pause_seconds) for one in pieces] == [
        ("One two", 0.0),
        ("three,", CLAUSE_PAUSE_SECONDS),
        ("four.", SENTENCE_PAUSE_SECONDS),
        ("Five", 0.0),
    ]


@given(st.text("ab ،.؟\n", max_size=200), st.integers(1, 40))
def test_nothing_is_lost_and_all_of_it_fits(text: str, most: int) -> None:
    """Every letter is spoken, in its place, in a piece that is short enough."""
    pieces = texts(text, most)

    assert all(0 < len(one) <= most for one in pieces)
    letters = [one for one in text if one.isalpha()]
    assert [one for one in "".join(pieces) if one.isalpha()] == letters


@given(st.lists(st.text("ab", min_size=1, max_size=8), min_size=1, max_size=30))
def test_words_are_left_whole_where_they_fit(words: list[str]) -> None:
    """No piece ends within one."""
    assert " ".join(texts(" ".join(words), 10)).split() == words
