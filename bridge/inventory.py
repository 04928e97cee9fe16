"""What of the daemon has come up so far, and how it is: for health, metrics, systemd and operators."""

import asyncio
from dataclasses import dataclass

from bridge.clock import Clock
from bridge.condition import LOOK_SECONDS, Parts, look
from bridge.crew.crew import Crew
from bridge.errors import StorageError
from bridge.lifecycle import Lifecycle
from bridge.opus import OpusEars
from bridge.pulse import Pulse
from bridge.readiness import Readiness
from bridge.running import RunningWorker
from bridge.speech.condition import WorkerCondition
from bridge.speech.engines import VoiceBench
from bridge.speech.vosk.recognizer import VoskRecognizer
from bridge.storage.migrated import Migrated, migrated
from bridge.storage.place import Place
from bridge.storage.store import Store
from bridge.supervision import Situation
from bridge.switchboard import Switchboard
from bridge.telemetry.snapshot import Snapshot
from bridge.voicing import Voices
from bridge.web.health import Component

__all__ = ["Inventory"]


@dataclass(slots=True)
class Inventory:
    """Filled in by the composition root; what is not there yet is None."""

    lifecycle: Lifecycle
    pulse: Pulse
    clock: Clock
    crew: Crew | None = None  # where other processes hold the calls
    store: Store | None = None
    opus: OpusEars | None = None
    recognizer: VoskRecognizer | None = None
    bench: VoiceBench | None = None
    voices: Voices | None = None
    readiness: Readiness | None = None
    switchboard: Switchboard | None = None

    def active_calls(self) -> int:
        """How many calls are in progress."""
        return self.switchboard.active_calls if self.switchboard else 0

    def parts(self) -> Parts:
        """All that metrics look at."""
        return Parts(
            state=self.lifecycle.state,
            calls=self.active_calls(),
            now=self.clock.now(),
            pulse=self.pulse,
            store=self.store,
            recognizer=self.recognizer,
            bench=self.bench,
            voices=self.voices,
            opus=self.opus,
            questionnaires=self._questionnaires(),
        )

    def _questionnaires(self) -> dict[str, int] | None:
        board, readiness = self.switchboard, self.readiness
        if board is None or readiness is None:
            return None
        asked = sum(readiness.is_ready(one) for one in board.questionnaires)
        waiting = len(board.questionnaires) - asked
        return {"asked": asked, "waiting": waiting, "left_out": len(board.left_out)}

    async def snapshot(self, place: Place) -> Snapshot:
        """How the daemon is, for metrics; `place` is the database's."""
        ready = {part.name: part.is_ready for part in await self.components()}
        own = await look(self.parts(), ready, place)
        if self.crew is None:
            return own
        await self.crew.count()
        return self.crew.added_to(own)

    def situation(self, *, is_reloading: bool) -> Situation:
        """What the service manager is told of."""
        return Situation(
            state=self.lifecycle.state,
            is_ending=self.lifecycle.is_ending,
            is_reloading=is_reloading,
            is_alive=self.pulse.is_alive(),
            calls=self.active_calls(),
        )

    def versions(self) -> dict[str, str]:
        """Of the engines that are up, by what they do."""
        recognizer = self.recognizer
        return {"recogniser": recognizer.engine, "model": recognizer.identity} if recognizer else {}

    def engines(self) -> list[WorkerCondition]:
        """How the engines' processes are."""
        ears = [self.recognizer.condition()] if self.recognizer else []
        own = ears + (self.bench.conditions() if self.bench else [])
        return own + (self.crew.engines() if self.crew else [])

    def workers(self) -> list[RunningWorker]:
        """How the processes that hold calls are; none where this one does."""
        return self.crew.running() if self.crew else []

    def utterances(self) -> int:
        """How many are being recognised."""
        own = self.recognizer.utterances if self.recognizer else 0
        return own + (self.crew.utterances if self.crew else 0)

    def lag_seconds(self) -> float:
        """How late the event loop is, or the latest of several."""
        return max(self.pulse.lag_seconds, self.crew.lag_seconds if self.crew else 0.0)

    async def migrated(self) -> Migrated | None:
        """How far the database's schema has come."""
        return await migrated(self.store) if self.store else None

    async def components(self) -> list[Component]:
        """Everything that a call needs, by name."""
        recognizer, voices, readiness = self.recognizer, self.voices, self.readiness
        ears = recognizer.report() if recognizer else (False, "not started")
        return [
            *([Component("workers", *self.crew.report())] if self.crew else []),
            Component("storage", *await self._storage()),
            Component("recogniser", *(self.crew.ears(ears) if self.crew else ears)),
            Component("voice", *(voices.report() if voices else (False, "not started"))),
            Component("prompts", voices is not None, await self._prompts()),
            Component(
                "questionnaires", readiness is not None, readiness.report() if readiness else "not begun"
            ),
        ]

    async def _prompts(self) -> str:
        return str(await asyncio.to_thread(self.voices.statistics)) if self.voices else "not open"

    async def _storage(self) -> tuple[bool, str]:
        if self.store is None:
            return False, "not open"
        try:
            async with asyncio.timeout(LOOK_SECONDS):
                await self.store.ping()
        except StorageError as error:
            return False, str(error)
        except TimeoutError:
            return False, "the database does not answer"
        return True, ""
