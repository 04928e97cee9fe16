"""SIGHUP to the real daemon: new calls get the new questionnaire, the running one goes on as it began."""

import asyncio
import json
import re
import shutil
import signal
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from bridge.content import CONTENT
from bridge.dialogue.loader import load

pytestmark = pytest.mark.call

SETUP = {"type": "session.setup", "data": {"context": {"id": 7, "direction": "inbound"}}}
OLD, NEW = "هَلْ تَشْعُرُونَ بِأَلَمٍ الْيَوْم؟", "هَلْ هُنَاكَ أَلَمٌ فِي هٰذَا الْيَوْم؟"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A site's own questionnaires: one, and what all share."""
    shutil.copytree(CONTENT / "questionnaires" / "common", tmp_path / "common")
    shutil.copy(CONTENT / "questionnaires" / "post_discharge.yaml", tmp_path)
    return tmp_path


@pytest.fixture
def daemon(start_daemon: Callable[..., Any], folder: Path) -> Any:
    """Twice as fast as life: the keys of the test are quicker than any silence."""
    return start_daemon(HATIF_QUESTIONNAIRES__FOLDER=str(folder), HATIF_CLOCK__SPEED="2")


def edit(folder: Path, old: str, new: str) -> None:
    path = folder / "post_discharge.yaml"
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new), encoding="utf-8")


def events(daemon: Any, name: str) -> list[dict[str, Any]]:
    """The log's lines of that name."""
    lines = [json.loads(line) for line in daemon.log.splitlines() if line.startswith("{")]
    return [line for line in lines if line["event"] == name]


async def logged(daemon: Any, name: str, count: int = 1) -> list[dict[str, Any]]:
    """Wait until a line of that name stands in the log so many times."""
    async with asyncio.timeout(60):
        while len(found := events(daemon, name)) < count:
            assert daemon.process.poll() is None, daemon.log
            await asyncio.sleep(0.05)
    return found


def rows(daemon: Any, query: str) -> list[tuple[Any, ...]]:
    with closing(sqlite3.connect(f"file:{daemon.database}?mode=ro", uri=True)) as connection:
        return connection.execute(query).fetchall()


class Caller:
    """A socket on which keys are pressed; what is played is read and forgotten."""

    def __init__(self, daemon: Any, socket: aiohttp.ClientWebSocketResponse) -> None:
        self._daemon = daemon
        self._socket = socket

    async def presses(self, key: str, *, until: str) -> None:
        """Press a key, again where it was lost on the prompt, until an answer to `until` is stored."""
        async with asyncio.timeout(60):
            while not self.has_answered(until):
                await asyncio.sleep(0.5)  # a second of the call: a key in its first half would be no answer
                await self._socket.send_json({"type": "call.dtmf", "data": {"digit": key}})

    def has_answered(self, item: str) -> bool:
        """Whether the newest call has an answer to this item."""
        answered = rows(self._daemon, "SELECT item, call_id FROM answers")
        ((newest,),) = rows(self._daemon, "SELECT call_id FROM calls ORDER BY started_at DESC LIMIT 1")
        return (item, newest) in answered


async def test_a_reload_changes_new_calls_only(daemon: Any, folder: Path) -> None:
    """The question of pain is worded anew while a caller is asked for consent."""
    before = load(folder / "post_discharge.yaml").hash
    async with aiohttp.ClientSession() as client:
        async with client.ws_connect(daemon.url("/ws/maqsam"), headers={"Auth": daemon.token}) as socket:
            await socket.send_json(SETUP)
            await logged(daemon, "call_started")
            edit(folder, OLD, NEW)
            daemon.process.send_signal(signal.SIGHUP)
            (reloaded,) = await logged(daemon, "reloaded")
            caller = Caller(daemon, socket)
            await caller.presses("1", until="consent")
            await caller.presses("2", until="pain")
        await logged(daemon, "call_ended")
        async with client.ws_connect(daemon.url("/ws/maqsam"), headers={"Auth": daemon.token}) as socket:
            await socket.send_json(SETUP)
            await logged(daemon, "call_started", 2)
            caller = Caller(daemon, socket)
            await caller.presses("1", until="consent")
            await caller.presses("2", until="pain")
    after = load(folder / "post_discharge.yaml").hash
    asked = rows(daemon, "SELECT prompt FROM turns WHERE item = 'pain' AND input = 'dtmf' ORDER BY at")
    assert [prompt for (prompt,) in asked] == [OLD, NEW]
    assert rows(daemon, "SELECT questionnaire_hash FROM calls ORDER BY started_at") == [(before,), (after,)]
    (told,) = events(daemon, "questionnaire_read_again")
    assert (told["questionnaire"], told["hash"], told["status"]) == ("post_discharge", after, "changed")
    assert told["questionnaire_version"] == "0.1.0"
    assert reloaded["rendered"] >= 1  # the new sentence, before anybody was asked
    daemon.stop()


async def test_a_faulty_file_changes_nothing(daemon: Any, folder: Path) -> None:
    """The log names file, line and field; calls are taken as before, and a mended file is taken up."""
    good = (folder / "post_discharge.yaml").read_text(encoding="utf-8")
    line = 1 + good[: good.index("type: yes_no")].count("\n")
    edit(folder, OLD, NEW)
    edit(folder, "type: yes_no", "type: yes_or_no")
    daemon.process.send_signal(signal.SIGHUP)
    (refused, *_) = await logged(daemon, "reload_refused")
    assert re.match(rf"post_discharge\.yaml:{line}:(\d+:)? items\.", refused["problem"])
    assert "did you mean 'yes_no'?" in refused["problem"]
    assert events(daemon, "reloaded") == []
    assert daemon.get("/readyz")[0] == 200

    async with (
        aiohttp.ClientSession() as client,
        client.ws_connect(daemon.url("/ws/maqsam"), headers={"Auth": daemon.token}) as socket,
    ):
        await socket.send_json(SETUP)
        await logged(daemon, "call_started")
        caller = Caller(daemon, socket)
        await caller.presses("1", until="consent")
        await caller.presses("2", until="pain")
    assert rows(daemon, "SELECT prompt FROM turns WHERE item = 'pain' AND input = 'dtmf'") == [(OLD,)]

    edit(folder, "type: yes_or_no", "type: yes_no")
    daemon.process.send_signal(signal.SIGHUP)
    await logged(daemon, "reloaded")
    assert daemon.stop() == 0
