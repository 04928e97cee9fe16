"""Telnyx's wire, webhooks and requests, from our end."""

import base64
import json
from pathlib import Path
from urllib.parse import urlencode

import pytest

from protocols import (
    ALAW_8K,
    MULAW_8K,
    AcceptCall,
    AudioFormat,
    AudioReceived,
    CallDetails,
    CallEnded,
    CallStarted,
    ClearAudio,
    Command,
    Complained,
    Direction,
    DtmfReceived,
    Encoding,
    Event,
    HangUp,
    LocalProtocolError,
    MarkReturned,
    PlayAudio,
    RemoteProtocolError,
    SendMark,
)
from protocols.errors import CLOSE_POLICY
from protocols.http import HttpRequest, HttpResponse, form_of
from protocols.order import WINDOW
from protocols.provider import (
    AfterRequest,
    CallOrder,
    CallStatus,
    Grant,
    IncomingCall,
    SignatureError,
    StatusReport,
    StreamTarget,
)
from protocols.telnyx import PROVIDER, TelnyxOptions, TelnyxProtocol, TelnyxWebhooks

CAPTURE = Path(__file__).parents[1] / "captures" / "telnyx.jsonl"
STREAM = "32DE0DEA-53CB-4B21-89A4-9E1819C043BC"
CALL = "v2:T02llQxIyaRkhfRKxgAP8nY511EhFLizdvdUKJiSw8d6A9BborherQ"
MULAW = {"encoding": "PCMU", "sample_rate": 8000, "channels": 1}


def said(event: str, **fields: object) -> str:
    return json.dumps({"event": event, "sequence_number": "3", "stream_id": STREAM, **fields})


def start(media_format: object = None, **changes: object) -> str:
    introduced = {"call_control_id": CALL, "media_format": media_format or MULAW, **changes}
    return said("start", start=introduced)


def media(chunk: object, byte: int = 0, **changes: object) -> str:
    payload = base64.b64encode(bytes([byte])).decode()
    return said("media", media={"track": "inbound", "chunk": chunk, "payload": payload, **changes})


def started(options: TelnyxOptions | None = None, media_format: object = None) -> TelnyxProtocol:
    protocol = TelnyxProtocol(options or TelnyxOptions())
    protocol.receive(start(media_format))
    return protocol


def formats(options: TelnyxOptions, media_format: object) -> tuple[AudioFormat, AudioFormat]:
    (event,) = TelnyxProtocol(options).receive(start(media_format))
    assert isinstance(event, CallStarted)
    return event.heard, event.spoken


def sent_by(protocol: TelnyxProtocol, *commands: Command) -> list[object]:
    return [json.loads(message) for command in commands for message in protocol.send(command)]


def captured(direction: str) -> list[dict[str, object]]:
    lines = [json.loads(line) for line in CAPTURE.read_text().splitlines()]
    return [line["msg"] for line in lines if line["dir"] == direction]


def payloads(events: list[Event]) -> list[int]:
    return [event.payload[0] for event in events if isinstance(event, AudioReceived)]


# What Telnyx says


def test_the_capture_is_understood() -> None:
    """Every message means what the document says; the pair out of order is heard in order, at the stop."""
    protocol = TelnyxProtocol(TelnyxOptions())
    events = [event for message in captured("in") for event in protocol.receive(json.dumps(message))]

    call = CallDetails(CALL, STREAM, "+13122010094", "+13122123456", None, {"customer_id": "customer_123"})
    assert events[0] == CallStarted(call)
    assert events[1:3] == [DtmfReceived("1"), Complained("100005")]
    assert [event.timestamp_ms for event in events if isinstance(event, AudioReceived)] == [5, 40, 60]
    assert events[-1] == CallEnded()


@pytest.mark.parametrize(
    ("leg", "heard"),
    [
        ({"encoding": "PCMU"}, MULAW_8K),
        ({"encoding": "PCMA", "sample_rate": "8000"}, ALAW_8K),
        ({"encoding": "L16", "sample_rate": 16000}, AudioFormat(Encoding.LINEAR, 16000, big_endian=True)),
    ],
)
def test_it_is_heard_as_the_leg_has_it_and_spoken_as_declared(
    leg: dict[str, object], heard: AudioFormat
) -> None:
    """A European leg is A-law while we still send what the stream was opened with."""
    declared = TelnyxOptions(codec="L16@24000", l16_big_endian=False)

    assert formats(TelnyxOptions(), leg) == (heard, MULAW_8K)
    assert formats(declared, {"encoding": "PCMA"}) == (ALAW_8K, AudioFormat(Encoding.LINEAR, 24000))
    assert formats(TelnyxOptions(codec="PCMA"), leg)[1] == ALAW_8K


