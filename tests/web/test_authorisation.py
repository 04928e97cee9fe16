"""Who is turned away is told in the log by route; and who may do everything comes by a file that is ours."""

from pathlib import Path

from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer
from aiohttp.typedefs import Handler
from structlog.testing import capture_logs

from bridge.identity.principal import Principal, Scope
from bridge.lifecycle import Lifecycle
from bridge.web.authorisation import PRINCIPAL, require
from bridge.web.health import Component, Health
from bridge.web.server import Server


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


async def _nothing() -> list[Component]:
    return []


async def test_the_admin_socket_s_file_goes_with_the_daemon(tmp_path: Path) -> None:
    """And where another daemon has taken the name meanwhile, its file stays."""
    file = tmp_path / "admin.sock"
    for is_taken in (False, True):
        server = Server(Health(lifecycle=Lifecycle(), components=_nothing, active_calls=lambda: 0))
        await server.start("127.0.0.1", 0, file)
        assert file.is_socket()
        if is_taken:
            (tmp_path / "other").touch()
            (tmp_path / "other").replace(file)
        await server.stop()
        assert file.exists() is is_taken
