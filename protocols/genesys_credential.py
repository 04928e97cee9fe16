"""How Genesys Cloud proves who opens a socket: an API key, and a signature where a client secret is shared.

Source: purecloudlabs/audiohook-reference-implementation on GitHub, app/src/authenticator.ts (commit 2871b01).
The nonce of a signature is good once. What was wrong is for the log; the sender learns nothing.
"""

import base64
import binascii
import hmac
from typing import Annotated

from msgspec import Meta

from protocols.http import HttpRequest
from protocols.http_signatures import HttpSignature, require_signature
from protocols.provider import SECRET, Options, SignatureError, Verified

__all__ = ["GenesysOptions", "admit", "is_guarded"]

MAX_AGE_SECONDS = 300  # Genesys' own server allows 10; clocks of two machines differ
MIN_NONCE_CHARACTERS = 22  # of base64: 128 bits
_SIGNED = frozenset(
    {
        "@request-target",
        "@authority",
        "audiohook-organization-id",
        "audiohook-session-id",
        "audiohook-correlation-id",
        "x-api-key",
    }
)


class GenesysOptions(Options, frozen=True, kw_only=True):
    """What a site configures. The second pair is good as well, so that keys can be changed."""

    api_key: Annotated[str | None, Meta(description="the integration's API key, in quotes", extra=SECRET)] = (
        None
    )
    client_secret: Annotated[
        str | None,
        Meta(
            description="the integration's client secret, base64 in quotes: sockets are signed", extra=SECRET
        ),
    ] = None
    second_api_key: Annotated[
        str | None, Meta(description="another API key that is good as well, in quotes", extra=SECRET)
    ] = None
    second_client_secret: Annotated[
        str | None, Meta(description="the client secret of second_api_key, in quotes", extra=SECRET)
    ] = None


def is_guarded(options: GenesysOptions) -> bool:
    """Whether a key is configured."""
    return options.api_key is not None or options.second_api_key is not None


def admit(options: GenesysOptions, request: HttpRequest, now: float) -> Verified:
    """Check key and signature. `now`: seconds since the epoch.

    Raises:
        SignatureError: either is missing, wrong or too old.

    """
    offered = request.headers.get("x-api-key", "").encode()
    pairs = (
        (options.api_key, options.client_secret),
        (options.second_api_key, options.second_client_secret),
    )
    secrets = [
        secret for key, secret in pairs if key is not None and hmac.compare_digest(offered, key.encode())
    ]
    if not secrets:
        raise SignatureError("X-API-KEY is missing or wrong")
    if secrets[0] is None:
        return Verified()
    signature = require_signature(request, _key(secrets[0]))
    _require_policy(signature, request, now)
    return Verified(f"{signature.keyid}:{signature.nonce}", (signature.created or 0) + MAX_AGE_SECONDS)


def _key(secret: str) -> bytes:
    try:
        return base64.b64decode(secret, validate=True)
    except (binascii.Error, ValueError):
        raise SignatureError("the configured client secret is not base64") from None


def _require_policy(signature: HttpSignature, request: HttpRequest, now: float) -> None:
    if not _SIGNED.issubset(signature.components):
        raise SignatureError("the signature does not cover all that identifies the session")
    if signature.keyid != request.headers.get("x-api-key"):
        raise SignatureError("the signature is another key's")
    if len(signature.nonce or "") < MIN_NONCE_CHARACTERS:
        raise SignatureError("the signature has no nonce of 128 bits")
    if signature.created is None or abs(now - signature.created) > MAX_AGE_SECONDS:
        raise SignatureError("the signature is too old, or from the future: check the clock")
    if signature.expires is not None and signature.expires <= now:
        raise SignatureError("the signature has expired")
