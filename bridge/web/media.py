"""Media sockets: a carrier connects, shows its credential, and is put through.

`/ws/PROVIDER/TOKEN` where the socket has no credential of its own, `/ws/PROVIDER[/QUESTIONNAIRE]` where it
has. A socket without a good credential is refused before any audio is processed: 401 on the upgrade, or close
code 1008 when the credential was to come in a message.
"""

import asyncio
from collections.abc import AsyncIterator, Iterable

import structlog
from aiohttp import WebSocketError, WSMsgType, web
from msgspec import Struct

from bridge.admission import Busy, Seat
from bridge.cuts import Cut, CutShortError
from bridge.dialogue.questionnaire import Questionnaire
from bridge.errors import StorageError
from bridge.holding import CLOSE_TRY_AGAIN
from bridge.storage.opened import OpenDatabase
from bridge.storage.phone_calls import call_of_reference
from bridge.switchboard import Switchboard
from bridge.web.crowd import welcome
from bridge.web.doorkeeper import Doorkeeper, Visit
from bridge.web.vigil import Vigil
from protocols.base import Capabilities, MediaProtocol
from protocols.errors import CLOSE_POLICY, RemoteProtocolError
from protocols.events import ANSWERED_BY, CallDetails, CallStarted
from protocols.wire import read_direction

__all__ = ["MediaSockets", "SocketLimits", "close_socket"]

CLOSE_GOING_AWAY = 1001  # RFC 6455 section 7.4.1: the server is going down
MOST_BEFORE_CREDENTIAL = 8  # messages that a stranger may send; providers show theirs in the first or second
CLOSING_SECONDS = 2.0  # how long the peer may take to answer our close frame
_TEXT, _BINARY = WSMsgType.TEXT, WSMsgType.BINARY

log = structlog.get_logger()


class SocketLimits(Struct, frozen=True):
    """What a carrier's socket may do. Seconds of wall-clock time."""

    max_message_bytes: int = 64 * 1024  # 20 ms of mu-law are 216 base64 characters; room for 100 times that
    heartbeat_seconds: float = 20.0
    idle_seconds: float = 30.0
    first_message_seconds: float = 10.0  # until a credential that comes in a message has come


