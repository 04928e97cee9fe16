"""`bridge.demo.daemon`: the daemon of a demonstration begins, and ends, as a process."""

import asyncio
import os
import signal
import socket
import sys
from pathlib import Path

import pytest

from bridge.demo import daemon as module
from bridge.demo.daemon import DaemonProcess, DaemonSetup, DemoError, free_port


def setup_in(folder: Path, **changes: object) -> DaemonSetup:
    return DaemonSetup.new(folder / "config.yaml", folder, port=None, speed=4.0)


def serve_instead(monkeypatch: pytest.MonkeyPatch, folder: Path, script: str) -> None:
    """Let the "interpreter" be a program of the test's own: the process is real, the daemon is not needed."""
    program = folder / "python"
    program.write_text(f"#!{sys.executable}\n{script}\n", encoding="utf-8")
    program.chmod(0o700)
    monkeypatch.setattr(module.sys, "executable", str(program))


def is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


READY = """
import http.server, os, signal, sys
signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
class Handler(http.server.BaseHTTPRequestHandler):
    asked = 0
    def do_GET(self):
        Handler.asked += 1
        ready = Handler.asked > 1
        self.send_response(200 if ready else 503)
        self.end_headers()
        self.wfile.write(b'{"ready": true, "reasons": []}' if ready else b'{"reasons": ["recogniser"]}')
http.server.HTTPServer(("127.0.0.1", int(os.environ["HATIF_SERVER__PORT"])), Handler).serve_forever()
"""

STUBBORN = """
import signal, time
signal.signal(signal.SIGTERM, signal.{manners})
print("up", flush=True)
time.sleep(60)
"""


async def fail_within(daemon: DaemonProcess, log: Path) -> None:
    async with daemon:
        while "up" not in log.read_text():  # noqa: ASYNC110, ASYNC240 - another process writes it
            await asyncio.sleep(0.02)
        raise RuntimeError("in the middle")


def test_the_users_own_settings_stay_out(tmp_path: Path) -> None:
    """A demonstration shows the shipped configuration, whatever the user's daemon is set to."""
    found = setup_in(tmp_path).environment({"HATIF_SERVER__HOST": "::", "hatif_x": "1", "PATH": "/bin"})

    assert found["HATIF_SERVER__HOST"] == "127.0.0.1"
    assert "hatif_x" not in found
    assert (found["PATH"], found["HATIF_CLOCK__SPEED"]) == ("/bin", "4")
    assert found["HATIF_STORAGE__PATH"] == str(tmp_path / "hatif.db")


def test_the_users_voice_speaks(tmp_path: Path) -> None:
    """A demonstration is how one hears an engine in a call."""
    chosen = {"HATIF_VOICE__ENGINE": "server", "HATIF_SPEECH_SERVER__URL": "http://127.0.0.1:9"}

    assert setup_in(tmp_path).environment(chosen).items() >= chosen.items()


def test_prompts_may_be_kept_for_the_next_one(tmp_path: Path) -> None:
    """They are known by their content; unless told otherwise a demonstration makes its own."""
    assert setup_in(tmp_path).environment({})["HATIF_PROMPTS__FOLDER"] == str(tmp_path / "prompts")
    kept = setup_in(tmp_path).environment({"HATIF_PROMPTS__FOLDER": "/var/kept"})
    assert kept["HATIF_PROMPTS__FOLDER"] == "/var/kept"


def test_every_demonstration_has_secrets_of_its_own(tmp_path: Path) -> None:
    """Nothing shipped, nothing reused, long enough to sign with."""
    one, other = setup_in(tmp_path), setup_in(tmp_path)

    assert one.carrier_token != other.carrier_token
    assert one.token_secret != other.token_secret
    assert len(one.token_secret) >= 32


def test_a_free_port_is_free() -> None:
    """The port can be bound at once."""
    port = free_port()

    with socket.socket() as probe:
        probe.bind(("127.0.0.1", port))


async def test_readiness_is_waited_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Until /readyz says 200, the daemon's own reasons are shown."""
    serve_instead(monkeypatch, tmp_path, READY)
    reasons: list[str] = []

    async with DaemonProcess(setup_in(tmp_path)) as daemon:
        await daemon.ready(reasons.append)

    assert reasons[0] == "recogniser"


async def test_a_daemon_that_dies_shows_its_last_words(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The error carries the end of the log, so that nobody has to look for it."""
    serve_instead(
        monkeypatch, tmp_path, "import sys; print('model: no such folder', file=sys.stderr); sys.exit(3)"
    )

    async with DaemonProcess(setup_in(tmp_path)) as daemon:
        with pytest.raises(DemoError, match=r"(?s)status 3 .*model: no such folder"):
            await daemon.ready(lambda _: None)


async def test_a_daemon_that_never_gets_ready_is_given_up(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Waiting has an end."""
    serve_instead(monkeypatch, tmp_path, "import time; time.sleep(60)")
    monkeypatch.setattr(module, "READY_SECONDS", 0.3)

    async with DaemonProcess(setup_in(tmp_path)) as daemon:
        with pytest.raises(DemoError, match=r"not ready within 0\.3 s"):
            await daemon.ready(lambda _: None)


@pytest.mark.parametrize("manners", ["SIG_DFL", "SIG_IGN"])
async def test_no_daemon_is_left_behind(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, manners: str
) -> None:
    """An exception ends the daemon too, and one that does not heed SIGTERM is killed."""
    serve_instead(monkeypatch, tmp_path, STUBBORN.format(manners=manners))
    monkeypatch.setattr(module, "STOP_SECONDS", 0.5)
    daemon = DaemonProcess(setup_in(tmp_path))

    with pytest.raises(RuntimeError, match="in the middle"):
        await fail_within(daemon, tmp_path / "daemon.log")

    assert daemon._process is not None
    assert not is_alive(daemon._process.pid)
    assert daemon._process.returncode == -(signal.SIGTERM if manners == "SIG_DFL" else signal.SIGKILL)
