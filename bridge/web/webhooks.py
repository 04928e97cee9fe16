"""Providers' webhooks: a call is to be answered, a call has come so far.

`/webhooks/PROVIDER/answer[/QUESTIONNAIRE]` is answered with the provider's own document, which opens a media
socket at an address with a single-use stream token in it. `/webhooks/PROVIDER/status` takes status callbacks,
and `/webhooks/PROVIDER/dial/NUMBER` tells a call that is handed over whom to dial. They are believed only if
their signature is good; who sent them is learnt from nothing else.
"""

import asyncio
from collections.abc import Callable

import structlog
from aiohttp import web

from bridge.admission import Busy
from bridge.clock import Clock
from bridge.errors import StorageError
from bridge.phone_control import ControlError, PhoneControl
from bridge.storage.opened import OpenDatabase
from bridge.storage.phone_calls import PhoneCall, note_call
from bridge.switchboard import Switchboard
from bridge.tokens import StreamTokens
from bridge.web.doorkeeper import Doorkeeper, read_request, refused
from protocols.errors import LocalProtocolError, RemoteProtocolError
from protocols.http import Document, HttpRequest
from protocols.provider import (
    CallStatus,
    IncomingCall,
    SignatureError,
    StatusReport,
    StreamTarget,
    Webhooks,
)
from protocols.registry import PROVIDERS

__all__ = ["WebhookRoutes"]

MAX_BODY_BYTES = 64 * 1024  # a form or an event; providers send a few KiB

log = structlog.get_logger()


