"""Clients that take their time, with plain sockets: each drips, stalls or never reads, until it is let go."""

import asyncio
import socket
import time

from msgspec import Struct

__all__ = ["End", "Slow", "drip", "drip_all"]

KEEP = 64 * 1024


class Slow(Struct, frozen=True):
    """One way to be slow: what is sent at once, and then what, piece by piece, with pauses."""

    name: str
    first: bytes
    drip: bytes = b""
    pause_seconds: float = 0.2
    reads: bool = True


class End(Struct, frozen=True):
    """How it ended for the client."""

    seconds: float
    answer: bytes
    is_closed: bool  # by the server


async def drip(port: int, slow: Slow, most_seconds: float, address: str = "127.0.0.1") -> End:
    """Be slow, from one of this machine's addresses, until the server closes, or for so long."""
    began = time.monotonic()
    connection = _connect(port, address)
    loop = asyncio.get_running_loop()
    answer = bytearray()
    is_closed = False
    try:
        async with asyncio.timeout(most_seconds):
            sending = asyncio.ensure_future(_send(connection, slow))
            try:
                while slow.reads and (received := await loop.sock_recv(connection, KEEP)):
                    answer += received
                await sending
            finally:
                sending.cancel()
                await asyncio.gather(sending, return_exceptions=True)
            is_closed = True
    except TimeoutError:
        pass
    except OSError:
        is_closed = True
    finally:
        connection.close()
    return End(time.monotonic() - began, bytes(answer), is_closed)


async def drip_all(port: int, slow: Slow, count: int, most_seconds: float, addresses: int = 10) -> list[End]:
    """So many at once, from several addresses of this machine."""
    places = [f"127.0.1.{1 + number % addresses}" for number in range(count)]
    return await asyncio.gather(*(drip(port, slow, most_seconds, place) for place in places))


def _connect(port: int, address: str) -> socket.socket:
    connection = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)  # whoever does not read fills it soon
    connection.bind((address, 0))
    connection.connect(("127.0.0.1", port))
    connection.setblocking(False)
    return connection


async def _send(connection: socket.socket, slow: Slow) -> None:
    """All there is to send. Who does not read asks again and again, and so finds out when nobody is there."""
    loop = asyncio.get_running_loop()
    await loop.sock_sendall(connection, slow.first)
    for byte in slow.drip:
        await asyncio.sleep(slow.pause_seconds)
        await loop.sock_sendall(connection, bytes([byte]))
    while not slow.reads:
        await asyncio.sleep(slow.pause_seconds)
        await loop.sock_sendall(connection, slow.first)
