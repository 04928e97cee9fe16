"""Providers' webhooks: a call is to be answered, a call has come so far.

`/webhooks/PROVIDER/answer[/QUESTIONNAIRE]` is answered with the provider's own document, which opens a media
socket at an address with a single-use stream token in it. `/webhooks/PROVIDER/status` takes status callbacks,
and `/webhooks/PROVIDER/dial/NUMBER` tells a call that is handed over whom to dial. They are believed only if
their signature is good; who sent them is learnt from nothing else.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import structlog
from aiohttp import web

from bridge.clock import Clock
from bridge.phone_control import ControlError, PhoneControl
from bridge.web.bodies import read_body
from bridge.web.doorkeeper import Doorkeeper, read_request, refused
from bridge.web.reception import Reception
from protocols.errors import LocalProtocolError, RemoteProtocolError
from protocols.http import Document, HttpRequest
from protocols.provider import SignatureError, UnsignedError, Webhooks
from protocols.registry import PROVIDERS

__all__ = ["WebhookRoutes"]

MAX_BODY_BYTES = 64 * 1024  # a form or an event; providers send a few KiB

log = structlog.get_logger()


class WebhookRoutes:
    """The routes that providers ask and report on."""

    def __init__(
        self,
        *,
        doorkeeper: Doorkeeper,
        reception: Reception,
        clock: Clock,
        control: PhoneControl,
    ) -> None:
        self._doorkeeper = doorkeeper
        self._reception = reception
        self._clock = clock
        self._control = control
        self._sending: set[asyncio.Task[None]] = set()

    async def answer(self, request: web.Request) -> web.Response:
        """A call is to be answered: open a media socket for it, or refuse it."""
        async with self._believed(request) as (name, webhooks, asked):
            return await self._answer(name, webhooks, asked, request.match_info.get("questionnaire"))

    async def _answer(
        self, name: str, webhooks: Webhooks, asked: HttpRequest, questionnaire: str | None
    ) -> web.Response:
        try:
            call = webhooks.incoming(asked)
        except RemoteProtocolError as error:
            if await self._noted(name, webhooks, asked):  # some providers report where they ask
                return web.Response(status=204)
            raise _malformed(name, error) from None
        self._reception.require(questionnaire)
        target = await self._reception.take(name, call, questionnaire)
        if target is None:
            return self._answered(name, webhooks.reject(call))
        try:
            document = webhooks.connect(call, target)
        except LocalProtocolError as error:  # the site has not configured what answering needs
            log.error("call_not_answered", provider=name, detail=str(error))  # noqa: TRY400
            raise web.HTTPServiceUnavailable(text="no call can be answered here\n") from None
        log.info("call_answered", provider=name, direction=call.direction)
        return self._answered(name, document)

    async def dial(self, request: web.Request) -> web.Response:
        """A call that we hand over asks what to do: dial the number that we gave it."""
        async with self._believed(request) as (name, _, _):
            dial = PROVIDERS[name].dial
            if dial is None:
                raise web.HTTPNotFound(text="this provider is told by a request\n")
            return _response(dial(request.match_info["to"]))

    async def status(self, request: web.Request) -> web.Response:
        """A status callback."""
        async with self._believed(request) as (name, webhooks, asked):
            try:
                await self._note(name, webhooks, asked)
            except RemoteProtocolError as error:
                raise _malformed(name, error) from None
            return web.Response(status=204)

    async def _note(self, name: str, webhooks: Webhooks, asked: HttpRequest) -> bool:
        """Keep what is reported; whether anything was."""
        report = webhooks.status(asked)
        if report is not None:
            await self._reception.note(name, report)
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

    @asynccontextmanager
    async def _believed(self, request: web.Request) -> AsyncIterator[tuple[str, Webhooks, HttpRequest]]:
        """The request, if its provider has signed it; its signature is good again if we answer with 503."""
        provider, options = self._doorkeeper.provider(request)
        if provider.webhooks is None:
            raise web.HTTPNotFound(text="this provider has no webhooks\n")
        body = await read_body(request, MAX_BODY_BYTES)
        asked = read_request(request, self._doorkeeper.public_url, body=body)
        webhooks = provider.webhooks(options)
        try:
            verified = webhooks.verify(asked, now=self._clock.now().timestamp())
        except UnsignedError as error:
            log.warning("webhook_unsigned", provider=provider.name, detail=str(error))
            raise web.HTTPServiceUnavailable(text="a signature is needed\n") from None
        except SignatureError as error:
            raise refused(str(error)) from None
        self._doorkeeper.accept(verified)
        try:
            yield provider.name, webhooks, asked
        except web.HTTPServiceUnavailable:  # the provider tries again, perhaps with the very same request
            self._doorkeeper.forget(verified)
            raise


def _response(document: Document) -> web.Response:
    return web.Response(
        status=document.status, body=document.body, headers={"Content-Type": document.content_type}
    )


def _malformed(name: str, error: RemoteProtocolError) -> web.HTTPBadRequest:
    log.warning("webhook_malformed", provider=name, detail=str(error))
    return web.HTTPBadRequest(text=f"{error}\n")
