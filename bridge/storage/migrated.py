"""How far the open database's schema has come, for those who ask after its health."""

import asyncio

from msgspec import Struct
from sqlalchemy import column, select, table

from bridge.storage import schema
from bridge.storage.opened import OpenDatabase

__all__ = ["Migrated", "migrated"]

_VERSION = table("alembic_version", column("version_num"))  # Alembic's own


class Migrated(Struct, frozen=True):
    """Migrations that this version of Hatif has."""

    applied: int
    pending: int

    @property
    def status(self) -> str:
        """In requirement 003's words."""
        return "pending" if self.pending else "up_to_date"


async def migrated(database: OpenDatabase) -> Migrated:
    """Which of them the database has.

    Raises:
        StorageError: it cannot be read.

    """
    known = await asyncio.to_thread(schema.known_revisions)
    rows = await database.select(select(_VERSION.c.version_num))
    applied = max(
        (known.index(row["version_num"]) + 1 for row in rows if row["version_num"] in known), default=0
    )
    return Migrated(applied, len(known) - applied)
