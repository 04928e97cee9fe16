"""deploy/nginx/hatif.conf, run by the real nginx with TLS in front of a small server of the test's own."""

import asyncio
import re
import ssl
import subprocess
from collections.abc import AsyncIterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import aiohttp
import pytest
from aiohttp import web
from behind_nginx import FRONT, make_site, nginx_command
from programs import needs
from yarl import URL

from bridge.demo.daemon import free_port

pytestmark = needs("nginx")

READY_SECONDS = 20.0


@dataclass
class Site:
    """Where nginx listens, and what the server behind it was asked."""

    secure: str
    plain: str
    trusted: ssl.SSLContext
    asked: list[web.Request]


async def _serve(asked: list[web.Request]) -> tuple[web.AppRunner, int]:
    """A server that remembers requests, and says back over WebSockets."""

    async def answer(request: web.Request) -> web.StreamResponse:
        asked.append(request)
        if request.headers.get("Upgrade") != "websocket":
            return web.Response(text="here", headers={"X-Content-Type-Options": "nosniff"})
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        async for message in socket:
            await socket.send_str(f"heard {message.data}")
        return socket

    application = web.Application(client_max_size=1 << 20)
    application.router.add_route("*", "/{path:.*}", answer)
    runner = web.AppRunner(application, access_log=None, shutdown_timeout=1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    return runner, runner.addresses[0][1]


@pytest.fixture
async def site(tmp_path: Path) -> AsyncIterator[Site]:
    asked: list[web.Request] = []
    runner, behind = await _serve(asked)
    secure, plain = free_port(), free_port()
    make_site(tmp_path, behind=behind, secure=secure, plain=plain)
    nginx = await asyncio.create_subprocess_exec(*nginx_command(tmp_path), "-g", FRONT)
    try:
        trusted = ssl.create_default_context(cafile=str(tmp_path / "tls/fullchain.pem"))
        made = Site(f"https://localhost:{secure}", f"http://localhost:{plain}", trusted, asked)
        await _until_it_answers(made)
        asked.clear()
        yield made
    finally:
        nginx.terminate()
        await nginx.wait()
        await runner.cleanup()


async def _until_it_answers(site: Site) -> None:
    async with asyncio.timeout(READY_SECONDS), aiohttp.ClientSession() as client:
        while True:
            with suppress(aiohttp.ClientConnectorError):
                async with client.get(site.secure + "/livez", ssl=site.trusted):
                    return
            await asyncio.sleep(0.05)


@pytest.fixture
async def client() -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession() as session:
        yield session


def test_nginx_finds_nothing_wrong(tmp_path: Path) -> None:
    """Not even a warning."""
    make_site(tmp_path, behind=1, secure=free_port(), plain=free_port())
    tried = subprocess.run([*nginx_command(tmp_path), "-t"], capture_output=True, text=True, check=False)
    assert tried.returncode == 0, tried.stderr
    assert "[warn]" not in tried.stderr


async def test_a_call_passes(site: Site, client: aiohttp.ClientSession) -> None:
    """The upgrade, its credential, messages both ways; and from where it comes says nginx alone."""
    headers = {"Authorization": "Bearer x", "X-Forwarded-For": "192.0.2.1", "Forwarded": "for=192.0.2.1"}
    async with client.ws_connect(site.secure + "/ws/maqsam", ssl=site.trusted, headers=headers) as socket:
        await socket.send_str("salam")
        assert (await socket.receive()).data == "heard salam"
    (asked,) = site.asked
    assert (asked.path, asked.headers["Authorization"]) == ("/ws/maqsam", "Bearer x")
    assert asked.headers.getall("X-Forwarded-For") == ["127.0.0.1"]
    assert asked.headers["X-Forwarded-Proto"] == "https"
    assert "Forwarded" not in asked.headers


async def test_a_page_is_answered_with_headers_that_protect(
    site: Site, client: aiohttp.ClientSession
) -> None:
    """Each once, also where Hatif sends it itself; and nginx does not say which version it is."""
    async with client.get(site.secure + "/", ssl=site.trusted) as answer:
        assert (answer.status, await answer.text()) == (200, "here")
        assert answer.headers["Strict-Transport-Security"] == "max-age=31536000; includeSubDomains"
        assert answer.headers.getall("X-Content-Type-Options") == ["nosniff"]
        assert answer.headers["X-Frame-Options"] == "DENY"
        assert answer.headers["Referrer-Policy"] == "no-referrer"
        assert answer.headers["Server"] == "nginx"
    assert "Upgrade" not in site.asked[0].headers


async def test_plain_http_is_sent_to_https(site: Site, client: aiohttp.ClientSession) -> None:
    """With the whole address."""
    async with client.get(site.plain + "/call.html?x=1", allow_redirects=False) as answer:
        assert (answer.status, answer.headers["Location"]) == (301, "https://localhost/call.html?x=1")
    assert not site.asked


@pytest.mark.parametrize(
    "path", ["/ws/maqsam", "/auth/token", "/webhooks/twilio/answer", "/readyz", "/a/b.html"]
)
async def test_what_programs_send_in_the_clear_is_refused(
    site: Site, client: aiohttp.ClientSession, path: str
) -> None:
    """Led to TLS, nobody would notice that the credential has gone over the wire before."""
    headers = {"Authorization": "Bearer x"}
    async with client.get(site.plain + path, allow_redirects=False, headers=headers) as answer:
        assert (answer.status, "Location" in answer.headers) == (403, False)
    assert not site.asked


@pytest.mark.parametrize(
    "path", ["/admin/sessions", "//admin/status", "/%61dmin/drain", "/ws/../admin/x", "/metrics"]
)
async def test_administration_is_not_passed_on(site: Site, client: aiohttp.ClientSession, path: str) -> None:
    """However it is written; also without a credential in front of it."""
    async with client.get(URL(site.secure + path, encoded=True), ssl=site.trusted) as answer:
        assert answer.status == 404
        assert "Strict-Transport-Security" in answer.headers
    assert not site.asked


async def test_floods_are_told_to_wait(site: Site, client: aiohttp.ClientSession) -> None:
    """After its burst, a stranger's requests are answered 429; health is not counted."""

    async def status(path: str) -> int:
        async with client.get(site.secure + path, ssl=site.trusted) as answer:
            return answer.status

    seen = await asyncio.gather(*(status("/") for _ in range(90)))
    assert set(seen) == {200, 429}
    assert seen.count(200) >= 41
    assert set(await asyncio.gather(*(status("/readyz") for _ in range(90)))) == {200}


async def test_a_large_body_is_refused(site: Site, client: aiohttp.ClientSession) -> None:
    """Before Hatif sees it."""
    body = b"x" * (256 * 1024 + 1)
    async with client.post(site.secure + "/webhooks/x/answer", data=body, ssl=site.trusted) as answer:
        assert answer.status == 413
    assert not site.asked


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_1, ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
@pytest.mark.filterwarnings("ignore:ssl.TLSVersion.TLSv1:DeprecationWarning")
async def test_old_tls_is_refused(site: Site, client: aiohttp.ClientSession, version: ssl.TLSVersion) -> None:
    """TLS 1.2 and 1.3 are spoken."""
    context = site.trusted
    context.minimum_version = ssl.TLSVersion.TLSv1
    context.maximum_version = version
    context.set_ciphers("ALL:@SECLEVEL=0")
    if version is ssl.TLSVersion.TLSv1_1:
        with pytest.raises(aiohttp.ClientConnectorError):
            await client.get(site.secure + "/livez", ssl=context)
        return
    async with client.get(site.secure + "/livez", ssl=context) as answer:
        assert answer.status == 200


def test_ciphers_are_forward_secret() -> None:
    """Every suite for TLS 1.2 agrees on a key of its own and authenticates what it encrypts."""
    text = (Path(__file__).parents[2] / "deploy/nginx/hatif.conf").read_text()
    suites = re.findall(r"ssl_ciphers (.*);", text)[0].split(":")
    assert all(suite.startswith("ECDHE-") and re.search("GCM|POLY1305", suite) for suite in suites)
