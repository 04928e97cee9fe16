"""Vonage's signatures, documents and requests."""

import base64
import hmac
import json
from hashlib import sha256
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from protocols import CallDetails, CallStarted, Direction, LocalProtocolError, RemoteProtocolError
from protocols.http import HttpRequest, HttpResponse
from protocols.provider import (
    AfterRequest,
    CallOrder,
    CallStatus,
    IncomingCall,
    SignatureError,
    StreamTarget,
    UnsignedError,
    Verified,
)
from protocols.vonage import VonageProtocol
from protocols.vonage_account import (
    MAX_AGE_SECONDS,
    VonageControl,
    VonageOptions,
    VonageWebhooks,
    admit,
    authorize,
    claims_of,
)

VECTORS = json.loads((Path(__file__).parents[1] / "vectors" / "vonage_webhook.json").read_text())
OWN, SDK = VECTORS["own"], VECTORS["sdk"]
NOW = float(OWN["claims"]["iat"])
UUID = "aaaaaaaa-bbbb-cccc-dddd-0123456789ab"
JSON = {"content-type": "application/json"}


def part(value: object) -> str:
    return base64.urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=").decode()


def token(algorithm: str = "HS256", **changes: object) -> str:
    """A JWT with the vector's claims, changed; None takes one away."""
    claims = {name: value for name, value in {**OWN["claims"], **changes}.items() if value is not None}
    signed = f"{part({'typ': 'JWT', 'alg': algorithm})}.{part(claims)}"
    signature = hmac.digest(OWN["secret"].encode(), signed.encode(), "sha256")
    return f"{signed}.{base64.urlsafe_b64encode(signature).rstrip(b'=').decode()}"


def posted(authorization: str = OWN["authorization"], body: str = OWN["body"]) -> HttpRequest:
    return HttpRequest("POST", "https://h/", {**JSON, "authorization": authorization}, body.encode())


def got(**changes: object) -> HttpRequest:
    authorization = f"Bearer {token(**changes)}"
    return HttpRequest("GET", "https://h/?uuid=u", {"authorization": authorization})


def options(**changes: Any) -> VonageOptions:
    return VonageOptions(**{"signature_secret": OWN["secret"], **changes})


def verify(request: HttpRequest, now: float = NOW, **changes: Any) -> Verified:
    return VonageWebhooks(options(**changes)).verify(request, now=now)


# Signatures


def test_the_vector_of_the_sdk_is_right_with_its_secret_only() -> None:
    """It is no webhook's, so it says who signed and nothing more."""
    assert claims_of(SDK["token"], [SDK["secret"]]).iss == "Online JWT Builder"
    with pytest.raises(SignatureError, match="not signed"):
        claims_of(SDK["token"], [SDK["wrong_secret"]])
    with pytest.raises(SignatureError, match="not of a webhook"):
        verify(posted(f"Bearer {SDK['token']}"), signature_secret=SDK["secret"])


def test_what_has_no_signature_may_come_again() -> None:
    """What has a wrong one may not, nor anything where no secret is known to check it with."""
    unsigned = HttpRequest("GET", "https://h/?uuid=u")
    with pytest.raises(UnsignedError):
        verify(unsigned)
    for request, secret in ((got(iss="Another"), OWN["secret"]), (unsigned, None)):
        with pytest.raises(SignatureError) as refused:
            verify(request, signature_secret=secret)
        assert not isinstance(refused.value, UnsignedError)


def test_a_signed_webhook_is_right_once() -> None:
    """By its `jti`, while it is fresh; with the account and application that are configured, or none."""
    expected = Verified(f"vonage {OWN['claims']['jti']}", NOW + MAX_AGE_SECONDS)

    assert verify(posted()) == expected
    assert verify(posted(), api_key="a1b2c3d", application_id=UUID) == expected
    assert verify(posted(), signature_secret="new", previous_signature_secret=OWN["secret"]) == expected
    for edge in (-MAX_AGE_SECONDS, MAX_AGE_SECONDS):
        assert verify(posted(), now=NOW + edge) == expected


@pytest.mark.parametrize(
    "request_",
    [
        posted("Bearer " + token(algorithm="none")),
        posted("Bearer " + token(algorithm="HS512")),
        posted("Bearer " + token() + "A"),
        posted("Bearer " + token(iss="Another")),
        posted("Bearer " + token(jti=None)),
        posted("Bearer " + token(iat=None)),
        posted("Bearer " + token(payload_hash=None)),  # a body that nothing vouches for
        posted(body=OWN["body"] + " "),
        posted(token()),
        posted("Bearer "),
        posted("Bearer a.b.c"),
        posted("Bearer " + ".".join(["e30"] * 3)),
        posted("Bearer é.é.é"),
        HttpRequest("POST", "https://h/", JSON, OWN["body"].encode()),
    ],
)
def test_a_wrong_signature_is_refused(request_: HttpRequest) -> None:
    """Of another algorithm, secret, body or time, or none at all."""
    with pytest.raises(SignatureError):
        verify(request_)


