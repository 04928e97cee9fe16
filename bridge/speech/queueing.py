"""A fair queue in front of an engine that does one thing at a time.

Whoever waits is served in turn, one of each key (a call, a tenant) after the other, so that a thousand
prompts to be rendered do not stand before a name that is to be said now.
Nobody waits for hours: it is bounded.
"""

import asyncio
from collections import OrderedDict, deque
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from contextvars import ContextVar

from bridge.errors import BusyError
from bridge.speech.base import Speech

__all__ = ["FairQueue", "Speak", "in_turn", "listening_for", "speaking_for"]

Speak = Callable[[Callable[[Speech], None]], Awaitable[None]]  # gives out each piece as it is made

# Of whom a task hears: the tenant and the call.
listening_for: ContextVar[tuple[str, str]] = ContextVar("listening_for", default=("", ""))
speaking_for: ContextVar[str] = ContextVar("speaking_for", default="")  # the key of whoever asks


class FairQueue:
    """Turns at something that serves one at a time."""

    def __init__(self, name: str, *, waiting: int) -> None:
        self._name = name
        self._limit = waiting
        self._is_taken = False
        self._lines: OrderedDict[str, deque[asyncio.Future[None]]] = OrderedDict()  # by key, next key first

    @property
    def waiting(self) -> int:
        """How many wait."""
        return sum(map(len, self._lines.values()))

    @asynccontextmanager
    async def turn(self, key: str) -> AsyncGenerator[None]:
        """Wait for a turn, and have it until the block ends.

        Raises:
            BusyError: as many wait already as may.

        """
        await self._take(key)
        try:
            yield
        finally:
            self._pass_on()

    async def _take(self, key: str) -> None:
        if not self._is_taken:
            self._is_taken = True
            return
        if self.waiting >= self._limit:
            raise BusyError(f"{self._name} has {self._limit} texts waiting, and takes no more")
        mine: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._lines.setdefault(key, deque()).append(mine)
        try:
            await mine
        except asyncio.CancelledError:
            self._leave(key, mine)
            raise

    def _leave(self, key: str, mine: "asyncio.Future[None]") -> None:
        """Nobody stands there any more; a turn that came at the same moment is the next one's."""
        if not mine.cancelled():
            self._pass_on()
            return
        line = self._lines.get(key, deque())
        if mine in line:
            line.remove(mine)
        if not line:
            self._lines.pop(key, None)

    def _pass_on(self) -> None:
        """Let the next one in who is still there."""
        while self._lines:
            key, line = self._lines.popitem(last=False)
            next_one = line.popleft()
            if line:
                self._lines[key] = line  # behind all others
            if not next_one.done():
                next_one.set_result(None)
                return
        self._is_taken = False


async def in_turn(queue: FairQueue, speak: Speak) -> AsyncGenerator[Speech]:
    """What `speak` gives out once its turn has come. Whoever takes it slowly keeps nobody else waiting.

    Closed early, it ends the work.

    Raises:
        BusyError: as many wait already as may.
        WorkerError: as `speak` raises it.

    """
    pieces: asyncio.Queue[Speech | None] = asyncio.Queue()
    work = asyncio.create_task(_spoken(queue, speaking_for.get(), speak, pieces))
    try:
        while (piece := await pieces.get()) is not None:
            yield piece
        await work
    finally:
        work.cancel()
        await asyncio.wait([work])
        if not work.cancelled():
            work.exception()  # seen, also by those who left before it was raised


async def _spoken(queue: FairQueue, key: str, speak: Speak, pieces: "asyncio.Queue[Speech | None]") -> None:
    """Have a turn; the last thing put is None, also after an error."""
    try:
        async with queue.turn(key):
            await speak(pieces.put_nowait)
    finally:
        pieces.put_nowait(None)
