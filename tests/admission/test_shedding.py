"""When a machine has nothing left for one more call, and when it has again."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bridge.admission.shedding import CALM_SECONDS, Shedding, Thresholds, Vitals

MOST = Thresholds(lag_seconds=0.5, recognise_seconds=3.0, free_bytes=1000)
CALM = Vitals(0.0, 0.0, 10_000)


@pytest.mark.parametrize(
    "strained", [Vitals(0.6, 0.0, 10_000), Vitals(0.0, 3.1, 10_000), Vitals(0.0, 0.0, 999)]
)
def test_each_strain_alone_is_enough(strained: Vitals) -> None:
    gate = Shedding(MOST)
    gate.look(CALM, 0)
    assert not gate.refuses(1)
    gate.look(strained, 1)
    assert gate.refuses(1)


def test_what_is_unknown_or_not_configured_refuses_nobody() -> None:
    gate = Shedding(MOST)
    gate.look(Vitals(), 0)
    assert not gate.is_on
    gate = Shedding(Thresholds())
    gate.look(Vitals(100.0, 100.0, 0), 0)
    assert not gate.is_on


@pytest.mark.parametrize(
    "between", [Vitals(0.3, 0.0, 10_000), Vitals(0.0, 2.0, 10_000), Vitals(0.0, 0.0, 1_200)]
)
def test_between_the_thresholds_all_stays_as_it_was(between: Vitals) -> None:
    """Neither begins there, nor ends."""
    gate = Shedding(MOST)
    gate.look(between, 0)
    assert not gate.is_on
    gate.look(Vitals(1.0, 0.0, 10_000), 1)
    for now in range(2, 100):
        gate.look(between, now)
        assert gate.is_on


def test_it_ends_once_everything_has_been_calm_for_a_while() -> None:
    gate = Shedding(MOST)
    gate.look(Vitals(1.0, 0.0, 10_000), 0)
    gate.look(CALM, 1)
    gate.look(CALM, 1 + CALM_SECONDS - 0.1)
    assert gate.is_on
    gate.look(Vitals(0.3, 0.0, 10_000), 1 + CALM_SECONDS)  # calm is interrupted
    gate.look(CALM, 2 + CALM_SECONDS)
    gate.look(CALM, 2 + 2 * CALM_SECONDS)
    assert not gate.is_on


@settings(deadline=None)
@given(st.lists(st.sampled_from([0.0, 0.1, 0.3, 0.6, 2.0]), max_size=100))
def test_it_never_changes_its_mind_sooner_than_it_may(lags: list[float]) -> None:
    """From refusing to taking calls it takes as long as calm must last."""
    gate, began, was_on = Shedding(MOST), 0.0, False
    for number, lag in enumerate(lags):
        now = number * 0.5
        gate.look(Vitals(lag, 0.0, 10_000), now)
        if gate.is_on and not was_on:
            began = now
        if was_on and not gate.is_on:
            assert now - began >= CALM_SECONDS
        was_on = gate.is_on


def test_with_no_call_to_protect_one_is_taken() -> None:
    """Whatever strains the machine then, it is no call of ours: refusing for ever would help nobody."""
    gate = Shedding(MOST)
    gate.look(Vitals(9.0, 9.0, 0), 0)
    assert not gate.refuses(0)
    assert gate.refuses(1)
