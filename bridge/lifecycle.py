"""The daemon's life: STARTING → RUNNING → DRAINING → STOPPED, and nothing goes back.

Rules. While STARTING nothing is served but health. A first signal drains: no new calls, the running ones may
finish. A second signal, or the drain deadline, stops: the calls that still run are ended, their answers being
on disk already.
"""

import asyncio
import signal
from collections.abc import Callable
from enum import StrEnum

__all__ = ["Lifecycle", "State"]


class State(StrEnum):
    """Where in its life the daemon is."""

    STARTING = "starting"
    RUNNING = "running"
    DRAINING = "draining"
    STOPPED = "stopped"


_ORDER = list(State)


class Lifecycle:
    """The present state, and a way to wait for a later one."""

    def __init__(self) -> None:
        self._state = State.STARTING
        self._reached = {state: asyncio.Event() for state in State}
        self._reached[State.STARTING].set()

    @property
    def state(self) -> State:
        return self._state

    def advance(self, to: State) -> None:
        """Move on to `to`; a state already passed is left alone."""
        if _ORDER.index(to) <= _ORDER.index(self._state):
            return
        for state in _ORDER[: _ORDER.index(to) + 1]:
            self._reached[state].set()
        self._state = to

    async def reached(self, state: State) -> None:
        """Wait until the daemon is in `state` or beyond."""
        await self._reached[state].wait()

    def on_signal(self) -> None:
        """First signal: drain. Second: stop."""
        self.advance(State.STOPPED if self._state is State.DRAINING else State.DRAINING)

    def watch_signals(self, on_hang_up: Callable[[], None] = lambda: None) -> None:
        """Let SIGTERM and SIGINT drive the life cycle; SIGHUP calls `on_hang_up` and ends nothing."""
        loop = asyncio.get_running_loop()
        loop.add_signal_handler(signal.SIGHUP, on_hang_up)
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self.on_signal)
