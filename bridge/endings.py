"""How calls ended, until the database has it: at once as a rule, and else as soon as it can be written.

A call whose end is not stored looks as if it went on. Its caller is not kept on the line for it: whoever
ends a call waits for the database for so long and no longer. What is still not stored when the daemon ends
is found open, and marked as interrupted, by its next start.
"""

import asyncio
from contextlib import suppress
from datetime import datetime

import structlog
from msgspec import Struct

from bridge.errors import StorageError
from bridge.storage.store import Store

__all__ = ["Ending", "Endings"]

FIRST_PAUSE_SECONDS = 1.0  # between two attempts, on the wall clock; doubled each time
LONGEST_PAUSE_SECONDS = 15.0
MOST_WAITING = 10_000  # calls; beyond, the oldest are left to the next start
LAST_SECONDS = 5.0  # for what is left when the daemon ends

log = structlog.get_logger()


class Ending(Struct, frozen=True):
    """How and when a call ended."""

    call_id: str
    disposition: str
    at: datetime


class Endings:
    """Those of all calls."""

    def __init__(self) -> None:
        self._waiting: dict[str, Ending] = {}  # by call; not stored, the oldest first
        self._writing: set[asyncio.Task[None]] = set()
        self._trying: asyncio.Task[None] | None = None

    @property
    def waiting(self) -> int:
        """How many are not stored and will be tried again."""
        return len(self._waiting)

    async def store(self, store: Store, ending: Ending, seconds: float) -> None:
        """Store it; what cannot be stored, or not within so many seconds of the wall clock, is later."""
        writing = asyncio.create_task(self._write(store, ending), name=f"end-{ending.call_id}")
        self._writing.add(writing)
        writing.add_done_callback(self._writing.discard)
        await asyncio.wait({writing}, timeout=seconds)

    async def stop(self, store: Store) -> None:
        """Wait for what is being written, and try the rest once more, but not for ever."""
        if self._trying is not None:
            self._trying.cancel()
            await asyncio.gather(self._trying, return_exceptions=True)
        with suppress(TimeoutError, StorageError):
            async with asyncio.timeout(LAST_SECONDS):
                await asyncio.gather(*self._writing)
                await self._write_waiting(store)
        if self._waiting:
            log.error(
                "call_ends_lost", calls=len(self._waiting), effect="the next start marks them interrupted"
            )

    async def _write(self, store: Store, ending: Ending) -> None:
        try:
            await store.end_call(ending.call_id, ending.disposition, ending.at)
        except StorageError as error:
            log.error("call_end_not_stored", call_id=ending.call_id, code=error.code, detail=str(error))  # noqa: TRY400
            self._waiting[ending.call_id] = ending
            if len(self._waiting) > MOST_WAITING:
                del self._waiting[next(iter(self._waiting))]
            if self._trying is None or self._trying.done():
                self._trying = asyncio.create_task(self._try_again(store), name="endings")

    async def _try_again(self, store: Store) -> None:
        pause = FIRST_PAUSE_SECONDS
        while self._waiting:
            await asyncio.sleep(pause)
            pause = min(2 * pause, LONGEST_PAUSE_SECONDS)
            with suppress(StorageError):  # told when it was first tried; the metric counts each time
                await self._write_waiting(store)

    async def _write_waiting(self, store: Store) -> None:
        """Write them in order; StorageError at the first that cannot be, for the next could not either."""
        for ending in tuple(self._waiting.values()):
            if await store.call(ending.call_id) is not None:  # else it was erased meanwhile
                await store.end_call(ending.call_id, ending.disposition, ending.at)
                log.info("call_end_stored", call_id=ending.call_id)
            self._waiting.pop(ending.call_id, None)
