"""Twilio's signatures, webhooks and REST interface, as values."""

import base64
import hmac
import json
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlencode
from xml.etree.ElementTree import fromstring

import pytest

from protocols import CallDetails, Direction, LocalProtocolError
from protocols.http import HttpRequest, HttpResponse
from protocols.provider import (
    AfterRequest,
    CallOrder,
    CallStatus,
    IncomingCall,
    SignatureError,
    StreamTarget,
    Verified,
)
from protocols.twilio import PROVIDER, TwilioControl, TwilioOptions, TwilioWebhooks

VECTORS = json.loads(
    (Path(__file__).parents[1] / "captures" / "signatures" / "twilio.json").read_text(encoding="utf-8")
)
FORM = "application/x-www-form-urlencoded"
OPTIONS = TwilioOptions(account_sid="AC1", auth_token=VECTORS["token"])
STREAM = StreamTarget("wss://hatif.example/ws/twilio/T", "https://hatif.example/webhooks/twilio/status")


def signed(vector: dict[str, Any]) -> HttpRequest:
    """A request of Twilio's own tests."""
    same_as = vector.get("params_same_as")
    form = VECTORS["vectors"][same_as]["params"] if same_as is not None else vector.get("params", [])
    body = vector["json_body"] if "json_body" in vector else urlencode([tuple(pair) for pair in form])
    kind = "application/json" if "json_body" in vector else FORM
    headers = {"x-twilio-signature": vector["sig"], "content-type": kind}
    return HttpRequest("POST", vector["url"], headers, body.encode())


def form(**fields: str) -> HttpRequest:
    return HttpRequest("POST", "https://hatif.example/x", {"content-type": FORM}, urlencode(fields).encode())


@pytest.mark.parametrize("vector", VECTORS["vectors"])
def test_signatures_of_twilios_own_tests_are_good(vector: dict[str, Any]) -> None:
    """Repeated fields, default ports, other ports, and a body in JSON."""
    TwilioWebhooks(OPTIONS).verify(signed(vector), now=0)


@pytest.mark.parametrize("vector", VECTORS["vectors"])
@pytest.mark.parametrize("damage", ["signature", "body", "url", "token", "absent"])
def test_whatever_was_changed_is_noticed(vector: dict[str, Any], damage: str) -> None:
    """One character of any part."""
    request, options = signed(vector), OPTIONS
    match damage:
        case "signature":
            request = HttpRequest(
                "POST", request.url, {**request.headers, "x-twilio-signature": "x"}, request.body
            )
        case "body":
            request = HttpRequest("POST", request.url, request.headers, request.body + b"0")
        case "url":
            request = HttpRequest("POST", request.url + "1", request.headers, request.body)
        case "token":
            options = TwilioOptions(auth_token="54321")
        case "absent":
            headers = {"content-type": request.headers["content-type"]}
            request = HttpRequest("POST", request.url, headers, request.body)
    with pytest.raises(SignatureError):
        TwilioWebhooks(options).verify(request, now=0)


def test_a_body_that_nobody_signed_is_refused() -> None:
    """A signature over the address alone says nothing of JSON behind it."""
    url = "https://hatif.example/x"
    signature = base64.b64encode(hmac.digest(b"12345", url.encode(), "sha1")).decode()
    headers = {"x-twilio-signature": signature, "content-type": "application/json"}

    TwilioWebhooks(OPTIONS).verify(HttpRequest("GET", url, headers), now=0)
    with pytest.raises(SignatureError, match="body"):
        TwilioWebhooks(OPTIONS).verify(HttpRequest("POST", url, headers, b"{}"), now=0)


def test_without_a_token_nothing_is_believed() -> None:
    """An empty key would make every signature computable."""
    with pytest.raises(SignatureError, match="auth_token"):
        TwilioWebhooks(TwilioOptions()).verify(form(), now=0)


@pytest.mark.parametrize("vector", VECTORS["ws_upgrade_self_computed"])
def test_an_upgrade_is_signed_as_a_wss_address(vector: dict[str, Any]) -> None:
    """A signature must be good where there is one; without one the stream token is enough, or not."""
    strict = TwilioOptions(auth_token=VECTORS["token"], sign_sockets=True)
    unsigned = HttpRequest("GET", vector["url"])
    upgrade = HttpRequest("GET", vector["url"], {"x-twilio-signature": vector["sig"]})
    forged = HttpRequest("GET", vector["url"], {"x-twilio-signature": f"A{vector['sig'][1:]}"})
    empty = HttpRequest("GET", vector["url"], {"x-twilio-signature": ""})
    elsewhere = HttpRequest("GET", "wss://other.example/media", upgrade.headers)
    admit, is_guarded = PROVIDER.admit, PROVIDER.is_guarded
    assert admit
    assert is_guarded

    for options in (strict, OPTIONS):
        assert is_guarded(options)
        assert admit(options, upgrade, 0) == Verified()
        for wrong in (forged, elsewhere, empty):
            with pytest.raises(SignatureError):
                admit(options, wrong, 0)
    assert admit(OPTIONS, unsigned, 0) == Verified()
    with pytest.raises(SignatureError):
        admit(strict, unsigned, 0)
    assert not is_guarded(TwilioOptions())
    assert admit(TwilioOptions(), forged, 0) == Verified()  # nobody can tell


