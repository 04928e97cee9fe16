"""An Asterisk to which Hatif connects: ARI, a Stasis application, and media channels that wait for a client.

It serves, where the other far ends dial. Like them it is strict: a request that Asterisk's api-docs do not
have is refused, and told of in `faults`.
"""

import asyncio
import json
from collections.abc import Callable
from contextlib import suppress
from uuid import uuid4

from aiohttp import web

from bridge.carriers.base import CarrierCall
from bridge.carriers.caller import Caller, CallerFrame
from bridge.carriers.connection import WebSocketConnection
from bridge.carriers.leg import CallOutcome, Leg
from bridge.carriers.wires.asterisk import AsteriskWire, Tongue
from bridge.clock import Clock

__all__ = ["AsteriskPbx"]

CALLER_CHANNEL = "1795219922.7"
_MEDIA_QUERY = {
    "external_host": "INCOMING",
    "transport": "websocket",
    "encapsulation": "none",
    "connection_type": "server",
    "format": "ulaw",
    "direction": "both",
}


class AsteriskPbx:
    """One Asterisk with one caller, who is handed to the application as soon as that is there."""

    def __init__(
        self,
        caller: Caller,
        *,
        clock: Clock,
        authorization: str,
        args: tuple[str, ...] = (),
        state: str = "Ring",
        app: str = "hatif",
        max_seconds: float = 120.0,
    ) -> None:
        self.requests: list[str] = []  # method and path, in order
        self.faults: list[str] = []
        self.outcome: asyncio.Future[CallOutcome] = asyncio.get_running_loop().create_future()
        self.sent_on = asyncio.Event()  # the caller goes on in the dialplan
        self._caller = caller
        self._clock = clock
        self._authorization = authorization
        self._args = args
        self._state = state
        self._app = app
        self._max_seconds = max_seconds
        self._connection = ""  # that the media channel waits for; used by one client
        self._media_channel = ""
        self._has_client = False
        self._bridged: set[str] = set()
        self._talking: asyncio.Task[CallOutcome] | None = None
        self._events: web.WebSocketResponse | None = None

    def application(self) -> web.Application:
        """Its HTTP server."""
        application = web.Application()
        application.add_routes(
            [
                web.get("/ari/events", self._attended),
                web.post("/ari/channels/externalMedia", self._make_media),
                web.post("/ari/channels/{channel}/{what:answer|continue}", self._told),
                web.delete("/ari/channels/{channel}", self._removed),
                web.post("/ari/bridges/{bridge}", self._bridge),
                web.post("/ari/bridges/{bridge}/addChannel", self._add),
                web.delete("/ari/bridges/{bridge}", self._removed),
                web.get("/media/{connection}", self._media),
            ]
        )
        return application

    async def leave(self) -> None:
        """The caller hangs up: their channel leaves the application, and the media channel stays."""
        await self._tell("StasisEnd", CALLER_CHANNEL, "Up")

    # ARI

    async def _attended(self, request: web.Request) -> web.StreamResponse:
        self._expect(request, {"app": self._app})
        self._events = socket = web.WebSocketResponse()
        await socket.prepare(request)
        if not self.requests.count("GET /ari/events") - 1:
            await self._tell("StasisStart", CALLER_CHANNEL, self._state, self._args)
        async for _ in socket:
            self.faults.append("a message on the socket of events")
        return socket

    async def _make_media(self, request: web.Request) -> web.Response:
        self._media_channel = request.query.get("channelId", "")
        self._expect(request, {"app": self._app, "channelId": self._media_channel, **_MEDIA_QUERY})
        self._connection = str(uuid4())
        await self._tell("StasisStart", self._media_channel, "Down")
        variables = {
            "MEDIA_WEBSOCKET_CONNECTION_ID": self._connection,
            "MEDIA_WEBSOCKET_OPTIMAL_FRAME_SIZE": "160",
        }
        name = "WebSocket/INCOMING/0x7f4f8401f4f0"
        return web.json_response({"id": self._media_channel, "name": name, "channelvars": variables})

    async def _told(self, request: web.Request) -> web.Response:
        self._expect(request, {})
        if request.match_info["channel"] != CALLER_CHANNEL:
            raise web.HTTPNotFound
        if request.match_info["what"] == "continue":
            await self._tell("StasisEnd", CALLER_CHANNEL, "Up")
            self.sent_on.set()
        return web.Response(status=204)

    async def _bridge(self, request: web.Request) -> web.Response:
        self._expect(request, {"type": "mixing"})
        return web.json_response({"id": request.match_info["bridge"]})

    async def _add(self, request: web.Request) -> web.Response:
        self._expect(request, {"channel": f"{CALLER_CHANNEL},{self._media_channel}"})
        self._bridged = {CALLER_CHANNEL, self._media_channel}
        return web.Response(status=204)

    async def _removed(self, request: web.Request) -> web.Response:
        """Of a media channel whose socket is closed nothing is left."""
        self._expect(request, dict(request.query) if "reason" in request.query else {})
        is_gone = request.match_info.get("channel") == self._media_channel and self.outcome.done()
        return web.Response(status=404 if is_gone else 204)

    def _expect(self, request: web.Request, query: dict[str, str]) -> None:
        self.requests.append(f"{request.method} {request.path}")
        if request.headers.get("Authorization") != self._authorization:
            raise web.HTTPUnauthorized
        if dict(request.query) != query:
            self.faults.append(f"{request.method} {request.path}: {dict(request.query)}")

    async def _tell(self, kind: str, channel: str, state: str, args: tuple[str, ...] = ()) -> None:
        event = {
            "type": kind,
            "application": self._app,
            "timestamp": "2026-11-21T00:17:45.703+0000",
            "channel": {"id": channel, "name": "PJSIP/100-0000000f", "state": state},
            **({"args": args} if kind == "StasisStart" else {}),
        }
        if self._events is not None:
            with suppress(ConnectionError):
                await self._events.send_str(json.dumps(event))

    # The media channel

    async def _media(self, request: web.Request) -> web.StreamResponse:
        if request.match_info["connection"] != self._connection:
            raise web.HTTPNotFound
        if self._has_client:
            raise web.HTTPConflict
        if request.headers.get("Sec-WebSocket-Protocol") != "media" or request.query:
            self.faults.append("the media socket: Expected the subprotocol media, and no parameters")
        self._has_client = True
        socket = web.WebSocketResponse(protocols=("media",), compress=False)
        await socket.prepare(request)
        wire = AsteriskWire(tongue=Tongue.PLAIN, knows_marks=False)
        leg = Leg(WebSocketConnection(socket), wire, self._audible(), self._clock)
        call = CarrierCall("", "", "")  # the arguments have said who it is
        self._talking = asyncio.create_task(leg.converse(call, self._max_seconds), name="asterisk-leg")
        self._talking.add_done_callback(lambda done: self.outcome.set_result(done.result()))
        await asyncio.shield(self._talking)  # a server may give up on a handler whose client has gone
        return socket

    def _audible(self) -> Caller:
        """The caller, who hears and is heard as long as both are in the bridge."""
        return _Bridged(self._caller, lambda: bool(self._bridged))


class _Bridged:
    """Somebody who waits to be bridged."""

    def __init__(self, caller: Caller, is_bridged: Callable[[], bool]) -> None:
        self._caller = caller
        self._is_bridged = is_bridged

    def tick(self, heard: bytes) -> CallerFrame:
        """Hear 20 ms, say 20 ms."""
        return self._caller.tick(heard) if self._is_bridged() else CallerFrame(b"\xff" * len(heard))
