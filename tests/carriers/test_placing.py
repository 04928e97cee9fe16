"""`bridge.carriers.placing`: calls to a server of our own making, over a real socket."""

import asyncio
import json
import wave
from base64 import b64decode, b64encode
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pytest
from aiohttp import web
from typed import typed

from bridge.audio.g711 import encode_ulaw
from bridge.audio.soundfiles import SoundFileError
from bridge.carriers.fake import EndedBy
from bridge.carriers.placing import CallOptions, PlacingError, place_call
from bridge.carriers.script import ScriptError
from bridge.errors import BridgeError

FAST = 16.0
TONE = encode_ulaw((8000 * np.sin(np.arange(8000) / 3)).astype("<i2").tobytes())
TALKS_AT = {1, 150, 300, 450}  # frames of the caller's, at which the far end says something


@dataclass
class FarEnd:
    """A server that speaks Maqsam and talks for a second now and then."""

    url: str = ""
    token: str | None = None
    heard: bytearray = field(default_factory=bytearray)
    keys: str = ""
    call_id: str = ""
    busy_seconds: str | None = None  # what Retry-After says

    async def answer(self, request: web.Request) -> web.WebSocketResponse:
        if self.busy_seconds is not None:
            raise web.HTTPServiceUnavailable(headers={"Retry-After": self.busy_seconds})
        if self.token is not None and request.headers.get("Auth") != self.token:
            raise web.HTTPUnauthorized
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        async for message in socket:
            await self._take(socket, json.loads(message.data))
        return socket

    async def _take(self, socket: web.WebSocketResponse, message: dict) -> None:
        if message["type"] == "session.setup":
            self.call_id = message["data"]["context"]["id"]
            await socket.send_json({"type": "session.ready"})
        elif message["type"] == "call.dtmf":
            self.keys += str(message["data"]["digit"])
        elif message["type"] == "audio.input":
            self.heard += b64decode(message["data"]["audio"])
            if len(self.heard) // 160 in TALKS_AT:
                await socket.send_json(
                    {"type": "response.stream", "data": {"audio": b64encode(TONE).decode()}}
                )


@pytest.fixture
async def far_end() -> AsyncIterator[FarEnd]:
    far_end = FarEnd()
    app = web.Application()
    app.router.add_get("/ws", far_end.answer)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    far_end.url = f"ws://127.0.0.1:{runner.addresses[0][1]}/ws"
    yield far_end
    await runner.cleanup()


def wav(path: Path) -> Path:
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(8000)
        file.writeframes(np.full(800, 5000, dtype="<i2").tobytes())
    return path


def script(path: Path, text: str) -> Path:
    path.write_text(text, encoding="utf-8")
    return path


async def test_a_call_says_its_lines_and_hangs_up(far_end: FarEnd, tmp_path: Path) -> None:
    """Keys are pressed and a WAV file is played, each when the far end has stopped talking."""
    wav(tmp_path / "answer.wav")
    lines = script(tmp_path / "call.yaml", 'lines: [{press: "3#"}, {wav: answer.wav}]')

    report = await place_call(CallOptions(url=far_end.url, script=lines, speed=FAST))

    assert report.outcome.accepted
    assert report.outcome.ended_by is EndedBy.CALLER
    assert (far_end.keys, report.lines_left) == ("3#", 0)
    assert encode_ulaw(np.full(800, 5000, dtype="<i2").tobytes()) in far_end.heard
    assert report.heard_speech_seconds >= 2
    assert [each.then for each in report.exchanges] == ["pressed 3#", "played answer.wav", "hung up"]
    assert sum(each.heard_seconds for each in report.exchanges) == pytest.approx(
        report.heard_speech_seconds, abs=0.1
    )
    assert report.call_id == far_end.call_id


async def test_texts_are_spoken(far_end: FarEnd) -> None:
    """`--say` is synthesised by espeak-ng and reaches the far end as speech."""
    await place_call(CallOptions(url=far_end.url, say=("نَعَمْ",), speed=FAST))

    samples = np.frombuffer(far_end.heard, dtype=np.uint8)
    too_loud_for_noise = (samples & 0x7F) < 0x40  # mu-law counts downwards
    assert np.count_nonzero(too_loud_for_noise) > 100


async def test_a_call_is_recorded_on_two_sides(far_end: FarEnd, tmp_path: Path) -> None:
    """The caller is left, the far end right."""
    path = tmp_path / "saved.wav"

    report = await place_call(
        CallOptions(url=far_end.url, wav=(wav(tmp_path / "a.wav"),), save=path, speed=FAST)
    )

    with wave.open(str(path), "rb") as file:
        stereo = np.frombuffer(file.readframes(file.getnframes()), dtype="<i2").reshape(-1, 2)
    assert report.recording == str(path)
    assert stereo[:, 0].max() == pytest.approx(5000, rel=0.05)
    assert stereo[:, 1].max() == pytest.approx(8000, rel=0.05)


