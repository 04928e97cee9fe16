"""The generic cell rate algorithm: never more than it says, and never less."""

from itertools import accumulate, pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bridge.admission.pace import Gcra, Pace

PACES = st.builds(Pace, st.sampled_from([0.01, 0.1, 1.0, 3.0, 7.0, 10.0, 333.3]), st.integers(1, 60))
GAPS = st.lists(st.floats(0, 100, allow_nan=False), max_size=200)
SLACK = 1e-3  # of a call: what arithmetic with fractions costs


def admitted(pace: Pace, arrivals: list[float]) -> list[float]:
    """Those of the arrivals that are let in."""
    gate = Gcra(pace)
    found = []
    for now in arrivals:
        if not gate.wait_seconds(now):
            gate.count(now)
            found.append(now)
    return found


@settings(deadline=None)
@given(PACES, GAPS)
def test_in_no_time_are_more_let_in_than_the_burst_and_what_the_rate_gives(
    pace: Pace, gaps: list[float]
) -> None:
    """Between any two admissions, both counted."""
    times = admitted(pace, list(accumulate(gaps)))
    for first in range(len(times)):
        for last in range(first, len(times)):
            most = pace.burst + pace.per_second * (times[last] - times[first])
            assert last - first + 1 <= most + SLACK


@settings(deadline=None)
@given(PACES, st.lists(st.floats(0, 3, allow_nan=False), max_size=200), st.floats(0, 1e6))
def test_a_stream_that_conforms_is_never_refused(pace: Pace, gaps: list[float], start: float) -> None:
    """Whoever never comes sooner than a bucket of the burst's size, leaking at the rate, has room."""
    level, now, stream = 0.0, start, []
    for gap in gaps:
        now += gap
        level = max(0.0, level - gap * pace.per_second)
        if level + 1 > pace.burst:  # wait until there is room again, and no longer
            wait = (level + 1 - pace.burst) / pace.per_second
            now, level = now + wait, level - wait * pace.per_second
        level += 1
        stream.append(now)
    assert admitted(pace, stream) == stream


@settings(deadline=None)
@given(PACES, GAPS)
def test_whoever_waits_as_long_as_told_is_let_in(pace: Pace, gaps: list[float]) -> None:
    gate = Gcra(pace)
    for now in accumulate(gaps):
        assert not gate.wait_seconds(now + gate.wait_seconds(now))
        gate.count(now)


def test_one_a_second_means_one_a_second() -> None:
    times = admitted(Pace(1.0), [number / 10 for number in range(100)])
    assert times == [float(second) for second in range(10)]
    assert all(later - earlier == pytest.approx(1) for earlier, later in pairwise(times))
