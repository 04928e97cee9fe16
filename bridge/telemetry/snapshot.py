"""How the daemon is at this moment, as metrics: what nobody has to count, for it can be looked at."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from msgspec import Struct, field
from prometheus_client import Metric
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.registry import Collector

__all__ = ["EngineCondition", "PromptsCondition", "Snapshot", "SnapshotCollector", "WorkersCondition"]

SERVING, DRAINING, DRAINED = 0, 1, 2  # values of hatif_drain_state


class EngineCondition(Struct, frozen=True):
    """One engine."""

    is_up: bool
    restarts: int = 0


class PromptsCondition(Struct, frozen=True):
    """The cache of prompts."""

    hits: int
    misses: int
    entries: int
    bytes: int


class WorkersCondition(Struct, frozen=True):
    """The processes that hold calls, where there are several."""

    up: int
    wanted: int
    restarts: int


class Snapshot(Struct, frozen=True):
    """How the daemon is. None: that part of it is not there (yet)."""

    version: str
    states: tuple[str, ...]  # that there are, in order
    state: str
    calls: int = 0
    model: str = ""  # the recogniser's
    is_draining: bool = False
    lag_seconds: float | None = None  # of the event loop
    tasks: int | None = None  # of the event loop, that are not done
    memory_bytes: int | None = None  # of the daemon and its engines
    engines: Mapping[str, EngineCondition] = field(default_factory=dict)
    prompts: PromptsCondition | None = None
    notices_waiting: int | None = None  # callers in danger, perhaps, of whom nobody has taken note
    notices_overdue: int | None = None  # and should have
    components: Mapping[str, bool] = field(default_factory=dict)  # what a call needs, and whether it is ready
    questionnaires: Mapping[str, int] | None = None  # how many are in which state
    storage_free_bytes: int | None = None  # on the database's disk
    workers: WorkersCondition | None = None
    backup_at: float | None = None  # when the latest backup was made, in seconds since 1970; 0: never


class SnapshotCollector(Collector):
    """Tells a registry of one snapshot at a time."""

    def __init__(self) -> None:
        self._snapshot: Snapshot | None = None

    @contextmanager
    def showing(self, snapshot: Snapshot) -> Iterator[None]:
        """Meanwhile, this is how the daemon is."""
        self._snapshot = snapshot
        try:
            yield
        finally:
            self._snapshot = None

    def collect(self) -> Iterator[Metric]:
        """Every family, in a fixed order."""
        if (now := self._snapshot) is None:
            return
        yield _one("voice_sessions_active", "Voice sessions in progress.", now.calls)
        yield _one("hatif_calls_active", "Calls in progress.", now.calls)
        yield from _life(now)
        yield from _machine(now)
        yield from _kept(now)
        yield from _engines(now.engines)
        if now.workers is not None:
            yield from _workers(now.workers)
        if now.prompts is not None:
            yield from _prompts(now.prompts)


def _life(now: Snapshot) -> Iterator[Metric]:
    build = GaugeMetricFamily(
        "hatif_build_info", "Which Hatif, and which model hears.", labels=("version", "model")
    )
    build.add_metric((now.version, now.model), 1)
    yield build
    state = GaugeMetricFamily("hatif_state", "1 for the state that the daemon is in.", labels=("state",))
    for name in now.states:
        state.add_metric((name,), name == now.state)
    yield state
    drain = (DRAINING if now.calls else DRAINED) if now.is_draining else SERVING
    yield _one("hatif_drain_state", "0 serving, 1 draining with calls in progress, 2 drained.", drain)
    if now.notices_waiting is not None and now.notices_overdue is not None:
        open_ = GaugeMetricFamily(
            "hatif_escalations_open", "Notifications that nobody has acknowledged.", labels=("due",)
        )
        open_.add_metric(("waiting",), now.notices_waiting)
        open_.add_metric(("overdue",), now.notices_overdue)
        yield open_


def _machine(now: Snapshot) -> Iterator[Metric]:
    if now.lag_seconds is not None:
        yield _one("hatif_event_loop_lag_seconds", "How late the event loop is.", now.lag_seconds)
    if now.tasks is not None:
        yield _one("hatif_asyncio_tasks", "Tasks of the event loop that are not done.", now.tasks)
    if now.memory_bytes is not None:
        yield _one("hatif_memory_bytes", "Memory of the daemon and its engines together.", now.memory_bytes)


def _kept(now: Snapshot) -> Iterator[Metric]:
    ready = GaugeMetricFamily(
        "hatif_component_ready", "Whether what every call needs is ready.", labels=("component",)
    )
    for name, is_ready in now.components.items():
        ready.add_metric((name,), is_ready)
    yield ready
    if now.questionnaires is not None:
        asked = GaugeMetricFamily(
            "hatif_questionnaires",
            "Questionnaires that calls may be asked, that wait for their prompts, that are left out.",
            labels=("state",),
        )
        for name, count in now.questionnaires.items():
            asked.add_metric((name,), count)
        yield asked
    if now.storage_free_bytes is not None:
        yield _one("hatif_storage_free_bytes", "Room on the database's disk.", now.storage_free_bytes)
    if now.backup_at is not None:
        yield _one(
            "hatif_backup_timestamp_seconds", "When the latest backup was made; 0: never.", now.backup_at
        )


def _engines(engines: Mapping[str, EngineCondition]) -> Iterator[Metric]:
    up = GaugeMetricFamily("hatif_engine_up", "Whether the engine can be used.", labels=("engine",))
    restarts = CounterMetricFamily(
        "hatif_engine_restarts", "How often the engine's process was replaced.", labels=("engine",)
    )
    for name, engine in engines.items():
        up.add_metric((name,), engine.is_up)
        restarts.add_metric((name,), engine.restarts)
    yield up
    yield restarts


def _workers(workers: WorkersCondition) -> Iterator[Metric]:
    yield _one("hatif_workers_up", "Workers that can hold one more call.", workers.up)
    yield _one("hatif_workers_wanted", "Workers that there are to be.", workers.wanted)
    yield _count("hatif_worker_restarts", "How often a worker was replaced.", workers.restarts)


def _prompts(prompts: PromptsCondition) -> Iterator[Metric]:
    yield _count("hatif_prompts_hits", "Prompts that were there when a call asked.", prompts.hits)
    yield _count(
        "hatif_prompts_misses", "Prompts that had to be rendered while a call waited.", prompts.misses
    )
    yield _one("hatif_prompts_entries", "Prompts that are kept.", prompts.entries)
    yield _one("hatif_prompts_bytes", "How much the prompts that are kept take.", prompts.bytes)


def _one(name: str, text: str, value: float) -> Metric:
    return GaugeMetricFamily(name, text, value=value)


def _count(name: str, text: str, value: float) -> Metric:
    return CounterMetricFamily(name, text, value=value)
