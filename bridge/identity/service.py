"""The service secret: one credential that two services share, for who cannot do better."""

import hashlib
import hmac

from bridge.errors import CredentialError
from bridge.identity.principal import Principal, Scope
from bridge.identity.strength import weakness

__all__ = ["ServiceSecret"]


class ServiceSecret:
    """Recognises the secret. Its SHA-256 is compared: both sides are as long, whatever is shown."""

    def __init__(self, secret: str, scopes: frozenset[Scope]) -> None:
        """Raises CredentialError where the secret is too short, or a published one."""
        if problem := weakness(secret):
            raise CredentialError(
                f"identity.service_secret {problem}; `openssl rand -hex 32` makes a good one"
            )
        self._digest = _digest(secret)
        self._principal = Principal("service", scopes)

    def is_shown(self, shown: str) -> bool:
        """Whether this is it, in a time that does not say how nearly."""
        return hmac.compare_digest(_digest(shown), self._digest)

    def principal(self, shown: str) -> Principal:
        """Who shows it.

        Raises:
            CredentialError: it is another.

        """
        if not self.is_shown(shown):
            raise CredentialError("this is not the service secret")
        return self._principal


def _digest(secret: str) -> bytes:
    return hashlib.sha256(secret.encode(errors="surrogateescape")).digest()
