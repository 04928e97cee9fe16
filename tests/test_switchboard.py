"""All calls together: which may still come while the daemon drains, and what an end waits for."""

import asyncio
from types import SimpleNamespace
from typing import Any

import pytest
from structlog.testing import capture_logs

from bridge.admission import Admission, Busy, BusyReason, Seat
from bridge.clock import Clock
from bridge.lifecycle import Lifecycle
from bridge.offering import Offer
from bridge.switchboard import Switchboard
from bridge.telemetry.metrics import Metrics


def switchboard(lifecycle: Lifecycle) -> Switchboard:
    """One that asks nothing of anybody."""
    services: Any = SimpleNamespace(clock=Clock(16), metrics=Metrics())
    lifecycle.started()
    return Switchboard(
        services=services,
        offer=Offer({}, "none", {}),
        admission=Admission(2),
        lifecycle=lifecycle,
        new_call_id=lambda: "c1",
    )


async def test_a_call_that_was_answered_before_the_drain_may_come() -> None:
    """Once; any other is told that we are busy."""
    lifecycle = Lifecycle()
    board = switchboard(lifecycle)
    board.expect("answered", 60)
    lifecycle.drain()
    assert isinstance(board.admit_to(None, "answered"), Seat)
    for other in (None, "unknown"):
        assert board.admit_to(None, other) == Busy(BusyReason.DRAINING)
    board.expect_no_more("answered")
    assert board.admit_to(None, "answered") == Busy(BusyReason.DRAINING)


async def test_an_end_waits_for_a_call_that_was_answered() -> None:
    """Until it has come and is over."""
    lifecycle = Lifecycle()
    board = switchboard(lifecycle)
    board.expect("answered", 60)
    lifecycle.end()
    draining = asyncio.create_task(board.drain(60))
    await asyncio.sleep(0.3)
    assert not draining.done()
    board.expect_no_more("answered")
    await asyncio.wait_for(draining, 20)


async def test_an_end_waits_no_longer_than_the_call_could_come() -> None:
    """Its stream token is good for so long."""
    lifecycle = Lifecycle()
    board = switchboard(lifecycle)
    board.expect("answered", 0.2)
    lifecycle.end()
    await asyncio.wait_for(board.drain(60), 20)
    assert board.admit_to(None, "answered") == Busy(BusyReason.DRAINING)


async def test_a_second_signal_waits_for_nobody() -> None:
    """Who has not come by then is refused."""
    lifecycle = Lifecycle()
    board = switchboard(lifecycle)
    board.expect("answered", 60)
    lifecycle.end()
    draining = asyncio.create_task(board.drain(60))
    await asyncio.sleep(0)
    lifecycle.end()
    await asyncio.wait_for(draining, 20)
    assert board.admit_to(None, "answered") == Busy(BusyReason.DRAINING)


async def test_a_call_that_was_answered_keeps_its_place() -> None:
    """Whoever asks meanwhile is refused before being answered; nobody is answered and then refused."""
    lifecycle = Lifecycle()
    board = switchboard(lifecycle)
    first, second = board.admit_to(None), board.admit_to(None)
    assert isinstance(first, Seat)
    assert isinstance(second, Seat)
    board.expect("answered", 60, first)
    assert board.admit_to(None) == Busy(BusyReason.FULL)
    assert board.admit_to(None, "answered") is first
    first.leave()
    assert isinstance(board.admit_to(None), Seat)


async def test_a_call_that_does_not_come_gives_its_place_back() -> None:
    """Once its stream token is good no more, or the answer was not heard."""
    board = switchboard(Lifecycle())
    for seconds in (0.05, 60):
        for reference in "ab":
            seat = board.admit_to(None)
            assert isinstance(seat, Seat)
            board.expect(reference, seconds, seat)
        assert not board.would_admit
        if seconds == 60:
            board.expect_no_more("a")
        else:
            await asyncio.sleep(0.1)
        assert board.would_admit


async def test_a_call_whose_socket_was_lost_is_let_in_again() -> None:
    """It is the same call: it was let in already, and no other may take its place meanwhile."""
    board = switchboard(Lifecycle())
    seats = [board.admit_to(None), board.admit_to(None)]
    assert isinstance(seats[0], Seat)
    board.expect("answered", 60, seats[0])
    assert board.admit_to(None, "answered") is seats[0]
    assert isinstance(board.admit_to(None, "answered"), Seat)
    assert board.admit_to(None, "unknown") == Busy(BusyReason.FULL)


@pytest.mark.parametrize("way", ["admit_to", "refusal_to"])
async def test_a_refusal_says_whose_call_it_was(way: str) -> None:
    """Provider, tenant, and the questionnaire that it would have been asked, the default one too; once."""
    lifecycle = Lifecycle()
    board = switchboard(lifecycle)
    questionnaire: Any = SimpleNamespace(id="asthma_control")
    board._offer = Offer({"asthma_control": questionnaire}, "asthma_control", {})
    lifecycle.drain()
    with capture_logs() as lines:
        assert getattr(board, way)(None, provider="maqsam") == Busy(BusyReason.DRAINING)
    (line,) = lines
    assert line == {
        "event": "call_refused",
        "log_level": "warning",
        "reason": BusyReason.DRAINING,
        "provider": "maqsam",
        "tenant": "default",
        "questionnaire": "asthma_control",
    }
    with capture_logs() as lines:
        board.admit_to("a stranger's word", provider="maqsam")
        board.refusal("generic")
    assert [(one["provider"], one["questionnaire"]) for one in lines] == [("maqsam", None), ("generic", None)]
