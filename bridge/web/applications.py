"""Application sockets: on them the provider asks what to do with a call, reports on it, and obeys.

`/application/PROVIDER[/QUESTIONNAIRE]`, one socket for each call, beside the media socket that our answer
opens. What webhooks do in several requests is done here on one connection, with the same checks. Who breaks
the rules is closed with code 1008. The socket's end says nothing of the call's.
"""

from contextlib import ExitStack

import structlog
from aiohttp import WSMsgType, web

from bridge.phone_control import PhoneControl
from bridge.web.doorkeeper import Doorkeeper
from bridge.web.media import CLOSE_GOING_AWAY, CLOSING_SECONDS, SocketLimits, close_socket
from bridge.web.reception import Reception
from protocols.errors import CLOSE_POLICY, LocalProtocolError, RemoteProtocolError
from protocols.events import Complained, ReplyDue
from protocols.provider import Application, ApplicationEvent, CallOffered, IncomingCall, StatusReport

__all__ = ["ApplicationSockets"]

CLOSE_NORMAL = 1000  # RFC 6455 section 7.4.1

log = structlog.get_logger()


class ApplicationSockets:
    """The route on which providers ask by WebSocket."""

    def __init__(
        self, *, doorkeeper: Doorkeeper, reception: Reception, control: PhoneControl, limits: SocketLimits
    ) -> None:
        self._doorkeeper = doorkeeper
        self._reception = reception
        self._control = control
        self._limits = limits

    async def connect(self, request: web.Request) -> web.WebSocketResponse:
        """Let one provider in, and serve its call until it closes."""
        provider, options, kind = self._doorkeeper.application(request)
        questionnaire = request.match_info.get("questionnaire")
        self._reception.require(questionnaire)
        socket = web.WebSocketResponse(
            max_msg_size=self._limits.max_message_bytes,
            heartbeat=self._limits.heartbeat_seconds,
            compress=False,
            timeout=CLOSING_SECONDS,
            protocols=(kind.subprotocol,),
        )
        await socket.prepare(request)
        served = _ServedCall(provider.name, questionnaire, kind.machine(options), socket, self._reception)
        close_code = CLOSE_GOING_AWAY
        try:
            close_code = await served.serve(self._control, self._limits.idle_seconds)
        finally:
            await close_socket(socket, request, close_code)
        return socket


class _ServedCall:
    """One socket and the call that is asked about on it."""

    def __init__(
        self,
        provider: str,
        questionnaire: str | None,
        machine: Application,
        socket: web.WebSocketResponse,
        reception: Reception,
    ) -> None:
        self._provider = provider
        self._questionnaire = questionnaire
        self._machine = machine
        self._socket = socket
        self._reception = reception

    async def serve(self, control: PhoneControl, idle_seconds: float) -> int:
        """Answer until the provider closes; the code to close with.

        Whoever comes has `idle_seconds` to begin. Afterwards there may be nothing to say until the call ends,
        and pings tell whether anybody is there.
        """
        patience: float | None = idle_seconds
        with ExitStack() as held:
            while True:
                call = self._machine.call
                try:
                    message = await self._socket.receive(timeout=patience)
                except TimeoutError:
                    return self._broken("nothing was asked")
                patience = None
                if message.type not in {WSMsgType.TEXT, WSMsgType.BINARY}:
                    return CLOSE_NORMAL
                try:
                    events = self._machine.receive(message.data)
                except RemoteProtocolError as error:
                    return self._broken(str(error))
                if call is None and (named := self._machine.call) and named.provider_call_id:
                    held.enter_context(control.obeying(self._provider, named.provider_call_id, self))
                for event in events:
                    await self._take(event)

    async def transfer(self, to: str) -> bool:
        """Put the caller through to a number; False where nobody is there to be told."""
        return await self._say(self._machine.transfer(to))

    async def hang_up(self) -> bool:
        """End the call; False where nobody is there to be told."""
        return await self._say(self._machine.hang_up())

    async def _take(self, event: ApplicationEvent) -> None:
        match event:
            case CallOffered(call=call):
                await self._say(await self._answer(call))
            case StatusReport():
                await self._note(event)
            case ReplyDue(message=str(message)):
                await self._say(message)
            case Complained(code=code):
                log.warning("carrier_complained", provider=self._provider, code=code)

    async def _answer(self, call: IncomingCall) -> str:
        """The verbs that open a media socket, or a refusal: whoever waits for an answer is given one."""
        try:
            target = await self._reception.take(self._provider, call, self._questionnaire)
            if target is not None:
                answer = self._machine.connect(target)
                log.info("call_answered", provider=self._provider, direction=call.direction)
                return answer
        except web.HTTPServiceUnavailable:  # the log knows why
            pass
        except LocalProtocolError as error:
            log.error("call_not_answered", provider=self._provider, detail=str(error))  # noqa: TRY400
        return self._machine.reject()

    async def _note(self, report: StatusReport) -> None:
        try:
            await self._reception.note(self._provider, report)
        except web.HTTPServiceUnavailable:  # reports are not asked for again here: this one is lost
            return

    async def _say(self, message: str) -> bool:
        try:
            await self._socket.send_str(message)
        except ConnectionError:
            return False
        return True

    def _broken(self, why: str) -> int:
        log.warning("application_malformed", provider=self._provider, detail=why)
        return CLOSE_POLICY
