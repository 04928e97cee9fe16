"""WebSocket frames by hand (RFC 6455 section 5.2), right ones and wrong ones, over a plain socket."""

import asyncio
import struct
from collections.abc import Sequence

from msgspec import Struct

__all__ = [
    "BINARY",
    "CLOSE",
    "CONTINUATION",
    "PING",
    "PONG",
    "TEXT",
    "Heard",
    "closing",
    "frame",
    "shake",
    "speak",
]

CONTINUATION, TEXT, BINARY, CLOSE, PING, PONG = 0, 1, 2, 8, 9, 10
MASK = b"\x01\x02\x03\x04"
SHORT, MIDDLE = 125, 0xFFFF
HANDSHAKE = (
    b"GET /echo HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n"
)


class Heard(Struct, frozen=True):
    """What the server sent: whole frames, and the code it closed with; 0: without one; None: not at all."""

    frames: tuple[tuple[int, bytes], ...]
    code: int | None


def frame(opcode: int, payload: bytes = b"", *, fin: bool = True, rsv: int = 0, masked: bool = True) -> bytes:
    """One frame, of a client unless `masked` is False."""
    first = fin << 7 | rsv << 4 | opcode
    size, bit = len(payload), masked << 7
    if size <= SHORT:
        head = struct.pack("!BB", first, bit | size)
    elif size <= MIDDLE:
        head = struct.pack("!BBH", first, bit | 126, size)
    else:
        head = struct.pack("!BBQ", first, bit | 127, size)
    if not masked:
        return head + payload
    return head + MASK + bytes(byte ^ MASK[at % 4] for at, byte in enumerate(payload))


def closing(code: int, reason: bytes = b"") -> bytes:
    """A close frame with a code."""
    return frame(CLOSE, struct.pack("!H", code) + reason)


async def shake(port: int, *more: bytes) -> tuple[bytes, asyncio.StreamReader, asyncio.StreamWriter]:
    """Ask for a socket; the head of the answer, and the connection."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(HANDSHAKE + b"".join(line + b"\r\n" for line in more) + b"\r\n")
    return await reader.readuntil(b"\r\n\r\n"), reader, writer


async def speak(port: int, pieces: Sequence[bytes], seconds: float = 10.0) -> Heard:
    """Open a socket, send these pieces one by one, and hear until the server closes the connection."""
    _, reader, writer = await shake(port)
    try:
        for piece in pieces:
            writer.write(piece)
            await asyncio.sleep(0)
        heard = bytearray()
        async with asyncio.timeout(seconds):
            try:
                while received := await reader.read(65536):
                    heard += received
                    if _is_closed(heard):
                        break
            except ConnectionError:
                pass
        return _understood(bytes(heard))
    finally:
        writer.transport.abort()


def _is_closed(heard: bytes | bytearray) -> bool:
    return any(opcode == CLOSE for opcode, _ in _frames(bytes(heard)))


def _frames(data: bytes) -> list[tuple[int, bytes]]:
    found = []
    while len(data) >= 2:
        opcode, size, start = data[0] & 15, data[1] & 127, 2
        if size == 126:
            size, start = struct.unpack("!H", data[2:4])[0], 4
        elif size == 127:
            size, start = struct.unpack("!Q", data[2:10])[0], 10
        if len(data) < start + size:
            break
        found.append((opcode, data[start : start + size]))
        data = data[start + size :]
    return found


def _understood(data: bytes) -> Heard:
    frames = _frames(data)
    closes = [payload for opcode, payload in frames if opcode == CLOSE]
    code = None
    if closes:
        code = struct.unpack("!H", closes[0][:2])[0] if len(closes[0]) >= 2 else 0
    return Heard(tuple(each for each in frames if each[0] != CLOSE), code)
