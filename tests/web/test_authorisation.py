"""Who is turned away is told in the log by route, never by what was asked for."""

from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer
from aiohttp.typedefs import Handler
from structlog.testing import capture_logs

from bridge.identity.principal import Principal, Scope
from bridge.web.authorisation import PRINCIPAL, require


async def _read(request: web.Request) -> web.Response:
    require(request, Scope.TRANSCRIPTS)
    return web.Response()


@web.middleware
async def _scopeless(request: web.Request, handler: Handler) -> web.StreamResponse:
    request[PRINCIPAL] = Principal("key:nurse", frozenset())
    return await handler(request)


async def test_what_was_not_allowed_is_named_by_its_route() -> None:
    """A call's id, or whatever else stands in the path, stays out."""
    application = web.Application(middlewares=[_scopeless])
    application.add_routes([web.get("/calls/{call_id}/transcript", _read)])
    with capture_logs() as lines:
        async with TestClient(TestServer(application)) as client:
            assert (await client.get("/calls/962790000001/transcript")).status == 403
    (line,) = lines
    assert (line["event"], line["method"], line["route"], line["what"]) == (
        "not_allowed",
        "GET",
        "/calls/{call_id}/transcript",
        Scope.TRANSCRIPTS,
    )
