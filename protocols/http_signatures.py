"""HTTP message signatures with HMAC-SHA256, as a draft of RFC 9421 had them.

Source: draft-ietf-httpbis-message-signatures before `@request-target` was taken out of it, in the reading of
github.com/purecloudlabs/audiohook-reference-implementation (app/audiohook/src/httpsignature, commit 2871b01).
What must be signed, and how fresh it must be, is the caller's business.
"""

import base64
import binascii
import hmac
import re
from urllib.parse import urlsplit

from msgspec import Struct

from protocols.http import HttpRequest
from protocols.provider import SignatureError

__all__ = ["HttpSignature", "require_signature"]

_INPUT = re.compile(
    r"(?P<label>[a-z*][a-z0-9_.*-]*)="
    r'(?P<signed>\((?P<names>"[^"()]*"(?: "[^"()]*")*)?\)(?P<parameters>(?:;[a-z]+=(?:"[^"\\]*"|\d{1,15}))*))'
)
_NAME = re.compile(r'"([^"]*)"')
_PARAMETER = re.compile(r';([a-z]+)=(?:"([^"]*)"|(\d+))')
_KNOWN = frozenset({"keyid", "nonce", "alg", "created", "expires"})
_DEFAULT_PORTS = {"https": 443, "wss": 443, "http": 80, "ws": 80}


class HttpSignature(Struct, frozen=True, kw_only=True):
    """What a signature that was found good covers, and what it says of itself."""

    components: tuple[str, ...]  # in the order in which they were signed
    keyid: str | None
    nonce: str | None
    created: int | None  # seconds since the epoch
    expires: int | None


def require_signature(request: HttpRequest, key: bytes) -> HttpSignature:
    """The one signature of the request, made with this key.

    Raises:
        SignatureError: it is missing, unreadable or wrong.

    """
    found = _INPUT.fullmatch(request.headers.get("signature-input", "").strip())
    if found is None:
        raise SignatureError("Signature-Input is missing, or is not one signature")
    components = tuple(_NAME.findall(found["names"] or ""))
    offered = _offered(request, found["label"])
    # hmac-sha256 whatever `alg` says: a signature that chooses its own check proves nothing
    if not any(
        hmac.compare_digest(offered, hmac.digest(key, base.encode(), "sha256"))
        for base in _bases(request, components, found["signed"])
    ):
        raise SignatureError("Signature is wrong: check the client secret and server.public_url")
    return _described(components, found["parameters"])


def _described(components: tuple[str, ...], parameters: str) -> HttpSignature:
    said = [(name, text, number) for name, text, number in _PARAMETER.findall(parameters)]
    names = [name for name, _, _ in said]
    if not _KNOWN.issuperset(names) or len(set(names)) != len(names):
        raise SignatureError("Signature-Input has a parameter that is unknown or repeated")
    texts = {name: text for name, text, number in said if not number}
    numbers = {name: int(number) for name, _, number in said if number}
    if texts.get("alg", "hmac-sha256") != "hmac-sha256":
        raise SignatureError("Signature-Input: alg: Expected hmac-sha256")
    return HttpSignature(
        components=components,
        keyid=texts.get("keyid"),
        nonce=texts.get("nonce"),
        created=numbers.get("created"),
        expires=numbers.get("expires"),
    )


def _offered(request: HttpRequest, label: str) -> bytes:
    written = request.headers.get("signature", "").strip()
    encoded = written.removeprefix(f"{label}=:").removesuffix(":")
    if written != f"{label}=:{encoded}:":
        raise SignatureError("Signature is missing, or is not the one that Signature-Input describes")
    try:
        return base64.b64decode(encoded, validate=True)
    except binascii.Error:
        raise SignatureError("Signature is not base64") from None


def _bases(request: HttpRequest, components: tuple[str, ...], signed: str) -> list[str]:
    """What may have been signed: the authority with and without its port, as the sender knew it."""
    return [
        "\n".join(
            [f'"{name}": {_component(request, name, authority)}' for name in components]
            + [f'"@signature-params": {signed}']
        )
        for authority in _authorities(request.url)
    ]


def _authorities(url: str) -> tuple[str, ...]:
    parts = urlsplit(url)
    host, default = parts.hostname or "", _DEFAULT_PORTS.get(parts.scheme)
    port = parts.port or default
    return (host, f"{host}:{port}") if port == default else (f"{host}:{port}",)


def _component(request: HttpRequest, name: str, authority: str) -> str:
    if name == "@request-target":
        parts = urlsplit(request.url)
        return f"{parts.path or '/'}?{parts.query}" if parts.query else parts.path or "/"
    if name in {"@authority", "host"}:
        return authority
    value = None if name.startswith("@") else request.headers.get(name)
    if value is None:
        raise SignatureError("Signature-Input names what the request does not have")
    return value.strip()