@pytest.mark.parametrize(
    "leg", [{"encoding": "G722"}, {"encoding": "L16", "sample_rate": 7}, {"encoding": "PCMU", "channels": 2}]
)
def test_a_codec_that_we_do_not_have_is_refused(leg: dict[str, object]) -> None:
    """It would be heard as noise."""
    with pytest.raises(RemoteProtocolError, match="media_format: Expected PCMU, PCMA or L16"):
        TelnyxProtocol(TelnyxOptions()).receive(start(leg))


def test_media_is_sorted_and_heard_once() -> None:
    """By chunk, as text or number; a repeated one is no new one."""
    protocol = started()
    events = [
        event for chunk in ("1", 3, "3", "2", "2", 4) for event in protocol.receive(media(chunk, int(chunk)))
    ]

    assert payloads(events) == [1, 2, 3, 4]


def test_a_lost_message_holds_nothing_up_for_long() -> None:
    """After a tenth of a second the stream goes on without it."""
    protocol = started()
    events = [event for chunk in range(2, 3 + WINDOW) for event in protocol.receive(media(chunk, chunk))]

    assert payloads(events) == list(range(2, 3 + WINDOW))
    assert protocol.receive(media(1, 1)) == []


@pytest.mark.parametrize("chunk", [None, "x", -1, 1.5, "9" * 30])
def test_media_without_a_number_is_heard_at_once(chunk: object) -> None:
    """The field's spelling is recalled, not documented."""
    if chunk == 1.5:
        with pytest.raises(RemoteProtocolError):
            started().receive(media(chunk))
        return
    assert payloads([*started().receive(media(chunk, 7))]) == [7]


def test_our_own_voice_is_not_heard() -> None:
    """Where both tracks are streamed, the other one's chunks are counted apart."""
    protocol = started()

    assert protocol.receive(media(1, track="outbound")) == ()
    assert len(protocol.receive(media(1))) == 1


def test_a_withheld_number_is_no_number() -> None:
    """`from` is null then."""
    (event,) = TelnyxProtocol(TelnyxOptions()).receive(start(**{"from": None, "to": "+33123456789"}))

    assert isinstance(event, CallStarted)
    assert (event.details.caller_number, event.details.callee_number) == (None, "+33123456789")


def test_what_the_webhook_had_handed_back_is_read() -> None:
    """TeXML's CallSid is what its callbacks name; the rest stays attached."""
    handed_back = {"call_sid": "v3:abc", "direction": "outbound", "visit": "12"}
    (event,) = TelnyxProtocol(TelnyxOptions()).receive(start(custom_parameters=handed_back))

    assert event == CallStarted(
        CallDetails("v3:abc", STREAM, None, None, Direction.OUTBOUND, {"visit": "12"})
    )


@pytest.mark.parametrize(
    "message",
    ['{"event":"error"}', said("error", payload=[1]), said("error", payload={"code": "0501234567x"})],
)
def test_a_complaint_ends_nothing(message: str) -> None:
    """Whatever its shape, which is recalled; only a number of theirs is repeated."""
    assert TelnyxProtocol(TelnyxOptions()).receive(message) == (Complained("error"),)
    assert started().receive(message) == (Complained("error"),)


@pytest.mark.parametrize("event", ["dtmf", "mark", "media", "stop"])
def test_nothing_comes_before_start_or_of_another_stream(event: str) -> None:
    """A socket carries one stream, which introduces itself."""
    fields = {"dtmf": {"digit": "1"}, "mark": {"name": "m"}, "media": {"payload": ""}, "stop": {}}
    with pytest.raises(RemoteProtocolError, match=f"^{event} before start$") as caught:
        TelnyxProtocol(TelnyxOptions()).receive(said(event, **{event: fields[event]}))
    assert caught.value.close_code == CLOSE_POLICY

    with pytest.raises(RemoteProtocolError, match=f"^{event} of another stream$"):
        started().receive(said(event, stream_id="other", **{event: fields[event]}))


def test_a_stream_introduces_itself_once() -> None:
    """And without a start it never begins: nobody has answered yet."""
    with pytest.raises(RemoteProtocolError, match=r"^start after start$"):
        started().receive(start())
    with pytest.raises(RemoteProtocolError, match=r"^no start has arrived$"):
        TelnyxProtocol(TelnyxOptions()).begin_without_setup()


# What we say


