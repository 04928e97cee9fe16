"""Media sockets: a carrier connects, shows its credential, and is put through.

`/ws/PROVIDER/TOKEN` where the socket has no credential of its own, `/ws/PROVIDER[/QUESTIONNAIRE]` where it
has. A socket without a good credential is refused before any audio is processed: 401 on the upgrade, or close
code 1008 when the credential was to come in a message.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from contextlib import ExitStack
from typing import Protocol, cast

import structlog
from aiohttp import WebSocketError, WSMsgType, web
from msgspec import Struct

from bridge.admission import Busy, Seat
from bridge.cuts import Cut, CutShortError
from bridge.dialogue.questionnaire import Questionnaire
from bridge.errors import StorageError
from bridge.exchange import Exchange
from bridge.holding import CLOSE_TRY_AGAIN, Place
from bridge.line import Messages, Receive
from bridge.storage.opened import OpenDatabase
from bridge.storage.phone_calls import call_of_reference
from bridge.switchboard import Switchboard
from bridge.web.call_socket import CallSocket
from bridge.web.crowd import welcome
from bridge.web.doorkeeper import Doorkeeper, Visit
from bridge.web.vigil import Vigil
from protocols.base import Capabilities, MediaProtocol
from protocols.errors import CLOSE_POLICY, RemoteProtocolError
from protocols.events import ANSWERED_BY, CallDetails, CallStarted
from protocols.wire import read_direction

__all__ = ["CallSockets", "MediaSockets", "ReadyCall", "SocketLimits", "close_socket", "messages_of"]

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


class Workers(Protocol):
    """Other processes that hold calls on connections that we have accepted."""

    async def take(self, request: web.Request, ready: "ReadyCall", held: ExitStack) -> bool:
        """Have one of them hold a call; False: none can, and it is still ours.

        Else what `held` holds is theirs to let go, when the call is over.
        """
        ...


class ReadyCall(Struct, frozen=True, kw_only=True):
    """A call whose socket may open."""

    visit: Visit
    questionnaire: Questionnaire | None  # None: it is listened to
    known: CallDetails
    seat: Place | None  # None: it is let in once it is introduced
    # By what it says of itself then; HTTPServiceUnavailable where there is no place for it.
    let_in: Callable[[CallDetails], Awaitable[Place]]
    call_id: str | None = None  # where it has a name already


class CallSockets:
    """Opens the socket of a call that may be held, and holds it."""

    def __init__(self, *, exchange: Exchange, limits: SocketLimits) -> None:
        self._exchange = exchange
        self._limits = limits

    async def put_through(self, request: web.Request, ready: ReadyCall) -> web.WebSocketResponse:
        """Hold the call; the seat is left when it is over."""
        visit, seat = ready.visit, ready.seat
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
            said: Sequence[str | bytes] = ()
            if visit.trial is not None:
                said, details = await self._introduced(visit.trial, socket, vigil)
                seat = await ready.let_in(details)
            if seat is None:
                raise ValueError("a call that may be held has a place")
            welcome(request)
            outcome = await self._exchange.hold(
                protocol,
                ready.questionnaire,
                messages_of(said, socket, vigil),
                send,
                known=ready.known,
                seat=seat,
                call_id=ready.call_id,
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
        self, trial: MediaProtocol, socket: CallSocket, vigil: Vigil
    ) -> tuple[list[str | bytes], CallDetails]:
        """Wait for the credential, before anything is held for whoever shows it; the messages so far.

        With them comes what they say of the call.

        Until then this is a connection and no call: a stranger takes nobody's place.

        Raises:
            RemoteProtocolError: it is wrong, or does not come in time.

        """
        said: list[str | bytes] = []
        try:
            vigil.read_by_this_task()
            async with asyncio.timeout(self._limits.first_message_seconds):
                while (message := await _next(socket, vigil)) is not None:
                    said.append(message)
                    for event in trial.receive(message):
                        if isinstance(event, CallStarted):
                            return said, event.details
                    if len(said) >= MOST_BEFORE_CREDENTIAL:
                        break
        except (TimeoutError, CutShortError):
            pass
        raise RemoteProtocolError("no credential came", close_code=CLOSE_POLICY)

    def _socket(self, capabilities: Capabilities) -> CallSocket:
        return CallSocket(
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


class MediaSockets:
    """The routes that carriers connect to."""

    def __init__(
        self,
        *,
        switchboard: Switchboard,
        doorkeeper: Doorkeeper,
        database: OpenDatabase,
        limits: SocketLimits,
        workers: Workers | None = None,
    ) -> None:
        """`workers` hold the calls; without them, or where none can, this process does."""
        self._switchboard = switchboard
        self._doorkeeper = doorkeeper
        self._database = database
        self._workers = workers
        self._sockets = CallSockets(exchange=switchboard, limits=limits)

    async def connect(self, request: web.Request) -> web.StreamResponse:
        """Let one carrier in, and have its call held."""
        visit = self._doorkeeper.visit(request)
        is_asked = visit.provider.capabilities.plays
        if not is_asked and not self._switchboard.monitors:
            raise web.HTTPForbidden(text="calls are not listened to here: monitoring.enabled is false\n")
        reference = visit.claims.call if visit.claims else None
        known = await self._known(visit)
        if visit.trial is not None:  # a stranger yet, who takes nobody's place
            if not visit.may_be_back:
                self._look_for_room(visit, is_asked=is_asked)
            ready = self._ready(visit, known, self._asked(visit, is_asked=is_asked))
            with ExitStack() as held:
                return await self._held(request, ready, held)
        is_back = await self._doorkeeper.is_back(visit, known.provider_call_id)
        with ExitStack() as held:
            seat = self._admit(visit, reference, known, is_asked=is_asked, is_back=is_back)
            held.enter_context(seat)
            ready = self._ready(visit, known, self._asked(visit, is_asked=is_asked), seat)
            await self._doorkeeper.redeem(visit)
            held.callback(self._switchboard.expect_no_more, reference)
            return await self._held(request, ready, held)

    def _ready(
        self, visit: Visit, known: CallDetails, questionnaire: Questionnaire | None, seat: Seat | None = None
    ) -> ReadyCall:
        async def let_in(details: CallDetails) -> Seat:
            is_back = await self._doorkeeper.is_back(visit, details.provider_call_id)
            return self._admit(visit, None, known, is_asked=questionnaire is not None, is_back=is_back)

        return ReadyCall(visit=visit, questionnaire=questionnaire, known=known, seat=seat, let_in=let_in)

    async def _held(self, request: web.Request, ready: ReadyCall, held: ExitStack) -> web.StreamResponse:
        """Have the call held until it is over, by a worker where there is one."""
        if self._workers is not None and await self._workers.take(request, ready, held):
            return web.StreamResponse()  # to nobody: the connection is not ours any more
        return await self._sockets.put_through(request, ready)

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


def messages_of(said: Sequence[str | bytes], socket: CallSocket, vigil: Vigil) -> Messages:
    """All that the carrier sends: what it has `said` already, and from then on what comes, as it comes.

    Raises:
        CutShortError: it breaks the WebSocket rules, falls silent, or does not answer pings.

    """

    async def hand_over(receive: Receive) -> None:
        now = asyncio.get_running_loop().time

        def hand_on(message: str | bytes) -> None:
            vigil.told_at = now()
            receive(message)

        vigil.read_by_this_task()
        for message in said:
            receive(message)
        try:
            while True:
                if not socket.has_waiting:
                    socket.hand_to(hand_on)
                waited = await _next(socket, vigil)
                if waited is None:
                    return
                receive(waited)
        finally:
            socket.hand_to(None)

    return hand_over


async def _next(socket: CallSocket, vigil: Vigil) -> str | bytes | None:
    """The next message that is awaited, and not handed on; None: the carrier has closed.

    Raises:
        CutShortError: as `messages_of`.

    """
    message = await vigil.receive()
    if message.type is _TEXT or message.type is _BINARY:
        return cast("str | bytes", message.data)
    _tell_broken(message.data if message.type is WSMsgType.ERROR else socket.exception(), socket)
    return None


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
