"""What the real daemon has loaded while it holds a call: nothing that belongs into a process of its own."""

from collections.abc import Callable
from importlib.metadata import distributions
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from licences import packages, read_judged, read_seen
from packaging.utils import canonicalize_name

pytestmark = pytest.mark.call

SETUP = '{"type": "session.setup", "data": {"context": {"id": 7, "direction": "inbound"}}}'


@pytest.fixture(scope="module")
def owners() -> dict[str, str]:
    """By every library that an installed package brings: the package."""
    return {
        str(Path(str(file.locate())).resolve()): canonicalize_name(one.name)
        for one in distributions()
        for file in one.files or ()
        if ".so" in file.name
    }


def loaded(pid: int, owners: dict[str, str]) -> set[str]:
    """The packages of which something is in a process's memory."""
    lines = Path(f"/proc/{pid}/maps").read_text(encoding="utf-8").splitlines()
    mapped = {line.partition("/")[1] + line.partition("/")[2] for line in lines if "/" in line}
    return {owners[path] for path in mapped if path in owners}


async def test_code_under_the_gpl_is_never_in_the_daemon(
    start_daemon: Callable[..., Any], owners: dict[str, str]
) -> None:
    """While a caller hears us, and with Opus on: each library is where docs/licences.md says."""
    daemon = start_daemon(all_ready=False, HATIF_PROVIDERS__BROWSER__OPUS="true")
    headers = {"Auth": daemon.token}
    async with (
        aiohttp.ClientSession() as client,
        client.ws_connect(daemon.url("/ws/maqsam"), headers=headers) as socket,
    ):
        await socket.send_str(SETUP)
        heard = [await socket.receive_json(timeout=30) for _ in range(3)]
        held = loaded(daemon.process.pid, owners)
        children = {module: loaded(pid, owners) for module, pid in daemon.children().items()}
    daemon.stop()

    assert "response.stream" in {message["type"] for message in heard}
    places = {one.name: one.process for one in packages(read_seen(), read_judged())}
    assert {"aiohttp", "numpy", "soxr"} <= held, "what is looked for can be seen"
    assert {name for name in held if places.get(name) != "daemon"} == set()
    assert "espeakng-loader" in children["bridge.speech.espeak.worker"]
    assert "vosk" in children["bridge.speech.vosk.worker"]
    assert "av" in children.get("bridge.speech.media.worker", {"av"})
