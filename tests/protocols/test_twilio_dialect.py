"""What Twilio and its imitators have in common over HTTP."""

from urllib.parse import urlencode

import pytest

from protocols import CallDetails, LocalProtocolError
from protocols.http import HttpRequest, HttpResponse, form_of
from protocols.provider import (
    AfterRequest,
    CallOrder,
    CallStatus,
    IncomingCall,
    SignatureError,
    StatusReport,
    StreamTarget,
    Verified,
)
from protocols.twilio import TwilioControl, TwilioOptions, TwilioWebhooks

TOKEN = "12345"  # of twilio-python's own tests, as are the addresses, fields and signatures
URL = "https://mycompany.com/myapp.php?foo=1&bar=2"
CALL = [
    ("CallSid", "CA1234567890ABCDE"),
    ("Digits", "1234"),
    ("From", "+14158675309"),
    ("To", "+18005551212"),
    ("Caller", "+14158675309"),
]
REPEATED = [
    ("Sid", "CA123"),
    ("SidAccount", "AC123"),
    ("Digits", "5678"),
    ("Digits", "1234"),
    ("Digits", "1234"),
]
HASHED = f"{URL}&bodySHA256=0a1ff7634d9ab3b95db5c9a2dfe9416e41502b283a80c7cf19632632f96e6620"
WEBHOOKS = TwilioWebhooks(TwilioOptions(auth_token=TOKEN))
CONTROL = TwilioControl(TwilioOptions(account_sid="AC1", auth_token=TOKEN))
STREAM = StreamTarget("wss://hatif.example/ws/twilio/token", "https://hatif.example/status", {"visit": "12"})


def signed(url: str, signature: str, form: list[tuple[str, str]] | None = None) -> HttpRequest:
    headers = {"x-twilio-signature": signature, "content-type": "application/x-www-form-urlencoded"}
    return HttpRequest("POST", url, headers, urlencode(form or []).encode())


@pytest.mark.parametrize(
    ("url", "form", "signature"),
    [
        (URL, CALL, "RSOYDt4T1cUTdK1PDd93/VVr8B8="),
        (URL, REPEATED, "IK+Dwps556ElfBT0I3Rgjkr1wJU="),
        ("https://mycompany.com:443/myapp.php?foo=1&bar=2", CALL, "kvajT1Ptam85bY51eRf/AJRuM3w="),
        ("http://mycompany.com:80/myapp.php?foo=1&bar=2", CALL, "0ZXoZLH/DfblKGATFgpif+LLRf4="),
        ("http://mycompany.com:1234/myapp.php?foo=1&bar=2", CALL, "Zmvh+3yNM1Phv2jhDCwEM3q5ebU="),
    ],
)
def test_the_vendors_signatures_are_good(url: str, form: list[tuple[str, str]], signature: str) -> None:
    """Vectors of twilio-python's test_request_validator.py."""
    assert WEBHOOKS.verify(signed(url, signature, form), now=0) == Verified()


@pytest.mark.parametrize(
    ("known_as", "signature"), [(URL, "kvajT1Ptam85bY51eRf/AJRuM3w="), (URL, "RSOYDt4T1cUTdK1PDd93/VVr8B8=")]
)
def test_the_default_port_may_be_written_or_not(known_as: str, signature: str) -> None:
    """A proxy knows nothing of how the address was configured."""
    assert WEBHOOKS.verify(signed(known_as, signature, CALL), now=0) == Verified()


def test_a_body_in_json_is_signed_by_its_hash() -> None:
    """The vendor's vector; one byte more, and it is not that body."""
    body = b'{"property": "value", "boolean": true}'
    headers = {"x-twilio-signature": "a9nBmqA0ju/hNViExpshrM61xv4=", "content-type": "application/json"}

    assert WEBHOOKS.verify(HttpRequest("POST", HASHED, headers, body), now=0) == Verified()
    with pytest.raises(SignatureError, match="bodySHA256"):
        WEBHOOKS.verify(HttpRequest("POST", HASHED, headers, body + b" "), now=0)
    with pytest.raises(SignatureError, match="not signed"):
        WEBHOOKS.verify(HttpRequest("POST", URL, headers, body), now=0)


@pytest.mark.parametrize("signature", ["", "RSOYDt4T1cUTdK1PDd93/VVr8B9=", "é"])
def test_a_wrong_signature_is_refused(signature: str) -> None:
    """Missing, of something else, or no base64 at all."""
    with pytest.raises(SignatureError, match="missing or wrong"):
        WEBHOOKS.verify(signed(URL, signature, CALL), now=0)


