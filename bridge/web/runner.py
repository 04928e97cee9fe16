"""aiohttp's runner with our limits: who may connect, how long a request may take, what an error says.

aiohttp takes no hook for connections that it has accepted, so its server is made here, of a class of ours.
"""

import asyncio
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Any

import structlog
from aiohttp import web
from aiohttp.web_protocol import RequestHandler

from bridge.web.crowd import CROWD, Crowd, HttpLimits
from bridge.web.headers import harden

__all__ = ["BoundedRunner", "parting"]

MAX_LINE_BYTES = 8190  # of the request line and of one header: aiohttp's own default, and nginx's
MAX_HEADERS = 64
BAD_REQUEST = 400

log = structlog.get_logger()


class BoundedRunner(web.AppRunner):
    """Runs an application for strangers."""

    def __init__(self, app: web.Application, *, crowd: Crowd, limits: HttpLimits, **options: Any) -> None:
        """`options`: as of `web.AppRunner`."""
        super().__init__(
            app,
            handle_signals=False,
            access_log=None,  # a path may hold a stream token
            keepalive_timeout=limits.header_seconds,  # aiohttp's word for it: also of the first request
            lingering_time=limits.body_seconds,  # for a body that no route has read
            auto_decompress=False,  # nobody who asks us compresses, but whoever sends a bomb
            max_line_size=MAX_LINE_BYTES,
            max_field_size=MAX_LINE_BYTES,
            max_headers=MAX_HEADERS,
            **options,
        )
        self._crowd = crowd

    async def _make_server(self) -> web.Server:
        server = await super()._make_server()
        return _Server(server, self._crowd)


class _Server(web.Server):
    """Makes a handler for each connection, if there is room for it."""

    def __init__(self, made: web.Server, crowd: Crowd) -> None:
        super().__init__(
            made.request_handler,
            request_factory=made.request_factory,
            handler_cancellation=made.handler_cancellation,
            loop=made._loop,  # noqa: SLF001
            **made._kwargs,  # noqa: SLF001
        )
        self._crowd = crowd
        self._transports: dict[RequestHandler, asyncio.Transport] = {}  # a handler forgets its own early

    def __call__(self) -> RequestHandler:
        return _Handler(self, loop=self._loop, **self._kwargs)

    def connection_made(self, handler: RequestHandler, transport: asyncio.Transport) -> None:
        super().connection_made(handler, transport)
        self._transports[handler] = transport
        if not self._crowd.enter(transport):
            # Not at once: aiohttp has not begun to wait for a request yet, and would stumble.
            asyncio.get_running_loop().call_soon(transport.abort)

    def connection_lost(self, handler: RequestHandler, exc: BaseException | None = None) -> None:
        if (transport := self._transports.pop(handler, None)) is not None:
            self._crowd.leave(transport)
        super().connection_lost(handler, exc)


class _Handler(RequestHandler):
    """One connection."""

    __slots__ = ()

    def handle_error(
        self,
        request: web.BaseRequest,
        status: int = 500,
        exc: BaseException | None = None,
        message: str | None = None,
    ) -> web.StreamResponse:
        """What is no HTTP is told in one line, and answered without a word of it. No middleware sees it."""
        if status == BAD_REQUEST:
            log.warning("request_malformed", cause=type(exc).__name__)
            response: web.StreamResponse = web.Response(status=status, text="this is no good HTTP request\n")
            response.force_close()
        else:
            response = super().handle_error(request, status, exc, message)
        harden(response)
        return response


def _require_nothing_more(handler: RequestHandler) -> None:
    if handler._message_tail:  # noqa: SLF001
        raise web.HTTPBadRequest(text="this is no good HTTP request\n")


def _nothing() -> None:
    pass


@contextmanager
def parting(request: web.Request) -> Iterator[tuple[int, Callable[[], None]]]:
    """The connection of a request that is answered by another process, to be handed over within the context.

    It is given as a descriptor of ours, with what is to be called once its sender is known, or gone. Then it
    is no connection of ours any more; where the context ends by an exception, it still is.

    Raises:
        HTTPBadRequest: more has come than the request: who asks for a WebSocket waits for the answer.
        ConnectionResetError: it is closed.

    """
    transport = request.transport
    if transport is None or transport.is_closing():
        raise ConnectionResetError("the connection is closed")
    transport.pause_reading()
    know: Callable[[], None] = _nothing
    try:
        _require_nothing_more(request.protocol)
        connection: socket.socket = transport.get_extra_info("socket")
        know = request.app[CROWD].lend(transport)
        yield connection.fileno(), know
    except BaseException:
        know()
        with suppress(RuntimeError):
            transport.resume_reading()
        raise
    transport.abort()  # closes our copy only: what is open elsewhere goes on
