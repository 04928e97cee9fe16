"""Phone calls as their providers tell of them: who called whom, and how far it has come.

A call is known here before it has a session (it rings) and even if it never has one (busy). Reports come
late, twice and out of order; a status never goes backwards.
"""

from datetime import datetime
from typing import Any

from msgspec import Struct
from sqlalchemy import ColumnElement, and_, insert, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection

from bridge.storage.opened import OpenDatabase
from bridge.storage.tables import phone_calls

__all__ = ["PhoneCall", "call_of_reference", "note_call", "phone_call"]

_ONCE_KNOWN = ("reference", "caller_number", "callee_number", "direction", "answered_by", "seconds")


class PhoneCall(Struct, frozen=True, kw_only=True):
    """One phone call, or one report about it."""

    provider: str
    provider_call_id: str
    status: str
    rank: int  # of the status, 0 to 3; 3 is final
    at: datetime
    reference: str | None = None  # ours: what the call's stream token names
    caller_number: str | None = None
    callee_number: str | None = None
    direction: str | None = None
    answered_by: str | None = None  # "human", "machine": what answering-machine detection says
    seconds: float | None = None


async def note_call(database: OpenDatabase, report: PhoneCall) -> bool:
    """Keep a report; whether it led further.

    One that leads backwards or comes again changes no status; what it adds is kept where nothing was known.

    Raises:
        StorageError: it cannot be written now: the provider is to send it again.

    """

    async def work(connection: AsyncConnection) -> bool:
        its_own = _its_own(report.provider, report.provider_call_id)
        # locked where the database locks rows: two daemons may be told of the same call at once
        found = await connection.execute(select(phone_calls).where(its_own).with_for_update())
        known = found.mappings().one_or_none()
        if known is None:
            row = {name: getattr(report, name) for name in report.__struct_fields__}
            sealed = database.seal(phone_calls, row | {"began_at": report.at})
            await connection.execute(insert(phone_calls).values(sealed))
            return True
        leads_on = report.rank > int(known["rank"])
        changes: dict[str, Any] = {"at": report.at}
        changes |= {"status": report.status, "rank": report.rank} if leads_on else {}
        changes |= {name: getattr(report, name) for name in _ONCE_KNOWN if known[name] is None}
        sealed = database.seal(phone_calls, changes, dict(known))
        await connection.execute(update(phone_calls).where(its_own).values(sealed))
        return leads_on

    try:
        return await database.write(work)
    except IntegrityError:  # another daemon has just kept the call's first report
        return await database.write(work)


async def phone_call(database: OpenDatabase, provider: str, provider_call_id: str) -> PhoneCall | None:
    """What is known of one phone call."""
    return await _find(database, _its_own(provider, provider_call_id))


async def call_of_reference(database: OpenDatabase, provider: str, reference: str) -> PhoneCall | None:
    """The call that a stream token of ours was made for."""
    return await _find(
        database, and_(phone_calls.c.provider == provider, phone_calls.c.reference == reference)
    )


async def _find(database: OpenDatabase, condition: ColumnElement[bool]) -> PhoneCall | None:
    columns = [phone_calls.c[name] for name in PhoneCall.__struct_fields__]
    rows = await database.select(select(*columns).where(condition).limit(1))
    return PhoneCall(**rows[0]) if rows else None


def _its_own(provider: str, provider_call_id: str) -> ColumnElement[bool]:
    return and_(phone_calls.c.provider == provider, phone_calls.c.provider_call_id == provider_call_id)
