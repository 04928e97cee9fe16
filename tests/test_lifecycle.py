"""The daemon's life goes forward only."""

import asyncio
import os
import signal

from bridge.lifecycle import Lifecycle, State


async def test_waiting_for_a_state_ends_when_a_later_one_is_reached() -> None:
    """Whoever waits for the draining is not left waiting by an abrupt stop."""
    life = Lifecycle()
    waiting = asyncio.create_task(life.reached(State.DRAINING))
    life.advance(State.STOPPED)
    await waiting
    assert life.state is State.STOPPED


def test_nothing_goes_back() -> None:
    """A draining daemon cannot be made to run again."""
    life = Lifecycle()
    life.advance(State.DRAINING)
    life.advance(State.RUNNING)
    assert life.state is State.DRAINING


async def test_the_first_signal_drains_and_the_second_stops() -> None:
    """SIGTERM is patient once."""
    life = Lifecycle()
    life.watch_signals()
    os.kill(os.getpid(), signal.SIGTERM)
    await life.reached(State.DRAINING)
    first = life.state
    os.kill(os.getpid(), signal.SIGTERM)
    await life.reached(State.STOPPED)
    assert (first, life.state) == (State.DRAINING, State.STOPPED)


async def test_a_hang_up_signal_ends_nothing() -> None:
    """SIGHUP is a wish to read everything again; by itself it would end the process."""
    life = Lifecycle()
    wished = asyncio.Event()
    life.watch_signals(on_hang_up=wished.set)
    os.kill(os.getpid(), signal.SIGHUP)
    await asyncio.wait_for(wished.wait(), 5)
    assert life.state is State.STARTING
