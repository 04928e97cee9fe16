"""Application sockets of the real daemon: jambonz asks on one connection what it could ask by webhooks."""

import asyncio
import json
import sqlite3
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import aiohttp
import numpy as np
import pytest

from bridge.carriers.base import CarrierCall
from bridge.carriers.caller import CallerFrame
from bridge.carriers.fake import CallOutcome, EndedBy, FakeCarrier
from bridge.carriers.lines import LineCaller, PauseLine, PressLine
from bridge.carriers.voice import LineNoise
from bridge.carriers.wires.jambonz import JambonzWire
from bridge.clock import Clock
from protocols.http import basic

PUBLIC = "https://hatif.example"
USER, PASSWORD = "jambonz", "the-application-password"
AUTHORIZATION = basic(USER, PASSWORD)
CALL = {
    "from": "+966500000001",
    "to": "+966110000001",
    "direction": "inbound",
    "call_status": "trying",
    "sip": {"method": "INVITE", "headers": {"via": "SIP/2.0/UDP 192.0.2.1"}, "body": "v=0\r\n" * 500},
    "service_provider_sid": "sample",
    "defaults": {"synthesizer": {"vendor": "google"}, "recognizer": {"vendor": "google"}},
}
PATH = "/application/jambonz/blood_pressure"


@pytest.fixture(scope="module")
def daemon(start_daemon: Any) -> Any:
    return start_daemon(
        questionnaires=("post_discharge", "blood_pressure"),
        HATIF_PROVIDERS__JAMBONZ__APPLICATION_USER=USER,
        HATIF_PROVIDERS__JAMBONZ__APPLICATION_PASSWORD=PASSWORD,
        HATIF_SERVER__PUBLIC_URL=PUBLIC,
        HATIF_SITE__PHONE="+966110000009",
    )


class Jambonz:
    """A feature server's requestor: it numbers what it asks, and waits for the `ack` of that number."""

    def __init__(self, socket: aiohttp.ClientWebSocketResponse, call_sid: str) -> None:
        self.socket = socket
        self.call_sid = call_sid
        self._number = 0

    async def tell(self, kind: str, **data: Any) -> str:
        """Send one message; its number."""
        self._number += 1
        msgid = f"m{self._number}"
        message = {"type": kind, "msgid": msgid, "call_sid": self.call_sid}
        await self.socket.send_json(message | {"data": {"call_sid": self.call_sid, **data}})
        return msgid

    async def ask(self, kind: str, **data: Any) -> Any:
        """Send one message; the verbs with which it is acknowledged, if there are any."""
        msgid = await self.tell(kind, **data)
        answer = await self.hear()
        assert (answer["type"], answer["msgid"]) == ("ack", msgid)
        return answer.get("data")

    async def hear(self) -> dict[str, Any]:
        """What is said next; jambonz takes text only."""
        async with asyncio.timeout(10):
            message = await self.socket.receive()
        assert message.type is aiohttp.WSMsgType.TEXT, message
        return dict(json.loads(message.data))


@asynccontextmanager
async def asking(
    daemon: Any, call_sid: str, path: str = PATH, auth: str = AUTHORIZATION
) -> AsyncIterator[Jambonz]:
    async with (
        aiohttp.ClientSession() as client,
        client.ws_connect(
            daemon.url(path), headers={"Authorization": auth}, protocols=("ws.jambonz.org",)
        ) as socket,
    ):
        assert socket.protocol == "ws.jambonz.org"
        yield Jambonz(socket, call_sid)


def media_url(daemon: Any, verbs: Any) -> str:
    """Where the verbs open the audio socket."""
    listen, then = verbs
    assert (listen["verb"], listen["bidirectionalAudio"]["streaming"]) == ("listen", True)
    assert then == {"verb": "hangup"}
    path = listen["url"].removeprefix("wss://hatif.example")
    assert path.startswith("/ws/jambonz/")
    return str(daemon.url(path))


async def until_kept(daemon: Any, call_sid: str, status: str) -> tuple[Any, ...]:
    """The record of a phone call, once it has this status."""
    query = "SELECT status, seconds, caller_number FROM phone_calls WHERE provider_call_id = ?"
    async with asyncio.timeout(10):
        while True:
            with sqlite3.connect(daemon.database) as database:
                row = database.execute(query, (call_sid,)).fetchone()
            if row and row[0] == status:
                return tuple(row)
            await asyncio.sleep(0.05)


async def test_a_call_is_offered_answered_held_and_reported(daemon: Any) -> None:
    """One connection says it all; the audio comes on another, with a token that is good once."""
    async with asking(daemon, "sid-1") as jambonz:
        url = media_url(daemon, await jambonz.ask("session:new", **CALL))
        await jambonz.tell("call:status", call_status="in-progress")
        await until_kept(daemon, "sid-1", "in_progress")
        async with aiohttp.ClientSession() as client:
            async with client.ws_connect(url, protocols=("audio.jambonz.org",)) as audio:
                info = {"callSid": "sid-1", "sampleRate": 8000, "mixType": "mono"}
                await audio.send_json(info)
                async with asyncio.timeout(10):
                    while (await audio.receive()).type is not aiohttp.WSMsgType.BINARY:
                        pass
            with pytest.raises(aiohttp.WSServerHandshakeError) as refused:
                await client.ws_connect(url, protocols=("audio.jambonz.org",))
            assert refused.value.status == 401
        await jambonz.tell("call:status", call_status="completed", duration=61)
        await jambonz.tell("call:status", call_status="ringing")
        assert await jambonz.ask("verb:hook") is None  # so what was told before is dealt with
    assert await until_kept(daemon, "sid-1", "completed") == ("completed", 61.0, "+966500000001")
    with sqlite3.connect(daemon.database) as database:
        query = "SELECT caller_number, callee_number, direction, questionnaire FROM calls"
        assert database.execute(query).fetchall() == [
            ("+966500000001", "+966110000001", "inbound", "blood_pressure")
        ]


