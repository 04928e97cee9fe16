"""The real daemon as it is deployed: configured as in its image, behind nginx, looked at from outside."""

import json
import os
import re
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from aiohttp import WSMsgType
from behind_nginx import FRONT, make_site, nginx_command
from dockerfile import read_dockerfile
from programs import needs
from readme import commands_under
from typed import typed

from bridge.carriers.base import CarrierCall
from bridge.carriers.wires.generic import GenericWire
from bridge.demo.daemon import free_port
from bridge.web.other_paths import OTHER_PATHS

ROOT = Path(__file__).parents[2]
SECRET = "of the service, and as long as it has to be"
TOKEN = "of Maqsam"
READY_SECONDS = 20.0

pytestmark = [pytest.mark.call, needs("nginx")]


@dataclass(frozen=True)
class Deployed:
    """A daemon, and where nginx passes calls on to it."""

    daemon: Any
    url: str
    authority: Path


@pytest.fixture(scope="module")
def deployed(
    start_daemon: Callable[..., Any], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Deployed]:
    """By the names of other guides, as at a hoster."""
    folder, secure = tmp_path_factory.mktemp("nginx"), free_port()
    data = tmp_path_factory.mktemp("data")
    daemon = start_daemon(
        config=ROOT / "deploy/container/config.yaml",
        all_ready=False,
        HATIF_PROVIDERS__MAQSAM__TOKEN="",
        HATIF_TOKENS__SECRET="",
        HATIF_SERVER__HOST="127.0.0.1",
        HATIF_SERVER__TRUSTED_PROXIES="127.0.0.1,::1",
        HATIF_STORAGE__BACKUPS=str(data / "backups"),
        HATIF_VOICES__FOLDER=str(data / "voices"),
        VOICE_SERVICE_URL=f"https://localhost:{secure}",
        VOICE_SERVICE_SECRET=SECRET,
        JWT_SECRET="another one, of the tokens that it signs",
        MAQSAM_TOKEN=TOKEN,
    )
    make_site(folder, behind=daemon.port, secure=secure, plain=free_port())
    nginx = subprocess.Popen([*nginx_command(folder), "-g", FRONT])
    try:
        _until_it_listens(secure)
        yield Deployed(daemon, f"https://localhost:{secure}", folder / "tls/fullchain.pem")
    finally:
        nginx.terminate()
        nginx.wait(READY_SECONDS)


def _until_it_listens(port: int) -> None:
    deadline = time.monotonic() + READY_SECONDS
    while time.monotonic() < deadline:
        with suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
            return
        time.sleep(0.05)
    pytest.fail("nginx does not listen")


def verify(deployed: Deployed, *arguments: str, **environment: str) -> tuple[int, dict[str, dict[str, Any]]]:
    """`hatif verify` as it is typed, and its report by subject."""
    done = subprocess.run(
        [sys.executable, "-m", "bridge", "verify", deployed.url, "--speed", "4", "--json", "-", *arguments],
        env={**os.environ, "SSL_CERT_FILE": str(deployed.authority), **environment},
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stdout, done.stderr
    return done.returncode, {each["subject"]: each for each in json.loads(done.stdout)}


def test_nothing_is_wrong_with_it(deployed: Deployed) -> None:
    """Certificate, health, tokens, limits, what strangers are kept from, and a call that is spoken to."""
    environment = {"VOICE_SERVICE_SECRET": SECRET, "MAQSAM_TOKEN": TOKEN}
    status, checks = verify(deployed, **environment)
    assert {name: each for name, each in checks.items() if each["state"] != "good"} == {}
    assert status == 0
    assert re.search("first words after .* ended by hatif_hung_up", checks["a call of maqsam"]["detail"])
    assert checks["certificate"]["detail"].startswith("for localhost, until")


def test_a_wrong_credential_is_found(deployed: Deployed) -> None:
    """Of the call and of the service; nothing else is bad, and no secret is shown."""
    status, checks = verify(deployed, "--token", "wrong", "--secret", "wrong", "--max-seconds", "5")
    bad = {name for name, each in checks.items() if each["state"] == "bad"}
    assert (status, bad) == (1, {"GET /auth/token", "/ws/healthcare-questionnaire", "a call of maqsam"})
    assert checks["a call of maqsam"]["detail"] == "was not taken: 401"


def test_a_call_that_is_cut_off_proves_nothing(deployed: Deployed) -> None:
    """A deployment whose calls never end would look the same: a warning, and the exit status of one."""
    status, checks = verify(deployed, "--token", TOKEN, "--max-seconds", "5")
    assert {name for name, each in checks.items() if each["state"] == "warning"} == {"a call of maqsam"}
    assert status == 1


def test_the_first_call_of_the_readme_is_stored_whole(deployed: Deployed) -> None:
    """It is typed as it stands there, but for the address; its id leads to every answer."""
    daemon = deployed.daemon
    ((_, _, _, *words),) = [
        line for line in commands_under("Your own daemon") if line[:2] == ["hatif", "call"]
    ]
    options = ("--token", TOKEN, "--speed", "4", "--save", daemon.folder / "call.wav", "--json", "-")
    called = typed("call", daemon.url("/ws/maqsam"), *words, *options, folder=ROOT)
    report = json.loads(called.stdout)
    assert (report["outcome"]["ended_by"], report["lines_left"]) == ("hatif_hung_up", 0)
    shown = typed(
        "answers", "show", report["call_id"], "--json", "-", HATIF_STORAGE__PATH=str(daemon.database)
    )
    stored = json.loads(shown.stdout)
    assert stored["call"]["disposition"] == "completed"
    pressed = [each["then"] for each in report["exchanges"] if each["then"].startswith("pressed")]
    assert [each["status"] for each in stored["answers"]] == ["answered"] * len(pressed)


@pytest.mark.parametrize("path", OTHER_PATHS)
async def test_addresses_of_other_guides_take_calls(deployed: Deployed, path: str) -> None:
    """As those guides show it: the service secret in a first message; a wrong one closes the socket."""
    (start,) = GenericWire().open(CarrierCall("+9661", "+9662", "a call"))
    heard = []
    for secret in (SECRET, "wrong"):
        async with aiohttp.ClientSession() as client, client.ws_connect(deployed.daemon.url(path)) as opened:
            await opened.send_json({"type": "auth", "secret": secret})
            await opened.send_str(start)
            message = await opened.receive(timeout=10)
            heard.append(json.loads(message.data)["type"] if message.type is WSMsgType.TEXT else message.data)
    assert heard == ["ready", 1008]


def test_the_image_knows_that_it_lives(deployed: Deployed) -> None:
    """Its health check asks the port that the hoster chose; nobody there is a failure."""
    (check,) = [
        each for each in read_dockerfile((ROOT / "Dockerfile").read_text())[-1] if each.name == "HEALTHCHECK"
    ]
    python, *arguments = json.loads(check.rest.partition("CMD ")[2])
    assert python == "python"
    for port, lives in ((deployed.daemon.port, True), (free_port(), False)):
        done = subprocess.run(
            [sys.executable, *arguments], env={"PORT": str(port)}, capture_output=True, check=False
        )
        assert (done.returncode == 0) is lives
