"""Which providers are let in: the credential of a media socket's upgrade, a webhook's signature.

What a provider shows, and how it is checked, its own file knows. Here is what all have in common: stream
tokens in the path, signatures that are good once, and that without a configured credential only programs on
this machine are served. A refusal tells the log why, and the peer nothing.
"""

from collections.abc import Callable, Mapping
from ipaddress import ip_address
from typing import Any

import structlog
from aiohttp import web
from msgspec import Struct, structs

from bridge.clock import Clock
from bridge.errors import CredentialError, StorageError
from bridge.identity.streams import StreamClaims, StreamTokens
from bridge.reconnection import LONGEST_CALL, CallKey, may_be_lost
from bridge.storage.phone_calls import call_of_reference
from bridge.storage.store import Store
from protocols.base import Capabilities, CredentialCheck, MediaProtocol
from protocols.http import HttpRequest
from protocols.provider import ApplicationSocket, Door, Grant, Options, Provider, SignatureError, Verified
from protocols.registry import PROVIDERS

__all__ = ["Doorkeeper", "Visit", "is_local", "read_request"]

MOST_REPLAYS = 10_000  # signatures remembered; more than arrive while one of them is fresh

USED = "the stream token has been used before"
EXPIRED = "the stream token has expired: ask for a new one for every call"

_FORWARDED = ("Forwarded", "X-Forwarded-For", "X-Real-IP")
_PARTS_OF_A_TOKEN = 3  # a JWT in its compact form, RFC 7519 section 3.1

log = structlog.get_logger()


class Visit(Struct, frozen=True):
    """Somebody who may come in."""

    provider: Provider[Any]
    options: Options
    protocol: MediaProtocol
    questionnaire: str | None
    claims: StreamClaims | None  # of a stream token, to be redeemed when the call is taken
    upgrade: HttpRequest  # as its sender wrote it
    is_authenticated: bool  # False: a credential is still to come
    # Where a credential, or the name of a call that may be back, is still to come: it may be spoilt by that.
    trial: MediaProtocol | None = None

    @property
    def may_be_back(self) -> bool:
        """Whether only its first message says if it is a call whose socket was lost."""
        return bool(self.protocol.capabilities.reconnect_seconds) and self.claims is None


