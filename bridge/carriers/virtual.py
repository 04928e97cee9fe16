"""Calls in virtual time: minutes of conversation in seconds of work, the same in every run.

The loop's clock stands still while anything can be done, and leaps to the next deadline when nothing can.
What threads do (the database) is waited for in real time, so that no deadline passes while a disk is slow;
whoever uses threads says so with `outside`. Connections are pairs of queues.
"""

import asyncio
import selectors
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar

from bridge.carriers.connection import Connection
from bridge.clock import Clock

__all__ = ["Duplex", "VirtualClock", "VirtualLoop", "run"]

T = TypeVar("T")
Pipe = asyncio.Queue[str | bytes | None]

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


class Duplex(Connection):
    """One end of a connection in memory: messages in order, a close code, and nothing lost."""

    def __init__(self, incoming: "Pipe", outgoing: "Pipe", codes: list[int]) -> None:
        self._incoming = incoming
        self._outgoing = outgoing
        self._codes = codes  # both ends'

    @classmethod
    def pair(cls) -> tuple["Duplex", "Duplex"]:
        """Two ends that are joined."""
        there: Pipe = asyncio.Queue()
        back: Pipe = asyncio.Queue()
        codes: list[int] = []
        return cls(there, back, codes), cls(back, there, codes)

    @property
    def close_code(self) -> int | None:
        return self._codes[0] if self._codes else None

    async def send(self, message: str | bytes) -> None:
        if self._codes:
            raise ConnectionResetError("the connection is closed")
        self._outgoing.put_nowait(message)
        await asyncio.sleep(0)

    async def __aiter__(self) -> AsyncIterator[str | bytes]:
        while (message := await self._incoming.get()) is not None:
            yield message

    async def close(self, code: int) -> None:
        """Close both directions; what was sent before is still read."""
        if not self._codes:
            self._codes.append(code)
            self._outgoing.put_nowait(None)
            self._incoming.put_nowait(None)


def run(main: Callable[[VirtualLoop], Coroutine[Any, Any, T]]) -> T:
    """Run a coroutine to its end in virtual time; it is handed its loop."""
    loop = VirtualLoop()
    try:
        return loop.run_until_complete(main(loop))
    finally:
        loop.run_until_complete(loop.shutdown_asyncgens())
        loop.close()
