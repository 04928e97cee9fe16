"""What a load balancer, a supervisor and a curious person may ask.

It needs no credential, says little without one, never asks the network, and looks at most once a second.
docs/monitoring.md tells what each key means.
"""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from importlib.metadata import version

from aiohttp import web
from msgspec import Struct

from bridge.errors import StorageError
from bridge.identity.principal import Scope
from bridge.lifecycle import Lifecycle, State
from bridge.storage.migrated import Migrated
from bridge.web.authorisation import may
from bridge.web.endpoints import TEXT, Endpoint, reply

__all__ = ["Component", "Health"]

KEEP_SECONDS = 1.0  # nobody makes us work by asking more often
DATABASE, EARS, VOICE = "storage", "recogniser", "voice"  # components that requirements have names for
GIB, MIB = 1 << 30, 1 << 20


class Component(Struct, frozen=True):
    """One thing that a call needs, and how it is."""

    name: str
    is_ready: bool
    detail: str = ""


class _Look(Struct, frozen=True):
    """What was found the last time."""

    at: float  # the loop's time
    state: State
    components: tuple[Component, ...]
    migrated: Migrated | None
    memory_bytes: int

    def is_ready(self, *names: str) -> bool:
        return all(part.is_ready for part in self.components if part.name in names)


async def _unknown() -> Migrated | None:
    return None


class Index(Struct, frozen=True):
    """Who is speaking, and where to ask further."""

    service: str
    version: str
    state: State
    health: tuple[str, ...]
    media: tuple[str, ...]  # sockets of the providers that are enabled
    interface: str  # the document of what programs may ask


class Readiness(Struct, frozen=True):
    """Whether calls may be sent here, and why not."""

    ready: bool
    reasons: list[str]


class MigrationsCheck(Struct, frozen=True):
    """The schema of the database; its revisions are null while it cannot be read."""

    status: str
    applied: int | str | None
    pending: int | str | None


class Checks(Struct, frozen=True):
    """Healthy or unhealthy, each."""

    database: str
    voice_services: str
    migrations: MigrationsCheck


class ComponentState(Struct, frozen=True, omit_defaults=True):
    """One thing that calls need; its detail is told with the scope `health:read` only."""

    ready: bool
    detail: str | None = None


class HealthReport(Struct, frozen=True, kw_only=True):
    """The keys of requirements 000, 002 and 003 and ours."""

    status: str
    state: State
    version: str
    timestamp: str
    voice_service: str
    vosk_model: str
    tts_model: str
    memory_usage: str
    active_connections: int
    active_calls: int
    checks: Checks
    components: dict[str, ComponentState]


