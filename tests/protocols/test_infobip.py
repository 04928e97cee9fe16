"""Infobip's endpoint, events and requests, from our end."""

import json
from pathlib import Path
from typing import Any

import pytest

from bridge.carriers.base import CarrierCall
from bridge.carriers.wires.infobip import InfobipWire
from protocols import (
    AudioFormat,
    AudioReceived,
    CallDetails,
    CallStarted,
    ClearAudio,
    Direction,
    Encoding,
    HangUp,
    LocalProtocolError,
    PlayAudio,
    RemoteProtocolError,
    SendMark,
    TransferCall,
)
from protocols.http import HttpRequest, HttpResponse, basic
from protocols.infobip import PROVIDER, InfobipControl, InfobipOptions, InfobipProtocol, InfobipWebhooks
from protocols.provider import (
    AfterRequest,
    CallOrder,
    CallStatus,
    IncomingCall,
    SignatureError,
    StreamTarget,
    Verified,
)

CAPTURE = Path(__file__).parents[1] / "captures" / "infobip.jsonl"
LEG = "d8d84155-3831-43fb-91c9-bb897149a79d"


def introduction(rate: object = 16000, **fields: object) -> str:
    return json.dumps({"callId": LEG, "sampleRate": rate, "packetizationTime": 20, **fields})


def started_stream() -> InfobipProtocol:
    protocol = InfobipProtocol()
    protocol.receive(introduction())
    return protocol


# The wire


def test_the_capture_is_understood_and_produced() -> None:
    """A text, then audio both ways, several packets in a message perhaps."""
    first, heard, said = [json.loads(line) for line in CAPTURE.read_text().splitlines()]
    protocol = InfobipProtocol()

    l16 = AudioFormat(Encoding.LINEAR, 48000)
    details = CallDetails(LEG, LEG)
    assert protocol.receive(json.dumps(first["msg"])) == (CallStarted(details, l16, l16),)
    assert protocol.receive(bytes.fromhex(heard["hex"])) == (AudioReceived(bytes(3840)),)
    assert list(protocol.send(PlayAudio(bytes(1920)))) == [bytes.fromhex(said["hex"])]


@pytest.mark.parametrize("rate", [8000, "16000", 24000, 32000, 48000])
def test_the_rate_is_the_registered_one(rate: int | str) -> None:
    """A number here, and a text where it was registered: either is read."""
    (started,) = InfobipProtocol().receive(introduction(rate))

    assert isinstance(started, CallStarted)
    assert started.heard == started.spoken == AudioFormat(Encoding.LINEAR, int(rate), big_endian=False)


def test_what_the_dialog_attached_is_read_if_it_comes() -> None:
    """Then the phone call is known, and not only the endpoint's leg."""
    custom = {
        "parentCallId": "p",
        "callerNumber": "1",
        "calleeNumber": "2",
        "direction": "INBOUND",
        "visit": 12,
    }
    (started,) = InfobipProtocol().receive(introduction(customData=custom))

    assert isinstance(started, CallStarted)
    assert started.details == CallDetails("p", LEG, "1", "2", Direction.INBOUND, {"visit": "12"})


@pytest.mark.parametrize(
    ("message", "complaint"),
    [
        (b"\0\0", "audio before the introduction"),
        ("hello", "introduction: Expected callId and sampleRate as JSON"),
        ("[" * 5000, "introduction: Expected callId and sampleRate as JSON"),
        ('{"callId": "0501234567"}', "introduction: Expected callId and sampleRate as JSON"),
        (introduction(44100), "introduction: sampleRate: Expected 8000, 16000, 24000, 32000 or 48000"),
    ],
)
def test_a_call_is_introduced_first(message: str | bytes, complaint: str) -> None:
    """By what the audio needs to be understood."""
    with pytest.raises(RemoteProtocolError) as caught:
        InfobipProtocol().receive(message)

    assert str(caught.value) == complaint


def test_nothing_but_audio_follows() -> None:
    """Texts that nobody has described are ignored; half a sample is not."""
    protocol = started_stream()

    assert protocol.receive(introduction(8000)) == ()
    assert protocol.receive("anything") == ()
    assert protocol.receive(b"") == ()
    with pytest.raises(RemoteProtocolError, match="whole samples"):
        protocol.receive(b"\0")


def test_nothing_but_audio_is_sent() -> None:
    """There is no clear and no mark, so little is sent ahead; the call is ended and handed over by REST."""
    protocol = started_stream()
    assert protocol.capabilities.lead_seconds <= 0.1

    for silent in (ClearAudio(), SendMark("m"), PlayAudio(b""), HangUp()):
        assert protocol.send(silent) == ()
    with pytest.raises(LocalProtocolError):
        started_stream().send(TransferCall())


