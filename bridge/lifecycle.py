"""The daemon's life: STARTING → RUNNING ⇄ DRAINING → STOPPED.

Rules. While STARTING nothing is served but health. DRAINING takes no new calls and lets the running ones
finish: on an operator's wish, who may take it back, or because the daemon is to end, which nobody takes back.
Each further signal to end is more urgent: after the calls; now, with a goodbye; now, without.
"""

import asyncio
import signal
from collections.abc import Callable, Coroutine
from datetime import UTC, datetime
from enum import IntEnum, StrEnum
from typing import Any

__all__ = ["Lifecycle", "State", "Urgency"]


class State(StrEnum):
    """Where in its life the daemon is."""

    STARTING = "starting"
    RUNNING = "running"
    DRAINING = "draining"
    STOPPED = "stopped"


class Urgency(IntEnum):
    """How soon the daemon is to end."""

    NONE = 0
    AFTER_CALLS = 1  # or at the deadline of the drain
    NOW = 2  # callers hear a goodbye
    AT_ONCE = 3  # callers hear nothing more


class Lifecycle:
    """The present state, what is wished of the daemon, and ways to wait for either."""

    def __init__(self, now: Callable[[], datetime] = lambda: datetime.now(UTC)) -> None:
        self._now = now
        self._state = State.STARTING
        self._since = now()
        self._urgency = Urgency.NONE
        self._urged = {urgency: asyncio.Event() for urgency in Urgency}
        self.ended_by: str | None = None  # the signal that first told it to end
        self._drain_wanted = False  # by an operator, who does not want the daemon to end
        self._watchers: list[Callable[[], None]] = []

    @property
    def state(self) -> State:
        return self._state

    @property
    def since(self) -> datetime:
        """When the present state began."""
        return self._since

    @property
    def is_ending(self) -> bool:
        """Whether the daemon was told to end, which cannot be taken back."""
        return self._urgency is not Urgency.NONE

    def on_change(self, watcher: Callable[[], None]) -> None:
        """Call `watcher` whenever the state or the urgency has changed."""
        self._watchers.append(watcher)

    # What happens to the daemon

    def started(self) -> None:
        """Everything is up: run, or drain, where that was wished meanwhile."""
        if self._state is State.STARTING:
            self._enter(State.DRAINING if self._drain_wanted or self.is_ending else State.RUNNING)

    def stopped(self) -> None:
        """All calls are over."""
        self._enter(State.STOPPED)

    # What is wished

    def drain(self) -> None:
        """Take no new calls until `undrain`; the daemon goes on."""
        self._drain_wanted = True
        if self._state is State.RUNNING:
            self._enter(State.DRAINING)

    def undrain(self) -> bool:
        """Take calls again; False where the daemon is about to end."""
        if self.is_ending:
            return False
        self._drain_wanted = False
        if self._state is State.DRAINING:
            self._enter(State.RUNNING)
        return True

    def end(self, by: str | None = None) -> None:
        """End, and each time more urgently; `by` which signal."""
        self.ended_by = self.ended_by or by
        self._urgency = Urgency(min(self._urgency + 1, Urgency.AT_ONCE))
        self._urged[self._urgency].set()
        if self._state is State.RUNNING:
            self._enter(State.DRAINING)
        else:
            self._tell()

    async def urged(self, urgency: Urgency) -> None:
        """Wait until the daemon is to end this urgently."""
        await self._urged[urgency].wait()

    async def unless_ended(self, work: Coroutine[Any, Any, None]) -> bool:
        """Do `work`, and give it up when the daemon is to end; whether it was finished."""
        working = asyncio.ensure_future(work)
        ending = asyncio.ensure_future(self.urged(Urgency.AFTER_CALLS))
        try:
            await asyncio.wait({working, ending}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            given_up = not working.done()
            for task in (working, ending):
                task.cancel()
            await asyncio.gather(working, ending, return_exceptions=True)
        if not given_up:
            working.result()
        return not given_up

    def watch_signals(self, on_hang_up: Callable[[], None] = lambda: None) -> None:
        """Let SIGTERM and SIGINT end the daemon, SIGUSR1 drain it, and SIGHUP call `on_hang_up`."""
        loop = asyncio.get_running_loop()
        loop.add_signal_handler(signal.SIGHUP, on_hang_up)
        loop.add_signal_handler(signal.SIGUSR1, self.drain)
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self.end, number.name)

    def _enter(self, state: State) -> None:
        if state is self._state:
            return
        self._state, self._since = state, self._now()
        self._tell()

    def _tell(self) -> None:
        for watcher in self._watchers:
            watcher()
