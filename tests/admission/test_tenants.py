"""Whose a call is, and that nobody takes what is kept for others."""

from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bridge.admission import Accept, Admission, Busy, BusyReason, Rules, Seat, Share
from bridge.admission.pace import Pace

NUMBER, OTHER = "+96265001000", "+966110000001"
TENANTS = {
    "a": Share(numbers=(NUMBER,), questionnaires=("phq2", "both")),
    "b": Share(numbers=(OTHER, "8001"), questionnaires=("gad7", "both")),
}


class Time:
    """What the gates are told."""

    now = 0.0

    def __call__(self) -> float:
        return self.now


def admission(places: int, *, now: Time | None = None, **rules: object) -> Admission:
    return Admission(places, Rules(**rules), now=now or Time())  # type: ignore[arg-type]


def ask(gates: Admission, tenant: str) -> Accept | Busy:
    return gates.ask(tenant, is_ready=True, is_draining=False)


def fill(gates: Admission, tenant: str) -> list[Seat]:
    """As many calls of a tenant as are taken."""
    seats = []
    while isinstance(ask(gates, tenant), Accept):
        seats.append(gates.place(tenant))
    return seats


@pytest.mark.parametrize(
    ("claimed", "number", "questionnaire", "tenant"),
    [
        ("c", NUMBER, "gad7", "c"),
        (None, NUMBER, "gad7", "a"),
        (None, "0096265001000", "gad7", "a"),
        (None, "sip:+96265001000@pbx.example", "gad7", "a"),
        (None, "8001", "phq2", "b"),
        (None, "80011", "phq2", "a"),
        (None, None, "gad7", "b"),
        (None, "", "both", "default"),
        (None, "+15550100", "none", "default"),
    ],
)
def test_whose_a_call_is(claimed: str | None, number: str | None, questionnaire: str, tenant: str) -> None:
    """Its token says so, or its number, or its questionnaire, in this order."""
    gates = admission(9, tenants=TENANTS)
    assert gates.whose(claimed=claimed, number=number, questionnaire=questionnaire) == tenant


def test_a_tenant_has_no_more_calls_than_it_may() -> None:
    gates = admission(9, tenants={"a": Share(max_concurrent=2)})
    seats = fill(gates, "a")
    assert len(seats) == 2
    assert ask(gates, "a") == Busy(BusyReason.TENANT_FULL)
    assert ask(gates, "default") == Accept()
    seats[0].leave()
    seats[0].leave()
    assert len(fill(gates, "a")) == 1


def test_a_flood_leaves_the_others_what_is_theirs() -> None:
    """Of twelve places for three tenants, two are kept for each: half of an equal share."""
    gates = admission(12, tenants=TENANTS)
    assert len(fill(gates, "a")) == 8
    assert ask(gates, "a") == Busy(BusyReason.KEPT_FREE)
    assert len(fill(gates, "b")) == 2
    assert len(fill(gates, "default")) == 2
    assert ask(gates, "b") == Busy(BusyReason.FULL)


def test_what_is_reserved_is_kept_as_configured() -> None:
    tenants = {"a": Share(reserved=0), "b": Share(reserved=3), "default": Share(reserved=0)}
    gates = admission(4, tenants=tenants)
    assert len(fill(gates, "a")) == 1
    assert len(fill(gates, "b")) == 3


def test_with_one_tenant_nothing_is_kept_free() -> None:
    assert len(fill(admission(7), "default")) == 7


@settings(deadline=None)
@given(
    st.integers(0, 40),
    st.dictionaries(
        st.sampled_from("abcd"),
        st.builds(
            Share, max_concurrent=st.none() | st.integers(1, 9), reserved=st.none() | st.integers(0, 3)
        ),
    ),
    st.lists(st.tuples(st.sampled_from(["a", "b", "c", "d", "default", "stranger"]), st.booleans())),
)
def test_whatever_comes_each_tenant_gets_its_reserve(
    places: int, tenants: dict[str, Share], comings: list[tuple[str, bool]]
) -> None:
    """As long as no more is reserved than there is; and there are never more calls than places."""
    gates = admission(places, tenants=tenants)
    names = list(gates.rules.shares)
    if sum(gates._reserved(name) for name in names) > places:
        return
    seats: list[Seat] = []
    for tenant, leaves in comings:
        if leaves and seats:
            seats.pop(0).leave()
        elif isinstance(ask(gates, tenant), Accept):
            seats.append(gates.place(tenant))
        assert gates.active == len(seats) <= places
    held = Counter(gates._group(seat.tenant) for seat in seats)
    for name in names:
        if held[name] < gates._reserved(name):
            share = gates.rules.shares[name]
            if share.max_concurrent is None or held[name] < share.max_concurrent:
                assert ask(gates, name) == Accept()


