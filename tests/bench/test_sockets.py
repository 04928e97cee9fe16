"""The client by hand: RFC 6455 as servers speak it, met by a real one, and refusals that say why."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable

import pytest
from aiohttp import WSMsgType, web
from aiohttp.test_utils import TestServer
from hypothesis import given
from hypothesis import strategies as st

from bridge.bench.sockets import Address, Frames, RefusedError, Socket, connect, frame
from bridge.carriers.base import Dialling

Serve = Callable[[Callable[[web.Request], Awaitable[web.StreamResponse]]], Awaitable[str]]


@given(
    payloads=st.lists(
        st.tuples(st.sampled_from([1, 2, 8, 9]), st.one_of(st.binary(max_size=300), st.just(b"x" * 70_000))),
        max_size=6,
    ),
    cuts=st.lists(st.integers(1, 200)),
)
def test_messages_are_found_however_they_come(payloads: list[tuple[int, bytes]], cuts: list[int]) -> None:
    """In any pieces. A server's frames are a client's without the mask."""
    written = b"".join(_unmasked(frame(payload, kind)) for kind, payload in payloads)
    frames, found, at = Frames(), list[tuple[int, bytes]](), 0
    for length in [*cuts, len(written)]:
        found += list(frames.push(written[at : at + length]))
        at += length
    assert found == payloads


def _unmasked(written: bytes) -> bytes:
    short = written[1] & 0x7F
    head = 2 + {126: 2, 127: 8}.get(short, 0)
    return written[:1] + bytes([short]) + written[2:head] + written[head + 4 :]


def test_parts_are_one_message_and_what_comes_between_is_not_lost() -> None:
    """RFC 6455 section 5.4: a ping may come in the midst of them."""
    parts = b"\x01\x02ab" + b"\x89\x01p" + b"\x00\x01c" + b"\x80\x01d"
    assert list(Frames().push(parts)) == [(9, b"p"), (1, b"abcd")]


def test_what_callers_send_is_a_frame_of_a_client() -> None:
    """RFC 6455 section 5.2: masked, its length in one byte, three or nine."""
    assert frame(b"ab") == b"\x81\x82\0\0\0\0ab"
    assert frame(b"x" * 300)[:8] == b"\x81\xfe\x01\x2c\0\0\0\0"
    assert frame(b"x" * 70_000)[:14] == b"\x81\xff\0\0\0\0\0\x01\x11\x70\0\0\0\0"


@pytest.mark.parametrize(
    ("url", "found"),
    [
        ("ws://h", Address("h", 80, "/", is_secure=False, is_websocket=True)),
        ("wss://h/ws/x?a=1", Address("h", 443, "/ws/x?a=1", is_secure=True, is_websocket=True)),
        ("tcp://127.0.0.1:9092", Address("127.0.0.1", 9092, "/", is_secure=False, is_websocket=False)),
    ],
)
def test_addresses_are_read(url: str, found: Address) -> None:
    assert Address.of(url) == found


@pytest.mark.parametrize("url", ["http://h", "h:80", "ws://", "ws://h:0", "ws://h:99999"])
def test_what_is_no_address_is_refused(url: str) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 - urlsplit's own among them
        Address.of(url)


@pytest.fixture
async def serve() -> AsyncIterator[Serve]:
    """Serve every path so; the address."""
    servers: list[TestServer] = []

    async def start(handler: Callable[[web.Request], Awaitable[web.StreamResponse]]) -> str:
        application = web.Application()
        application.router.add_get("/{path:.*}", handler)
        servers.append(TestServer(application))
        await servers[-1].start_server()
        return f"ws://127.0.0.1:{servers[-1].port}/ws"

    yield start
    for server in servers:
        await server.close()


class Met:
    """What a connection told."""

    def __init__(self) -> None:
        self.heard: list[str | bytes] = []
        self.lost: list[int | None] = []

    async def connect(self, dialling: Dialling) -> Socket:
        return await connect(dialling, heard=self.heard.append, lost=self.lost.append, seconds=10)


async def test_a_conversation_with_a_real_server(serve: Serve) -> None:
    """Texts, bytes, large ones, a ping, headers, a subprotocol, and the server's close."""
    seen: list[object] = []

    async def converse(request: web.Request) -> web.StreamResponse:
        answer = web.WebSocketResponse(protocols=("b",))
        await answer.prepare(request)
        seen.extend([request.headers["Auth"], answer.ws_protocol])
        await answer.ping(b"are you there")
        for _ in range(3):
            message = await answer.receive()
            seen.append(message.data)
            await (
                answer.send_str(message.data)
                if message.type is WSMsgType.TEXT
                else answer.send_bytes(message.data)
            )
        await answer.close(code=4000)
        return answer

    met = Met()
    there = await met.connect(Dialling(await serve(converse), {"Auth": "secret"}, ("a", "b")))
    said: list[str | bytes] = ["نعم", b"\x00\xff", b"x" * 100_000]
    for one in said:
        there.send(one)
    await asyncio.wait_for(there.closed, 10)
    assert seen == ["secret", "b", *said]
    assert (met.heard, met.lost) == (said, [4000])


