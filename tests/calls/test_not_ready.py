"""A questionnaire of which a prompt cannot be kept: busy for every provider, until it is put right."""

import asyncio
import base64
import hmac
import shutil
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import aiohttp
import pytest

from bridge.config import load_settings
from bridge.content import CONTENT
from bridge.voicing import prompts_of

pytestmark = pytest.mark.call

PUBLIC = "https://hatif.example"
AUTH_TOKEN = "the-twilio-auth-token"
CALL = {"CallSid": "CA1", "From": "+966500000001", "To": "+966110000001", "Direction": "inbound"}
QUESTION = "هَلْ عِنْدَكَ سُعَالٌ فِي اللَّيْل؟"
MUTE = f"""\
format: 1
id: mute
version: "1"
title: صامت
language: ar
status: draft
source: {{name: test, licence: own}}
items:
  - {{id: cough, type: yes_no, kind: symptom, ask: "{QUESTION}"}}
"""
SHORT = MUTE.replace("id: mute", "id: short").replace(QUESTION, "هَلْ عِنْدَكَ أَلَم؟")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A site's questionnaires: one that becomes ready, and one that does not."""
    folder = tmp_path / "questionnaires"
    shutil.copytree(CONTENT / "questionnaires" / "common", folder / "common")
    (folder / "short.yaml").write_text(SHORT, encoding="utf-8")
    (folder / "mute.yaml").write_text(MUTE, encoding="utf-8")
    return folder


@pytest.fixture
def in_the_way(tmp_path: Path) -> Path:
    """A folder of prompts in which something lies where the question is to be kept."""
    settings = load_settings(environ={"HATIF_PROMPTS__FOLDER": str(tmp_path / "prompts")})
    path = prompts_of(settings).path_of(QUESTION)
    path.mkdir(parents=True)
    return path


@pytest.fixture
def daemon(start_daemon: Callable[..., Any], folder: Path, in_the_way: Path) -> Any:
    return start_daemon(
        all_ready=False,
        HATIF_QUESTIONNAIRES__FOLDER=str(folder),
        HATIF_QUESTIONNAIRES__DEFAULT="short",
        HATIF_PROMPTS__FOLDER=str(in_the_way.parents[1]),
        HATIF_PROVIDERS__TWILIO__AUTH_TOKEN=AUTH_TOKEN,
        HATIF_SERVER__PUBLIC_URL=PUBLIC,
    )


async def twilio(daemon: Any, questionnaire: str) -> str:
    """What Twilio is told to do with a call."""
    path = f"/webhooks/twilio/answer/{questionnaire}"
    signed = PUBLIC + path + "".join(name + CALL[name] for name in sorted(CALL))
    signature = base64.b64encode(hmac.digest(AUTH_TOKEN.encode(), signed.encode(), "sha1")).decode()
    headers = {"X-Twilio-Signature": signature, "Content-Type": "application/x-www-form-urlencoded"}
    url = f"http://127.0.0.1:{daemon.port}{path}"
    body = urlencode(CALL).encode()
    async with aiohttp.ClientSession() as client, client.post(url, data=body, headers=headers) as answer:
        return await answer.text()


async def maqsam(daemon: Any, questionnaire: str) -> int:
    """The status that Maqsam's media socket is met with."""
    async with aiohttp.ClientSession() as client:
        try:
            url, headers = daemon.url(f"/ws/maqsam/{questionnaire}"), {"Auth": daemon.token}
            async with client.ws_connect(url, headers=headers):
                return 101
        except aiohttp.WSServerHandshakeError as refused:
            return refused.status


def put_right(in_the_way: Path) -> None:
    in_the_way.rmdir()


async def until(is_so: Callable[[], bool]) -> None:
    """Wait for what another process does."""
    async with asyncio.timeout(60):
        while not is_so():  # noqa: ASYNC110 - which tells no event
            await asyncio.sleep(0.05)


async def test_it_is_busy_until_it_is_put_right(daemon: Any, in_the_way: Path) -> None:
    """The others are asked meanwhile; the operator is told which, and why; a reload makes it ready."""
    await until(lambda: "questionnaire_not_ready" in daemon.log)
    await until(lambda: "mute is not ready, 1 of " in daemon.unready)  # looked at once a second
    assert '<Reject reason="busy"' in await twilio(daemon, "mute")
    assert await maqsam(daemon, "mute") == 503
    assert "<Stream " in await twilio(daemon, "short")
    assert await maqsam(daemon, "short") == 101
    assert '"reason": "not_rendered"' in daemon.log
    assert daemon.get("/readyz")[0] == 200

    put_right(in_the_way)
    daemon.process.send_signal(signal.SIGHUP)
    await until(lambda: not daemon.unready)
    assert "<Stream " in await twilio(daemon, "mute")
    assert await maqsam(daemon, "mute") == 101
