"""PostgreSQL's habits: how it is connected to, how writes take turns, and what its errors mean.

It is asked for what SQLite gives: a commit that returns is on disk (`synchronous_commit=on`), and a
transaction that writes is alone. An advisory lock that every writing transaction takes first does the latter,
for all daemons that share the database; it ends with the transaction, however that ends. Readers wait for
nobody (postgresql.org/docs/current/explicit-locking.html#ADVISORY-LOCKS).
"""

import errno
import os
from collections.abc import Callable, Mapping
from typing import Any

from sqlalchemy import URL, Connection, event
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncEngine

from bridge.errors import StorageError

__all__ = [
    "be_patient",
    "connect_args",
    "driver_url",
    "explain",
    "is_busy",
    "is_postgres",
    "prepare",
    "shown",
]

WRITERS_LOCK = 0x4861746966  # "Hatif": which advisory lock, among those of other programs
CONNECT_SECONDS = 5.0
STATEMENT_SECONDS = 15.0  # the server gives a statement up after so long
ANSWER_SECONDS = 20.0  # and we the server, whose machine may be gone
IDLE_SECONDS = 10.0  # a daemon that stopped in mid-transaction holds the writers' lock no longer
MIGRATION_LOCK_SECONDS = 60.0

_DRIVER = "postgresql+asyncpg"
_SCHEMES = {"postgres", "postgresql", _DRIVER}  # hosters hand out the first two
_OPTIONS = {"host", "port", "ssl", "target_session_attrs"}  # of a URL, after "?"
_BUSY = {
    "55P03",
    "40001",
    "40P01",
}  # the lock was not to be had, or two transactions were in each other's way

# https://www.postgresql.org/docs/current/errcodes-appendix.html; two characters are a whole class.
_CAUSES = {
    "08": "is not connected any more; it is tried again with the next request",
    "25006": "is read-only: it may be a standby's; storage.url must name the server that writes",
    "28": "refuses the user or the password; storage.url and storage.password must be those of its owner: "
    "where the password is the credential storage_password of the service, run this as root",
    "3D000": "does not exist; its administrator makes it: createdb --owner USER DATABASE",
    "40": "was changed by another daemon at the same time; try again",
    "42501": "may not be written by this user; its owner must be the user in storage.url",
    "53100": "cannot grow, the server's disk is full; free some space there",
    "53300": "takes no more connections; raise the server's max_connections",
    "53": "has too little memory or space on its server",
    "55P03": "is locked by another daemon; wait until it is done, or end that process",
    "57014": "did not answer in time; see what its server is busy with",
    "57P": "is shutting down or starting; it is tried again with the next request",
    "58": "cannot be read or written, its server reports an error; check its disk",
    "XX": "is damaged; restore it from a backup",
}


def is_postgres(url: URL) -> bool:
    """Whether a URL names a PostgreSQL database."""
    return url.drivername in _SCHEMES


def driver_url(url: URL, password: str | None) -> URL:
    """The URL as our driver takes it, with the password that was kept apart from it.

    Raises:
        StorageError: it has options that the driver does not know.

    """
    query = dict(url.query)
    if "sslmode" in query:  # libpq's name
        query["ssl"] = query.pop("sslmode")
    if unknown := sorted(set(query) - _OPTIONS):
        raise StorageError(
            f"storage.url: {unknown[0]} is no option of a database URL; "
            f"there are {', '.join(sorted(_OPTIONS))} and sslmode"
        )
    url = url.set(drivername=_DRIVER, query=query)
    return url if password is None else url.set(password=password)


