"""What was seen of one stretch of load, and whether it was borne well. Pure."""

from collections.abc import Mapping, Sequence

from msgspec import Struct

__all__ = ["CALLERS_LATE_MS", "Limits", "Load", "Server", "quantiles", "spread"]

CALLERS_LATE_MS = 5.0  # callers whose own frames are later (p99) measure themselves
LOST_TURNS = 0.1  # of all: where more are without a reply, a server is not keeping up
PARTS = 40  # of a distribution
Spread = tuple[float, ...]  # p50, p95, p99; nothing of nothing


class Server(Struct, frozen=True):
    """What the load cost the server, as far as it could be seen."""

    daemon_ms: float  # of a processor, for a second of one call
    engines_ms: float | None = None  # of recognition and voices, likewise; None: it cannot be seen from here
    loop_late_ms: float | None = None  # p99, not more than that


class Load(Struct, frozen=True, kw_only=True):
    """What was seen in the measured time. Milliseconds are of call time."""

    calls: int  # that were wanted at once
    at_once: float  # that there were, on average
    seconds: float
    came: int  # calls that were begun to be placed
    refused: int
    completed: int
    left: int  # callers hung up, for nobody spoke any more
    broken: int
    troubles: Mapping[str, int]  # why calls were refused or broke
    first_word_ms: Spread
    reply_ms: Spread
    replies: int
    key_ms: Spread
    key_replies: int
    unanswered: int
    clear_ms: Spread
    clears: int
    uncleared: int
    pacing_ms: Spread
    underruns: int
    audio_share: float  # of a call's time in which it was sent audio
    messages_per_call_second: float
    callers_cpu_share: float  # of one core
    late_ms: Spread  # the callers' own frames
    distributions: Mapping[str, tuple[float, ...]] = {}  # of `reply`, `clear` and `pacing`, by `quantiles`
    server: Server | None = None

    @property
    def is_ours(self) -> bool:
        """Whether the callers were in time, so that what they saw is the server's."""
        return not self.late_ms or self.late_ms[-1] <= CALLERS_LATE_MS

    @property
    def turns(self) -> int:
        """How often somebody was done with speaking or with keys, and a reply came or did not."""
        return self.replies + self.key_replies + self.unanswered

    @property
    def keeps_up(self) -> bool:
        """Whether nearly everybody is replied to: a server that replies to nobody is not cheap."""
        return self.turns > self.unanswered <= LOST_TURNS * self.turns and not self.refused

    @property
    def lost(self) -> int:
        """Calls that were to last and did not."""
        return self.completed + self.left + self.broken


class Limits(Struct, frozen=True):
    """What callers may be asked to bear."""

    reply_ms: float = 1500.0  # p95, to speech; where nobody speaks, to keys
    pacing_ms: float = 20.0  # p99

    def exceeded(self, load: Load) -> list[str]:
        """What is not borne well, in words; nothing where all is."""
        found = []
        # To a key of a number that may have more of them the reply waits for those: speech tells more.
        what, values = ("speech", load.reply_ms) if load.reply_ms else ("keys", load.key_ms)
        if values and values[1] > self.reply_ms:
            found.append(f"replies to {what}: p95 {values[1]:.0f} ms, more than {self.reply_ms:g}")
        if load.pacing_ms and load.pacing_ms[2] > self.pacing_ms:
            found.append(f"pacing: p99 {load.pacing_ms[2]:.1f} ms, more than {self.pacing_ms:g}")
        if load.unanswered > LOST_TURNS * load.turns:
            found.append(f"{load.unanswered} of {load.turns} turns without a reply")
        if load.refused:
            found.append(f"{load.refused} calls refused")
        if load.broken:
            found.append(f"{load.broken} calls broken")
        if not found and not load.first_word_ms and not load.audio_share:
            found.append("nobody was spoken to")
        return found


def spread(values: Sequence[float]) -> Spread:
    """p50, p95 and p99; nothing of nothing."""
    ranked = sorted(values)
    return tuple(
        round(ranked[min(int(len(ranked) * part), len(ranked) - 1)], 2)
        for part in (0.5, 0.95, 0.99)
        if ranked
    )


def quantiles(values: Sequence[float]) -> tuple[float, ...]:
    """From the least to the greatest in steps of a fortieth, for plots; nothing of nothing."""
    ranked = sorted(values)
    last = len(ranked) - 1
    return tuple(round(ranked[round(step * last / PARTS)], 2) for step in range(PARTS + 1) if ranked)
