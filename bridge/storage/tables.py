"""The tables, as SQLAlchemy Core sees them. The migrations make them; a test holds the two together.

What tells of a person has a sealed type (bridge.privacy.classes says why). Types are those that SQLite and
PostgreSQL share. Whatever has a shape of its own (a value, a dialogue state,
what a campaign attached) is JSON in a text column: readable with any database tool, and exact on both.
"""

from datetime import UTC, datetime

from sqlalchemy import (
    Boolean,
    Column,
    DateTime,
    Dialect,
    Float,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    Integer,
    MetaData,
    Table,
    Text,
    text,
)
from sqlalchemy.types import TypeDecorator

from bridge.storage.sealed_types import SealedBytes, SealedText

__all__ = [
    "UtcDateTime",
    "answers",
    "api_keys",
    "audit_log",
    "calls",
    "consents",
    "denied_tokens",
    "dialogue_states",
    "erasures",
    "metadata",
    "notifications",
    "phone_calls",
    "questionnaires",
    "redeemed_tokens",
    "sealing_keys",
    "sounds",
    "turns",
    "utterances",
]


class UtcDateTime(TypeDecorator[datetime]):
    """A moment, in UTC. SQLite keeps no time zone: it is put back on the way out."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002 (SQLAlchemy's signature)
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a moment without a time zone cannot be stored")
        return value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002 (SQLAlchemy's signature)
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


# Databases name unnamed constraints each in its own way; a migration must be able to name what it changes.
metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(referred_table_name)s",
        "pk": "pk_%(table_name)s",
    }
)

calls = Table(
    "calls",
    metadata,
    Column("call_id", Text, primary_key=True),
    Column("provider", Text, nullable=False),
    Column("questionnaire", Text, nullable=False),
    Column("questionnaire_version", Text, nullable=False),
    Column("questionnaire_hash", Text, nullable=False),
    Column("model", Text, nullable=False),
    Column("started_at", UtcDateTime, nullable=False),
    Column("ended_at", UtcDateTime),
    Column("disposition", Text),
    Column("provider_call_id", Text),
    Column("stream_id", Text),
    Column("caller_number", SealedText),
    Column("callee_number", SealedText),
    Column("direction", Text),
    Column("custom_json", SealedText, nullable=False),
    Column("kind", Text, nullable=False, server_default="conversation"),  # or monitored
    Column("tenant", Text, nullable=False, server_default="default"),
    Column("node", Text, nullable=False, server_default=text("''")),  # which daemon holds it
    Index(None, "started_at"),
)

turns = Table(
    "turns",
    metadata,
    Column("call_id", Text, ForeignKey("calls.call_id"), primary_key=True),
    Column("turn_index", Integer, primary_key=True, autoincrement=False),  # 1, 2, 3 within the call
    Column("at", UtcDateTime, nullable=False),
    Column("item", Text),
    Column("input", Text, nullable=False),
    Column("closed", SealedText, nullable=False),
    Column("open", SealedText, nullable=False),
    Column("confidence", Float),
    Column("meaning", SealedText, nullable=False),
    Column("rule", Text, nullable=False),
    Column("value_json", SealedText),
    Column("prompt", SealedText, nullable=False),
    Column("prompt_seconds", Float, nullable=False),
    Column("prompt_heard_seconds", Float, nullable=False),
    Column("prompt_acknowledged", Boolean, nullable=False),
    Column("speech_seconds", Float, nullable=False),
    Column("endpoint_ms", Float),
    Column("recognise_ms", Float),
    Column("understand_ms", Float),
    Column("commit_ms", Float),
    Column("first_audio_ms", Float),
    Column("total_ms", Float),
    Column("spoken_by", Text, nullable=False, server_default=text("''")),
)

answers = Table(
    "answers",
    metadata,
    Column("call_id", Text, primary_key=True),
    Column("item", Text, primary_key=True),
    Column(
        "revision", Integer, primary_key=True, autoincrement=False
    ),  # 1 is the first; a correction adds one
    Column("turn_index", Integer, nullable=False),
    Column("at", UtcDateTime, nullable=False),
    Column("status", Text, nullable=False),
    Column("value_json", SealedText),  # typed: true, 7, "later"
    Column("value_text", SealedText),  # the same for a reader or a spreadsheet
    Column("via", Text, nullable=False),
    Column("tries", Integer, nullable=False),
    Column("confirmed", Boolean, nullable=False),
    Column("closed", SealedText, nullable=False),
    Column("open", SealedText, nullable=False),
    Column("confidence", Float),
    Column("audio", Boolean),  # kept as sound: the turn's
    ForeignKeyConstraint(["call_id", "turn_index"], ["turns.call_id", "turns.turn_index"]),
)

phone_calls = Table(  # what providers' callbacks say; a call may have none, and a ringing one no session yet
    "phone_calls",
    metadata,
    Column("provider", Text, primary_key=True),
    Column("provider_call_id", Text, primary_key=True),
    Column("reference", Text),  # ours: what the call's stream token names
    Column("caller_number", SealedText),
    Column("callee_number", SealedText),
    Column("direction", Text),
    Column("status", Text, nullable=False),
    Column("rank", Integer, nullable=False),  # of the status: it never falls
    Column("answered_by", Text),
    Column("seconds", Float),
    Column("began_at", UtcDateTime, nullable=False),  # when we first heard of it
    Column("at", UtcDateTime, nullable=False),
    Index(None, "reference"),
)

notifications = Table(
    "notifications",
    metadata,
    Column("call_id", Text, primary_key=True),
    Column("turn_index", Integer, primary_key=True, autoincrement=False),
    Column("number", Integer, primary_key=True, autoincrement=False),  # 1, 2 within the turn
    Column("at", UtcDateTime, nullable=False),
    Column("escalation", SealedText, nullable=False),
    Column("reason", SealedText, nullable=False),
    Column("item", Text),
    Column("recipients_json", Text, nullable=False),
    Column("acknowledge_by", UtcDateTime, nullable=False),
    Column("delivered_at", UtcDateTime),  # to the site's address
    Column("acknowledged_at", UtcDateTime),
    Column("acknowledged_by", SealedText),
    ForeignKeyConstraint(["call_id", "turn_index"], ["turns.call_id", "turns.turn_index"]),
    Index(None, "acknowledged_at"),
)

# What was said in a turn whose answer is kept as sound: mu-law, 8 kHz.
sounds = Table(
    "sounds",
    metadata,
    Column("call_id", Text, primary_key=True),
    Column("turn_index", Integer, primary_key=True, autoincrement=False),
    Column("ulaw", SealedBytes, nullable=False),
    ForeignKeyConstraint(["call_id", "turn_index"], ["turns.call_id", "turns.turn_index"]),
)

# What was agreed to, refused or taken back, and what proves it; never changed, only added to.
consents = Table(
    "consents",
    metadata,
    Column("call_id", Text, primary_key=True),
    Column("turn_index", Integer, primary_key=True, autoincrement=False),
    Column("number", Integer, primary_key=True, autoincrement=False),  # 1, 2 within the turn
    Column("at", UtcDateTime, nullable=False),
    Column("item", Text, nullable=False),
    Column("purpose", Text, nullable=False),
    Column("status", Text, nullable=False),
    Column("questionnaire_version", Text, nullable=False),
    Column("questionnaire_hash", Text, nullable=False),
    Column("prompt_hash", SealedText, nullable=False),  # SHA-256 of the question's words
    Column("audio_hash", SealedText, nullable=False),  # and of the sound that was played
    Column("prompt_seconds", Float, nullable=False),
    Column("heard_seconds", Float, nullable=False),
    Column("acknowledged", Boolean, nullable=False),
    Column("via", Text, nullable=False),
    Column("confidence", Float),
    Column("read_back", Boolean, nullable=False),
    ForeignKeyConstraint(["call_id", "turn_index"], ["turns.call_id", "turns.turn_index"]),
)

utterances = Table(  # of calls that are listened to
    "utterances",
    metadata,
    Column("call_id", Text, ForeignKey("calls.call_id"), primary_key=True),
    Column("utterance_index", Integer, primary_key=True, autoincrement=False),  # 1, 2, 3 within the call
    Column("channel", Text, nullable=False),
    Column("at", UtcDateTime, nullable=False),
    Column("started_seconds", Float, nullable=False),
    Column("ended_seconds", Float, nullable=False),
    Column("text", SealedText, nullable=False),
    Column("confidence", Float, nullable=False),
)

dialogue_states = Table(
    "dialogue_states",
    metadata,
    Column("call_id", Text, primary_key=True),
    Column("turn_index", Integer, nullable=False),
    Column("at", UtcDateTime, nullable=False),
    Column("state_json", SealedText, nullable=False),
    ForeignKeyConstraint(["call_id", "turn_index"], ["turns.call_id", "turns.turn_index"]),
)

# Every version that calls were held with: a dropped call is gone on with on the one that it began with.
questionnaires = Table(
    "questionnaires",
    metadata,
    Column("hash", Text, primary_key=True),
    Column("questionnaire", Text, nullable=False),
    Column("version", Text, nullable=False),
    Column("source", Text, nullable=False),
    Column("common", Text, nullable=False),
    Column("at", UtcDateTime, nullable=False),
)

redeemed_tokens = Table(
    "redeemed_tokens",
    metadata,
    Column("token_id", Text, primary_key=True),
    Column("expires_at", UtcDateTime, nullable=False),
    Column("redeemed_at", UtcDateTime, nullable=False),
    Index(None, "expires_at"),
)

# With which keys values may be sealed here; "plain" with none. A key that is gone is told at start.
sealing_keys = Table(
    "sealing_keys",
    metadata,
    Column("key_name", Text, primary_key=True),
    Column("proof", Text),  # sealed with it
)

# That somebody was forgotten, and nothing of who it was.
erasures = Table(
    "erasures",
    metadata,
    Column("erasure_id", Text, primary_key=True),
    Column("at", UtcDateTime, nullable=False),
    Column("reason", Text, nullable=False),
    Column("calls", Integer, nullable=False),
    Column("rows", Integer, nullable=False),
    Column("files", Integer, nullable=False),
    Column("subject_hash", Text, nullable=False),  # SHA-256 of the calls' ids
)

api_keys = Table(  # of a key only its hash is known
    "api_keys",
    metadata,
    Column("key_id", Text, primary_key=True),
    Column("digest", Text, nullable=False),
    Column("scopes", Text, nullable=False),  # with spaces between them
    Column("tenant", Text),  # null: every tenant's calls
    Column("label", Text, nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    Column("expires_at", UtcDateTime),
    Column("last_used_at", UtcDateTime),
    Column("revoked_at", UtcDateTime),
)

denied_tokens = Table(  # revoked before they expire
    "denied_tokens",
    metadata,
    Column("token_id", Text, primary_key=True),
    Column("denied_at", UtcDateTime, nullable=False),
    Column("expires_at", UtcDateTime, nullable=False),
    Index(None, "expires_at"),
)

audit_log = Table(  # only added to: triggers see to that, and the hashes tell where they were got round
    "audit_log",
    metadata,
    Column("number", Integer, primary_key=True, autoincrement=False),  # 1, 2, 3 without a gap
    Column("at", UtcDateTime, nullable=False),
    Column("principal", Text, nullable=False),
    Column("action", Text, nullable=False),
    Column("object", Text, nullable=False),  # an identifier of ours
    Column("result", Text, nullable=False),
    Column("tenant", Text),
    Column("previous", Text, nullable=False),  # the hash of the row before
    Column("hash", Text, nullable=False),
    Index(None, "at"),
)
