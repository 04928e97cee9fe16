"""Is the daemon alive inside? How late its event loop runs, and whether the recogniser's threads get on.

The loop is asked a few times a second, by sleeping and seeing how late one wakes. The recogniser is asked by
a probe that one of its decoding threads answers, so one that has nothing to do counts as alive, and one that
is stopped or stuck does not. A process whose threads are stuck is killed: its supervisor starts another.
"""

import asyncio
import time
from collections import deque
from collections.abc import Callable
from typing import Protocol

import structlog

from bridge.errors import WorkerError

__all__ = ["Pulse"]

LOOK_SECONDS = 0.25  # between two looks at the loop: four wake-ups a second cost nothing
RECENT_SECONDS = 10.0  # what was longer ago says little about how it is now
MOST_LAG_SECONDS = 2.0  # a call hears silence after 0.4 s; an overloaded loop that recovers is not dead yet
PROBE_SECONDS = 2.0  # between two probes
STUCK_SECONDS = 10.0  # no piece of audio takes so long to decode; a caller waits no longer than 4 s

log = structlog.get_logger()


class Probed(Protocol):
    """What is asked of a recogniser here."""

    async def probe(self, timeout_seconds: float) -> float:
        """How long the slowest thread has been at one piece; WorkerError when none answers in time."""
        ...

    def replace(self) -> None:
        """Kill the process, which hangs; another takes its place."""
        ...


class Pulse:
    """Measures for as long as `run` runs. Seconds are of the wall clock."""

    def __init__(
        self,
        *,
        on_lag: Callable[[float], None] = lambda _: None,
        stuck_seconds: float = STUCK_SECONDS,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """`on_lag` is told every measurement."""
        self._on_lag = on_lag
        self._stuck_seconds = stuck_seconds
        self._clock = clock
        self._lags: deque[tuple[float, float]] = deque()  # when, and how much, of the recent past
        self._due: float | None = None  # when the loop is to wake us
        self._recogniser: Probed | None = None
        self._answered = 0.0  # when a thread of the recogniser last did

    @property
    def lag_seconds(self) -> float:
        """How late the loop ran at its worst, recently or right now."""
        now = self._clock()
        recent = (lag for at, lag in self._lags if at > now - RECENT_SECONDS)
        late_now = now - self._due if self._due is not None else 0.0
        return max(late_now, 0.0, *recent)

    @property
    def silent_seconds(self) -> float:
        """How long no thread of the recogniser has answered; 0 before there is a recogniser."""
        return self._clock() - self._answered if self._recogniser else 0.0

    def is_alive(self) -> bool:
        """Whether the loop runs in time and the recogniser's threads get on."""
        return self.lag_seconds < MOST_LAG_SECONDS and self.silent_seconds < self._stuck_seconds

    def watch(self, recogniser: Probed) -> None:
        """Ask this recogniser too, which has just answered."""
        self._recogniser, self._answered = recogniser, self._clock()

    async def run(self) -> None:
        """Measure, for ever."""
        async with asyncio.TaskGroup() as looking:
            looking.create_task(self._look_at_loop())
            looking.create_task(self._look_at_recogniser())

    async def _look_at_loop(self) -> None:
        while True:
            self._due = self._clock() + LOOK_SECONDS
            await asyncio.sleep(LOOK_SECONDS)
            self._note(self._clock(), self._due)

    def _note(self, now: float, due: float) -> None:
        lag = max(now - due, 0.0)
        self._lags.append((now, lag))
        while self._lags[0][0] <= now - RECENT_SECONDS:
            self._lags.popleft()
        if lag >= MOST_LAG_SECONDS:
            log.error("event_loop_blocked", seconds=round(lag, 1))
        self._on_lag(lag)

    async def _look_at_recogniser(self) -> None:
        while True:
            if self._recogniser is not None:
                await self._probe(self._recogniser)
            await asyncio.sleep(PROBE_SECONDS)

    async def _probe(self, recogniser: Probed) -> None:
        try:
            longest_seconds = await recogniser.probe(self._stuck_seconds)
        except WorkerError as error:  # dead, and about to be replaced; or silent, and killed for it
            log.warning("recogniser_silent", seconds=round(self.silent_seconds, 1), detail=str(error))
            return
        if longest_seconds < self._stuck_seconds:
            self._answered = self._clock()
            return
        log.error("recogniser_stuck", seconds=round(longest_seconds, 1))
        recogniser.replace()