class Doorkeeper:
    """Checks credentials."""

    def __init__(
        self,
        *,
        options: Mapping[str, Options],
        tokens: StreamTokens | None,
        store: Store,
        clock: Clock,
        public_url: str | None,
        is_service_secret: Callable[[str], bool] | None = None,
    ) -> None:
        """`is_service_secret`: recognises the secret shared with other services; None: there is none."""
        self._options = options
        self._is_service_secret = is_service_secret
        self._tokens = tokens
        self._store = store
        self._clock = clock
        self.public_url = public_url
        self._seen: dict[str, float] = {}

    def provider(self, request: web.Request) -> tuple[Provider[Any], Options]:
        """The provider that the path names.

        Raises:
            HTTPNotFound: there is none of that name, or it is switched off.

        """
        name = request.match_info["provider"]
        provider = PROVIDERS.get(name)
        if provider is None or not self._options[name].enabled:
            raise web.HTTPNotFound(text="no calls of that provider are taken here\n")
        return provider, self._options[name]

    def visit(self, request: web.Request) -> Visit:
        """A media socket that may open.

        Raises:
            HTTPUnauthorized: its credential is missing, wrong or used.

        """
        provider, options = self.provider(request)
        name = request.match_info.get("name")
        claims = self._claims(request, provider, name)
        upgrade = read_request(request, self.public_url, scheme="ws")
        # A stream token is enough, except where its socket has to be signed as well.
        is_let_in_by_token = claims is not None and provider.door is not Door.TOKEN
        is_authenticated = (
            is_let_in_by_token or self._admits(request, provider, options, upgrade) or claims is not None
        )
        visit = self.visited(provider.name, upgrade, is_authenticated=is_authenticated)
        visit = structs.replace(
            visit,
            questionnaire=claims.questionnaire if claims else _questionnaire(provider, name),
            claims=claims,
        )
        if claims is not None and claims.is_late and not visit.protocol.capabilities.reconnect_seconds:
            raise refused(EXPIRED)
        if is_authenticated and not visit.may_be_back:
            return structs.replace(visit, trial=None)
        return visit

    def visited(self, name: str, upgrade: HttpRequest, *, is_authenticated: bool) -> Visit:
        """A media socket whose upgrade was looked at, here or in the main process; no credential is checked.

        It has a trial, whether or not one is needed.
        """
        provider, options = PROVIDERS[name], self._options[name]
        check = self._in_band(provider, options)
        grant = Grant(request=upgrade, is_authenticated=is_authenticated, check=check)
        return Visit(
            provider=provider,
            options=options,
            protocol=provider.media(options, grant),
            questionnaire=None,
            claims=None,
            upgrade=upgrade,
            is_authenticated=is_authenticated,
            trial=provider.media(options, grant),
        )

    def application(self, request: web.Request) -> tuple[Provider[Any], Options, ApplicationSocket[Any]]:
        """Whose application socket may open, and of which kind it is.

        Raises:
            HTTPNotFound: that provider has none.
            HTTPUnauthorized: its credential is missing or wrong.

        """
        provider, options = self.provider(request)
        kind = provider.application
        if kind is None:
            raise web.HTTPNotFound(text="this provider has no application socket\n")
        if not kind.is_guarded(options):
            self.only_locally(request, f"providers.{provider.name}")
            return provider, options, kind
        try:
            kind.admit(options, read_request(request, self.public_url, scheme="ws"))
        except SignatureError as error:
            raise refused(str(error)) from None
        return provider, options, kind

    async def redeem(self, visit: Visit) -> None:
        """Use the stream token up; only once the call is taken, since a busy answer must not spend it.

        Where the provider itself opens a lost socket again, it comes with the same token: that is good for as
        long as its call lasts and for a moment afterwards, but not for a call that never began.

        Raises:
            HTTPUnauthorized: it is good no more.

        """
        if visit.claims is None:
            return
        try:
            why_not = await self._why_not(visit.claims, visit.protocol.capabilities)
        except StorageError as error:
            log.error("token_not_redeemed", code=error.code, detail=str(error))  # noqa: TRY400
            raise web.HTTPServiceUnavailable(text="the token cannot be checked now\n") from None
        if why_not is not None:
            raise refused(why_not)

    async def _why_not(self, claims: StreamClaims, capabilities: Capabilities) -> str | None:
        """Why a token opens nothing; None where it does, by its first use or again."""
        if claims.is_late:
            if not await self._store.was_redeemed(claims.token_id):
                return EXPIRED
        elif await self._store.redeem(claims.token_id, claims.expires_at):
            return None
        return None if await self._comes_again(claims, capabilities) else USED

    async def _comes_again(self, claims: StreamClaims, capabilities: Capabilities) -> bool:
        """Whether the provider may have lost the socket of a call that lasts, or did until a moment ago."""
        seconds = capabilities.reconnect_seconds
        if not seconds or claims.call is None:
            return False
        phone = await call_of_reference(self._store, claims.provider, claims.call)
        if phone is None:
            return False
        return await self._may_be_lost(CallKey(claims.provider, phone.provider_call_id), seconds)

    async def is_back(self, visit: Visit, provider_call_id: str | None) -> bool:
        """Whether it is the socket of a call that we have let in already, and whose socket was lost."""
        seconds = visit.protocol.capabilities.reconnect_seconds
        if not seconds or provider_call_id is None:
            return False
        try:
            return await self._may_be_lost(CallKey(visit.provider.name, provider_call_id), seconds)
        except StorageError as error:  # it is taken for a new one
            log.error("call_before_not_read", code=error.code, detail=str(error))  # noqa: TRY400
            return False

    async def _may_be_lost(self, key: CallKey, seconds: float) -> bool:
        now = self._clock.now()
        call = await self._store.latest_call(key.provider, key.provider_call_id, since=now - LONGEST_CALL)
        return call is not None and may_be_lost(call, now=now, seconds=seconds)

    def accept(self, verified: Verified) -> None:
        """Let a good signature in, once.

        Raises:
            HTTPUnauthorized: it was here before.

        """
        now = self._clock.now().timestamp()
        self._seen = {key: until for key, until in self._seen.items() if until > now}
        if verified.replay_key is None:
            return
        if verified.replay_key in self._seen:
            raise refused("the signature has been used before")
        if len(self._seen) >= MOST_REPLAYS:
            raise web.HTTPServiceUnavailable(text="too many requests\n")
        self._seen[verified.replay_key] = verified.until

    def forget(self, verified: Verified) -> None:
        """Let a signature in once more: what came with it could not be dealt with."""
        if verified.replay_key is not None:
            self._seen.pop(verified.replay_key, None)

    def only_locally(self, request: web.Request, setting: str) -> None:
        """Without a credential there is nobody to trust but this machine."""
        if not is_local(request):
            raise refused(f"no credential is configured ({setting}), so only this machine is served")

    def _in_band(self, provider: Provider[Any], options: Options) -> CredentialCheck | None:
        """What is good as a credential that comes in a message."""
        own = provider.in_band(options) if provider.in_band else None
        service = self._service_secret_of(provider)
        if own is None or service is None:
            return own
        return lambda offered: own(offered) or service(offered)

    def _service_secret_of(self, provider: Provider[Any]) -> Callable[[str], bool] | None:
        return self._is_service_secret if provider.takes_service_secret else None

    def _claims(self, request: web.Request, provider: Provider[Any], name: str | None) -> StreamClaims | None:
        """What the stream token in the path says; None where there is none and none is needed."""
        if self._tokens is None:
            if provider.door is Door.TOKEN:
                self.only_locally(request, "tokens.secret")
            return None
        if not _is_token(name) and provider.door is not Door.TOKEN:
            return None
        try:
            late = LONGEST_CALL.total_seconds()
            return self._tokens.read(name or "", provider=provider.name, late_seconds=late)
        except CredentialError as error:
            raise refused(str(error)) from None

    def _admits(
        self, request: web.Request, provider: Provider[Any], options: Options, upgrade: HttpRequest
    ) -> bool:
        """Whether the upgrade's own credential is good; False: it has none, and none need come yet."""
        if provider.is_guarded is None or provider.admit is None:
            return False
        service = self._service_secret_of(provider)
        if service is not None and service(_bearer(upgrade)):
            return True
        if service is None and not provider.is_guarded(options):
            if provider.door is not Door.TOKEN:
                self.only_locally(request, f"providers.{provider.name}")
            return True
        try:
            verified = provider.admit(options, upgrade, self._clock.now().timestamp())
        except SignatureError as error:
            raise refused(str(error)) from None
        if verified is None:
            return False
        self.accept(verified)
        return True


