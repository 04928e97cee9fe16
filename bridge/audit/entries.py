"""One row of the audit log, and what makes it follow from the row before. Pure.

A row's hash is the SHA-256 of a JSON array of all its fields and of the hash before it: an array of strings
and numbers has one spelling there, so that no two different rows hash the same bytes.
"""

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from enum import StrEnum
from hashlib import sha256
from typing import Any

import msgspec
from msgspec import Struct

__all__ = [
    "BEGINNING",
    "Action",
    "Entry",
    "Head",
    "Noted",
    "Result",
    "entry_after",
    "hash_of",
    "identifier",
]

BEGINNING = "0" * 64  # what stands in the place of the hash before the first row's
FORMAT = 1  # of what is hashed

# Identifiers of ours: of calls, keys, files and routes. Neither spaces nor letters beyond ASCII: no words.
_STRANGE = re.compile(r"[^A-Za-z0-9_.:*/{}@=,+-]")
_NUMBER = re.compile(r"\+?\d{7,15}")  # nothing but digits may be somebody's telephone number
MOST_CHARACTERS = 200


class Action(StrEnum):
    """What was done. The words stand in stored rows: they are added to, and never changed."""

    SESSIONS_LIST = "sessions.list"
    SESSION_READ = "session.read"
    SESSION_END = "session.end"
    HEALTH_READ = "health.read"
    QUESTIONNAIRES_READ = "questionnaires.read"
    AUDIT_READ = "audit.read"
    REQUEST = "request"  # that was refused: the object is the route
    ANSWERS_READ = "answers.read"
    ANSWERS_EXPORT = "answers.export"
    ANSWERS_SOUND = "answers.sound"
    TRANSCRIPT_READ = "transcript.read"
    TRANSCRIPT_FOLLOW = "transcript.follow"
    TRANSCRIPT_FORGET = "transcript.forget"
    NOTIFICATIONS_READ = "notifications.read"
    NOTIFICATION_ACKNOWLEDGE = "notification.acknowledge"
    SUBJECT_EXPORT = "subject.export"
    SUBJECT_ERASE = "subject.erase"
    RETENTION_PURGE = "retention.purge"
    FIELDS_REKEY = "fields.rekey"
    KEY_CREATE = "key.create"
    KEY_ROTATE = "key.rotate"
    KEY_REVOKE = "key.revoke"
    TOKEN_ISSUE = "token.issue"  # noqa: S105 - a word
    TOKEN_DENY = "token.deny"  # noqa: S105
    DAEMON_DRAIN = "daemon.drain"
    DAEMON_UNDRAIN = "daemon.undrain"
    DAEMON_RELOAD = "daemon.reload"
    DATABASE_BACKUP = "database.backup"
    DATABASE_RESTORE = "database.restore"
    DATABASE_UPGRADE = "database.upgrade"
    AUDIT_PURGE = "audit.purge"  # the object is the head of what goes: the log begins after it


class Result(StrEnum):
    """What became of it. A row is written before the deed, so that nothing is done that is not noted."""

    ALLOWED = "allowed"
    REFUSED = "refused"
    DONE = "done"  # where the end of something long is noted too
    FAILED = "failed"


class Head(Struct, frozen=True):
    """The last row at some time: that many rows there had been, and this was its hash."""

    number: int
    hash: str

    def __str__(self) -> str:
        """As it is told, typed, and written into a row."""
        return f"{self.number}:{self.hash}"


class Noted(Struct, frozen=True, kw_only=True):
    """What there is to note; made of identifiers (`identifier`)."""

    principal: str  # who: `key:ID`, `token:SUBJECT`, `issuer:KID:SUBJECT`, `local:USER`
    action: str
    object: str  # an identifier of ours; never anything of a caller
    result: str
    tenant: str | None = None  # whose matter it was; None: nobody's in particular


class Entry(Noted, frozen=True, kw_only=True):
    """A row of the log."""

    number: int  # 1, 2, 3 without a gap
    at: datetime
    previous: str  # the hash of the row before
    hash: str

    @classmethod
    def of(cls, row: Mapping[str, Any]) -> "Entry":
        """A row as it was stored."""
        return cls(**{name: row[name] for name in cls.__struct_fields__})


def identifier(text: str) -> str:
    """A text as it may stand in a row: no word of anybody's, and no telephone number."""
    tidy = _STRANGE.sub("_", text)[:MOST_CHARACTERS]
    return "_" if not tidy or _NUMBER.fullmatch(tidy) else tidy


def entry_after(before: Entry | None, what: Noted, at: datetime) -> Entry:
    """The row that follows; without one before it, the first."""
    fields = msgspec.structs.asdict(what)
    number, previous = (before.number + 1, before.hash) if before else (1, BEGINNING)
    return Entry(**fields, number=number, at=at, previous=previous, hash=_hash(what, number, at, previous))


def hash_of(entry: Entry) -> str:
    """What the row's hash must be."""
    return _hash(entry, entry.number, entry.at, entry.previous)


def _hash(what: Noted, number: int, at: datetime, previous: str) -> str:
    moment = at.astimezone(UTC).isoformat(timespec="microseconds")
    said = (what.principal, what.action, what.object, what.result, what.tenant)
    return sha256(msgspec.json.encode((FORMAT, number, moment, *said, previous))).hexdigest()
