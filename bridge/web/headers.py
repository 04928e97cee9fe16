"""Headers that every answer has, so that no browser guesses, frames, runs or keeps what it should not.

https://owasp.org/www-project-secure-headers. What a route says of itself stands.
"""

from aiohttp import hdrs, web

__all__ = ["harden", "tell_browsers"]

_HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Content-Security-Policy": (
        "default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'"
    ),
    "X-Frame-Options": "DENY",  # frame-ancestors, for browsers that are older than it
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cache-Control": "no-store",  # nearly everything is somebody's; the page says otherwise
}
NAME = "hatif"  # and not which library in which version


def harden(response: web.StreamResponse) -> None:
    """Add what is not there."""
    for name, value in _HEADERS.items():
        response.headers.setdefault(name, value)
    response.headers[hdrs.SERVER] = NAME


async def tell_browsers(_request: web.Request, response: web.StreamResponse) -> None:
    """For every answer of an application, before its headers leave."""
    harden(response)
