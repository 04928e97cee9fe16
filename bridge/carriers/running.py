"""Many simulated calls to one server, at the same time and with faults: `hatif carrier run`."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np
from msgspec import Struct

from bridge.carriers.base import CarrierCall
from bridge.carriers.fake import FakeCarrier
from bridge.carriers.faults import Fault, Faults
from bridge.carriers.leg import CallOutcome, EndedBy
from bridge.carriers.lines import Line, LineCaller, PauseLine, PressLine
from bridge.carriers.placing import EXAMPLE_CALLEE, EXAMPLE_CALLER
from bridge.carriers.registry import far_end
from bridge.carriers.voice import LineNoise
from bridge.clock import Clock
from protocols.registry import PROVIDERS

__all__ = ["RunOptions", "RunReport", "run_calls"]

PATIENCE_SECONDS = 10.0
OVERHEARD_SECONDS = 5.0  # how long a call lasts in which nobody is spoken to


@dataclass(frozen=True, slots=True)
class RunOptions:
    """Whom to call, how often, and how badly."""

    url: str
    provider: str
    tokens: Sequence[str | None] = (None,)  # one a call, where each is good once; else the last serves all
    calls: int = 1
    at_once: int = 10
    faults: tuple[Fault, ...] = ()
    keys: str = "1"  # pressed at each of our turns
    turns: int = 20
    speed: float = 1.0
    max_seconds: float = 300.0
    seed: int = 0
    numbers: tuple[str, str] = field(default=(EXAMPLE_CALLER, EXAMPLE_CALLEE))


class RunReport(Struct, frozen=True):
    """What became of each call, in the order in which they began."""

    provider: str
    url: str
    faults: tuple[Fault, ...]
    outcomes: tuple[CallOutcome, ...]

    @property
    def is_spoken_to(self) -> bool:
        """Whether callers of this provider can be: some are listened to only."""
        return PROVIDERS[self.provider].capabilities.plays

    @property
    def unheard(self) -> int:
        """How many calls were taken and heard nothing, though they could have."""
        return self.is_spoken_to * sum(one.accepted and not one.frames_heard for one in self.outcomes)

    @property
    def protocol_errors(self) -> int:
        """How many calls the server broke the protocol in."""
        return sum(one.ended_by is EndedBy.PROTOCOL_ERROR for one in self.outcomes)

    @property
    def refused(self) -> int:
        """How many calls were not taken."""
        return sum(one.ended_by is EndedBy.REFUSED for one in self.outcomes)


async def run_calls(options: RunOptions, on_end: Callable[[CallOutcome], None] | None = None) -> RunReport:
    """Place the calls, so many at a time; `on_end` is told of each. Whatever happens is in the report."""
    turn = asyncio.Semaphore(options.at_once)

    async def place(number: int) -> CallOutcome:
        async with turn:
            outcome = await _place(options, number)
        if on_end is not None:
            on_end(outcome)
        return outcome

    outcomes = await asyncio.gather(*map(place, range(options.calls)))
    return RunReport(options.provider, options.url, options.faults, tuple(outcomes))


async def _place(options: RunOptions, number: int) -> CallOutcome:
    chance = np.random.default_rng(options.seed + number)
    caller = LineCaller(_lines(options), LineNoise(chance), patience_seconds=PATIENCE_SECONDS)
    carrier = FakeCarrier(
        far_end(options.provider, options.faults),
        caller,
        clock=Clock(options.speed),
        faults=Faults(options.faults, seed=options.seed + number),
    )
    caller_number, called_number = options.numbers
    call_id = f"00000000-0000-4000-8000-{options.seed:06x}{number:06x}"  # some wires take nothing else
    return await carrier.place(
        options.url,
        call=CarrierCall(caller_number, called_number, call_id),
        token=options.tokens[min(number, len(options.tokens) - 1)],
        max_seconds=options.max_seconds,
    )


def _lines(options: RunOptions) -> list[Line]:
    if not PROVIDERS[options.provider].capabilities.plays:
        return [PauseLine(OVERHEARD_SECONDS)]
    return [*(PressLine(options.keys) for _ in range(options.turns)), PauseLine(0.5)]
