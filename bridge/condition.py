"""How the daemon is at this moment, put together from its parts for metrics; a part may not be there yet."""

import asyncio
import os
from datetime import datetime
from importlib.metadata import version
from typing import Protocol

from msgspec import Struct

from bridge.errors import StorageError
from bridge.lifecycle import State
from bridge.opus import OpusEars
from bridge.speech.engines import VoiceBench
from bridge.speech.memory import family_bytes
from bridge.speech.vosk.recognizer import VoskRecognizer
from bridge.storage.store import Store
from bridge.telemetry.snapshot import EngineCondition, PromptsCondition, Snapshot
from bridge.voicing import Voices

__all__ = ["Parts", "look", "memory_bytes"]


class Lagging(Protocol):
    """Whoever watches the event loop."""

    @property
    def lag_seconds(self) -> float:
        """How late it is."""
        ...


class Parts(Struct, frozen=True, kw_only=True):
    """What a daemon is made of, as far as it has come."""

    state: State
    calls: int
    now: datetime
    store: Store | None = None
    recognizer: VoskRecognizer | None = None
    bench: VoiceBench | None = None
    voices: Voices | None = None
    opus: OpusEars | None = None
    pulse: Lagging | None = None


async def look(parts: Parts) -> Snapshot:
    """Look at each of them; what cannot be read is left out."""
    waiting, overdue = await _notices(parts.store, parts.now)
    return Snapshot(
        version=version("hatif"),
        states=tuple(State),
        state=parts.state,
        calls=parts.calls,
        model=parts.recognizer.identity if parts.recognizer else "",
        is_draining=parts.state is State.DRAINING,
        lag_seconds=parts.pulse.lag_seconds if parts.pulse else None,
        tasks=len(asyncio.all_tasks()),
        memory_bytes=await asyncio.to_thread(memory_bytes),
        engines=_engines(parts),
        prompts=await asyncio.to_thread(_prompts, parts.voices) if parts.voices else None,
        notices_waiting=waiting,
        notices_overdue=overdue,
    )


def memory_bytes() -> int:
    """Of this process and all that it has started."""
    return family_bytes(os.getpid())


async def _notices(store: Store | None, now: datetime) -> tuple[int | None, int | None]:
    """How many notifications nobody has acknowledged: in time yet, and too late."""
    if store is None:
        return None, None
    try:
        notices = await store.notifications()
    except StorageError:
        return None, None
    overdue = sum(notice.acknowledge_by < now for notice in notices)
    return len(notices) - overdue, overdue


def _engines(parts: Parts) -> dict[str, EngineCondition]:
    engines = {}
    if (recognizer := parts.recognizer) is not None:
        engines["vosk"] = EngineCondition(recognizer.is_ready, recognizer.restarts)
    if parts.bench is not None:
        engines |= {name: EngineCondition(*condition) for name, condition in parts.bench.states().items()}
    if parts.opus is not None:
        engines["media"] = EngineCondition(parts.opus.worker.is_ready, parts.opus.worker.restarts)
    return engines


def _prompts(voices: Voices) -> PromptsCondition:
    counted = voices.statistics()
    return PromptsCondition(counted.hits, counted.misses, counted.entries, counted.bytes)
