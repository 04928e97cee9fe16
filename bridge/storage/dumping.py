"""A PostgreSQL database's backup before an upgrade: by `pg_dump`, in its own format.

`pg_restore --clean --if-exists --dbname DATABASE FILE` restores it. The password is handed over in the
environment of that one process, never on its command line (postgresql.org/docs/current/libpq-envars.html).
"""

import os
import shutil
import subprocess
from contextlib import suppress
from pathlib import Path

from sqlalchemy import URL

from bridge.durable import make_folder
from bridge.errors import StorageError
from bridge.storage.backup import PRIVATE_FOLDER, create_private, publish

__all__ = ["dump"]

SECONDS = 3600.0
# What libpq is told of an address, by the driver's words for it.
_VARIABLES = {
    "host": "PGHOST",
    "port": "PGPORT",
    "ssl": "PGSSLMODE",
    "target_session_attrs": "PGTARGETSESSIONATTRS",
}


def dump(url: URL, target: Path) -> None:
    """Write the whole database to a new private file, which has its name only once it is whole.

    Raises:
        StorageError: there is no `pg_dump`, it failed, or the file cannot be written or read back.

    """
    program, reader = shutil.which("pg_dump"), shutil.which("pg_restore")
    if program is None or reader is None:
        raise StorageError("pg_dump and pg_restore are not installed (Debian package postgresql-client)")
    partial = target.with_name(f".{target.name}.partial")
    try:
        make_folder(target.parent, mode=PRIVATE_FOLDER)
        partial.unlink(missing_ok=True)
        with create_private(partial) as file:
            _run([program, "--format=custom", "--no-password"], _environment(url), file.fileno())
        listed = _run([reader, "--list", str(partial)], dict(os.environ))
        if b"TABLE DATA public calls" not in listed:
            raise StorageError("what pg_dump wrote holds no calls")
        publish(partial, target)
    except OSError as error:
        raise StorageError(f"{target} cannot be written: {error.strerror}") from None
    finally:
        with suppress(OSError):
            partial.unlink(missing_ok=True)


def _run(command: list[str], environment: dict[str, str], to: int = subprocess.PIPE) -> bytes:
    try:
        done = subprocess.run(  # noqa: S603 - both programs are PostgreSQL's own
            command, env=environment, stdout=to, stderr=subprocess.PIPE, timeout=SECONDS, check=False
        )
    except subprocess.TimeoutExpired:
        raise StorageError(f"{Path(command[0]).name} took longer than {SECONDS / 60:.0f} minutes") from None
    if done.returncode:
        said = done.stderr.decode(errors="replace").strip().splitlines()
        why = said[0] if said else f"status {done.returncode}"
        raise StorageError(f"{Path(command[0]).name} failed: {why}")
    return done.stdout or b""


def _environment(url: URL) -> dict[str, str]:
    told = {_VARIABLES[name]: str(value) for name, value in url.query.items() if name in _VARIABLES}
    told |= {"PGHOST": url.host} if url.host else {}
    told |= {"PGPORT": str(url.port)} if url.port else {}
    told |= {"PGUSER": url.username} if url.username else {}
    told |= {"PGPASSWORD": str(url.password)} if url.password else {}
    told |= {"PGDATABASE": url.database} if url.database else {}
    return dict(os.environ) | told
