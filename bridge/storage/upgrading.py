"""Brings a database to the schema that this version knows, after a backup of what it held before."""

import asyncio
from pathlib import Path

from msgspec import Struct
from sqlalchemy import Connection
from sqlalchemy.ext.asyncio import AsyncEngine

from bridge.clock import Clock
from bridge.errors import StorageError
from bridge.storage import postgres, schema
from bridge.storage.backup import back_up
from bridge.storage.place import Place
from bridge.storage.schema import Migration, Standing

__all__ = ["Upgrade", "back_up_before", "migrate"]


class Upgrade(Struct, frozen=True, kw_only=True):
    """What opening a database changed in it."""

    before: str | None  # the schema that it had; None: it was made just now
    now: str
    migrations: list[Migration]
    backup: str | None = None  # None: there was nothing to back up, or its server's own means do that


async def back_up_before(engine: AsyncEngine, place: Place, clock: Clock) -> Path | None:
    """Back an SQLite database up that is to be migrated.

    Raises:
        StorageError: the backup failed, and so nothing must be migrated; or the database is a newer Hatif's.

    """
    async with engine.connect() as connection:
        standing = await connection.run_sync(schema.standing)
    if standing.present is None or not standing.missing or place.file is None or place.backup_folder is None:
        return None
    try:
        made = await asyncio.to_thread(
            back_up,
            place.file,
            place.backup_folder,
            clock=clock,
            key=place.backup_key,
            before=standing.newest,
        )
    except StorageError as error:
        raise StorageError(
            f"the database stays at schema {standing.present} and is not opened, because it could not be "
            f"backed up before its upgrade: {error}"
        ) from None
    return Path(made.file)


def migrate(connection: Connection) -> Standing:
    """Run the missing migrations in the open transaction; where the database stood before."""
    postgres.be_patient(connection)
    return schema.upgrade(connection)
