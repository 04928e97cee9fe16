"""Brings a database, when it is opened, to the schema that this version knows. Refuses a newer one.

The migrations lie beside this file. Alembic runs them through a connection that is already in a transaction:
either all of them happen or none, and of two daemons that start at once the second waits for the first.
A new one is a numbered file in migrations/versions that only adds (expand, migrate, contract).
"""

from functools import cache
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from msgspec import Struct
from sqlalchemy import Connection

from bridge.errors import StorageError

__all__ = ["Migration", "Standing", "known_revisions", "newest_revision", "standing", "upgrade"]

_MIGRATIONS = Path(__file__).parent / "migrations"


class Migration(Struct, frozen=True):
    """One step from a schema to the next."""

    revision: str
    title: str


class Standing(Struct, frozen=True):
    """Where a database stands among the schemas that this version knows."""

    present: str | None  # None: it has no tables yet
    newest: str
    missing: list[Migration]


def standing(connection: Connection) -> Standing:
    """Which migrations a database has not seen.

    Raises:
        StorageError: the database is newer than this version of Hatif.

    """
    scripts = _scripts()
    revisions = [*reversed(list(scripts.walk_revisions()))]
    known = [script.revision for script in revisions]
    present = MigrationContext.configure(connection).get_current_revision()
    newest = known[-1]
    if present is not None and present not in known:
        raise StorageError(
            f"the database was written by a newer Hatif (its schema is {present}, "
            f"this one knows {newest}); install that version, or restore an older backup"
        )
    seen = 0 if present is None else known.index(present) + 1
    missing = [Migration(each.revision, each.doc.rstrip(".")) for each in revisions[seen:]]
    return Standing(present, newest, missing)


def upgrade(connection: Connection) -> Standing:
    """Run the migrations that are missing; where the database stood before.

    Raises:
        StorageError: the database is newer than this version of Hatif.

    """
    before = standing(connection)
    if before.missing:
        config = _config()
        config.attributes["connection"] = connection
        command.upgrade(config, "head")
    return before


@cache
def known_revisions() -> tuple[str, ...]:
    """Every schema that this version can bring up to date, the oldest first."""
    return tuple(script.revision for script in _scripts().walk_revisions())[::-1]


def newest_revision() -> str:
    """The schema that this version writes."""
    return known_revisions()[-1]


@cache  # reading them takes longer than all else that opening a database does
def _scripts() -> ScriptDirectory:
    return ScriptDirectory.from_config(_config())


def _config() -> Config:
    config = Config()
    config.set_main_option(
        "script_location", str(_MIGRATIONS).replace("%", "%%")
    )  # ConfigParser's own escape
    config.set_main_option("path_separator", "os")
    return config
