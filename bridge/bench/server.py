"""What the load costs the server: by its processes on this machine, or by its metrics."""

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from msgspec import Struct

from bridge.bench.load import Server
from bridge.bench.processes import descendants, processor_seconds

__all__ = ["Meter", "Usage", "cost", "upper_bound"]

DELAYS = "hatif_event_loop_delay_seconds"
PROCESSOR = "process_cpu_seconds_total"


class Usage(Struct, frozen=True):
    """What the server has used until now. Processor seconds."""

    daemon: float | None = None
    engines: float | None = None
    loop_delays: dict[float, float] = {}  # the histogram of the loop's delays: how many up to so many seconds


@dataclass(frozen=True, slots=True)
class Meter:
    """Looks at the server."""

    pids: list[int] = field(default_factory=list)  # on this machine
    read_metrics: Callable[[], str] | None = None  # Prometheus's text format; blocks; OSError: not now

    async def look(self) -> Usage | None:
        """What it has used until now; None: that cannot be seen."""
        return await asyncio.to_thread(self._look)

    def _look(self) -> Usage | None:
        told = self._told()
        if self.pids:
            engines = [child for pid in self.pids for child in descendants(pid)]
            return Usage(
                sum(map(processor_seconds, self.pids)), sum(map(processor_seconds, engines)), told.loop_delays
            )
        return told if told.daemon is not None else None

    def _told(self) -> Usage:
        from prometheus_client.parser import text_string_to_metric_families  # noqa: PLC0415 - slow to import

        try:
            text = self.read_metrics() if self.read_metrics is not None else ""
        except OSError:
            return Usage()
        delays: dict[float, float] = {}
        daemon = None
        for family in text_string_to_metric_families(text):
            for sample in family.samples:
                if family.name == DELAYS and "le" in sample.labels:
                    delays[float(sample.labels["le"])] = sample.value
                elif sample.name == PROCESSOR:
                    daemon = sample.value
        return Usage(daemon, None, delays)


def cost(before: Usage | None, after: Usage | None, call_seconds: float) -> Server | None:
    """What came in between, for a second of one call."""
    if before is None or after is None or not call_seconds:
        return None
    daemon, engines = _less(after.daemon, before.daemon), _less(after.engines, before.engines)
    if daemon is None:
        return None
    late = upper_bound(0.99, before.loop_delays, after.loop_delays)
    return Server(
        daemon_ms=round(daemon / call_seconds * 1000, 3),
        engines_ms=None if engines is None else round(engines / call_seconds * 1000, 3),
        loop_late_ms=None if late is None else late * 1000,
    )


def _less(one: float | None, other: float | None) -> float | None:
    return None if one is None or other is None else one - other


def upper_bound(part: float, before: Mapping[float, float], after: Mapping[float, float]) -> float | None:
    """The upper end of the bucket up to which that part of what came in between lies; None of nothing."""
    counts = {limit: after[limit] - before.get(limit, 0.0) for limit in sorted(after)}
    total = max(counts.values(), default=0.0)
    return (
        next((limit for limit, number in counts.items() if number >= part * total), None) if total else None
    )
