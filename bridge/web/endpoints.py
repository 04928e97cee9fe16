"""A route together with what it needs and answers, so that the document of the interface follows from it."""

from collections.abc import Awaitable, Callable, Mapping
from datetime import UTC, datetime
from typing import Any

import msgspec
from aiohttp import web
from msgspec import Struct

from bridge.identity.principal import Scope

__all__ = [
    "JSON",
    "LIMIT",
    "MOMENT",
    "TEXT",
    "Endpoint",
    "Handler",
    "Parameter",
    "limit_of",
    "moment_of",
    "reply",
]

JSON, TEXT = "application/json", "text/plain"

MOST_ROWS = 500
SOME_ROWS = 100

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


MOMENT = {"type": "string", "format": "date-time"}


class Parameter(Struct, frozen=True):
    """Something that may be asked for behind the path's `?`, or in a header."""

    name: str
    what: str
    schema: Mapping[str, Any] | None = None  # JSON Schema; None: any text
    place: str = "query"


class Endpoint(Struct, frozen=True, kw_only=True):
    """One route."""

    method: str
    path: str
    scope: Scope | None  # None: it needs no credential
    handler: Handler
    summary: str
    answer: Any  # a type
    parameters: tuple[Parameter, ...] = ()
    status: int = 200  # of what was asked for
    content_type: str = JSON  # of the answer; an error is always JSON
    others: Mapping[int, Any] = {}  # the types of what else is answered, by status

    def route(self) -> web.RouteDef:
        """For the server; what needs no credential may be asked for with HEAD, as load balancers do."""
        if self.method == "GET":
            return web.get(self.path, self.handler, allow_head=self.scope is None)
        return web.route(self.method, self.path, self.handler)


LIMIT = Parameter(
    "limit",
    f"how many; {SOME_ROWS} without it",
    {"type": "integer", "minimum": 1, "maximum": MOST_ROWS},
)


def reply(answer: Struct, status: int = 200) -> web.Response:
    """An answer as JSON, which nobody keeps."""
    body = msgspec.json.encode(answer)
    headers = {"Cache-Control": "no-store"}
    return web.Response(body=body, status=status, content_type=JSON, headers=headers)


def limit_of(request: web.Request) -> int:
    """How many rows are asked for; HTTPBadRequest where that is no number from 1 to 500."""
    text = request.query.get("limit", str(SOME_ROWS))
    if not (text.isdecimal() and text.isascii() and 1 <= int(text[:6]) <= MOST_ROWS):
        raise web.HTTPBadRequest(text=f"limit must be a number from 1 to {MOST_ROWS}\n")
    return int(text)


def moment_of(request: web.Request, name: str) -> datetime | None:
    """A moment that is asked for, UTC where it names no zone; HTTPBadRequest where it is none."""
    text = request.query.get(name)
    if text is None:
        return None
    try:
        moment = datetime.fromisoformat(text)
        return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    except (ValueError, OverflowError):
        raise web.HTTPBadRequest(text=f"{name} must be a moment as in 2026-11-01T12:00:00Z\n") from None