def test_the_capture_is_produced() -> None:
    """No identifier, no codec: the stream's declaration says it."""
    commands = (AcceptCall(), PlayAudio(b"\xff" * 160), SendMark("utt-1"), ClearAudio(), HangUp())

    assert sent_by(started(), *commands) == captured("out")


def test_audio_is_cut_and_filled_to_what_a_message_takes() -> None:
    """At most 30 seconds, at least 20 ms, in the declared codec."""
    protocol = started(TelnyxOptions(codec="PCMA"), {"encoding": "PCMU"})
    messages = [json.loads(message) for message in protocol.send(PlayAudio(b"\x01" * (30 * 8000 + 10)))]
    sent = [base64.b64decode(message["media"]["payload"]) for message in messages]

    assert [len(piece) for piece in sent] == [240_000, 160]
    assert sent[1] == b"\x01" * 10 + b"\xd5" * 150


def test_a_mark_that_a_clear_returned_proves_nothing() -> None:
    """Queued marks come back at a clear; a later one is true."""
    protocol = started()
    sent_by(protocol, SendMark("one"), ClearAudio(), SendMark("two"))

    assert protocol.receive(said("mark", mark={"name": "one"})) == (MarkReturned("one", played=False),)
    assert protocol.receive(said("mark", mark={"name": "two"})) == (MarkReturned("two", played=True),)


# Who is let in

TOKEN = "TEST_TOKEN"
GUARDED = TelnyxOptions(stream_token=TOKEN)


def upgraded(headers: dict[str, str]) -> TelnyxProtocol:
    assert PROVIDER.admit is not None
    assert PROVIDER.in_band is not None
    request = HttpRequest("GET", "wss://hatif.example/ws/telnyx", headers)
    is_authenticated = PROVIDER.admit(GUARDED, request, 0.0) is not None
    grant = Grant(request=request, is_authenticated=is_authenticated, check=PROVIDER.in_band(GUARDED))
    protocol = PROVIDER.media(GUARDED, grant)
    assert isinstance(protocol, TelnyxProtocol)
    return protocol


def connected(token: str | None) -> str:
    return said("connected", connected={"x-telnyx-streaming-auth-token": token})


def test_a_token_comes_in_the_header_or_in_the_first_message() -> None:
    """Either is enough."""
    assert len(upgraded({"x-telnyx-streaming-auth-token": TOKEN}).receive(start())) == 1

    in_band = upgraded({})
    assert in_band.receive(connected(TOKEN)) == ()
    assert len(in_band.receive(start())) == 1


def test_without_the_token_no_stream_starts() -> None:
    """A wrong one is refused at once, a missing one at the start."""
    with pytest.raises(SignatureError, match="stream_token"):
        upgraded({"x-telnyx-streaming-auth-token": "other"})
    with pytest.raises(RemoteProtocolError, match="without the right token") as caught:
        upgraded({}).receive(connected("other"))
    assert caught.value.close_code == CLOSE_POLICY
    for first in (connected(None), said("connected")):
        protocol = upgraded({})
        protocol.receive(first)
        with pytest.raises(RemoteProtocolError, match="without a token"):
            protocol.receive(start())


# Signatures. The vector was made with the documented recipe, from the seed of bytes 0 to 31.

PUBLIC_KEY = "A6EHv/POEL4dcN0Y50vAmWfk1jCbpQ1fHdyGZBJVMbg="
OTHER_KEY = base64.b64encode(bytes(32)).decode()
STAMP = 1763868600
BODY = (
    b'{"data":{"event_type":"call.initiated","id":"00000000-0000-0000-0000-000000000001",'
    b'"occurred_at":"2025-11-23T03:30:00.076316Z","payload":{"call_control_id":"v3:test",'
    b'"direction":"incoming","from":"+15550100001","to":"+15550100002","state":"parked"},'
    b'"record_type":"event"},"meta":{"attempt":1,"delivered_to":"https://example.com/telnyx"}}'
)
SIGNATURE = "qKZNc7Xqavx62wjDVqpf1NC4fy3UiPbN1lAgMj/QngHrMyrmIj5lnNkyHYv/kCsp5mrsMDElEhICPkDzrsgiBw=="


def webhook(body: bytes = BODY, stamp: object = STAMP, signature: str = SIGNATURE) -> HttpRequest:
    headers = {
        "content-type": "application/json",
        "telnyx-timestamp": str(stamp),
        "telnyx-signature-ed25519": signature,
    }
    return HttpRequest("POST", "https://hatif.example/telnyx", headers, body)


