"""The HTTP server: routes, limits and listening sockets. `AppRunner`, not `run_app`: draining is ours.

One is for the network, the other is a file, for whoever may open that: `authorisation` tells them apart.
"""

import asyncio
import errno
import os
import socket
import stat
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from typing import TypeVar

from aiohttp import web
from aiohttp.typedefs import Middleware

from bridge.errors import ConfigError
from bridge.web.addresses import Addresses
from bridge.web.applications import ApplicationSockets
from bridge.web.bodies import LIMITS
from bridge.web.crowd import CROWD, Crowd, HttpLimits
from bridge.web.endpoints import Endpoint
from bridge.web.gate import Gate
from bridge.web.headers import tell_browsers
from bridge.web.health import Health
from bridge.web.media import MediaSockets
from bridge.web.openapi import Document
from bridge.web.other_paths import other_paths
from bridge.web.page import page_routes
from bridge.web.runner import BoundedRunner
from bridge.web.transcripts import TranscriptRoutes, transcript_endpoints
from bridge.web.webhooks import MAX_BODY_BYTES, WebhookRoutes

__all__ = ["Server"]

# How many may wait to be let in. One more the kernel drops, and a call would knock again after a second.
BACKLOG = 1024
SHUTDOWN_SECONDS = 2.0  # calls are over by then; what is left are slow readers of health


PRIVATE_FOLDER = 0o700
MAX_SOCKET_PATH = 107  # unix(7): sun_path has 108 bytes, the last of them zero

_METHODS = ("GET", "POST")  # providers ask by either
_ANSWER = ("/webhooks/{provider}/answer", "/webhooks/{provider}/answer/{questionnaire}")

RoutesT = TypeVar("RoutesT")


class Server:
    """One listening socket. Health is served at once, calls as soon as `media` is given."""

    def __init__(
        self,
        health: Health,
        *,
        has_page: bool = True,
        endpoints: Iterable[Endpoint] = (),
        middlewares: Iterable[Middleware] = (),
        gate: Gate | None = None,
        limits: HttpLimits | None = None,
        addresses: Addresses | None = None,
    ) -> None:
        """`has_page`: whether the page that calls is served. `endpoints`: routes that ask `require`.

        `gate`: what each request passes behind `middlewares`; without one, nobody but the admin socket is
        anybody. `limits`: of connections. `addresses` tells proxies of ours.
        """
        self._limits = limits or HttpLimits()
        self._addresses = addresses or Addresses()
        self._watching: asyncio.Task[None] | None = None
        self._file: tuple[Path, int] | None = None  # the admin socket's, and its inode
        self._middlewares = (*middlewares, *(gate.middlewares if gate else ()))
        self._has_page = has_page
        self._described = [
            *health.endpoints(),
            *endpoints,
            *transcript_endpoints(self._transcript, self._live_transcript),
        ]
        self._gate = gate
        self._media: MediaSockets | None = None
        self._webhooks: WebhookRoutes | None = None
        self._applications: ApplicationSockets | None = None
        self._transcripts: TranscriptRoutes | None = None
        self._runner: web.AppRunner | None = None
        self.port = 0

    async def start(
        self,
        host: str,
        port: int,
        admin_socket: Path | None = None,
        handed_over: socket.socket | None = None,
    ) -> None:
        """Listen, at the file `admin_socket` too, and on `handed_over` where it is opened already.

        Raises:
            ConfigError: the address is in use or not ours, or the file cannot be made.

        """
        application = web.Application(middlewares=self._middlewares, client_max_size=MAX_BODY_BYTES)
        application.on_response_prepare.append(tell_browsers)
        if self._gate is not None:
            self._gate.guard(application)
        application.add_routes(
            [
                *page_routes(is_enabled=self._has_page),
                *(endpoint.route() for endpoint in self._described),
                Document(self._described).route(),
                *other_paths(self._connect),
                web.get("/ws/{provider}", self._connect),
                web.get("/ws/{provider}/{name}", self._connect),
                web.get("/application/{provider}", self._apply),
                web.get("/application/{provider}/{questionnaire}", self._apply),
                *(web.route(method, path, self._answer) for method in _METHODS for path in _ANSWER),
                *(web.route(method, "/webhooks/{provider}/status", self._status) for method in _METHODS),
                *(web.route(method, "/webhooks/{provider}/dial/{to}", self._dial) for method in _METHODS),
            ]
        )
        crowd = Crowd(self._limits, self._addresses)
        application[CROWD], application[LIMITS] = crowd, self._limits
        self._runner = BoundedRunner(
            application, crowd=crowd, limits=self._limits, shutdown_timeout=SHUTDOWN_SECONDS
        )
        await self._runner.setup()
        self._watching = asyncio.create_task(crowd.watch(), name="crowd")
        site: web.BaseSite = web.TCPSite(self._runner, host, port, backlog=BACKLOG)
        if handed_over is not None:
            site = web.SockSite(self._runner, handed_over, backlog=BACKLOG)
        try:
            await site.start()
        except OSError as error:
            await self.stop()
            raise ConfigError(_why_not_listening(error, host, port)) from None
        self.port = self._runner.addresses[0][1]
        if admin_socket is not None:
            await self._listen_at(self._runner, admin_socket)

    async def _listen_at(self, runner: web.AppRunner, path: Path) -> None:
        """Open the file that only the daemon's user may open; one left behind by a crash gives way."""
        if _is_answered(path):
            await self.stop()
            raise ConfigError(
                f"admin.socket: another daemon answers at {path}: stop that one, or name another file"
            )
        try:
            _make_room(path)
            before = os.umask(0o177)  # nobody else, from the first moment on
            try:
                await web.UnixSite(runner, path).start()
            finally:
                os.umask(before)
            self._file = path, _inode(path)
        except OSError as error:
            await self.stop()
            raise ConfigError(_why_no_admin_socket(error, path)) from None

    def open_media(
        self,
        media: MediaSockets,
        webhooks: WebhookRoutes,
        applications: ApplicationSockets,
        transcripts: TranscriptRoutes,
    ) -> None:
        """From now on calls are put through."""
        self._media, self._webhooks, self._applications = media, webhooks, applications
        self._transcripts = transcripts

    async def stop(self) -> None:
        """Close the listening socket and what is still connected."""
        if self._watching is not None:
            self._watching.cancel()
            await asyncio.gather(self._watching, return_exceptions=True)
        if self._runner is not None:
            await self._runner.cleanup()
        if self._file is not None:
            _remove(*self._file)

    async def _answer(self, request: web.Request) -> web.StreamResponse:
        return await self._ready(self._webhooks).answer(request)

    async def _apply(self, request: web.Request) -> web.StreamResponse:
        return await self._ready(self._applications).connect(request)

    async def _dial(self, request: web.Request) -> web.StreamResponse:
        return await self._ready(self._webhooks).dial(request)

    async def _status(self, request: web.Request) -> web.StreamResponse:
        return await self._ready(self._webhooks).status(request)

    async def _connect(self, request: web.Request) -> web.StreamResponse:
        return await self._ready(self._media).connect(request)

    async def _transcript(self, request: web.Request) -> web.StreamResponse:
        return await self._ready(self._transcripts).show(request)

    async def _live_transcript(self, request: web.Request) -> web.StreamResponse:
        return await self._ready(self._transcripts).follow(request)

    def _ready(self, routes: RoutesT | None) -> RoutesT:
        if routes is None:
            raise web.HTTPServiceUnavailable(text="starting\n", headers={"Retry-After": "5"})
        return routes


