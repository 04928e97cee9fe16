"""A stream token says who may open which socket, until when; everything else is refused."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import jwt
import pytest

from bridge.errors import CredentialError
from bridge.identity.access import AccessTokens
from bridge.identity.principal import Scope
from bridge.identity.signing import own_key
from bridge.identity.streams import StreamTokens

SECRET = "k" * 32
OTHER_SECRET = "o" * 32


def good_claims(**changes: Any) -> dict[str, Any]:
    """The claims of a good token, with some changed; None leaves one out."""
    now = datetime.now(UTC)
    claims: dict[str, Any] = {
        "iss": "hatif",
        "aud": "hatif:stream",
        "sub": "twilio",
        "jti": "7",
        "iat": now,
        "exp": now + timedelta(seconds=60),
    }
    claims.update(changes)
    return {name: claim for name, claim in claims.items() if claim is not None}


def signed(claims: Mapping[str, Any], secret: str = SECRET, algorithm: str = "HS256") -> str:
    """A token as somebody else might make it, who knows what our key is called."""
    return jwt.encode(dict(claims), secret, algorithm=algorithm, headers={"kid": own_key(SECRET).kid})


def test_what_was_issued_is_read() -> None:
    """A fresh token names its provider and questionnaire."""
    tokens = StreamTokens(SECRET)
    claims = tokens.read(tokens.issue(provider="twilio", questionnaire="bp"), provider="twilio")
    assert (claims.provider, claims.questionnaire) == ("twilio", "bp")
    assert claims.expires_at > datetime.now(UTC)


def test_no_two_tokens_are_the_same() -> None:
    """Single use needs an identity of its own for each token."""
    tokens = StreamTokens(SECRET)
    first, second = (tokens.read(tokens.issue(provider="twilio"), provider="twilio") for _ in range(2))
    assert first.token_id != second.token_id


@pytest.mark.parametrize(
    "token",
    [
        "",
        "garbage",
        "a.b.c",
        signed(good_claims(), OTHER_SECRET),
        signed(good_claims(), SECRET * 2, "HS512"),
        jwt.encode(good_claims(), None, algorithm="none"),
        signed(good_claims(exp=datetime.now(UTC) - timedelta(seconds=30))),
        signed(good_claims(iat=datetime.now(UTC) + timedelta(hours=1))),
        signed(good_claims(aud="hatif:admin")),
        signed(good_claims(iss="somebody")),
        signed(good_claims(sub="telnyx")),
        jwt.encode(good_claims(), SECRET, algorithm="HS256"),
        *(signed(good_claims(**{name: None})) for name in ("exp", "iat", "aud", "iss", "sub", "jti")),
    ],
)
def test_a_bad_token_is_refused(token: str) -> None:
    """Forged, expired, incomplete or meant for something else: one kind of error, and no other."""
    with pytest.raises(CredentialError):
        StreamTokens(SECRET).read(token, provider="twilio")


def test_a_token_that_may_be_late_is_not_good_early() -> None:
    """Where a lost socket may come again hours later; the machine's clock was set back meanwhile."""
    later = datetime.now(UTC) + timedelta(hours=1)
    token = StreamTokens(SECRET, now=lambda: later).issue(provider="vobiz")
    with pytest.raises(CredentialError, match="not good yet"):
        StreamTokens(SECRET).read(token, provider="vobiz", late_seconds=4 * 3600)


def test_a_short_secret_is_refused() -> None:
    """A secret that could be guessed never signs anything."""
    with pytest.raises(CredentialError, match="at least 32 bytes"):
        StreamTokens("short")


def test_an_access_token_opens_no_socket() -> None:
    """Though it is signed with the same secret; nor is a stream token good for anything else."""
    streams, access = StreamTokens(SECRET), AccessTokens(SECRET)
    with pytest.raises(CredentialError):
        streams.read(access.issue("twilio", {Scope.TRANSCRIPTS}), provider="twilio")
    with pytest.raises(CredentialError):
        access.read(streams.issue(provider="twilio"))


def test_a_stream_token_says_whose_it_is() -> None:
    """The tenant of whoever had it issued."""
    tokens = StreamTokens(SECRET)
    assert tokens.read(tokens.issue(provider="browser", tenant="north"), provider="browser").tenant == "north"
