"""Tokens that are good no more, though not expired: by their `jti`, for as long as they could last."""

from datetime import timedelta

import jwt

from bridge.clock import Clock
from bridge.errors import CredentialError
from bridge.identity.access import MAX_SECONDS
from bridge.identity.signing import MAX_TOKEN_BYTES
from bridge.identity.snapshot import Snapshot
from bridge.storage.credentials import denied_tokens, deny_token
from bridge.storage.opened import OpenDatabase

__all__ = ["DenyList", "deny", "token_id_of"]

KEPT = timedelta(seconds=MAX_SECONDS + 120)  # a token's longest life, both leeways with it
MAX_ID = 128
_DOTS = 2  # in a JWT


class DenyList:
    """Which tokens are refused."""

    def __init__(self, database: OpenDatabase, clock: Clock) -> None:
        self._database = database
        self._clock = clock
        self._denied: Snapshot[frozenset[str]] = Snapshot(self._read)

    async def refuse_denied(self, token_id: str) -> None:
        """Let a token pass that nobody has revoked.

        Raises:
            CredentialError: somebody has.
            StorageError: that cannot be looked up now.

        """
        if token_id in await self._denied.get():
            raise CredentialError("the token was revoked")

    async def _read(self) -> frozenset[str]:
        return await denied_tokens(self._database, self._clock.now())


async def deny(database: OpenDatabase, token_id: str, clock: Clock) -> None:
    """Revoke a token. Doing it twice does no harm.

    Raises:
        StorageError: it cannot be written down.

    """
    now = clock.now()
    await deny_token(database, token_id, now=now, until=now + KEPT)


def token_id_of(written: str) -> str:
    """The `jti` that somebody wrote, or that of the whole token that they pasted.

    Raises:
        CredentialError: it is neither.

    """
    written = written.strip()
    if written.count(".") == _DOTS and len(written) <= MAX_TOKEN_BYTES:
        try:
            claims = jwt.decode(written, options={"verify_signature": False})  # anybody's may be revoked
        except (jwt.PyJWTError, ValueError, RecursionError):
            claims = {}
        written = str(claims.get("jti", ""))
    if not 0 < len(written) <= MAX_ID:
        raise CredentialError("this is neither a token nor the jti of one: paste either")
    return written
