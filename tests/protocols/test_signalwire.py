"""SignalWire's wire, webhooks and requests, from our end: what differs from Twilio's."""

import base64
import hmac
import json
from pathlib import Path
from urllib.parse import urlencode

import pytest

from protocols import (
    MULAW_8K,
    AudioFormat,
    AudioReceived,
    CallDetails,
    CallEnded,
    CallStarted,
    ClearAudio,
    DtmfReceived,
    Encoding,
    LocalProtocolError,
    MarkReturned,
    PlayAudio,
    RemoteProtocolError,
    SendMark,
)
from protocols.http import HttpRequest, form_of
from protocols.provider import CallOrder, IncomingCall, SignatureError, StreamTarget, Verified
from protocols.signalwire import (
    PROVIDER,
    SignalWireControl,
    SignalWireOptions,
    SignalWireProtocol,
    SignalWireWebhooks,
)

CAPTURE = Path(__file__).parents[1] / "captures" / "signalwire.jsonl"
STREAM = "7d56cc11-536d-4a45-b4fb-ed3d55be843b"
CALL = "76ac3c36-56da-4a3e-a0d6-b5f8df6da9ad"
L16_24K = AudioFormat(Encoding.LINEAR, 24000)


def start(encoding: str, sample_rate: object, channels: object = 1) -> str:
    media_format = {"encoding": encoding, "sampleRate": sample_rate, "channels": channels}
    return json.dumps(
        {"event": "start", "start": {"streamSid": STREAM, "callSid": CALL, "mediaFormat": media_format}}
    )


def captured(direction: str) -> list[dict[str, object]]:
    lines = [json.loads(line) for line in CAPTURE.read_text().splitlines()]
    return [line["msg"] for line in lines if line["dir"] == direction]


def test_the_capture_is_understood_and_produced() -> None:
    """Without an identifier of the stream where Twilio has one; ours have it."""
    protocol = SignalWireProtocol()
    *introduced, mark, stop = captured("in")
    events = [event for message in introduced for event in protocol.receive(json.dumps(message))]

    assert events[0] == CallStarted(CallDetails(CALL, STREAM), L16_24K, L16_24K)
    assert events[1:] == [AudioReceived(bytes(960), 0), DtmfReceived("5")]
    commands = (PlayAudio(b"\xff" * 160), SendMark("my label"), ClearAudio())
    assert [json.loads(message) for command in commands for message in protocol.send(command)] == captured(
        "out"
    )
    assert protocol.receive(json.dumps(mark)) == ()
    assert protocol.receive(json.dumps(stop)) == (CallEnded(),)


@pytest.mark.parametrize(
    ("encoding", "sample_rate", "expected"),
    [
        ("audio/x-mulaw", "8000", MULAW_8K),
        ("audio/x-L16", 16000, AudioFormat(Encoding.LINEAR, 16000)),
        ("audio/x-l16", "24000", L16_24K),
    ],
)
def test_the_start_names_the_codec_of_both_directions(
    encoding: str, sample_rate: object, expected: AudioFormat
) -> None:
    """The document chose it; the byte order of L16 is the site's to say."""
    (event,) = SignalWireProtocol().receive(start(encoding, sample_rate))
    (swapped,) = SignalWireProtocol(l16_big_endian=True).receive(start("audio/x-L16", 16000))

    assert isinstance(event, CallStarted)
    assert isinstance(swapped, CallStarted)
    assert (event.heard, event.spoken) == (expected, expected)
    assert swapped.heard.big_endian


@pytest.mark.parametrize(
    ("encoding", "rate"), [("audio/x-L16", 8000), ("audio/opus", 24000), ("audio/x-mulaw", 1)]
)
def test_another_codec_is_refused(encoding: str, rate: int) -> None:
    """It would be heard as noise."""
    with pytest.raises(RemoteProtocolError, match="mediaFormat: Expected mu-law, or L16"):
        SignalWireProtocol().receive(start(encoding, rate))


def test_the_four_keys_that_no_telephone_has_arrive() -> None:
    """A to D, with a duration."""
    protocol = SignalWireProtocol()
    protocol.receive(start("audio/x-mulaw", 8000))

    assert protocol.receive('{"event":"dtmf","dtmf":{"digit":"D","duration":2000}}') == (DtmfReceived("D"),)


def test_a_mark_that_a_clear_returned_proves_nothing() -> None:
    """As with Twilio; SignalWire's echo has no number."""
    protocol = SignalWireProtocol()
    protocol.receive(start("audio/x-mulaw", 8000))
    for command in (SendMark("one"), ClearAudio(), SendMark("two")):
        protocol.send(command)

    assert protocol.receive('{"event":"mark","mark":{"name":"one"}}') == (MarkReturned("one", played=False),)
    assert protocol.receive('{"event":"mark","mark":{"name":"two"}}') == (MarkReturned("two", played=True),)


# Signatures. Key, address, body and the SHA-1 signature are those of SignalWire's own SDKs' tests.

KEY = "PSKtest1234567890abcdef"
URL = "https://example.ngrok.io/webhook"
BODY = b'{"event":"call.state","params":{"call_id":"abc-123","state":"answered"}}'
SHA1 = "c3c08c1fefaf9ee198a100d5906765a6f394bf0f"
SHA256 = "2a29f8a92b11df39da80c3b185fd62173d49c294184da585ff951eae4433571c"
FORM = {"CallSid": "1", "From": "+1"}
AS_TWILIO = base64.b64encode(hmac.digest(KEY.encode(), f"{URL}CallSid1From+1".encode(), "sha1")).decode()