@pytest.mark.parametrize("away", [-MAX_AGE_SECONDS - 1, MAX_AGE_SECONDS + 1])
def test_a_stale_signature_is_refused(away: float) -> None:
    """Too old, or from the future."""
    with pytest.raises(SignatureError, match="too old"):
        verify(posted(), now=NOW + away)


def test_a_signature_is_of_this_account() -> None:
    """The secret alone may be shared; without one nothing is believed."""
    with pytest.raises(SignatureError, match="another account"):
        verify(posted(), api_key="other")
    with pytest.raises(SignatureError, match="another application"):
        verify(posted(), application_id="other")
    with pytest.raises(SignatureError, match="not configured"):
        verify(posted(), signature_secret=None)


def test_a_request_without_a_body_needs_no_hash() -> None:
    """And if it has one, it is that of nothing."""
    empty = sha256(b"").hexdigest()

    assert verify(got(payload_hash=None)).replay_key
    assert verify(got(payload_hash=empty.upper())).replay_key
    with pytest.raises(SignatureError, match="another body"):
        verify(got())


def test_a_socket_is_signed_where_the_site_asks_for_it() -> None:
    """Its token may have been the webhook's, so it is not counted."""
    assert admit(options(), HttpRequest("GET", "wss://h/"), NOW) is None
    assert admit(options(sign_sockets=True), got(payload_hash=None), NOW) == Verified()
    with pytest.raises(SignatureError):
        admit(options(sign_sockets=True), HttpRequest("GET", "wss://h/"), NOW)


# Webhooks


def test_a_call_is_read_from_a_query_or_from_json() -> None:
    """The answer webhook is a GET or a POST, as the application says."""
    fields = {"from": "442079460000", "to": "447700900000", "uuid": "u", "conversation_uuid": "CON-1"}
    query = HttpRequest("GET", f"https://h/?{urlencode(fields)}")
    body = HttpRequest("POST", "https://h/", JSON, json.dumps(fields).encode())
    webhooks = VonageWebhooks(options())

    assert webhooks.incoming(query) == webhooks.incoming(body)
    assert webhooks.incoming(query) == IncomingCall("u", "442079460000", "447700900000", None)
    with pytest.raises(RemoteProtocolError):
        webhooks.incoming(HttpRequest("POST", "https://h/", JSON, b'{"uuid": 7}'))


STREAM = StreamTarget(
    "wss://h/ws/vonage/t", "https://h/status", {"visit": "12", "event": "x", "long": "y" * 600}
)


def test_a_call_is_answered_with_a_websocket() -> None:
    """What comes back is understood; a header in a field's place, or of too much room, stays behind."""
    call = IncomingCall("u", "+1", "+2", Direction.INBOUND)
    (action,) = json.loads(VonageWebhooks(options(sign_sockets=True)).connect(call, STREAM).body)
    (endpoint,) = action.pop("endpoint")
    headers = endpoint.pop("headers")

    assert action == {"action": "connect", "from": "2", "eventUrl": ["https://h/status"]}
    assert endpoint == {
        "type": "websocket",
        "uri": "wss://h/ws/vonage/t",
        "content-type": "audio/l16;rate=8000",
        "authorization": {"type": "vonage"},
    }
    first = {"event": "websocket:connected", "content-type": endpoint["content-type"], **headers}
    (started,) = VonageProtocol().receive(json.dumps(first))
    assert isinstance(started, CallStarted)
    assert started.details == CallDetails("u", None, "+1", "+2", Direction.INBOUND, {"visit": "12"})


def test_a_call_is_refused_by_having_nothing_more_to_do() -> None:
    """An NCCO cannot say that we are busy."""
    assert VonageWebhooks(options()).reject(IncomingCall()).body == b"[]"


