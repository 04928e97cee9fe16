"""The daemon's job that forgets in time, at its start and every hour."""

import asyncio
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import structlog

from bridge.audit.copying import AuditCopy
from bridge.audit.log import AuditLog
from bridge.clock import Clock
from bridge.errors import StorageError
from bridge.privacy.retention import Purge, Purged, purge
from bridge.storage.opened import OpenDatabase
from bridge.storage.utterances import forget_before

if TYPE_CHECKING:
    from bridge.config import Settings

__all__ = ["forget_due", "forget_every_hour"]

FORGETTING_SECONDS = 3600.0  # from one time to the next; by the wall clock, whatever clock.speed is

log = structlog.get_logger()


async def forget_due(
    database: OpenDatabase, clock: Clock, settings: "Settings", *, dry_run: bool = False
) -> Purged:
    """Forget, or count, what `privacy.keep_days` and `monitoring.keep_days` let go.

    Raises:
        StorageError: the database cannot be read or written.
        OSError: a recording cannot be deleted.

    """
    now = clock.now()
    privacy = settings.privacy
    own = {name: days.given for name, days in privacy.keep_days_of.items()}
    wanted = Purge.at(now, privacy.keep_days.of_calls, settings.recording.folder, own)
    purged = await purge(database, wanted, dry_run=dry_run)
    overheard = now - timedelta(days=settings.monitoring.keep_days)
    utterances = await forget_before(database, overheard, dry_run=dry_run)
    rows = purged.rows | {"monitored": utterances}
    if privacy.keep_days.audit is not None:
        audit = AuditLog(database, AuditCopy(settings.database.audit_copy), clock)
        rows["audit"] = await audit.forget(_midnight(now, privacy.keep_days.audit), dry_run=dry_run)
    return Purged(rows, purged.files)


def _midnight(now: datetime, days: int) -> datetime:
    """A day's rows go together: each time that some go, another row says so."""
    return (now - timedelta(days=days)).replace(hour=0, minute=0, second=0, microsecond=0)


async def forget_every_hour(database: OpenDatabase, clock: Clock, settings: "Callable[[], Settings]") -> None:
    """Until it is cancelled. `settings` are asked for each time: they may have been read again."""
    while True:
        try:
            purged = await forget_due(database, clock, settings())
        except (StorageError, OSError) as error:
            log.warning("not_forgotten", detail=str(error))
        else:
            counts = {f"{kept}_count": count for kept, count in purged.rows.items()}
            log.info("forgotten", **counts, recordings_count=purged.files)
        await asyncio.sleep(FORGETTING_SECONDS)
