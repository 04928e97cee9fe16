"""Placing one call: what the provider is asked, what is kept, what is refused before anybody is called."""

import sqlite3
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, closing
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs
from xml.etree.ElementTree import fromstring

import msgspec
import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from bridge.config import Settings, load_settings
from bridge.dialling import Wanted, place
from bridge.errors import ConfigError
from bridge.identity.streams import StreamTokens
from bridge.phone_control import ControlError
from protocols.asterisk_app import CallerWaits, facts_of

SECRET = "s" * 48
WANTED = Wanted(provider="twilio", to="+966500000001", from_="+966110000001", questionnaire="phq2")


@asynccontextmanager
async def provider(asked: list[dict[str, str]], status: int = 201) -> AsyncIterator[str]:
    """Twilio's REST interface; its address."""

    async def handle(request: web.Request) -> web.Response:
        form = parse_qs((await request.read()).decode())
        asked.append({name: values[0] for name, values in form.items()})
        return web.json_response({"sid": "CA9"}, status=status)

    app = web.Application()
    app.router.add_post("/{path:.*}", handle)
    async with TestServer(app) as server:
        yield str(server.make_url(""))


@pytest.fixture
def settings(tmp_path: Path) -> Callable[..., Settings]:
    def load(**environment: str) -> Settings:
        needed = {
            "HATIF_STORAGE__PATH": str(tmp_path / "hatif.db"),
            "HATIF_TOKENS__SECRET": SECRET,
            "HATIF_SERVER__PUBLIC_URL": "https://hatif.example",
            "HATIF_SITE__CRISIS_NUMBER": "+966110000009",
            "HATIF_PROVIDERS__TWILIO__ACCOUNT_SID": "AC1",
            "HATIF_PROVIDERS__TWILIO__AUTH_TOKEN": "t",
        }
        return load_settings(environ={name: text for name, text in (needed | environment).items() if text})

    return load


async def test_a_call_is_placed_and_known_before_it_is_answered(
    settings: Callable[..., Settings], tmp_path: Path
) -> None:
    """Its stream's token names the questionnaire, and leads to the numbers."""
    asked: list[dict[str, str]] = []
    async with provider(asked) as url:
        placed = await place(WANTED, settings(HATIF_PROVIDERS__TWILIO__API_URL=url))
    (stream,) = fromstring(asked[0]["Twiml"]).findall("Connect/Stream")  # noqa: S314 - our own
    claims = StreamTokens(SECRET).read(str(stream.get("url")).rpartition("/")[2], provider="twilio")

    assert "MachineDetection" not in asked[0]
    assert (placed.provider_call_id, placed.questionnaire) == ("CA9", "phq2")
    assert (asked[0]["To"], asked[0]["From"], claims.questionnaire) == (WANTED.to, WANTED.from_, "phq2")
    with closing(sqlite3.connect(tmp_path / "hatif.db")) as database:
        query = (
            "SELECT provider_call_id, callee_number, direction, status FROM phone_calls WHERE reference = ?"
        )
        kept = database.execute(query, (claims.call,)).fetchall()
    assert kept == [("CA9", WANTED.to, "outbound", "initiated")]


async def test_machines_are_detected_where_that_is_wanted(settings: Callable[..., Settings]) -> None:
    """What is found comes to our status address."""
    asked: list[dict[str, str]] = []
    wanted = msgspec.structs.replace(WANTED, detect_machine=True)
    async with provider(asked) as url:
        await place(wanted, settings(HATIF_PROVIDERS__TWILIO__API_URL=url))

    assert (asked[0]["MachineDetection"], asked[0]["AsyncAmdStatusCallback"]) == (
        "Enable",
        "https://hatif.example/webhooks/twilio/status",
    )


@pytest.mark.parametrize(
    ("changed", "environment", "complaint"),
    [
        ({"to": "0500000001"}, {}, "--to: .*966"),
        ({"from_": "clinic"}, {}, "--from: .*966"),
        ({"questionnaire": "no_such"}, {}, "no_such"),
        ({}, {"HATIF_QUESTIONNAIRES__ALLOW_DRAFT": "false"}, "draft|default"),
        ({}, {"HATIF_SERVER__PUBLIC_URL": ""}, "public_url"),
        ({}, {"HATIF_TOKENS__SECRET": ""}, "tokens.secret"),
    ],
)
async def test_nobody_is_called_where_something_is_missing(
    settings: Callable[..., Settings], changed: dict[str, Any], environment: dict[str, str], complaint: str
) -> None:
    """Everything is looked at first; the sentence says what to do."""
    asked: list[dict[str, str]] = []
    async with provider(asked) as url:
        with pytest.raises(ConfigError, match=complaint):
            await place(
                msgspec.structs.replace(WANTED, **changed),
                settings(HATIF_PROVIDERS__TWILIO__API_URL=url, **environment),
            )
    assert asked == []


async def test_a_provider_that_refuses_is_told_of(settings: Callable[..., Settings]) -> None:
    """Nothing is kept of a call that never was."""
    async with provider([], status=401) as url:
        with pytest.raises(ControlError, match="401"):
            await place(WANTED, settings(HATIF_PROVIDERS__TWILIO__API_URL=url))


async def test_a_provider_that_is_not_dialled_like_that_says_how(settings: Callable[..., Settings]) -> None:
    """Maqsam's calls are placed by its own campaigns."""
    with pytest.raises(ControlError, match="campaigns"):
        await place(msgspec.structs.replace(WANTED, provider="maqsam"), settings())


async def test_a_call_that_we_fetch_needs_no_address_of_ours(settings: Callable[..., Settings]) -> None:
    """Asterisk is told which questionnaire it is for; neither token nor origin is needed."""
    asked: list[dict[str, Any]] = []

    async def handle(request: web.Request) -> web.Response:
        asked.append(await request.json())
        return web.json_response({"id": asked[0]["channelId"]})

    app = web.Application()
    app.router.add_post("/ari/channels", handle)
    async with TestServer(app) as server:
        placed = await place(
            msgspec.structs.replace(WANTED, provider="asterisk"),
            settings(
                HATIF_SERVER__PUBLIC_URL="",
                HATIF_TOKENS__SECRET="",
                HATIF_PROVIDERS__ASTERISK__APP="hatif",
                HATIF_PROVIDERS__ASTERISK__ARI_URL=str(server.make_url("/ari")),
                HATIF_PROVIDERS__ASTERISK__ARI_PASSWORD="p",
                HATIF_PROVIDERS__ASTERISK__DIAL="PJSIP/{number}@trunk",
            ),
        )

    (order,) = asked
    args = tuple(order["variables"]["HATIF_PARAMETERS"].split(","))
    facts, questionnaire = facts_of(CallerWaits(order["channelId"], is_up=True, args=args))
    assert (placed.provider_call_id, placed.questionnaire) == (order["channelId"], "phq2")
    assert (questionnaire, facts["called"], facts["direction"]) == ("phq2", WANTED.to, "outbound")
