"""Exotel's wire, webhooks and requests, from our end."""

import base64
import json
from pathlib import Path
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest

from protocols import (
    LINEAR_8K,
    MULAW_8K,
    AudioFormat,
    AudioReceived,
    CallDetails,
    CallEnded,
    CallStarted,
    ClearAudio,
    Direction,
    DtmfReceived,
    Encoding,
    HangUp,
    LocalProtocolError,
    MarkReturned,
    PlayAudio,
    RemoteProtocolError,
    SendMark,
    TransferCall,
)
from protocols.exotel import PROVIDER, ExotelControl, ExotelOptions, ExotelProtocol, ExotelWebhooks
from protocols.http import HttpRequest, HttpResponse, basic, form_of
from protocols.provider import (
    AfterRequest,
    CallOrder,
    CallStatus,
    Grant,
    SignatureError,
    StatusReport,
    StreamTarget,
    Verified,
)

CAPTURE = Path(__file__).parents[1] / "captures" / "exotel.jsonl"
STREAM = "MZ11111111111111111111111111111111"
CALL = "CA33333333333333333333333333333333"


def start(*, top: str | None = STREAM, **data: object) -> str:
    named = {"stream_sid": top} if top else {}
    return json.dumps({"event": "start", **named, "start": {"call_sid": CALL, **data}})


def started(rate: str = "8000") -> ExotelProtocol:
    protocol = ExotelProtocol()
    protocol.receive(start(media_format={"encoding": "audio/x-raw", "sample_rate": rate}))
    return protocol


def captured(direction: str) -> list[dict[str, object]]:
    lines = [json.loads(line) for line in CAPTURE.read_text().splitlines()]
    return [line["msg"] for line in lines if line["dir"] == direction]


def sent(protocol: ExotelProtocol, audio: bytes) -> list[bytes]:
    messages = [json.loads(message) for message in protocol.send(PlayAudio(audio))]
    return [base64.b64decode(message["media"]["payload"]) for message in messages]


def test_the_capture_is_understood_and_produced() -> None:
    """Underscores and linear audio, both ways."""
    protocol = ExotelProtocol()
    *heard, stop = captured("in")
    events = [event for message in heard for event in protocol.receive(json.dumps(message))]

    call = CallDetails(CALL, STREAM, "+919876543210", "+918047491899", custom={"key1": "value1"})
    assert events == [
        CallStarted(call, LINEAR_8K, LINEAR_8K),
        AudioReceived(bytes(1600), 200),
        DtmfReceived("5"),
    ]
    commands = (PlayAudio(bytes(3200)), SendMark("utt-1"), ClearAudio())
    said = [json.loads(message) for command in commands for message in protocol.send(command)]
    assert said == captured("out")
    assert protocol.receive(json.dumps(stop)) == (CallEnded(),)


@pytest.mark.parametrize(
    "message",
    [
        start(),
        start(top=None, stream_sid=STREAM),
        json.dumps({"event": "start", "start": {"streamSid": STREAM, "callSid": CALL}}),
    ],
)
def test_identifiers_are_read_in_either_spelling(message: str) -> None:
    """With underscores or in camelCase, beside or in the start."""
    assert ExotelProtocol().receive(message) == (
        CallStarted(CallDetails(CALL, STREAM), LINEAR_8K, LINEAR_8K),
    )


def test_a_stream_without_an_identifier_is_refused() -> None:
    """Nothing could be said to it."""
    with pytest.raises(RemoteProtocolError, match="stream_sid"):
        ExotelProtocol().receive(start(top=None))


@pytest.mark.parametrize(
    ("found", "expected"),
    [
        ({"encoding": "audio/x-raw", "sample_rate": "16000"}, AudioFormat(Encoding.LINEAR, 16000)),
        ({"encoding": "audio/x-raw", "sample_rate": 24000}, AudioFormat(Encoding.LINEAR, 24000)),
        ({"encoding": "base64"}, AudioFormat(Encoding.LINEAR, 16000)),
        ({}, AudioFormat(Encoding.LINEAR, 16000)),
        ({"encoding": "audio/x-mulaw;rate=8000", "sample_rate": "8000"}, MULAW_8K),
    ],
)
def test_the_rate_is_the_starts_or_else_the_one_that_was_asked_for(
    found: dict[str, object], expected: AudioFormat
) -> None:
    """Our address asked for 16 kHz; a stream that ExoML started is mu-law."""
    upgrade = HttpRequest("GET", "wss://h/ws/exotel?sample-rate=16000")
    protocol = PROVIDER.media(ExotelOptions(), Grant(request=upgrade, is_authenticated=True))
    (event,) = protocol.receive(start(media_format=found))

    assert isinstance(event, CallStarted)
    assert (event.heard, event.spoken) == (expected, expected)


