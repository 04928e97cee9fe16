"""The parts of the daemon that its operator looks at, as far as it has come in starting."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import TypeVar

from aiohttp import web

from bridge.audit.log import AuditLog
from bridge.lifecycle import Lifecycle
from bridge.readiness import Readiness
from bridge.speech.condition import WorkerCondition
from bridge.storage.opened import OpenDatabase
from bridge.switchboard import Switchboard
from bridge.web.health import Component
from bridge.web.refusals import RefusalCounts

__all__ = ["House", "there"]

T = TypeVar("T")


def _no_engines() -> list[WorkerCondition]:
    return []


@dataclass(slots=True)
class House:
    """Filled in by the composition root as things come up."""

    lifecycle: Lifecycle
    components: Callable[[], Awaitable[list[Component]]]
    counts: RefusalCounts
    guarded: Mapping[str, bool] = field(
        default_factory=dict
    )  # providers that are enabled: have they a credential?
    database: OpenDatabase | None = None
    audit: AuditLog | None = None
    switchboard: Switchboard | None = None
    readiness: Readiness | None = None
    engines: Callable[[], list[WorkerCondition]] = _no_engines
    utterances: Callable[[], int] = int  # that the recogniser has under way
    lag_seconds: Callable[[], float | None] = lambda: None  # of the event loop; None where nobody measures it


def there(part: T | None) -> T:
    """The part of the house that is asked for; HTTPServiceUnavailable while it is not up yet."""
    if part is None:
        raise web.HTTPServiceUnavailable(text="the daemon is starting\n", headers={"Retry-After": "5"})
    return part
