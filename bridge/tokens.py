"""Tokens: what opens one media socket, once, within a minute, and what lets an operator read.

Providers whose sockets carry no credential of their own (Twilio) are given a URL that ends in such a token.
It is a JWT (RFC 7519) signed with the deployment's secret; that it is used only once is storage's business
(`Store.redeem`), because a restart must not make it good again. An operator's token is another audience's: it
opens no socket, is good until it expires, and says what for.
"""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import jwt
from msgspec import Struct

from bridge.errors import CredentialError
from bridge.identity.principal import Scope

__all__ = ["MIN_SECRET_BYTES", "OperatorTokens", "StreamClaims", "StreamTokens"]

MIN_SECRET_BYTES = 32  # RFC 7518 section 3.2: an HS256 key has at least the hash's 256 bits
LEEWAY_SECONDS = 5  # clocks of two machines differ; longer would stretch a 60 s token noticeably

_ALGORITHM = "HS256"  # one algorithm for this key; a token that names another is refused
_ISSUER = "hatif"
_AUDIENCE = "hatif:stream"
_OPERATORS = "hatif:operator"
_REQUIRED = ["exp", "iat", "aud", "iss", "sub", "jti"]


class StreamClaims(Struct, frozen=True):
    """What a good token says."""

    token_id: str
    provider: str
    questionnaire: str | None
    expires_at: datetime
    call: str | None = None  # what we know of the phone call is kept under this
    is_late: bool = False  # it has expired, and opens a socket at most again


class StreamTokens:
    """Issues and reads stream tokens under one secret."""

    def __init__(self, secret: str, *, now: Callable[[], datetime] | None = None) -> None:
        self._secret = _long_enough(secret)
        self._now = now or (lambda: datetime.now(UTC))

    def issue(
        self, *, provider: str, questionnaire: str | None = None, call: str | None = None, seconds: float = 60
    ) -> str:
        """A new token for one media socket of `provider`."""
        claims = _claims(_AUDIENCE, provider, self._now(), seconds)
        if questionnaire is not None:
            claims["questionnaire"] = questionnaire
        if call is not None:
            claims["call"] = call
        return jwt.encode(claims, self._secret, algorithm=_ALGORITHM)

    def read(self, token: str, *, provider: str, late_seconds: float = 0.0) -> StreamClaims:
        """The claims of a good token, which may have expired `late_seconds` ago.

        Raises:
            CredentialError: the token is malformed, forged, expired, or made for something else. The text
                says which, for our log; the peer is told nothing.

        """
        try:
            claims = _decoded(token, self._secret, _AUDIENCE, late_seconds=late_seconds)
        except jwt.ExpiredSignatureError:
            raise CredentialError("the stream token has expired: ask for a new one for every call") from None
        except jwt.PyJWTError as error:
            raise CredentialError(f"the stream token is not valid ({type(error).__name__})") from None
        if claims["sub"] != provider:
            raise CredentialError("the stream token was issued for another provider")
        expires_at = datetime.fromtimestamp(claims["exp"], UTC)
        return StreamClaims(
            token_id=claims["jti"],
            provider=provider,
            questionnaire=claims.get("questionnaire"),
            expires_at=expires_at,
            call=claims.get("call"),
            is_late=expires_at + timedelta(seconds=LEEWAY_SECONDS) < datetime.now(UTC),
        )


class OperatorTokens:
    """Issues and checks operators' tokens under the same secret."""

    def __init__(self, secret: str, *, now: Callable[[], datetime] | None = None) -> None:
        self._secret = _long_enough(secret)
        self._now = now or (lambda: datetime.now(UTC))

    def issue(self, scope: Scope, *, call: str | None = None, seconds: float) -> str:
        """A new token for `scope`: of one call of ours, or of all."""
        claims = _claims(_OPERATORS, scope, self._now(), seconds)
        if call is not None:
            claims["call"] = call
        return jwt.encode(claims, self._secret, algorithm=_ALGORITHM)

    def check(self, token: str, scope: Scope, call: str) -> None:
        """Whether a token is good for `scope` of this call.

        Raises:
            CredentialError: it is not. The text says why, for our log; the peer is told nothing.

        """
        try:
            claims = _decoded(token, self._secret, _OPERATORS)
        except jwt.ExpiredSignatureError:
            raise CredentialError("the operator's token has expired") from None
        except jwt.PyJWTError as error:
            raise CredentialError(f"the operator's token is not valid ({type(error).__name__})") from None
        if claims["sub"] != scope or claims.get("call", call) != call:
            raise CredentialError("the operator's token was issued for something else")


def _long_enough(secret: str) -> str:
    if len(secret.encode()) < MIN_SECRET_BYTES:
        raise CredentialError(
            f"tokens.secret is too short: at least {MIN_SECRET_BYTES} bytes are needed, "
            "for example from `openssl rand -base64 32`"
        )
    return secret


def _claims(audience: str, subject: str, now: datetime, seconds: float) -> dict[str, Any]:
    """What every token of ours says, whatever it is for."""
    return {
        "iss": _ISSUER,
        "aud": audience,
        "sub": subject,
        "jti": uuid4().hex,
        "iat": now,
        "exp": now + timedelta(seconds=seconds),
    }


def _decoded(token: str, secret: str, audience: str, *, late_seconds: float = 0.0) -> dict[str, Any]:
    return jwt.decode(
        token,
        secret,
        algorithms=[_ALGORITHM],
        audience=audience,
        issuer=_ISSUER,
        leeway=LEEWAY_SECONDS + late_seconds,
        options={"require": _REQUIRED},
    )
