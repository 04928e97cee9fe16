"""The expression language: what is read, what is refused, and where."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge.dialogue.evaluation import evaluate
from bridge.dialogue.expressions import ExpressionError, names_in, parse


class NoFacts:
    def value(self, name: str) -> None:
        return None

    def status(self, name: str) -> None:
        return None

    def ordinal(self, name: str) -> None:
        return None

    def band(self, name: str) -> None:
        return None


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1 + 2 * 3", 7),
        ("(1 + 2) * 3", 9),
        ("10 - 2 - 3", 5),
        ("-2 * -3", 6),
        ("7 / 2", 3.5),
        ("1 < 2 and 2 < 3 or false", True),
        ("not 1 > 2", True),
        ("not true or true", True),
        ("3 in [1, 2, 3]", True),
        ("'a' not in ['b', \"c\"]", True),
        ("1.5 == 3 / 2", True),
        ("'2026-01-02' > '2026-01-01'", True),
        ("round(7 / 2)", 4),
        ("round(22 / 7, 2)", 3.14),
        ("max(1, 3, 2) - min(4, 5)", -1),
    ],
)
def test_binding_is_as_in_arithmetic(text: str, value: object) -> None:
    """And "not" binds more weakly than a comparison."""
    assert evaluate(parse(text), NoFacts()) == value


@pytest.mark.parametrize(
    ("text", "column", "fault"),
    [
        ("fever &", 7, "'&' is not understood"),
        ("(fever", 7, "')' is expected here, but the expression ends"),
        ("fever and", 10, "ends too early"),
        ("fever fever", 7, "'fever' is not expected"),
        ("count(a b)", 9, "',' is expected here, not 'b'"),
        ("1 == 2 == 3", 8, "'==' is not expected"),
        ("and", 1, "'and' is not expected"),
        ("", 1, "ends too early"),
        ("(" * 30 + "1" + ")" * 30, 17, "nested deeper"),
        ("not " * 30 + "true", 65, "nested deeper"),
        ("__import__('os')", 1, None),
    ],
)
def test_what_is_wrong_is_told_with_its_column(text: str, column: int, fault: str | None) -> None:
    """Python's own functions are names like any others here, and mean nothing."""
    if fault is None:
        assert evaluate(parse(text), NoFacts()) is None
        return
    with pytest.raises(ExpressionError, match="column") as caught:
        parse(text)
    assert caught.value.column == column
    assert fault in caught.value.text


def test_names_are_listed_in_order() -> None:
    """Wherever they stand."""
    assert [name.name for name in names_in(parse("a and count(b, c.d) > -e or f in [g]"))] == [
        "a",
        "b",
        "c.d",
        "e",
        "f",
        "g",
    ]


@given(st.text("abc12.()[]'\"<>=!+-*/, andornti", max_size=60))
def test_any_text_is_read_or_refused(text: str) -> None:
    """Nothing else ever happens, and what was read can be judged."""
    fault = None
    try:
        evaluate(parse(text), NoFacts())
    except ExpressionError as error:
        fault = error.column
    assert fault is None or 1 <= fault <= len(text) + 1
