"""What a carrier's call goes over: messages both ways, and an end. A WebSocket, a TCP stream, or memory."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress
from typing import Protocol

import aiohttp
from aiohttp import web

__all__ = ["BrokenConnectionError", "Connection", "StreamConnection", "WebSocketConnection"]

CLOSE_NORMAL = 1000  # RFC 6455 section 7.4.1
READ_BYTES = 64 * 1024


class BrokenConnectionError(Exception):
    """The transport itself broke its rules."""


class Connection(Protocol):
    """One call's connection to Hatif."""

    @property
    def close_code(self) -> int | None:
        """What it was closed with; None while it is open, or where there is no such thing."""
        ...

    async def send(self, message: str | bytes) -> None:
        """Deliver one message.

        Raises:
            ConnectionError: it is closed.

        """
        ...

    def __aiter__(self) -> AsyncIterator[str | bytes]:
        """What Hatif says, until the end.

        Raises:
            BrokenConnectionError: the transport's own rules were broken.

        """
        ...

    async def close(self, code: int) -> None:
        """Say goodbye; may wait for the answer."""
        ...


class WebSocketConnection(Connection):
    """A WebSocket, whichever side opened it."""

    def __init__(self, socket: aiohttp.ClientWebSocketResponse | web.WebSocketResponse) -> None:
        self._socket = socket

    @property
    def close_code(self) -> int | None:
        return self._socket.close_code

    async def send(self, message: str | bytes) -> None:
        if isinstance(message, str):
            await self._socket.send_str(message)
        else:
            await self._socket.send_bytes(message)

    async def __aiter__(self) -> AsyncIterator[str | bytes]:
        async for message in self._socket:
            if message.type is aiohttp.WSMsgType.ERROR:
                raise BrokenConnectionError("The WebSocket itself was broken.")
            yield message.data

    async def close(self, code: int) -> None:
        with suppress(aiohttp.ClientError):
            await self._socket.close(code=code)


class StreamConnection(Connection):
    """A TCP stream: bytes in any cut."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer

    @property
    def close_code(self) -> int | None:
        return None

    async def send(self, message: str | bytes) -> None:
        self._writer.write(message.encode() if isinstance(message, str) else message)
        await self._writer.drain()

    async def __aiter__(self) -> AsyncIterator[str | bytes]:
        with suppress(ConnectionError):  # a reset is an end like any other
            while piece := await self._reader.read(READ_BYTES):
                yield piece

    async def close(self, code: int) -> None:  # noqa: ARG002 - TCP knows none
        self._writer.close()
        with suppress(ConnectionError):
            await self._writer.wait_closed()
