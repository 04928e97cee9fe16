"""A call that goes on, and a process that holds calls, as their operator may see them.

No number, name, word or answer of a caller is in either.
"""

from datetime import datetime
from enum import StrEnum

from msgspec import Struct

from bridge.identity.principal import DEFAULT_TENANT

__all__ = ["RunningCall", "RunningWorker", "Stage"]


class Stage(StrEnum):
    """How far a call has come."""

    CONNECTING = "connecting"  # its carrier has not introduced it yet
    IN_PROGRESS = "in_progress"
    ENDING = "ending"


class RunningCall(Struct, frozen=True, kw_only=True):
    """One of the calls in progress, at the moment of asking."""

    id: str
    provider: str
    kind: str  # conversation or monitored
    since: datetime
    stage: Stage
    tenant: str = DEFAULT_TENANT
    direction: str | None = None
    questionnaire: str | None = None
    questionnaire_version: str | None = None
    item: str | None = None  # the question that is open
    turns: int = 0
    reply_after_ms: float | None = None  # how long the caller waited for the last reply to speech of theirs
    by_keypad: bool = False  # the open question is answered by keys alone: the voice has failed
    is_dismissed: bool = False  # somebody has ended it, and the caller is being told


class RunningWorker(Struct, frozen=True, kw_only=True):
    """One of the processes that hold calls, where there are several, at the moment of asking."""

    number: int
    pid: int | None  # None: it has died, and the next is not there yet
    calls: int
    is_well: bool  # False: it is given calls only where no other is better
    detail: str  # what is wrong with it
