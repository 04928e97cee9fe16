"""How long those wait who ask something of an engine: the longest now, or a moment ago."""

import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager

__all__ = ["Waits"]

RECENT_SECONDS = 10.0  # what was longer ago says little about how it is now


class Waits:
    """Measures every wait. Seconds are of the wall clock."""

    def __init__(self, now: Callable[[], float] = time.monotonic) -> None:
        self._now = now
        self._numbers = 0
        self._since: dict[int, float] = {}  # of those who wait, the longest first
        self._over: deque[tuple[float, float]] = deque()  # when it was over, and how long it was

    @contextmanager
    def one(self) -> Iterator[None]:
        """Somebody waits meanwhile."""
        self._numbers += 1
        number, since = self._numbers, self._now()
        self._since[number] = since
        try:
            yield
        finally:
            del self._since[number]
            self._over.append((self._now(), self._now() - since))
            self._forget()

    @property
    def longest_seconds(self) -> float:
        """Of the one that has waited longest, or did lately."""
        self._forget()
        now = self._now()
        waiting = now - next(iter(self._since.values()), now)
        return max(waiting, *(seconds for _, seconds in self._over), 0.0)

    def _forget(self) -> None:
        while self._over and self._over[0][0] <= self._now() - RECENT_SECONDS:
            self._over.popleft()
