"""Brings a database to the schema that this version knows, after a backup of what it held before."""

import asyncio
from pathlib import Path

from msgspec import Struct
from sqlalchemy import Connection
from sqlalchemy.ext.asyncio import AsyncEngine

from bridge.clock import Clock
from bridge.errors import StorageError
from bridge.storage import postgres, schema
from bridge.storage.backup import back_up, new_name
from bridge.storage.database import database_url
from bridge.storage.dumping import dump
from bridge.storage.place import Place
from bridge.storage.schema import Migration, Standing

__all__ = ["Upgrade", "back_up_before", "migrate"]


_INSTEAD = "Mend that, or back it up by your own means and then run `hatif db upgrade --no-backup`"


class Upgrade(Struct, frozen=True, kw_only=True):
    """What opening a database changed in it."""

    before: str | None  # the schema that it had; None: it was made just now
    now: str
    migrations: list[Migration]
    backup: str | None = None  # None: there was nothing to back up, or it was not wanted


async def back_up_before(engine: AsyncEngine, place: Place, clock: Clock) -> Path | None:
    """Back a database up that is to be migrated.

    Raises:
        StorageError: the backup failed, and so nothing must be migrated; or the database is a newer Hatif's.

    """
    async with engine.connect() as connection:
        standing = await connection.run_sync(schema.standing)
    if standing.present is None or not standing.missing or not place.backs_up:
        return None
    try:
        if place.file is None:
            return await asyncio.to_thread(_dump, place, clock, standing.newest)
        return await asyncio.to_thread(_copy, place.file, place, clock, standing.newest)
    except StorageError as error:
        raise StorageError(
            f"the database stays at schema {standing.present} and is not opened, because it could not be "
            f"backed up before its upgrade: {error}"
        ) from None


def _copy(file: Path, place: Place, clock: Clock, newest: str) -> Path:
    folder = place.backup_folder or file.parent
    return Path(back_up(file, folder, clock=clock, key=place.backup_key, before=newest).file)


def _dump(place: Place, clock: Clock, newest: str) -> Path | None:
    """By PostgreSQL's own program; None for a database of another kind, which is nobody's but a test's."""
    url = database_url(place)
    if not postgres.is_postgres(url):
        return None
    try:
        target = new_name(_dump_folder(place), clock.now(), ".dump", before=newest)
        dump(url, target)
    except StorageError as error:
        raise StorageError(f"{error}. {_INSTEAD}") from None
    return target


def _dump_folder(place: Place) -> Path:
    if place.backup_folder is None:
        raise StorageError("storage.backups names no folder for it")
    if place.backup_key is not None:
        raise StorageError("it cannot be encrypted as storage.backup_key wants it")
    return place.backup_folder


def migrate(connection: Connection) -> Standing:
    """Run the missing migrations in the open transaction; where the database stood before."""
    postgres.be_patient(connection)
    return schema.upgrade(connection)
