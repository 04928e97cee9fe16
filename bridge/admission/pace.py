"""How many may begin in a second: the generic cell rate algorithm (ITU-T I.371), told the time.

One number is kept, the theoretical arrival time: when the next one would come if all came evenly spaced. Who
comes earlier than that by no more than a burst's worth is let in.
"""

from msgspec import Struct

__all__ = ["Gcra", "Pace"]

ROUNDING_SECONDS = 1e-6  # an arrival that is early by less is early by nothing but arithmetic


class Pace(Struct, frozen=True):
    """So many in a second in the long run, and so many at once after a pause."""

    per_second: float
    burst: int = 1


class Gcra:
    """Whether one more conforms to a pace."""

    def __init__(self, pace: Pace) -> None:
        self._interval = 1 / pace.per_second
        self._early = (pace.burst - 1) * self._interval
        self._expected_at: float | None = None  # None: nobody has come yet

    def wait_seconds(self, now: float) -> float:
        """How long until one more would conform; 0: it does now."""
        if self._expected_at is None:
            return 0.0
        wait = self._expected_at - self._early - now
        return wait if wait > ROUNDING_SECONDS else 0.0

    def count(self, now: float) -> None:
        """One has been let in, whether or not it conforms."""
        expected_at = now if self._expected_at is None else max(self._expected_at, now)
        self._expected_at = expected_at + self._interval