class Health:
    """`/`, `/livez`, `/readyz` and `/health`."""

    def __init__(
        self,
        *,
        lifecycle: Lifecycle,
        components: Callable[[], Awaitable[list[Component]]],
        active_calls: Callable[[], int],
        migrated: Callable[[], Awaitable[Migrated | None]] = _unknown,
        memory_bytes: Callable[[], int] = lambda: 0,
        media: tuple[str, ...] = (),
    ) -> None:
        """`memory_bytes` is of the daemon and its engines together, `media` where sockets are taken."""
        self._media = media
        self._lifecycle = lifecycle
        self._components = components
        self._active_calls = active_calls
        self._migrated = migrated
        self._memory_bytes = memory_bytes
        self._last: _Look | None = None
        self._looking = asyncio.Lock()

    def endpoints(self) -> list[Endpoint]:
        """For server and document."""
        return [
            Endpoint(
                method="GET",
                path="/",
                scope=None,
                handler=self.index,
                summary="Who is speaking, and where to ask further",
                answer=Index,
            ),
            Endpoint(
                method="GET",
                path="/livez",
                scope=None,
                handler=self.livez,
                summary="The event loop turns",
                answer=str,
                content_type=TEXT,
            ),
            Endpoint(
                method="GET",
                path="/readyz",
                scope=None,
                handler=self.readyz,
                summary="May calls be sent here? At capacity still yes",
                answer=Readiness,
                others={503: Readiness},
            ),
            Endpoint(
                method="GET",
                path="/health",
                scope=None,
                handler=self.health,
                summary="How all is that calls need, for people and for dashboards",
                answer=HealthReport,
                others={503: HealthReport},
            ),
        ]

    async def index(self, _request: web.Request) -> web.Response:
        """Who is speaking, and where to ask further."""
        return reply(
            Index(
                service="hatif",
                version=version("hatif"),
                state=self._lifecycle.state,
                health=("/livez", "/readyz", "/health"),
                media=self._media,
                interface="/openapi.json",
            )
        )

    async def livez(self, _request: web.Request) -> web.Response:
        """The event loop turns."""
        return web.Response(text="alive\n")

    async def readyz(self, _request: web.Request) -> web.Response:
        """May calls be sent here? At capacity still yes: admission answers busy, call by call."""
        reasons = await self._reasons()
        return reply(Readiness(not reasons, reasons), status=503 if reasons else 200)

    async def health(self, request: web.Request) -> web.Response:
        """The keys of requirements 000, 002 and 003 and ours; details with the scope `health:read` only."""
        found = await self._look()
        healthy = self._lifecycle.state is State.RUNNING and all(part.is_ready for part in found.components)
        report = self._report(found, is_healthy=healthy, in_detail=may(request, Scope.HEALTH_READ))
        return reply(report, status=200 if healthy else 503)

    def _report(self, found: _Look, *, is_healthy: bool, in_detail: bool) -> HealthReport:
        calls = self._active_calls()
        return HealthReport(
            status=_healthy(is_healthy),
            state=self._lifecycle.state,
            version=version("hatif"),
            timestamp=datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z"),
            voice_service=self._progress("loaded", is_there=found.is_ready(EARS, VOICE)),
            vosk_model=self._progress("ready", is_there=found.is_ready(EARS)),
            tts_model=self._progress("ready", is_there=found.is_ready(VOICE)),
            memory_usage=_memory(found.memory_bytes),
            active_connections=calls,
            active_calls=calls,
            checks=Checks(
                database=_healthy(found.is_ready(DATABASE)),
                voice_services=_healthy(found.is_ready(EARS, VOICE)),
                migrations=_migrations(found.migrated),
            ),
            components={
                part.name: ComponentState(part.is_ready, part.detail if in_detail else None)
                for part in found.components
            },
        )

    def _progress(self, word: str, *, is_there: bool) -> str:
        if is_there:
            return word
        return "loading" if self._lifecycle.state is State.STARTING else "failed"

    async def _reasons(self) -> list[str]:
        state = self._lifecycle.state
        if state is not State.RUNNING:
            return [state.value]
        return [part.name for part in (await self._look()).components if not part.is_ready]

    async def _look(self) -> _Look:
        """What was found within the last second of this state, or else now."""
        clock = asyncio.get_running_loop()
        async with self._looking:  # whoever asks meanwhile is told the same
            last, state = self._last, self._lifecycle.state
            if last is None or last.state is not state or clock.time() - last.at > KEEP_SECONDS:
                components = tuple(await self._components())
                memory = await asyncio.to_thread(self._memory_bytes)
                last = self._last = _Look(clock.time(), state, components, await self._schema(), memory)
            return last

    async def _schema(self) -> Migrated | None:
        try:
            return await self._migrated()
        except StorageError:  # the component says so
            return None


def _healthy(is_so: bool) -> str:
    return "healthy" if is_so else "unhealthy"


def _migrations(found: Migrated | None) -> MigrationsCheck:
    if found is None:
        return MigrationsCheck("unknown", None, None)
    return MigrationsCheck(found.status, found.applied, found.pending)


def _memory(count: int) -> str:
    """As requirement 000 writes it: 1.2GB, 740MB."""
    return f"{count / GIB:.1f}GB" if count >= GIB else f"{count / MIB:.0f}MB"
