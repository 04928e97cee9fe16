"""More calls than there is room for, at the real daemon: some are held whole, and all others are told."""

import asyncio
import sqlite3
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from itertools import count
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from exposed import sample
from shipped import SHORT_ITEMS, write_short

from bridge.carriers.arriving import Lived, TwilioWay, UpgradeWay, arrive
from bridge.carriers.leg import EndedBy
from bridge.carriers.lines import LineCaller, PressLine
from bridge.carriers.voice import LineNoise
from bridge.clock import Clock

pytestmark = pytest.mark.call

PLACES = 4
PER_SECOND = 2
SPACING_SECONDS = 0.6  # a little more than the pace allows
AUTH_TOKEN = "the-twilio-auth-token"
PUBLIC = "https://hatif.example"
OVER = {("maqsam", EndedBy.HATIF_HUNG_UP), ("twilio", EndedBy.HATIF_CLOSED)}  # as each of them hangs up


@pytest.fixture
def short(tmp_path: Path) -> dict[str, str]:
    """The environment of a daemon with one short questionnaire and few places."""
    return write_short(tmp_path / "questionnaires") | {
        "HATIF_CALLS__MAX_CONCURRENT": str(PLACES),
        "HATIF_CALLS__PER_SECOND": str(PER_SECOND),
        "HATIF_CALLS__BURST": str(PER_SECOND),
        "HATIF_PROVIDERS__TWILIO__AUTH_TOKEN": AUTH_TOKEN,
        "HATIF_SERVER__PUBLIC_URL": PUBLIC,
    }


def arrivals(daemon: Any) -> Iterator[asyncio.Task[Lived]]:
    """Calls by key, one after the other: of a carrier that opens its socket, and of one that asks before."""
    clock = Clock(float(daemon.environment["HATIF_CLOCK__SPEED"]))
    ways = (
        UpgradeWay(daemon.url("/ws/maqsam"), daemon.token),
        TwilioWay(f"127.0.0.1:{daemon.port}", AUTH_TOKEN, PUBLIC),
    )
    for number in count(1):
        noise = LineNoise(np.random.default_rng(number))
        caller = LineCaller([PressLine("1")] * 20, noise)
        yield asyncio.create_task(arrive(ways[number % 2], caller, clock, number))


def rows(daemon: Any, query: str) -> list[tuple[Any, ...]]:
    with closing(sqlite3.connect(daemon.database)) as connection:
        return connection.execute(query).fetchall()


async def settled(daemon: Any) -> int:
    """Wait until no call is in progress and no socket comes or goes; how many are open."""
    async with asyncio.timeout(60):
        while True:
            before = daemon.sockets()
            await asyncio.sleep(0.5)
            now = daemon.sockets()
            if daemon.active_calls() == 0 and now == before:
                return now


def most_at_once(daemon: Any) -> int:
    """How many calls there were at the same time, by what is stored."""
    steps = [(at, step) for row in rows(daemon, "SELECT started_at, ended_at FROM calls")
             for at, step in zip(row, (1, -1), strict=True)]  # fmt: skip
    present = most = 0
    for _, step in sorted(steps):
        present += step
        most = max(most, present)
    return most


def told(daemon: Any, reason: str) -> int:
    """How many calls were refused for it, by the metrics."""
    _, body = daemon.get_as_admin("/metrics")
    return round(sample(body.decode(), f'hatif_calls_refused_total{{reason="{reason}"}}') or 0)


def counted(daemon: Any, prefix: str) -> float:
    """The sum of all series that begin so."""
    _, body = daemon.get_as_admin("/metrics")
    lines = [line for line in body.decode().splitlines() if line.startswith(prefix)]
    return sum(float(line.rpartition(" ")[2]) for line in lines)


def each_was_held_whole_or_told(lived: Sequence[Lived]) -> tuple[int, int]:
    """How many of each; nothing else becomes of a call."""
    taken = [one for one in lived if one.is_taken]
    assert {(one.provider, one.outcome.ended_by) for one in taken} <= OVER
    assert all(len(one.notes.turns) >= SHORT_ITEMS for one in taken)
    refused = [one for one in lived if not one.is_taken]
    assert not [one.answer for one in refused if not one.is_busy]
    return len(taken), len(refused)


@pytest.mark.timeout(420)
async def test_twice_as_many_calls_as_places_and_a_burst(
    start_daemon: Callable[..., Any], short: dict[str, str]
) -> None:
    """Of a ramp the places are filled, of ten times the pace its burst; all others hear busy at once."""
    daemon = start_daemon(**short)
    calls = arrivals(daemon)

    ramp = []
    for _ in range(2 * PLACES):
        ramp.append(next(calls))
        await asyncio.sleep(SPACING_SECONDS)
    taken, refused = each_was_held_whole_or_told(await asyncio.gather(*ramp))
    assert taken >= PLACES
    assert told(daemon, "full") > 0
    sockets = await settled(daemon)

    burst = [next(calls) for _ in range(10 * PER_SECOND)]
    in_burst, told_in_burst = each_was_held_whole_or_told(await asyncio.gather(*burst))
    assert in_burst >= PER_SECOND
    assert told(daemon, "rate") > 0
    assert await settled(daemon) <= sockets

    taken, refused = taken + in_burst, refused + told_in_burst
    assert Counter(rows(daemon, "SELECT disposition FROM calls")) == {("completed",): taken}
    assert rows(daemon, "SELECT count(*) FROM answers WHERE status = 'answered'") == [(SHORT_ITEMS * taken,)]
    assert most_at_once(daemon) <= PLACES
    assert (
        told(daemon, "full") + told(daemon, "rate")
        == refused
        == counted(daemon, "hatif_calls_refused_total{")
    )
    assert counted(daemon, "hatif_calls_total{") == taken
    assert "Traceback" not in daemon.log
    assert '"level": "error"' not in daemon.log
