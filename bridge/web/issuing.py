"""Credentials that are asked for with another: `/auth/token`, and `/auth/stream` for pages that call.

`GET /auth/token[?scope=...&call=...]` makes an access token of at most what the asker may do, for a quarter
of an hour; `POST /auth/stream[?provider=...&questionnaire=...]` an address that opens one media socket, once.
"""

from collections.abc import Callable

import structlog
from aiohttp import web

from bridge.audit.entries import Action
from bridge.audit.log import AuditLog
from bridge.errors import StorageError
from bridge.identity.access import MAX_SECONDS, OF_ONE_CALL, AccessTokens
from bridge.identity.principal import Principal, Scope
from bridge.identity.streams import StreamTokens
from bridge.web.authorisation import require
from protocols.registry import PROVIDERS

__all__ = ["Issuing"]

MAX_CALL_ID = 128
_NO_STORE = {"Cache-Control": "no-store"}  # RFC 6749 section 5.1

log = structlog.get_logger()


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

    def routes(self) -> list[web.RouteDef]:
        """What is served."""
        return [
            web.get("/auth/token", self.token, allow_head=False),
            web.post("/auth/token", self.token),
            web.post("/auth/stream", self.stream),
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
        return web.json_response(
            {"token": token, "token_type": "Bearer", "expires_in": MAX_SECONDS}, headers=_NO_STORE
        )

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
        return web.json_response(
            {
                "url": f"ws{origin.removeprefix('http')}/ws/{provider}/{token}",
                "token": token,
                "expires_in": self._stream_seconds,
            },
            headers=_NO_STORE,
        )

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
