"""A plain TCP connection with the face of a WebSocket, for wires that are bytes without messages."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress
from typing import Self
from urllib.parse import urlsplit

import aiohttp

__all__ = ["TcpSocket"]

READ_BYTES = 65_536


class TcpSocket:
    """What `FakeCarrier` asks of a socket. What arrives is cut as TCP cuts it."""

    close_code: int | None = None  # there is none

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer

    @classmethod
    async def open(cls, url: str) -> Self:
        """Connect to `tcp://host:port`.

        Raises:
            OSError: nobody answers there.

        """
        address = urlsplit(url)
        return cls(*await asyncio.open_connection(address.hostname, address.port))

    async def __aiter__(self) -> AsyncIterator[aiohttp.WSMessage]:
        """Whatever arrives, until the other side closes or vanishes, which means the same."""
        with suppress(ConnectionError):
            while received := await self._reader.read(READ_BYTES):
                yield aiohttp.WSMessage(aiohttp.WSMsgType.BINARY, received, None)

    async def send_bytes(self, message: bytes) -> None:
        self._writer.write(message)
        await self._writer.drain()

    async def send_str(self, message: str) -> None:
        await self.send_bytes(message.encode())

    async def close(self, *, code: int = 0) -> None:  # noqa: ARG002
        self._writer.close()
        await self._writer.wait_closed()
