"""The tables, as SQLAlchemy Core sees them. The migrations make them; a test holds the two together.

Types are those that SQLite and PostgreSQL share. Whatever has a shape of its own (a value, a dialogue state,
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
    LargeBinary,
    MetaData,
    Table,
    Text,
    text,
)
from sqlalchemy.types import TypeDecorator

__all__ = [
    "UtcDateTime",
    "answers",
    "audit_log",
    "calls",
    "dialogue_states",
    "metadata",
    "notifications",
    "phone_calls",
    "questionnaires",
    "redeemed_tokens",
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
    Column("caller_number", Text),
    Column("callee_number", Text),
    Column("direction", Text),
    Column("custom_json", Text, nullable=False),
    Column("kind", Text, nullable=False, server_default="conversation"),  # or monitored
    Column("tenant", Text, nullable=False, server_default="default"),
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
    Column("closed", Text, nullable=False),
    Column("open", Text, nullable=False),
    Column("confidence", Float),
    Column("meaning", Text, nullable=False),
    Column("rule", Text, nullable=False),
    Column("value_json", Text),
    Column("prompt", Text, nullable=False),
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
    Column("value_json", Text),  # typed: true, 7, "later"
    Column("value_text", Text),  # the same for a reader or a spreadsheet
    Column("via", Text, nullable=False),
    Column("tries", Integer, nullable=False),
    Column("confirmed", Boolean, nullable=False),
    Column("closed", Text, nullable=False),
    Column("open", Text, nullable=False),
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
    Column("caller_number", Text),
    Column("callee_number", Text),
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
    Column("escalation", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("item", Text),
    Column("recipients_json", Text, nullable=False),
    Column("acknowledge_by", UtcDateTime, nullable=False),
    Column("delivered_at", UtcDateTime),  # to the site's address
    Column("acknowledged_at", UtcDateTime),
    Column("acknowledged_by", Text),
    ForeignKeyConstraint(["call_id", "turn_index"], ["turns.call_id", "turns.turn_index"]),
    Index(None, "acknowledged_at"),
)

# What was said in a turn whose answer is kept as sound: mu-law, 8 kHz.
sounds = Table(
    "sounds",
    metadata,
    Column("call_id", Text, primary_key=True),
    Column("turn_index", Integer, primary_key=True, autoincrement=False),
    Column("ulaw", LargeBinary, nullable=False),
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
    Column("text", Text, nullable=False),
    Column("confidence", Float, nullable=False),
)

dialogue_states = Table(
    "dialogue_states",
    metadata,
    Column("call_id", Text, primary_key=True),
    Column("turn_index", Integer, nullable=False),
    Column("at", UtcDateTime, nullable=False),
    Column("state_json", Text, nullable=False),
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
