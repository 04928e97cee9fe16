"""YAML as this product reads it."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bridge.dialogue.document import MAX_CHARACTERS, read_document


def only_problem(text: str) -> str:
    (problem,) = read_document(text).problems
    return f"{problem.line}: {problem.text}"


@pytest.mark.parametrize(
    ("written", "value"),
    [
        ("no", "no"),
        ("on", "on"),
        ("true", True),
        ("~", None),
        ("12:30", "12:30"),
        ("2026-11-21", "2026-11-21"),
        ("12", 12),
        ("-3", -3),
        ("1.5", 1.5),
        ('"12"', "12"),
        ("99999999999999999999", "99999999999999999999"),
        ("نعم", "نعم"),
    ],
)
def test_plain_words_mean_what_they_look_like(written: str, value: object) -> None:
    """YAML 1.2: no surprises of truth values, clock times and dates."""
    assert read_document(f"a: {written}").data == {"a": value}


def test_every_field_knows_its_line() -> None:
    """Nested fields and list entries too."""
    document = read_document("a: 1\nb:\n  - x\n  - c: 2\n")
    assert (document.lines[("a",)], document.lines[("b", 0)], document.lines[("b", 1, "c")]) == (1, 3, 4)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a: 1\na: 2", "2: stands here twice; first on line 1"),
        ("a: &x 1\nb: *x", "1: anchors and aliases"),
        ("a: !!python/object 1", "1: tags are not used"),
        ("a: 0501234567", "1: a number with a leading nought"),
        ("? [a]\n: 1", "1: a field's name"),
        ("a: [1", "1: not YAML"),
        ("a: 1\n---\nb: 2", "2: more than one document"),
        ("", "1: empty"),
    ],
)
def test_traps_are_refused_with_their_line(text: str, expected: str) -> None:
    """What readers of YAML differ on, and what machines abuse, is not read at all."""
    assert only_problem(text).startswith(expected)


def test_depth_and_length_are_limited() -> None:
    """A bomb is refused before it is built."""
    assert "nested deeper" in only_problem("[" * 100)
    assert "longer than" in only_problem("a" * (MAX_CHARACTERS + 1))


@settings(deadline=None)
@given(st.one_of(st.text(max_size=80), st.text(st.sampled_from("ab:-[]{}&*!|>'\"#%@ \n\t0?,"), max_size=40)))
def test_any_text_is_read_or_refused(text: str) -> None:
    """No text makes the reader raise."""
    document = read_document(text)
    assert document.problems or document.lines
