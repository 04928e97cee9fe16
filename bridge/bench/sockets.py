"""A connection of a caller's, by hand: a WebSocket client (RFC 6455) or bare TCP, without a task of its own.

Libraries' clients cost several times as much for each message, which on one machine is taken from the server.
What is left out: compression, which is not offered, and masking, for the key is zero.
"""

import asyncio
import ssl
from collections.abc import Callable, Iterator, Mapping
from urllib.parse import urlsplit

from msgspec import Struct

from bridge.carriers.base import Dialling
from bridge.carriers.connection import CLOSE_NORMAL

__all__ = ["Address", "Frames", "RefusedError", "Socket", "connect", "frame"]

CONTINUATION, TEXT, BINARY, CLOSE, PING, PONG = 0x0, 0x1, 0x2, 0x8, 0x9, 0xA
FINAL, MASKED, KIND = 0x80, 0x80, 0x0F
CLOSE_ABNORMAL = 1006  # RFC 6455 section 7.4.1: it vanished without a word
MAX_HEAD_BYTES = 64 * 1024  # of the answer to an upgrade; servers send less than one
KEY = "dGhlIHNhbXBsZSBub25jZQ=="  # RFC 6455 section 1.3; nothing is hidden by it
SHORT, LONG = 126, 127  # lengths that say that two or eight bytes of length follow
SECURE = frozenset({"wss", "https"})
SWITCHING = 101


class RefusedError(ConnectionError):
    """The upgrade was answered otherwise."""

    def __init__(self, status: int, retry_after_seconds: int | None) -> None:
        super().__init__(f"status {status}")
        self.status = status
        self.retry_after_seconds = retry_after_seconds


class Address(Struct, frozen=True):
    """Where a socket is, of a ws://, wss:// or tcp:// URL."""

    host: str
    port: int
    target: str  # path and query
    is_secure: bool
    is_websocket: bool

    @classmethod
    def of(cls, url: str) -> "Address":
        """Read a URL; ValueError: it is none of the three kinds."""
        place = urlsplit(url)
        if place.scheme not in {"ws", "wss", "tcp"} or not place.hostname or place.port == 0:
            raise ValueError(f"{url!r} is no ws://, wss:// or tcp:// address")
        is_secure = place.scheme in SECURE
        query = f"?{place.query}" if place.query else ""
        port = place.port or (443 if is_secure else 80)
        return cls(place.hostname, port, (place.path or "/") + query, is_secure, place.scheme != "tcp")

    @property
    def authority(self) -> str:
        """For the `Host` header."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{host}:{self.port}"


def upgrade(address: Address, dialling: Dialling) -> bytes:
    """The request that opens a WebSocket."""
    headers: dict[str, str] = {
        "Host": address.authority,
        "Upgrade": "websocket",
        "Connection": "Upgrade",
        "Sec-WebSocket-Key": KEY,
        "Sec-WebSocket-Version": "13",
        **dialling.headers,
    }
    if dialling.subprotocols:
        headers["Sec-WebSocket-Protocol"] = ", ".join(dialling.subprotocols)
    lines = [f"GET {address.target} HTTP/1.1", *(f"{name}: {value}" for name, value in headers.items())]
    return ("\r\n".join(lines) + "\r\n\r\n").encode()


def frame(payload: bytes, kind: int = TEXT) -> bytes:
    """A client's frame. Its mask is zero, which leaves the payload as it is."""
    length = len(payload)
    if length < SHORT:
        head = bytes((FINAL | kind, MASKED | length))
    elif length < 1 << 16:
        head = bytes((FINAL | kind, MASKED | SHORT)) + length.to_bytes(2, "big")
    else:
        head = bytes((FINAL | kind, MASKED | LONG)) + length.to_bytes(8, "big")
    return head + bytes(4) + payload


class Frames:
    """Cuts what a server sends into its messages; parts are joined. It takes none that is masked. Pure."""

    def __init__(self) -> None:
        self._rest = b""
        self._parts: list[bytes] = []  # of a message that is not complete
        self._kind = TEXT

    def push(self, data: bytes) -> Iterator[tuple[int, bytes]]:
        """Kind and payload of every message that is complete now."""
        data, at = self._rest + data, 0
        while (found := self._frame(data, at)) is not None:
            head, begin, at = found
            kind, payload = head & KIND, data[begin:at]
            if kind >= CLOSE or (kind != CONTINUATION and head & FINAL):
                yield kind, payload
            else:
                self._kind = kind or self._kind
                self._parts.append(payload)
                if head & FINAL:
                    yield self._kind, b"".join(self._parts)
                    self._parts.clear()
        self._rest = data[at:]

    def _frame(self, data: bytes, at: int) -> tuple[int, int, int] | None:
        """Its first byte, where its payload begins, and where it ends."""
        if len(data) < at + 2:
            return None
        length, begin = data[at + 1], at + 2
        if length >= SHORT:
            begin += 2 if length == SHORT else 8
            length = int.from_bytes(data[at + 2 : begin], "big")
        if len(data) < begin + length:
            return None
        return data[at], begin, begin + length


