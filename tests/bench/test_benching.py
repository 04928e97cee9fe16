"""`hatif bench`, as somebody types it who wants to know what their server bears."""

import asyncio
import json
import signal
import sqlite3
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from house import ITEMS, TOKEN, House, house
from typed import typed

from bridge.bench.benching import BenchOptions, _media_url, _way
from bridge.carriers.arriving import IssuedWay, TwilioWay, UpgradeWay
from bridge.config import load_settings
from bridge.content import DEFAULT_CONFIG

SPEED = 8
PATIENT = ("--reply-ms", 60_000, "--pacing-ms", 60_000)  # how fast all is depends on the machine


@pytest.fixture
async def ours(tmp_path: Path) -> AsyncIterator[House]:
    """A whole way of a call without engines; whoever presses 1 six times has answered everything."""
    async with house(tmp_path / "hatif.db") as found:
        yield found


def as_maqsam(ours: House, *more: object, token: str = TOKEN) -> tuple[object, ...]:
    """The command's words for calls by key to that house."""
    url = f"ws://127.0.0.1:{ours.server.port}"
    return ("bench", "--url", url, "--provider", "maqsam", "--token", token, "--speed", SPEED, *more)


async def test_calls_are_held_answered_to_their_ends_and_placed_again(ours: House, tmp_path: Path) -> None:
    """Three at once, by a script: whole questionnaires are stored, and what callers met with is told."""
    script = tmp_path / "answers.yaml"
    script.write_text("lines:\n" + '  - {press: "1"}\n' * len(ITEMS), encoding="utf-8")
    words = as_maqsam(ours, "--calls", 3, "--speak", 0, "--script", script, "--seconds", 60, *PATIENT)
    ended = await asyncio.to_thread(typed, *words, "--json", tmp_path / "report.json")
    assert ended.returncode == 0, ended.stderr
    report = json.loads((tmp_path / "report.json").read_text(encoding="utf-8"))
    (load,) = report["loads"]
    assert 1 < load["at_once"] <= 3.01
    assert load["completed"] >= 3
    assert load["came"] >= load["completed"]
    assert (load["refused"], load["broken"], load["left"]) == (0, 0, 0), load["troubles"]
    assert load["key_replies"] >= load["completed"] > load["unanswered"]
    assert load["first_word_ms"]
    assert load["server"]["daemon_ms"] > 0
    with closing(sqlite3.connect(tmp_path / "hatif.db")) as database:
        whole = database.execute("SELECT count(*) FROM calls WHERE disposition = 'completed'").fetchone()[0]
        answers = database.execute("SELECT count(*) FROM answers WHERE status = 'answered'").fetchone()[0]
    assert whole >= load["completed"]
    assert answers >= whole * (len(ITEMS) - 1)
    assert "reply to a key, ms" in ended.stdout
    assert "borne well" in ended.stdout


async def test_ctrl_c_says_what_is_known_so_far(ours: House) -> None:
    """And leaves no call behind."""
    words = as_maqsam(ours, "--calls", 2, "--per-second", 100, "--seconds", 3000)
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "bridge", *map(str, words)), stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    try:
        async with asyncio.timeout(60):
            while ours.switchboard.active_calls < 2:  # noqa: ASYNC110 - another process calls
                await asyncio.sleep(0.05)
            process.send_signal(signal.SIGINT)
            told, complaints = await process.communicate()
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    assert process.returncode == 130, complaints
    assert "2 calls" in told.decode()
    assert "ended early" in told.decode()
    assert "Traceback" not in complaints.decode()
    assert ours.switchboard.active_calls == 0


async def test_a_wrong_credential_is_told_with_what_to_do(ours: House) -> None:
    ended = await asyncio.to_thread(typed, *as_maqsam(ours, token="another"), COLUMNS="200")
    assert ended.returncode == 2
    assert "401" in ended.stderr
    assert "give --token" in ended.stderr


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["--url", "ws://127.0.0.1:1"], "see whether a server listens at that address"),
        (["--url", "http://127.0.0.1:1"], "is no address of a socket, such as ws://"),
        (["--url", "ws://127.0.0.1:1", "--provider", "nobody"], "'nobody' is none of"),
        (["--url", "ws://127.0.0.1:1", "--script", "nothing.yaml"], "nothing.yaml"),
    ],
)
def test_what_cannot_be_called_is_told(words: list[str], told: str) -> None:
    """In one sentence."""
    ended = typed("bench", *words, COLUMNS="300")
    assert ended.returncode == 2
    assert told in ended.stderr
    assert "Traceback" not in ended.stderr


