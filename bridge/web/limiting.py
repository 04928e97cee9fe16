"""Turns askers away who ask too often: 429 with `Retry-After`, and `RateLimit-*` on every answer that counts.

Health is never counted, nor a provider whose credential is good: a call in progress is not in anybody's way.
"""

import structlog
from aiohttp import web
from aiohttp.typedefs import Handler

from bridge.web.addresses import Addresses, block_of
from bridge.web.authorisation import PRINCIPAL, is_over_admin_socket
from bridge.web.limits import Bucket, Count, RateLimits
from bridge.web.sides import Side, side_of

__all__ = ["COUNT", "RateLimiting", "tell_count", "too_many"]

COUNT = web.RequestKey("count", Count)

log = structlog.get_logger()


class RateLimiting:
    """The middleware that counts."""

    def __init__(self, *, limits: RateLimits, addresses: Addresses) -> None:
        self._limits = limits
        self._addresses = addresses

    @web.middleware
    async def limit(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        """Count the request, and go on unless there were too many."""
        if is_over_admin_socket(request):
            return await handler(request)
        match side_of(request.path):
            case Side.HEALTH:
                return await handler(request)
            case Side.PROVIDERS:
                return await self._count_refusals(request, handler)
            case _:
                await self._count(request)
                return await handler(request)

    async def _count(self, request: web.Request) -> None:
        """By who asks; without a credential, by address."""
        principal = request.get(PRINCIPAL)
        bucket = Bucket.ADDRESS if principal is None else Bucket.KEY
        who = block_of(self._addresses.of(request)) if principal is None else principal.name
        request[COUNT] = count = await self._limits.hit(bucket, who)
        if not count.is_allowed:
            raise too_many(bucket)

    async def _count_refusals(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        """Of who comes as a provider only those are counted who are none."""
        try:
            return await handler(request)
        except (web.HTTPUnauthorized, web.HTTPNotFound, web.HTTPForbidden):
            await self._count(request)
            raise


def too_many(what: str) -> web.HTTPTooManyRequests:
    """The answer to whoever asks too often."""
    log.warning("asked_too_often", what=what)
    return web.HTTPTooManyRequests(text="too many requests: wait for as long as Retry-After says\n")


async def tell_count(request: web.Request, response: web.StreamResponse) -> None:
    """Say where the asker stands, while headers can still be added."""
    if (count := request.get(COUNT)) is not None:
        response.headers.update(count.headers)
