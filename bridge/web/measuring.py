"""How long HTTP requests take, by route: never by path, which may hold a token or a call's id."""

import time
from collections.abc import Callable

from aiohttp import web
from aiohttp.typedefs import Handler, Middleware

__all__ = ["measuring", "route_of"]

# OpenTelemetry's conventions for HTTP: methods that nobody knows have one name, or there would be any number.
METHODS = frozenset({"CONNECT", "DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT", "TRACE"})
OTHER_METHOD = "_OTHER"
NO_ROUTE = "none"


def measuring(note: Callable[[str, str, int, float], None]) -> Middleware:
    """What tells `note` of each request its method, route, status and seconds.

    What goes on for as long as somebody follows it, a socket or a stream of events, is no request answered.
    """

    @web.middleware
    async def measure(request: web.Request, handler: Handler) -> web.StreamResponse:
        began = time.monotonic()

        def noted(status: int) -> None:
            method = request.method if request.method in METHODS else OTHER_METHOD
            note(method, route_of(request), status, time.monotonic() - began)

        try:
            response = await handler(request)
        except web.HTTPException as refusal:
            noted(refusal.status)
            raise
        except Exception:
            noted(500)
            raise
        if isinstance(response, web.Response):
            noted(response.status)
        return response

    return measure


def route_of(request: web.Request) -> str:
    """The route's own text, such as /calls/{call_id}/transcript; never what was asked for."""
    resource = request.match_info.route.resource
    return resource.canonical if resource is not None else NO_ROUTE
