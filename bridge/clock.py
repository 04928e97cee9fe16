"""The one source of time. Everything that waits or stamps is handed a `Clock`, so that a run repeats exactly.

`speed` makes every second of the call pass faster (a demonstration or a test may run at 4x): audio, silences
and time-outs shrink alike, so what the call does stays the same.
"""

import asyncio
import time
from datetime import UTC, datetime, timedelta

__all__ = ["CallTime", "Clock"]

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
