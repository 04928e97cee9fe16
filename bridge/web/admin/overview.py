"""`/admin/health`, `/admin/questionnaires` and `/providers/NAME/status`: how all is that calls need."""

import os
from datetime import datetime
from importlib.metadata import version

from aiohttp import web
from msgspec import Struct

from bridge.audit.entries import Action
from bridge.dialogue.questionnaire import Questionnaire
from bridge.identity.principal import Scope
from bridge.lifecycle import State
from bridge.readiness import Rendered
from bridge.speech.condition import WorkerCondition
from bridge.speech.memory import resident_bytes
from bridge.storage.versions import first_offered
from bridge.web.admin.house import House, there
from bridge.web.authorisation import require
from bridge.web.endpoints import Endpoint, reply
from bridge.web.refusals import Refused

__all__ = ["AdminHealth", "OverviewRoutes", "ProviderStatus", "QuestionnaireList"]


class Calls(Struct, frozen=True):
    """How many there are, and may be."""

    active: int
    most: int
    not_begun: int  # let in, and over before they were introduced: refused in band, or silent


class ComponentHealth(Struct, frozen=True):
    """One thing that calls need."""

    name: str
    ready: bool
    detail: str


class Memory(Struct, frozen=True):
    """What is in memory now, in bytes."""

    daemon: int
    engines: int


class AdminHealth(Struct, frozen=True, kw_only=True):
    """How the daemon is, in full."""

    status: str  # healthy or unhealthy, as /health says
    state: str  # of the life cycle
    version: str
    components: list[ComponentHealth]
    engines: list[WorkerCondition]
    calls: Calls
    utterances: int  # that the recogniser has under way
    loop_lag_seconds: float | None
    memory: Memory
    security: Refused


class OfferedQuestionnaire(Struct, frozen=True, kw_only=True):
    """A questionnaire that new calls may be asked, and how far its prompts are."""

    id: str
    version: str
    hash: str
    status: str  # draft or validated
    language: str
    default: bool
    ready: bool  # calls are put through to it
    prompts: int
    missing: int
    stood_in: int  # in another voice than its own
    why: str  # its own voice did not render them; '' where it did
    since: datetime | None  # when this version was first offered here


class QuestionnaireList(Struct, frozen=True):
    """All that are offered."""

    questionnaires: list[OfferedQuestionnaire]


class ProviderStatus(Struct, frozen=True):
    """How one provider's calls are served."""

    provider: str
    enabled: bool
    guarded: bool  # by a credential; without one only this machine is served
    accepting: bool  # would a call be taken now?
    active_calls: int


class OverviewRoutes:
    """What can be looked at."""

    def __init__(self, house: House) -> None:
        self._house = house

    def endpoints(self) -> list[Endpoint]:
        """For server and document."""
        return [
            Endpoint(
                method="GET",
                path="/admin/health",
                scope=Scope.HEALTH_READ,
                handler=self.health,
                summary="Every component and engine, calls, memory, and what was refused",
                answer=AdminHealth,
            ),
            Endpoint(
                method="GET",
                path="/admin/questionnaires",
                scope=Scope.QUESTIONNAIRES_READ,
                handler=self.questionnaires,
                summary="Which questionnaires are offered, and which are ready",
                answer=QuestionnaireList,
            ),
            *(
                Endpoint(
                    method="GET",
                    path=path,
                    scope=None,
                    handler=self.provider,
                    summary="How a provider's calls are served",
                    answer=ProviderStatus,
                )
                for path in ("/providers/{provider}/status", "/maqsam/status")
            ),
        ]

    async def health(self, request: web.Request) -> web.Response:
        """Also while starting: then most of it is not ready. The answer is 200 whatever it says."""
        principal = require(request, Scope.HEALTH_READ)
        house = self._house
        if house.audit is not None:
            await house.audit.note_seldom(principal, Action.HEALTH_READ, "*")
        components, engines = await house.components(), house.engines()
        is_healthy = house.lifecycle.state is State.RUNNING and all(part.is_ready for part in components)
        lag = house.lag_seconds()
        report = AdminHealth(
            status="healthy" if is_healthy else "unhealthy",
            state=house.lifecycle.state,
            version=version("hatif"),
            components=[ComponentHealth(part.name, part.is_ready, part.detail) for part in components],
            engines=engines,
            calls=self._calls(),
            utterances=house.utterances(),
            loop_lag_seconds=None if lag is None else round(lag, 4),
            memory=Memory(resident_bytes(os.getpid()), sum(engine.memory_bytes for engine in engines)),
            security=house.counts.so_far(),
        )
        return reply(report)

    async def questionnaires(self, request: web.Request) -> web.Response:
        """All that are offered, by name."""
        principal = require(request, Scope.QUESTIONNAIRES_READ)
        house = self._house
        board, readiness = there(house.switchboard), there(house.readiness)
        await there(house.audit).note_seldom(principal, Action.QUESTIONNAIRES_READ, "*")
        since = await first_offered(there(house.database))
        offered = [
            _offered(one, readiness.progress(one), since.get(one.hash), is_default=one.id == board.default)
            for one in sorted(board.questionnaires, key=lambda one: one.id)
        ]
        return reply(QuestionnaireList(offered))

    async def provider(self, request: web.Request) -> web.Response:
        """One provider, Maqsam where the path names none; 404 for what is none or switched off."""
        name = request.match_info.get("provider", "maqsam")
        guarded = self._house.guarded.get(name)
        if guarded is None:
            raise web.HTTPNotFound(text="no calls of that provider are taken here\n")
        board = self._house.switchboard
        calls = await board.all_sessions() if board else []
        status = ProviderStatus(
            provider=name,
            enabled=True,
            guarded=guarded,
            accepting=board is not None and board.would_admit,
            active_calls=sum(call.provider == name for call in calls),
        )
        return reply(status)

    def _calls(self) -> Calls:
        board = self._house.switchboard
        return Calls(board.active_calls, board.most_calls, board.not_begun) if board else Calls(0, 0, 0)


def _offered(
    one: Questionnaire, rendered: Rendered, since: datetime | None, *, is_default: bool
) -> OfferedQuestionnaire:
    return OfferedQuestionnaire(
        id=one.id,
        version=one.version,
        hash=one.hash,
        status=one.status,
        language=one.language,
        default=is_default,
        ready=rendered.is_ready,
        prompts=rendered.prompts,
        missing=rendered.missing,
        stood_in=rendered.stood_in,
        why=rendered.why,
        since=since,
    )
