"""YAML as this product reads it."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bridge.dialogue.document import MAX_CHARACTERS, Place, read_document


def only_problem(text: str) -> str:
    (problem,) = read_document(text).problems
    return f"{problem.place.line if problem.place else 0}: {problem.text}"


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


def test_every_field_knows_its_place() -> None:
    """Nested fields and list entries too; a column counts characters, not bytes."""
    places = read_document("a: 1\nb:\n  - x\n  - {نعم: 1, c: 2}\n").places
    assert places["a",] == Place(1, 1)
    assert places["b", 0] == Place(3, 5)
    assert places["b", 1, "c"] == Place(4, 14)


def test_what_is_not_there_stands_where_its_block_does() -> None:
    """The innermost one that is there."""
    document = read_document("a:\n  b: {c: 1}\n")
    assert document.place_of(("a", "b", "x", 3)) == Place(2, 3)
    assert document.place_of(("x",)) is None


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            "a: b: c",
            "1:5: not YAML: mapping values are not allowed here; a text that holds ': ' stands in quotes",
        ),
        ("a:\n\t- x", "2:1: not YAML: found character '\\t' that cannot start any token; indent with blanks"),
        ("a: 1\n b: 2", "2:3: not YAML: mapping values are not allowed"),
        ('a: "x\nb: 2', "2:5: not YAML: found unexpected end of stream; a quotation mark has no partner"),
        ("a: [1, 2\nb: 2", "2:2: not YAML: expected ',' or ']', but got ':'; a bracket has no partner"),
    ],
)
def test_what_is_no_yaml_is_told_with_its_usual_cause(text: str, expected: str) -> None:
    """With line and column, as a compiler would."""
    (problem,) = read_document(text).problems
    assert problem.place is not None
    assert f"{problem.place.line}:{problem.place.column}: {problem.text}".startswith(expected)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a: 1\na: 2", "2: stands here twice, first on line 1; keep one of the two"),
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
    assert document.problems or document.places
