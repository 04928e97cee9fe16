"""What `hatif verify` finds: nothing at a server that does everything, and each fault at one that has it."""

import json
from base64 import b64encode
from collections.abc import AsyncIterator, Callable, Iterator
from datetime import UTC, datetime
from typing import Any

import numpy as np
import pytest
from aiohttp import ClientSession, WSMsgType, web
from aiohttp.test_utils import TestServer

from bridge.audio.g711 import encode_ulaw
from bridge.errors import BridgeError
from bridge.verification.calling import TestCall
from bridge.verification.calling import test_call as place_test_call
from bridge.verification.target import Check, State, Target
from bridge.verification.verifying import Wanted, verify

NOW = datetime(2026, 11, 20, tzinfo=UTC)
SECRET = "the secret of the service, long enough"
HEALTH = {
    "status": "healthy",
    "voice_service": "loaded",
    "vosk_model": "ready",
    "tts_model": "ready",
    "memory_usage": "1.2GB",
    "active_connections": 0,
}
LIMITS = {"RateLimit-Limit": "60", "RateLimit-Remaining": "59", "RateLimit-Reset": "60"}
TONE = b64encode(encode_ulaw((8000 * np.sin(np.arange(8000) / 3)).astype("<i2").tobytes())).decode()
Answers = dict[str, Callable[[web.Request], web.Response]]


def _token(request: web.Request) -> web.Response:
    left = request.app[LEFT]
    limits = LIMITS | {"RateLimit-Remaining": str(next(left))}
    if request.headers.get("Authorization") != f"Bearer {SECRET}":
        return web.Response(status=401, headers=limits)
    return web.json_response({"token": "a.b.c", "token_type": "Bearer", "expires_in": 900}, headers=limits)


LEFT = web.AppKey("left", Iterator)  # of the requests that are allowed in this minute


GOOD: Answers = {
    "/": lambda _: web.json_response({"service": "hatif", "version": "1", "state": "running"}),
    "/livez": lambda _: web.Response(text="alive"),
    "/health": lambda _: web.json_response(HEALTH),
    "/readyz": lambda _: web.json_response({"ready": True, "reasons": []}),
    "/auth/token": _token,
    "/metrics": lambda _: web.Response(status=401),
    "/admin/sessions": lambda _: web.Response(status=401),
    "/admin/health": lambda _: web.Response(status=404),
    "/ws/maqsam/no.such.token": lambda _: web.Response(status=401),
}


@pytest.fixture
async def found() -> AsyncIterator[Callable[..., Any]]:
    """The checks of a server that answers as GOOD, but for what is given."""
    servers: list[TestServer] = []

    async def look(answers: Answers | None = None, secret: str | None = SECRET) -> dict[str, Check]:
        chosen = GOOD | (answers or {})

        async def answer(request: web.Request) -> web.Response:
            return chosen.get(request.path, lambda _: web.Response(status=404))(request)

        application = web.Application()
        application[LEFT] = iter(range(59, 0, -1))
        application.router.add_get("/{path:.*}", answer)
        server = TestServer(application)
        servers.append(server)
        await server.start_server()
        checks = await verify(Wanted(str(server.make_url("/")), secret), NOW)
        return {each.subject: each for each in checks}

    yield look
    for server in servers:
        await server.close()


def bad(checks: dict[str, Check]) -> set[str]:
    """What is bad, each with something to do about it."""
    found = {name: each for name, each in checks.items() if each.state is State.BAD}
    assert all(each.advice for each in found.values())
    return set(found)


async def test_nothing_is_wrong_with_a_server_that_does_everything(found: Callable[..., Any]) -> None:
    """Without a call, and without TLS, which are told as skipped."""
    checks = await found()
    assert bad(checks) == set()
    skipped = {name for name, each in checks.items() if each.state is State.SKIPPED}
    assert skipped == {
        "certificate",
        "security headers",
        "GET /maqsam/status",
        "/ws/healthcare-questionnaire",
        "a call of maqsam",
    }
    assert all(each.seconds is not None for name, each in checks.items() if name.startswith("GET"))
    assert checks["GET /auth/token"].detail == "a Bearer token for 900 s"
    assert checks["rate limits"].detail == "60 a minute, 58 left"
    assert checks["memory"].detail == "1.2GB, less than 2GB"


@pytest.mark.parametrize(
    ("path", "answer", "subject", "told"),
    [
        ("/", lambda _: web.Response(text="It works!"), "GET /", "status 200"),
        (
            "/health",
            lambda _: web.json_response({"status": "healthy"}),
            "GET /health",
            "does not say voice_service",
        ),
        (
            "/health",
            lambda _: web.json_response({"components": {"voice": {"ready": False}}}, status=503),
            "GET /health",
            "status 503: voice",
        ),
        (
            "/ws/healthcare-questionnaire",
            lambda _: web.Response(status=401),
            "/ws/healthcare-questionnaire",
            "does not open for the service secret: status 401",
        ),
        (
            "/auth/token",
            lambda request: (
                web.json_response({"token": "a", "token_type": "Bearer", "expires_in": 9}, headers=LIMITS)
                if "Authorization" in request.headers
                else web.Response(status=401, headers=LIMITS)
            ),
            "rate limits",
            "60 a minute are told, and requests are not counted",
        ),
        (
            "/readyz",
            lambda _: web.json_response({"ready": False, "reasons": ["draining"]}, status=503),
            "GET /readyz",
            "takes no calls: draining",
        ),
        (
            "/metrics",
            lambda _: web.Response(text="calls 1"),
            "GET /metrics, no credential",
            "should be refused",
        ),
        ("/admin/sessions", lambda _: web.Response(), "GET /admin/sessions, no credential", "status 200"),
        (
            "/ws/maqsam/no.such.token",
            lambda _: web.Response(status=404),
            "/ws/maqsam, wrong credential",
            "should be refused with 401: status 404",
        ),
        ("/maqsam/status", lambda _: web.Response(status=500), "GET /maqsam/status", "status 500"),
    ],
)
async def test_each_fault_is_found(
    found: Callable[..., Any],
    path: str,
    answer: Callable[[web.Request], web.Response],
    subject: str,
    told: str,
) -> None:
    """It alone."""
    checks = await found({path: answer})
    assert bad(checks) == {subject}
    assert told in checks[subject].detail


