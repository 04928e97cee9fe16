"""When versions of questionnaires were first offered here."""

from datetime import datetime

from sqlalchemy import select

from bridge.storage.opened import OpenDatabase
from bridge.storage.tables import questionnaires

__all__ = ["first_offered"]


async def first_offered(database: OpenDatabase) -> dict[str, datetime]:
    """When each version was first offered, by its hash; StorageError where that cannot be read."""
    rows = await database.select(select(questionnaires.c.hash, questionnaires.c.at))
    return {str(row["hash"]): row["at"] for row in rows}
