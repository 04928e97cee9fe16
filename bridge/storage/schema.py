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
from sqlalchemy import Connection

from bridge.errors import StorageError

__all__ = ["revisions", "upgrade"]

_MIGRATIONS = Path(__file__).parent / "migrations"


def upgrade(connection: Connection) -> None:
    """Run the migrations that are missing.

    Raises:
        StorageError: the database is newer than this version of Hatif.

    """
    config = _config()
    scripts = ScriptDirectory.from_config(config)
    known = {script.revision for script in scripts.walk_revisions()}
    present = set(MigrationContext.configure(connection).get_current_heads())
    if not present <= known:
        raise StorageError(
            f"the database was written by a newer Hatif (its schema is {', '.join(sorted(present - known))}, "
            f"this one knows {scripts.get_current_head()}); install that version, or restore an older backup"
        )
    if present == set(scripts.get_heads()):
        return
    config.attributes["connection"] = connection
    command.upgrade(config, "head")


@cache
def revisions() -> tuple[str, ...]:
    """Every migration there is, the oldest first."""
    scripts = ScriptDirectory.from_config(_config()).walk_revisions()
    return tuple(script.revision for script in scripts)[::-1]


def _config() -> Config:
    config = Config()
    config.set_main_option(
        "script_location", str(_MIGRATIONS).replace("%", "%%")
    )  # ConfigParser's own escape
    config.set_main_option("path_separator", "os")
    return config
