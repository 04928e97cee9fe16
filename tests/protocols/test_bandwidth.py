"""Bandwidth's wire, webhooks and requests, from our end."""

import json
from pathlib import Path
from typing import Literal

import pytest

from protocols import (
    MULAW_8K,
    AudioFormat,
    AudioReceived,
    CallDetails,
    CallEnded,
    CallStarted,
    ClearAudio,
    Direction,
    Encoding,
    HangUp,
    LocalProtocolError,
    PlayAudio,
    RemoteProtocolError,
    SendMark,
)
from protocols.bandwidth import (
    PROVIDER,
    BandwidthControl,
    BandwidthOptions,
    BandwidthProtocol,
    BandwidthWebhooks,
)
from protocols.base import Ending
from protocols.http import HttpRequest, HttpResponse, basic
from protocols.provider import (
    AfterRequest,
    CallOrder,
    CallStatus,
    Grant,
    IncomingCall,
    SignatureError,
    StatusReport,
    StreamTarget,
    Verified,
)

CAPTURE = Path(__file__).parents[1] / "captures" / "bandwidth.jsonl"
CALL = "c-2a913f94-7fa91773-a426-4118-8b8b-b691ab0a0ae1"
STREAM = "s-2a913f94-93e372e2-60da-4c89-beb0-0d3a219b287c"
UPGRADE = HttpRequest("GET", "wss://hatif.example/ws/bandwidth/t")
OPTIONS = BandwidthOptions(
    account_id="5555555",
    application_id="app",
    client_id="me",
    client_secret="secret",
    webhook_user="u",
    webhook_password="p",
)
TARGET = StreamTarget("wss://hatif.example/ws/bandwidth/t", "https://hatif.example/s", {"visit": "12"})
ORDER = CallOrder(to="+1", from_="+2", stream=TARGET, answer_url="https://hatif.example/a", order_id="o")


def start(**changes: object) -> str:
    return json.dumps({"eventType": "start", "metadata": {"callId": CALL, "streamId": STREAM}, **changes})


def captured(direction: str) -> list[dict[str, object]]:
    lines = [json.loads(line) for line in CAPTURE.read_text().splitlines()]
    return [line["msg"] for line in lines if line["dir"] == direction]


def event(kind: str, **fields: object) -> HttpRequest:
    body = json.dumps({"eventType": kind, "callId": CALL, **fields}).encode()
    return HttpRequest("POST", "https://hatif.example/bandwidth", {"authorization": basic("u", "p")}, body)


def test_the_capture_is_understood_and_produced() -> None:
    """Mu-law in, and a message of ours says of itself what it carries."""
    protocol = BandwidthProtocol()
    *heard, stop = captured("in")
    events = [event for message in heard for event in protocol.receive(json.dumps(message))]

    assert events[0] == CallStarted(CallDetails(CALL, STREAM, custom={"foo": "bar", "foos": "bars"}))
    assert [len(event.payload) for event in events if isinstance(event, AudioReceived)] == [160]
    commands = (PlayAudio(b"\xff" * 160), ClearAudio())
    said = [json.loads(message) for command in commands for message in protocol.send(command)]
    assert said == captured("out")
    assert protocol.receive(json.dumps(stop)) == (CallEnded(),)


@pytest.mark.parametrize(("codec", "rate"), [("PCM8", 8000), ("PCM16", 16000), ("PCM24", 24000)])
def test_linear_audio_says_its_rate(codec: Literal["PCM8", "PCM16", "PCM24"], rate: int) -> None:
    """We may speak wider than we hear."""
    protocol = PROVIDER.media(BandwidthOptions(codec=codec), Grant(request=UPGRADE, is_authenticated=True))
    (started,) = protocol.receive(start())
    (message,) = protocol.send(PlayAudio(bytes(2)))

    assert isinstance(started, CallStarted)
    assert (started.heard, started.spoken) == (MULAW_8K, AudioFormat(Encoding.LINEAR, rate))
    kind = f"audio/pcm;rate={rate};channels=1;bit-depth=16;endian=little;encoding=signed"
    assert json.loads(message)["media"] == {"contentType": kind, "payload": "AAA="}


