"""What is asked of providers over their REST interfaces: end this call, hand it over, place one.

The requests are the provider's file's; here they are sent, again where that is harmless, and within a time
in which somebody still waits. What a request carries, its secrets and a caller's number, is in no log.
"""

import asyncio
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http import HTTPStatus
from typing import Any, Protocol
from urllib.parse import quote, urlsplit, urlunsplit

import aiohttp
import msgspec
import structlog
from msgspec import Struct
from tenacity import (
    AsyncRetrying,
    retry_if_exception_type,
    stop_after_attempt,
    stop_after_delay,
    wait_exponential,
)

from bridge.clock import Clock
from bridge.errors import BridgeError
from protocols.base import Ending
from protocols.errors import LocalProtocolError
from protocols.events import CallDetails
from protocols.http import HttpRequest, HttpResponse, json_field
from protocols.provider import AfterRequest, CallOrder, Control, Options
from protocols.registry import PROVIDERS

__all__ = ["ControlError", "Obedient", "PhoneControl"]

REQUEST_SECONDS = 5.0  # wall clock, of one attempt: the caller hears nothing meanwhile
ATTEMPTS = 4
GIVE_UP_SECONDS = 12.0
LONGEST_PAUSE_SECONDS = 4.0
MAX_RESPONSE_BYTES = 256 * 1024
LOGIN_MARGIN_SECONDS = 30.0

log = structlog.get_logger()


class ControlError(BridgeError):
    """The provider did not do what it was asked for."""

    code = "control"


class _NotNowError(Exception):
    """Worth another try."""


class _LoginAnswer(Struct, frozen=True):
    expires_in: float = 0.0  # seconds


class _Pass(Struct, frozen=True):
    """What a login brought, and until when it is good, on the event loop's clock."""

    token: str
    until: float


class Obedient(Protocol):
    """Who takes orders for one call on a connection of its own; they say whether they were told."""

    async def transfer(self, to: str) -> bool: ...

    async def hang_up(self) -> bool: ...


