"""What expressions amount to: missing answers are neither true nor false."""

import pytest

from bridge.dialogue.answer import Value
from bridge.dialogue.evaluation import evaluate, holds
from bridge.dialogue.expressions import parse

VALUES: dict[str, Value] = {
    "fever": True,
    "cough": False,
    "temp": 38.5,
    "sleep": "poor",
    "symptoms": ("cough", "headache"),
    "bp": "130/80",
    "ill_for": "P2W",
    "wait": "PT90M",
    "left": "2026-11-01",
    "back": "2026-11-15",
}


class Facts:
    def value(self, name: str) -> Value:
        return VALUES.get(name)

    def status(self, name: str) -> str | None:
        return "answered" if name in VALUES else "refused" if name == "refused_one" else None

    def ordinal(self, name: str) -> int | float | None:
        return 1 if name == "sleep" else None

    def band(self, name: str) -> str | None:
        return "high" if name == "phq2" else None


def judged(text: str) -> Value:
    return evaluate(parse(text), Facts())


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("missing", None),
        ("not missing", None),
        ("missing and cough", False),
        ("missing and fever", None),
        ("missing or fever", True),
        ("missing or cough", None),
        ("missing == 1", None),
        ("missing != 1", None),
        ("missing > 1", None),
        ("missing + 1", None),
        ("-missing", None),
        ("missing in [1]", None),
        ("1 in [missing]", None),
        ("1 in [1, missing]", True),
        ("sum(1, missing)", None),
        ("temp / 0", None),
        ("days_between(left, missing)", None),
        ("systolic(missing)", None),
    ],
)
def test_what_is_missing_decides_nothing(text: str, value: Value) -> None:
    """Unless the other side is enough."""
    assert judged(text) is value
    assert holds(parse(text), Facts()) is (value is True)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("temp >= 38 and fever", True),
        ("sleep == 'poor'", True),
        ("sleep in ['good', 'fair']", False),
        ("'cough' in symptoms", True),
        ("'fever' in symptoms", False),
        ("count(symptoms)", 2),
        ("count(fever, cough, temp > 38, missing)", 2),
        ("systolic(bp) - diastolic(bp)", 50),
        ("days(ill_for)", 14),
        ("hours(wait)", 1.5),
        ("days_between(left, back)", 14),
        ("back > left", True),
        ("left == '2026-11-01'", True),
        ("answered(fever)", True),
        ("answered(missing)", False),
        ("asked(missing)", False),
        ("asked(refused_one) and refused(refused_one)", True),
        ("ordinal(sleep) >= 1", True),
        ("band(phq2) == 'high'", True),
    ],
)
def test_answers_are_compared_and_counted(text: str, value: Value) -> None:
    """By the language's own functions."""
    assert judged(text) == value


@pytest.mark.parametrize(
    "text", ["fever == 1", "fever + 1", "fever > 0", "sleep > 1", "temp in sleep", "round()"]
)
def test_what_does_not_fit_has_no_value(text: str) -> None:
    """A truth value is no number; the loader tells authors, and the engine never stumbles."""
    assert judged(text) in (None, False)
    assert not holds(parse(text), Facts())
