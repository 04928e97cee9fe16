"""The one source of time. Everything that waits or stamps is handed a `Clock`, so that a run repeats exactly.

`speed` makes every second of the call pass faster (a demonstration or a test may run at 4x): audio, silences
and time-outs shrink alike, so what the call does stays the same.
"""

import asyncio
import time
from collections.abc import Coroutine
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar

__all__ = ["CallTime", "Clock", "done_by"]

T = TypeVar("T")

AWAKE_SECONDS = 0.25  # in which a loop that stood still learns what was done meanwhile
MAX_SPEED = 16.0  # a 20 ms frame every 1.25 ms; beyond that the event loop, not the call, is what is tested


class Clock:
    """Call time in seconds, running `speed` times as fast as the wall clock."""

    def __init__(self, speed: float = 1.0) -> None:
        if not 0 < speed <= MAX_SPEED:
            raise ValueError(f"clock speed must be above 0 and at most {MAX_SPEED:g}, not {speed:g}")
        self.speed = speed

    def now(self) -> datetime:
        """Civil time, for what is stored."""
        return datetime.now(UTC)

    def monotonic(self) -> float:
        """Seconds of call time since an arbitrary moment; never runs backwards."""
        return time.monotonic() * self.speed

    async def sleep(self, seconds: float) -> None:
        """Wait for `seconds` of call time."""
        await asyncio.sleep(seconds / self.speed)

    def timeout(self, seconds: float) -> asyncio.Timeout:
        """An `asyncio.timeout` of `seconds` of call time."""
        return asyncio.timeout(seconds / self.speed)

    def real_seconds(self, seconds: float) -> float:
        """How long `seconds` of call time last on the wall clock."""
        return seconds / self.speed


class CallTime:
    """Civil time as one call has it: when it began, and what has passed since.

    The machine's own clock may be set while a call lasts. What is stored of the call stays in order.
    """

    def __init__(self, clock: Clock) -> None:
        """It begins now."""
        self.began = clock.now()
        self._clock = clock
        self._began = clock.monotonic()

    def now(self) -> datetime:
        """Civil time, never before what it was a moment ago."""
        passed = self._clock.real_seconds(self._clock.monotonic() - self._began)
        return self.began + timedelta(seconds=passed)


async def done_by(due: float, doing: Coroutine[Any, Any, T]) -> T:
    """What is done by `due`, of the event loop's time; else it is cancelled.

    `asyncio.timeout` would also give up what was done in time while the loop stood still: it wakes up late,
    and finds the moment passed before it finds the result.

    Raises:
        TimeoutError: it is not done by then.

    """
    loop = asyncio.get_running_loop()
    task = asyncio.ensure_future(doing)
    try:
        await asyncio.wait({task}, timeout=max(0.0, due - AWAKE_SECONDS - loop.time()))
        if not task.done():
            await asyncio.wait({task}, timeout=AWAKE_SECONDS)
        if not task.done():
            raise TimeoutError
        return task.result()
    finally:
        if not task.done():
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
