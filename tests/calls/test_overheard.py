"""A caller and an agent are listened to by the real daemon, with the real recogniser, and read by others."""

import asyncio
import json
import os
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import aiohttp
import numpy as np
import pytest
from typer.testing import CliRunner

from bridge.carriers.base import CarrierCall
from bridge.carriers.commands import carrier_app
from bridge.carriers.fake import CallOutcome, FakeCarrier
from bridge.carriers.lines import LineCaller, PauseLine, SayLine
from bridge.carriers.voice import LineNoise, Wording, synthetic_voice
from bridge.carriers.wires.genesys_audiohook import AudioHookWire
from bridge.clock import Clock
from bridge.content import CONTENT
from bridge.identity.access import AccessTokens
from bridge.identity.principal import Scope
from bridge.identity.streams import StreamTokens
from bridge.speech.vosk.model import OPEN_VOCABULARY_WORDS

pytestmark = pytest.mark.call

SPEED = 4.0
MODEL = "hatif-ar-phone-0.2"
CALLER_AT, AGENT_AT, HOLD, CALLER_AGAIN_AT = 1.0, 3.0, (5.0, 9.0), 10.0  # seconds of the call
KEY = "the-integration's-key"


@pytest.fixture(scope="module")
def open_model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The shipped model with words that it will never hear: as large a vocabulary as transcripts need."""
    model = Path(shutil.copytree(CONTENT / "models" / MODEL, tmp_path_factory.mktemp("models") / MODEL))
    words = model / "graph" / "words.txt"
    known = words.read_text(encoding="utf-8").splitlines()
    added = [f"padding{number} {len(known) + number}" for number in range(OPEN_VOCABULARY_WORDS)]
    words.write_text("\n".join([*known, *added, ""]), encoding="utf-8")
    return model


@pytest.fixture(scope="module")
def listener(start_daemon: Callable[..., Any], open_model: Path) -> Any:
    """A daemon that listens."""
    return start_daemon(
        HATIF_MONITORING__ENABLED="true",
        HATIF_RECOGNISER__MODEL=str(open_model),
        HATIF_PROVIDERS__GENESYS_AUDIOHOOK__API_KEY=KEY,
    )


async def said(text: str, seed: int) -> bytes:
    async with synthetic_voice(LineNoise(np.random.default_rng(seed))) as voice:
        return await voice.speak(Wording(text))


async def conversation(daemon: Any) -> CallOutcome:
    """The caller says yes, the agent no, they are on hold, and the caller says yes once more."""
    noise = LineNoise(np.random.default_rng(1))
    yes, no = await said("نَعَم", 2), await said("لَا", 3)
    agent = noise.ulaw(int(AGENT_AT * 8000)) + no + noise.ulaw(20 * 8000)
    meanwhile = CALLER_AGAIN_AT - CALLER_AT - len(yes) / 8000
    lines = [PauseLine(CALLER_AT), SayLine(yes), PauseLine(meanwhile), SayLine(yes), PauseLine(1.5)]
    carrier = FakeCarrier(AudioHookWire(agent=agent, hold=HOLD), LineCaller(lines, noise), clock=Clock(SPEED))
    call = CarrierCall("966500000001", "966110000001", "c-77")
    async with asyncio.timeout(60):
        return await carrier.place(daemon.url("/ws/genesys_audiohook"), call=call, token=KEY, max_seconds=60)


def query(daemon: Any, statement: str) -> list[tuple[Any, ...]]:
    with closing(sqlite3.connect(daemon.database)) as connection:
        return connection.execute(statement).fetchall()


async def until_one(daemon: Any, statement: str) -> Any:
    async with asyncio.timeout(30):
        while not (found := query(daemon, statement)):  # noqa: ASYNC110 - another process writes it
            await asyncio.sleep(0.02)
    return found[0][0]


async def events(answer: aiohttp.ClientResponse) -> AsyncIterator[tuple[str, Any]]:
    """What a browser would make of the stream."""
    kind = ""
    async for line in answer.content:
        name, _, value = line.decode().rstrip("\n").partition(": ")
        if name == "event":
            kind = value
        elif name == "data":
            yield kind, json.loads(value)


async def follow(daemon: Any, call_id: str, token: str, **headers: str) -> list[tuple[str, Any]]:
    address = f"http://127.0.0.1:{daemon.port}/calls/{call_id}/transcript/live"
    async with (
        asyncio.timeout(60),
        aiohttp.ClientSession(headers={"Authorization": f"Bearer {token}", **headers}) as client,
        client.get(address) as answer,
    ):
        assert (answer.status, answer.content_type) == (200, "text/event-stream")
        return [event async for event in events(answer)]


async def status(daemon: Any, path: str, token: str) -> int:
    async with (
        aiohttp.ClientSession(headers={"Authorization": f"Bearer {token}"}) as client,
        client.get(f"http://127.0.0.1:{daemon.port}{path}") as answer,
    ):
        return answer.status


async def test_a_conversation_is_written_down_while_it_lasts(listener: Any) -> None:
    """Who said what and when, the hold counted; live, afterwards, and on the command line the same."""
    placing = asyncio.create_task(conversation(listener))
    call_id = await until_one(listener, "SELECT call_id FROM calls WHERE disposition IS NULL")
    token = AccessTokens(listener.tokens_secret).issue("operator", {Scope.TRANSCRIPTS}, call=call_id)
    live = await follow(listener, call_id, token)
    outcome = await placing

    assert (outcome.accepted, outcome.ended_by, outcome.detail) == (True, "caller", "")
    kept = f"FROM utterances WHERE call_id = '{call_id}' ORDER BY utterance_index"
    rows = query(listener, f"SELECT utterance_index, channel, text, started_seconds {kept}")
    spoken = sorted(rows, key=lambda row: row[3])  # of two who speak at once, either may be understood first
    assert [row[1:3] for row in spoken] == [("caller", "نعم"), ("agent", "لا"), ("caller", "نعم")]
    began = [row[3] for row in spoken]
    assert began == pytest.approx([CALLER_AT, AGENT_AT, CALLER_AGAIN_AT], abs=0.3)
    told = [(each["index"], each["channel"], each["text"]) for kind, each in live if kind == "utterance"]
    assert told == [row[:3] for row in rows]
    assert live[-1][0] == "end"
    ended = f"SELECT kind, disposition, provider_call_id FROM calls WHERE call_id = '{call_id}'"  # noqa: S608
    assert query(listener, ended) == [("monitored", "monitored", "c-77")]
    assert "نعم" not in listener.log

    again = await follow(listener, call_id, token, **{"Last-Event-ID": "2"})
    assert [kind for kind, _ in again] == ["utterance", "end"]
    shown = shown_by_the_command(listener, call_id)
    assert [each["text"] for each in shown["utterances"]] == [row[2] for row in rows]


def shown_by_the_command(daemon: Any, call_id: str) -> Any:
    arguments = ("transcript", call_id[:8], "--json", "-")
    environment = os.environ | {"HATIF_STORAGE__PATH": str(daemon.database)}
    done = subprocess.run(
        [sys.executable, "-m", "bridge", *arguments], env=environment, capture_output=True, check=True
    )
    return json.loads(done.stdout)


async def test_only_operators_read(listener: Any) -> None:
    """With a token for this, and for this call; what else is signed with the same secret opens nothing."""
    await conversation(listener)
    call_id = await until_one(listener, "SELECT call_id FROM calls WHERE disposition IS NOT NULL")
    tokens = AccessTokens(listener.tokens_secret)
    path = f"/calls/{call_id}/transcript"
    good = tokens.issue("operator", {Scope.TRANSCRIPTS}, seconds=60)
    of_another = tokens.issue("operator", {Scope.TRANSCRIPTS}, call="another", seconds=60)
    bad = (
        "",
        tokens.issue("operator", {Scope.TRANSCRIPTS}, seconds=-60),
        AccessTokens("x" * 48).issue("operator", {Scope.TRANSCRIPTS}, seconds=60),
        StreamTokens(listener.tokens_secret).issue(provider="transcripts"),
    )

    assert await status(listener, path, good) == 200
    assert await status(listener, path, of_another) == 404
    assert [await status(listener, path, token) for token in bad] == [401] * len(bad)
    assert [await status(listener, f"{path}/live", token) for token in bad] == [401] * len(bad)
    assert await status(listener, "/calls/nobody/transcript", good) == 404
    stream = StreamTokens(listener.tokens_secret).issue(provider="maqsam")
    assert await status(listener, f"/ws/genesys_audiohook/{stream}", "") == 401
    assert await status(listener, f"/ws/maqsam/{good}", "") == 401


def test_an_integrator_can_try_it_without_genesys(listener: Any) -> None:
    """`hatif carrier run`: nobody is spoken to, and that is no fault."""
    done = CliRunner().invoke(
        carrier_app,
        [
            *("run", listener.url("/ws/genesys_audiohook"), "--provider", "genesys_audiohook"),
            *("--token", KEY, "--calls", "2", "--faults", "delay,odd-frames,lose"),
        ],
    )
    assert "2 of 2 calls were taken and listened to" in done.stdout
    assert done.exit_code == 0


def test_a_model_of_answers_writes_nothing_down(tmp_path: Path) -> None:
    """The daemon says so when it starts, and what would be right."""
    environment = {name: text for name, text in os.environ.items() if not name.startswith("HATIF_")} | {
        "HATIF_MONITORING__ENABLED": "true",
        "HATIF_SERVER__PORT": "0",
        "HATIF_STORAGE__PATH": str(tmp_path / "hatif.db"),
    }
    done = subprocess.run(
        [sys.executable, "-m", "bridge", "serve"],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    told = " ".join(done.stderr.split())
    assert done.returncode == 2
    assert f"monitoring.enabled: the model {MODEL} knows " in told
    assert "recogniser.model must be one with 20000 or more" in told