def test_the_far_end_shows_its_credential_and_takes_whole_packets() -> None:
    """The registered endpoint has a user and a password."""
    wire = InfobipWire()
    call = CarrierCall("1", "2", "c")

    assert wire.dial("wss://h/ws/infobip", call, "secret").headers == {
        "Authorization": basic("hatif", "secret")
    }
    for wrong in ("text", bytes(642), b""):
        with pytest.raises(RemoteProtocolError):
            wire.receive(wrong)
    assert len(wire.receive(bytes(1280))) == 1
    assert [len(each) for size in (400, 400, 1200) for each in wire.audio(bytes(size))] == [640, 1280]


# Credentials

SITE = InfobipOptions(
    api_key="k", calls_configuration_id="conf", endpoint_config_id="end", user="hatif", password="p"
)


def event(kind: str, call_id: str | None = "c", **properties: Any) -> HttpRequest:
    body = {"type": kind, "callId": call_id, "timestamp": "2026-01-01T00:00:00Z", "properties": properties}
    return HttpRequest(
        "POST", "https://h/", {"authorization": basic("hatif", "p")}, json.dumps(body).encode()
    )


def test_sockets_and_webhooks_show_the_same_credential() -> None:
    """Whoever shows another, or none, is refused; without one configured, everybody."""
    asked = event("CALL_RECEIVED")
    assert PROVIDER.admit is not None
    assert PROVIDER.is_guarded is not None

    assert PROVIDER.admit(SITE, asked, 0.0) == Verified()
    assert InfobipWebhooks(SITE).verify(asked, now=0.0) == Verified()
    assert [PROVIDER.is_guarded(each) for each in (SITE, InfobipOptions(user="hatif"))] == [True, False]
    for headers in ({}, {"authorization": basic("hatif", "q")}, {"authorization": "Basic é"}):
        with pytest.raises(SignatureError):
            InfobipWebhooks(SITE).verify(HttpRequest("POST", "https://h/", headers), now=0.0)
    with pytest.raises(SignatureError, match="not configured"):
        InfobipWebhooks(InfobipOptions(user="hatif")).verify(asked, now=0.0)


# Events

PHONE = {"from": "9665", "to": "9661", "endpoint": {"type": "PHONE", "phoneNumber": "9661"}}
SOCKET = {"to": "end", "endpoint": {"type": "WEBSOCKET"}}


def test_a_call_that_waits_for_us_is_answered_by_a_dialog() -> None:
    """The webhook is answered with nothing; what happens is a request."""
    webhooks = InfobipWebhooks(SITE)
    call = webhooks.incoming(event("CALL_RECEIVED", call={**PHONE, "direction": "INBOUND"}))
    assert call == IncomingCall("c", "9665", "9661", Direction.INBOUND)

    document = webhooks.connect(call, StreamTarget("wss://h/ws/infobip/t", None, {"visit": "12"}))
    (asked,) = document.then
    assert (document.status, document.body) == (200, b"")
    assert (asked.method, asked.url) == ("POST", "https://api.infobip.com/calls/1/dialogs")
    assert asked.headers["authorization"] == "App k"
    fields = json.loads(asked.body)
    custom = fields["childCallRequest"].pop("customData")
    assert fields == {
        "parentCallId": "c",
        "childCallRequest": {"endpoint": {"type": "WEBSOCKET", "websocketEndpointConfigId": "end"}},
    }
    (started,) = InfobipProtocol().receive(introduction(customData=custom))
    assert isinstance(started, CallStarted)
    assert started.details == CallDetails("c", LEG, "9665", "9661", Direction.INBOUND, {"visit": "12"})


def test_a_call_of_ours_is_joined_once_it_is_taken() -> None:
    """The leg of the endpoint is taken too: joining that would go on for ever."""
    webhooks = InfobipWebhooks(SITE)
    taken = webhooks.incoming(event("CALL_ESTABLISHED", call={**PHONE, "direction": "OUTBOUND"}))
    assert taken.direction is Direction.OUTBOUND

    for other in (
        event("CALL_ESTABLISHED", call={**SOCKET, "direction": "OUTBOUND"}),
        event("CALL_ESTABLISHED", call={**PHONE, "direction": "INBOUND"}),
        event("CALL_FINISHED"),
        event("CALL_RECEIVED", call_id=None),
        HttpRequest("POST", "https://h/", {}, b"callId=c"),
    ):
        with pytest.raises(RemoteProtocolError):
            webhooks.incoming(other)


