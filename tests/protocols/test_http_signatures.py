"""HTTP message signatures, against the vectors that Genesys and the draft published."""

import base64
import json
from pathlib import Path
from typing import Any

import pytest

from protocols.http import HttpRequest
from protocols.http_signatures import require_signature
from protocols.provider import SignatureError

VECTORS = json.loads((Path(__file__).parents[1] / "vectors" / "genesys_signatures.json").read_text())[
    "vectors"
]


def request_of(vector: dict[str, Any], **changes: str) -> HttpRequest:
    headers = {**vector["headers"], **changes}
    target = vector.get("request_target", "/")
    return HttpRequest("GET", f"wss://{headers['host']}{target}", headers)


def key_of(vector: dict[str, Any]) -> bytes:
    return base64.b64decode(vector["secret_b64"])


@pytest.mark.parametrize("vector", VECTORS, ids=lambda vector: vector["name"])
def test_every_published_vector_is_good(vector: dict[str, Any]) -> None:
    """All three, whatever they cover."""
    signature = require_signature(request_of(vector), key_of(vector))

    assert signature.created in {1641013200, 1618884473}
    assert signature.keyid in {vector["headers"].get("x-api-key"), "test-shared-secret"}


@pytest.mark.parametrize("vector", VECTORS, ids=lambda vector: vector["name"])
def test_another_key_is_refused(vector: dict[str, Any]) -> None:
    """One bit of the secret makes the difference."""
    key = key_of(vector)
    with pytest.raises(SignatureError, match=r"^Signature is wrong"):
        require_signature(request_of(vector), bytes([key[0] ^ 1]) + key[1:])


def test_what_is_signed_cannot_be_changed() -> None:
    """A header, the path, the query, the host: each is covered."""
    vector = VECTORS[0]
    good = request_of(vector)
    changed = [
        request_of(vector, **{"audiohook-session-id": "another"}),
        HttpRequest("GET", good.url + "?a=b", good.headers),
        HttpRequest("GET", good.url.replace("/ws", "/xs"), good.headers),
        HttpRequest("GET", good.url.replace("example.com", "example.org"), good.headers),
        HttpRequest("GET", good.url.replace("example.com", "example.com:8443"), good.headers),
    ]
    for request in changed:
        with pytest.raises(SignatureError, match=r"^Signature is wrong"):
            require_signature(request, key_of(vector))


def test_the_default_port_may_be_named() -> None:
    """Behind a proxy the public origin may name 443; what was signed had none."""
    vector = VECTORS[0]
    good = request_of(vector)
    url = good.url.replace("example.com", "example.com:443")

    assert require_signature(HttpRequest("GET", url, good.headers), key_of(vector))


@pytest.mark.parametrize(
    ("changes", "complaint"),
    [
        ({"signature-input": ""}, "Signature-Input is missing"),
        ({"signature-input": 'sig1=("x-api-key"'}, "Signature-Input is missing"),
        ({"signature-input": 'a=("host");created=1, b=("host");created=1'}, "Signature-Input is missing"),
        ({"signature-input": 'sig1=("@method");created=1'}, "names what the request does not have"),
        ({"signature-input": 'sig1=("absent");created=1'}, "names what the request does not have"),
        ({"signature": ""}, "Signature is missing"),
        ({"signature": "sig2=:AAAA:"}, "Signature is missing"),
        ({"signature": "sig1=:A:"}, "Signature is not base64"),
        ({"signature": "sig1=::"}, "Signature is wrong"),
    ],
)
def test_a_signature_that_cannot_be_read_is_refused(changes: dict[str, str], complaint: str) -> None:
    """Never an exception of another kind."""
    with pytest.raises(SignatureError, match=complaint):
        require_signature(request_of(VECTORS[0], **changes), key_of(VECTORS[0]))