async def test_tokens_that_everybody_gets_and_nobody_counts(found: Callable[..., Any]) -> None:
    """A route that asks for nothing is refused by three checks at once."""
    checks = await found({"/auth/token": lambda _: web.json_response({"token": "x"})})
    assert bad(checks) == {"GET /auth/token, no secret", "rate limits", "GET /auth/token"}


async def test_a_wrong_secret_is_told_and_a_missing_one_skipped(found: Callable[..., Any]) -> None:
    """Without repeating it."""
    checks = await found(secret="another secret")
    assert bad(checks) == {"GET /auth/token"}
    assert "another secret" not in json.dumps([each.detail + each.advice for each in checks.values()])
    assert (await found(secret=None))["GET /auth/token"].state is State.SKIPPED


async def test_a_socket_that_opens_for_anybody_is_bad(found: Callable[..., Any]) -> None:
    """It is opened indeed, by TestServer's own hand."""

    async def open_to_all(request: web.Request) -> web.StreamResponse:
        if request.path in GOOD and not request.path.startswith("/ws"):
            return GOOD[request.path](request)
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        await socket.close()
        return socket

    application = web.Application()
    application[LEFT] = iter(range(59, 0, -1))
    application.router.add_get("/{path:.*}", open_to_all)
    async with TestServer(application) as server:
        checks = await verify(Wanted(str(server.make_url("/")), SECRET), NOW)
    (socket,) = [each for each in checks if each.subject == "/ws/maqsam, wrong credential"]
    assert (socket.state, socket.detail) == (State.BAD, "should be refused with 401: status 101")


async def test_more_memory_than_was_asked_for_is_a_warning(found: Callable[..., Any]) -> None:
    """It may be right: a voice that is cloned needs it."""
    told = {"/health": lambda _: web.json_response(HEALTH | {"memory_usage": "2.3GB"})}
    memory = (await found(told))["memory"]
    assert (memory.state, memory.detail) == (State.WARNING, "2.3GB, not less than 2GB")


async def _called(close_code: int | None, **wanted: Any) -> Check:
    """The call's check at a server that speaks to its caller, and ends the call so; None: never."""

    async def converse(request: web.Request) -> web.StreamResponse:
        if request.path != "/ws/maqsam":
            return web.Response(status=404)
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        await socket.receive()
        await socket.send_json({"type": "session.ready"})
        await socket.send_json({"type": "response.stream", "data": {"audio": TONE}})
        for _ in range(200 if close_code else 1_000_000):  # frames that the caller sends
            if (await socket.receive()).type is not WSMsgType.TEXT:
                return socket
        await socket.close(code=close_code or 1000)
        return socket

    application = web.Application()
    application.router.add_get("/{path:.*}", converse)
    async with TestServer(application) as server, ClientSession() as client:
        target = Target(client, str(server.make_url("/")).rstrip("/"))
        return await place_test_call(target, TestCall(speed=8, **wanted))


async def test_a_call_that_is_ended_well_is_good() -> None:
    """By the far end, in its own way."""
    check = await _called(1000)
    assert check.state is State.GOOD
    assert "first words after" in check.detail


async def test_a_call_that_is_broken_off_is_bad() -> None:
    """Whatever was said before: 1011 is a server that failed."""
    check = await _called(1011)
    assert (check.state, check.detail) == (State.BAD, "was broken off with close code 1011")


async def test_a_call_that_never_ends_is_no_good_result() -> None:
    """Nobody knows whether it would have been stored; the advice says how to find out."""
    check = await _called(None, max_seconds=8)
    assert (check.state, "still going on at its time limit" in check.detail) == (State.WARNING, True)
    assert "--questionnaire" in check.advice


async def test_nobody_there_is_told_once() -> None:
    """And no call is placed."""
    checks = await verify(Wanted("http://127.0.0.1:1", SECRET, TestCall()), NOW)
    assert [(each.subject, each.state) for each in checks] == [
        ("certificate", State.SKIPPED),
        ("GET /", State.BAD),
    ]


@pytest.mark.parametrize(
    "url", ["hatif.example.org", "wss://h/ws", "https://", "https://h/path", "https://h:0"]
)
async def test_what_is_no_address_is_refused(url: str) -> None:
    """With an example of one."""
    with pytest.raises(BridgeError, match="is no address of a server, such as https://"):
        await verify(Wanted(url), NOW)
