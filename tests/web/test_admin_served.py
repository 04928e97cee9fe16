"""The operator's interface of the real daemon, over its socket and over the network."""

import asyncio
import json
from typing import Any

import aiohttp
import pytest
from typed import typed

pytestmark = pytest.mark.call

SETUP = {"type": "session.setup", "data": {"context": {"id": 77, "caller_number": "96651234567"}}}


def admin(daemon: Any) -> aiohttp.ClientSession:
    """A client of the file that only the daemon's user can open."""
    return aiohttp.ClientSession("http://hatif", connector=aiohttp.UnixConnector(str(daemon.admin_socket)))


async def found(client: aiohttp.ClientSession) -> dict[str, Any]:
    """Our call, as soon as its first question is open."""
    async with asyncio.timeout(30):
        while True:
            async with client.get("/admin/sessions") as response:
                page = await response.text()
            assert "96651234567" not in page
            for call in json.loads(page)["sessions"]:
                if call["stage"] == "in_progress" and call["item"]:
                    return dict(call)
            await asyncio.sleep(0.05)


async def test_an_operator_finds_a_call_and_ends_it(daemon: Any) -> None:
    """It is listed without its number, its caller hears a last sentence, and the log says who did it."""
    headers = {"Auth": daemon.token}
    async with admin(daemon) as client, aiohttp.ClientSession() as carrier:
        async with carrier.ws_connect(daemon.url("/ws/maqsam"), headers=headers) as socket:
            await socket.send_json(SETUP)
            call = await found(client)
            place = {"HATIF_ADMIN__SOCKET": str(daemon.admin_socket), "COLUMNS": "200"}
            listed = await asyncio.to_thread(typed, "calls", "list", **place)
            assert call["id"][:12] in listed.stdout
            status = json.loads((await asyncio.to_thread(typed, "status", "--json", "-", **place)).stdout)
            assert status["most_calls"] == 50
            assert status["calls"] >= 1
            assert status["questionnaires"]["post_discharge"] == "ready"
            ended = await asyncio.to_thread(typed, "calls", "end", call["id"][:12], **place)
            assert (ended.returncode, ended.stdout) == (0, f"{call['id']}: its caller is being told\n")
            async with asyncio.timeout(30):
                said = [json.loads(message.data)["type"] async for message in socket]
        async with client.get("/admin/audit?limit=500") as response:
            rows = (await response.json())["entries"]
    assert (call["item"], call["provider"]) == ("consent", "maqsam")
    assert "response.stream" in said
    assert said[-1] == "call.hangup"
    noted = [row for row in rows if row["action"] == "session.end"]
    assert [(row["principal"], row["object"]) for row in noted] == [("local", call["id"])]


async def test_health_names_the_engines(daemon: Any) -> None:
    """The recogniser's process and the voice's, with their restarts; nothing of it for strangers."""
    async with admin(daemon) as client, client.get("/admin/health") as response:
        health = await response.json()
    engines = {engine["name"]: engine for engine in health["engines"]}
    assert {"vosk", "espeak"} <= engines.keys()
    assert all(engine["ready"] and engine["memory_bytes"] > 10**6 for engine in engines.values())
    assert daemon.get("/admin/health")[0] in {401, 403}
    assert daemon.get("/maqsam/status")[1]["guarded"] is True
