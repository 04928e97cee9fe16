"""Noting who does what. A row is on disk before the deed: what cannot be noted is not done."""

import asyncio
import getpass
import os
import time
from collections.abc import Iterator
from datetime import datetime

import structlog

from bridge.audit.chain import Verdict, examine
from bridge.audit.copying import AuditCopy
from bridge.audit.entries import Action, Entry, Head, Noted, Result, identifier
from bridge.clock import Clock
from bridge.errors import StorageError
from bridge.identity.principal import Principal, Scope
from bridge.storage.audit import (
    PURGED_AT_ONCE,
    add_entry,
    all_entries,
    count_before,
    first_number,
    purge_before,
)
from bridge.storage.opened import OpenDatabase
from bridge.storage.place import Place, Where

__all__ = ["AuditLog", "Seldom", "local_principal", "note_locally", "verify"]

SELDOM_SECONDS = 60.0  # wall clock; who looks every second is noted once a minute
MOST_REMEMBERED = 4096

log = structlog.get_logger()


class Seldom:
    """Whether something is new, or happened a moment ago too."""

    def __init__(self, seconds: float = SELDOM_SECONDS) -> None:
        self._seconds = seconds
        self._last: dict[tuple[str, ...], float] = {}

    def is_new(self, *what: str) -> bool:
        """False where the same was new less than so many seconds ago."""
        now = time.monotonic()
        last = self._last.get(what)
        if last is not None and now - last < self._seconds:
            return False
        if len(self._last) >= MOST_REMEMBERED:
            self._last.clear()
        self._last[what] = now
        return True


class AuditLog:
    """The log, to be written."""

    def __init__(self, database: OpenDatabase, copy: AuditCopy, clock: Clock) -> None:
        self._database = database
        self._copy = copy
        self._clock = clock
        self._seldom = Seldom()

    async def note(
        self,
        principal: Principal,
        action: Action,
        object: str,  # noqa: A002 - its name in the table
        result: Result = Result.ALLOWED,
        *,
        tenant: str | None = None,
    ) -> Entry:
        """Write one row. `tenant`: whose matter it is, where that is not the principal's own.

        Raises:
            StorageError: it cannot be written; then it must not be done either.

        """
        what = Noted(
            principal=identifier(principal.name),
            action=action,
            object=identifier(object),
            result=result,
            tenant=tenant or principal.tenant,
        )
        entry = await add_entry(self._database, what, self._clock.now())
        await self._follow()
        log.info("audited", what=what.action, index=entry.number, hash=entry.hash)
        return entry

    async def note_seldom(
        self,
        principal: Principal,
        action: Action,
        object: str,  # noqa: A002
        result: Result = Result.ALLOWED,
        *,
        tenant: str | None = None,
    ) -> None:
        """As `note`, for what may be asked again and again: the same of the same is written once a minute."""
        if self._seldom.is_new(principal.name, action, object, result):
            await self.note(principal, action, object, result, tenant=tenant)

    async def forget(self, moment: datetime, *, dry_run: bool = False) -> int:
        """Forget what was done before a moment, in the table and in its copy; how many rows that were.

        A row says so. `dry_run`: only count them.

        Raises:
            StorageError: they cannot be deleted.

        """
        if dry_run:
            return await count_before(self._database, moment)
        principal, total = identifier(local_principal().name), 0
        while rows := await purge_before(self._database, moment, principal, self._clock.now()):
            total += rows
            if rows < PURGED_AT_ONCE:
                break
        if total:
            await self._follow()
        await self._drop_what_is_gone()
        return total

    async def _drop_what_is_gone(self) -> None:
        """Also what a crash has left in the copy."""
        try:
            kept = await first_number(self._database)
            if 0 < await asyncio.to_thread(self._copy.first) < kept:
                await asyncio.to_thread(self._copy.drop, kept - 1)
        except OSError as error:
            log.warning("audit_copy_not_forgotten", path=self._copy.path, cause=error.strerror)

    async def _follow(self) -> None:
        """Bring the copy up to date; a copy that cannot be written hinders nobody, and verification tells."""
        try:
            last = await asyncio.to_thread(self._copy.last)
            entries = [entry async for entry in all_entries(self._database, after=last)]
            await asyncio.to_thread(self._copy.add, entries)
        except OSError as error:
            log.error("audit_copy_not_written", path=self._copy.path, cause=error.strerror)  # noqa: TRY400


def local_principal() -> Principal:
    """Whoever runs this process."""
    try:
        user = getpass.getuser() if os.getuid() else "root"
    except (KeyError, OSError):  # a user without a name
        user = str(os.getuid())
    return Principal(f"local:{user}", frozenset(Scope))


async def note_locally(
    database: OpenDatabase,
    where: Where,
    action: Action,
    object: str,  # noqa: A002
    *,
    tenant: str | None = None,
) -> None:
    """Note what a command is about to do with the database at `where`; StorageError where that cannot be."""
    audit = AuditLog(database, AuditCopy(Place.of(where).audit_copy), Clock())
    await audit.note(local_principal(), action, object, tenant=tenant)


async def verify(database: OpenDatabase, where: Where, noted: Head | None = None) -> Verdict:
    """Whether the log of the database at `where` hangs together, and with its copy.

    Raises:
        StorageError: the table cannot be read at all.

    """
    copy = AuditCopy(Place.of(where).audit_copy)
    lines: Iterator[Entry] | None = copy.lines() if copy.path.exists() else None
    try:
        return await examine(all_entries(database), lines, noted)
    except OSError as error:
        raise StorageError(f"the audit log's copy {copy.path} cannot be read: {error.strerror}") from None