@pytest.mark.parametrize("keys", [PUBLIC_KEY, f"{OTHER_KEY} {PUBLIC_KEY}"])
@pytest.mark.parametrize("late", [-300, 0, 300])
def test_a_good_signature_is_good_once(keys: str, late: int) -> None:
    """Within five minutes, by either of two keys; its name for the memory does not hang on its spelling."""
    verified = TelnyxWebhooks(TelnyxOptions(public_key=keys)).verify(webhook(), now=STAMP + late)

    assert verified.replay_key is not None
    assert verified.until == STAMP + 300
    spelt_otherwise = SIGNATURE[:-3] + "x=="  # base64 leaves bits of its last letter unused
    again = TelnyxWebhooks(TelnyxOptions(public_key=keys)).verify(
        webhook(signature=spelt_otherwise), now=STAMP
    )
    assert again.replay_key == verified.replay_key


@pytest.mark.parametrize(
    ("request_", "now", "complaint"),
    [
        (webhook(BODY + b" "), STAMP, "missing or wrong"),
        (webhook(signature=""), STAMP, "missing or wrong"),
        (webhook(signature="é"), STAMP, "missing or wrong"),
        (webhook(signature="A" + SIGNATURE[1:]), STAMP, "missing or wrong"),
        (webhook(stamp=STAMP + 1), STAMP, "missing or wrong"),
        (webhook(), STAMP + 301, "too far"),
        (webhook(), STAMP - 301, "too far"),
        (webhook(stamp=""), STAMP, "missing or no number"),
        (webhook(stamp="١٧"), STAMP, "missing or no number"),
    ],
)
def test_a_bad_signature_is_refused(request_: HttpRequest, now: float, complaint: str) -> None:
    """Altered, missing, stale, of the future."""
    with pytest.raises(SignatureError, match=complaint):
        TelnyxWebhooks(TelnyxOptions(public_key=PUBLIC_KEY)).verify(request_, now=now)


@pytest.mark.parametrize("key", [OTHER_KEY, "no key", None, ""])
def test_another_key_proves_nothing(key: str | None) -> None:
    """One that is none, too."""
    with pytest.raises(SignatureError, match="public_key"):
        TelnyxWebhooks(TelnyxOptions(public_key=key)).verify(webhook(), now=STAMP)


# Webhooks and requests

TEXML = TelnyxOptions(api_key="KEY", account_sid="acc", application_id="app", codec="PCMA")
COMMANDS = TelnyxOptions(api_key="KEY", application_id="app", call_control=True, stream_token=TOKEN)
TARGET = StreamTarget("wss://hatif.example/ws/telnyx/token", "https://hatif.example/status", {"visit": "12"})
ORDER = CallOrder(
    to="+1",
    from_="+2",
    stream=TARGET,
    answer_url="https://hatif.example/a",
    detect_machine=True,
    order_id="o",
)


def form(**fields: str) -> HttpRequest:
    headers = {"content-type": "application/x-www-form-urlencoded"}
    return HttpRequest("POST", "https://hatif.example/telnyx", headers, urlencode(fields).encode())


def event(kind: str, **payload: object) -> HttpRequest:
    body = json.dumps({"data": {"event_type": kind, "payload": {"call_control_id": "v3:1", **payload}}})
    return webhook(body.encode())


def test_texml_opens_a_stream_of_bare_audio() -> None:
    """The default mode would want MP3; the codec that we speak is declared, and CallSid handed back."""
    webhooks = TelnyxWebhooks(TEXML)
    call = webhooks.incoming(form(CallSid="v3:1", From="+1", To="+2", Direction="inbound"))
    answer = webhooks.connect(call, TARGET)

    assert (call.provider_call_id, call.direction) == ("v3:1", Direction.INBOUND)
    text = answer.body.decode()
    assert 'bidirectionalMode="rtp" bidirectionalCodec="PCMA" bidirectionalSamplingRate="8000"' in text
    assert '<Parameter name="call_sid" value="v3:1" />' in text
    assert '<Parameter name="visit" value="12" />' in text
    assert answer.then == ()


def test_call_control_is_answered_by_a_request() -> None:
    """Which asks for the stream in the same breath; a call of ours was answered when it was placed."""
    webhooks = TelnyxWebhooks(COMMANDS)
    call = webhooks.incoming(webhook())
    (answer,) = webhooks.connect(call, TARGET).then
    asked = json.loads(answer.body)

    assert call == IncomingCall(
        provider_call_id="v3:test",
        caller_number="+15550100001",
        callee_number="+15550100002",
        direction=Direction.INBOUND,
    )
    assert answer.url == "https://api.telnyx.com/v2/calls/v3%3Atest/actions/answer"
    assert answer.headers["authorization"] == "Bearer KEY"
    assert (asked["stream_bidirectional_mode"], asked["stream_auth_token"]) == ("rtp", TOKEN)
    assert {"name": "visit", "value": "12"} in asked["custom_parameters"]
    assert json.loads(webhooks.reject(call).then[0].body) == {"cause": "USER_BUSY"}
    outgoing = IncomingCall(provider_call_id="v3:1", direction=Direction.OUTBOUND)
    assert webhooks.connect(outgoing, TARGET).then == ()


