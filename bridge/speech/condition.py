"""How an engine's process is, for those who look after the daemon."""

from datetime import datetime

from msgspec import Struct

__all__ = ["WorkerCondition"]


class WorkerCondition(Struct, frozen=True, kw_only=True):
    """One worker process at the moment of asking."""

    name: str
    version: str  # what the engine calls itself
    ready: bool  # up, and reliable lately
    up: bool
    restarts: int  # since the daemon began
    pid: int | None
    memory_bytes: int
    last_death: str | None = None  # what the last process died of
    last_death_at: datetime | None = None
