"""A carrier's socket, which hands on what comes while it is being read: on real sockets."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import aiohttp
from aiohttp import WSMsgType, web

from bridge.cuts import Cut, CutShortError
from bridge.line import Messages, Receive
from bridge.web.call_socket import CallSocket
from bridge.web.media import messages_of
from bridge.web.vigil import Vigil

Client = aiohttp.ClientWebSocketResponse
Serve = Callable[[CallSocket], Awaitable[object]]
HANGS = 30.0


@asynccontextmanager
async def served(serve: Serve) -> AsyncIterator[tuple[Client, asyncio.Future[object]]]:
    """A carrier on a socket, and what comes of serving it."""
    outcome: asyncio.Future[object] = asyncio.get_running_loop().create_future()

    async def connect(request: web.Request) -> web.WebSocketResponse:
        socket = CallSocket(autoping=False, compress=False, max_msg_size=1000)
        await socket.prepare(request)
        try:
            outcome.set_result(await serve(socket))
        except CutShortError as error:
            outcome.set_result(error.cut)
        return socket

    application = web.Application()
    application.router.add_get("/", connect)
    runner = web.AppRunner(application)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    port = runner.addresses[0][1]
    try:
        async with aiohttp.ClientSession() as http, http.ws_connect(f"http://127.0.0.1:{port}/") as client:
            yield client, outcome
    finally:
        await runner.cleanup()


def told(messages: Callable[[CallSocket, Vigil], Messages], *, idle: float | None = None) -> Serve:
    """Serve by handing everything to a list, which is the outcome."""

    async def serve(socket: CallSocket) -> object:
        heard: list[str | bytes] = []
        vigil = Vigil(socket, None, idle_seconds=idle, heartbeat_seconds=None)
        try:
            await messages(socket, vigil)(heard.append)
        finally:
            vigil.end()
        return heard

    return serve


async def test_what_comes_is_handed_on_in_order_and_what_came_before_it() -> None:
    """What was said before anybody listened, what waited meanwhile, and what comes from then on."""

    def late(socket: CallSocket, vigil: Vigil) -> Messages:
        async def hand_over(receive: Receive) -> None:
            await asyncio.sleep(0.2)  # two messages wait by now
            await messages_of(["said"], socket, vigil)(receive)

        return hand_over

    async with served(told(late)) as (client, outcome):
        await client.send_str("first")
        await client.send_bytes(b"second")
        await asyncio.sleep(0.4)
        await client.send_str("third")
        await client.close()
        assert await asyncio.wait_for(outcome, HANGS) == ["said", "first", b"second", "third"]


async def test_nobody_is_woken_by_what_is_handed_on() -> None:
    """A hundred messages are taken in while whoever awaits the socket sleeps; a ping wakes them."""

    async def serve(socket: CallSocket) -> object:
        handed: list[str | bytes] = []
        socket.hand_to(handed.append)
        woken_by = await socket.receive()
        return len(handed), woken_by.type, socket.has_waiting

    async with served(serve) as (client, outcome):
        for number in range(100):
            await client.send_str(str(number))
        await client.ping(b"are you there")
        assert await asyncio.wait_for(outcome, HANGS) == (100, WSMsgType.PING, False)


async def test_whoever_leaves_is_not_handed_anything_any_more() -> None:
    """What comes after waits, as in any socket of aiohttp's, for whoever closes it."""

    async def serve(socket: CallSocket) -> object:
        handed: asyncio.Queue[str | bytes] = asyncio.Queue()
        socket.hand_to(handed.put_nowait)
        first = await handed.get()
        socket.hand_to(None)
        return first, (await socket.receive()).data, handed.empty()

    async with served(serve) as (client, outcome):
        await client.send_str("one")
        await asyncio.sleep(0.3)
        await client.send_str("two")
        assert await asyncio.wait_for(outcome, HANGS) == ("one", "two", True)


async def test_whoever_goes_on_speaking_is_not_idle() -> None:
    """The watch is told of messages that pass it, and cuts off whoever falls silent after them."""
    async with served(told(lambda socket, vigil: messages_of([], socket, vigil), idle=0.5)) as (
        client,
        outcome,
    ):
        for _ in range(8):
            await client.send_str("here")
            await asyncio.sleep(0.15)
            assert not outcome.done()
        assert await asyncio.wait_for(outcome, HANGS) is Cut.IDLE


async def test_the_rules_of_websocket_hold_for_what_is_handed_on() -> None:
    """A message that is too long is refused by aiohttp's parser, as on any socket, and handed to nobody."""
    async with served(told(lambda socket, vigil: messages_of([], socket, vigil))) as (client, outcome):
        await client.send_str("x" * 2000)
        assert await asyncio.wait_for(outcome, HANGS) is Cut.PROTOCOL
        await client.receive()
        assert client.close_code == 1009
