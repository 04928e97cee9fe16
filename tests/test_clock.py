"""Call time runs as fast as asked, and only as fast as makes sense."""

import asyncio
import time
from datetime import UTC, datetime, timedelta

import pytest

from bridge.clock import MAX_SPEED, CallTime, Clock, done_by


async def test_a_fast_clock_sleeps_less() -> None:
    """A second of call time at 16x takes a sixteenth of a second, give or take the machine."""
    clock = Clock(MAX_SPEED)
    began, began_call = time.monotonic(), clock.monotonic()
    await clock.sleep(0.8)
    assert time.monotonic() - began >= 0.8 / MAX_SPEED
    assert clock.monotonic() - began_call >= 0.8


async def test_a_timeout_is_in_call_time() -> None:
    """A time-out given in call time expires, however long the wait would be."""
    clock = Clock(MAX_SPEED)
    with pytest.raises(TimeoutError):
        async with clock.timeout(0.5):
            await clock.sleep(3600)


@pytest.mark.parametrize("speed", [0, -1, MAX_SPEED + 1])
def test_an_impossible_speed_is_refused(speed: float) -> None:
    """Time neither stands still nor runs faster than the event loop can follow."""
    with pytest.raises(ValueError, match="clock speed"):
        Clock(speed)


def test_civil_time_knows_its_zone() -> None:
    """What is stored says which time it is everywhere."""
    assert Clock().now().tzinfo is not None


class SetClock(Clock):
    """A clock whose civil time is set while the other goes on."""

    def __init__(self, speed: float = 1.0) -> None:
        super().__init__(speed)
        self.civil = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
        self.passed = 1000.0

    def now(self) -> datetime:
        return self.civil

    def monotonic(self) -> float:
        return self.passed


@pytest.mark.parametrize("hours", [1, -1])
def test_the_time_of_a_call_is_not_set(hours: int) -> None:
    """It is when it began and what has passed since, whatever the machine's clock is set to."""
    clock = SetClock()
    time_of_call = CallTime(clock)
    clock.civil += timedelta(hours=hours)
    clock.passed += 30
    assert time_of_call.now() == time_of_call.began + timedelta(seconds=30)
    assert CallTime(clock).began == clock.civil


def test_the_time_of_a_fast_call_is_the_walls() -> None:
    """Half a minute of call time at 4x is stored as the seven and a half seconds that it took."""
    clock = SetClock(4)
    time_of_call = CallTime(clock)
    clock.passed += 30
    assert time_of_call.now() == time_of_call.began + timedelta(seconds=7.5)


async def test_what_was_done_in_time_counts_though_the_loop_stood_still() -> None:
    """A thread had finished long before; the loop learns of it after the moment has passed."""

    async def commit() -> str:
        await asyncio.to_thread(time.sleep, 0.2)
        return "stored"

    due = asyncio.get_running_loop().time() + 0.5
    waiting = asyncio.create_task(done_by(due, commit()))
    await asyncio.sleep(0)
    await asyncio.sleep(0)  # it has been handed to the thread
    time.sleep(1.0)  # noqa: ASYNC251 - that is what stands still
    assert await waiting == "stored"


async def test_what_is_not_done_in_time_is_given_up() -> None:
    given_up = asyncio.Event()

    async def hang() -> None:
        try:
            await asyncio.Event().wait()
        finally:
            given_up.set()

    with pytest.raises(TimeoutError):
        await done_by(asyncio.get_running_loop().time() + 0.01, hang())
    assert given_up.is_set()


async def test_whoever_gives_up_waiting_ends_what_was_waited_for() -> None:
    given_up = asyncio.Event()

    async def hang() -> None:
        try:
            await asyncio.Event().wait()
        finally:
            given_up.set()

    waiting = asyncio.create_task(done_by(asyncio.get_running_loop().time() + 1000, hang()))
    await asyncio.sleep(0.01)
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    assert given_up.is_set()