def test_a_tenant_s_own_pace() -> None:
    time = Time()
    gates = admission(99, now=time, tenants={"a": Share(pace=Pace(0.5, 3))})
    assert len(fill(gates, "a")) == 3
    assert ask(gates, "a") == Busy(BusyReason.TENANT_RATE, 2)
    assert ask(gates, "default") == Accept()
    time.now = 2.0
    assert len(fill(gates, "a")) == 1


def test_the_house_s_pace_is_shared_fairly() -> None:
    """One tenant floods without end; the other still begins its equal part of what the house begins."""
    time = Time()
    gates = admission(10_000, now=time, pace=Pace(3.0, 6), tenants={"a": Share(), "b": Share()})
    taken: Counter[str] = Counter()
    for tick in range(600):
        time.now = tick / 10
        taken["a"] += len(fill(gates, "a"))
        if tick % 10 == 5:
            assert ask(gates, "b") == Accept()
            gates.place("b")
            taken["b"] += 1
    assert taken["b"] == 60
    assert taken["a"] == pytest.approx(120, abs=8)


@settings(deadline=None)
@given(
    st.lists(st.tuples(st.sampled_from(["a", "b", "default"]), st.floats(0, 1)), max_size=150),
    st.sampled_from([Pace(2.0, 1), Pace(3.0, 6), Pace(10.0, 20)]),
)
def test_the_house_begins_no_more_than_its_pace_and_one_for_each_tenant(
    comings: list[tuple[str, float]], pace: Pace
) -> None:
    time = Time()
    gates = admission(10_000, now=time, pace=pace, tenants={"a": Share(), "b": Share()})
    begun = 0
    for tenant, gap in comings:
        time.now += gap
        if isinstance(ask(gates, tenant), Accept):
            gates.place(tenant)
            begun += 1
    assert begun <= pace.burst + 3 + pace.per_second * time.now + 1e-3


def test_a_refused_call_costs_nobody_anything() -> None:
    time = Time()
    gates = admission(99, now=time, pace=Pace(1.0, 2))
    fill(gates, "default")
    for _ in range(100):
        assert ask(gates, "default") == Busy(BusyReason.RATE, 1)
    time.now = 1.0
    assert ask(gates, "default") == Accept()


def test_a_call_that_names_its_number_later_moves() -> None:
    """To the share of the tenant whose number it is, if there is room; a token's word stands."""
    gates = admission(9, tenants={**TENANTS, "a": Share(numbers=(NUMBER,), max_concurrent=1)})
    seat = gates.place(is_settled=False)
    assert (seat.settle(NUMBER), seat.tenant) == (None, "a")
    assert (seat.settle(OTHER), seat.tenant) == (None, "a")  # once
    late = gates.place(is_settled=False)
    assert late.settle("0096265001000") == Busy(BusyReason.TENANT_FULL)
    assert gates.active == 1
    said = gates.place("b")
    assert (said.settle(NUMBER), said.tenant) == (None, "b")


def test_shares_that_change_lose_no_place() -> None:
    """A reload that names a tenant while its calls go on as somebody's."""
    gates = admission(4)
    seat = gates.place("a")
    gates.limit(4, Rules(tenants=TENANTS))
    seat.leave()
    assert gates.active == 0
    assert len(fill(gates, "a")) == 4


def test_who_is_not_configured_is_counted_with_the_nameless() -> None:
    """And keeps the name that the token says: nobody else's identity sees the call."""
    gates = admission(9, tenants={"default": Share(max_concurrent=1)})
    seat = gates.place("stranger")
    assert seat.tenant == "stranger"
    assert ask(gates, "another") == Busy(BusyReason.TENANT_FULL)
