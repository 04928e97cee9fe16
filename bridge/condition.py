"""How the daemon is at this moment, put together from its parts for metrics; a part may not be there yet."""

import asyncio
import os
from collections.abc import Mapping
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
from bridge.storage.backup import latest_backup
from bridge.storage.place import Place
from bridge.storage.store import Store
from bridge.telemetry.snapshot import EngineCondition, PromptsCondition, Snapshot
from bridge.voicing import Voices

__all__ = ["LOOK_SECONDS", "Parts", "look", "memory_bytes"]

LOOK_SECONDS = 6.0  # SQLite waits 5 s for a lock; whoever asks for metrics gives up after 10 s


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
    questionnaires: Mapping[str, int] | None = None  # how many are asked, waiting for their prompts, left out


async def look(
    parts: Parts, components: Mapping[str, bool] | None = None, place: Place | None = None
) -> Snapshot:
    """Look at each of them, and at the database's place; what cannot be read is left out.

    `components` is what a call needs, and whether it is ready.
    """
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
        components=components or {},
        questionnaires=parts.questionnaires,
        storage_free_bytes=await asyncio.to_thread(_free_bytes, place) if place else None,
        backup_at=await asyncio.to_thread(_backup_at, place) if place else None,
    )


def memory_bytes() -> int:
    """Of this process and all that it has started."""
    return family_bytes(os.getpid())


def _free_bytes(place: Place) -> int | None:
    """For us, on the disk of a database that is a file."""
    if place.file is None:
        return None
    try:
        disk = os.statvfs(place.file.parent)
    except OSError:
        return None
    return disk.f_bavail * disk.f_frsize


def _backup_at(place: Place) -> float | None:
    """When the latest backup was made; 0 where there is none, None where backups are not ours to make."""
    if place.file is None or place.backup_folder is None:
        return None
    try:
        latest = latest_backup(place.backup_folder)
    except OSError:
        return None
    return latest.stat().st_mtime if latest else 0.0


async def _notices(store: Store | None, now: datetime) -> tuple[int | None, int | None]:
    """How many notifications nobody has acknowledged: in time yet, and too late."""
    if store is None:
        return None, None
    try:
        async with asyncio.timeout(LOOK_SECONDS):
            notices = await store.notifications()
    except (StorageError, TimeoutError):
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
