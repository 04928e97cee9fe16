"""Asterisk calls the whole daemon, over its WebSocket channel and over AudioSocket."""

import asyncio
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import aiohttp
import pytest
from aiohttp.test_utils import TestServer

from bridge.carriers.asterisk_pbx import AsteriskPbx
from bridge.carriers.base import CarrierCall, CarrierWire
from bridge.carriers.caller import CallerFrame
from bridge.carriers.fake import EndedBy, FakeCarrier
from bridge.carriers.wires.asterisk import AsteriskWire, Tongue
from bridge.carriers.wires.audiosocket import AudioSocketWire
from bridge.clock import Clock
from bridge.demo.daemon import free_port
from protocols.http import basic

pytestmark = pytest.mark.call

CLIENT = Path(__file__).parents[2] / "deploy" / "asterisk" / "websocket_client.conf"
SILENT = {0xFF, 0x7F}
CALL = CarrierCall("966500000001", "966110000001", "6fa459ea-ee8a-3ca4-894e-db77e160355e")
QUIET_FRAMES = 60


class Consenter:
    """Listens to the first prompt, consents by key, listens to the second and hangs up."""

    def __init__(self) -> None:
        self.prompts = 0
        self._is_sounding = False
        self._quiet = 0

    def tick(self, heard: bytes) -> CallerFrame:
        sounds = not SILENT.issuperset(heard)
        self._is_sounding |= sounds
        self._quiet = 0 if sounds else self._quiet + 1
        if not self._is_sounding or self._quiet < QUIET_FRAMES:
            return CallerFrame(b"\xff" * 160)
        self._is_sounding = False
        self.prompts += 1
        return CallerFrame(b"\xff" * 160, keys="1" if self.prompts == 1 else "", hang_up=self.prompts == 2)


@pytest.fixture(scope="module")
def answering(start_daemon: Callable[..., Any]) -> Any:
    """A daemon that Asterisk may call in every way."""
    port = free_port()
    daemon = start_daemon(
        HATIF_PROVIDERS__AUDIOSOCKET__LISTEN=f"127.0.0.1:{port}",
        HATIF_PROVIDERS__ASTERISK__PASSWORD=client()["password"],
    )
    daemon.audiosocket = f"tcp://127.0.0.1:{port}"
    return daemon


def client() -> dict[str, str]:
    """The section of the `websocket_client.conf` that operators are given."""
    lines = [line.partition(";")[0] for line in CLIENT.read_text(encoding="utf-8").splitlines()]
    return {
        key.strip(): value.strip() for key, found, value in (line.partition("=") for line in lines) if found
    }


def calls_of(daemon: Any, provider: str) -> list[tuple[str, str | None]]:
    with closing(sqlite3.connect(daemon.database)) as database:
        question = "SELECT provider_call_id, caller_number FROM calls WHERE provider = ?"
        return database.execute(question, (provider,)).fetchall()


@pytest.mark.parametrize("wire", [AudioSocketWire(sample_rate=16_000), AudioSocketWire(is_mute=True)])
async def test_a_call_over_audiosocket(answering: Any, wire: AudioSocketWire) -> None:
    """At 16 kHz; and begun without audio, by a caller who sends none at first."""
    caller = Consenter()
    outcome = await carrier(wire, caller).place(answering.audiosocket, call=CALL, max_seconds=120)

    assert (caller.prompts, outcome.ended_by, outcome.detail) == (2, EndedBy.CALLER, "")
    assert (CALL.call_id, None) in calls_of(answering, "audiosocket")


@pytest.mark.parametrize(
    "wire",
    [
        AsteriskWire(tongue=Tongue.PLAIN, knows_marks=False),
        AsteriskWire(tongue=Tongue.JSON, codec="slin16", auto_answers=False),
    ],
)
async def test_a_call_over_the_websocket_channel(answering: Any, wire: AsteriskWire) -> None:
    """With the client that operators are given: in plain text of an old release, in JSON of a new one."""
    given, caller = client(), Consenter()
    outcome = await carrier(wire, caller).place(
        answering.url(urlsplit(given["uri"]).path),
        call=CALL,
        token=f"{given['username']}:{given['password']}",
        max_seconds=120,
    )

    assert (caller.prompts, outcome.ended_by, outcome.detail) == (2, EndedBy.CALLER, "")
    assert outcome.marks > 0
    assert (CALL.call_id, CALL.from_number) in calls_of(answering, "asterisk")


async def test_whoever_shows_another_password_is_refused(answering: Any) -> None:
    """Before anything is opened."""
    outcome = await carrier(AsteriskWire(), Consenter()).place(
        answering.url("/ws/asterisk"), call=CALL, token="hatif:wrong"
    )

    assert (outcome.ended_by, outcome.http_status) == (EndedBy.REFUSED, 401)


async def test_the_subprotocol_is_the_one_that_asterisk_asks_for(answering: Any) -> None:
    """It refuses another one; and no extension may be answered."""
    given = client()
    async with (
        aiohttp.ClientSession() as http,
        http.ws_connect(
            answering.url("/ws/asterisk"),
            protocols=[given["protocols"]],
            headers={"Authorization": basic(given["username"], given["password"])},
        ) as socket,
    ):
        assert (socket.protocol, socket.compress) == ("media", 0)


async def test_a_call_that_hatif_fetches(start_daemon: Callable[..., Any]) -> None:
    """The daemon connects to Asterisk: a whole call, after which the caller goes on in the dialplan."""
    caller = Consenter()
    shown = basic("hatif", "secret")
    args = ("call=17.1", "direction=inbound", "caller=+966500000001")
    pbx = AsteriskPbx(caller, clock=Clock(speed=4), authorization=shown, args=args)
    async with TestServer(pbx.application(), shutdown_timeout=0.1) as server:
        daemon = await asyncio.to_thread(
            start_daemon,
            HATIF_PROVIDERS__ASTERISK__APP="hatif",
            HATIF_PROVIDERS__ASTERISK__ARI_URL=str(server.make_url("/ari")),
            HATIF_PROVIDERS__ASTERISK__ARI_PASSWORD="secret",
        )
        async with asyncio.timeout(120):
            outcome = await pbx.outcome
            await pbx.sent_on.wait()

    assert (caller.prompts, outcome.ended_by, outcome.detail) == (2, EndedBy.CALLER, "")
    assert pbx.faults == []
    assert outcome.marks > 0
    assert calls_of(daemon, "asterisk") == [("17.1", "+966500000001")]


def carrier(wire: CarrierWire, caller: Consenter) -> FakeCarrier:
    return FakeCarrier(wire, caller, clock=Clock(speed=4))
