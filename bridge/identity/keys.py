"""API keys: `hatif_KEYID_SECRET`, 256 random bits of which we keep the SHA-256 only.

A hash that takes long is for passwords, which people choose; nobody guesses 256 bits, and a slow hash for
each request would be a way to stop us. The prefix lets scanners of repositories find a committed key.
"""

import hashlib
import hmac
import re
import secrets
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta

import structlog

from bridge.clock import Clock
from bridge.errors import CredentialError, StorageError
from bridge.identity.principal import Principal, Scope
from bridge.identity.snapshot import Snapshot
from bridge.storage.credentials import StoredKey, keep_key, keys, note_use
from bridge.storage.opened import OpenDatabase

__all__ = ["PREFIX", "ApiKeys", "create_key", "is_api_key"]

PREFIX = "hatif_"
USE_NOTED_SECONDS = 300.0  # `last used` is no more exact than this

_ID_BYTES = 6
_SECRET_BYTES = 32  # 43 characters of base64
_KEY = re.compile(r"hatif_([0-9a-f]{12})_[A-Za-z0-9_-]{43}", re.ASCII)
_NOBODYS = hashlib.sha256(secrets.token_bytes(_SECRET_BYTES)).hexdigest()

log = structlog.get_logger()


def is_api_key(shown: str) -> bool:
    """Whether it is meant to be one of ours."""
    return shown.startswith(PREFIX)


async def create_key(
    database: OpenDatabase,
    *,
    scopes: Iterable[Scope],
    tenant: str | None,
    label: str,
    now: datetime,
    lifetime: timedelta | None,
) -> tuple[str, StoredKey]:
    """A new key, which nobody can show again, and what is kept of it.

    Raises:
        StorageError: it cannot be kept.

    """
    key_id = secrets.token_hex(_ID_BYTES)
    key = f"{PREFIX}{key_id}_{secrets.token_urlsafe(_SECRET_BYTES)}"
    stored = StoredKey(
        key_id=key_id,
        digest=_digest(key),
        scopes=frozenset(scopes),
        tenant=tenant,
        label=label,
        created_at=now,
        expires_at=now + lifetime if lifetime is not None else None,
    )
    await keep_key(database, stored)
    return key, stored


class ApiKeys:
    """Tells whose key it is."""

    def __init__(self, database: OpenDatabase, clock: Clock) -> None:
        self._database = database
        self._clock = clock
        self._keys: Snapshot[Mapping[str, StoredKey]] = Snapshot(self._read)
        self._noted: dict[str, datetime] = {}

    async def principal(self, shown: str) -> Principal:
        """Whose key this is.

        Raises:
            CredentialError: nobody's, or no more.
            StorageError: that cannot be looked up now.

        """
        written = _KEY.fullmatch(shown)
        known = (await self._keys.get()).get(written[1]) if written else None
        is_right = hmac.compare_digest(_digest(shown), known.digest if known else _NOBODYS)
        if known is None or not is_right:
            raise CredentialError("the API key is not one of ours")
        now = self._clock.now()
        if known.revoked_at is not None:
            raise CredentialError(f"the API key {known.key_id} was revoked")
        if known.expires_at is not None and known.expires_at <= now:
            raise CredentialError(f"the API key {known.key_id} has expired")
        await self._note_use(known, now)
        return Principal(f"key:{known.key_id}", known.scopes, known.tenant)

    async def _read(self) -> Mapping[str, StoredKey]:
        return {key.key_id: key for key in await keys(self._database)}

    async def _note_use(self, key: StoredKey, now: datetime) -> None:
        """Write down that it is in use, now and then; a request does not fail for that."""
        last = max(filter(None, (self._noted.get(key.key_id), key.last_used_at)), default=None)
        if last is not None and now - last < timedelta(seconds=USE_NOTED_SECONDS):
            return
        self._noted[key.key_id] = now
        try:
            await note_use(self._database, key.key_id, now)
        except StorageError as error:
            log.warning("key_use_not_noted", code=error.code, detail=str(error))


def _digest(key: str) -> str:
    return hashlib.sha256(key.encode(errors="surrogateescape")).hexdigest()
