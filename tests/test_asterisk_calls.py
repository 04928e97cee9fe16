"""Hatif connects to Asterisk: the application, the media socket, and what is left behind."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from aiohttp.test_utils import TestServer
from hypothesis import given, settings
from hypothesis import strategies as st

from bridge.admission import Admission, Busy, BusyReason, Seat
from bridge.asterisk_calls import AsteriskCalls
from bridge.carriers.asterisk_pbx import CALLER_CHANNEL, AsteriskPbx
from bridge.carriers.caller import CallerFrame
from bridge.carriers.leg import EndedBy
from bridge.clock import Clock
from bridge.errors import ConfigError
from bridge.identity.principal import DEFAULT_TENANT
from bridge.line import Line, Messages
from bridge.phone_control import PhoneControl
from protocols import CallDetails, Direction, HangUp, PlayAudio
from protocols.asterisk import AsteriskOptions
from protocols.asterisk_app import AsteriskApp
from protocols.errors import RemoteProtocolError
from protocols.http import HttpResponse, basic

CAPTURES = Path(__file__).parent / "captures" / "asterisk"
PASSWORD = "ari password"
ARGS = ("questionnaire=phq2", "direction=inbound", "caller=+966500000001", "called=8001", "visit=a%2C b")
PREFIX = f"/ari/channels/{CALLER_CHANNEL}"
MEDIA = f"hatif-media-{CALLER_CHANNEL}"


async def eventually(is_so: Callable[[], bool]) -> None:
    """Wait until something is so."""
    while not is_so():  # noqa: ASYNC110 - what is watched knows no events
        await asyncio.sleep(0.01)


class Listener:
    """Says nothing, and hears whether anything was said."""

    def __init__(self) -> None:
        self.heard = 0

    def tick(self, heard: bytes) -> CallerFrame:
        self.heard += any(byte not in (0xFF, 0x7F) for byte in heard)
        return CallerFrame(b"\xff" * 160)


class Board:
    """Stands for the switchboard: greets whoever comes, and hangs up, or waits for them to."""

    def __init__(self, *, busy: bool = False, waits: bool = False) -> None:
        self.admission = Admission(1)
        self.number: str | None = None
        self.details: CallDetails | None = None
        self.asked: list[str | None] = []
        self.is_over = asyncio.Event()
        self._busy = busy
        self._waits = waits

    def admit_to(self, _questionnaire: str | None, *, number: str | None, provider: str) -> Seat | Busy:
        assert provider == "asterisk"
        self.number = number
        return Busy(BusyReason.FULL) if self._busy else self.admission.place()

    def questionnaire(self, name: str | None) -> Any:
        self.asked.append(name)
        return None if name == "unknown" else object()

    async def connect(
        self,
        protocol: Any,
        questionnaire: Any,
        messages: Messages,
        send: Any,
        *,
        seat: Seat,
    ) -> None:
        assert seat.tenant == DEFAULT_TENANT
        line = Line(protocol, clock=Clock(), send=send)
        directions = [asyncio.create_task(each) for each in (line.read(messages), line.write())]
        self.details = await line.introduction
        line.command(PlayAudio(b"\x20" * 1600))
        await line.flush()
        if self._waits:
            await eventually(lambda: line.is_gone)
        line.command(HangUp())
        await line.flush()
        for direction in directions:
            direction.cancel()
        await asyncio.gather(*directions, return_exceptions=True)
        self.is_over.set()


@asynccontextmanager
async def attending(
    pbx: AsteriskPbx, board: Board, password: str = PASSWORD
) -> AsyncIterator[asyncio.Task[None]]:
    """The application, beside a running Asterisk."""
    async with TestServer(pbx.application(), shutdown_timeout=0.1) as server, aiohttp.ClientSession() as http:
        url = str(server.make_url("/ari"))
        options = AsteriskOptions(app="hatif", ari_url=url, ari_password=password)
        control = PhoneControl({"asterisk": options}, http=http, clock=Clock(), first_pause_seconds=0.01)
        calls = AsteriskCalls(switchboard=board, options=options, control=control, http=http)  # type: ignore[arg-type]
        running = asyncio.create_task(calls.run())
        yield running
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)


@pytest.fixture
async def asterisk() -> Callable[..., AsteriskPbx]:
    def start(**options: Any) -> AsteriskPbx:
        shown = basic("hatif", PASSWORD)
        return AsteriskPbx(options.pop("caller", Listener()), clock=Clock(), authorization=shown, **options)

    return start


async def test_a_caller_is_fetched_talked_to_and_sent_on(asterisk: Callable[..., AsteriskPbx]) -> None:
    """Media channel, answer, bridge; the same words on the socket; nothing is left behind."""
    caller, board = Listener(), Board()
    pbx = asterisk(caller=caller, args=ARGS)
    async with attending(pbx, board), asyncio.timeout(20):
        outcome = await pbx.outcome
        await pbx.sent_on.wait()

    assert pbx.faults == []
    assert outcome.ended_by is EndedBy.HATIF_HUNG_UP
    assert board.asked == ["phq2"]
    assert board.details is not None
    assert board.details.stream_id
    assert (board.details.provider_call_id, board.details.custom) == (CALLER_CHANNEL, {"visit": "a, b"})
    assert (board.details.caller_number, board.details.callee_number) == ("+966500000001", "8001")
    assert board.details.direction is Direction.INBOUND
    assert board.number == "8001"
    assert board.admission.active == 0
    assert pbx.requests == [
        "GET /ari/events",
        "POST /ari/channels/externalMedia",
        f"POST {PREFIX}/answer",
        f"POST /ari/bridges/hatif-{CALLER_CHANNEL}",
        f"POST /ari/bridges/hatif-{CALLER_CHANNEL}/addChannel",
        f"DELETE /ari/channels/{MEDIA}",
        f"DELETE /ari/bridges/hatif-{CALLER_CHANNEL}",
        f"POST {PREFIX}/continue",
    ]


async def test_a_call_that_we_placed_is_answered_already(asterisk: Callable[..., AsteriskPbx]) -> None:
    """Its channel is up when it comes; the dialplan says that it is ours."""
    board = Board()
    pbx = asterisk(args=("direction=outbound", "called=+966500000001"), state="Up")
    async with attending(pbx, board), asyncio.timeout(20):
        await pbx.sent_on.wait()

    assert f"POST {PREFIX}/answer" not in pbx.requests
    assert board.details is not None
    assert board.details.subject_number == "+966500000001"
    assert board.asked == [None]


async def test_a_caller_who_hangs_up_ends_the_call(asterisk: Callable[..., AsteriskPbx]) -> None:
    """The media channel would stay in the bridge: it is closed by us."""
    board = Board(waits=True)
    pbx = asterisk(args=ARGS)
    async with attending(pbx, board), asyncio.timeout(20):
        await eventually(lambda: board.details is not None)
        await pbx.leave()
        await board.is_over.wait()
        await pbx.sent_on.wait()

    assert (await pbx.outcome).ended_by is EndedBy.HATIF_HUNG_UP  # the leg's word for a closed socket
    assert f"DELETE /ari/channels/{MEDIA}" in pbx.requests


async def test_when_all_lines_are_taken_the_caller_hears_busy(asterisk: Callable[..., AsteriskPbx]) -> None:
    """And no media channel is made."""
    pbx = asterisk(args=ARGS)
    async with attending(pbx, Board(busy=True)), asyncio.timeout(20):
        await eventually(lambda: f"DELETE {PREFIX}" in pbx.requests)

    assert "POST /ari/channels/externalMedia" not in pbx.requests


async def test_an_unknown_questionnaire_is_no_call(asterisk: Callable[..., AsteriskPbx]) -> None:
    """The caller goes on in the dialplan, which may put them through to somebody."""
    pbx = asterisk(args=("questionnaire=unknown",))
    async with attending(pbx, Board()), asyncio.timeout(20):
        await pbx.sent_on.wait()

    assert "POST /ari/channels/externalMedia" not in pbx.requests


async def test_a_wrong_password_is_tried_again_later(asterisk: Callable[..., AsteriskPbx]) -> None:
    """It neither ends the daemon nor keeps it busy."""
    pbx = asterisk()
    async with attending(pbx, Board(), password="another") as running, asyncio.timeout(20):
        await eventually(lambda: len(pbx.requests) > 1)
        assert not running.done()


async def test_what_is_missing_is_told_at_start() -> None:
    """An application without an ARI to go to."""
    async with aiohttp.ClientSession() as http:
        control = PhoneControl({}, http=http, clock=Clock())
        with pytest.raises(ConfigError, match=r"providers\.asterisk\.ari_url"):
            AsteriskCalls(
                switchboard=Board(),  # type: ignore[arg-type]
                options=AsteriskOptions(app="hatif"),
                control=control,
                http=http,
            )


def test_what_asterisk_answers_says_where_the_media_channel_waits() -> None:
    """As it was recorded of a channel that Asterisk opened; of one that waits the identifier is a UUID."""
    app = AsteriskApp(AsteriskOptions(app="hatif", ari_url="https://pbx:8089/ari/", ari_password="x"))
    recorded = (CAPTURES / "ari-media-channel.json").read_bytes()

    assert app.media_url(HttpResponse(200, recorded)) == "wss://pbx:8089/media/bridge"
    assert app.media_url(HttpResponse(409, b"{}")) is None
    assert app.media_url(HttpResponse(200, b"no JSON")) is None


@given(message=st.text() | st.binary())
@settings(deadline=None)
def test_any_event_is_read_or_refused(message: str | bytes) -> None:
    """Neither ARI nor anybody in its place can bring the application down."""
    app = AsteriskApp(AsteriskOptions(app="hatif", ari_url="http://pbx/ari", ari_password="x"))
    with suppress(RemoteProtocolError):
        app.read(message)
