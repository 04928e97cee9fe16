"""What a table said at most a few seconds ago, so that no request needs the disk to look a credential up.

Whatever a request shows, one look into memory answers it, so that a wrong key costs what a right one costs.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import Generic, TypeVar

import structlog

from bridge.errors import StorageError

__all__ = ["FRESH_SECONDS", "STALE_SECONDS", "Snapshot"]

FRESH_SECONDS = 1.0  # read again after so long; a new key is good by then
STALE_SECONDS = 5.0  # not believed any longer: a revocation is in force by then, or nobody is let in

T = TypeVar("T")

log = structlog.get_logger()


class Snapshot(Generic[T]):
    """One reader of a table for all requests."""

    def __init__(
        self, read: Callable[[], Awaitable[T]], *, monotonic: Callable[[], float] = time.monotonic
    ) -> None:
        self._read = read
        self._monotonic = monotonic
        self._reading = asyncio.Lock()
        self._held: tuple[float, T] | None = None

    async def get(self) -> T:
        """What the table says.

        Raises:
            StorageError: it cannot be read, and what was read last is too old.

        """
        async with self._reading:
            if self._held is None or self._monotonic() - self._held[0] >= FRESH_SECONDS:
                await self._renew()
            assert self._held is not None  # noqa: S101 - for the type checker: `_renew` raises else
            return self._held[1]

    def forget(self) -> None:
        """Read again next time: we have just changed the table."""
        self._held = None

    async def _renew(self) -> None:
        began = self._monotonic()  # before reading: what changes meanwhile is seen next time
        try:
            self._held = began, await self._read()
        except StorageError as error:
            if self._held is None or began - self._held[0] >= STALE_SECONDS:
                raise
            log.warning("credentials_not_renewed", code=error.code, detail=str(error))
