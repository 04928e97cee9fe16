"""Whether a carrier is still there: what comes from it is awaited, for no longer than was agreed.

A call's socket brings fifty messages a second. A deadline for each, and aiohttp's heartbeat, which looks at
each, cost as much as understanding them; so there is one timer for each socket, which looks when its time has
come what has come meanwhile.
"""

import asyncio
from contextlib import suppress
from typing import Any

from aiohttp import WSMessage, WSMsgType, web

from bridge.cuts import Cut, CutShortError

__all__ = ["Vigil"]

AWAKE_SECONDS = 0.25  # in which a loop that stood still learns what came meanwhile
NEVER = float("inf")
_PING, _PONG = WSMsgType.PING, WSMsgType.PONG


class Vigil:
    """Over one socket, which leaves pings to it (`autoping=False`, no heartbeat); by the loop's time."""

    def __init__(
        self,
        socket: web.WebSocketResponse,
        transport: asyncio.Transport | None,
        *,
        idle_seconds: float | None,
        heartbeat_seconds: float | None,
    ) -> None:
        """It begins now.

        `idle_seconds`: a message must have come within so many. `heartbeat_seconds`: whoever was silent for
        so many is pinged, and must answer within half of that. None: not asked for.
        """
        self._socket = socket
        self._transport = transport
        self._idle_seconds = idle_seconds
        self._heartbeat_seconds = heartbeat_seconds
        self._loop = asyncio.get_running_loop()
        self.told_at = self._loop.time()  # a message came last; whoever takes one past this has to say so
        self._heard_at = self.told_at  # a ping or its answer
        self._pinged_at: float | None = None  # and nothing heard since
        self._pinging: asyncio.Task[None] | None = None
        self._reader: asyncio.Task[Any] | None = None
        self._is_awaited = False
        self._cut: CutShortError | None = None
        self._due = 0.0
        self._timer: asyncio.TimerHandle | None = None
        self._set(self._next_due())

    def read_by_this_task(self) -> None:
        """From now on it is the task that calls `receive`; to ask for it each time costs too much."""
        self._reader = asyncio.current_task()

    async def receive(self) -> WSMessage:
        """The next message that is no ping and no pong.

        Raises:
            CutShortError: none came for too long, or a ping was not answered.

        """
        if self._cut is not None:
            raise self._cut
        self._is_awaited = True
        try:
            while True:
                message: WSMessage = await self._socket.receive()
                if message.type is not _PING and message.type is not _PONG:
                    self.told_at = self._loop.time()
                    return message
                self._heard_at = self._loop.time()
                if message.type is _PING:
                    await self._socket.pong(message.data)
        except asyncio.CancelledError:
            cut = self._cut_that_cancelled()
            if cut is None:
                raise
            raise cut from None
        finally:
            self._is_awaited = False

    def _cut_that_cancelled(self) -> CutShortError | None:
        """Why the reader was cancelled; None where that was somebody else's wish."""
        if self._cut is None or self._reader is None or self._reader.uncancel():
            return None
        return self._cut

    def end(self) -> None:
        """Nobody waits any more."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if self._pinging is not None:
            self._pinging.cancel()

    def _set(self, due: float) -> None:
        self._due = due
        self._timer = self._loop.call_at(due, self._look) if due < NEVER else None

    def _next_due(self) -> float:
        """When there will be something to be looked at, if nothing comes until then."""
        return min(self._idle_at(), self._unanswered_at(), self._ping_at())

    @property
    def _alive_at(self) -> float:
        """When anything came last."""
        return max(self._heard_at, self.told_at)

    def _idle_at(self) -> float:
        return NEVER if self._idle_seconds is None else self.told_at + self._idle_seconds

    def _unanswered_at(self) -> float:
        if self._pinged_at is None or self._heartbeat_seconds is None:
            return NEVER
        return self._pinged_at + self._heartbeat_seconds / 2

    def _ping_at(self) -> float:
        if self._pinged_at is not None or self._heartbeat_seconds is None:
            return NEVER
        return self._alive_at + self._heartbeat_seconds

    def _look(self) -> None:
        now = self._loop.time()
        if self._pinged_at is not None and self._alive_at > self._pinged_at:
            self._pinged_at = None
        if now > self._due + AWAKE_SECONDS:  # what came meanwhile has not been read yet
            self._set(now + AWAKE_SECONDS)
        elif now >= self._idle_at():
            self._end_it(
                CutShortError(Cut.IDLE, f"nothing came from the carrier for {self._idle_seconds:g} s")
            )
        elif now >= self._unanswered_at():
            if self._transport is not None:
                self._transport.abort()
            self._end_it(CutShortError(Cut.UNANSWERED, "the carrier does not answer pings"))
        else:
            if now >= self._ping_at():
                self._pinged_at = now
                self._pinging = asyncio.create_task(self._ping())
            self._set(self._next_due())

    async def _ping(self) -> None:
        with suppress(ConnectionError):  # whoever waits for messages learns of that
            await self._socket.ping()

    def _end_it(self, cut: CutShortError) -> None:
        self._cut, self._timer = cut, None
        if self._is_awaited and self._reader is not None:
            self._reader.cancel()
