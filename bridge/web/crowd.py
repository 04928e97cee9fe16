"""Connections of whom we know nothing yet, of which there may only be so many; calls are not among them.

A connection is a stranger's until a call is held on it. One more than one address, or all together, may have
is closed before it has said a word. What happens below, floods of SYN packets, is the kernel's matter.
"""

import asyncio
import socket
import time
from collections import Counter
from collections.abc import Callable
from functools import partial

import structlog
from aiohttp import web
from msgspec import Struct

from bridge.web.addresses import Addresses, block_of

__all__ = ["CROWD", "Crowd", "HttpLimits", "welcome"]

LOOK_SECONDS = 1.0  # between two looks at who does not read
SEND_BUFFER_BYTES = 64 * 1024  # the kernel's, which else grows to megabytes for each who does not read
TELL_SECONDS = 10.0  # a flood is told so often, not once for each connection

log = structlog.get_logger()


class HttpLimits(Struct, frozen=True):
    """What whoever connects may do. Seconds of wall-clock time."""

    header_seconds: float = 15.0  # also what a connection may be idle between two requests
    body_seconds: float = 10.0
    send_seconds: float = 30.0
    max_connections: int = 512
    max_connections_per_address: int = 64


class Crowd:
    """Counts strangers, and lets those go who never read what they asked for."""

    def __init__(
        self, limits: HttpLimits, addresses: Addresses, now: Callable[[], float] = time.monotonic
    ) -> None:
        """`addresses` tells proxies, for whose many users one address stands."""
        self._limits = limits
        self._addresses = addresses
        self._now = now
        self._strangers: dict[object, str] = {}  # by connection, or by what stands for one
        self._by_block: Counter[str] = Counter()
        self._unread_since: dict[asyncio.Transport, float | None] = {}
        self._turned_away = 0
        self._told_at = float("-inf")

    @property
    def strangers(self) -> int:
        """How many there are now."""
        return len(self._strangers)

    def enter(self, transport: asyncio.Transport) -> bool:
        """Somebody has connected; False: there is no room, and the connection is to be closed."""
        peer = transport.get_extra_info("peername")
        if not isinstance(peer, tuple):  # the admin socket: whoever opens that is no stranger
            self._unread_since[transport] = None
            return True
        block = block_of(str(peer[0]))
        is_crowded = self._by_block[
            block
        ] >= self._limits.max_connections_per_address and not self._addresses.is_proxy(str(peer[0]))
        if is_crowded or len(self._strangers) >= self._limits.max_connections:
            self._turn_away()
            return False
        self._unread_since[transport] = None
        connection = transport.get_extra_info("socket")
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, SEND_BUFFER_BYTES)
        self._strangers[transport] = block
        self._by_block[block] += 1
        return True

    def know(self, transport: object) -> None:
        """Whoever is there has a call, and is a stranger no more."""
        block = self._strangers.pop(transport, None)
        if block is not None:
            self._by_block[block] -= 1
            if not self._by_block[block]:
                del self._by_block[block]

    def lend(self, transport: asyncio.BaseTransport) -> Callable[[], None]:
        """The connection goes on in another process; a stranger is one until what is returned is called."""
        stands_for_it = object()
        if (block := self._strangers.pop(transport, None)) is not None:
            self._strangers[stands_for_it] = block
        return partial(self.know, stands_for_it)

    def leave(self, transport: asyncio.Transport) -> None:
        """The connection is over."""
        self.know(transport)
        self._unread_since.pop(transport, None)

    async def watch(self) -> None:
        """Close, for ever, the connections of those who do not read."""
        while True:
            await asyncio.sleep(min(LOOK_SECONDS, self._limits.send_seconds / 4))
            self.look()

    def look(self) -> None:
        """Close the connections for which something has been waiting, at every look, for too long."""
        now = self._now()
        for transport, since in tuple(self._unread_since.items()):
            if not transport.get_write_buffer_size():
                self._unread_since[transport] = None
            elif since is None:
                self._unread_since[transport] = now
            elif now - since >= self._limits.send_seconds:
                log.warning("connection_closed", detail="what was sent was not read")
                transport.abort()

    def _turn_away(self) -> None:
        self._turned_away += 1
        now = self._now()
        if now - self._told_at >= TELL_SECONDS:
            log.warning("connections_refused", count=self._turned_away, setting="server.max_connections")
            self._turned_away, self._told_at = 0, now


CROWD = web.AppKey("crowd", Crowd)


def welcome(request: web.Request) -> None:
    """A call is held on this request's connection."""
    if (crowd := request.app.get(CROWD)) is not None:
        crowd.know(request.transport)