async def test_a_refused_call_is_reported(far_end: FarEnd) -> None:
    """A wrong token is an outcome with the server's status, not an exception."""
    far_end.token = "right"

    report = await place_call(CallOptions(url=far_end.url, token="wrong", speed=FAST))

    assert not report.outcome.accepted
    assert (report.outcome.ended_by, report.outcome.http_status) == (EndedBy.REFUSED, 401)
    assert report.outcome.detail == "The credential is missing or wrong."


async def test_a_refusal_says_when_to_try_again(far_end: FarEnd) -> None:
    """A busy server's wish is kept, and shown by the command with what to do next; no call id is made up."""
    far_end.busy_seconds = "7"

    report = await place_call(CallOptions(url=far_end.url, speed=FAST))

    assert (report.outcome.http_status, report.outcome.retry_after_seconds) == (503, 7)
    done = await asyncio.to_thread(typed, "call", far_end.url)
    assert done.returncode == 1
    shown = " ".join(done.stdout.split())
    assert shown == (
        "refused status 503: It is busy, or takes no calls now. "
        "next try again in 7 s; `hatif status` there says why"
    )
    far_end.busy_seconds, far_end.token = None, "right"
    shown = (await asyncio.to_thread(typed, "call", far_end.url, "--token", "wrong")).stdout
    assert "status 401: The credential is missing or wrong." in shown
    assert "--token" in shown


async def test_a_wish_that_is_no_number_is_no_wish(far_end: FarEnd) -> None:
    """Retry-After may be a date (RFC 9110 section 10.2.3), which nobody of ours sends."""
    far_end.busy_seconds = "Fri, 31 Dec 2027 23:59:59 GMT"

    report = await place_call(CallOptions(url=far_end.url, speed=FAST))

    assert (report.outcome.http_status, report.outcome.retry_after_seconds) == (503, None)


async def test_the_command_tells_how_the_call_went(far_end: FarEnd) -> None:
    """What was said after how much speech, how it ended, and where what was understood can be seen."""
    done = await asyncio.to_thread(typed, "call", far_end.url, "--say", "نَعَمْ", "--speed", "16")

    assert done.returncode == 0
    first, hung_up, *rest = [line.split("  ") for line in done.stdout.splitlines()]
    assert first[0].startswith("heard 1.")
    assert "said نَعَمْ" in first
    assert "hung up" in hung_up
    shown = " ".join(" ".join(line) for line in rest)
    assert "ended by" in shown
    assert f"hatif answers show {far_end.call_id}" in shown


async def test_the_token_is_shown_as_maqsam_shows_it(far_end: FarEnd) -> None:
    """In a header of the upgrade."""
    far_end.token = "right"

    report = await place_call(CallOptions(url=far_end.url, token="right", speed=FAST))

    assert report.outcome.accepted


async def test_a_server_that_is_not_there_is_reported() -> None:
    """Nobody listens on port 9: the report says so."""
    report = await place_call(CallOptions(url="ws://127.0.0.1:9/ws", speed=FAST))

    assert report.outcome.ended_by is EndedBy.REFUSED
    assert report.outcome.detail


@pytest.mark.parametrize(
    "url", ["", "127.0.0.1:8080", "http://127.0.0.1/ws", "ws://", "ws://h:99999/", "ws://[::1"]
)
async def test_what_is_no_address_is_refused(url: str) -> None:
    """With one sentence that shows a good one."""
    with pytest.raises(PlacingError, match="is no address of a socket, such as ws://"):
        await place_call(CallOptions(url=url))


@pytest.mark.parametrize(
    ("wrong", "error", "complaint"),
    [
        ({"provider": "pigeon"}, PlacingError, "no provider 'pigeon'; known are .*maqsam, .*twilio"),
        ({"wav": (Path("none.wav"),)}, SoundFileError, r"none\.wav: no such sound file"),
        ({"script": Path("none.yaml")}, ScriptError, r"none\.yaml: cannot be read"),
        ({"save": Path("none/call.wav")}, PlacingError, r"none/call\.wav: the call cannot be recorded there"),
    ],
)
async def test_mistakes_are_told_before_the_call(
    far_end: FarEnd, wrong: dict, error: type[BridgeError], complaint: str
) -> None:
    """Nothing is dialled when what was asked for cannot be done."""
    with pytest.raises(error, match=complaint):
        await place_call(CallOptions(url=far_end.url, **wrong))
    assert not far_end.heard
