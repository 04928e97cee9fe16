"""The watch over a carrier's socket, on real sockets."""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import aiohttp
from aiohttp import web

from bridge.cuts import Cut, CutShortError
from bridge.web.vigil import Vigil

Client = aiohttp.ClientWebSocketResponse
HANGS = 30.0


@asynccontextmanager
async def watched(
    read: Callable[[Vigil], Awaitable[object]],
    *,
    idle: float | None = None,
    heartbeat: float | None = None,
    answers: bool = True,
) -> AsyncIterator[tuple[Client, asyncio.Future[object]]]:
    """A carrier on a socket, and what comes of `read`ing it; it answers pings if it `answers`."""
    outcome: asyncio.Future[object] = asyncio.get_running_loop().create_future()

    async def connect(request: web.Request) -> web.WebSocketResponse:
        socket = web.WebSocketResponse(autoping=False)
        await socket.prepare(request)
        vigil = Vigil(socket, request.transport, idle_seconds=idle, heartbeat_seconds=heartbeat)
        vigil.read_by_this_task()
        try:
            outcome.set_result(await read(vigil))
        except CutShortError as error:
            outcome.set_result(error.cut)
        finally:
            vigil.end()
        return socket

    application = web.Application()
    application.router.add_get("/", connect)
    runner = web.AppRunner(application)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    port = runner.addresses[0][1]
    try:
        async with (
            aiohttp.ClientSession() as http,
            http.ws_connect(f"http://127.0.0.1:{port}/", autoping=answers) as client,
        ):
            yield client, outcome
    finally:
        await runner.cleanup()


async def text(vigil: Vigil) -> object:
    """What is said next."""
    return (await vigil.receive()).data


async def test_whoever_answers_pings_may_be_silent() -> None:
    """Where no message is asked for in time; one that comes after many pings is read."""
    async with watched(text, heartbeat=0.1) as (client, outcome):
        reading = asyncio.create_task(client.receive())  # answers pings
        await asyncio.sleep(0.6)
        assert not outcome.done()
        await client.send_str("still here")
        assert await asyncio.wait_for(outcome, HANGS) == "still here"
        reading.cancel()


async def test_whoever_answers_no_ping_is_cut_off() -> None:
    async with watched(text, heartbeat=0.1, answers=False) as (client, outcome):
        assert await asyncio.wait_for(outcome, HANGS) is Cut.UNANSWERED
        assert (await client.receive()).type is aiohttp.WSMsgType.PING
        async with asyncio.timeout(HANGS):
            while (await client.receive()).type is aiohttp.WSMsgType.PING:
                pass
        assert client.close_code == 1006  # the connection is gone, and nobody waited for a close frame


async def test_an_answer_to_a_ping_is_no_message() -> None:
    """Whoever says nothing is idle, however lively."""
    async with watched(text, idle=0.5, heartbeat=0.1) as (client, outcome):
        reading = asyncio.create_task(client.receive())
        assert await asyncio.wait_for(outcome, HANGS) is Cut.IDLE
        reading.cancel()


async def test_a_message_in_time_is_enough() -> None:
    """The one timer looks what has come since it was set."""

    async def read(vigil: Vigil) -> int:
        for _ in range(8):
            await vigil.receive()
        return 8

    async with watched(read, idle=0.5) as (client, outcome):
        for _ in range(8):
            await asyncio.sleep(0.15)
            await client.send_str("here")
        assert await asyncio.wait_for(outcome, HANGS) == 8


async def test_a_ping_of_theirs_is_answered() -> None:
    async with watched(text, idle=HANGS) as (client, outcome):
        pinging = asyncio.create_task(client.receive())
        await client.ping(b"are you there")
        await client.send_str("yes")
        assert await asyncio.wait_for(outcome, HANGS) == "yes"
        pinging.cancel()

    async with watched(text, idle=HANGS, answers=False) as (client, outcome):
        await client.ping(b"are you there")
        answer = await asyncio.wait_for(client.receive(), HANGS)
        assert (answer.type, answer.data) == (aiohttp.WSMsgType.PONG, b"are you there")
        await client.send_str("yes")
        await outcome


async def test_a_loop_that_stood_still_is_no_silence_of_theirs() -> None:
    """What came meanwhile is read before anybody is judged."""

    async def read(vigil: Vigil) -> object:
        await vigil.receive()
        return (await vigil.receive()).data

    async with watched(read, idle=0.5) as (client, outcome):
        await client.send_str("first")
        await asyncio.sleep(0.1)
        await client.send_str("second")
        time.sleep(1.0)  # noqa: ASYNC251 - that is the point
        assert await asyncio.wait_for(outcome, HANGS) == "second"


async def test_the_wish_to_end_of_somebody_else_passes() -> None:
    """A task that is cancelled from outside ends as cancelled, and not as cut."""
    ended: asyncio.Future[str] = asyncio.get_running_loop().create_future()

    async def read(vigil: Vigil) -> object:
        async def wait() -> None:
            vigil.read_by_this_task()
            try:
                await vigil.receive()
            except asyncio.CancelledError:
                ended.set_result("cancelled")
                raise
            except CutShortError:
                ended.set_result("cut")

        waiting = asyncio.create_task(wait())
        await asyncio.sleep(0.05)
        waiting.cancel()
        await asyncio.gather(waiting, return_exceptions=True)
        return "over"

    async with watched(read, idle=HANGS) as (_client, outcome):
        assert await asyncio.wait_for(outcome, HANGS) == "over"
        assert await ended == "cancelled"


async def test_another_task_may_read_on() -> None:
    """A credential is awaited by one task, and the call is held by the next."""

    async def read(vigil: Vigil) -> object:
        await vigil.receive()

        async def further() -> object:
            vigil.read_by_this_task()
            return await vigil.receive()

        try:
            return await asyncio.create_task(further())
        except CutShortError as error:
            return f"the reader: {error.cut}"

    async with watched(read, idle=0.3) as (client, outcome):
        await client.send_str("a credential")
        assert await asyncio.wait_for(outcome, HANGS) == "the reader: idle"
