"""What each column of each table holds, and with what it is forgotten.

Encryption, retention, export and erasure read this.
A new column is named here, or a test fails. PUBLIC tells nothing about a person without the rest of the row;
IDENTIFYING says who somebody is; CLINICAL is what somebody said, or what was made of it. The last two are
encrypted where `privacy.key` is configured.
"""

from enum import StrEnum

from msgspec import Struct

__all__ = ["CLASSES", "ColumnClass", "Kept", "Kind", "TableClass", "classified"]


class Kind(StrEnum):
    """What a column tells about a person."""

    PUBLIC = "public"
    IDENTIFYING = "identifying"
    CLINICAL = "clinical"


class Kept(StrEnum):
    """With what a row or a value is forgotten: the classes of `privacy.keep_days`."""

    CALLS = "calls"  # that there was a call, who called whom, when, and everything of the call
    ANSWERS = "answers"  # what was answered, and the dialogue's state
    TRANSCRIPTS = "transcripts"  # what was heard and said, word for word
    SOUNDS = "sounds"  # answers that are kept as sound
    RECORDINGS = "recordings"  # whole calls: files
    AUDIT = "audit"  # who did what: rows of the audit log
    SITE = "site"  # nobody's: as long as the database


class ColumnClass(Struct, frozen=True):
    """What one column holds, and with what it is forgotten."""

    kind: Kind
    kept: Kept


class TableClass(Struct, frozen=True):
    """With what a table's rows go, and its columns."""

    kept: Kept
    columns: dict[str, ColumnClass]


def _table(kept: Kept, public: str, **others: tuple[Kind, Kept]) -> TableClass:
    columns = dict.fromkeys(public.split(), ColumnClass(Kind.PUBLIC, kept))
    return TableClass(kept, columns | {name: ColumnClass(*what) for name, what in others.items()})


_WHO = (Kind.IDENTIFYING, Kept.CALLS)
_HEARD = (Kind.CLINICAL, Kept.TRANSCRIPTS)
_ANSWERED = (Kind.CLINICAL, Kept.ANSWERS)

CLASSES: dict[str, TableClass] = {
    "calls": _table(
        Kept.CALLS,
        "call_id provider questionnaire questionnaire_version questionnaire_hash model started_at ended_at "
        "disposition provider_call_id stream_id direction kind tenant node",
        caller_number=_WHO,
        callee_number=_WHO,
        custom_json=_WHO,
    ),
    "turns": _table(
        Kept.CALLS,
        "call_id turn_index at item input confidence rule prompt_seconds prompt_heard_seconds "
        "prompt_acknowledged speech_seconds endpoint_ms recognise_ms understand_ms commit_ms first_audio_ms "
        "total_ms spoken_by",
        closed=_HEARD,
        open=_HEARD,
        prompt=_HEARD,  # may speak the caller's name, or read an answer back
        meaning=_ANSWERED,
        value_json=_ANSWERED,
    ),
    "answers": _table(
        Kept.ANSWERS,
        "call_id item revision turn_index at status via tries confirmed confidence audio",
        value_json=_ANSWERED,
        value_text=_ANSWERED,
        closed=_HEARD,
        open=_HEARD,
    ),
    "dialogue_states": _table(Kept.ANSWERS, "call_id turn_index at", state_json=_ANSWERED),
    "sounds": _table(Kept.SOUNDS, "call_id turn_index", ulaw=(Kind.CLINICAL, Kept.SOUNDS)),
    "consents": _table(
        Kept.CALLS,
        "call_id turn_index number at item purpose status questionnaire_version questionnaire_hash "
        "prompt_seconds heard_seconds acknowledged via confidence read_back",
        prompt_hash=_WHO,  # where the question speaks the caller's name, its hash can be guessed
        audio_hash=_WHO,
    ),
    "utterances": _table(
        Kept.TRANSCRIPTS,
        "call_id utterance_index channel at started_seconds ended_seconds confidence",
        text=_HEARD,
    ),
    "notifications": _table(
        Kept.CALLS,
        "call_id turn_index number at item recipients_json acknowledge_by delivered_at acknowledged_at",
        escalation=(Kind.CLINICAL, Kept.CALLS),
        reason=(Kind.CLINICAL, Kept.CALLS),
        acknowledged_by=_WHO,  # of the site's staff
    ),
    "phone_calls": _table(
        Kept.CALLS,
        "provider provider_call_id reference direction status rank answered_by seconds began_at at",
        caller_number=_WHO,
        callee_number=_WHO,
    ),
    "questionnaires": _table(Kept.SITE, "hash questionnaire version source common at"),
    "api_keys": _table(
        Kept.SITE, "key_id digest scopes tenant label created_at expires_at last_used_at revoked_at"
    ),
    "denied_tokens": _table(Kept.SITE, "token_id denied_at expires_at"),
    "audit_log": _table(Kept.AUDIT, "number at principal action object result tenant previous hash"),
    "redeemed_tokens": _table(Kept.SITE, "token_id expires_at redeemed_at"),
    "sealing_keys": _table(Kept.SITE, "key_name proof"),
    "erasures": _table(Kept.SITE, "erasure_id at reason calls rows files subject_hash"),
}


def classified(table: str, column: str) -> ColumnClass:
    """What a column holds; KeyError where nobody has thought about it."""
    return CLASSES[table].columns[column]
