"""A whole call to a real daemon that encrypts: its files say nothing, and its commands say it all."""

import asyncio
import json
import shutil
import time
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from bridge.carriers.base import CarrierCall
from bridge.carriers.fake import FakeCarrier
from bridge.carriers.lines import LineCaller, PressLine
from bridge.carriers.registry import WIRES
from bridge.carriers.voice import LineNoise
from bridge.clock import Clock
from bridge.content import CONTENT
from bridge.identity.streams import StreamTokens
from bridge.privacy.keys import new_key
from tests.support.typed import typed

pytestmark = pytest.mark.call

NUMBER = "+962790123456"
BEHIND = "  - id: two_weeks\n"
RECORDING = '  - {id: rec, type: consent, purpose: call_recording, ask: "هَلْ نُسَجِّلُ الْمُكَالَمَة؟"}\n'
CALL = CarrierCall(NUMBER, "+96265000000", "CA1")


def on_disk(folder: Path) -> bytes:
    """The database, its log, the recording, and the daemon's own log."""
    return b"".join(path.read_bytes() for path in folder.rglob("*") if path.is_file())


def until_idle(daemon: Any) -> None:
    """Wait until it holds no call."""
    until = time.monotonic() + 20
    while daemon.active_calls():
        assert time.monotonic() < until
        time.sleep(0.1)


async def test_a_call_leaves_nothing_to_read(start_daemon: Callable[..., Any], tmp_path: Path) -> None:
    """Neither while the daemon runs nor after; with the key the call is read, exported and erased."""
    key = new_key("k1")
    recordings = tmp_path / "recordings"
    folder = tmp_path / "questionnaires"  # one short one: the daemon is ready sooner
    shutil.copytree(CONTENT / "questionnaires" / "common", folder / "common")
    text = (CONTENT / "questionnaires" / "phq2.yaml").read_text(encoding="utf-8")
    (folder / "phq2.yaml").write_text(text.replace(BEHIND, f"{RECORDING}{BEHIND}", 1), encoding="utf-8")
    daemon = start_daemon(
        HATIF_QUESTIONNAIRES__FOLDER=str(folder),
        HATIF_QUESTIONNAIRES__DEFAULT="phq2",
        HATIF_SITE__CRISIS_NUMBER="1234567",
        HATIF_PRIVACY__KEY=key,
        HATIF_RECORDING__ENABLED="true",
        HATIF_RECORDING__FOLDER=str(recordings),
    )
    caller = LineCaller([PressLine("1")] * 3, LineNoise(np.random.default_rng(0)))
    carrier = FakeCarrier(WIRES["twilio"](), caller, clock=Clock(4))
    token = StreamTokens(daemon.tokens_secret).issue(provider="twilio")
    await carrier.place(daemon.url("/ws/twilio"), call=CALL, token=token, max_seconds=60)
    await asyncio.to_thread(until_idle, daemon)
    content = on_disk(daemon.folder) + on_disk(recordings)
    assert NUMBER[1:].encode() not in content
    assert b"RIFF" not in on_disk(recordings)

    def hatif(*arguments: object) -> Any:
        settings = {"HATIF_STORAGE__PATH": str(daemon.database), "HATIF_PRIVACY__KEY": key}
        return typed(*arguments, folder=tmp_path, HATIF_RECORDING__FOLDER=str(recordings), **settings)

    (call,) = json.loads(hatif("answers", "list", "--json").stdout)
    shown = json.loads(hatif("answers", "show", call["call_id"], "--json").stdout)
    assert NUMBER[1:] in shown["call"]["caller_number"]
    assert any(turn["closed"] == "1" for turn in shown["turns"])
    assert hatif("subject", "export", "--number", NUMBER, "--to", "person.zip").returncode == 0
    with zipfile.ZipFile(tmp_path / "person.zip") as archive:
        recording = archive.read(f"recordings/{call['call_id']}.wav")
    assert len(recording) > 100_000
    erased = hatif("subject", "erase", "--number", NUMBER, "--reason", "asked")  # the daemon still runs
    assert erased.returncode == 0, erased.stdout + erased.stderr
    assert list(recordings.iterdir()) == []
    assert daemon.stop() == 0