def _is_answered(path: Path) -> bool:
    """Whether somebody listens at this file; what a crash left behind answers nobody."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as caller:
        caller.setblocking(False)
        try:
            caller.connect(os.fspath(path))
        except BlockingIOError:  # somebody, with more callers than they can take
            return True
        except OSError:
            return False
    return True


def _make_room(path: Path) -> None:
    path.parent.mkdir(mode=PRIVATE_FOLDER, parents=True, exist_ok=True)
    with suppress(FileNotFoundError):
        if stat.S_ISSOCK(path.stat().st_mode):
            path.unlink()


def _inode(path: Path) -> int:
    return path.stat().st_ino


def _remove(path: Path, inode: int) -> None:
    """Leave no file behind at which nobody answers; another daemon's, of the same name, stays."""
    with suppress(OSError):
        if _inode(path) == inode:
            path.unlink()


def _why_no_admin_socket(error: OSError, path: Path) -> str:
    if len(os.fsencode(path)) > MAX_SOCKET_PATH:
        return (
            f"admin.socket: the path {path} is too long: {MAX_SOCKET_PATH} bytes are what a socket's may have"
        )
    reason = os.strerror(error.errno or errno.EIO).lower()
    return f"admin.socket: {path} cannot be opened ({reason}): name another file, or null for none"


def _why_not_listening(error: OSError, host: str, port: int) -> str:
    if error.errno == errno.EADDRINUSE:
        return f"port {port} on {host} is in use: stop the other program, or set server.port to a free port"
    if error.errno == errno.EACCES:
        return f"port {port} may not be opened by this user: choose a server.port of 1024 or above"
    return f"cannot listen on {host}:{port} ({error.strerror}): check server.host and server.port"
