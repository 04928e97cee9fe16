"""What was said in a call that is listened to: one row an utterance, in the order in which it was heard.

Two channels are heard at the same time, so that this is not quite the order in which it was spoken.
"""

from collections.abc import Iterable
from datetime import datetime

import msgspec
from msgspec import Struct
from sqlalchemy import ColumnElement, delete, func, insert, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection

from bridge.errors import StorageError
from bridge.storage.opened import OpenDatabase
from bridge.storage.tables import utterances

__all__ = [
    "StoredUtterance",
    "UtteranceRecord",
    "as_spoken",
    "forget",
    "forget_before",
    "keep_utterance",
    "utterances_of",
]


class UtteranceRecord(Struct, frozen=True, kw_only=True):
    """One utterance, recognised. Seconds are those of the call, holds and pauses included."""

    channel: str  # caller or agent
    at: datetime  # when it was heard
    started_seconds: float
    ended_seconds: float
    text: str
    confidence: float  # 0..1, the share of the decoders that heard just this


class StoredUtterance(UtteranceRecord, frozen=True, kw_only=True):
    """An utterance as it is stored."""

    index: int  # 1, 2, 3 within the call


async def keep_utterance(database: OpenDatabase, call_id: str, said: UtteranceRecord) -> StoredUtterance:
    """Store one utterance behind the call's last one. When this returns, the disk has it.

    Raises:
        StorageError: it cannot be written, or there is no such call.

    """
    fields = msgspec.structs.asdict(said)
    last = select(func.coalesce(func.max(utterances.c.utterance_index), 0))

    async def work(connection: AsyncConnection) -> int:
        found = await connection.execute(last.where(utterances.c.call_id == call_id))
        index = int(found.scalar_one()) + 1
        row = {**fields, "call_id": call_id, "utterance_index": index}
        await connection.execute(insert(utterances).values(database.seal(utterances, row)))
        return index

    try:
        return StoredUtterance(**fields, index=await database.write(work))
    except IntegrityError:
        raise StorageError(f"there is no call {call_id} to store an utterance of") from None


async def utterances_of(database: OpenDatabase, call_id: str, *, after: int = 0) -> list[StoredUtterance]:
    """A call's utterances as far as they are stored, those behind the one with index `after`."""
    its_own = (utterances.c.call_id == call_id, utterances.c.utterance_index > after)
    names = UtteranceRecord.__struct_fields__
    rows = await database.select(select(utterances).where(*its_own).order_by(utterances.c.utterance_index))
    return [
        StoredUtterance(**{name: row[name] for name in names}, index=row["utterance_index"]) for row in rows
    ]


async def forget(database: OpenDatabase, call_id: str) -> int:
    """Delete what was said in a call; how many utterances that were. The call itself stays listed."""
    return await _delete(database, utterances.c.call_id == call_id)


async def forget_before(database: OpenDatabase, moment: datetime, *, dry_run: bool = False) -> int:
    """Delete what was said before a moment, in all calls; how many utterances that were, or would be."""
    if dry_run:
        counted = select(func.count().label("n")).select_from(utterances).where(utterances.c.at < moment)
        return int((await database.select(counted))[0]["n"])
    return await _delete(database, utterances.c.at < moment)


async def _delete(database: OpenDatabase, which: ColumnElement[bool]) -> int:
    async def work(connection: AsyncConnection) -> int:
        return (await connection.execute(delete(utterances).where(which))).rowcount

    return await database.write(work)


def as_spoken(said: Iterable[StoredUtterance]) -> list[StoredUtterance]:
    """In the order in which they were begun."""
    return sorted(said, key=lambda each: (each.started_seconds, each.index))
