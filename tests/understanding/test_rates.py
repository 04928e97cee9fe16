"""The rates that the project promises, on lists that the readers have learnt from: a guard, and no proof.

`independent` was written beside another implementation, the others to break this one: docs/understanding.md
tells what each found while it was unseen. What callers said and was not understood belongs there too.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from benchmark_programs import benchmark

LEAST_RIGHT = {"numbers": 0.97, "yes_no": 0.97, "scales": 0.97, "days": 0.95, "wishes": 0.95, "danger": 0.97}
VALUES = ("numbers", "yes_no", "scales", "days")
MOST_READ_BACK, MOST_AMBIGUOUS = 0.1, 0.03

RATES = benchmark("understanding")
PATHS = {
    f"{path.parent.name}/{path.stem}": path
    for folder in sorted(RATES.DATA.iterdir())
    if folder.is_dir()
    for path in sorted(folder.glob("*.tsv"))
}


def told(cases: Sequence[Any]) -> list[str]:
    return [f"{case.question} {case.utterance}: {case.found}" for case in cases]


@pytest.mark.parametrize("name", PATHS)
def test_a_list_keeps_its_rates(name: str) -> None:
    """Most is understood, by kind of list.

    A wrong value that nobody would read back has no limit but none; nor has a yes that is a no, not even to
    be read back. Reading everything back, or asking all again, is not understanding.
    """
    cases, kind = list(RATES.read_list(PATHS[name])), Path(name).name
    missed = [case for case in cases if not case.is_right]

    assert told([case for case in cases if case.is_wrong_value]) == []
    assert told([case for case in cases if case.is_flip]) == []
    assert len(missed) <= (1 - LEAST_RIGHT[kind]) * len(cases), told(missed)
    if kind in VALUES:
        found = RATES.rates(cases)
        assert found.read_back <= MOST_READ_BACK
        assert found.ambiguous <= MOST_AMBIGUOUS


@pytest.mark.parametrize(
    ("question", "said", "expected", "fault"),
    [
        ("yes_no:symptom", "نعم", "no", "is_flip"),
        ("yes_no:symptom", "نعم", "no", "is_wrong_value"),
        ("number", "خمسة", "6", "is_wrong_value"),
        ("number", "خمسة", "?", "is_wrong_value"),
    ],
)
def test_the_measurement_sees_a_fault(question: str, said: str, expected: str, fault: str) -> None:
    """A list that expects something else finds the readers wrong."""
    case = RATES.judge(question, said, expected)
    assert getattr(case, fault)
    assert not case.is_right
