"""Clients that take their time, with plain sockets: each drips, stalls or never reads, until it is let go.

As a program it is all of them, in a process of its own: what they cost is not to slow down the caller whom
they are to disturb.
"""

import asyncio
import socket
import sys
import time
from asyncio.subprocess import PIPE
from pathlib import Path

import msgspec
from msgspec import Struct

__all__ = ["Crowd", "End", "Slow", "Tale", "drip", "flood", "in_a_process"]

KEEP = 64 * 1024
BETWEEN_KINDS = 0.3  # seconds: whom the kernel leaves out, because too many wait, is no client of the daemon
LOOKED_AT = 1.9  # seconds: everybody was looked at, and the daemon's patience with them is not over yet


class Slow(Struct, frozen=True):
    """One way to be slow: what is sent at once, and then what, piece by piece, with pauses."""

    name: str
    first: bytes
    drip: bytes = b""
    pause_seconds: float = 0.4
    reads: bool = True


class End(Struct, frozen=True):
    """How it ended for the client."""

    seconds: float
    is_closed: bool  # by the server
    answer: bytes = b""


class Crowd(Struct, frozen=True):
    """So many clients of each kind, and so many connections at once from one other address."""

    port: int
    kinds: list[Slow]
    count: int
    most_seconds: float  # until a client gives up waiting to be closed
    flood: int = 0
    addresses: int = 50


class Tale(Struct, frozen=True):
    """What became of a crowd: the ends of each kind, and how many connections of the flood were left open."""

    ends: dict[str, list[End]]
    left: int


async def in_a_process(crowd: Crowd) -> Tale:
    """Let a crowd loose."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, str(Path(__file__)), stdin=PIPE, stdout=PIPE
    )
    try:
        told, _ = await process.communicate(msgspec.json.encode(crowd))
    finally:
        if process.returncode is None:
            process.kill()
    return msgspec.json.decode(told, type=Tale)


async def drip(port: int, slow: Slow, most_seconds: float, address: str = "127.0.0.1") -> End:
    """Be slow, from one of this machine's addresses, until the server closes, or for so long."""
    began = time.monotonic()
    loop = asyncio.get_running_loop()
    connection = _socket(address)
    answer = bytearray()
    is_closed = False
    try:
        async with asyncio.timeout(most_seconds):
            await loop.sock_connect(connection, ("127.0.0.1", port))
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
    return End(time.monotonic() - began, is_closed, bytes(answer))


async def flood(port: int, count: int, most_left: int) -> int:
    """So many connections from one address at once; how many are left open, if more than so many."""
    opened = await asyncio.gather(
        *(asyncio.open_connection("127.0.0.1", port, local_addr=("127.0.2.1", 0)) for _ in range(count)),
        return_exceptions=True,
    )
    writers = [each[1] for each in opened if isinstance(each, tuple)]
    readers = [each[0] for each in opened if isinstance(each, tuple)]

    def open_still() -> int:
        return sum(not reader.at_eof() and reader.exception() is None for reader in readers)

    until_all_were_looked_at = asyncio.get_running_loop().time() + LOOKED_AT
    while (left := open_still()) > most_left:  # the system has taken them, and the daemon not yet
        if asyncio.get_running_loop().time() > until_all_were_looked_at:
            break
        await asyncio.sleep(0.02)
    for writer in writers:
        writer.transport.abort()
    return left


def _socket(address: str) -> socket.socket:
    connection = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)  # whoever does not read fills it soon
    connection.bind((address, 0))
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


async def _all(crowd: Crowd) -> Tale:
    places = [f"127.0.1.{1 + number % crowd.addresses}" for number in range(crowd.count)]

    async def of_kind(number: int, kind: Slow) -> list[End]:
        await asyncio.sleep(number * BETWEEN_KINDS)
        ends = await asyncio.gather(*(drip(crowd.port, kind, crowd.most_seconds, place) for place in places))
        return [End(end.seconds, end.is_closed) for end in ends]

    left, *ends = await asyncio.gather(
        flood(crowd.port, crowd.flood, 0),
        *(of_kind(number, kind) for number, kind in enumerate(crowd.kinds, 1)),
    )
    return Tale({kind.name: found for kind, found in zip(crowd.kinds, ends, strict=True)}, left)


if __name__ == "__main__":
    crowd = msgspec.json.decode(sys.stdin.buffer.read(), type=Crowd)
    sys.stdout.buffer.write(msgspec.json.encode(asyncio.run(_all(crowd))))
