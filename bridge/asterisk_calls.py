"""Calls of an Asterisk to which Hatif connects, and which need not reach Hatif: a Stasis application.

One socket tells which callers the dialplan hands over. For each of them a media channel is made, its socket
opened by us, and the call put through as any other; afterwards the caller goes on in the dialplan.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import suppress
from urllib.parse import urlencode

import aiohttp
import structlog
from aiohttp import WSMsgType

from bridge.admission import Busy, Seat
from bridge.errors import ConfigError
from bridge.line import each_of
from bridge.phone_control import ControlError, PhoneControl
from bridge.switchboard import Switchboard
from protocols.asterisk import PROVIDER, AsteriskOptions
from protocols.asterisk_app import AsteriskApp, CallerLeft, CallerWaits, MediaLeg, facts_of
from protocols.base import MediaProtocol
from protocols.errors import LocalProtocolError, RemoteProtocolError
from protocols.events import Direction
from protocols.http import HttpRequest
from protocols.provider import Grant
from protocols.wire import read_direction

__all__ = ["AsteriskCalls"]

CONNECT_SECONDS = 5.0
FIRST_PAUSE_SECONDS, LONGEST_PAUSE_SECONDS = 1.0, 30.0  # before the events' socket is opened again
ALIVE_SECONDS = 20.0  # between pings
CLOSING_SECONDS = 2.0
MOST_MESSAGE_BYTES = 1 << 16

log = structlog.get_logger()


class AsteriskCalls:
    """The application, for as long as the daemon lives."""

    def __init__(
        self,
        *,
        switchboard: Switchboard,
        options: AsteriskOptions,
        control: PhoneControl,
        http: aiohttp.ClientSession,
    ) -> None:
        """Begin nothing yet.

        Raises:
            ConfigError: where ARI is, or who we are there, is not configured.

        """
        self._switchboard = switchboard
        self._options = options
        self._control = control
        self._http = http
        try:
            self._app = AsteriskApp(options)
            self._app.events()
        except LocalProtocolError as error:
            raise ConfigError(f"providers.asterisk.app: {error}") from None
        self._calls: dict[str, asyncio.Task[None]] = {}  # by the caller's channel
        self._begun: set[str] = set()  # callers whose media socket is not open yet
        self._sockets: dict[str, aiohttp.ClientWebSocketResponse] = {}
        self._closing: set[asyncio.Task[bool]] = set()

    async def run(self) -> None:
        """Be there, for ever: a connection that is lost is made again."""
        pause = FIRST_PAUSE_SECONDS
        try:
            while True:
                try:
                    await self._attend()
                    pause = FIRST_PAUSE_SECONDS
                    log.warning("asterisk_lost", app=self._options.app)
                except (aiohttp.ClientError, OSError, TimeoutError) as error:
                    log.warning("asterisk_not_reached", cause=type(error).__name__, again_in_seconds=pause)
                await asyncio.sleep(pause)
                pause = min(2 * pause, LONGEST_PAUSE_SECONDS)
        finally:
            for call in tuple(self._calls.values()):
                call.cancel()
            await asyncio.gather(*self._calls.values(), return_exceptions=True)

    async def _attend(self) -> None:
        """Take what one socket tells, until it is closed."""
        request = self._app.events()
        headers = dict(request.headers)
        async with await self._open(request.url, headers=headers, alive=ALIVE_SECONDS) as events:
            log.info("asterisk_attended", app=self._options.app)
            async for message in events:
                if message.type is WSMsgType.TEXT:
                    self._happened(message.data)

    def _happened(self, message: str) -> None:
        try:
            event = self._app.read(message)
        except RemoteProtocolError as error:
            log.warning("asterisk_event_not_read", detail=str(error))
            return
        if isinstance(event, CallerWaits) and event.channel not in self._calls:
            call = asyncio.create_task(self._guarded(event), name=f"asterisk-{event.channel}")
            self._calls[event.channel] = call
            call.add_done_callback(lambda _: self._calls.pop(event.channel, None))
        elif isinstance(event, CallerLeft):
            self._let_go(event.channel)

    def _let_go(self, channel: str) -> None:
        """The caller hung up: the session ends as it does when any socket closes."""
        if channel in self._begun:
            self._calls[channel].cancel()
        elif (socket := self._sockets.get(channel)) is not None:
            closing = asyncio.create_task(socket.close(), name=f"asterisk-closing-{channel}")
            self._closing.add(closing)
            closing.add_done_callback(self._closing.discard)

    async def _guarded(self, caller: CallerWaits) -> None:
        """Take one call; whatever becomes of it, the others go on."""
        try:
            await self._take(caller)
        except (ControlError, aiohttp.ClientError, OSError, TimeoutError) as error:
            log.error("asterisk_call_failed", detail=str(error) or type(error).__name__)  # noqa: TRY400
        except Exception:
            log.exception("asterisk_call_failed")

    async def _take(self, caller: CallerWaits) -> None:
        """Hold one caller's call, or say busy."""
        leg = MediaLeg(caller.channel)
        facts, name = facts_of(caller)
        decision = self._switchboard.admit_to(name, number=_own_number(facts), provider="asterisk")
        if isinstance(decision, Busy):
            await self._send("refuse", self._app.refuse(leg))
            return
        self._begun.add(leg.caller)
        try:
            with decision as seat:
                await self._converse(caller, leg, seat)
        finally:
            self._begun.discard(leg.caller)
            await asyncio.shield(self._part(leg))

    async def _converse(self, caller: CallerWaits, leg: MediaLeg, seat: Seat) -> None:
        facts, name = facts_of(caller)
        questionnaire = self._switchboard.questionnaire(name)
        if questionnaire is None:
            log.error("questionnaire_unknown", questionnaire=name)
            return
        url = await self._media_url(leg)
        alive = ALIVE_SECONDS if self._options.pings else None
        offered = PROVIDER.capabilities.subprotocols
        async with await self._open(url, protocols=offered, alive=alive) as socket:
            for request in self._app.join(leg, answer=not caller.is_up):
                await self._send("join", request)
            self._begun.discard(leg.caller)
            self._sockets[leg.caller] = socket
            try:
                await self._switchboard.connect(
                    self._protocol(url, facts),
                    questionnaire,
                    each_of(_messages(socket)),
                    _sender(socket),
                    seat=seat,
                )
            finally:
                del self._sockets[leg.caller]

    async def _media_url(self, leg: MediaLeg) -> str:
        """Make the media channel, and be told where it waits."""
        request = self._app.make_media(leg)
        made = await self._control.ask(PROVIDER.name, "make_media", request, may_repeat=False)
        url = self._app.media_url(made)
        if url is None:
            raise ControlError("Asterisk's media channel has no MEDIA_WEBSOCKET_CONNECTION_ID")
        return url

    def _protocol(self, url: str, facts: dict[str, str]) -> MediaProtocol:
        """The machine, told what Asterisk would have told it had it asked us."""
        upgrade = HttpRequest("GET", f"{url}?{urlencode(facts)}")
        return PROVIDER.media(self._options, Grant(request=upgrade, is_authenticated=True))

    async def _open(
        self,
        url: str,
        *,
        headers: dict[str, str] | None = None,
        protocols: tuple[str, ...] = (),
        alive: float | None,
    ) -> aiohttp.ClientWebSocketResponse:
        async with asyncio.timeout(CONNECT_SECONDS):
            return await self._http.ws_connect(
                url,
                headers=headers,
                protocols=protocols,
                heartbeat=alive,
                timeout=aiohttp.ClientWSTimeout(ws_close=CLOSING_SECONDS),
                max_msg_size=MOST_MESSAGE_BYTES,
            )

    async def _part(self, leg: MediaLeg) -> None:
        """Leave nothing behind; whatever has gone already is no error."""
        for request in self._app.part(leg):
            with suppress(ControlError):
                await self._send("part", request)

    async def _send(self, what: str, request: HttpRequest) -> None:
        await self._control.send(PROVIDER.name, what, request)


def _own_number(facts: Mapping[str, str]) -> str | None:
    """The number of ours that the call is about, as the dialplan's arguments say."""
    is_ours = read_direction(facts.get("direction")) is Direction.OUTBOUND
    return facts.get("caller" if is_ours else "called")


async def _messages(socket: aiohttp.ClientWebSocketResponse) -> AsyncIterator[str | bytes]:
    """What comes, until the media channel is gone."""
    async for message in socket:
        if message.type not in {WSMsgType.TEXT, WSMsgType.BINARY}:
            return
        yield message.data


def _sender(socket: aiohttp.ClientWebSocketResponse) -> Callable[[str | bytes], Awaitable[None]]:
    async def send(message: str | bytes) -> None:
        if isinstance(message, str):
            await socket.send_str(message)
        else:
            await socket.send_bytes(message)

    return send
