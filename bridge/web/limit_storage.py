"""Where requests are counted within this process: bounded, whoever asks."""

import time
from collections import OrderedDict, deque
from collections.abc import Callable

from limits.aio.storage import MovingWindowSupport, Storage

__all__ = ["MOST_ASKERS", "BoundedMemory"]

MOST_ASKERS = 20_000  # remembered at a time; a flood from more pushes out whoever was quiet for longest


class BoundedMemory(Storage, MovingWindowSupport):
    """Moments of requests by key. Nothing is scheduled and nothing waits: a flood costs each request itself.

    The library's own storage for memory keeps no bound, and tidies up with a thread for each key.
    """

    STORAGE_SCHEME = ["async+hatif-memory"]  # noqa: RUF012 - the library's registry reads a plain list

    def __init__(self, *, most: int = MOST_ASKERS, now: Callable[[], float] = time.monotonic) -> None:
        super().__init__(None)
        self._most = most
        self._now = now
        self._moments: OrderedDict[str, deque[float]] = OrderedDict()

    @property
    def base_exceptions(self) -> type[Exception]:
        return ValueError

    async def acquire_entry(self, key: str, limit: int, expiry: int, amount: int = 1) -> bool:
        """Count `amount` requests, unless that would be more than `limit` within `expiry` seconds."""
        moments = self._within(key, expiry)
        self._moments[key] = moments
        self._moments.move_to_end(key)
        if len(self._moments) > self._most:
            self._moments.popitem(last=False)
        if len(moments) + amount > limit:
            return False
        moments.extend([self._now()] * amount)
        return True

    async def get_moving_window(self, key: str, limit: int, expiry: int) -> tuple[float, int]:  # noqa: ARG002
        """When the oldest that counts was, and how many count."""
        moments = self._within(key, expiry)
        return (moments[0] if moments else self._now()), len(moments)

    async def incr(self, key: str, expiry: int, amount: int = 1) -> int:
        """Not how a moving window counts."""
        raise NotImplementedError

    async def get(self, key: str) -> int:
        """How many are remembered."""
        return len(self._moments.get(key, ()))

    async def get_expiry(self, key: str) -> float:
        """When it was asked last."""
        moments = self._moments.get(key)
        return moments[-1] if moments else self._now()

    async def check(self) -> bool:
        """Memory is there."""
        return True

    async def reset(self) -> int | None:
        """Forget everybody."""
        count = len(self._moments)
        self._moments.clear()
        return count

    async def clear(self, key: str) -> None:
        """Forget one asker."""
        self._moments.pop(key, None)

    def _within(self, key: str, expiry: int) -> deque[float]:
        moments = self._moments.get(key, deque())
        since = self._now() - expiry
        while moments and moments[0] <= since:
            moments.popleft()
        return moments
