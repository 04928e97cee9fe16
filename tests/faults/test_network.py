"""Bad networks between carriers and the real daemon: calls go on, or end, and no other call notices."""

import asyncio
from typing import Any

import pytest
from proxy import Network, proxy

from bridge.carriers.fake import EndedBy

from .conftest import ITEMS

pytestmark = pytest.mark.call

LONGEST_SILENCE = 5.0  # seconds
BAD = {
    "latency": Network(latency_seconds=0.5),
    "jitter": Network(latency_seconds=0.02, jitter_seconds=0.4),
    "slices": Network(most_bytes=40),
}
NARROW = 64_000 / 8  # bytes per second; a call in base64 needs twice as much


async def through(hospital: Any, network: Network, **options: Any) -> Any:
    """A call through that network."""
    async with proxy(hospital.daemon.port, network):
        return await hospital.ring(port=network.port, speaks_json=True, **options)


async def test_calls_over_bad_networks_are_whole(hospital: Any) -> None:
    """Half a second of delay, changing delay, odd pieces: all is answered once, beside a line that is too narrow.

    The call on that ends properly, with whatever it has answered stored once.
    """
    narrow = asyncio.create_task(through(hospital, Network(bytes_per_second=NARROW)))
    good = asyncio.create_task(hospital.ring())
    for outcome, ear, call_id in (
        await asyncio.gather(good, *(through(hospital, network) for network in BAD.values()))
    ):
        assert outcome.ended_by is EndedBy.HATIF_HUNG_UP
        assert ear.longest_silence_seconds < LONGEST_SILENCE
        assert hospital.answered(call_id) == list(ITEMS)
    outcome, _, call_id = await narrow
    assert outcome.ended_by is not EndedBy.TIME_LIMIT
    await hospital.at_rest()
    answered = hospital.answered(call_id)
    assert answered == list(ITEMS[: len(answered)])
    assert hospital.dispositions(call_id) != [None]
