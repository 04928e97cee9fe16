"""Who a request comes from, and whether they may. Every administrative route begins with `require`.

What comes over the admin socket, a file that only the daemon's user can open, may do everything. Everybody
else shows a credential.
"""

import socket

import structlog
from aiohttp import web

from bridge.identity.principal import LOCAL, LOOPBACK, Principal, Scope
from bridge.web.measuring import route_of

__all__ = ["PRINCIPAL", "asker", "is_over_admin_socket", "may", "require", "unauthorized"]

PRINCIPAL = web.RequestKey("principal", Principal)  # put there by whoever has established it

log = structlog.get_logger()


def require(request: web.Request, scope: Scope) -> Principal:
    """Who asks, where they may do this.

    Raises:
        HTTPUnauthorized: nobody's credential was shown, or none that is good.
        HTTPForbidden: it is good for something else.

    """
    principal = _principal(request)
    if principal is None:
        raise unauthorized()
    if not principal.may(scope):
        log.warning("not_allowed", route=route_of(request), what=scope, method=request.method)
        if principal is LOOPBACK:  # it has shown none, and can be told where to get one
            raise unauthorized(
                "no credential was shown: `hatif keys create` makes one; the admin socket needs none"
            )
        raise web.HTTPForbidden(text=f"this credential lacks the scope {scope}\n")
    return principal


def may(request: web.Request, scope: Scope) -> bool:
    """Whether whoever asks may have this too, where all others get less."""
    principal = _principal(request)
    return principal is not None and principal.may(scope)


def _principal(request: web.Request) -> Principal | None:
    return LOCAL if is_over_admin_socket(request) else request.get(PRINCIPAL)


def unauthorized(why: str = "a valid credential is needed") -> web.HTTPUnauthorized:
    """The one answer to every credential that is missing or wrong."""
    return web.HTTPUnauthorized(text=f"{why}\n", headers={"WWW-Authenticate": "Bearer"})


def asker(request: web.Request) -> Principal:
    """Who asks, for the record, where it has been decided that they may."""
    return _principal(request) or Principal("unnamed", frozenset())


def is_over_admin_socket(request: web.Request) -> bool:
    """Whether the request came by way of the file, not the network."""
    connection = request.get_extra_info("socket")
    return connection is not None and connection.family == socket.AF_UNIX