def test_another_rate_is_refused() -> None:
    """It would be heard too slow or too fast."""
    with pytest.raises(RemoteProtocolError, match="Expected 8000, 16000 or 24000 hertz"):
        started("44100")


@pytest.mark.parametrize("length", [2, 320, 3200, 3202, 99_840, 99_842, 250_000])
def test_messages_have_the_sizes_that_exotel_plays_well(length: int) -> None:
    """3,200 to 100,000 bytes, multiples of 320, filled up with silence at the end."""
    pieces = sent(started(), b"\x01\x02" * (length // 2))

    assert all(3200 <= len(piece) <= 100_000 and len(piece) % 320 == 0 for piece in pieces)
    assert b"".join(pieces).rstrip(b"\0") == b"\x01\x02" * (length // 2)


def test_a_turn_leaves_in_sizes_that_need_no_filling() -> None:
    """What is sent at a time is a multiple of what Exotel takes, at every rate."""
    for rate in (8000, 16000, 24000):
        size = round(PROVIDER.capabilities.chunk_seconds * rate * 2)
        assert size >= 3200
        assert size % 320 == 0


def test_a_mark_after_a_clear_proves_nothing() -> None:
    """Whether a clear returns marks is not documented."""
    protocol = started()
    for command in (SendMark("one"), ClearAudio(), SendMark("two")):
        protocol.send(command)

    echo = '{{"event":"mark","stream_sid":"%s","mark":{{"name":"{}"}}}}' % STREAM  # noqa: UP031
    assert protocol.receive(echo.format("one")) == (MarkReturned("one", played=False),)
    assert protocol.receive(echo.format("two")) == (MarkReturned("two", played=True),)


@pytest.mark.parametrize("command", [HangUp(), TransferCall()])
def test_closing_the_socket_ends_and_transfers(command: HangUp | TransferCall) -> None:
    """The applets after Voicebot go on; no message says so, and no request can."""
    protocol = started()
    assert protocol.send(command) == ()

    assert protocol.receive('{"event":"media","media":{"payload":""}}') == ()
    with pytest.raises(LocalProtocolError):
        protocol.send(PlayAudio(bytes(2)))
    control = ExotelControl(ExotelOptions())
    with pytest.raises(LocalProtocolError, match="socket"):
        control.hang_up(CallDetails(CALL))
    with pytest.raises(LocalProtocolError, match="next applet"):
        control.transfer(CallDetails(CALL), "+1")


# Who is let in

OPTIONS = ExotelOptions(
    user="key", password="p@ss", account_sid="acc", api_key="K", api_token="T", rate="16kHz"
)
TARGET = StreamTarget("wss://hatif.example/ws/exotel/t", "https://hatif.example/s", {"visit": "12"})


def asked(headers: dict[str, str]) -> HttpRequest:
    return HttpRequest("GET", "wss://hatif.example/ws/exotel", headers)


def test_the_password_of_the_address_lets_in() -> None:
    """Socket and webhook show the same; anything else is refused, and nothing is taken for configured."""
    assert PROVIDER.admit is not None
    good = asked({"authorization": basic("key", "p@ss")})

    assert PROVIDER.admit(OPTIONS, good, 0.0) == Verified()
    assert ExotelWebhooks(OPTIONS).verify(good, now=0.0) == Verified()
    for bad in ({}, {"authorization": basic("key", "other")}, {"authorization": basic("other", "p@ss")}):
        with pytest.raises(SignatureError, match="user and password"):
            PROVIDER.admit(OPTIONS, asked(bad), 0.0)
        with pytest.raises(SignatureError, match="user and password"):
            ExotelWebhooks(OPTIONS).verify(asked(bad), now=0.0)
    with pytest.raises(SignatureError, match="not configured"):
        ExotelWebhooks(ExotelOptions()).verify(asked({"authorization": basic("", "None")}), now=0.0)


# Webhooks and requests


def test_the_applet_is_given_an_address() -> None:
    """With the password, the rate, and the parameters that fit."""
    webhooks = ExotelWebhooks(OPTIONS)
    question = {"CallSid": CALL, "CallFrom": "0501", "CallTo": "0112", "Direction": "incoming"}
    call = webhooks.incoming(HttpRequest("GET", f"https://h/exotel?{urlencode(question)}"))
    address = urlsplit(json.loads(webhooks.connect(call, TARGET).body)["url"])

    assert (call.provider_call_id, call.caller_number, call.callee_number) == (CALL, "0501", "0112")
    assert call.direction is Direction.INBOUND
    assert (address.username, address.password, address.path) == ("key", "p%40ss", "/ws/exotel/t")
    assert parse_qs(address.query) == {"sample-rate": ["16000"], "direction": ["inbound"], "visit": ["12"]}


def test_three_parameters_travel_and_no_more() -> None:
    """Nor more than 256 characters of them."""
    many = {f"p{number}": "x" for number in range(9)}
    long = {"a": "x" * 300, "b": "y"}
    webhooks = ExotelWebhooks(ExotelOptions())
    call = webhooks.incoming(HttpRequest("GET", "https://h/exotel"))

    for parameters, kept in ((many, {"p0", "p1", "p2"}), (long, {"b"})):
        target = StreamTarget("wss://h/t", parameters=parameters)
        query = urlsplit(json.loads(webhooks.connect(call, target).body)["url"]).query
        assert set(parse_qs(query)) == {"sample-rate", *kept}


@pytest.mark.parametrize("is_json", [False, True])
def test_a_status_callback_is_read_in_either_form(is_json: bool) -> None:
    """The pages show both."""
    fields = {"CallSid": CALL, "Status": "no-answer", "ConversationDuration": "0"}
    kind = "application/json" if is_json else "application/x-www-form-urlencoded"
    body = json.dumps(fields) if is_json else urlencode(fields)
    report = ExotelWebhooks(OPTIONS).status(HttpRequest("POST", "u", {"content-type": kind}, body.encode()))

    assert report == StatusReport(CALL, CallStatus.NO_ANSWER, seconds=0.0)


def test_a_call_is_placed_with_the_patient_dialled_first() -> None:
    """And the parties in the address, because the start does not say which is which."""
    control = ExotelControl(OPTIONS)
    order = CallOrder(to="+1", from_="+2", stream=TARGET, order_id="o")
    request = control.place(order)
    form = form_of(request)

    assert request.url == "https://api.exotel.com/v1/Accounts/acc/Calls/connect.json"
    assert request.headers["authorization"] == basic("K", "T")
    assert (form["From"], form["CallerId"], form["StreamType"]) == ("+1", "+2", "bidirectional")
    query = parse_qs(urlsplit(form["StreamUrl"]).query)
    assert (query["callee_number"], query["caller_number"], query["direction"]) == (
        ["+1"],
        ["+2"],
        ["outbound"],
    )
    assert control.placed(HttpResponse(200, b'{"Call":{"Sid":"c1"}}')) == "c1"
    assert (
        control.placed(HttpResponse(200, b"<TwilioResponse><Call><Sid>c2</Sid></Call></TwilioResponse>"))
        == "c2"
    )
    assert control.placed(HttpResponse(500, b"\xff")) is None
    assert control.outcome(HttpResponse(429)) is AfterRequest.AGAIN


def test_what_was_put_into_the_address_is_read_at_the_start() -> None:
    """The patient is the callee, whatever `from` is."""
    parameters = {"caller_number": "+2", "callee_number": "+1", "direction": "outbound"}
    introduced = {"stream_sid": STREAM, "from": "+1", "to": "+2", "custom_parameters": parameters}
    (event,) = ExotelProtocol().receive(json.dumps({"event": "start", "start": introduced}))

    assert isinstance(event, CallStarted)
    assert (event.details.subject_number, event.details.caller_number) == ("+1", "+2")


def test_an_address_that_is_too_long_is_not_sent() -> None:
    """Exotel takes 600 characters."""
    target = StreamTarget("wss://hatif.example/" + "t" * 600)
    with pytest.raises(LocalProtocolError, match="600"):
        ExotelControl(OPTIONS).place(CallOrder(to="+1", from_="+2", stream=target, order_id="o"))
