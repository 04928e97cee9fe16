"""A speech server at the far end of a real wire, with its faults."""

import asyncio
import json
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import aclosing
from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer, unused_port

from bridge.config import Settings
from bridge.config_speech import SpeechServer
from bridge.errors import ConfigError, WorkerError
from bridge.speech.base import Speech
from bridge.speech.engines import VoiceBench
from bridge.speech.script import Manner, Passage
from bridge.speech.server import synthesizer as speech_server
from bridge.speech.server.synthesizer import PATH, SpeechServerEngine

TEXT = "مَوْعِدُ أَحْمَد"
SAMPLES = bytes(range(256)) * 40
KEY = "the-key-that-opens-the-server"

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


class FarEnd:
    """The server: what it was asked, and what it does next."""

    def __init__(self) -> None:
        self.asked: list[dict[str, Any]] = []
        self.keys: list[str | None] = []
        self.answers: list[Handler] = []
        self.url = ""

    async def handle(self, request: web.Request) -> web.StreamResponse:
        self.asked.append(await request.json())
        self.keys.append(request.headers.get("Authorization"))
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        return await answer(request)


@pytest.fixture
async def far_end() -> AsyncIterator[FarEnd]:
    end = FarEnd()
    app = web.Application()
    app.router.add_post(PATH, end.handle)
    async with TestServer(app, shutdown_timeout=0.1) as server:
        end.url = str(server.make_url("/")).rstrip("/")
        yield end


@pytest.fixture
async def engine(far_end: FarEnd) -> AsyncIterator[SpeechServerEngine]:
    async with running(far_end.url) as engine:
        yield engine


class running:  # noqa: N801 - reads as a verb where it is used
    """An engine of these options, for as long as a block lasts."""

    def __init__(self, url: str, **options: Any) -> None:
        self.engine = SpeechServerEngine(SpeechServer.model_validate({"url": url, "key": KEY} | options))

    async def __aenter__(self) -> SpeechServerEngine:
        await self.engine.start()
        return self.engine

    async def __aexit__(self, *_: object) -> None:
        await self.engine.stop()


def sound(content: bytes = SAMPLES, kind: str = "audio/pcm") -> Handler:
    async def answer(_request: web.Request) -> web.StreamResponse:
        return web.Response(body=content, headers={"Content-Type": kind})

    return answer


def status(code: int, **headers: str) -> Handler:
    async def answer(request: web.Request) -> web.StreamResponse:
        said = json.dumps({"error": {"message": f"cannot say {(await request.json())['input']}"}})
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return web.Response(status=code, text=said, headers=named)

    return answer


