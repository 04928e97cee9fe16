"""Turns at an engine that does one thing at a time: fair, bounded, and none lost to those who leave."""

import asyncio
import random
from collections.abc import Callable
from contextlib import aclosing

import pytest

from bridge.errors import BusyError, WorkerError
from bridge.speech.base import Speech
from bridge.speech.queueing import FairQueue, in_turn


class Counter:
    """Work of which only one may be going on; it keeps who was served."""

    def __init__(self, waiting: int = 100) -> None:
        self.queue = FairQueue("the engine", waiting=waiting)
        self.served: list[str] = []
        self.at_work = 0

    async def work(self, key: str, name: str = "", seconds: float = 0.0) -> None:
        async with self.queue.turn(key):
            self.at_work += 1
            assert self.at_work == 1
            self.served.append(name or key)
            try:
                await asyncio.sleep(seconds)
            finally:
                self.at_work -= 1

    def begin(self, key: str, name: str = "") -> "asyncio.Task[None]":
        return asyncio.create_task(self.work(key, name))


async def settle() -> None:
    for _ in range(5):
        await asyncio.sleep(0)


async def test_one_after_the_other() -> None:
    """In the order of asking, for one key."""
    counter = Counter()

    await asyncio.gather(*(counter.work("a", str(i)) for i in range(5)))

    assert counter.served == list("01234")
    assert counter.queue.waiting == 0


async def test_keys_take_turns() -> None:
    """Many of one key do not keep one of another waiting for all of them."""
    counter = Counter()
    async with counter.queue.turn("many"):
        tasks = [counter.begin(key) for key in ["many"] * 5 + ["few"] * 2 + ["one"]]
        await settle()
    await asyncio.gather(*tasks)

    assert counter.served == ["many", "few", "one", "many", "few", "many", "many", "many"]


async def test_a_full_queue_refuses_at_once() -> None:
    """The one at work does not count; nobody who waited is harmed."""
    counter = Counter(waiting=2)
    tasks = [counter.begin("a") for _ in range(3)]
    await asyncio.sleep(0)

    with pytest.raises(BusyError, match="the engine has 2 texts waiting"):
        await counter.work("b")

    await asyncio.gather(*tasks)
    await counter.work("b")
    assert counter.served == ["a", "a", "a", "b"]


async def test_who_leaves_the_queue_is_forgotten() -> None:
    """And gives the place up."""
    counter = Counter(waiting=2)
    tasks = [counter.begin("a", "first"), counter.begin("b", "second"), counter.begin("c", "third")]
    await asyncio.sleep(0)
    tasks[1].cancel()
    await settle()

    await asyncio.gather(*tasks, return_exceptions=True)
    assert counter.served == ["first", "third"]
    assert counter.queue._lines == {}


async def test_a_turn_that_comes_as_its_owner_leaves_is_passed_on() -> None:
    """Both within one step of the loop."""
    counter = Counter()
    async with counter.queue.turn("a"):
        leaving, staying = counter.begin("b"), counter.begin("c")
        await asyncio.sleep(0)
    leaving.cancel()
    await asyncio.gather(leaving, staying, return_exceptions=True)

    assert counter.served == ["c"]
    assert not counter.queue._is_taken


async def test_a_turn_is_not_given_to_somebody_who_has_just_left() -> None:
    """Cancelled, and not yet told of it."""
    counter = Counter()
    async with counter.queue.turn("a"):
        leaving, staying = counter.begin("b"), counter.begin("c")
        await asyncio.sleep(0)
        leaving.cancel()
    await asyncio.gather(leaving, staying, return_exceptions=True)

    assert counter.served == ["c"]
    assert not counter.queue._is_taken


async def test_an_error_at_work_ends_the_turn() -> None:
    """The next one is served."""
    queue = FairQueue("the engine", waiting=1)

    with pytest.raises(ZeroDivisionError):
        async with queue.turn("a"):
            raise ZeroDivisionError

    async with queue.turn("a"):
        pass


async def test_a_slow_listener_keeps_nobody_waiting() -> None:
    """What was made waits for it, and the turn does not."""
    queue = FairQueue("the engine", waiting=1)

    async def speak(give: Callable[[Speech], None]) -> None:
        for _ in range(3):
            give(Speech(b"ab", 8000))

    async with aclosing(in_turn(queue, speak)) as slow:
        await anext(slow)
        assert len([piece async for piece in in_turn(queue, speak)]) == 3
        assert len([piece async for piece in slow]) == 2


async def test_a_stream_that_is_closed_ends_its_work() -> None:
    """And an error of the work is its listener's, after what was made before it."""
    queue = FairQueue("the engine", waiting=1)
    ended: list[str] = []

    async def endless(give: Callable[[Speech], None]) -> None:
        give(Speech(b"ab", 8000))
        try:
            await asyncio.Event().wait()
        finally:
            ended.append("endless")

    async def failing(give: Callable[[Speech], None]) -> None:
        give(Speech(b"ab", 8000))
        raise WorkerError("out of breath")

    async with aclosing(in_turn(queue, endless)) as stream:
        await anext(stream)
    assert ended == ["endless"]
    with pytest.raises(WorkerError, match="out of breath"):
        [piece async for piece in in_turn(queue, failing)]
    assert not queue._is_taken


@pytest.mark.parametrize("seed", range(20))
async def test_whatever_happens_nothing_is_left_behind(seed: int) -> None:
    """Hundreds come, work and leave at random: never two at work, and in the end the queue is as new."""
    chance = random.Random(seed)
    counter = Counter(waiting=30)
    tasks: list[asyncio.Task[None]] = []
    for _ in range(200):
        work = counter.work(chance.choice("abcd"), seconds=chance.choice([0, 0, 0.0005]))
        tasks.append(asyncio.create_task(work))
        if chance.random() < 0.5:
            chance.choice(tasks).cancel()
        if chance.random() < 0.3:
            await asyncio.sleep(chance.choice([0, 0.0005]))
    results = await asyncio.gather(*tasks, return_exceptions=True)

    assert all(one is None or isinstance(one, BusyError | asyncio.CancelledError) for one in results)
    assert counter.at_work == counter.queue.waiting == 0
    assert counter.queue._lines == {}
    assert not counter.queue._is_taken