def read_request(
    request: web.Request, public_url: str | None, *, scheme: str = "http", body: bytes = b""
) -> HttpRequest:
    """A request as a value, under the address by which its sender knows us."""
    origin = public_url or f"{request.scheme}://{request.host}"
    secure, _, place = origin.partition("://")
    url = f"{scheme}{'s' if secure.endswith('s') else ''}://{place.rstrip('/')}{request.raw_path}"
    headers = {name.lower(): _text(value) for name, value in request.headers.items()}
    return HttpRequest(request.method, url, headers, body)


def _text(value: str) -> str:
    """A header's value. Bytes that are no UTF-8 arrive as halves of letters, which nothing can encode."""
    return value.encode(errors="surrogateescape").decode(errors="replace")


def _bearer(upgrade: HttpRequest) -> str:
    scheme, _, shown = upgrade.headers.get("authorization", "").partition(" ")
    return shown.strip() if scheme.lower() == "bearer" else ""


def refused(why: str) -> web.HTTPUnauthorized:
    """A refusal: the log learns why, the peer does not."""
    log.warning("socket_refused", detail=why)
    return web.HTTPUnauthorized(text="a valid credential is needed\n")


def is_local(request: web.Request) -> bool:
    """Is the peer a program on this machine, and not a proxy that speaks for somebody else?"""
    if any(header in request.headers for header in _FORWARDED):
        return False
    try:
        return ip_address(request.remote or "").is_loopback
    except ValueError:
        return False


def _questionnaire(provider: Provider[Any], name: str | None) -> str | None:
    """What the path names where it holds no token."""
    return None if provider.door is Door.TOKEN or _is_token(name) else name


def _is_token(name: str | None) -> bool:
    return name is not None and len(name.split(".")) == _PARTS_OF_A_TOKEN