class PhoneControl:
    """Sends what providers are asked."""

    def __init__(
        self,
        options: Mapping[str, Options],
        *,
        http: aiohttp.ClientSession,
        clock: Clock,
        public_url: str | None = None,
        first_pause_seconds: float = 0.5,
    ) -> None:
        self._options = options
        self._http = http
        self._clock = clock
        self._public_url = public_url
        self._first_pause_seconds = first_pause_seconds
        self._obeying: dict[tuple[str, str | None], Obedient] = {}  # by provider and its call's identifier
        self._passes: dict[tuple[str, bytes], _Pass] = {}  # by the login that brought them

    @contextmanager
    def obeying(self, provider: str, provider_call_id: str, who: Obedient) -> Iterator[None]:
        """Meanwhile what is to be done with this call is told to `who`, and REST is not needed."""
        key = (provider, provider_call_id)
        self._obeying[key] = who
        try:
            yield
        finally:
            if self._obeying.get(key) is who:
                del self._obeying[key]

    def obedient(self, provider: str, provider_call_id: str | None) -> Obedient | None:
        """Who takes orders for this call on a connection of its own."""
        return self._obeying.get((provider, provider_call_id))

    def can_transfer(self, provider: str, call: CallDetails) -> bool:
        """Whether a caller can be put through to a number, on the wire or by a request."""
        if self.obedient(provider, call.provider_call_id) is not None:
            return True
        match PROVIDERS[provider].capabilities.transfer:
            case Ending.NEVER:
                return False
            case Ending.REST:
                return self._is_configured(provider)
            case _:
                return True

    async def hang_up(self, provider: str, call: CallDetails) -> None:
        """End the phone call; one that is over already is ended.

        Raises:
            ControlError: it may go on.

        """
        who = self.obedient(provider, call.provider_call_id)
        if who is not None and await who.hang_up():
            return
        control = self._control(provider)
        await self._done(provider, "hang_up", control, _made(control.hang_up, call))

    async def transfer(self, provider: str, call: CallDetails, to: str) -> None:
        """Put the caller through to a number.

        Raises:
            ControlError: the caller was not put through.

        """
        who = self.obedient(provider, call.provider_call_id)
        if who is not None and await who.transfer(to):
            return
        control = self._control(provider)
        request = _made(control.transfer, call, to, self._document_url(provider, to))
        await self._done(provider, "transfer", control, request)

    async def send(self, provider: str, what: str, request: HttpRequest) -> None:
        """Send a request that a webhook's answer called for.

        Raises:
            ControlError: the provider did not do it.

        """
        await self._done(provider, what, self._control(provider), request)

    async def ask(
        self, provider: str, what: str, request: HttpRequest, *, may_repeat: bool = True
    ) -> HttpResponse:
        """Send a request whose answer is needed.

        Raises:
            ControlError: the provider did not do it.

        """
        return await self._done(provider, what, self._control(provider), request, may_repeat=may_repeat)

    async def place(self, provider: str, order: CallOrder) -> str | None:
        """Dial; the provider's identifier of the call.

        It is not tried again once the provider may have taken it: nobody is to be called twice.

        Raises:
            ControlError: no call was placed, or nobody knows whether one was.

        """
        known = PROVIDERS[provider]
        if known.control is None and known.how_to_dial:
            raise ControlError(known.how_to_dial)
        control = self._control(provider)
        response = await self._done(provider, "place", control, _made(control.place, order), may_repeat=False)
        return control.placed(response)

    def _document_url(self, provider: str, to: str) -> str | None:
        """Where our document that dials a number is to be had, for interfaces that take addresses only."""
        if PROVIDERS[provider].dial is None or self._public_url is None:
            return None
        return f"{self._public_url.rstrip('/')}/webhooks/{provider}/dial/{quote(to, safe='')}"

    def _control(self, provider: str) -> Control:
        known = PROVIDERS[provider]
        if known.control is None:
            raise ControlError(f"{known.title} takes no requests: its calls are controlled on the wire")
        return known.control(self._options[provider])

    def _is_configured(self, provider: str) -> bool:
        try:
            control = self._control(provider)
            _made(
                control.transfer,
                CallDetails(provider_call_id="x"),
                "+10",
                self._document_url(provider, "+10"),
            )
        except ControlError:
            return False
        return True

    async def _done(
        self,
        provider: str,
        what: str,
        control: Control,
        request: HttpRequest,
        *,
        may_repeat: bool = True,
    ) -> HttpResponse:
        attempts = AsyncRetrying(
            retry=retry_if_exception_type(_NotNowError),
            stop=stop_after_attempt(ATTEMPTS) | stop_after_delay(GIVE_UP_SECONDS),
            wait=wait_exponential(multiplier=self._first_pause_seconds, max=LONGEST_PAUSE_SECONDS),
            reraise=True,
        )
        try:
            return await attempts(self._once, provider, what, control, request, may_repeat)
        except _NotNowError as error:
            raise ControlError(f"{PROVIDERS[provider].title}: {what}: {error}") from None

    async def _once(
        self, provider: str, what: str, control: Control, request: HttpRequest, may_repeat: bool
    ) -> HttpResponse:
        title = PROVIDERS[provider].title
        try:
            authorized = self._authorized(provider, request)
            response = await self._send(_elsewhere(authorized, self._options[provider].api_url))
        except (aiohttp.ClientConnectorError, aiohttp.ClientConnectorDNSError) as error:
            raise _NotNowError(f"it cannot be reached ({type(error).__name__})") from None
        except (aiohttp.ClientError, TimeoutError) as error:
            if not may_repeat:
                raise ControlError(
                    f"{title}: {what}: no answer came ({type(error).__name__}); it may have been done"
                ) from None
            raise _NotNowError(f"no answer came ({type(error).__name__})") from None
        match control.outcome(response):
            case AfterRequest.DONE:
                log.info("provider_asked", provider=provider, what=what, status=response.status)
                return response
            case AfterRequest.AGAIN:
                raise _NotNowError(f"it answered {response.status}")
            case AfterRequest.REFUSED:
                raise ControlError(f"{title}: {what}: it refused with {response.status}")

    def _authorized(self, provider: str, request: HttpRequest) -> HttpRequest:
        """The request with what proves who asks, where that is made anew for each attempt."""
        authorize = PROVIDERS[provider].authorize
        if authorize is None:
            return request
        return _made(authorize, self._options[provider], request, self._clock.now().timestamp())

    async def _send(self, request: HttpRequest) -> HttpResponse:
        headers = dict(request.headers)
        if request.login is not None:
            headers["authorization"] = f"Bearer {await self._logged_in(request.login)}"
        response = await self._sent(msgspec.structs.replace(request, headers=headers))
        if request.login is not None and response.status == HTTPStatus.UNAUTHORIZED:
            self._passes.pop(_key(request.login), None)  # withdrawn: the next request logs in again
        return response

    async def _logged_in(self, login: HttpRequest) -> str:
        """A token that is good for a while yet (RFC 6749 section 5.1)."""
        now = asyncio.get_running_loop().time()
        known = self._passes.get(_key(login))
        if known is None or now >= known.until:
            response = await self._sent(login)
            token = json_field(response, "access_token")
            if token is None:
                raise ControlError(f"the login was answered with {response.status} and no access_token")
            known = self._passes[_key(login)] = _Pass(token, now + _good_for_seconds(response))
        return known.token

    async def _sent(self, request: HttpRequest) -> HttpResponse:
        timeout = aiohttp.ClientTimeout(total=REQUEST_SECONDS)
        sending = self._http.request(
            request.method,
            request.url,
            headers=dict(request.headers),
            data=request.body or None,
            timeout=timeout,
            allow_redirects=False,
        )
        async with sending as response:
            return HttpResponse(response.status, await response.content.read(MAX_RESPONSE_BYTES))


def _key(login: HttpRequest) -> tuple[str, bytes]:
    return login.url, login.body


def _good_for_seconds(response: HttpResponse) -> float:
    """How long a token is used: a little less than it is good for."""
    try:
        answer = msgspec.json.decode(response.body, type=_LoginAnswer)
    except msgspec.DecodeError:
        return 0.0
    return max(0.0, float(answer.expires_in) - LOGIN_MARGIN_SECONDS)


def _elsewhere(request: HttpRequest, origin: str | None) -> HttpRequest:
    """The same request to another origin: a provider's region, or a test."""
    if origin is None:
        return request
    there = urlsplit(origin)
    url = urlunsplit(urlsplit(request.url)._replace(scheme=there.scheme, netloc=there.netloc))
    login = _elsewhere(request.login, origin) if request.login else None
    return msgspec.structs.replace(request, url=url, login=login)


def _made(make: Any, *arguments: Any) -> HttpRequest:
    """A request; what stands against making it is said by its provider's file."""
    try:
        request: HttpRequest = make(*arguments)
    except LocalProtocolError as error:
        raise ControlError(str(error)) from None
    return request
