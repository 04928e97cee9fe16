"""The listening page: escaped, whole by itself, and playing in a real browser where there is one."""

import asyncio
import base64
import io
import re
import wave
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import aiohttp
import numpy as np
import pytest
from browser import Tab
from programs import found, needs

from bridge.audio.g711 import decode_ulaw, encode_ulaw
from bridge.rendering import page
from bridge.rendering.page import write_page
from bridge.rendering.work import Done, HeardPrompt, RenderedQuestionnaire, RenderReport, report_of
from bridge.reports import ReportError

BROWSER = found("chromium", "google-chrome")
needs_a_browser = needs("chromium", "google-chrome")
NASTY = """<script>alert('x')</script> "&amp; ' </td>"""


def tone(hertz: int, seconds: float = 0.4) -> bytes:
    time = np.arange(round(8000 * seconds)) / 8000
    return encode_ulaw((8000 * np.sin(2 * np.pi * hertz * time)).astype("<i2").tobytes())


def heard(*texts: str) -> list[RenderedQuestionnaire]:
    prompts = tuple(
        HeardPrompt(
            text, ("ask", "reprompt"), ("one", "two", "three", "four"), 0.4, -19.0, tone(300 + 50 * n)
        )
        for n, text in enumerate(texts)
    )
    return [RenderedQuestionnaire("short", "1.0", "استبيان قصير", prompts)]


def report(found: list[RenderedQuestionnaire], voice: str = "hum/1") -> RenderReport:
    return report_of(found, Done(0, 0.0, 0.0), voice=voice, folder=Path("prompts"))


def test_a_file_holds_everything(tmp_path: Path) -> None:
    """Each text from right to left, with its sound as 8 kHz WAV; nothing is fetched from elsewhere."""
    found = heard("أَهْلاً", "شُكْراً")
    target = write_page(found, report(found), tmp_path / "deep" / "listen.html")
    html = target.read_text(encoding="utf-8")

    assert html.count('<td class="said" lang="ar" dir="rtl">') == 2
    assert "أَهْلاً" in html
    assert "استبيان قصير" in html
    assert "http://" not in html
    assert "https://" not in html
    assert "and 1 more" in html
    sounds = re.findall(r'src="data:audio/wav;base64,([^"]+)"', html)
    for sound, prompt in zip(sounds, found[0].prompts, strict=True):
        with wave.open(io.BytesIO(base64.b64decode(sound))) as file:
            assert (file.getframerate(), file.getnchannels(), file.getsampwidth()) == (8000, 1, 2)
            assert file.readframes(file.getnframes()) == decode_ulaw(prompt.audio)


def test_a_folder_has_its_sounds_beside_it(tmp_path: Path) -> None:
    """Each once; those of an earlier page go, and what is not ours stays."""
    write_page(heard("a", "b", "c"), report(heard("a", "b", "c")), tmp_path)
    (tmp_path / "sounds" / "mine.wav").write_bytes(b"mine")
    target = write_page(heard("a", "b"), report(heard("a", "b")), tmp_path)

    assert target == tmp_path / "index.html"
    sources = re.findall(r'src="(sounds/[0-9a-f]+\.wav)"', target.read_text(encoding="utf-8"))
    assert {path.relative_to(tmp_path).as_posix() for path in tmp_path.rglob("*.wav")} == {
        *sources,
        "sounds/mine.wav",
    }
    assert len(sources) == 2


def test_texts_are_escaped(tmp_path: Path) -> None:
    """Whatever an author wrote, and whatever a voice is called, is text."""
    found = heard(NASTY)
    html = write_page(found, report(found, voice=NASTY), tmp_path / "x.html").read_text(encoding="utf-8")

    assert "<script>alert" not in html
    assert html.count("<script>") == 1
    assert html.count("</td>") == 7


def test_too_much_sound_for_one_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is refused with what would do, and nothing is written."""
    monkeypatch.setattr(page, "MOST_EMBEDDED_BYTES", 1000)
    with pytest.raises(ReportError, match="name a folder"):
        write_page(heard("a"), report(heard("a")), tmp_path / "x.html")

    assert not list(tmp_path.iterdir())


def test_where_nothing_can_be_written(tmp_path: Path) -> None:
    """One sentence with the place."""
    (tmp_path / "file").write_text("x")
    with pytest.raises(ReportError, match="cannot be written to"):
        write_page(heard("a"), report(heard("a")), tmp_path / "file")
    with pytest.raises(ReportError, match="cannot be written to"):
        write_page(heard("a"), report(heard("a")), tmp_path / "file" / "x.html")


@asynccontextmanager
async def browsing(url: str, folder: Path) -> AsyncIterator[Tab]:
    """The page in a browser of its own."""
    flags = ("--headless=new", "--no-sandbox", "--disable-gpu", "--autoplay-policy=no-user-gesture-required")
    assert BROWSER is not None
    process = await asyncio.create_subprocess_exec(
        BROWSER,
        *flags,
        "--remote-debugging-port=0",
        f"--user-data-dir={folder}",
        url,
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.DEVNULL,
    )
    try:
        async with aiohttp.ClientSession() as http, http.ws_connect(await _tab(http, folder)) as socket:
            tab = Tab(socket, patience_seconds=60)
            await tab.until("document.readyState === 'complete' && !!document.getElementById('all')")
            yield tab
    finally:
        process.kill()
        await process.wait()


async def _tab(http: aiohttp.ClientSession, folder: Path) -> str:
    port = folder / "DevToolsActivePort"
    async with asyncio.timeout(60):
        while True:
            await asyncio.sleep(0.1)
            if port.exists() and (lines := port.read_text().split()):
                async with http.get(f"http://127.0.0.1:{lines[0]}/json") as answer:
                    for tab in await answer.json():
                        if tab["url"].startswith("file:") and tab["type"] == "page":
                            return str(tab["webSocketDebuggerUrl"])


@needs_a_browser
@pytest.mark.parametrize("target", ["listen.html", "folder"])
async def test_a_browser_plays_it(tmp_path: Path, target: str) -> None:
    """Opened as a file: all sounds are played in order, and what an author wrote is not run."""
    found = heard("أَهْلاً", NASTY, "شُكْراً")
    written = write_page(found, report(found), tmp_path / target)
    async with browsing(written.as_uri(), tmp_path / "browser") as tab:
        assert await tab.run("document.querySelectorAll('td.said')[1].textContent") == NASTY
        assert await tab.run("getComputedStyle(document.querySelector('td.said')).direction") == "rtl"
        await tab.run(
            "window.ended = []; document.querySelectorAll('audio').forEach((sound, index) =>"
            " sound.addEventListener('ended', () => window.ended.push([index, sound.duration])));"
            "document.getElementById('all').click()"
        )
        await tab.until("window.ended.length === 3")
        played = await tab.run("window.ended.map(([index, seconds]) => `${index} ${seconds.toFixed(1)}`)")
        assert played == ["0 0.4", "1 0.4", "2 0.4"]
        await tab.until("document.getElementById('all').textContent.startsWith('Play')")
        assert await tab.run("document.querySelectorAll('circle').length") == 3
