"""The workers as the main process has them: how each is, by what it tells of itself."""

import asyncio
import sys
from collections.abc import AsyncIterator
from types import SimpleNamespace
from typing import Any, cast

import pytest
from msgspec.structs import replace

from bridge.admission import Thresholds
from bridge.crew.channel import Channel, pairs
from bridge.crew.crew import Crew
from bridge.crew.messages import Beat, Message, Up
from bridge.running import RunningWorker

WELL = Beat(
    lag_seconds=0.01,
    waited_seconds=0.0,
    ears=(True, ""),
    ears_restarts=0,
    utterances=0,
    tasks=1,
    not_begun=0,
    engines=[],
    voices={},
    prompts=(0, 0),
)
SILENT_FOREVER = "import signal; signal.pause()"


class Played:
    """A crew of two, of which the first is a process that does nothing; what it says is said here."""

    def __init__(self, pid: int) -> None:
        self.pid = pid
        here, there = pairs()
        self.opened = asyncio.Event()
        self.channel = Channel(there, lambda *_: None, self.opened.set)
        nursery = SimpleNamespace(make=lambda _number: (pid, here))
        self.crew = Crew(cast("Any", nursery), cast("Any", None), workers=2)
        self.crew.desk = cast("Any", SimpleNamespace(thresholds=Thresholds(lag_seconds=0.5)))
        self.worker = self.crew._make(1)

    async def told(self, *messages: Message) -> RunningWorker:
        """How the first worker is, once it has said all that."""
        for message in messages:
            self.channel.tell(message)
        last = [message for message in messages if isinstance(message, Beat)]
        async with asyncio.timeout(20):
            while last and self.worker.beat != last[-1]:  # noqa: ASYNC110 - nobody is told of a beat
                await asyncio.sleep(0.01)
        first, _ = self.crew.running()
        return first


@pytest.fixture
async def played() -> AsyncIterator[Played]:
    process = await asyncio.create_subprocess_exec(sys.executable, "-c", SILENT_FOREVER)
    one = Played(process.pid)
    lives = [asyncio.create_task(live()) for live in (one.worker.live, one.channel.run)]
    await one.opened.wait()
    yield one
    for life in lives:
        life.cancel()
    await asyncio.gather(*lives, return_exceptions=True)
    await process.wait()  # it was killed, as whoever has closed the way is


@pytest.mark.parametrize(
    ("tells", "is_well", "detail"),
    [
        ([], False, "it is starting"),
        ([Up(), WELL], True, ""),
        ([Up(), replace(WELL, lag_seconds=0.6)], False, "it is late"),
        ([Up(), replace(WELL, ears=(False, "vosk died"))], False, "vosk died"),
    ],
)
async def test_each_says_how_it_is(
    played: Played, tells: list[Message], detail: str, *, is_well: bool
) -> None:
    first = await played.told(*tells)
    assert first == RunningWorker(number=1, pid=played.pid, calls=0, is_well=is_well, detail=detail)


async def test_one_that_says_nothing_or_is_not_there_is_not_well(
    played: Played, monkeypatch: pytest.MonkeyPatch
) -> None:
    await played.told(Up(), WELL)
    monkeypatch.setattr("bridge.crew.crew.STALE_SECONDS", 0.0)
    silent, gone = played.crew.running()
    assert (silent.is_well, silent.detail) == (False, "it gives no sign of life")
    assert gone == RunningWorker(number=2, pid=None, calls=0, is_well=False, detail="it is not there")
