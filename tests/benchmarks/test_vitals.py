"""What is told of memory over hours: a process that breathes does not grow, one that grows is found."""

from types import ModuleType

import pytest
from benchmark_programs import benchmark

HOURS = 2
MOMENTS = [10.0 * number for number in range(360 * HOURS)]
BREATHS = [50.0 * (int(moment) // 10 % 7) for moment in MOMENTS]


@pytest.fixture(scope="module")
def vitals() -> ModuleType:
    """The module beside the benchmarks."""
    return benchmark("vitals")


def rise(vitals: ModuleType, values: list[float]) -> float:
    """Per cent an hour of the floor."""
    return float(vitals.trend(*vitals.floors(MOMENTS, values, 300.0)).percent)


def test_what_is_given_back_is_no_growth(vitals: ModuleType) -> None:
    """Even if more is taken at a time, as the hours go by."""
    breathing = [200 + breath * (1 + moment / 3600) for moment, breath in zip(MOMENTS, BREATHS, strict=True)]
    assert abs(rise(vitals, breathing)) < 0.01


def test_what_stays_is_found_under_the_breath(vitals: ModuleType) -> None:
    leaking = [200 + breath + 4 * moment / 3600 for moment, breath in zip(MOMENTS, BREATHS, strict=True)]
    assert 1.8 < rise(vitals, leaking) < 2.1


def test_too_little_is_no_line(vitals: ModuleType) -> None:
    assert vitals.trend(*vitals.floors([0.0, 10.0], [1.0, 2.0], 300.0)) is None


def test_a_window_that_was_cut_short_says_nothing(vitals: ModuleType) -> None:
    """It ends in mid-breath, where nothing has been given back yet."""
    seconds, values = [0.0, 150.0, 299.0, 301.0, 590.0, 601.0], [5.0, 3.0, 4.0, 4.0, 3.0, 9.0]
    assert vitals.floors(seconds, values, 300.0) == ([150.0, 590.0], [3.0, 3.0])
