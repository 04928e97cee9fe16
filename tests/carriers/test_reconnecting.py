"""A socket is lost in mid-call and the provider opens another: answers are kept, nothing is asked twice."""

import asyncio
from collections.abc import Callable
from typing import Any

import pytest
from msgspec.structs import replace

from bridge.carriers.leg import EndedBy
from bridge.carriers.lines import HangUpLine, Line, PauseLine, PressLine
from bridge.dialogue.actions import Disposition
from protocols.base import MediaProtocol
from protocols.generic import GENERIC, RECONNECT_SECONDS, GenericProtocol
from protocols.vobiz import VOBIZ, VobizProtocol

from .conftest import Rehearsed, Theatre

ID = "6fa459ea-ee8a-3ca4-894e-db77e160355e"
REST = (PressLine("2"), PressLine("12#"), PauseLine(60))
OURS = {EndedBy.HATIF_HUNG_UP, EndedBy.HATIF_CLOSED}
SECONDS = VOBIZ.reconnect_seconds


def reconnecting(provider: str) -> MediaProtocol:
    """Our end of a socket of a provider that comes again."""
    if provider == "vobiz":
        return VobizProtocol()
    return GenericProtocol(replace(GENERIC, reconnect_seconds=RECONNECT_SECONDS), is_authenticated=True)


def socket(provider: str, *lines: Line, drop: float | None = None) -> Rehearsed:
    """One socket of one and the same call."""
    return Rehearsed(provider, lines, provider_call_id=ID, protocol=reconnecting(provider), drop_seconds=drop)


def dispositions(theatre: Theatre) -> list[tuple[Any, ...]]:
    return theatre.query("SELECT call_id, disposition FROM calls ORDER BY call_id")


def asked(theatre: Theatre) -> list[str]:
    """The items that were answered or asked again, over all sockets."""
    rows = theatre.query(
        "SELECT item FROM turns WHERE input NOT IN ('hung_up', 'no_input') ORDER BY call_id, turn_index"
    )
    return [item for (item,) in rows]


@pytest.mark.parametrize("provider", ["vobiz", "generic"])
def test_the_second_socket_takes_up_the_same_call(stage: Callable[..., Any], provider: str) -> None:
    """After one answer the socket is gone; five seconds later the next one asks the second question."""

    async def scene(theatre: Theatre) -> None:
        async with theatre.services() as services:
            await theatre.call(services, 1, socket(provider, PressLine("1"), PauseLine(60), drop=9))
            await theatre.clock.sleep(5)
            second = await theatre.call(services, 2, socket(provider, *REST))
        assert second.hatif.disposition is Disposition.COMPLETED
        assert second.carrier.ended_by in OURS
        assert second.answers == {"fever": False, "nights": 12}
        assert asked(theatre) == ["pain", "fever", "nights"]
        assert dispositions(theatre) == [("c1", Disposition.INTERRUPTED), ("c2", Disposition.COMPLETED)]
        assert theatre.query('SELECT custom_json LIKE \'%"resumes":"c1"%\' FROM calls') == [(0,), (1,)]

    stage(scene)


def test_as_often_as_it_takes(stage: Callable[..., Any]) -> None:
    """Four sockets, more than a questionnaire allows attempts: a lost socket is none."""

    async def scene(theatre: Theatre) -> None:
        async with theatre.services() as services:
            for number in (1, 2, 3):
                await theatre.call(services, number, socket("vobiz", PauseLine(60), drop=2))
            last = await theatre.call(services, 4, socket("vobiz", PressLine("1"), *REST))
        assert last.hatif.disposition is Disposition.COMPLETED
        assert asked(theatre) == ["pain", "fever", "nights"]

    stage(scene)


@pytest.mark.parametrize("provider", ["vobiz", "generic"])
def test_a_socket_for_a_call_that_still_runs_replaces_the_older_one(
    stage: Callable[..., Any], provider: str
) -> None:
    """The first does not know that it is dead. Of three that come at once the last one has the call."""

    async def scene(theatre: Theatre) -> None:
        async with theatre.services() as services:
            first = asyncio.create_task(
                theatre.call(services, 1, socket(provider, PressLine("1"), PauseLine(200)))
            )
            await theatre.clock.sleep(10)
            assert not first.done()
            others = [
                asyncio.create_task(theatre.call(services, number, socket(provider, *REST)))
                for number in (2, 3, 4)
            ]
            played = await asyncio.gather(first, *others)
        held = [each for each in played[1:] if each.hatif.disposition is not None]
        assert played[0].hatif.disposition is Disposition.INTERRUPTED
        assert played[3].hatif.disposition is Disposition.COMPLETED
        assert asked(theatre) == ["pain", "fever", "nights"]
        assert all(each.hatif.disposition is not Disposition.COMPLETED for each in held[:-1])

    stage(scene)


def test_a_call_that_we_ended_is_not_asked_again(stage: Callable[..., Any]) -> None:
    """A provider that takes our closing for a loss is told to hang up."""

    async def scene(theatre: Theatre) -> None:
        async with theatre.services() as services:
            whole = await theatre.call(services, 1, socket("vobiz", PressLine("1"), *REST))
            again = await theatre.call(services, 2, socket("vobiz", PauseLine(60)))
        assert whole.hatif.disposition is Disposition.COMPLETED
        assert again.hatif.disposition is None
        assert again.carrier.ended_by is EndedBy.HATIF_HUNG_UP
        assert again.carrier.frames_heard == 0
        assert dispositions(theatre) == [("c1", Disposition.COMPLETED)]

    stage(scene)


def test_who_comes_too_late_begins_anew(stage: Callable[..., Any]) -> None:
    """The caller hung up, and calls again later under a name that is used twice."""

    async def scene(theatre: Theatre) -> None:
        async with theatre.services() as services:
            await theatre.call(services, 1, socket("vobiz", PressLine("1"), PauseLine(2), HangUpLine()))
            await theatre.clock.sleep(SECONDS + 5)
            second = await theatre.call(services, 2, socket("vobiz", PressLine("1"), *REST))
        assert second.answers == {"pain": True, "fever": False, "nights": 12}
        assert dispositions(theatre) == [("c1", Disposition.HUNG_UP), ("c2", Disposition.COMPLETED)]

    stage(scene)


@pytest.mark.parametrize("provider", ["twilio", "generic"])
def test_elsewhere_a_name_that_comes_twice_is_two_calls(stage: Callable[..., Any], provider: str) -> None:
    """Of providers that open no socket again nothing is guessed, nor of peers nobody vouches for."""

    async def scene(theatre: Theatre) -> None:
        async with theatre.services() as services:
            calls = [Rehearsed(provider, (PressLine("1"), *REST), provider_call_id=ID) for _ in range(2)]
            both = await asyncio.gather(*(theatre.call(services, at, one) for at, one in enumerate(calls)))
        assert [each.hatif.disposition for each in both] == [Disposition.COMPLETED] * 2

    stage(scene)