def test_our_own_voice_is_not_heard() -> None:
    """Where both tracks are streamed, it would come back as an echo."""
    protocol = BandwidthProtocol()
    protocol.receive(start())

    assert protocol.receive('{"eventType":"media","track":"outbound","payload":"//8="}') == ()
    assert protocol.receive('{"eventType":"media","payload":"//8="}') == (AudioReceived(b"\xff\xff"),)


def test_nothing_waits_for_a_mark() -> None:
    """The wire has none, and says so; a mark that is asked for is no message."""
    protocol = BandwidthProtocol()
    protocol.receive(start())

    assert not protocol.capabilities.acknowledges_playback
    assert not protocol.capabilities.sends_keys
    assert [protocol.send(SendMark("m")) for _ in range(2)] == [(), ()]


def test_closing_the_socket_hangs_up() -> None:
    """The document that opened the stream ends with it."""
    protocol = BandwidthProtocol()
    protocol.receive(start())

    assert protocol.capabilities.hang_up is Ending.CLOSE
    assert protocol.send(HangUp()) == ()


@pytest.mark.parametrize(
    ("message", "complaint"),
    [
        (start(metadata={"streamId": STREAM}), "callId"),
        (start(metadata={"callId": CALL, "streamId": STREAM, "tracks": [{"name": "inbound", "mediaFormat": {
            "encoding": "OPUS", "sampleRate": 48000}}]}), "Expected PCMU"),
        ('{"eventType":"media","payload":""}', "media before start"),
        ('{"eventType":"stop"}', "stop before start"),
    ],
)  # fmt: skip
def test_what_breaks_the_protocol_is_refused(message: str, complaint: str) -> None:
    """By the name of the message."""
    with pytest.raises(RemoteProtocolError, match=complaint):
        BandwidthProtocol().receive(message)


def test_a_stream_introduces_itself_once() -> None:
    """A socket carries one; what it does not know, it passes over."""
    protocol = BandwidthProtocol()
    assert protocol.receive('{"eventType":"weather"}') == ()
    protocol.receive(start())
    with pytest.raises(RemoteProtocolError, match=r"^start after start$"):
        protocol.receive(start())


def test_the_parties_are_those_that_the_webhook_had_handed_back() -> None:
    """A start names none."""
    parameters = {"caller_number": "+1", "callee_number": "+2", "direction": "outbound", "visit": "12"}
    (started,) = BandwidthProtocol().receive(start(streamParams=parameters))

    assert started == CallStarted(CallDetails(CALL, STREAM, "+1", "+2", Direction.OUTBOUND, {"visit": "12"}))


# Webhooks


def test_the_callback_password_is_the_proof() -> None:
    """Webhooks carry no signature; without a configured password nothing is believed."""
    webhooks = BandwidthWebhooks(OPTIONS)

    assert webhooks.verify(event("initiate"), now=0.0) == Verified()
    for headers in ({}, {"authorization": basic("u", "other")}, {"authorization": basic("other", "p")}):
        with pytest.raises(SignatureError, match="webhook_password"):
            webhooks.verify(HttpRequest("POST", "u", headers), now=0.0)
    with pytest.raises(SignatureError, match="not configured"):
        BandwidthWebhooks(BandwidthOptions()).verify(event("initiate"), now=0.0)


def test_a_document_waits_for_the_stream_to_end() -> None:
    """Else the call would be over as soon as it began."""
    webhooks = BandwidthWebhooks(OPTIONS)
    call = webhooks.incoming(event("initiate", **{"from": "+1", "to": "+2", "direction": "inbound"}))
    answer = webhooks.connect(call, TARGET).body.decode()

    assert call == IncomingCall(
        provider_call_id=CALL, caller_number="+1", callee_number="+2", direction=Direction.INBOUND
    )
    assert '<StartStream name="hatif" mode="bidirectional" tracks="inbound"' in answer
    assert '<StreamParam name="caller_number" value="+1" />' in answer
    assert answer.index("<StopStream") > answer.index("</StartStream>")
    assert '<StopStream name="hatif" wait="true" />' in answer
    assert b"<Hangup />" in webhooks.reject(call).body