async def test_a_server_that_takes_one_call_only_bears_one() -> None:
    """The others are refused; who looks for more is told whose limit that is."""
    taken: list[web.Request] = []

    async def converse(request: web.Request) -> web.StreamResponse:
        if taken:
            return web.Response(status=503, headers={"Retry-After": "1"})
        taken.append(request)
        try:
            socket = web.WebSocketResponse()
            await socket.prepare(request)
            await socket.receive()
            await socket.send_str('{"type":"ready"}')
            await socket.send_bytes(b"\x10" * 4000)
            async for _ in socket:
                pass
            return socket
        finally:
            taken.remove(request)

    application = web.Application()
    application.router.add_get("/{path:.*}", converse)
    async with TestServer(application) as server:
        words = ("bench", "--url", f"ws://127.0.0.1:{server.port}", "--find", "--calls", 1, "--most", 4)
        ended = await asyncio.to_thread(typed, *words, "--seconds", 2, "--settle", 0, *PATIENT, COLUMNS="200")
    assert ended.returncode == 0, ended.stderr
    assert "calls.max_concurrent: 1\n" in ended.stdout
    assert "the server itself refused" in ended.stdout
    assert "503: It is busy, or takes no calls now." in ended.stdout
    assert "Few turns were seen" in ended.stdout


def test_a_real_daemon_is_measured_by_its_own_configuration(daemon: Any, tmp_path: Path) -> None:
    """Calls get stream tokens, which open Twilio's sockets; its metrics are read over its file."""
    ended = typed(
        *("bench", "--url", daemon.url("").rstrip("/"), "--provider", "twilio", "--config", DEFAULT_CONFIG),
        *("--calls", 3, "--keys", 2, "--seconds", 48, "--settle", 0, "--speed", 4),
        *(*PATIENT, "--json", tmp_path / "report.json"),
        HATIF_TOKENS__SECRET=daemon.tokens_secret,
        HATIF_ADMIN__SOCKET=str(daemon.admin_socket),
    )
    assert ended.returncode == 0, ended.stdout + ended.stderr
    (load,) = json.loads((tmp_path / "report.json").read_text(encoding="utf-8"))["loads"]
    assert (load["refused"], load["broken"]) == (0, 0), load["troubles"]
    assert load["came"] >= 3
    assert load["completed"] >= 1  # who presses 2 has not consented, and is let go
    assert load["key_replies"] >= 1
    assert load["replies"] >= 1  # and every second one says yes
    assert load["server"]["daemon_ms"] > 0
    assert load["server"]["engines_ms"] > 0
    assert load["server"]["loop_late_ms"] > 0


@pytest.mark.parametrize(
    ("options", "url"),
    [
        (BenchOptions("ws://h:1"), "ws://h:1/ws/generic"),
        (BenchOptions("wss://h/", provider="maqsam", questionnaire="phq2"), "wss://h/ws/maqsam/phq2"),
        (BenchOptions("ws://h/ws/generic/TOKEN"), "ws://h/ws/generic/TOKEN"),
        (BenchOptions("tcp://h:9092", provider="audiosocket"), "tcp://h:9092"),
    ],
)
def test_the_usual_address_need_not_be_typed(options: BenchOptions, url: str) -> None:
    assert _media_url(options) == url


def test_calls_come_in_as_their_provider_makes_them() -> None:
    """By what is given, or by what the server's own configuration lets us make."""
    settings = load_settings(
        DEFAULT_CONFIG,
        environ={
            "HATIF_TOKENS__SECRET": "s" * 48,
            "HATIF_PROVIDERS__TWILIO__AUTH_TOKEN": "a" * 32,
            "HATIF_SERVER__PUBLIC_URL": "https://hatif.example/",
        },
    )
    url = "wss://hatif.example/ws/x"
    twilio = _way(BenchOptions(url, provider="twilio", settings=settings, questionnaire="phq2"), url)
    assert twilio == TwilioWay(
        "hatif.example:443", "a" * 32, "https://hatif.example", is_secure=True, questionnaire="phq2"
    )
    issued = _way(BenchOptions(url, provider="maqsam", settings=settings, questionnaire="phq2"), url)
    assert isinstance(issued, IssuedWay)
    assert (issued.url, issued.questionnaire) == (url, "phq2")
    given = _way(BenchOptions(url, provider="maqsam", settings=settings, token="t"), url)
    assert given == UpgradeWay(url, "t", "maqsam")
    assert _way(BenchOptions(url, provider="maqsam"), url) == UpgradeWay(url, None, "maqsam")
