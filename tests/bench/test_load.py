"""Whether a load was borne well: what is judged, and in which words."""

from typing import Any

import pytest
from measured import measured_load

from bridge.bench.load import Limits, quantiles, spread


@pytest.mark.parametrize(
    ("seen", "told"),
    [
        ({}, []),
        ({"reply_ms": (300.0, 1600.0, 1700.0)}, ["replies to speech: p95 1600 ms, more than 1500"]),
        ({"reply_ms": ()}, ["replies to keys: p95 3000 ms, more than 1500"]),
        ({"pacing_ms": (1.0, 5.0, 21.0)}, ["pacing: p99 21.0 ms, more than 20"]),
        ({"unanswered": 7}, ["7 of 67 turns without a reply"]),
        ({"refused": 2, "broken": 1}, ["2 calls refused", "1 calls broken"]),
        (
            {"reply_ms": (), "key_ms": (), "first_word_ms": (), "audio_share": 0.0},
            ["nobody was spoken to"],
        ),
    ],
)
def test_what_is_not_borne_is_told(seen: dict[str, Any], told: list[str]) -> None:
    """A reply to a key of a number may have waited for more of them: speech is judged where there is any."""
    assert Limits().exceeded(measured_load(**seen)) == told


@pytest.mark.parametrize(
    ("seen", "keeps_up"),
    [
        ({}, True),
        ({"unanswered": 6}, True),
        ({"unanswered": 7}, False),
        ({"replies": 0, "key_replies": 0}, False),
        ({"replies": 0, "key_replies": 0, "unanswered": 3}, False),
        ({"refused": 1}, False),
    ],
)
def test_who_replies_to_nobody_does_not_keep_up(seen: dict[str, Any], keeps_up: bool) -> None:
    """However little that costs."""
    assert measured_load(**seen).keeps_up is keeps_up


def test_callers_who_are_late_measure_themselves() -> None:
    assert measured_load().is_ours
    assert not measured_load(late_ms=(1.0, 3.0, 5.1)).is_ours
    assert measured_load(late_ms=()).is_ours


def test_a_spread_is_of_ranks() -> None:
    assert spread(range(100, 0, -1)) == (51.0, 96.0, 100.0)
    assert spread([7.123]) == (7.12, 7.12, 7.12)
    assert spread([]) == ()


def test_a_distribution_is_drawn_from_the_least_to_the_greatest() -> None:
    """In so many steps, however many values there are."""
    assert quantiles(range(401)) == tuple(float(value) for value in range(0, 401, 10))
    assert quantiles([3.0]) == (3.0,) * 41
    assert quantiles([]) == ()
