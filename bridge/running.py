"""A call that goes on, as its operator may see it: no number, name, word or answer of the caller."""

from datetime import datetime
from enum import StrEnum

from msgspec import Struct

from bridge.identity.principal import DEFAULT_TENANT

__all__ = ["RunningCall", "Stage"]


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
