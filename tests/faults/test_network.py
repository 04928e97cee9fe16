"""Bad networks between carriers and the real daemon: calls go on, or end, and no other call notices."""

import asyncio
from collections.abc import Callable
from typing import Any
from uuid import uuid4

import pytest
from proxy import Network, proxy

from bridge.carriers.fake import EndedBy

from .conftest import ITEMS, PRESSED

pytestmark = pytest.mark.call

BAD = {
    "latency": Network(latency_seconds=0.5),
    "jitter": Network(latency_seconds=0.02, jitter_seconds=0.4),
    "slices": Network(most_bytes=40),
}
VANISHED = 1006  # RFC 6455 section 7.4.1: without a word
NARROW = 64_000 / 8  # bytes per second; a call in base64 needs twice as much


async def through(hospital: Any, network: Network, **options: Any) -> Any:
    """A call through that network."""
    async with proxy(hospital.daemon.port, network):
        return await hospital.ring(port=network.port, speaks_json=True, **options)


async def test_calls_over_bad_networks_are_whole(
    hospital: Any, record_property: Callable[[str, object], None]
) -> None:
    """Half a second of delay, changing delay, odd pieces: all is answered once.

    Beside them one has a line that is too narrow for sound: it ends, with what it has answered stored once.
    """
    narrow = asyncio.create_task(through(hospital, Network(bytes_per_second=NARROW)))
    good = asyncio.create_task(hospital.ring())
    for outcome, ear, call_id in await asyncio.gather(
        good, *(through(hospital, network) for network in BAD.values())
    ):
        assert outcome.ended_by is EndedBy.HATIF_HUNG_UP
        record_property("longest_silence_seconds", ear.longest_silence_seconds)
        assert hospital.answered(call_id) == list(ITEMS)
    outcome, _, call_id = await narrow
    assert outcome.ended_by is not EndedBy.TIME_LIMIT
    await hospital.at_rest()
    answered = hospital.answered(call_id)
    assert answered == list(ITEMS[: len(answered)])
    assert hospital.dispositions(call_id) != [None]


async def test_a_call_goes_on_after_a_reset(hospital: Any) -> None:
    """Cut in the middle of a question: what was answered is there, and the next socket asks the rest."""
    network = Network()

    def cut(turns: int) -> None:
        if turns == 3:  # q2 is answered by a key that nobody will read
            network.reset()

    call_id = str(uuid4())
    beside = asyncio.create_task(hospital.ring())
    outcome, _, _ = await through(hospital, network, call_id=call_id, on_turn=cut)
    assert outcome.close_code == VANISHED
    assert hospital.answered(call_id) == ["consent", "q1"]
    again, _, _ = await hospital.ring(PRESSED[2:], call_id=call_id)
    assert again.ended_by is EndedBy.HATIF_HUNG_UP
    other, _, other_id = await beside
    await hospital.at_rest()
    assert hospital.answered(call_id) == hospital.answered(other_id) == list(ITEMS)
    assert hospital.dispositions(call_id) == ["interrupted", "completed"]
    assert other.ended_by is EndedBy.HATIF_HUNG_UP


async def test_a_peer_that_fell_silent_is_noticed(hospital: Any) -> None:
    """Its connection stays open and nothing comes: the call ends, and its place is free for another."""
    network = Network()

    def fall_silent(turns: int) -> None:
        if turns == 2:
            network.fall_silent()

    calling = asyncio.create_task(through(hospital, network, on_turn=fall_silent, max_seconds=600))
    await hospital.until(lambda: hospital.daemon.active_calls() == 1)
    await hospital.until(lambda: hospital.daemon.active_calls() == 0)
    assert not calling.done(), "whoever fell silent was not told, and has not left"
    calling.cancel()
    await asyncio.gather(calling, return_exceptions=True)
    await hospital.at_rest()
    ((call_id, disposition),) = hospital.rows(
        "SELECT provider_call_id, disposition FROM calls ORDER BY calls.rowid DESC LIMIT 1"
    )
    assert (hospital.answered(call_id), disposition) == (["consent"], "hung_up")