def in_pieces(*pieces: bytes, then: str = "ends", announced: int | None = None) -> Handler:
    """Send these, and then end, break off, or fall silent."""

    async def answer(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Type": "audio/pcm"})
        if announced is not None:
            response.content_length = announced
        await response.prepare(request)
        for piece in pieces:
            await response.write(piece)
            await asyncio.sleep(0.01)
        if then == "breaks off" and request.transport is not None:
            request.transport.abort()
        if then == "falls silent":
            await asyncio.sleep(30)
        return response

    return answer


async def say(engine: SpeechServerEngine, text: str = TEXT, manner: Manner = Manner()) -> list[Speech]:  # noqa: B008
    return [piece async for piece in engine.voice("alloy").stream(Passage(text, manner=manner))]


async def test_a_text_is_asked_for_as_openai_has_it(far_end: FarEnd, engine: SpeechServerEngine) -> None:
    """With the key, bare samples and the manner's pace; the answer is 24 kHz."""
    far_end.answers = [sound()]

    pieces = await say(engine, manner=Manner(rate=1.25))
    await say(engine, manner=Manner(rate=10.0))

    assert b"".join(piece.pcm for piece in pieces) == SAMPLES
    assert {piece.rate for piece in pieces} == {24000}
    assert far_end.asked[0] == {
        "model": "tts-1",
        "input": TEXT,
        "voice": "alloy",
        "response_format": "pcm",
        "speed": 1.25,
    }
    assert far_end.asked[1]["speed"] == 2.0
    assert far_end.keys[0] == f"Bearer {KEY}"
    assert engine.is_ready


async def test_sound_comes_as_it_is_made(far_end: FarEnd, engine: SpeechServerEngine) -> None:
    """The first piece is there before the last is sent, and samples stay whole."""
    is_heard = asyncio.Event()

    async def answer(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Type": "audio/pcm"})
        await response.prepare(request)
        await response.write(SAMPLES[:1001])
        async with asyncio.timeout(20):
            await is_heard.wait()
        await response.write(SAMPLES[1001:])
        return response

    far_end.answers = [answer]
    got = b""
    async for piece in engine.voice("alloy").stream(Passage(TEXT)):
        assert len(piece.pcm) % 2 == 0
        got += piece.pcm
        is_heard.set()

    assert got == SAMPLES


async def test_a_server_that_knows_no_pcm_sends_wav(far_end: FarEnd, engine: SpeechServerEngine) -> None:
    """Its header says the rate; so may the type of bare samples."""
    header = b"RIFF\xff\xff\xff\xffWAVEfmt \x10\0\0\0\x01\0\x01\0\xc0\x5d\0\0\x80\xbb\0\0\x02\0\x10\0"
    far_end.answers = [
        sound(header.replace(b"\xc0\x5d", b"\x22\x56") + b"data\xff\xff\xff\xff" + SAMPLES, "audio/wav"),
        sound(SAMPLES, "audio/pcm;rate=16000"),
    ]

    assert (await engine.voice("alloy").synthesise(TEXT)) == Speech(SAMPLES, 22050)
    assert (await engine.voice("alloy").synthesise(TEXT)) == Speech(SAMPLES, 16000)


@pytest.mark.parametrize(
    ("answer", "told"),
    [
        (status(401), r"does not take our key; speech_server\.key must be .* \(401\)"),
        (status(404), r"knows no /v1/audio/speech, or no such model or voice"),
        (status(400), r"refused to speak \(400\)"),
        (status(500), r"failed \(500\)"),
        (status(302, Location="http://127.0.0.1:1/"), r"sends us elsewhere \(302\)"),
        (status(204), r"refused to speak \(204\)"),
        (status(200), "sends text/plain; it must send audio/pcm or audio/wav"),
        (sound(b"{}", "application/json"), "sends application/json"),
        (sound(SAMPLES, "audio/mpeg"), "sends audio/mpeg"),
        (sound(b"ID3" + SAMPLES, "application/octet-stream"), "sends MP3"),
        (sound(b""), "is empty"),
        (sound(SAMPLES + b"\1"), "ends in the middle"),
        (in_pieces(SAMPLES, then="breaks off"), "ends in the middle"),
        (in_pieces(SAMPLES, then="breaks off", announced=len(SAMPLES) * 2), "ends in the middle"),
        (in_pieces(then="breaks off"), "ends in the middle"),
        (in_pieces(SAMPLES, then="falls silent"), "let us wait too long"),
        (in_pieces(then="falls silent"), "let us wait too long"),
    ],
)
async def test_a_fault_is_told_in_one_sentence(answer: Handler, told: str, far_end: FarEnd) -> None:
    """Never a shorter prompt that passes for a whole one, and never what was to be said."""
    far_end.answers = [answer]
    async with running(far_end.url, timeout_seconds=1) as engine:
        with pytest.raises(WorkerError, match=told) as caught:
            await say(engine)

    for part in (TEXT, *TEXT.split(), KEY):
        assert part not in str(caught.value)
    assert len(far_end.asked) == 1


async def test_an_answer_without_an_end_is_refused(engine: SpeechServerEngine, far_end: FarEnd) -> None:
    """Of HTTP/1.0 nobody can tell a broken line from the end of a prompt."""

    async def answer(request: web.Request) -> web.StreamResponse:
        assert request.transport is not None
        request.transport.write(b"HTTP/1.0 200 OK\r\nContent-Type: audio/pcm\r\n\r\n" + SAMPLES)
        request.transport.close()
        return web.Response()

    far_end.answers = [answer]
    with pytest.raises(WorkerError, match="does not say where its answer ends"):
        await say(engine)


async def test_too_much_is_given_up(
    far_end: FarEnd, engine: SpeechServerEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A server that talks for ever ends at the limit, and the connection with it."""
    monkeypatch.setattr(speech_server, "MAX_SECONDS", 1.0)
    left = asyncio.Event()

    async def answer(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Type": "audio/pcm"})
        await response.prepare(request)
        try:
            while True:
                await response.write(bytes(48000))
        finally:
            left.set()

    far_end.answers = [answer]
    with pytest.raises(WorkerError, match="longer than 1 s"):
        await say(engine)
    async with asyncio.timeout(20):
        await left.wait()


async def test_a_busy_server_is_asked_again(far_end: FarEnd, engine: SpeechServerEngine) -> None:
    """Within the time that there is."""
    far_end.answers = [status(429), status(503, Retry_After="0"), sound()]

    assert b"".join(piece.pcm for piece in await say(engine)) == SAMPLES
    assert len(far_end.asked) == 3


async def test_a_server_that_stays_busy_is_given_up(far_end: FarEnd) -> None:
    """At once, where it asks for more time than there is."""
    far_end.answers = [status(429, Retry_After="3600")]
    async with running(far_end.url, timeout_seconds=1) as engine:
        with pytest.raises(WorkerError, match=r"the speech server is busy \(429\)"):
            await say(engine)

    assert len(far_end.asked) == 1


async def test_a_server_that_is_not_there_is_told(far_end: FarEnd) -> None:
    """And after some failures it is not asked first, until it answers."""
    async with running(f"http://127.0.0.1:{unused_port()}") as engine:
        for _ in range(speech_server.FAILURES):
            assert engine.is_ready
            with pytest.raises(
                WorkerError, match=r"cannot be reached; speech_server\.url must be its address"
            ):
                await say(engine)
        assert not engine.is_ready


async def test_who_leaves_ends_the_work(far_end: FarEnd, engine: SpeechServerEngine) -> None:
    """The server sees the connection go; the next text is spoken."""
    left = asyncio.Event()

    async def answer(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Type": "audio/pcm"})
        await response.prepare(request)
        try:
            while True:
                await response.write(SAMPLES)
                await asyncio.sleep(0.01)
        finally:
            left.set()

    far_end.answers = [answer, sound()]
    async with aclosing(engine.voice("alloy").stream(Passage(TEXT))) as stream:
        await anext(stream)
    async with asyncio.timeout(20):
        await left.wait()

    assert await engine.voice("alloy").synthesise(TEXT) == Speech(SAMPLES, 24000)


async def test_many_ask_at_once(far_end: FarEnd, engine: SpeechServerEngine) -> None:
    """More than there are connections; everybody gets their own."""

    async def answer(request: web.Request) -> web.StreamResponse:
        text = (await request.json())["input"]
        return await in_pieces(*([f"{text:>4}".encode()] * 50))(request)

    far_end.answers = [answer]
    spoken = await asyncio.gather(*(engine.voice("alloy").synthesise(str(n)) for n in range(30)))

    assert [speech.pcm for speech in spoken] == [f"{n:>4}".encode() * 50 for n in range(30)]


async def test_a_long_text_is_not_sent(far_end: FarEnd, engine: SpeechServerEngine) -> None:
    """The protocol takes 4096 characters."""
    with pytest.raises(WorkerError, match="4001 characters is longer than 4000"):
        await say(engine, "ا" * 4001)

    assert not far_end.asked


@pytest.mark.parametrize("end", ["", "/", "/v1", "/v1/", "/v1/audio/speech"])
async def test_the_address_may_hold_a_part_of_the_path(end: str, far_end: FarEnd) -> None:
    """Whatever its operator writes down."""
    far_end.answers = [sound()]
    async with running(far_end.url + end, key=None) as engine:
        await say(engine)

    assert far_end.keys == [None]


def test_identity_is_address_model_and_voice() -> None:
    """Never the password of an address, nor the key."""
    url = "https://me:secret@speech.example/"
    engine = SpeechServerEngine(SpeechServer.model_validate({"url": url, "key": KEY, "model": "xtts"}))
    identity = engine.voice("nurse").identity

    assert identity == "server/https://speech.example/v1/audio/speech model=xtts voice=nurse"


def test_without_an_address_there_is_no_voice() -> None:
    """Told when it is asked for, before anything is sent."""
    with pytest.raises(
        ConfigError, match=r"no speech server is configured; speech_server\.url must be its address"
    ):
        VoiceBench(Settings()).voice("server/alloy")


async def test_the_bench_knows_the_server(far_end: FarEnd, caplog: pytest.LogCaptureFixture) -> None:
    """By its name; the log holds nothing of what was said."""
    caplog.set_level(logging.DEBUG)
    far_end.answers = [sound()]
    bench = VoiceBench(Settings.model_validate({"speech_server": {"url": far_end.url}}))
    try:
        assert (await bench.voice("server/some/voice").synthesise(TEXT)).pcm == SAMPLES
    finally:
        await bench.stop()

    assert far_end.asked[0]["voice"] == "some/voice"
    assert not any(word in caplog.text for word in TEXT.split())