def test_a_call_is_answered_with_a_stream() -> None:
    """The parties go along as parameters, because a stream's start does not name them."""
    webhooks = TwilioWebhooks(OPTIONS)
    call = webhooks.incoming(
        form(CallSid="CA1", From="+966500000001", To="+966110000001", Direction="inbound")
    )
    document = webhooks.connect(call, STREAM)
    (stream,) = fromstring(document.body).findall("Connect/Stream")  # noqa: S314 - our own

    assert call == IncomingCall("CA1", "+966500000001", "+966110000001", Direction.INBOUND)
    assert (stream.get("url"), stream.get("statusCallback")) == (STREAM.url, STREAM.status_url)
    assert {each.get("name"): each.get("value") for each in stream} == {
        "caller_number": "+966500000001",
        "callee_number": "+966110000001",
        "direction": "inbound",
    }
    assert b"busy" in webhooks.reject(call).body


def test_what_a_caller_sends_cannot_leave_its_attribute() -> None:
    """A number is whatever the caller's network says it is."""
    webhooks = TwilioWebhooks(OPTIONS)
    document = webhooks.connect(IncomingCall(caller_number='"/><Dial>1</Dial>'), STREAM)

    assert not fromstring(document.body).findall(".//Dial")  # noqa: S314 - our own


@pytest.mark.parametrize(
    ("word", "status"),
    [("ringing", CallStatus.RINGING), ("no-answer", CallStatus.NO_ANSWER), ("something-new", None)],
)
def test_a_status_is_read(word: str, status: CallStatus | None) -> None:
    """New words are no error."""
    report = TwilioWebhooks(OPTIONS).status(
        form(CallSid="CA1", CallStatus=word, CallDuration="61", AnsweredBy="human")
    )
    assert report is not None
    assert (report.status, report.seconds, report.answered_by) == (status, 61.0, "human")


def test_a_stream_event_is_no_status_of_a_call() -> None:
    """Twilio reports on streams at the same address."""
    assert TwilioWebhooks(OPTIONS).status(form(CallSid="CA1", StreamEvent="stream-started")) is None


def test_a_call_is_placed_with_its_stream() -> None:
    """The order's TwiML opens the stream as soon as somebody answers."""
    order = CallOrder(to="+1", from_="+2", stream=STREAM, detect_machine=True, order_id="o1", ring_seconds=25)
    request = TwilioControl(OPTIONS).place(order)
    fields = {name: values[0] for name, values in parse_qs(request.body.decode()).items()}

    assert (request.method, request.url) == (
        "POST",
        "https://api.twilio.com/2010-04-01/Accounts/AC1/Calls.json",
    )
    assert request.headers["authorization"] == "Basic " + base64.b64encode(b"AC1:12345").decode()
    assert (fields["To"], fields["From"], fields["Timeout"]) == ("+1", "+2", "25")
    assert fields["MachineDetection"] == "Enable"
    assert STREAM.url in fields["Twiml"]
    assert TwilioControl(OPTIONS).placed(HttpResponse(201, b'{"sid":"CA9"}')) == "CA9"


def test_a_call_is_ended_and_handed_over() -> None:
    """Both change the same resource."""
    call, control = CallDetails(provider_call_id="CA/1"), TwilioControl(OPTIONS)
    ended, handed = control.hang_up(call), control.transfer(call, "+1<2")

    assert ended.url == handed.url == "https://api.twilio.com/2010-04-01/Accounts/AC1/Calls/CA%2F1.json"
    assert parse_qs(ended.body.decode()) == {"Status": ["completed"]}
    twiml = parse_qs(handed.body.decode())["Twiml"][0]
    assert fromstring(twiml).findtext("Dial") == "+1<2"  # noqa: S314 - our own


@pytest.mark.parametrize(
    ("status", "outcome"),
    [
        (200, AfterRequest.DONE),
        (404, AfterRequest.DONE),  # the call was over already
        (429, AfterRequest.AGAIN),
        (503, AfterRequest.AGAIN),
        (401, AfterRequest.REFUSED),
    ],
)
def test_what_came_back_is_understood(status: int, outcome: AfterRequest) -> None:
    """Done, worth another try, or hopeless."""
    assert TwilioControl(OPTIONS).outcome(HttpResponse(status)) is outcome


@pytest.mark.parametrize(
    ("options", "call"),
    [(TwilioOptions(), CallDetails(provider_call_id="CA1")), (OPTIONS, CallDetails())],
)
def test_what_is_missing_is_named(options: TwilioOptions, call: CallDetails) -> None:
    """An account that is not configured, a call without an identifier."""
    with pytest.raises(LocalProtocolError):
        TwilioControl(options).hang_up(call)
