"""A caller who asks for a person is put through by the provider's REST interface, where the wire cannot."""

import asyncio
from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qs
from xml.etree.ElementTree import fromstring

import numpy as np
import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from bridge.carriers.base import CarrierCall
from bridge.carriers.fake import FakeCarrier
from bridge.carriers.lines import LineCaller, PauseLine, PressLine
from bridge.carriers.registry import WIRES
from bridge.carriers.voice import LineNoise
from bridge.clock import Clock
from bridge.identity.streams import StreamTokens

pytestmark = pytest.mark.call

CALL = CarrierCall("966500000001", "966110000001", "CA1")


async def asked_by_a_call(
    start_daemon: Callable[..., Any], *, status: int, after_seconds: float = 0.0
) -> tuple[list[dict[str, str]], Any]:
    """Press 0 for a person; what the provider was asked, and the daemon."""
    asked: list[dict[str, str]] = []

    async def handle(request: web.Request) -> web.Response:
        form = parse_qs((await request.read()).decode())
        asked.append({"path": request.path} | {name: values[0] for name, values in form.items()})
        asked[-1]["heard_before"] = str(caller.heard_speech_seconds)
        await asyncio.sleep(after_seconds)
        asked[-1]["heard_meanwhile"] = str(caller.heard_speech_seconds - float(asked[-1]["heard_before"]))
        return web.json_response({}, status=status)

    app = web.Application()
    app.router.add_post("/{path:.*}", handle)
    async with TestServer(app) as server:
        daemon = start_daemon(
            HATIF_PROVIDERS__TWILIO__ACCOUNT_SID="AC1",
            HATIF_PROVIDERS__TWILIO__AUTH_TOKEN="secret",
            HATIF_PROVIDERS__TWILIO__API_URL=str(server.make_url("")),
            HATIF_SITE__PHONE="+966110000009",
        )
        caller = LineCaller([PressLine("0"), PauseLine(40)], LineNoise(np.random.default_rng(0)))
        carrier = FakeCarrier(WIRES["twilio"](), caller, clock=Clock(4))
        token = StreamTokens(daemon.tokens_secret).issue(provider="twilio")
        await carrier.place(daemon.url("/ws/twilio"), call=CALL, token=token, max_seconds=60)
    asked[-1]["heard_after"] = str(caller.heard_speech_seconds - float(asked[-1]["heard_before"]))
    return asked, daemon


async def test_a_person_is_put_on_by_rest(start_daemon: Callable[..., Any]) -> None:
    """To the site's own number, of this call, and only once."""
    asked, daemon = await asked_by_a_call(start_daemon, status=200)

    assert [each["path"] for each in asked] == ["/2010-04-01/Accounts/AC1/Calls/CA1.json"]
    assert fromstring(asked[0]["Twiml"]).findtext("Dial") == "+966110000009"  # noqa: S314 - our own
    assert '"transferred"' in daemon.log
    daemon.stop()


async def test_a_provider_that_refuses_ends_the_call_and_is_told_of(start_daemon: Callable[..., Any]) -> None:
    """The caller hears so, instead of silence; the operator reads why, and no number."""
    asked, daemon = await asked_by_a_call(start_daemon, status=401)

    assert float(asked[-1]["heard_after"]) > 1.0
    assert '"failed"' in daemon.log
    assert "provider_not_obeying" in daemon.log
    assert "966110000009" not in daemon.log
    daemon.stop()


async def test_a_provider_that_takes_its_time_leaves_nobody_in_silence(
    start_daemon: Callable[..., Any],
) -> None:
    """They are asked to wait a moment, before five seconds are over, and put through by the one request."""
    asked, daemon = await asked_by_a_call(start_daemon, status=200, after_seconds=4.8)

    assert len(asked) == 1
    assert float(asked[0]["heard_meanwhile"]) > 1.0
    assert '"transferred"' in daemon.log
    daemon.stop()
