"""Pages elsewhere: which may open sockets here and read answers. Programs send no Origin, and are not asked.

A browser lets any page open a WebSocket to anywhere and only tells us which page it was (RFC 6455 section
10.2): whoever is not on the list is refused. For requests it asks first (CORS, https://fetch.spec.whatwg.org).
"""

from collections.abc import Iterable
from contextlib import suppress
from ipaddress import ip_address
from urllib.parse import urlsplit

import structlog
from aiohttp import hdrs, web
from aiohttp.typedefs import Handler

__all__ = ["Origins"]

PREFLIGHT_SECONDS = 600  # a browser need not ask again for so long
METHODS = "GET, POST, DELETE"
HEADERS = "Authorization, Content-Type, Last-Event-ID"
EXPOSED = "RateLimit-Limit, RateLimit-Remaining, RateLimit-Reset, RateLimit-Policy, Retry-After"
_SCHEMES = ("http", "https")
_SHOWN_CHARACTERS = 100

log = structlog.get_logger()


class Origins:
    """The list, and what follows from it."""

    def __init__(self, listed: Iterable[str] = (), public_url: str | None = None) -> None:
        self._listed = frozenset(listed) | ({_origin_of(public_url)} if public_url else set())

    @web.middleware
    async def check(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        """Answer a browser that asks first; refuse a socket to a page that is not on the list."""
        origin = request.headers.get(hdrs.ORIGIN)
        if origin is None:
            return await handler(request)
        is_allowed = self.allows(origin, request.host)
        asks_first = request.method == hdrs.METH_OPTIONS and (
            hdrs.ACCESS_CONTROL_REQUEST_METHOD in request.headers
        )
        is_socket = request.headers.get(hdrs.UPGRADE, "").lower() == "websocket"
        if not is_allowed and (asks_first or is_socket):
            log.warning("origin_refused", address=origin[:_SHOWN_CHARACTERS], setting="server.origins")
            raise web.HTTPForbidden(text="pages of this origin are not served here\n")
        if asks_first:
            return web.Response(status=204, headers=_PREFLIGHT)
        return await handler(request)

    def allows(self, origin: str, host: str) -> bool:
        """Is this page on the list, or one of our own? `host`: by which name the browser reached us.

        A name proves nothing: a page of any site can have its own name lead here (DNS rebinding). So our own
        page is one at `server.public_url`, or one that was opened by address or as localhost.
        """
        if origin in self._listed:
            return True
        scheme, _, place = origin.partition("://")
        return scheme in _SCHEMES and place == host and _is_no_name(host)

    async def tell(self, request: web.Request, response: web.StreamResponse) -> None:
        """Let an allowed page read the answer."""
        origin = request.headers.get(hdrs.ORIGIN)
        if origin is None:
            return
        response.headers.add(hdrs.VARY, hdrs.ORIGIN)
        if self.allows(origin, request.host):
            response.headers[hdrs.ACCESS_CONTROL_ALLOW_ORIGIN] = origin
            response.headers[hdrs.ACCESS_CONTROL_EXPOSE_HEADERS] = EXPOSED


_PREFLIGHT = {
    hdrs.ACCESS_CONTROL_ALLOW_METHODS: METHODS,
    hdrs.ACCESS_CONTROL_ALLOW_HEADERS: HEADERS,
    hdrs.ACCESS_CONTROL_MAX_AGE: str(PREFLIGHT_SECONDS),
}


def _origin_of(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}".lower()


def _is_no_name(host: str) -> bool:
    """Whether it is an address, or this machine's own name for itself."""
    with suppress(ValueError):
        name = urlsplit(f"//{host}").hostname or ""
        return name == "localhost" or ip_address(name) is not None
    return False
