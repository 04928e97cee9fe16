"""The fixtures that others test their servers with, on a server of a few lines."""

from collections.abc import Awaitable, Callable

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from bridge.carriers.leg import EndedBy
from bridge.carriers.running import RunReport


async def mute(request: web.Request) -> web.WebSocketResponse:
    """Takes a call and says nothing."""
    socket = web.WebSocketResponse()
    await socket.prepare(request)
    async for _ in socket:
        pass
    return socket


async def test_a_server_that_says_nothing_is_found_out(
    carrier_calls: Callable[..., Awaitable[RunReport]],
) -> None:
    """It takes the calls, and nobody hears it."""
    app = web.Application()
    app.router.add_get("/{path:.*}", mute)
    async with TestServer(app, shutdown_timeout=0.1) as server:
        report = await carrier_calls(
            str(server.make_url("/ws")).replace("http", "ws"), "twilio", calls=2, max_seconds=0.5
        )

    assert [one.ended_by for one in report.outcomes] == [EndedBy.TIME_LIMIT] * 2
    assert (report.unheard, report.refused, report.protocol_errors) == (2, 0, 0)


async def test_a_fault_that_is_none(carrier_calls: Callable[..., Awaitable[RunReport]]) -> None:
    """A typing error does not make a test pass."""
    with pytest.raises(ValueError, match="gremlins"):
        await carrier_calls("ws://127.0.0.1:1", "twilio", faults=["gremlins"])


async def test_a_fault_that_a_provider_cannot_have(
    carrier_calls: Callable[..., Awaitable[RunReport]],
) -> None:
    """Skips the test, and says why."""
    with pytest.raises(pytest.skip.Exception, match="not applicable"):
        await carrier_calls("ws://127.0.0.1:1", "twilio", faults=["alaw"])
