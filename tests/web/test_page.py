"""The page that calls, in a real browser where there is one: sound both ways, keys, marks, two languages."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp
import numpy as np
import pytest
from aiohttp import WSMsgType, web
from aiohttp.test_utils import TestServer
from browser import Tab, eventually
from programs import found, needs

from bridge.app import Daemon
from bridge.config import load_settings
from bridge.speech.media.decoding import MediaWorker
from bridge.transcoding import from_mulaw
from bridge.web.page import page_routes
from protocols import (
    PROVIDERS,
    AcceptCall,
    AudioReceived,
    CallEnded,
    CallStarted,
    ClearAudio,
    Command,
    DtmfReceived,
    Event,
    HangUp,
    MarkReturned,
    PlayAudio,
    SendMark,
)
from protocols.audio import OPUS, Encoding
from protocols.browser import BrowserOptions
from protocols.http import HttpRequest
from protocols.provider import Grant

BROWSER = found("chromium", "google-chrome")
needs_a_browser = needs("chromium", "google-chrome")
FLAGS = (
    "--headless=new",
    "--no-sandbox",
    "--disable-gpu",
    "--use-fake-device-for-media-stream",  # a microphone that beeps
    "--use-fake-ui-for-media-stream",
    "--autoplay-policy=no-user-gesture-required",
    "--remote-debugging-port=0",
    "--accept-lang=ar",
)


class Site:
    """A server of the page, and our end of its calls."""

    def __init__(
        self, reply: Callable[[Event], list[Command]], options: BrowserOptions | None = None
    ) -> None:
        self.happened: list[Event] = []
        self.paths: list[str] = []
        self._reply = reply
        self._options = options or BrowserOptions()

    async def call(self, request: web.Request) -> web.WebSocketResponse:
        self.paths.append(request.path)
        if request.match_info.get("name") == "used":
            raise web.HTTPUnauthorized
        upgrade = HttpRequest("GET", f"ws://localhost{request.path}")
        grant = Grant(request=upgrade, is_authenticated=True)
        protocol = PROVIDERS["browser"].media(self._options, grant)
        socket = web.WebSocketResponse(protocols=protocol.capabilities.subprotocols)
        await socket.prepare(request)
        async for message in socket:
            if message.type not in {WSMsgType.TEXT, WSMsgType.BINARY}:
                continue
            for event in protocol.receive(message.data):
                self.happened.append(event)
                for command in self._reply(event):
                    for answer in protocol.send(command):
                        await (socket.send_str if isinstance(answer, str) else socket.send_bytes)(answer)  # type: ignore[arg-type]
        return socket

    async def has(self, kind: type[Event], count: int = 1) -> bool:
        """Whether so many of these have come."""
        return len(self.of(kind)) >= count

    def of(self, kind: type[Event]) -> list[Any]:
        return [event for event in self.happened if isinstance(event, kind)]


@asynccontextmanager
async def visiting(site: Site, folder: Path, fragment: str = "") -> AsyncIterator[Tab]:
    """The page in a browser of its own."""
    app = web.Application()
    app.add_routes(
        [*page_routes(), web.get("/ws/browser", site.call), web.get("/ws/browser/{name}", site.call)]
    )
    async with TestServer(app, shutdown_timeout=0.1) as server, aiohttp.ClientSession() as http:
        url = f"http://localhost:{server.port}/call.html{fragment}"
        arguments = (*FLAGS, f"--user-data-dir={folder}", url)
        assert BROWSER is not None
        process = await asyncio.create_subprocess_exec(
            BROWSER, *arguments, stdout=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.DEVNULL
        )
        try:
            async with http.ws_connect(await _tab_of(http, folder)) as socket:
                tab = Tab(socket)
                await tab.until(
                    "document.readyState === 'complete' && !!document.getElementById('call')?.onclick"
                )
                yield tab
        finally:
            process.kill()
            await process.wait()


async def _tab_of(http: aiohttp.ClientSession, folder: Path) -> str:
    async with asyncio.timeout(60):
        while True:
            await asyncio.sleep(0.1)
            port_file = folder / "DevToolsActivePort"
            if not port_file.exists() or not (lines := port_file.read_text().split()):
                continue
            async with http.get(f"http://127.0.0.1:{lines[0]}/json") as answer:
                tabs = [each for each in json.loads(await answer.text()) if "call.html" in each["url"]]
            if tabs:
                return str(tabs[0]["webSocketDebuggerUrl"])


def status() -> str:
    return "document.getElementById('status').textContent"


CLICK = "document.getElementById('call').click()"


@needs_a_browser
async def test_a_page_calls_speaks_hears_and_presses(tmp_path: Path) -> None:
    """A whole call: our audio is played before its mark returns, theirs is sound, a key ends it."""

    def reply(event: Event) -> list[Command]:
        match event:
            case CallStarted(spoken=spoken):
                return [AcceptCall(), PlayAudio(from_mulaw(b"\x20" * 4000, spoken)), SendMark("first")]
            case MarkReturned(name="first"):
                return [PlayAudio(bytes(400_000)), SendMark("second"), ClearAudio()]
            case DtmfReceived():
                return [HangUp()]
        return []

    site = Site(reply)
    async with visiting(site, tmp_path, "#a.stream.token") as tab:
        await tab.run(CLICK)
        await tab.until("!document.getElementById('keys').hidden")
        await eventually(lambda: site.has(MarkReturned, 2))
        await eventually(lambda: site.has(AudioReceived, 150))
        await tab.run(
            "[...document.querySelectorAll('#keys button')].find(b => b.textContent === '5').click()"
        )
        assert await tab.until(f"{status()}.startsWith('انتهت') && {status()}")

    (started,) = site.of(CallStarted)
    assert site.paths == ["/ws/browser/a.stream.token"]
    assert site.of(MarkReturned) == [MarkReturned("first", played=True), MarkReturned("second", played=False)]
    assert site.of(DtmfReceived) == [DtmfReceived("5")]
    frames = [event.payload for event in site.of(AudioReceived)]
    assert {len(frame) for frame in frames} == {started.heard.frame_bytes}
    assert np.abs(np.frombuffer(b"".join(frames), "<i2").astype(int)).max() > 1000  # the beep


async def decoded(packets: list[bytes]) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    """What the media worker makes of packets, at 48 kHz."""
    worker = MediaWorker()
    await worker.start()
    try:
        sounds = await worker.decode_opus(tuple((1, packet) for packet in packets))
    finally:
        await worker.stop()
    return np.frombuffer(b"".join(sounds), "<i2").astype(np.int64)


@needs_a_browser
async def test_a_page_sends_opus_where_the_site_takes_it(tmp_path: Path) -> None:
    """The beep of its microphone comes in packets, and out of our decoder; what it hears is PCM."""

    def reply(event: Event) -> list[Command]:
        return [AcceptCall()] if isinstance(event, CallStarted) else []

    site = Site(reply, BrowserOptions(opus=True))
    async with visiting(site, tmp_path, "#a.stream.token") as tab:
        await tab.run(CLICK)
        await eventually(lambda: site.has(AudioReceived, 150))
        await tab.run(CLICK)
        await eventually(lambda: site.has(CallEnded))

    (started,) = site.of(CallStarted)
    packets = [event.payload for event in site.of(AudioReceived)]
    heard = await decoded(packets)
    assert (started.heard, started.spoken.encoding) == (OPUS, Encoding.LINEAR)
    assert np.mean([len(packet) for packet in packets]) < 200
    assert len(heard) > 140 * 960
    assert np.abs(heard).max() > 1000  # the beep


@needs_a_browser
async def test_a_caller_hangs_up(tmp_path: Path) -> None:
    """The word is said before the socket closes, and the page is ready for another call."""
    site = Site(lambda event: [AcceptCall()] if isinstance(event, CallStarted) else [])
    async with visiting(site, tmp_path) as tab:
        await tab.run(CLICK)
        await tab.until("!document.getElementById('keys').hidden")
        await tab.run(CLICK)
        await tab.until(f"{status()}.startsWith('انتهت')")
        await eventually(lambda: site.has(CallEnded))
        assert await tab.run("document.getElementById('keys').hidden")
    assert site.paths == ["/ws/browser"]


@needs_a_browser
async def test_a_refused_call_is_explained_in_the_callers_language(tmp_path: Path) -> None:
    """Arabic from right to left, English from left to right."""
    async with visiting(Site(lambda _event: []), tmp_path, "#used") as tab:
        assert await tab.run("document.documentElement.dir + document.documentElement.lang") == "rtlar"
        await tab.run(CLICK)
        await tab.until(f"{status()}.startsWith('لم تُقبل')")
        await tab.run("document.getElementById('language').click()")
        assert await tab.run("document.documentElement.dir + document.documentElement.lang") == "ltren"
        assert await tab.run(f"{status()}.startsWith('The call was not taken')")


@pytest.mark.parametrize("enabled", ["true", "false"])
async def test_the_daemon_serves_the_page_where_pages_may_call(enabled: str) -> None:
    """Beside health, before calls are taken; otherwise it says what to set."""
    server = Daemon(load_settings(environ={"HATIF_PROVIDERS__BROWSER__ENABLED": enabled}))._server
    await server.start("127.0.0.1", 0)
    try:
        async with aiohttp.ClientSession() as http:
            for name in ("call.html", "call.js", "call.css", "sound.js"):
                async with http.get(f"http://127.0.0.1:{server.port}/{name}") as answer:
                    assert answer.status == (200 if enabled == "true" else 404)
                    says_what_to_set = "providers.browser.enabled to true" in await answer.text()
                    assert says_what_to_set is (enabled == "false")
    finally:
        await server.stop()


async def test_the_page_brings_nothing_from_elsewhere() -> None:
    """Four files with the right types, and a policy that holds it to them."""
    app = web.Application()
    app.add_routes(page_routes())
    types = {}
    async with TestServer(app) as server, aiohttp.ClientSession() as http:
        for name in ("call.html", "call.css", "call.js", "sound.js"):
            async with http.get(server.make_url(f"/{name}")) as answer:
                text = await answer.text()
                types[name] = answer.content_type
                policy = answer.headers["Content-Security-Policy"]
                assert {"default-src 'self'", "object-src 'none'", "base-uri 'none'"} <= set(
                    policy.split("; ")
                )
                assert "http" not in text.replace('"http"', "")
    assert types == {
        "call.html": "text/html",
        "call.css": "text/css",
        "call.js": "text/javascript",
        "sound.js": "text/javascript",
    }