def test_a_call_is_refused_by_ending_it() -> None:
    """By a request as well."""
    (asked,) = InfobipWebhooks(SITE).reject(IncomingCall("c/1")).then

    assert asked.url == "https://api.infobip.com/calls/1/calls/c%2F1/hangup"


@pytest.mark.parametrize(
    ("asked", "status"),
    [
        (event("CALL_RINGING"), CallStatus.RINGING),
        (event("CALL_ESTABLISHED", call=PHONE), CallStatus.IN_PROGRESS),
        (event("CALL_FAILED", callLog={"errorCode": {"id": 1, "name": "NO_ANSWER"}}), CallStatus.NO_ANSWER),
        (event("CALL_FAILED", callLog={"errorCode": {"name": "NEW"}}), CallStatus.FAILED),
        (event("CALL_FAILED"), CallStatus.FAILED),
        (event("SAY_FINISHED"), None),
    ],
)
def test_an_event_says_how_far_a_call_has_come(asked: HttpRequest, status: CallStatus | None) -> None:
    """A failure says why by its error code."""
    report = InfobipWebhooks(SITE).status(asked)

    assert report is not None
    assert (report.provider_call_id, report.status) == ("c", status)


def test_an_event_says_how_long_and_who() -> None:
    """Seconds, and what machine detection found; an event of no call says nothing."""
    webhooks = InfobipWebhooks(SITE)
    finished = webhooks.status(event("CALL_FINISHED", callLog={"duration": 31}))
    detected = webhooks.status(event("MACHINE_DETECTION_FINISHED", detectionResult="MACHINE"))

    assert finished is not None
    assert (finished.status, finished.seconds) == (CallStatus.COMPLETED, 31.0)
    assert detected is not None
    assert (detected.status, detected.answered_by) == (None, "machine")
    assert webhooks.status(event("DIALOG_FINISHED", call_id=None)) is None


# REST


def test_a_call_is_placed() -> None:
    """With the Calls Configuration, whose events lead to the rest; numbers have no plus here."""
    control = InfobipControl(SITE)
    order = CallOrder(
        to="+9665", from_="+9661", stream=StreamTarget("wss://h"), detect_machine=True, order_id="1"
    )
    asked = control.place(order)

    assert (asked.method, asked.url) == ("POST", "https://api.infobip.com/calls/1/calls")
    assert json.loads(asked.body) == {
        "callsConfigurationId": "conf",
        "from": "9661",
        "endpoint": {"type": "PHONE", "phoneNumber": "9665"},
        "connectTimeout": 30,
        "machineDetection": {"enabled": True},
    }
    assert control.placed(HttpResponse(201, b'{"id": "c", "state": "CALLING"}')) == "c"


def test_a_call_is_ended_and_handed_over() -> None:
    """Ended by its identifier, handed over by another dialog; over already is done."""
    control = InfobipControl(SITE)
    moved = json.loads(control.transfer(CallDetails("c", callee_number="+9661"), "+9662").body)

    assert control.hang_up(CallDetails("c")).url.endswith("/calls/1/calls/c/hangup")
    assert moved == {
        "parentCallId": "c",
        "childCallRequest": {"endpoint": {"type": "PHONE", "phoneNumber": "9662"}, "from": "9661"},
    }
    assert [control.outcome(HttpResponse(status)) for status in (200, 404, 500, 401)] == [
        AfterRequest.DONE,
        AfterRequest.DONE,
        AfterRequest.AGAIN,
        AfterRequest.REFUSED,
    ]


def test_what_is_not_configured_cannot_be_asked() -> None:
    """The complaint names the setting."""
    bare = InfobipControl(InfobipOptions())
    with pytest.raises(LocalProtocolError, match=r"providers\.infobip\.api_key"):
        bare.hang_up(CallDetails("c"))
    with pytest.raises(LocalProtocolError, match=r"providers\.infobip\.calls_configuration_id"):
        bare.place(CallOrder(to="1", from_="2", stream=StreamTarget("wss://h"), order_id="1"))
    with pytest.raises(LocalProtocolError, match=r"providers\.infobip\.endpoint_config_id"):
        InfobipWebhooks(InfobipOptions(api_key="k")).connect(IncomingCall("c"), StreamTarget("wss://h"))
    with pytest.raises(LocalProtocolError, match="no identifier"):
        InfobipControl(SITE).hang_up(CallDetails())