class WebhookRoutes:
    """The routes that providers ask and report on."""

    def __init__(
        self,
        *,
        switchboard: Switchboard,
        doorkeeper: Doorkeeper,
        database: OpenDatabase,
        tokens: StreamTokens | None,
        token_seconds: float,
        clock: Clock,
        control: PhoneControl,
        new_reference: Callable[[], str],
    ) -> None:
        self._switchboard = switchboard
        self._doorkeeper = doorkeeper
        self._database = database
        self._tokens = tokens
        self._token_seconds = token_seconds
        self._clock = clock
        self._control = control
        self._new_reference = new_reference
        self._sending: set[asyncio.Task[None]] = set()

    async def answer(self, request: web.Request) -> web.Response:
        """A call is to be answered: open a media socket for it, or refuse it."""
        name, webhooks, asked = await self._believed(request)
        try:
            call = webhooks.incoming(asked)
        except RemoteProtocolError as error:
            if await self._noted(name, webhooks, asked):  # some providers report where they ask
                return web.Response(status=204)
            raise _malformed(name, error) from None
        questionnaire = request.match_info.get("questionnaire")
        if self._switchboard.questionnaire(questionnaire) is None:
            raise web.HTTPNotFound(text="there is no questionnaire of that name\n")
        if isinstance(busy := self._switchboard.admit(), Busy):
            log.warning("call_refused", provider=name, reason=busy.reason)
            return self._answered(name, webhooks.reject(call))
        target = await self._target(name, call, questionnaire)
        try:
            document = webhooks.connect(call, target)
        except LocalProtocolError as error:  # the site has not configured what answering needs
            log.error("call_not_answered", provider=name, detail=str(error))  # noqa: TRY400
            raise web.HTTPServiceUnavailable(text="no call can be answered here\n") from None
        log.info("call_answered", provider=name, direction=call.direction)
        return self._answered(name, document)

    async def dial(self, request: web.Request) -> web.Response:
        """A call that we hand over asks what to do: dial the number that we gave it."""
        name, _, _ = await self._believed(request)
        dial = PROVIDERS[name].dial
        if dial is None:
            raise web.HTTPNotFound(text="this provider is told by a request\n")
        return _response(dial(request.match_info["to"]))

    async def status(self, request: web.Request) -> web.Response:
        """A status callback."""
        name, webhooks, asked = await self._believed(request)
        try:
            await self._note(name, webhooks, asked)
        except RemoteProtocolError as error:
            raise _malformed(name, error) from None
        return web.Response(status=204)

    async def _note(self, name: str, webhooks: Webhooks, asked: HttpRequest) -> bool:
        """Keep what is reported; whether anything was."""
        report = webhooks.status(asked)
        if report is not None and report.status is not None:
            await self._keep(self._reported(name, report, report.status))
        return report is not None

    async def _noted(self, name: str, webhooks: Webhooks, asked: HttpRequest) -> bool:
        try:
            return await self._note(name, webhooks, asked)
        except RemoteProtocolError:
            return False

    def _answered(self, name: str, document: Document) -> web.Response:
        """The answer; where it takes requests of ours as well, they are sent while the provider reads it."""
        for request in document.then:
            task = asyncio.create_task(self._send(name, request))
            self._sending.add(task)
            task.add_done_callback(self._sending.discard)
        return _response(document)

    async def _send(self, name: str, request: HttpRequest) -> None:
        try:
            await self._control.send(name, "answer", request)
        except ControlError as error:
            log.error("provider_not_obeying", provider=name, code=error.code, detail=str(error))  # noqa: TRY400

    async def _believed(self, request: web.Request) -> tuple[str, Webhooks, HttpRequest]:
        """The request, if its provider has signed it."""
        provider, options = self._doorkeeper.provider(request)
        if provider.webhooks is None:
            raise web.HTTPNotFound(text="this provider has no webhooks\n")
        body = await _body(request)
        asked = read_request(request, self._doorkeeper.public_url, body=body)
        webhooks = provider.webhooks(options)
        try:
            verified = webhooks.verify(asked, now=self._clock.now().timestamp())
        except SignatureError as error:
            raise refused(str(error)) from None
        self._doorkeeper.accept(verified)
        return provider.name, webhooks, asked

    async def _target(self, name: str, call: IncomingCall, questionnaire: str | None) -> StreamTarget:
        """Where the media socket is to be opened; what is known of the call waits there for it."""
        public_url = self._doorkeeper.public_url
        if self._tokens is None or public_url is None:
            log.error("call_not_answered", provider=name, detail="needs server.public_url and tokens.secret")
            raise web.HTTPServiceUnavailable(text="no media socket can be opened here\n")
        reference = self._new_reference()
        if call.provider_call_id is not None:
            await self._keep(self._announced(name, call, call.provider_call_id, reference))
        token = self._tokens.issue(
            provider=name, questionnaire=questionnaire, call=reference, seconds=self._token_seconds
        )
        origin = public_url.rstrip("/")
        return StreamTarget(
            f"ws{origin.removeprefix('http')}/ws/{name}/{token}", f"{origin}/webhooks/{name}/status"
        )

    def _announced(self, name: str, call: IncomingCall, call_id: str, reference: str) -> PhoneCall:
        return PhoneCall(
            provider=name,
            provider_call_id=call_id,
            status=CallStatus.INITIATED,
            rank=CallStatus.INITIATED.rank,
            at=self._clock.now(),
            reference=reference,
            caller_number=call.caller_number,
            callee_number=call.callee_number,
            direction=call.direction,
        )

    def _reported(self, name: str, report: StatusReport, status: CallStatus) -> PhoneCall:
        return PhoneCall(
            provider=name,
            provider_call_id=report.provider_call_id,
            status=status,
            rank=status.rank,
            at=self._clock.now(),
            answered_by=report.answered_by,
            seconds=report.seconds,
        )

    async def _keep(self, call: PhoneCall) -> None:
        try:
            await note_call(self._database, call)
        except StorageError as error:
            log.error("phone_call_not_kept", code=error.code, detail=str(error))  # noqa: TRY400
            raise web.HTTPServiceUnavailable(text="try again\n", headers={"Retry-After": "2"}) from None


async def _body(request: web.Request) -> bytes:
    """The whole body, as it was signed."""
    body = b""
    async for piece in request.content.iter_any():
        body += piece
        if len(body) > MAX_BODY_BYTES:
            raise web.HTTPRequestEntityTooLarge(max_size=MAX_BODY_BYTES, actual_size=len(body))
    return body


def _response(document: Document) -> web.Response:
    return web.Response(
        status=document.status, body=document.body, headers={"Content-Type": document.content_type}
    )


def _malformed(name: str, error: RemoteProtocolError) -> web.HTTPBadRequest:
    log.warning("webhook_malformed", provider=name, detail=str(error))
    return web.HTTPBadRequest(text=f"{error}\n")