def connect_args(url: URL, busy_seconds: float, *, is_patient: bool = False) -> dict[str, Any]:
    """What the driver is told: times that are up, and that nothing is acknowledged before the disk has it.

    `is_patient`: statements take as long as they take; locks are still not waited for.
    """

    async def connect(*args: Any, **options: Any) -> Any:
        import asyncpg  # noqa: PLC0415 - an extra

        try:
            return await asyncpg.connect(*args, **options)
        except (asyncpg.PostgresError, asyncpg.InterfaceError, OSError) as error:
            raise explain(error, url) from None

    return {
        "async_creator_fn": connect,
        "timeout": CONNECT_SECONDS,
        "command_timeout": None if is_patient else ANSWER_SECONDS,
        "server_settings": {
            "application_name": "hatif",
            "timezone": "UTC",
            "synchronous_commit": "on",
            "statement_timeout": "0" if is_patient else _milliseconds(STATEMENT_SECONDS),
            "lock_timeout": _milliseconds(busy_seconds),
            "idle_in_transaction_session_timeout": _milliseconds(IDLE_SECONDS),
        },
    }


def prepare(engine: AsyncEngine, writes: Callable[[Mapping[str, Any]], bool]) -> None:
    """Have transactions that write take turns, and keep out of texts what PostgreSQL cannot hold."""

    @event.listens_for(engine.sync_engine, "begin")
    def begin(connection: Connection) -> None:
        if writes(connection.get_execution_options()):
            connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({WRITERS_LOCK})")

    @event.listens_for(engine.sync_engine, "before_cursor_execute", retval=True)
    def without_zeros(
        _connection: Connection, _cursor: Any, statement: str, parameters: Any, _context: Any, _many: bool
    ) -> tuple[str, Any]:
        return statement, _without_zeros(parameters)


def be_patient(connection: Connection) -> None:
    """Let this transaction wait longer for locks: it changes the schema."""
    if connection.dialect.name == "postgresql":
        connection.exec_driver_sql(f"SET LOCAL lock_timeout = {_milliseconds(MIGRATION_LOCK_SECONDS)}")


def is_busy(error: BaseException) -> bool:
    """Another daemon was in the way: trying again may help."""
    return _state(error) in _BUSY


def explain(error: BaseException, url: URL) -> StorageError:
    """Say in one sentence what went wrong. Statement, values and password stay out of it."""
    name = shown(url)
    state = _state(error)
    if state is not None:
        known = next((_CAUSES[state[:length]] for length in (5, 3, 2) if state[:length] in _CAUSES), None)
        return StorageError(f"the database {name} {known or f'refused the request ({state})'}")
    if isinstance(error, TimeoutError):
        return StorageError(f"the database {name} does not answer; its server must be running and reachable")
    if isinstance(error, OSError):
        return StorageError(
            f"the database {name} cannot be reached ({_reason(error)}); its server must be running, "
            "and storage.url name it"
        )
    if isinstance(error, DBAPIError) and error.connection_invalidated:
        return StorageError(f"the database {name} {_CAUSES['08']}")
    original = error.orig if isinstance(error, DBAPIError) else error
    return StorageError(f"the database {name} refused the request ({type(original).__name__})")


def shown(url: URL) -> str:
    """A database's name and its server's, and nothing secret."""
    return f"{url.database} at {url.host or url.query.get('host') or 'this machine'}"


def _state(error: BaseException) -> str | None:
    """PostgreSQL's code, SQLSTATE, wherever in the chain it is."""
    original = error.orig if isinstance(error, DBAPIError) else error
    state = getattr(original, "sqlstate", None)
    return state if isinstance(state, str) else None


def _reason(error: OSError) -> str:
    known = error.errno is not None and error.errno in errno.errorcode
    return os.strerror(error.errno or 0).lower() if known else type(error).__name__


def _without_zeros(parameters: Any) -> Any:
    """U+0000, which a PostgreSQL text cannot hold, as U+FFFD: nobody says it, but a wire may carry it."""
    if isinstance(parameters, str):
        return parameters.replace("\0", "\N{REPLACEMENT CHARACTER}")
    if isinstance(parameters, tuple | list):
        return type(parameters)(map(_without_zeros, parameters))
    if isinstance(parameters, dict):
        return {name: _without_zeros(value) for name, value in parameters.items()}
    return parameters


def _milliseconds(seconds: float) -> str:
    return str(round(seconds * 1000))