async def test_goodbye_is_answered(serve: Serve) -> None:
    """The code is our own; nothing is sent after it."""
    codes: list[int | None] = []

    async def converse(request: web.Request) -> web.StreamResponse:
        answer = web.WebSocketResponse()
        await answer.prepare(request)
        async for _ in answer:
            raise AssertionError("nothing was to come")
        codes.append(answer.close_code)
        return answer

    met = Met()
    there = await met.connect(Dialling(await serve(converse)))
    there.close()
    there.send("too late")
    await asyncio.wait_for(there.closed, 10)
    assert (codes, met.lost) == ([1000], [1000])


async def test_a_refusal_says_its_status_and_when_to_come_again(serve: Serve) -> None:
    async def refuse(_: web.Request) -> web.StreamResponse:
        return web.Response(status=503, headers={"Retry-After": "7"})

    with pytest.raises(RefusedError) as refused:
        await Met().connect(Dialling(await serve(refuse)))
    assert (refused.value.status, refused.value.retry_after_seconds) == (503, 7)


async def test_a_connection_that_vanishes_is_told(serve: Serve) -> None:
    """1006, as RFC 6455 section 7.4.1 has it."""

    async def vanish(request: web.Request) -> web.StreamResponse:
        answer = web.WebSocketResponse()
        await answer.prepare(request)
        assert request.transport is not None
        request.transport.abort()
        return answer

    met = Met()
    there = await met.connect(Dialling(await serve(vanish)))
    await asyncio.wait_for(there.closed, 10)
    assert met.lost == [1006]


async def test_what_is_no_websocket_is_an_error_soon(serve: Serve) -> None:
    """A server that says something else, closes at once, or speaks no TLS."""

    async def other(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"220 mail\r\n\r\n")
        writer.close()

    async with await asyncio.start_server(other, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        with pytest.raises(ConnectionError):
            await Met().connect(Dialling(f"ws://127.0.0.1:{port}/"))

    async def page(_: web.Request) -> web.StreamResponse:
        return web.Response(text="It works!")

    with pytest.raises(OSError):  # noqa: PT011 - ssl.SSLError, whose number depends on OpenSSL
        await Met().connect(Dialling((await serve(page)).replace("ws:", "wss:")))


async def test_bare_tcp_is_a_stream() -> None:
    """AudioSocket's: bytes in, bytes out, and no code at the end."""
    got: list[bytes] = []

    async def echo(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        got.append(await reader.readexactly(3))
        writer.write(b"abc")
        await writer.drain()
        writer.close()

    async with await asyncio.start_server(echo, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        met = Met()
        there = await met.connect(Dialling(f"tcp://127.0.0.1:{port}"))
        there.send(b"123")
        await asyncio.wait_for(there.closed, 10)
    assert (got, b"".join(one for one in met.heard if isinstance(one, bytes)), met.lost) == (
        [b"123"],
        b"abc",
        [None],
    )
