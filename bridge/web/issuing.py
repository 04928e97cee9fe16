"""Credentials that are asked for with another: `/auth/token`, and `/auth/stream` for pages that call.

`GET /auth/token[?scope=...&call=...]` makes an access token of at most what the asker may do, for a quarter
of an hour; `POST /auth/stream[?provider=...&questionnaire=...]` an address that opens one media socket, once.
"""

from collections.abc import Callable

import structlog
from aiohttp import web
from msgspec import Struct

from bridge.audit.entries import Action
from bridge.audit.log import AuditLog
from bridge.errors import StorageError
from bridge.identity.access import MAX_SECONDS, OF_ONE_CALL, AccessTokens
from bridge.identity.principal import Principal, Scope
from bridge.identity.streams import StreamTokens
from bridge.web.authorisation import require
from bridge.web.endpoints import Endpoint, Parameter, reply
from protocols.registry import PROVIDERS

__all__ = ["Issuing"]

MAX_CALL_ID = 128
_CALL = {"type": "string", "minLength": 1, "maxLength": MAX_CALL_ID}
_PROVIDER = {"type": "string", "enum": sorted(PROVIDERS)}
_SCOPES = {"type": "string", "pattern": f"^({'|'.join(Scope)})( ({'|'.join(Scope)}))*$"}

log = structlog.get_logger()


class IssuedToken(Struct, frozen=True):
    """As RFC 6749 section 5.1 and requirement 000 word it."""

    token: str
    token_type: str
    expires_in: int  # seconds


class IssuedStream(Struct, frozen=True):
    """What opens one media socket, once."""

    url: str
    token: str
    expires_in: int  # seconds


class Issuing:
    """The routes that make tokens."""

    def __init__(
        self,
        *,
        tokens: AccessTokens,
        streams: StreamTokens | None,
        stream_seconds: int,
        public_url: str | None,
        audit: Callable[[], AuditLog | None] = lambda: None,
    ) -> None:
        """`audit`: once the database is open."""
        self._audit = audit
        self._tokens = tokens
        self._streams = streams
        self._stream_seconds = stream_seconds
        self._public_url = public_url

    def endpoints(self) -> list[Endpoint]:
        """For server and document."""
        return [
            *(
                Endpoint(
                    method=method,
                    path="/auth/token",
                    scope=Scope.TOKENS_ISSUE,
                    handler=self.token,
                    summary="An access token for a quarter of an hour, of at most what the asker may do",
                    answer=IssuedToken,
                    parameters=(
                        Parameter(
                            "scope",
                            "only these, a space between two; else all that can be had",
                            _SCOPES,
                        ),
                        Parameter("call", "the one call that it is good for", _CALL),
                    ),
                )
                for method in ("GET", "POST")
            ),
            Endpoint(
                method="POST",
                path="/auth/stream",
                scope=Scope.STREAMS_OPEN,
                handler=self.stream,
                summary="The address of one media socket, good for one connection",
                answer=IssuedStream,
                parameters=(
                    Parameter("provider", "who will call; browser without it", _PROVIDER),
                    Parameter("questionnaire", "which is asked; the default one without it"),
                ),
            ),
        ]

    async def token(self, request: web.Request) -> web.Response:
        """An access token for whoever may have one issued."""
        principal = require(request, Scope.TOKENS_ISSUE)
        if not self._tokens.can_issue:
            raise _unsigned()
        call = request.query.get("call")
        if call is not None and not 0 < len(call) <= MAX_CALL_ID:
            raise web.HTTPBadRequest(text="call must be a call's id\n")
        scopes = _wanted(request, principal, of_one_call=call is not None)
        await self._note(principal, call or "*")
        token = self._tokens.issue(principal.name, scopes, tenant=principal.tenant, call=call)
        log.info("token_issued", identity=principal.name, what=sorted(scopes))
        return reply(IssuedToken(token, "Bearer", MAX_SECONDS))

    async def stream(self, request: web.Request) -> web.Response:
        """The address of one media socket, a single-use token at its end."""
        principal = require(request, Scope.STREAMS_OPEN)
        if self._streams is None:
            raise _unsigned()
        provider = request.query.get("provider", "browser")
        if provider not in PROVIDERS:
            raise web.HTTPBadRequest(text="provider must be one that `hatif carrier list` names\n")
        await self._note(principal, provider)
        token = self._streams.issue(
            provider=provider,
            questionnaire=request.query.get("questionnaire"),
            tenant=principal.tenant,
            seconds=self._stream_seconds,
        )
        origin = (self._public_url or f"{request.scheme}://{request.host}").rstrip("/")
        log.info("stream_token_issued", identity=principal.name, provider=provider)
        url = f"ws{origin.removeprefix('http')}/ws/{provider}/{token}"
        return reply(IssuedStream(url, token, self._stream_seconds))

    async def _note(self, principal: Principal, object: str) -> None:  # noqa: A002 - the table's word
        """Write down who gets a token; once a minute of the same for the same.

        Raises:
            HTTPServiceUnavailable: it cannot be written, so none is issued.

        """
        if (audit := self._audit()) is None:
            return
        try:
            await audit.note_seldom(principal, Action.TOKEN_ISSUE, object)
        except StorageError as error:
            log.error("token_not_issued", code=error.code, detail=str(error))  # noqa: TRY400
            raise web.HTTPServiceUnavailable(text="nothing can be written down now\n") from None


def _wanted(request: web.Request, principal: Principal, *, of_one_call: bool) -> frozenset[Scope]:
    """The scopes that are asked for, or all that can be had.

    Raises:
        HTTPBadRequest: one of them is none.
        HTTPForbidden: one of them is not the asker's to give, or is not good for one call.

    """
    to_be_had = (principal.scopes - {Scope.TOKENS_ISSUE}) & (OF_ONE_CALL if of_one_call else frozenset(Scope))
    written = " ".join(request.query.getall("scope", [])).replace(",", " ").split()
    try:
        wanted = frozenset(Scope(word) for word in written) or to_be_had
    except ValueError:
        raise web.HTTPBadRequest(text=f"scope must be among {', '.join(Scope)}\n") from None
    if not wanted or not wanted <= to_be_had:
        raise web.HTTPForbidden(text="this credential cannot give such a token\n")
    return wanted


def _unsigned() -> web.HTTPServiceUnavailable:
    log.warning("token_not_issued", setting="tokens.secret")
    return web.HTTPServiceUnavailable(text="no tokens are issued here: tokens.secret is not configured\n")
