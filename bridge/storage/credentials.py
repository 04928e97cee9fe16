"""API keys by their hashes, and tokens that were revoked."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from msgspec import Struct
from sqlalchemy import delete, insert, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection

from bridge.identity.principal import Scope
from bridge.storage.opened import OpenDatabase
from bridge.storage.tables import api_keys
from bridge.storage.tables import denied_tokens as denied

__all__ = [
    "StoredKey",
    "denied_tokens",
    "deny_token",
    "expire_key",
    "keep_key",
    "keys",
    "note_use",
    "revoke_key",
]


class StoredKey(Struct, frozen=True, kw_only=True):
    """All that is kept of an API key."""

    key_id: str
    digest: str  # SHA-256 of the whole key, in hexadecimal
    scopes: frozenset[Scope]
    tenant: str | None  # None: every tenant's calls
    label: str
    created_at: datetime
    expires_at: datetime | None = None
    last_used_at: datetime | None = None  # to a few minutes
    revoked_at: datetime | None = None


async def keep_key(database: OpenDatabase, key: StoredKey) -> None:
    """Keep a new key.

    Raises:
        StorageError: it cannot be written.

    """
    row = {name: getattr(key, name) for name in key.__struct_fields__}
    row["scopes"] = " ".join(sorted(key.scopes))

    async def work(connection: AsyncConnection) -> None:
        await connection.execute(insert(api_keys).values(row))

    await database.write(work)


async def keys(database: OpenDatabase) -> list[StoredKey]:
    """All keys, the oldest first, those that are good no more too."""
    rows = await database.select(select(api_keys).order_by(api_keys.c.created_at, api_keys.c.key_id))
    return [_stored(row) for row in rows]


async def revoke_key(database: OpenDatabase, key_id: str, now: datetime) -> bool:
    """Make a key worthless. False: there is none of that id, or it was revoked before."""
    return await _change(database, key_id, {"revoked_at": now})


async def expire_key(database: OpenDatabase, key_id: str, at: datetime) -> bool:
    """Let a key expire then. False: there is none of that id, or it was revoked."""
    return await _change(database, key_id, {"expires_at": at})


async def note_use(database: OpenDatabase, key_id: str, now: datetime) -> None:
    """Note that a key was used."""
    await _change(database, key_id, {"last_used_at": now})


async def deny_token(database: OpenDatabase, token_id: str, *, now: datetime, until: datetime) -> None:
    """Note that a token is refused; what has expired anyway is forgotten."""

    async def work(connection: AsyncConnection) -> None:
        await connection.execute(delete(denied).where(denied.c.expires_at < now))
        await connection.execute(insert(denied).values(token_id=token_id, denied_at=now, expires_at=until))

    try:
        await database.write(work)
    except IntegrityError:  # it is refused already
        return


async def denied_tokens(database: OpenDatabase, now: datetime) -> frozenset[str]:
    """The tokens that are refused and have not expired."""
    rows = await database.select(select(denied.c.token_id).where(denied.c.expires_at >= now))
    return frozenset(str(row["token_id"]) for row in rows)


async def _change(database: OpenDatabase, key_id: str, values: Mapping[str, Any]) -> bool:
    which = (api_keys.c.key_id == key_id, api_keys.c.revoked_at.is_(None))
    statement = update(api_keys).where(*which).values(dict(values))

    async def work(connection: AsyncConnection) -> int:
        return (await connection.execute(statement)).rowcount

    return bool(await database.write(work))


def _stored(row: Mapping[str, Any]) -> StoredKey:
    known = {str(scope): scope for scope in Scope}
    fields = {str(name): value for name, value in row.items()}
    # a scope of a later version is none that this one could grant
    fields["scopes"] = frozenset(known[word] for word in fields["scopes"].split() if word in known)
    return StoredKey(**fields)
