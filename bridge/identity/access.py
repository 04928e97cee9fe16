"""Access tokens: who asks, what they may do, for a quarter of an hour at most. Ours, or an issuer's we trust.

They are JWTs: `scope` holds scopes with spaces between them (RFC 8693 section 4.2), `tenant` and `call`
narrow further. No token issues tokens, so that none lives on in its children.
"""

from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from typing import Any

from bridge.errors import CredentialError
from bridge.identity.principal import Principal, Scope
from bridge.identity.signing import KeyTable, VerificationKey, new_claims, own_key, sign

__all__ = ["AUDIENCE", "MAX_SECONDS", "OF_ONE_CALL", "AccessTokens"]

AUDIENCE = "hatif"
MAX_SECONDS = 900  # of any access token, whoever issued it
DEFAULT_LEEWAY_SECONDS = 30.0
OF_ONE_CALL = frozenset({Scope.TRANSCRIPTS})  # what a token of one call can be good for

_MAX_NAME = 128  # characters of `sub` and `jti`


class AccessTokens:
    """Issues access tokens under one secret, and reads them and those of other issuers."""

    def __init__(
        self,
        secret: str | None,
        *,
        others: Iterable[VerificationKey] = (),
        audience: str = AUDIENCE,
        leeway_seconds: float = DEFAULT_LEEWAY_SECONDS,
        now: Callable[[], datetime] | None = None,
    ) -> None:
        self._own = own_key(secret) if secret is not None else None
        self._keys = KeyTable([*others, *([self._own] if self._own else [])])
        self._audience = audience
        self._leeway_seconds = leeway_seconds
        self._now = now or (lambda: datetime.now(UTC))

    @property
    def can_issue(self) -> bool:
        """Whether there is a secret to sign with."""
        return self._own is not None

    def issue(
        self,
        subject: str,
        scopes: Iterable[Scope],
        *,
        tenant: str | None = None,
        call: str | None = None,
        seconds: float = MAX_SECONDS,
    ) -> str:
        """A new token.

        Raises:
            CredentialError: there is no secret to sign with.

        """
        if self._own is None:
            raise CredentialError(
                "tokens.secret is not configured: set HATIF_TOKENS__SECRET to 32 random characters or more"
            )
        claims = new_claims(self._audience, subject, self._now(), seconds)
        claims["scope"] = " ".join(sorted(scopes))
        more = {"tenant": tenant, "call": call}
        return sign(claims | {name: value for name, value in more.items() if value is not None}, self._own)

    def read(self, token: str) -> tuple[Principal, str]:
        """Who shows a token, and its `jti`.

        Raises:
            CredentialError: it is not good. The text says why, for our log; the peer is told nothing.

        """
        key, claims = self._keys.verify(token, audience=self._audience, leeway_seconds=self._leeway_seconds)
        if not 0 < int(claims["exp"]) - int(claims["iat"]) <= MAX_SECONDS:
            raise CredentialError(f"the token lives longer than {MAX_SECONDS} seconds")
        subject, token_id = claims["sub"], claims["jti"]
        if not (0 < len(subject) <= _MAX_NAME and 0 < len(token_id) <= _MAX_NAME):
            raise CredentialError("the token's sub or jti is empty, or too long")
        call = _word(claims, "call")
        scopes = _scopes(claims) & key.scopes - {Scope.TOKENS_ISSUE}
        principal = Principal(
            name=f"token:{subject}" if key is self._own else f"issuer:{key.kid}:{subject}",
            scopes=scopes & OF_ONE_CALL if call is not None else scopes,
            tenant=key.tenant if key.tenant is not None else _word(claims, "tenant"),
            call=call,
        )
        return principal, token_id


def _scopes(claims: dict[str, Any]) -> frozenset[Scope]:
    """Those of ours that it names; other programs' scopes are not ours to judge."""
    written = _word(claims, "scope") or ""
    known = {str(scope): scope for scope in Scope}
    return frozenset(known[word] for word in written.split() if word in known)


def _word(claims: dict[str, Any], name: str) -> str | None:
    value = claims.get(name)
    if value is not None and (not isinstance(value, str) or not value):
        raise CredentialError(f"the token's {name} is no text")
    return value