def test_only_a_new_call_is_answered() -> None:
    """An application has one address for all its events."""
    with pytest.raises(RemoteProtocolError, match=r"Expected call\.initiated"):
        TelnyxWebhooks(COMMANDS).incoming(event("call.hangup"))


@pytest.mark.parametrize(
    ("request_", "report"),
    [
        (event("call.answered"), StatusReport("v3:1", CallStatus.IN_PROGRESS)),
        (event("call.hangup", hangup_cause="user_busy"), StatusReport("v3:1", CallStatus.BUSY)),
        (event("call.hangup", hangup_cause="weather"), StatusReport("v3:1", CallStatus.FAILED)),
        (event("call.machine.detection.ended", result="human"), StatusReport("v3:1", None, "human")),
        (event("call.dtmf.received", result="x"), StatusReport("v3:1", None)),
        (event("streaming.started"), None),
        (form(CallSid="v3:1", CallStatus="completed"), StatusReport("v3:1", CallStatus.COMPLETED)),
    ],
)
def test_status_callbacks_are_read(request_: HttpRequest, report: StatusReport | None) -> None:
    """Of both kinds; events of a stream have no `call.` before them and are no call's."""
    assert TelnyxWebhooks(COMMANDS).status(request_) == report


def test_calls_are_placed_ended_and_handed_over() -> None:
    """By commands, of which dialling may be repeated without harm, or by posts to TeXML's resource."""
    assert PROVIDER.control is not None
    commands, resource = PROVIDER.control(COMMANDS), PROVIDER.control(TEXML)
    call = CallDetails("v3:1")
    placed = json.loads(commands.place(ORDER).body)

    assert commands.place(ORDER).url == "https://api.telnyx.com/v2/calls"
    assert (placed["connection_id"], placed["command_id"]) == ("app", "o")
    assert (placed["answering_machine_detection"], placed["stream_bidirectional_codec"]) == ("detect", "PCMU")
    assert commands.placed(HttpResponse(200, b'{"data":{"call_control_id":"v3:9"}}')) == "v3:9"
    assert commands.hang_up(call).url.endswith("/calls/v3%3A1/actions/hangup")
    assert json.loads(commands.transfer(call, "+3").body) == {"to": "+3"}
    posted = form_of(resource.place(ORDER))
    assert (posted["ApplicationSid"], posted["Url"]) == ("app", "https://hatif.example/a")
    assert resource.hang_up(call).url == "https://api.telnyx.com/v2/texml/Accounts/acc/Calls/v3%3A1"
    assert "<Dial>+3</Dial>" in form_of(resource.transfer(call, "+3"))["Texml"]


@pytest.mark.parametrize("options", [COMMANDS, TEXML])
@pytest.mark.parametrize(
    ("status", "body", "outcome"),
    [
        (422, b'{"errors":[{"code":"90018"}]}', AfterRequest.DONE),
        (422, b'{"errors":[{"code":"10015"}]}', AfterRequest.REFUSED),
        (422, b'{"errors":7}', AfterRequest.REFUSED),
        (422, b"[", AfterRequest.REFUSED),
        (429, b"", AfterRequest.AGAIN),
        (200, b"", AfterRequest.DONE),
    ],
)
def test_a_call_that_has_ended_needs_no_ending(
    options: TelnyxOptions, status: int, body: bytes, outcome: AfterRequest
) -> None:
    """Code 90018 says so; other refusals with the same status are ours to mend."""
    assert PROVIDER.control is not None
    assert PROVIDER.control(options).outcome(HttpResponse(status, body)) is outcome


def test_what_is_not_configured_is_said() -> None:
    """By the name of the option."""
    assert PROVIDER.control is not None
    with pytest.raises(LocalProtocolError, match=r"providers\.telnyx\.application_id"):
        PROVIDER.control(TelnyxOptions(call_control=True)).place(ORDER)
    with pytest.raises(LocalProtocolError, match=r"providers\.telnyx\.api_key"):
        PROVIDER.control(TelnyxOptions(call_control=True)).hang_up(CallDetails("v3:1"))