@pytest.mark.parametrize(
    ("word", "status", "answered_by"),
    [
        ("started", CallStatus.INITIATED, None),
        ("answered", CallStatus.IN_PROGRESS, None),
        ("unanswered", CallStatus.NO_ANSWER, None),
        ("cancelled", CallStatus.CANCELED, None),
        ("completed", CallStatus.COMPLETED, None),
        ("machine", None, "machine"),
        ("disconnected", None, None),
    ],
)
def test_an_event_says_how_far_a_call_has_come(
    word: str, status: CallStatus | None, answered_by: str | None
) -> None:
    """A WebSocket that closed is no call that ended."""
    body = json.dumps({"uuid": "u", "status": word, "duration": "31", "rate": "0.1"}).encode()
    report = VonageWebhooks(options()).status(HttpRequest("POST", "https://h/", JSON, body))

    assert report is not None
    assert (report.status, report.answered_by, report.seconds) == (status, answered_by, 31.0)
    other = HttpRequest("POST", "https://h/", JSON, b'{"type": "transfer"}')
    assert VonageWebhooks(options()).status(other) is None


# REST


@pytest.fixture(scope="module")
def key() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


def control(**changes: Any) -> VonageControl:
    return VonageControl(options(application_id="app", private_key="key", **changes))


def order(**changes: Any) -> CallOrder:
    return CallOrder(**{"to": "+9665", "from_": "+9661", "stream": STREAM, "order_id": "1", **changes})


def test_a_call_is_placed_with_our_webhook_or_with_the_document() -> None:
    """Numbers have no plus here."""
    with_webhook = control().place(order(answer_url="https://h/answer", detect_machine=True))
    assert (with_webhook.method, with_webhook.url) == ("POST", "https://api.nexmo.com/v1/calls")
    assert json.loads(with_webhook.body) == {
        "to": [{"type": "phone", "number": "9665"}],
        "from": {"type": "phone", "number": "9661"},
        "ringing_timer": 30,
        "answer_url": ["https://h/answer"],
        "answer_method": "POST",
        "event_url": ["https://h/status"],
        "event_method": "POST",
        "machine_detection": "continue",
    }
    (action,) = json.loads(control().place(order()).body)["ncco"]
    assert action["endpoint"][0]["headers"]["direction"] == "outbound"
    assert action["from"] == "9661"
    assert control().placed(HttpResponse(201, b'{"uuid": "u", "status": "started"}')) == "u"


def test_a_call_is_ended_and_handed_over() -> None:
    """By changing it; over already is done."""
    ended = control().hang_up(CallDetails("u/1"))
    moved = control().transfer(CallDetails("u", callee_number="+9661"), "+9662")

    assert (ended.method, ended.url) == ("PUT", "https://api.nexmo.com/v1/calls/u%2F1")
    assert json.loads(ended.body) == {"action": "hangup"}
    assert json.loads(moved.body)["destination"] == {
        "type": "ncco",
        "ncco": [{"action": "connect", "endpoint": [{"type": "phone", "number": "9662"}], "from": "9661"}],
    }
    assert [control().outcome(HttpResponse(status)) for status in (204, 404, 429, 401)] == [
        AfterRequest.DONE,
        AfterRequest.DONE,
        AfterRequest.AGAIN,
        AfterRequest.REFUSED,
    ]


def test_what_is_not_configured_cannot_be_asked() -> None:
    """The complaint names the setting."""
    with pytest.raises(LocalProtocolError, match=r"providers\.vonage\.application_id"):
        VonageControl(options()).hang_up(CallDetails("u"))
    with pytest.raises(LocalProtocolError, match="no identifier"):
        control().hang_up(CallDetails())


def test_a_request_proves_who_asks(key: rsa.RSAPrivateKey) -> None:
    """With the application's own JWT, good for five minutes; no two of them are alike."""
    pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
    site = options(application_id="app", private_key=pem)
    request = VonageControl(site).hang_up(CallDetails("u"))
    signed = [authorize(site, request, now) for now in (NOW, NOW + 0.5)]

    read = [
        jwt.decode(
            each.headers["authorization"].removeprefix("Bearer "),
            key.public_key(),
            algorithms=["RS256"],
            options={"verify_exp": False, "verify_iat": False},
        )
        for each in signed
    ]
    assert {each["application_id"] for each in read} == {"app"}
    assert [(each["iat"], each["exp"]) for each in read] == [(NOW, NOW + 300)] * 2
    assert len({each["jti"] for each in read}) == 2
    assert (signed[0].body, signed[0].headers["content-type"]) == (request.body, "application/json")


def test_a_key_that_is_none_is_named() -> None:
    """And never repeated."""
    with pytest.raises(
        LocalProtocolError, match=r"providers\.vonage\.private_key is not a private key"
    ) as caught:
        authorize(options(application_id="app", private_key="secret"), HttpRequest("PUT", "https://h/"), NOW)

    assert "secret" not in str(caught.value)
