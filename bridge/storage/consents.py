"""Consents on disk: what a caller agreed to, refused or took back, and what proves it."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime
from typing import Any

import msgspec
from msgspec import Struct
from sqlalchemy import select

from bridge.storage import tables
from bridge.storage.opened import OpenDatabase

__all__ = ["ConsentRecord", "StoredConsent", "consent_row", "consents_by_call", "consents_of"]


class ConsentRecord(Struct, frozen=True, kw_only=True):
    """One consent, refusal or withdrawal."""

    item: str
    purpose: str  # questionnaire, answer_sound or call_recording
    status: str  # given, refused or withdrawn
    questionnaire_version: str
    questionnaire_hash: str
    prompt_hash: str = ""  # SHA-256, in hexadecimal, of the question's words in UTF-8
    audio_hash: str = ""  # and of the sound that was played: mu-law, 8 kHz
    prompt_seconds: float = 0.0  # of the whole prompt that the question stood in
    heard_seconds: float = 0.0  # and how much of it was heard
    acknowledged: bool = False  # the carrier said that it was played; else by our clock
    via: str = "none"  # speech or dtmf; none where the rest of the sentence took it back
    confidence: float | None = None  # the recogniser's own, of speech
    read_back: bool = False  # "I heard: yes. Is that right?" was answered with yes


class StoredConsent(ConsentRecord, frozen=True, kw_only=True):
    """A consent as it is stored."""

    call_id: str
    turn_index: int
    number: int  # 1, 2 within the turn
    at: datetime


def consent_row(key: tuple[str, int, int], at: datetime, consent: ConsentRecord) -> dict[str, Any]:
    """A consent as a row; its key is the call, the turn and the number within it."""
    names = ("call_id", "turn_index", "number")
    return {**dict(zip(names, key, strict=True)), "at": at, **msgspec.structs.asdict(consent)}


async def consents_of(database: OpenDatabase, call_id: str) -> list[StoredConsent]:
    """A call's consents in the order in which they were given; StorageError where they cannot be read."""
    return (await consents_by_call(database, [call_id]))[call_id]


async def consents_by_call(
    database: OpenDatabase, call_ids: Sequence[str]
) -> defaultdict[str, list[StoredConsent]]:
    """The consents of several calls; an empty list for one that has none."""
    table = tables.consents
    query = select(table).where(table.c.call_id.in_(call_ids)).order_by(table.c.turn_index, table.c.number)
    found: defaultdict[str, list[StoredConsent]] = defaultdict(list)
    for row in await database.select(query):
        found[row["call_id"]].append(msgspec.convert(dict(row), StoredConsent))
    return found
