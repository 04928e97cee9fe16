"""Everything that a daemon can expose to Prometheus, each thing having happened once."""

from bridge.lifecycle import State
from bridge.telemetry.metrics import Metrics, TurnParts
from bridge.telemetry.snapshot import EngineCondition, PromptsCondition, Snapshot, WorkersCondition

__all__ = ["SNAPSHOT", "everything", "families", "sample"]

SNAPSHOT = Snapshot(
    version="0.1.0",
    states=tuple(State),
    state=State.RUNNING,
    calls=3,
    model="hatif-ar-phone-0.2@1234",
    lag_seconds=0.004,
    tasks=19,
    memory_bytes=1 << 30,
    engines={"vosk": EngineCondition(is_up=True, restarts=2), "espeak-ng": EngineCondition(is_up=False)},
    prompts=PromptsCondition(hits=90, misses=2, entries=500, bytes=1 << 20),
    notices_waiting=1,
    notices_overdue=0,
    components={"storage": True, "voice": False},
    questionnaires={"asked": 1, "waiting": 0, "left_out": 2},
    storage_free_bytes=9 << 30,
    workers=WorkersCondition(up=2, wanted=2, restarts=0),
    backup_at=1_790_000_000.0,
)


def everything(metrics: Metrics | None = None) -> str:
    """The text that Prometheus reads, after each method was called once."""
    metrics = metrics or Metrics()
    metrics.call_ended("maqsam", "completed", "default")
    metrics.call_cut("maqsam", "idle")
    metrics.call_refused("full")
    metrics.committed(2, 1)
    metrics.turn_measured(TurnParts(0.6, 0.2, 0.001, 0.01, 0.03, 0.84))
    metrics.barged_in(0.14)
    metrics.no_input()
    metrics.no_match()
    metrics.recognised(0.2)
    metrics.spoke_live("espeak-ng/ar", 0.1)
    metrics.not_heard()
    metrics.dropped("in", 5)
    metrics.storage_failed("full")
    metrics.loop_measured(0.003)
    metrics.requested("GET", "/health", 200, 0.002)
    return metrics.exposition(SNAPSHOT).decode()


def families(text: str) -> dict[str, str]:
    """The kind of every metric in a text, by its name."""
    types = [line.split() for line in text.splitlines() if line.startswith("# TYPE ")]
    return {name: kind for _, _, name, kind in types}


def sample(text: str, series: str) -> float | None:
    """The value of a series, written as in the text; None where there is none such."""
    found = [line for line in text.splitlines() if line.startswith(f"{series} ")]
    return float(found[0].rpartition(" ")[2]) if found else None
