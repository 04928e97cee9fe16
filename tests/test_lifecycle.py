"""The daemon's life: what an operator may take back, and what nobody takes back."""

import asyncio
import os
import signal
from datetime import UTC, datetime, timedelta

import pytest

from bridge.lifecycle import Lifecycle, State, Urgency


def running() -> Lifecycle:
    """A daemon that is up."""
    life = Lifecycle()
    life.started()
    return life


def test_a_drain_is_taken_back() -> None:
    """An operator empties the daemon, looks at it, and lets calls in again."""
    life = running()
    life.drain()
    assert (life.state, life.is_ending) == (State.DRAINING, False)
    assert life.undrain()
    assert life.state is State.RUNNING


def test_an_end_is_not_taken_back() -> None:
    """Also where the daemon was draining before."""
    life = running()
    life.drain()
    life.end()
    assert not life.undrain()
    assert (life.state, life.is_ending) == (State.DRAINING, True)


def test_what_is_wished_while_starting_holds_once_started() -> None:
    """A drain that came too early is no drain that is lost; one that was taken back is none."""
    draining, going_on = Lifecycle(), Lifecycle()
    for life in (draining, going_on):
        life.drain()
        assert life.state is State.STARTING
    going_on.undrain()
    for life in (draining, going_on):
        life.started()
    assert (draining.state, going_on.state) == (State.DRAINING, State.RUNNING)


def test_an_end_makes_no_running_daemon_of_a_starting_one() -> None:
    """Between the signal and the exit no call may slip in."""
    life = Lifecycle()
    life.end()
    life.started()
    assert life.state is State.DRAINING


def test_since_when_is_told() -> None:
    """The moment of the last change; a wish that changes nothing is none."""
    moments = iter(datetime(2026, 1, 1, tzinfo=UTC) + timedelta(minutes=minute) for minute in range(9))
    life = Lifecycle(lambda: next(moments))
    life.started()
    life.drain()
    life.drain()
    assert life.since == datetime(2026, 1, 1, 0, 2, tzinfo=UTC)


def test_whoever_watches_is_told_of_every_change() -> None:
    """Of the state, and of the urgency, and of nothing else."""
    life, seen = running(), []
    life.on_change(lambda: seen.append((life.state, life.is_ending)))
    life.drain()
    life.drain()
    life.undrain()
    life.end()
    life.stopped()
    assert seen == [
        (State.DRAINING, False),
        (State.RUNNING, False),
        (State.DRAINING, True),
        (State.STOPPED, True),
    ]


async def test_each_signal_is_more_urgent() -> None:
    """SIGTERM and SIGINT are patient once, polite twice, and then neither."""
    life = running()
    life.watch_signals()
    for number, urgency in zip(
        (signal.SIGTERM, signal.SIGINT, signal.SIGTERM),
        (Urgency.AFTER_CALLS, Urgency.NOW, Urgency.AT_ONCE),
        strict=True,
    ):
        more_urgent = [asyncio.create_task(life.urged(one)) for one in Urgency if one > urgency]
        os.kill(os.getpid(), number)
        await asyncio.wait_for(life.urged(urgency), 5)
        await asyncio.sleep(0)
        assert not [task for task in more_urgent if task.done()]
        for task in more_urgent:
            task.cancel()
    life.end()  # a fourth changes nothing
    assert life.ended_by == "SIGTERM"  # the first, as the log tells it


async def test_other_signals_end_nothing() -> None:
    """SIGHUP wishes for a reload, SIGUSR1 for a drain; by themselves both would end the process."""
    life = running()
    wished = asyncio.Event()
    life.watch_signals(on_hang_up=wished.set)
    os.kill(os.getpid(), signal.SIGHUP)
    await asyncio.wait_for(wished.wait(), 5)
    assert life.state is State.RUNNING

    drained = asyncio.Event()
    life.on_change(drained.set)
    os.kill(os.getpid(), signal.SIGUSR1)
    await asyncio.wait_for(drained.wait(), 5)
    assert (life.state, life.is_ending) == (State.DRAINING, False)


async def test_starting_is_given_up() -> None:
    """Whoever ends a daemon that starts does not wait until it has."""
    life, is_tidied = Lifecycle(), False

    async def start() -> None:
        nonlocal is_tidied
        try:
            life.end()
            await asyncio.sleep(3600)
        finally:
            is_tidied = True

    assert not await life.unless_ended(start())
    assert is_tidied


async def test_what_is_wrong_with_starting_is_told() -> None:
    """And what goes well is finished."""
    life = Lifecycle()

    async def fail() -> None:
        raise ValueError("no model")

    with pytest.raises(ValueError, match="no model"):
        await life.unless_ended(fail())
    assert await life.unless_ended(asyncio.sleep(0))
