"""The machine's clock is set by an hour while a real daemon holds a call, forth and back."""

from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import aiohttp
import pytest
from programs import needs

from bridge.carriers.base import CarrierCall
from bridge.carriers.fake import EndedBy
from bridge.carriers.wires.generic import GenericWire
from bridge.identity.streams import StreamTokens

from .conftest import ITEMS

pytestmark = [pytest.mark.call, needs("faketime")]

HOUR = 3600
SOON = timedelta(minutes=10)  # a call of four questions takes half a minute


def hours_off(hospital: Any) -> int:
    """How far from ours the daemon's clock is."""
    _, health = hospital.daemon.get("/health")
    told = datetime.fromisoformat(health["timestamp"])
    return round((told - datetime.now(UTC)) / timedelta(hours=1))


async def set_clock(hospital: Any, hours: int) -> None:
    """Set it, and be sure that the daemon has noticed."""
    hospital.set_clock(hours * HOUR)
    await hospital.until(lambda: hours_off(hospital) == hours)


@pytest.mark.parametrize("hours", [1, -1])
async def test_a_call_goes_on_and_its_times_stay_in_order(hospital: Any, hours: int) -> None:
    """Set by an hour after the first answer: no time-out comes of it, and the call ends after it began."""

    def set_it(turns: int) -> None:
        if turns == 2:
            hospital.set_clock(hours * HOUR)

    began = datetime.now(UTC)
    try:
        outcome, _, call_id = await hospital.ring(on_turn=set_it)
        assert hours_off(hospital) == hours
        await hospital.at_rest()
    finally:
        await set_clock(hospital, 0)
    assert outcome.ended_by is EndedBy.HATIF_HUNG_UP
    assert hospital.answered(call_id) == list(ITEMS)
    assert hospital.dispositions(call_id) == ["completed"]
    moments = [
        datetime.fromisoformat(at).replace(tzinfo=UTC)
        for query in (
            "SELECT started_at FROM calls WHERE provider_call_id = ?",
            "SELECT at FROM turns JOIN calls USING (call_id) WHERE provider_call_id = ? ORDER BY turn_index",
            "SELECT ended_at FROM calls WHERE provider_call_id = ?",
        )
        for (at,) in hospital.rows(query, call_id)
    ]
    assert moments == sorted(moments)
    assert began - SOON < moments[0]
    assert moments[-1] < began + SOON


@pytest.mark.parametrize("hours", [1, -1])
async def test_a_token_of_another_hour_opens_nothing(hospital: Any, hours: int) -> None:
    """What was issued before the clock was set has expired, or is not good yet; a new one is good at once."""
    token = StreamTokens(hospital.daemon.tokens_secret).issue(provider="generic")
    try:
        await set_clock(hospital, hours)
        later = datetime.now(UTC) + timedelta(hours=hours)
        fresh = StreamTokens(hospital.daemon.tokens_secret, now=lambda: later).issue(provider="generic")
        assert not await opens(hospital, token)
        assert await opens(hospital, fresh)
        await hospital.at_rest()
    finally:
        await set_clock(hospital, 0)


async def opens(hospital: Any, token: str) -> bool:
    """Whether a call is taken that shows this token and nothing else."""
    (start,) = GenericWire().open(CarrierCall("9621234567", "9621234566", str(uuid4())))
    url = hospital.daemon.url(f"/ws/generic/{token}")
    async with aiohttp.ClientSession() as http:
        with suppress(aiohttp.WSServerHandshakeError):  # it has expired: no socket is opened
            async with http.ws_connect(url) as socket:
                await socket.send_str(start)
                return (await socket.receive()).type is aiohttp.WSMsgType.TEXT
    return False
