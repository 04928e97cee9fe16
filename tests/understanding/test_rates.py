"""The rates that the project promises, on lists that the readers have learnt from: a guard, and no proof.

`independent` was written beside another implementation, the others to break this one: docs/understanding.md
tells what each found while it was unseen. What callers said and was not understood belongs there too.
"""

import importlib.util
import sys
from pathlib import Path
from types import ModuleType

import pytest

SCRIPT = Path(__file__).parents[2] / "benchmarks" / "understanding.py"
LEAST_RIGHT = {"numbers": 0.97, "yes_no": 0.97, "scales": 0.97, "days": 0.95, "wishes": 0.95, "danger": 0.97}
MOST_READ_BACK, MOST_AMBIGUOUS = 0.1, 0.03


def script() -> ModuleType:
    """The measurement, which is no package."""
    found = importlib.util.spec_from_file_location("understanding_rates", SCRIPT)
    assert found is not None
    assert found.loader is not None
    module = importlib.util.module_from_spec(found)
    sys.modules[found.name] = module  # its structs look their annotations up there
    found.loader.exec_module(module)
    return module


RATES = script()
LISTS = RATES.lists(sorted(path for path in RATES.DATA.iterdir() if path.is_dir()))
NAMES = sorted(LISTS)
VALUES = [name for name in NAMES if name.endswith(("numbers", "yes_no", "scales", "days"))]


def wrong(name: str, fault: str) -> list[str]:
    return [f"{case.question} {case.utterance}: {case.found}" for case in LISTS[name] if getattr(case, fault)]


@pytest.mark.parametrize("name", NAMES)
def test_most_is_understood(name: str) -> None:
    """By kind of list."""
    missed = [f"{case.question} {case.utterance}: {case.found}" for case in LISTS[name] if not case.is_right]
    assert len(missed) <= (1 - LEAST_RIGHT[Path(name).name]) * len(LISTS[name]), missed


@pytest.mark.parametrize("name", NAMES)
def test_nothing_wrong_is_stored_unasked(name: str) -> None:
    """A wrong value that nobody would read back is the one fault that has no limit but none."""
    assert wrong(name, "is_wrong_value") == []


@pytest.mark.parametrize("name", NAMES)
def test_no_yes_is_a_no(name: str) -> None:
    """Nor a no a yes, not even to be read back."""
    assert wrong(name, "is_flip") == []


@pytest.mark.parametrize("name", VALUES)
def test_few_right_answers_are_read_back_and_few_clear_ones_asked_again(name: str) -> None:
    """Reading everything back is not understanding."""
    found = RATES.rates(LISTS[name])
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