class MediaSockets:
    """The routes that carriers connect to."""

    def __init__(
        self,
        *,
        switchboard: Switchboard,
        doorkeeper: Doorkeeper,
        database: OpenDatabase,
        limits: SocketLimits,
    ) -> None:
        self._switchboard = switchboard
        self._doorkeeper = doorkeeper
        self._database = database
        self._limits = limits

    async def connect(self, request: web.Request) -> web.WebSocketResponse:
        """Let one carrier in, and hold its call."""
        visit = self._doorkeeper.visit(request)
        is_asked = visit.provider.capabilities.plays
        if not is_asked and not self._switchboard.monitors:
            raise web.HTTPForbidden(text="calls are not listened to here: monitoring.enabled is false\n")
        reference = visit.claims.call if visit.claims else None
        known = await self._known(visit)
        if visit.trial is not None:  # a stranger yet, who takes nobody's place
            if not visit.may_be_back:
                self._look_for_room(visit, is_asked=is_asked)
            return await self._put_through(request, visit, self._asked(visit, is_asked=is_asked), known)
        is_back = await self._doorkeeper.is_back(visit, known.provider_call_id)
        with self._admit(visit, reference, known, is_asked=is_asked, is_back=is_back) as seat:
            questionnaire = self._asked(visit, is_asked=is_asked)
            await self._doorkeeper.redeem(visit)
            try:
                return await self._put_through(request, visit, questionnaire, known, seat)
            finally:
                self._switchboard.expect_no_more(reference)

    async def _known(self, visit: Visit) -> CallDetails:
        """What a webhook said of the call, or what we dialled; most wires say less."""
        reference = visit.claims.call if visit.claims else None
        if reference is None:
            return CallDetails()
        try:
            call = await call_of_reference(self._database, visit.provider.name, reference)
        except StorageError as error:
            log.error("phone_call_not_read", code=error.code, detail=str(error))  # noqa: TRY400
            return CallDetails()
        if call is None:
            return CallDetails()
        return CallDetails(
            provider_call_id=call.provider_call_id,
            caller_number=call.caller_number,
            callee_number=call.callee_number,
            direction=read_direction(call.direction),
            custom={ANSWERED_BY: call.answered_by} if call.answered_by else {},
        )

    def _look_for_room(self, visit: Visit, *, is_asked: bool) -> None:
        """Refuse before the socket opens what would be refused after it."""
        board = self._switchboard
        name = visit.provider.name
        busy = board.refusal_to(visit.questionnaire, name) if is_asked else board.refusal(name)
        if busy is not None:
            raise _unavailable(busy)

    def _admit(
        self, visit: Visit, reference: str | None, known: CallDetails, *, is_asked: bool, is_back: bool
    ) -> Seat:
        """May the call start, or go on? Its place, where it may."""
        board, number = self._switchboard, known.own_number
        tenant = visit.claims.tenant if visit.claims else None
        if is_asked:
            decision = board.admit_to(
                visit.questionnaire,
                reference,
                tenant=tenant,
                number=number,
                provider=visit.provider.name,
                is_back=is_back,
            )
        else:
            decision = board.admit(tenant, number, provider=visit.provider.name)
        if isinstance(decision, Busy):
            raise _unavailable(decision)
        return decision

    def _asked(self, visit: Visit, *, is_asked: bool) -> Questionnaire | None:
        """What is asked; None where the call is listened to."""
        if not is_asked:
            return None
        questionnaire = self._switchboard.questionnaire(visit.questionnaire)
        if questionnaire is None:
            raise web.HTTPNotFound(text="there is no questionnaire of that name\n")
        return questionnaire

    async def _put_through(
        self,
        request: web.Request,
        visit: Visit,
        questionnaire: Questionnaire | None,
        known: CallDetails,
        seat: Seat | None = None,
    ) -> web.WebSocketResponse:
        """Hold the call; without a questionnaire, listen to it. A stranger is seated once known."""
        protocol = visit.protocol
        socket = self._socket(protocol.capabilities)
        await socket.prepare(request)
        vigil = self._vigil(socket, request, protocol.capabilities)

        async def send(message: str | bytes) -> None:
            if isinstance(message, str):
                await socket.send_str(message)
            else:
                await socket.send_bytes(message)

        close_code = CLOSE_GOING_AWAY
        try:
            messages = _messages(socket, vigil)
            if visit.trial is not None:
                said, details = await self._introduced(visit.trial, messages)
                messages = _chained(said, _messages(socket, vigil))  # which another task reads
                is_back = await self._doorkeeper.is_back(visit, details.provider_call_id)
                seat = self._admit(visit, None, known, is_asked=questionnaire is not None, is_back=is_back)
            welcome(request)
            if questionnaire is None:
                outcome = await self._switchboard.monitor(protocol, messages, send, known=known, seat=seat)
            else:
                outcome = await self._switchboard.connect(
                    protocol, questionnaire, messages, send, known=known, seat=seat
                )
            close_code = outcome.close_code
        except RemoteProtocolError as error:
            close_code = error.close_code
            log.warning("call_not_started", provider=visit.provider.name, detail=str(error))
        except web.HTTPServiceUnavailable:  # full meanwhile; the socket is open, so its code must say it
            close_code = CLOSE_TRY_AGAIN
        finally:
            vigil.end()
            await close_socket(socket, request, close_code)
        return socket

    async def _introduced(
        self, trial: MediaProtocol, messages: AsyncIterator[str | bytes]
    ) -> tuple[list[str | bytes], CallDetails]:
        """Wait for the credential, before anything is held for whoever shows it; the messages so far.

        With them comes what they say of the call.

        Until then this is a connection and no call: a stranger takes nobody's place.

        Raises:
            RemoteProtocolError: it is wrong, or does not come in time.

        """
        said: list[str | bytes] = []
        try:
            async with asyncio.timeout(self._limits.first_message_seconds):
                async for message in messages:
                    said.append(message)
                    for event in trial.receive(message):
                        if isinstance(event, CallStarted):
                            return said, event.details
                    if len(said) >= MOST_BEFORE_CREDENTIAL:
                        break
        except (TimeoutError, CutShortError):
            pass
        raise RemoteProtocolError("no credential came", close_code=CLOSE_POLICY)

    def _socket(self, capabilities: Capabilities) -> web.WebSocketResponse:
        return web.WebSocketResponse(
            max_msg_size=self._limits.max_message_bytes,
            autoping=False,  # the vigil's
            compress=False,  # audio does not shrink, and a decompressor can be bombed
            timeout=CLOSING_SECONDS,
            protocols=capabilities.subprotocols,
        )

    def _vigil(
        self, socket: web.WebSocketResponse, request: web.Request, capabilities: Capabilities
    ) -> Vigil:
        """Where a silent caller sends nothing at all, only pings and the dialogue's own patience tell."""
        limits = self._limits
        return Vigil(
            socket,
            request.transport,
            idle_seconds=None if capabilities.pauses_audio else limits.idle_seconds,
            heartbeat_seconds=limits.heartbeat_seconds if capabilities.tolerates_pings else None,
        )


async def _messages(socket: web.WebSocketResponse, vigil: Vigil) -> AsyncIterator[str | bytes]:
    """What the carrier sends, until it closes.

    Raises:
        CutShortError: it breaks the WebSocket rules, falls silent, or does not answer pings.

    """
    vigil.read_by_this_task()
    while True:
        message = await vigil.receive()
        if message.type is not _TEXT and message.type is not _BINARY:
            _tell_broken(message.data if message.type is WSMsgType.ERROR else socket.exception(), socket)
            return
        yield message.data


def _tell_broken(error: object, socket: web.WebSocketResponse) -> None:
    """Raise what a socket broke by, where it was not the connection itself that broke."""
    if isinstance(error, WebSocketError):
        detail = "the carrier broke the rules of WebSocket"
        raise CutShortError(Cut.PROTOCOL, detail, close_code=socket.close_code or CLOSE_POLICY) from None


def _unavailable(busy: Busy) -> web.HTTPServiceUnavailable:
    return web.HTTPServiceUnavailable(
        text=f"no call can be taken now: {busy.reason}\n",
        headers={"Retry-After": str(busy.retry_after_seconds)},
    )


async def _chained(
    said: Iterable[str | bytes], following: AsyncIterator[str | bytes]
) -> AsyncIterator[str | bytes]:
    for message in said:
        yield message
    async for message in following:
        yield message


async def close_socket(socket: web.WebSocketResponse, request: web.Request, code: int) -> None:
    """Close, and wait not for ever for a peer that reads nothing: our close frame is behind the rest.

    What aiohttp waits for is cancelled already where a send was given up before, which looks as if we were.
    """
    task = asyncio.current_task()
    try:
        async with asyncio.timeout(2 * CLOSING_SECONDS):
            await socket.close(code=code)
    except (TimeoutError, asyncio.CancelledError):
        if request.transport is not None:
            request.transport.abort()
        if task is not None and task.cancelling():
            raise