class OnTheLine(LineCaller):
    """Presses 0 for a person, and stays until jambonz takes the audio socket away."""

    def __init__(self) -> None:
        super().__init__([PressLine("0"), PauseLine(60)], LineNoise(np.random.default_rng(0)))
        self.is_taken = False

    def tick(self, heard: bytes) -> CallerFrame:
        return CallerFrame(b"\xff" * 160, hang_up=True) if self.is_taken else super().tick(heard)


async def test_a_person_is_put_on_without_rest(daemon: Any) -> None:
    """The order goes to jambonz, who ends the audio: had we ended it, `hangup` would have come next."""
    caller = OnTheLine()
    carrier = FakeCarrier(JambonzWire(), caller, clock=Clock(4))
    call = CarrierCall("966500000001", "966110000001", "sid-2")
    async with asking(daemon, "sid-2") as jambonz:
        url = media_url(daemon, await jambonz.ask("session:new", **CALL))
        placed: asyncio.Task[CallOutcome] = asyncio.create_task(carrier.place(url, call=call, max_seconds=60))
        async with asyncio.timeout(60):
            order = json.loads((await jambonz.socket.receive()).data)
        await asyncio.sleep(0.5)  # jambonz takes its time; meanwhile nobody may end anything
        assert not placed.done()
        caller.is_taken = True
        outcome = await placed
    assert (order["type"], order["command"], order["queueCommand"]) == ("command", "redirect", False)
    assert order["data"][0]["target"] == [{"type": "phone", "number": "+966110000009"}]
    assert outcome.ended_by is EndedBy.CALLER
    assert '"transferred"' in daemon.log


async def test_a_call_that_another_application_gives_away_is_taken(daemon: Any) -> None:
    """Its first message is no `session:new`; after a lost connection nothing is offered again."""
    async with asking(daemon, "sid-3", "/application/jambonz") as jambonz:
        media_url(daemon, await jambonz.ask("session:redirect", **CALL))
    async with asking(daemon, "sid-3", "/application/jambonz") as jambonz:
        assert await jambonz.ask("session:reconnect", **CALL) is None


@pytest.mark.parametrize("auth", ["", basic(USER, "wrong"), basic("", PASSWORD)])
async def test_who_has_no_password_is_refused(daemon: Any, auth: str) -> None:
    """On the upgrade, before anything is read."""
    with pytest.raises(aiohttp.WSServerHandshakeError) as refused:
        async with asking(daemon, "sid-4", auth=auth):
            pass
    assert refused.value.status == 401


@pytest.mark.parametrize("path", ["/application/jambonz/no_such", "/application/twilio", "/application/x"])
async def test_what_is_not_there(daemon: Any, path: str) -> None:
    """No questionnaire, no application socket, no provider of that name."""
    with pytest.raises(aiohttp.WSServerHandshakeError) as refused:
        async with asking(daemon, "sid-5", path):
            pass
    assert refused.value.status == 404


@pytest.mark.parametrize(
    "messages",
    [
        ["no JSON"],
        [b"\x00\x01"],
        ['{"type":"session:new","data":{}}'],
        ['{"type":"session:new","msgid":"m","data":{"call_sid":7}}'],
        ['{"type":"session:new","msgid":"%s","data":{}}' % ("m" * 30_000)],
        ['{"type":"session:new","msgid":"1","data":{}}', '{"type":"session:new","msgid":"2","data":{}}'],
    ],
)
async def test_who_breaks_the_rules_is_closed_and_the_daemon_is_well(
    daemon: Any, messages: list[str | bytes]
) -> None:
    """Garbage, what lacks a number or has one that does not fit into an answer, a second call."""
    async with asking(daemon, "sid-6") as jambonz:
        for message in messages:
            if isinstance(message, bytes):
                await jambonz.socket.send_bytes(message)
            else:
                await jambonz.socket.send_str(message)
        async with asyncio.timeout(10):
            async for _ in jambonz.socket:
                pass
        assert jambonz.socket.close_code in {1003, 1008}
    async with asking(daemon, "sid-7") as jambonz:
        media_url(daemon, await jambonz.ask("session:new", **CALL))
    assert "Traceback" not in daemon.log
    assert "966500000001" not in daemon.log


@pytest.fixture(scope="module")
def bare(start_daemon: Any) -> Any:
    """One that nobody has configured for jambonz, and that waits a second for anybody's word."""
    return start_daemon(questionnaires=("post_discharge", "blood_pressure"), HATIF_SERVER__IDLE_SECONDS="1")


async def test_a_daemon_that_cannot_answer_says_so(bare: Any) -> None:
    """Without `server.public_url` audio has nowhere to go; without a password only this machine is served."""
    async with asking(bare, "sid-8", auth="") as jambonz:
        assert await jambonz.ask("session:new", **CALL) == [{"verb": "sip:decline", "status": 503}]


async def test_who_only_connects_is_closed(bare: Any) -> None:
    """Nobody holds a socket without a word."""
    async with asking(bare, "sid-9", auth="") as jambonz, asyncio.timeout(20):
        async for _ in jambonz.socket:
            pass
        assert jambonz.socket.close_code == 1008
