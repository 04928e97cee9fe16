"""Requests that were refused: counted, noted in the audit log, and worded alike.

This is the outermost of what a request passes, so that it sees every refusal whoever spoke it. Under the
paths of the interface for programs an error is `{"error": {"code", "message"}}`.
"""

from collections.abc import Callable

import structlog
from aiohttp import web
from aiohttp.typedefs import Handler
from msgspec import Struct, json

from bridge.audit.entries import Action, Result
from bridge.audit.log import AuditLog
from bridge.errors import StorageError
from bridge.identity.principal import Principal
from bridge.web.authorisation import PRINCIPAL

__all__ = ["Problem", "RefusalCounts", "Refusals", "Refused"]

PROGRAMS = (
    *("/admin/", "/auth/", "/calls/", "/providers/", "/maqsam/", "/metrics", "/openapi.json"),
    *("/livez", "/readyz", "/health"),
)
GUARDED = ("/admin/", "/auth/", "/calls/", "/metrics")  # whose refusals are noted
SOCKETS = ("/ws/", "/ws", "/application/", "/webhooks/")
NOBODY = Principal("nobody", frozenset())

UNAUTHORIZED, FORBIDDEN, TOO_MANY, UNAVAILABLE = 401, 403, 429, 503
_CODES = {
    400: "bad_request",
    401: "unauthorized",
    403: "forbidden",
    404: "not_found",
    405: "method_not_allowed",
    409: "conflict",
    413: "too_large",
    422: "unprocessable",
    429: "too_many_requests",
    503: "unavailable",
}

log = structlog.get_logger()


class ErrorText(Struct, frozen=True):
    """What went wrong: a word for programs, a sentence for people."""

    code: str
    message: str


class Problem(Struct, frozen=True):
    """The body of every error under the paths for programs."""

    error: ErrorText


class Refused(Struct, frozen=True):
    """How much was refused since the daemon began."""

    refused_sockets: int  # media sockets, application sockets and webhooks without a good credential
    failed_authentications: int  # no credential, or none that is good (401)
    forbidden: int  # a credential that is good for something else (403)
    rate_limited: int
    busy: int  # answered busy


class RefusalCounts:
    """The counts, growing."""

    def __init__(self) -> None:
        self._counts = dict.fromkeys(Refused.__struct_fields__, 0)

    def count(self, path: str, status: int) -> None:
        """One more answer of that status; most mean nothing here."""
        is_socket = path.startswith(SOCKETS)
        if status in {UNAUTHORIZED, FORBIDDEN}:
            name = "failed_authentications" if status == UNAUTHORIZED else "forbidden"
            self._counts["refused_sockets" if is_socket else name] += 1
        elif status == TOO_MANY:
            self._counts["rate_limited"] += 1
        elif status == UNAVAILABLE and is_socket:
            self._counts["busy"] += 1

    def so_far(self) -> Refused:
        """All of them."""
        return Refused(**self._counts)


class Refusals:
    """The middleware."""

    def __init__(self, counts: RefusalCounts, audit: Callable[[], AuditLog | None]) -> None:
        """`audit`: the log, once it is open."""
        self._counts = counts
        self._audit = audit

    @web.middleware
    async def watch(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        """For the application, before all its other middlewares."""
        try:
            response = await handler(request)
        except web.HTTPException as error:
            await self._refused(request, error.status)
            if not _is_for_programs(request) or not error.status >= web.HTTPBadRequest.status_code:
                raise
            return _worded(error)
        except StorageError as error:
            if not _is_for_programs(request):
                raise
            log.error("request_failed", code=error.code, detail=str(error))  # noqa: TRY400
            return _problem(UNAVAILABLE, "storage", "the database cannot be read or written now")
        await self._refused(request, response.status)
        return response

    async def _refused(self, request: web.Request, status: int) -> None:
        self._counts.count(request.path, status)
        audit = self._audit()
        if audit is None or status not in {UNAUTHORIZED, FORBIDDEN} or not request.path.startswith(GUARDED):
            return
        principal = request.get(PRINCIPAL) or NOBODY
        try:
            await audit.note_seldom(principal, Action.REQUEST, _route(request), Result.REFUSED)
        except StorageError as error:  # it is refused all the same
            log.error("refusal_not_noted", code=error.code, detail=str(error))  # noqa: TRY400


def _is_for_programs(request: web.Request) -> bool:
    return request.path == "/" or request.path.startswith(PROGRAMS)


def _route(request: web.Request) -> str:
    """Which route it was, without what the path held."""
    resource = request.match_info.route.resource
    return f"{request.method}:{resource.canonical if resource else '*'}"


def _worded(error: web.HTTPException) -> web.Response:
    text = (error.text or error.reason or "").strip()
    response = _problem(error.status, _CODES.get(error.status, "error"), text)
    kept = {name: value for name, value in error.headers.items() if not name.lower().startswith("content-")}
    response.headers.update(kept)
    return response


def _problem(status: int, code: str, message: str) -> web.Response:
    body = json.encode(Problem(ErrorText(code, message)))
    return web.Response(body=body, status=status, content_type="application/json")
