"""HTTP as strangers speak it: every documented route with any values, requests that are none, and headers."""

import http.client
import json
import socket
from functools import cache
from typing import Any
from urllib.parse import quote, urlencode

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

pytestmark = pytest.mark.call

MOVING = {"/admin/drain", "/admin/undrain", "/admin/reload"}  # others use this daemon too
UNAVAILABLE = 503
SERVER_ERROR = 500
MOST_SECONDS = 10

values = st.one_of(
    st.text(max_size=40),
    st.integers().map(str),
    st.sampled_from(
        ["", "0", "-1", "NaN", "1e999", "9" * 400, "../../etc/passwd", "' OR 1=1 --", "%00", "\x00", "é", "٣"]
    ),
)


def asked(daemon: Any, method: str, target: str, body: bytes = b"") -> tuple[int, dict[str, str], bytes]:
    """Status, headers in lower case and body, as the daemon's own user is answered."""
    connection = http.client.HTTPConnection("localhost", timeout=MOST_SECONDS)
    connection.sock = socket.socket(socket.AF_UNIX)
    connection.sock.settimeout(MOST_SECONDS)
    connection.sock.connect(str(daemon.admin_socket))
    try:
        connection.request(method, target, body or None)
        answer = connection.getresponse()
        streams = answer.headers.get_content_type() == "text/event-stream"
        content = b"" if streams else answer.read()
        return answer.status, {name.lower(): value for name, value in answer.getheaders()}, content
    finally:
        connection.close()


@cache
def operations(port: int, admin_socket: str) -> list[tuple[str, str, Any]]:
    """Method, path and description of each route in the document."""

    class Place:
        pass

    place: Any = Place()
    place.admin_socket = admin_socket
    document = json.loads(asked(place, "GET", "/openapi.json")[2])
    return [
        (method.upper(), path, operation)
        for path, methods in document["paths"].items()
        for method, operation in methods.items()
        if path not in MOVING
    ]


@given(data=st.data())
@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_every_route_answers_as_documented(daemon: Any, data: st.DataObject) -> None:
    """Whatever its parameters are: no error of ours, and no status that the document does not name."""
    routes = operations(daemon.port, str(daemon.admin_socket))
    method, path, operation = data.draw(st.sampled_from(routes))
    query = {}
    for parameter in operation.get("parameters", ()):
        value = data.draw(values)
        if parameter["in"] == "path":
            path = path.replace(f"{{{parameter['name']}}}", quote(value, safe="") or "x")
        elif data.draw(st.booleans()):
            query[parameter["name"]] = value
    body = data.draw(st.binary(max_size=50))
    target = f"{path}?{urlencode(query)}" if query else path
    status, headers, _ = asked(daemon, method, target, body)
    assert status < SERVER_ERROR or status == UNAVAILABLE
    assert str(status) in operation["responses"]
    assert headers["x-content-type-options"] == "nosniff"


def test_there_are_routes_to_ask(daemon: Any) -> None:
    """The document is there, and names what an operator asks."""
    paths = {path for _, path, _ in operations(daemon.port, str(daemon.admin_socket))}
    assert {"/admin/sessions", "/admin/audit", "/auth/token"} <= paths


HARDENED = {
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "server": "hatif",
    "x-frame-options": "DENY",
}


@pytest.mark.parametrize(
    ("path", "keeps"),
    [
        ("/", "no-store"),
        ("/livez", "no-store"),
        ("/readyz", "no-store"),
        ("/health", "no-store"),
        ("/nothing", "no-store"),
        ("/admin/sessions", "no-store"),
        ("/admin/audit", "no-store"),
        ("/openapi.json", "no-store"),
        ("/calls/none/transcript", "no-store"),
        ("/ws/maqsam", "no-store"),
        ("/webhooks/twilio/answer", "no-store"),
        ("/call.html", "no-cache"),
    ],
)
def test_every_answer_is_hardened(daemon: Any, path: str, keeps: str) -> None:
    """Good ones and refusals alike: nothing is guessed, framed, kept or told of what serves it."""
    _, headers, _ = asked(daemon, "GET", path)
    assert headers.items() >= HARDENED.items()
    assert headers["cache-control"] == keeps
    assert "frame-ancestors 'none'" in headers["content-security-policy"]


LONG = b"a" * 9000
NO_REQUESTS = {
    "another protocol": b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + b"\x00" * 64 + b"\r\n\r\n",
    "a long address": b"GET /" + LONG + b" HTTP/1.1\r\nHost: x\r\n\r\n",
    "a long header": b"GET / HTTP/1.1\r\nHost: x\r\nX: " + LONG + b"\r\n\r\n",
    "very many headers": b"GET / HTTP/1.1\r\nHost: x\r\n"
    + b"".join(b"X-%d: y\r\n" % n for n in range(200))
    + b"\r\n",
    "two lengths": b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab",
    "a length and chunks": b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\n"
    b"Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    "a length that is none": b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n",
    "a header with a zero byte": b"GET / HTTP/1.1\r\nHost: x\r\nX: a\x00b\r\n\r\n",
    "a name with a blank": b"GET / HTTP/1.1\r\nHost : x\r\n\r\n",
    "a version that is none": b"GET / HTTP/9.9.9\r\nHost: x\r\n\r\n",
}


@pytest.mark.parametrize("name", NO_REQUESTS)
def test_what_is_no_request_is_answered_once_and_closed(daemon: Any, name: str) -> None:
    """With 400, none of what was sent, and no word of what serves it."""
    answer = b""
    with socket.create_connection(("127.0.0.1", daemon.port), timeout=MOST_SECONDS) as connection:
        connection.sendall(NO_REQUESTS[name])
        while received := connection.recv(65536):
            answer += received
    head, _, body = answer.partition(b"\r\n\r\n")
    assert b" 400 " in head.partition(b"\r\n")[0]
    assert body == b"this is no good HTTP request\n"
    assert b"aiohttp" not in head
    assert b"nosniff" in head
