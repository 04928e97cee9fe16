"""What is written to storage and what is read back, as values. No SQL here, and no connection."""

from datetime import datetime
from enum import StrEnum

from msgspec import Struct

from bridge.dialogue.answer import Answer, Value
from bridge.identity.principal import DEFAULT_TENANT

__all__ = [
    "CallKind",
    "CallRecord",
    "StoredAnswer",
    "StoredCall",
    "StoredNotification",
    "StoredState",
    "StoredTurn",
    "TurnReceipt",
    "TurnRecord",
]


class CallKind(StrEnum):
    """What a call was held for."""

    CONVERSATION = "conversation"
    MONITORED = "monitored"  # listened to only: no questionnaire, and '' stands in its place


class CallRecord(Struct, frozen=True, kw_only=True):
    """A call that begins: the questions, the ears, and what the carrier told about it."""

    call_id: str
    provider: str
    questionnaire: str
    questionnaire_version: str
    questionnaire_hash: str
    model: str  # the recogniser's identity, so that an answer can be traced to the ears that heard it
    started_at: datetime
    provider_call_id: str | None = None
    stream_id: str | None = None
    caller_number: str | None = None
    callee_number: str | None = None
    direction: str | None = None
    custom: dict[str, str] = {}
    kind: str = CallKind.CONVERSATION
    tenant: str = DEFAULT_TENANT  # whose call it is: nobody else's identity sees it


class StoredCall(CallRecord, frozen=True, kw_only=True):
    """A call as it is stored; `disposition` is None while it lasts."""

    ended_at: datetime | None = None
    disposition: str | None = None


class TurnRecord(Struct, frozen=True, kw_only=True):
    """One prompt and what came of it. Milliseconds are counted from the end of the caller's speech."""

    at: datetime
    item: str | None
    input: str  # speech, dtmf, no_input, not_heard or hung_up
    meaning: str  # what was understood
    rule: str = ""  # and by which rule
    value: Value = None
    closed: str = ""  # heard under the question's grammar; for keys, the keys
    open: str = ""  # heard under the open vocabulary
    confidence: float | None = None
    prompt: str = ""
    spoken_by: str = ""  # "cache", or the voices that had to speak live and why; '' where nothing was said
    prompt_seconds: float = 0.0
    prompt_heard_seconds: float = 0.0
    prompt_acknowledged: bool = False  # the carrier said that it was played; else by our clock
    speech_seconds: float = 0.0
    endpoint_ms: float | None = None
    recognise_ms: float | None = None
    understand_ms: float | None = None


class StoredTurn(TurnRecord, frozen=True, kw_only=True):
    """A turn as it is stored. The last three are measured after its commit, and absent after a crash."""

    call_id: str
    index: int  # 1, 2, 3 within the call
    commit_ms: float | None = None
    first_audio_ms: float | None = None
    total_ms: float | None = None


class TurnReceipt(Struct, frozen=True):
    """The turn is on disk."""

    index: int
    commit_ms: float  # milliseconds of call time, from the request until the disk had it


class StoredState(Struct, frozen=True):
    """Where a dialogue stood after its last committed turn."""

    state: bytes  # JSON
    at: datetime


class StoredNotification(Struct, frozen=True, kw_only=True):
    """Somebody is to see that a caller may be in danger; open until somebody says that they have."""

    call_id: str
    turn_index: int
    number: int  # 1, 2 within the turn
    at: datetime
    escalation: str
    reason: str
    item: str | None
    recipients: tuple[str, ...]
    acknowledge_by: datetime
    delivered_at: datetime | None = None
    acknowledged_at: datetime | None = None
    acknowledged_by: str | None = None


class StoredAnswer(Answer, frozen=True, kw_only=True):
    """An answer as it is stored, with all that it takes to trace it."""

    call_id: str
    revision: int  # 1 is the first; a correction adds one
    turn_index: int
    at: datetime
    questionnaire: str
    questionnaire_version: str
    questionnaire_hash: str
    model: str
