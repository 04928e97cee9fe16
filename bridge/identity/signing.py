"""JSON Web Tokens (RFC 7519), checked as RFC 8725 advises: which key, and so which algorithm, is ours to say.

A token names its key by `kid`, in a table that was fixed at the start; each key has exactly one algorithm.
Headers that bring or point to a key (`jwk`, `jku`, `x5u`, `x5c`) are refused with the token.
"""

import hashlib
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any, Literal
from uuid import uuid4

import jwt
from cryptography.hazmat.primitives.asymmetric.types import PublicKeyTypes
from msgspec import Struct

from bridge.errors import CredentialError
from bridge.identity.principal import Scope
from bridge.identity.strength import weakness

__all__ = ["ISSUER", "Algorithm", "KeyTable", "VerificationKey", "new_claims", "own_key", "sign"]

Algorithm = Literal["HS256", "RS256", "ES256", "EdDSA"]

ISSUER = "hatif"
REQUIRED = ["exp", "iat", "aud", "iss", "sub", "jti"]
MAX_TOKEN_BYTES = 4096  # ours have 400; an RS256 token of an identity provider about 1,200
_KEYS_IN_HEADERS = frozenset({"jwk", "jku", "x5u", "x5c", "crit"})


class VerificationKey(Struct, frozen=True):
    """One key, its only algorithm, and what whoever signs with it may say."""

    kid: str
    algorithm: Algorithm
    key: str | PublicKeyTypes
    issuer: str = ISSUER
    scopes: frozenset[Scope] = frozenset(Scope)  # at most these
    tenant: str | None = None  # None: what the token says


class KeyTable:
    """All keys, by `kid`."""

    def __init__(self, keys: Iterable[VerificationKey]) -> None:
        self._keys = {key.kid: key for key in keys}

    def __bool__(self) -> bool:
        return bool(self._keys)

    def verify(
        self, token: str, *, audience: str, leeway_seconds: float
    ) -> tuple[VerificationKey, dict[str, Any]]:
        """Whose token it is, and its claims. Times are compared with the machine's own clock.

        Raises:
            CredentialError: it is forged, incomplete, for somebody else, too early or too late. The text
                says which, for our log; the peer is told nothing.

        """
        if len(token) > MAX_TOKEN_BYTES or not token.isascii():
            raise CredentialError("the token is no token: too long, or with letters that none has")
        try:
            key = self._named(jwt.get_unverified_header(token))
            claims = jwt.decode(
                token,
                key.key,  # type: ignore[arg-type]  # those that we load are among those that it takes
                algorithms=[key.algorithm],
                audience=audience,
                issuer=key.issuer,
                leeway=leeway_seconds,
                options={"require": REQUIRED},
            )
        except jwt.ExpiredSignatureError:
            raise CredentialError("the token has expired") from None
        except (jwt.PyJWTError, ValueError, TypeError, OverflowError, RecursionError) as error:
            raise CredentialError(f"the token is not valid ({type(error).__name__})") from None
        return key, claims

    def _named(self, header: dict[str, Any]) -> VerificationKey:
        if present := _KEYS_IN_HEADERS & header.keys():
            raise CredentialError(
                f"the token brings a key or a rule of its own ({', '.join(sorted(present))})"
            )
        kid = header.get("kid")
        key = self._keys.get(kid) if isinstance(kid, str) else None
        if key is None:
            raise CredentialError("the token names no key of ours")
        if header.get("alg") != key.algorithm:
            raise CredentialError("the token names another algorithm than its key's")
        return key


def own_key(secret: str) -> VerificationKey:
    """The deployment's own key; its name tells which secret it is of, and nothing of the secret.

    Raises:
        CredentialError: the secret is too short, or a published one.

    """
    if problem := weakness(secret):
        raise CredentialError(f"tokens.secret {problem}; `openssl rand -hex 32` makes a good one")
    kid = f"hatif-{hashlib.sha256(b'hatif kid' + secret.encode()).hexdigest()[:8]}"
    return VerificationKey(kid, "HS256", secret)


def sign(claims: dict[str, Any], key: VerificationKey) -> str:
    """A token of ours."""
    return jwt.encode(claims, key.key, algorithm=key.algorithm, headers={"kid": key.kid})  # type: ignore[arg-type]


def new_claims(audience: str, subject: str, now: datetime, seconds: float) -> dict[str, Any]:
    """What every token of ours says, whatever it is for."""
    return {
        "iss": ISSUER,
        "aud": audience,
        "sub": subject,
        "jti": uuid4().hex,
        "iat": now,
        "exp": now + timedelta(seconds=seconds),
    }
