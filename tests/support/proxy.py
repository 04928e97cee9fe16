"""A network between carrier and daemon, as bad as a test wants it: a TCP proxy in the test's own loop.

Delays and rates are of the wall clock. What it takes in it takes in slowly too: nothing is heaped up here.
"""

import asyncio
import socket
import struct
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from random import Random

__all__ = ["Network", "proxy"]

RECEIVE_BYTES = 4096  # of the kernel's, so that who sends too fast is told
PIECE_BYTES = 2048
RESET = struct.pack("ii", 1, 0)  # SO_LINGER: nothing is waited for, and the peer is told RST


@dataclass
class Network:
    """One stretch of network, for any number of connections."""

    latency_seconds: float = 0.0  # each way
    jitter_seconds: float = 0.0  # at most, on top of that; nothing overtakes
    bytes_per_second: float | None = None  # each way, of each connection
    most_bytes: int | None = None  # pieces are of any length up to here
    chance: Random = field(default_factory=lambda: Random(1))
    port: int = 0
    _ends: list[asyncio.StreamWriter] = field(default_factory=list)
    _is_open: asyncio.Event = field(default_factory=asyncio.Event)

    def __post_init__(self) -> None:
        self._is_open.set()

    @property
    def connections(self) -> int:
        """How many there have been."""
        return len(self._ends) // 2

    def reset(self) -> None:
        """Cut every connection: both ends are told RST."""
        for end in self._ends:
            with suppress(OSError):  # it is closed already
                end.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
            end.transport.abort()

    def fall_silent(self) -> None:
        """Pass on nothing any more, and take in nothing; nobody is told."""
        self._is_open.clear()

    async def join(self, server: int, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Pass on both ways between this peer and a port, until either is gone."""
        there = socket.socket()
        there.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, RECEIVE_BYTES)
        there.setblocking(False)
        await asyncio.get_running_loop().sock_connect(there, ("127.0.0.1", server))
        far_reader, far_writer = await asyncio.open_connection(sock=there, limit=PIECE_BYTES)
        self._ends += [writer, far_writer]
        for end in (writer, far_writer):
            end.get_extra_info("socket").setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        await asyncio.gather(self._pass(reader, far_writer), self._pass(far_reader, writer))

    async def _pass(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One direction."""
        under_way: asyncio.Queue[tuple[float, bytes]] = asyncio.Queue(1000)
        arriving = asyncio.create_task(self._arrive(under_way, writer))
        try:
            with suppress(ConnectionError):
                while piece := await reader.read(PIECE_BYTES):
                    await self._is_open.wait()
                    delay = self.latency_seconds + self.chance.uniform(0, self.jitter_seconds)
                    await under_way.put((_now() + delay, piece))
                    if self.bytes_per_second:
                        await asyncio.sleep(len(piece) / self.bytes_per_second)
            await under_way.put((_now() + self.latency_seconds, b""))
            await arriving
        finally:
            arriving.cancel()

    async def _arrive(
        self, under_way: "asyncio.Queue[tuple[float, bytes]]", writer: asyncio.StreamWriter
    ) -> None:
        with suppress(ConnectionError):
            while True:
                due, piece = await under_way.get()
                await asyncio.sleep(max(0.0, due - _now()))
                await self._is_open.wait()
                if not piece:
                    writer.close()
                    return
                for part in self._sliced(piece):
                    writer.write(part)
                    await writer.drain()

    def _sliced(self, piece: bytes) -> list[bytes]:
        parts = []
        while piece:
            size = self.chance.randint(1, self.most_bytes) if self.most_bytes else len(piece)
            parts.append(piece[:size])
            piece = piece[size:]
        return parts


def _now() -> float:
    return asyncio.get_running_loop().time()


@asynccontextmanager
async def proxy(server: int, network: Network) -> AsyncIterator[Network]:
    """Listen at `network.port` for what is to reach the port `server` through that network."""
    joined: set[asyncio.Task[None]] = set()

    def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.create_task(network.join(server, reader, writer))
        joined.add(task)

    with socket.socket() as listening:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, RECEIVE_BYTES)
        listening.bind(("127.0.0.1", 0))
        network.port = listening.getsockname()[1]
        async with await asyncio.start_server(accept, sock=listening, limit=PIECE_BYTES):
            try:
                yield network
            finally:
                for task in joined:
                    task.cancel()
                network.reset()
                await asyncio.gather(*joined, return_exceptions=True)