def test_twelve_parameters_travel_and_no_more() -> None:
    """A thirteenth would spoil the document."""
    target = StreamTarget("wss://h/t", parameters={f"p{number}": "x" for number in range(20)})

    assert BandwidthWebhooks(OPTIONS).connect(IncomingCall(), target).body.count(b"<StreamParam") == 12


@pytest.mark.parametrize(
    ("request_", "report"),
    [
        (event("initiate"), StatusReport(CALL, CallStatus.RINGING)),
        (event("answer"), StatusReport(CALL, CallStatus.IN_PROGRESS)),
        (event("disconnect", cause="hangup"), StatusReport(CALL, CallStatus.COMPLETED)),
        (event("disconnect", cause="timeout"), StatusReport(CALL, CallStatus.NO_ANSWER)),
        (event("disconnect", cause="a-new-word"), StatusReport(CALL, CallStatus.FAILED)),
        (event("mediaStreamStopped", cause="closed"), StatusReport(CALL, None)),
        (event("machineDetectionComplete", value="human"), StatusReport(CALL, None, "human")),
        (
            event("answer", machineDetectionResult={"value": "answering-machine"}),
            StatusReport(CALL, CallStatus.IN_PROGRESS, "answering-machine"),
        ),
        (event("disconnect", callId=None), None),
    ],
)
def test_events_are_read(request_: HttpRequest, report: StatusReport | None) -> None:
    """The end of a stream is not the end of a call, though both have a cause."""
    assert BandwidthWebhooks(OPTIONS).status(request_) == report


# REST


def test_requests_fetch_a_passing_token_first() -> None:
    """Of the credential itself, only the fetching request knows."""
    control = BandwidthControl(OPTIONS)
    requests = (
        control.place(ORDER),
        control.hang_up(CallDetails(CALL)),
        control.transfer(CallDetails(CALL), "+3"),
    )

    for request in requests:
        assert "authorization" not in request.headers
        assert request.login is not None
        assert request.login.headers["authorization"] == basic("me", "secret")
        assert request.login.body == b"grant_type=client_credentials"


def test_a_call_is_placed_ended_and_handed_over() -> None:
    """By our webhook, by its state, by another document."""
    control = BandwidthControl(OPTIONS)
    placed, ended = control.place(ORDER), control.hang_up(CallDetails(CALL))
    moved = control.transfer(CallDetails(CALL), "+3")
    fields = json.loads(placed.body)

    account = "https://voice.bandwidth.com/api/v2/accounts/5555555"
    assert (placed.url, ended.url) == (f"{account}/calls", f"{account}/calls/{CALL}")
    assert (fields["answerUrl"], fields["applicationId"], fields["tag"]) == (
        "https://hatif.example/a",
        "app",
        "o",
    )
    assert (fields["username"], fields["password"]) == ("u", "p")
    assert "machineDetection" not in fields
    assert json.loads(ended.body) == {"state": "completed"}
    assert (moved.method, moved.url) == ("PUT", f"{account}/calls/{CALL}/bxml")
    assert b"<Transfer><PhoneNumber>+3</PhoneNumber></Transfer>" in moved.body
    assert control.placed(HttpResponse(201, b'{"callId":"c-1"}')) == "c-1"


@pytest.mark.parametrize(
    ("status", "outcome"),
    [
        (200, AfterRequest.DONE),
        (404, AfterRequest.DONE),
        (429, AfterRequest.AGAIN),
        (400, AfterRequest.REFUSED),
    ],
)
def test_a_call_that_is_over_needs_no_ending(status: int, outcome: AfterRequest) -> None:
    """It is not found any more."""
    assert BandwidthControl(OPTIONS).outcome(HttpResponse(status)) is outcome


def test_what_is_not_configured_is_said() -> None:
    """By the name of the option."""
    order = CallOrder(to="+1", from_="+2", stream=TARGET, detect_machine=True, order_id="o")
    with pytest.raises(LocalProtocolError, match=r"server\.public_url"):
        BandwidthControl(OPTIONS).place(order)
    with pytest.raises(LocalProtocolError, match=r"providers\.bandwidth\.account_id"):
        BandwidthControl(BandwidthOptions()).hang_up(CallDetails(CALL))