def verify(
    headers: dict[str, str], body: bytes = BODY, *, url: str = URL, keys: str | None = KEY
) -> Verified:
    webhooks = SignalWireWebhooks(SignalWireOptions(signing_key=keys))
    return webhooks.verify(HttpRequest("POST", url, headers, body), now=0)


@pytest.mark.parametrize(
    "headers",
    [
        {"x-signalwire-signature": SHA1},
        {"x-twilio-signature": SHA1},
        {"x-signalwire-sha256-signature": SHA256},
        {"x-signalwire-sha256-signature": SHA256, "x-signalwire-signature": "wrong"},
    ],
)
def test_a_good_signature_is_good(headers: dict[str, str]) -> None:
    """Whichever header carries it; the stronger one decides. Two keys are good while they change."""
    assert verify(headers) == Verified()
    assert verify(headers, keys=f"other {KEY}") == Verified()
    assert verify(headers, url="https://example.ngrok.io:443/webhook") == Verified()


def test_a_signature_in_twilios_manner_is_good() -> None:
    """Of the form's fields, sorted."""
    headers = {"x-twilio-signature": AS_TWILIO, "content-type": "application/x-www-form-urlencoded"}

    assert verify(headers, urlencode(FORM).encode()) == Verified()
    with pytest.raises(SignatureError):
        verify(headers, urlencode({**FORM, "From": "+2"}).encode())


@pytest.mark.parametrize(
    ("headers", "keys"),
    [
        ({}, KEY),
        ({"x-signalwire-signature": ""}, KEY),
        ({"x-signalwire-signature": SHA1[:-1] + "e"}, KEY),
        ({"x-signalwire-signature": SHA256}, KEY),
        ({"x-signalwire-sha256-signature": SHA1}, KEY),
        ({"x-signalwire-sha256-signature": "", "x-signalwire-signature": SHA1}, KEY),
        ({"x-signalwire-signature": SHA1}, "other"),
    ],
)
def test_a_bad_signature_is_refused(headers: dict[str, str], keys: str) -> None:
    """Missing, altered, misplaced, of another key; a good weak one does not mend a bad strong one."""
    with pytest.raises(SignatureError, match="missing or wrong"):
        verify(headers, keys=keys)


def test_nothing_is_believed_without_a_key() -> None:
    """An empty key would sign anything."""
    with pytest.raises(SignatureError, match="signing_key is not configured"):
        verify({"x-signalwire-signature": SHA1}, keys=None)
    with pytest.raises(SignatureError, match="missing or wrong"):
        verify({"x-signalwire-signature": SHA1}, BODY + b" ")


# The socket, webhooks and REST

OPTIONS = SignalWireOptions(
    space="clinic",
    project_id="P1",
    api_token="T",
    stream_token="secret",
    codec="L16@16000h",
)
TARGET = StreamTarget("wss://hatif.example/ws/signalwire/t")
ORDER = CallOrder(to="+1", from_="+2", stream=TARGET, answer_url="https://hatif.example/a", order_id="o")


def test_a_socket_shows_its_bearer_token() -> None:
    """The one that our document had it opened with."""
    assert PROVIDER.admit is not None
    upgrade = HttpRequest("GET", "wss://h/ws/signalwire/t", {"authorization": "Bearer secret"})

    assert PROVIDER.admit(OPTIONS, upgrade, 0.0) == Verified()
    for headers in ({}, {"authorization": "Bearer other"}, {"authorization": "secret"}):
        with pytest.raises(SignatureError, match="stream_token"):
            PROVIDER.admit(OPTIONS, HttpRequest("GET", upgrade.url, headers), 0.0)


def test_a_stream_is_opened_with_its_codec_and_its_token() -> None:
    """Both are attributes; the parties are parameters, as with Twilio."""
    answer = SignalWireWebhooks(OPTIONS).connect(IncomingCall(caller_number="+1"), TARGET).body.decode()

    assert 'codec="L16@16000h" authBearerToken="secret"' in answer
    assert '<Parameter name="caller_number" value="+1" />' in answer


def test_rest_takes_addresses_and_no_documents() -> None:
    """Of our webhook to place a call, and of our document to hand it over."""
    control = SignalWireControl(OPTIONS)
    placed, moved = control.place(ORDER), control.transfer(CallDetails(CALL), "+3", "https://h/dial")

    calls = "https://clinic.signalwire.com/api/laml/2010-04-01/Accounts/P1/Calls"
    assert (placed.url, moved.url) == (f"{calls}.json", f"{calls}/{CALL}.json")
    assert form_of(placed)["Url"] == "https://hatif.example/a"
    assert form_of(moved) == {"Url": "https://h/dial"}
    assert form_of(control.hang_up(CallDetails(CALL))) == {"Status": "completed"}


def test_what_is_not_configured_is_said() -> None:
    """By the name of the option."""
    with pytest.raises(LocalProtocolError, match=r"server\.public_url"):
        SignalWireControl(SignalWireOptions(space="a.b", project_id="P")).transfer(CallDetails(CALL), "+3")
