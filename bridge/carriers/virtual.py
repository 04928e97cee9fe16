"""Calls in virtual time: minutes of conversation in seconds of work, the same in every run.

The loop's clock stands still while anything can be done, and leaps to the next deadline when nothing can. What
threads do (the database) is waited for in real time, so that no deadline passes while a disk is slow; whoever
uses threads says so with `outside`. Sockets are pairs of queues.
"""

import asyncio
import selectors
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

from msgspec import Struct

from bridge.clock import Clock

__all__ = ["Duplex", "Message", "VirtualClock", "VirtualLoop"]

_BEGIN = datetime(2026, 1, 1, 9, tzinfo=UTC)
_REAL_WAIT_SECONDS = 0.05  # for a thread; its result wakes the loop up earlier


class _Selector(selectors.DefaultSelector):
    """Leaps instead of waiting."""

    def __init__(self) -> None:
        super().__init__()
        self.now = 0.0
        self.outside = 0  # pieces of work that threads are doing for us

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        ready = super().select(0)
        if ready or timeout == 0:
            return ready
        if self.outside or timeout is None:
            return super().select(_REAL_WAIT_SECONDS)
        self.now += timeout
        return ready


class VirtualLoop(asyncio.SelectorEventLoop):
    """An event loop whose time is worked, not waited."""

    def __init__(self) -> None:
        self._virtual = _Selector()
        super().__init__(self._virtual)

    def time(self) -> float:
        """Seconds since the loop was made."""
        return self._virtual.now

    @contextmanager
    def outside(self) -> Iterator[None]:
        """While this is open, a thread works for us and time stands still."""
        self._virtual.outside += 1
        try:
            yield
        finally:
            self._virtual.outside -= 1


class VirtualClock(Clock):
    """The clock of the running virtual loop."""

    def now(self) -> datetime:
        """Civil time of a day that began with the loop."""
        return _BEGIN + timedelta(seconds=self.monotonic())

    def monotonic(self) -> float:
        return asyncio.get_running_loop().time()


class Message(Struct, frozen=True):
    """What one end of a duplex receives; None: it was closed."""

    data: str | bytes | None


class Duplex:
    """One end of a WebSocket in memory: messages in order, a close code, and nothing lost."""

    def __init__(self) -> None:
        self._incoming: asyncio.Queue[str | bytes | None] = asyncio.Queue()
        self._peer: Duplex = self
        self.close_code: int | None = None

    @classmethod
    def pair(cls) -> tuple["Duplex", "Duplex"]:
        """Two ends that are joined."""
        one, other = cls(), cls()
        one._peer, other._peer = other, one
        return one, other

    @property
    def is_closed(self) -> bool:
        return self.close_code is not None

    async def send(self, message: str | bytes) -> None:
        """Deliver a message.

        Raises:
            ConnectionResetError: either end has closed.

        """
        if self.is_closed:
            raise ConnectionResetError("the duplex is closed")
        self._peer._incoming.put_nowait(message)
        await asyncio.sleep(0)

    async def close(self, code: int = 1000) -> None:
        """Close both directions; what was sent before is still read."""
        if not self.is_closed:
            self.close_code = self._peer.close_code = code
            self._peer._incoming.put_nowait(None)
            self._incoming.put_nowait(None)

    async def __aiter__(self) -> AsyncIterator[str | bytes]:
        """Messages until the end."""
        while (message := await self._incoming.get()) is not None:
            yield message


def run(main: Any) -> Any:
    """Run a coroutine to its end in virtual time."""
    loop = VirtualLoop()
    try:
        return loop.run_until_complete(main)
    finally:
        loop.run_until_complete(loop.shutdown_asyncgens())
        loop.close()
