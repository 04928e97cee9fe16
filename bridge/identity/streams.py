"""Stream tokens: each opens one media socket, once, within a minute.

Providers whose sockets carry no credential of their own (Twilio) are given a URL that ends in such a token.
It is a JWT signed with the deployment's secret; that it is used only once is storage's business
(`Store.redeem`), because a restart must not make it good again.
"""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from msgspec import Struct

from bridge.errors import CredentialError
from bridge.identity.signing import KeyTable, new_claims, own_key, sign

__all__ = ["StreamClaims", "StreamTokens"]

LEEWAY_SECONDS = 5  # clocks of two machines differ; longer would stretch a 60 s token noticeably

_AUDIENCE = "hatif:stream"


class StreamClaims(Struct, frozen=True):
    """What a good token says."""

    token_id: str
    provider: str
    questionnaire: str | None
    expires_at: datetime
    call: str | None = None  # what we know of the phone call is kept under this
    is_late: bool = False  # it has expired, and opens a socket at most again
    tenant: str | None = None  # of whoever had it issued


class StreamTokens:
    """Issues and reads stream tokens under one secret."""

    def __init__(self, secret: str, *, now: Callable[[], datetime] | None = None) -> None:
        self._key = own_key(secret)
        self._keys = KeyTable([self._key])
        self._now = now or (lambda: datetime.now(UTC))

    def issue(
        self,
        *,
        provider: str,
        questionnaire: str | None = None,
        call: str | None = None,
        tenant: str | None = None,
        seconds: float = 60,
    ) -> str:
        """A new token for one media socket of `provider`."""
        claims = new_claims(_AUDIENCE, provider, self._now(), seconds)
        more = {"questionnaire": questionnaire, "call": call, "tenant": tenant}
        return sign(claims | {name: value for name, value in more.items() if value is not None}, self._key)

    def read(self, token: str, *, provider: str, late_seconds: float = 0.0) -> StreamClaims:
        """The claims of a good token, which may have expired `late_seconds` ago.

        Raises:
            CredentialError: the token is malformed, forged, expired, or made for something else. The text
                says which, for our log; the peer is told nothing.

        """
        _, claims = self._keys.verify(token, audience=_AUDIENCE, leeway_seconds=LEEWAY_SECONDS + late_seconds)
        if claims["sub"] != provider:
            raise CredentialError("the stream token was issued for another provider")
        now = datetime.now(UTC)
        if datetime.fromtimestamp(claims["iat"], UTC) > now + timedelta(seconds=LEEWAY_SECONDS):
            raise CredentialError("the stream token is not good yet")  # nor where it may be late
        expires_at = datetime.fromtimestamp(claims["exp"], UTC)
        return StreamClaims(
            token_id=claims["jti"],
            provider=provider,
            questionnaire=claims.get("questionnaire"),
            expires_at=expires_at,
            call=claims.get("call"),
            is_late=expires_at + timedelta(seconds=LEEWAY_SECONDS) < now,
            tenant=claims.get("tenant"),
        )
