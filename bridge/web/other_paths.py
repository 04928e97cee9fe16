"""Sockets' addresses in other guides: what they lead to here, and what is to be used instead of the rest."""

from collections.abc import Iterator

from aiohttp import web
from aiohttp.typedefs import Handler

__all__ = ["INSTEAD", "OTHER_PATHS", "other_paths"]

# Each is a socket of our generic protocol (docs/generic-protocol.md) and asks the default questionnaire.
OTHER_PATHS = {
    "/ws": "generic",
    "/ws/healthcare-questionnaire": "generic",
    "/ws/secure": "generic",
    "/ws/secure/healthcare": "generic",
}

# What there is no socket for; a connection is answered 404.
INSTEAD = {
    "/ws/telephony": "the provider's own address, `/ws/PROVIDER` (docs/providers.md)",
    "/ws/telephony/healthcare": "the provider's own address, `/ws/PROVIDER/QUESTIONNAIRE`",
    "/ws/tts": "`hatif say`: nobody has texts of their own spoken by a server that calls patients",
    "/voice-ws": "the generic protocol's address, `/ws/generic`, or a page's, `/ws/browser/TOKEN`",
    "/ws/echo": "`hatif understand`, and the transcript of a call (docs/contact-centres.md)",
}


def other_paths(connect: Handler) -> Iterator[web.RouteDef]:
    """Routes that lead to `connect`, as the provider's own address does."""

    async def by_other_name(request: web.Request) -> web.StreamResponse:
        request.match_info["provider"] = OTHER_PATHS[request.path]
        return await connect(request)

    return (web.get(path, by_other_name) for path in OTHER_PATHS)