@pytest.mark.parametrize(
    ("url", "signature"),
    [
        ("wss://mycompany.com/media", "okykUWKkAOgQseVjzERZh4soLeU="),
        ("wss://mycompany.com/media/", "m6zCRgAmr39sY5bRHH3mG0yRr1o="),
        ("wss://mycompany.com/media", "m6zCRgAmr39sY5bRHH3mG0yRr1o="),
    ],
)
def test_an_upgrade_is_signed_under_its_own_scheme(url: str, signature: str) -> None:
    """Of the wss:// address, with or without the closing slash; of https:// it would be another one."""
    request = HttpRequest("GET", url, {"x-twilio-signature": signature})

    assert WEBHOOKS.verify(request, now=0) == Verified()
    with pytest.raises(SignatureError):
        WEBHOOKS.verify(HttpRequest("GET", url.replace("wss", "https"), request.headers), now=0)


def test_a_call_is_read_and_answered() -> None:
    """The form's facts, and a document that opens a stream and hands the parties back."""
    call = WEBHOOKS.incoming(signed(URL, "", [*CALL, ("Direction", "inbound")]))
    answer = WEBHOOKS.connect(call, STREAM).body.decode()

    assert (call.provider_call_id, call.caller_number) == ("CA1234567890ABCDE", "+14158675309")
    assert '<Stream url="wss://hatif.example/ws/twilio/token"' in answer
    assert '<Parameter name="caller_number" value="+14158675309" />' in answer
    assert '<Parameter name="visit" value="12" />' in answer
    assert b'<Reject reason="busy" />' in WEBHOOKS.reject(call).body


@pytest.mark.parametrize(
    ("word", "status"),
    [
        ("ringing", CallStatus.RINGING),
        ("in-progress", CallStatus.IN_PROGRESS),
        ("no-answer", CallStatus.NO_ANSWER),
        ("weather", None),
    ],
)
def test_a_status_callback_is_read(word: str, status: CallStatus | None) -> None:
    """A word that we do not know changes nothing."""
    form = [("CallSid", "CA1"), ("CallStatus", word), ("CallDuration", "12"), ("AnsweredBy", "human")]
    report = WEBHOOKS.status(signed(URL, "", form))

    assert report is not None
    assert (report.status, report.seconds, report.answered_by) == (status, 12.0, "human")
    assert WEBHOOKS.status(signed(URL, "", [("StreamEvent", "stream-started")])) is None


def test_what_answered_is_told_apart_from_how_the_call_goes() -> None:
    """Detection that does not hold the call up reports to an address of its own, and names no status."""
    order = CallOrder(to="+1", from_="+2", stream=STREAM, detect_machine=True, order_id="o")
    report = WEBHOOKS.status(signed(URL, "", [("CallSid", "CA1"), ("AnsweredBy", "machine_start")]))

    assert form_of(CONTROL.place(order))["AsyncAmdStatusCallback"] == STREAM.status_url
    assert report == StatusReport("CA1", None, "machine_start")


def test_a_call_is_placed_ended_and_handed_over() -> None:
    """By posts to the call's resource."""
    order = CallOrder(to="+1", from_="+2", stream=STREAM, detect_machine=True, order_id="o")
    placed = CONTROL.place(order)
    form = form_of(placed)

    assert placed.url == "https://api.twilio.com/2010-04-01/Accounts/AC1/Calls.json"
    assert (form["To"], form["From"], form["Timeout"], form["MachineDetection"]) == (
        "+1",
        "+2",
        "30",
        "Enable",
    )
    assert "wss://hatif.example/ws/twilio/token" in form["Twiml"]
    assert CONTROL.placed(HttpResponse(201, b'{"sid":"CA1"}')) == "CA1"
    ended, moved = CONTROL.hang_up(CallDetails("CA1")), CONTROL.transfer(CallDetails("CA1"), "+3")
    assert ended.url == moved.url == "https://api.twilio.com/2010-04-01/Accounts/AC1/Calls/CA1.json"
    assert form_of(ended) == {"Status": "completed"}
    assert "<Dial>+3</Dial>" in form_of(moved)["Twiml"]


@pytest.mark.parametrize(
    ("status", "outcome"),
    [
        (200, AfterRequest.DONE),
        (404, AfterRequest.DONE),
        (429, AfterRequest.AGAIN),
        (503, AfterRequest.AGAIN),
        (401, AfterRequest.REFUSED),
    ],
)
def test_a_call_that_is_over_needs_no_ending(status: int, outcome: AfterRequest) -> None:
    """Twilio's 20404 comes as 404."""
    assert CONTROL.outcome(HttpResponse(status)) is outcome


def test_what_is_not_configured_is_said() -> None:
    """By the name of the option."""
    with pytest.raises(LocalProtocolError, match=r"providers\.twilio\.account_sid"):
        TwilioControl(TwilioOptions()).hang_up(CallDetails("CA1"))
    with pytest.raises(SignatureError, match="auth_token is not configured"):
        TwilioWebhooks(TwilioOptions()).verify(signed(URL, "x"), now=0)
    with pytest.raises(LocalProtocolError, match="no identifier"):
        CONTROL.hang_up(CallDetails())
    assert WEBHOOKS.incoming(signed(URL, "")) == IncomingCall()
