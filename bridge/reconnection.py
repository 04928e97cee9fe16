"""One phone call, several sockets: a provider that has lost a call's media socket opens another for it.

The newest socket is the call's. Whichever had it before gives way first, and its session ends as interrupted;
the next one goes on with what it has committed. So no caller is ever asked by two sessions. What a call ended
with is read from the database: a daemon that was started again knows of its calls too.
"""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import datetime, timedelta

from msgspec import Struct

from bridge.clock import Clock
from bridge.dialogue.actions import Disposition
from bridge.storage.records import StoredCall
from bridge.storage.store import Store

__all__ = ["LONGEST_CALL", "CallKey", "Reconnections", "call_before", "is_lost", "may_be_lost"]

LONGEST_CALL = timedelta(hours=4)  # a phone call of which nothing is looked for any more
GIVE_WAY_SECONDS = 10.0  # longer than a session takes to commit what it has and end

# How a call ends whose line goes away. Where somebody may be in danger it begins anew rather than end.
_LOST = frozenset({None, Disposition.HUNG_UP, Disposition.INTERRUPTED})
_AFRESH = frozenset({Disposition.ESCALATED})


class CallKey(Struct, frozen=True):
    """A phone call, as its provider names it."""

    provider: str
    provider_call_id: str


class _Holder:
    """A socket that has a call, or waits for it."""

    def __init__(self, give_way: Callable[[], None]) -> None:
        self.give_way = give_way
        self.has_left = asyncio.Event()


class Reconnections:
    """Which socket has which call."""

    def __init__(self) -> None:
        self._holders: dict[CallKey, _Holder] = {}

    @asynccontextmanager
    async def only(self, key: CallKey, give_way: Callable[[], None], clock: Clock) -> AsyncIterator[None]:
        """Have a call alone: whoever has it is told to give way, and waited for.

        Raises:
            TimeoutError: it does not; the call must not be held.

        """
        before, mine = self._holders.get(key), _Holder(give_way)
        self._holders[key] = mine
        try:
            if before is not None:
                before.give_way()
                async with clock.timeout(GIVE_WAY_SECONDS):
                    await before.has_left.wait()
            yield
        finally:
            mine.has_left.set()
            if self._holders.get(key) is mine:
                del self._holders[key]


async def call_before(
    store: Store, key: CallKey, questionnaire: str, *, now: datetime, seconds: float
) -> StoredCall | None:
    """The session that this phone call had before, if its line went away less than `seconds` ago.

    Raises:
        StorageError: the database cannot be read.

    """
    call = await store.latest_call(key.provider, key.provider_call_id, since=now - LONGEST_CALL)
    if call is None or call.questionnaire != questionnaire or call.disposition in _AFRESH:
        return None
    return call if may_be_lost(call, now=now, seconds=seconds) else None


def may_be_lost(call: StoredCall, *, now: datetime, seconds: float) -> bool:
    """Whether another socket may come for this call: it lasts, or has ended less than `seconds` ago."""
    return call.ended_at is None or (now - call.ended_at).total_seconds() <= seconds


def is_lost(call: StoredCall) -> bool:
    """Whether the line went away; else we ended the call, and its caller is not asked again."""
    return call.disposition in _LOST
