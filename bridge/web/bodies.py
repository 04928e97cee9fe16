"""Bodies of requests, read within a time and up to a size: aiohttp alone waits for ever for a slow one."""

import asyncio

from aiohttp import web

from bridge.web.crowd import HttpLimits

__all__ = ["LIMITS", "read_body"]

LIMITS = web.AppKey("http_limits", HttpLimits)


async def read_body(request: web.Request, most: int) -> bytes:
    """The whole body, as it was sent.

    Raises:
        HTTPRequestEntityTooLarge: it has more bytes than `most`.
        HTTPRequestTimeout: it takes longer than `server.body_seconds`; the connection is closed.

    """
    limits = request.app.get(LIMITS, HttpLimits())
    body = bytearray()
    try:
        async with asyncio.timeout(limits.body_seconds):
            async for piece in request.content.iter_any():
                body += piece
                if len(body) > most:
                    raise web.HTTPRequestEntityTooLarge(max_size=most, actual_size=len(body))
    except TimeoutError:
        request.protocol.close()  # what comes later of this body is no next request
        raise web.HTTPRequestTimeout(text="the body took too long\n") from None
    return bytes(body)
