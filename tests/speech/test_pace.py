"""What an engine will need, from what it needed."""

import pytest

from bridge.speech.pace import Pace


def test_nothing_is_expected_of_an_engine_never_heard() -> None:
    assert Pace().expected(10) is None


def test_start_up_is_told_from_the_seconds_for_each_character() -> None:
    """Two lengths are enough."""
    pace = Pace()
    for characters in (10, 100, 40, 10, 200):
        pace.observe(characters, 2.0 + 0.05 * characters)
    assert pace.expected(20) == pytest.approx(3.0)
    assert pace.expected(0) == pytest.approx(2.0)


def test_one_length_is_put_down_to_the_characters() -> None:
    pace = Pace()
    pace.observe(50, 10.0)
    pace.observe(50, 10.0)
    assert pace.expected(5) == pytest.approx(1.0)


@pytest.mark.parametrize(
    "measured",
    [[(10, 5.0), (100, 1.0)], [(10, 0.0), (20, 1.0), (30, 4.0)], [(0, 1.0), (0, 1.0)]],
    ids=["shorter for longer texts", "nothing for short texts", "empty texts"],
)
def test_no_expectation_is_below_nothing(measured: list[tuple[int, float]]) -> None:
    """A line through odd measurements may begin or run below nothing; an engine does not."""
    pace = Pace()
    for characters, seconds in measured:
        pace.observe(characters, seconds)
    expectations = [pace.expected(characters) or 0.0 for characters in (0, 1, 10, 1000)]
    assert all(seconds >= 0.0 for seconds in expectations)
    assert expectations == sorted(expectations)


def test_what_was_long_ago_counts_for_little() -> None:
    """An engine whose machine was busy is quick again after some tens of texts."""
    pace = Pace()
    for _ in range(50):
        pace.observe(20, 30.0)
        pace.observe(40, 60.0)
    for _ in range(50):
        pace.observe(20, 0.2)
        pace.observe(40, 0.4)
    assert (pace.expected(20) or 9.0) < 0.5
