"""Who shows a credential: an API key, a token, or the service secret. Which it is, its form tells."""

from bridge.errors import CredentialError
from bridge.identity.access import AccessTokens
from bridge.identity.denial import DenyList
from bridge.identity.keys import ApiKeys, is_api_key
from bridge.identity.principal import Principal
from bridge.identity.service import ServiceSecret

__all__ = ["Authenticator"]

MAX_CREDENTIAL = 4096  # characters; a token is the longest
_DOTS = 2  # in a JWT, RFC 7519 section 3.1


class Authenticator:
    """Establishes identities."""

    def __init__(
        self, *, keys: ApiKeys, tokens: AccessTokens, denied: DenyList, service: ServiceSecret | None
    ) -> None:
        self._keys = keys
        self._tokens = tokens
        self._denied = denied
        self._service = service

    async def principal(self, shown: str) -> Principal:
        """Who shows this.

        Raises:
            CredentialError: nobody whom we know. The text says why, for our log; the peer is told nothing.
            StorageError: that cannot be looked up now.

        """
        if len(shown) > MAX_CREDENTIAL:
            raise CredentialError("the credential is longer than any of ours")
        if is_api_key(shown):
            return await self._keys.principal(shown)
        if self._service is not None and self._service.is_shown(shown):
            return self._service.principal(shown)
        if shown.count(".") != _DOTS:
            raise CredentialError("the credential is none of ours")
        principal, token_id = self._tokens.read(shown)
        await self._denied.refuse_denied(token_id)
        return principal
