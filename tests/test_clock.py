"""Call time runs as fast as asked, and only as fast as makes sense."""

import time

import pytest

from bridge.clock import MAX_SPEED, Clock


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
