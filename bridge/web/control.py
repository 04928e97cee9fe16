"""The daemon's own affairs for its operator: how it is, draining and going on, reading everything again."""

import os
from collections.abc import Awaitable, Callable
from datetime import datetime
from importlib.metadata import version
from platform import python_version

import structlog
from aiohttp import web
from msgspec import Struct

from bridge.audit.entries import Action
from bridge.audit.log import AuditLog
from bridge.errors import StorageError
from bridge.identity.principal import Principal, Scope
from bridge.lifecycle import Lifecycle, State
from bridge.offering import Change
from bridge.pulse import Pulse
from bridge.reloading import Reloaded
from bridge.running import RunningWorker
from bridge.web.authorisation import require
from bridge.web.endpoints import Endpoint, reply
from bridge.web.health import Component
from bridge.web.refusals import Problem

__all__ = ["ControlRoutes", "Traffic"]

log = structlog.get_logger()


class Traffic(Struct, frozen=True, kw_only=True):
    """What calls meet with here."""

    calls: int
    most_calls: int  # 0 while the daemon starts
    refused: dict[str, int]  # calls that were not taken since it began, by reason
    questionnaires: dict[str, str]  # "ready", or why no call is asked it, by id
    workers: list[RunningWorker]  # none where the daemon's one process holds the calls


class Status(Struct, frozen=True, kw_only=True):
    """How the daemon is, in short; `/admin/health` tells all."""

    state: State
    since: datetime
    is_ending: bool  # told to end, which cannot be taken back
    calls: int
    most_calls: int
    refused: dict[str, int]
    questionnaires: dict[str, str]
    workers: list[RunningWorker]
    not_ready: dict[str, str]  # why, by component
    versions: dict[str, str]
    loop_lag_seconds: float
    pid: int


class ReloadReport(Struct, frozen=True, kw_only=True):
    """What came of reading everything again: all of it, or nothing."""

    reloaded: bool
    problems: tuple[str, ...]  # by file, line and field; then nothing has changed
    questionnaires: int
    changes: dict[str, Change]  # by questionnaire
    waiting_for_restart: tuple[str, ...]  # options


class ControlRoutes:
    """`/admin/status`, `/admin/drain`, `/admin/undrain` and `/admin/reload`."""

    def __init__(
        self,
        *,
        lifecycle: Lifecycle,
        pulse: Pulse,
        components: Callable[[], Awaitable[list[Component]]],
        traffic: Callable[[], Traffic],
        versions: Callable[[], dict[str, str]],
        reload: Callable[[], Awaitable[Reloaded]],
        audit: Callable[[], AuditLog | None] = lambda: None,
    ) -> None:
        """`versions`: of the engines that are up, by what they do. `audit`: once the database is open."""
        self._audit = audit
        self._lifecycle = lifecycle
        self._pulse = pulse
        self._components = components
        self._traffic = traffic
        self._versions = versions
        self._reload = reload

    def endpoints(self) -> list[Endpoint]:
        """For server and document."""
        return [
            Endpoint(
                method="GET",
                path="/admin/status",
                scope=Scope.HEALTH_READ,
                handler=self.status,
                summary="How the daemon is",
                answer=Status,
            ),
            Endpoint(
                method="POST",
                path="/admin/drain",
                scope=Scope.DAEMON_CONTROL,
                handler=self.drain,
                summary="Take no new calls, until told otherwise",
                answer=Status,
            ),
            Endpoint(
                method="POST",
                path="/admin/undrain",
                scope=Scope.DAEMON_CONTROL,
                handler=self.undrain,
                summary="Take calls again; 409 where the daemon is about to end",
                answer=Status,
                others={409: Problem},
            ),
            Endpoint(
                method="POST",
                path="/admin/reload",
                scope=Scope.DAEMON_CONTROL,
                handler=self.reload,
                summary="Read everything again, and say what came of it; 422 where it was refused",
                answer=ReloadReport,
                others={422: ReloadReport},
            ),
        ]

    async def status(self, request: web.Request) -> web.Response:
        """How the daemon is."""
        require(request, Scope.HEALTH_READ)
        return await self._status()

    async def drain(self, request: web.Request) -> web.Response:
        """Take no new calls, until told otherwise."""
        principal = require(request, Scope.DAEMON_CONTROL)
        await self._note(principal, Action.DAEMON_DRAIN)
        log.info("drain_wanted", via=principal.name)
        self._lifecycle.drain()
        return await self._status()

    async def undrain(self, request: web.Request) -> web.Response:
        """Take calls again; 409 where the daemon is about to end."""
        principal = require(request, Scope.DAEMON_CONTROL)
        await self._note(principal, Action.DAEMON_UNDRAIN)
        if not self._lifecycle.undrain():
            raise web.HTTPConflict(text="the daemon has been told to end, which cannot be taken back\n")
        log.info("undrain_wanted", via=principal.name)
        return await self._status()

    async def reload(self, request: web.Request) -> web.Response:
        """Read everything again, and say what came of it; 422 where it was refused."""
        principal = require(request, Scope.DAEMON_CONTROL)
        if self._lifecycle.state is State.STARTING:
            raise web.HTTPServiceUnavailable(text="starting\n", headers={"Retry-After": "5"})
        await self._note(principal, Action.DAEMON_RELOAD)
        reloaded = await self._reload()
        report = ReloadReport(
            reloaded=not reloaded.problems,
            problems=reloaded.problems,
            questionnaires=reloaded.questionnaires,
            changes=reloaded.changes,
            waiting_for_restart=reloaded.waiting_for_restart,
        )
        return reply(report, status=422 if reloaded.problems else 200)

    async def _note(self, principal: Principal, action: Action) -> None:
        """Write it down, if the database lets us: a daemon whose disk is full must be able to drain."""
        audit = self._audit()
        try:
            if audit is not None:
                await audit.note(principal, action, "*")
        except StorageError as error:
            log.error("not_audited", what=action, code=error.code, detail=str(error))  # noqa: TRY400

    async def _status(self) -> web.Response:
        lifecycle, traffic = self._lifecycle, self._traffic()
        not_ready = [part for part in await self._components() if not part.is_ready]
        report = Status(
            state=lifecycle.state,
            since=lifecycle.since,
            is_ending=lifecycle.is_ending,
            calls=traffic.calls,
            most_calls=traffic.most_calls,
            refused=traffic.refused,
            questionnaires=traffic.questionnaires,
            workers=traffic.workers,
            not_ready={part.name: part.detail for part in not_ready},
            versions={"hatif": version("hatif"), "python": python_version(), **self._versions()},
            loop_lag_seconds=round(self._pulse.lag_seconds, 3),
            pid=os.getpid(),
        )
        return reply(report)