class Socket(asyncio.Protocol):
    """One connection. `heard` is handed each message, `lost` the close code when it is over, once."""

    def __init__(
        self,
        address: Address,
        dialling: Dialling,
        *,
        heard: Callable[[str | bytes], None],
        lost: Callable[[int | None], None],
    ) -> None:
        self._address = address
        self._dialling = dialling
        self._heard = heard
        self._lost = lost
        self._transport: asyncio.Transport | None = None
        self._head: bytes | None = b"" if address.is_websocket else None  # of the answer to the upgrade
        self._frames = Frames()
        self._close_code: int | None = CLOSE_ABNORMAL if address.is_websocket else None
        self._is_closing = False
        loop = asyncio.get_running_loop()
        self.opened: asyncio.Future[None] = loop.create_future()
        self.closed: asyncio.Future[None] = loop.create_future()

    # What comes

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)  # noqa: S101 - what create_connection makes
        self._transport = transport
        if self._address.is_websocket:
            transport.write(upgrade(self._address, self._dialling))
        else:
            self.opened.set_result(None)

    def data_received(self, data: bytes) -> None:
        if not self._address.is_websocket:
            self._heard(data)
            return
        if self._head is not None:
            self._head += data
            head, end, data = self._head.partition(b"\r\n\r\n")
            if not end:
                if len(self._head) > MAX_HEAD_BYTES:
                    self.abort()
                return
            self._head = None
            self._answered(head)
        for kind, payload in self._frames.push(data):
            self._take(kind, payload)

    def connection_lost(self, exc: Exception | None) -> None:
        if not self.opened.done():
            self.opened.set_exception(exc or ConnectionError("the server closed the connection"))
        self._transport = None
        self.closed.set_result(None)
        self._lost(self._close_code)

    def _answered(self, head: bytes) -> None:
        status, headers = _parsed(head)
        if status == SWITCHING:
            self.opened.set_result(None)
            return
        retry = headers.get("retry-after", "")
        seconds = int(retry) if retry.isascii() and retry.isdecimal() else None
        self.opened.set_exception(RefusedError(status, seconds))
        self.abort()

    def _take(self, kind: int, payload: bytes) -> None:
        if kind == TEXT:
            self._heard(payload.decode(errors="replace"))
        elif kind == BINARY:
            self._heard(payload)
        elif kind == PING:
            self._write(frame(payload, PONG))
        elif kind == CLOSE:
            if not self._is_closing:
                self._close_code = int.from_bytes(payload[:2], "big") if payload else None
                self._write(frame(payload[:2], CLOSE))
            self._is_closing = True

    # What goes

    def send(self, message: str | bytes) -> None:
        """Send one message; whoever has hung up sends to nobody."""
        is_text = isinstance(message, str)
        payload = message.encode() if isinstance(message, str) else message
        if not self._is_closing:
            self._write(
                frame(payload, TEXT if is_text else BINARY) if self._address.is_websocket else payload
            )

    def close(self, code: int = CLOSE_NORMAL) -> None:
        """Say goodbye; the server is to close the connection."""
        if self._address.is_websocket and not self._is_closing:
            self._write(frame(code.to_bytes(2, "big"), CLOSE))
            self._close_code = code
        elif self._transport is not None and not self._address.is_websocket:
            self._transport.close()
        self._is_closing = True

    def abort(self) -> None:
        """Leave, whatever is still there."""
        if self._transport is not None:
            self._transport.abort()

    def _write(self, data: bytes) -> None:
        if self._transport is not None:
            self._transport.write(data)


def _parsed(head: bytes) -> tuple[int, Mapping[str, str]]:
    """Status, and headers by their names in small letters; 0 for what is no HTTP."""
    first, *lines = head.decode("latin-1").split("\r\n")
    words = first.split(" ")
    pairs = (line.partition(":") for line in lines)
    is_http = len(words) > 1 and words[0].startswith("HTTP/1.") and words[1].isdecimal()
    return int(words[1]) if is_http else 0, {name.strip().lower(): value.strip() for name, _, value in pairs}


async def connect(
    dialling: Dialling,
    *,
    heard: Callable[[str | bytes], None],
    lost: Callable[[int | None], None],
    seconds: float,
) -> Socket:
    """Open a connection within so many seconds.

    Raises:
        RefusedError: the upgrade was refused.
        OSError: nobody can be reached; TimeoutError, ssl.SSLError and ConnectionError are among them.
        ValueError: the address is none.

    """
    address = Address.of(dialling.url)
    context = ssl.create_default_context() if address.is_secure else None
    loop = asyncio.get_running_loop()
    socket: Socket | None = None
    try:
        async with asyncio.timeout(seconds):
            _, socket = await loop.create_connection(
                lambda: Socket(address, dialling, heard=heard, lost=lost),
                address.host,
                address.port,
                ssl=context,
            )
            await socket.opened
    except BaseException:
        if socket is not None:
            socket.abort()
        raise
    return socket
