"""Is the daemon alive inside? Late loops, silent ears and stuck threads are noticed, idleness is not."""

import asyncio
import time

from bridge import pulse as pulse_module
from bridge.errors import WorkerError
from bridge.pulse import LOOK_SECONDS, MOST_LAG_SECONDS, RECENT_SECONDS, Pulse


class Ears:
    """A recogniser that answers as it is told."""

    def __init__(self) -> None:
        self.longest_seconds: float | None = 0.0  # None: it is not there
        self.probes = self.replaced = 0

    async def probe(self, timeout_seconds: float) -> float:
        assert timeout_seconds > 0
        self.probes += 1
        if self.longest_seconds is None:
            raise WorkerError("the vosk worker is not running")
        return self.longest_seconds

    def replace(self) -> None:
        self.replaced += 1


class Time:
    """A clock that a test moves."""

    now = 0.0

    def __call__(self) -> float:
        return self.now


def test_a_late_loop_is_remembered_for_a_while() -> None:
    """Long enough for whoever looks now and then, and no longer."""
    clock, measured = Time(), list[float]()
    pulse = Pulse(on_lag=measured.append, clock=clock)
    assert pulse.lag_seconds == 0
    clock.now = 3.5
    pulse._note(clock.now, due=0.5)
    assert (pulse.lag_seconds, pulse.is_alive(), measured) == (3.0, False, [3.0])
    clock.now += RECENT_SECONDS
    assert (pulse.lag_seconds, pulse.is_alive()) == (0.0, True)


def test_what_is_a_little_late_is_alive() -> None:
    """An overloaded daemon is not restarted with all its calls."""
    clock = Time()
    pulse = Pulse(clock=clock)
    pulse._note(0.0, due=0.01 - MOST_LAG_SECONDS)
    assert pulse.is_alive()


async def test_a_blocked_loop_is_measured() -> None:
    """By how long it was blocked; also by whoever asks before the loop has turned again."""
    pulse = Pulse()
    looking = asyncio.create_task(pulse.run())
    await asyncio.sleep(LOOK_SECONDS * 1.5)
    time.sleep(LOOK_SECONDS + MOST_LAG_SECONDS)  # noqa: ASYNC251 - just this is measured
    assert pulse.lag_seconds >= MOST_LAG_SECONDS
    assert not pulse.is_alive()
    await asyncio.sleep(LOOK_SECONDS)
    assert not pulse.is_alive()
    looking.cancel()
    await asyncio.gather(looking, return_exceptions=True)


async def test_an_idle_recogniser_is_alive_and_a_silent_one_is_not() -> None:
    """As soon as it answers again, it is."""
    clock, ears = Time(), Ears()
    pulse = Pulse(clock=clock, stuck_seconds=10)
    pulse.watch(ears)
    for longest_seconds, at, silent_seconds in [(0.0, 9, 0), (None, 18, 9), (None, 20, 11), (0.2, 25, 0)]:
        clock.now, ears.longest_seconds = at, longest_seconds
        await pulse._probe(ears)
        assert (pulse.silent_seconds, pulse.is_alive()) == (silent_seconds, silent_seconds < 10)
    assert ears.replaced == 0


async def test_one_stuck_thread_of_several_is_not_masked_by_the_others() -> None:
    """The process is replaced; what answered did so from a thread that is well."""
    clock, ears = Time(), Ears()
    pulse = Pulse(clock=clock, stuck_seconds=10)
    pulse.watch(ears)
    clock.now, ears.longest_seconds = 11, 12.0
    await pulse._probe(ears)
    assert (ears.replaced, pulse.is_alive()) == (1, False)


async def test_before_there_is_a_recogniser_nothing_is_missed() -> None:
    """Loading a model takes as long as it takes."""
    pulse = Pulse(clock=lambda: 1e9)
    assert (pulse.silent_seconds, pulse.is_alive()) == (0.0, True)


async def test_it_goes_on_asking() -> None:
    """For as long as the daemon lives."""
    ears, pulse = Ears(), Pulse()
    pulse.watch(ears)
    before, pulse_module.PROBE_SECONDS = pulse_module.PROBE_SECONDS, 0.01
    looking = asyncio.create_task(pulse.run())
    try:
        async with asyncio.timeout(10):
            while ears.probes < 3:  # noqa: ASYNC110 - nobody tells
                await asyncio.sleep(0.01)
    finally:
        pulse_module.PROBE_SECONDS = before
        looking.cancel()
        await asyncio.gather(looking, return_exceptions=True)
