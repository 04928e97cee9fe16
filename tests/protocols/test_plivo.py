"""Plivo's wire, signatures, documents and requests, from our end."""

import json
from pathlib import Path
from urllib.parse import urlencode
from xml.etree import ElementTree as ET

import pytest

from bridge.carriers.base import CarrierCall, Owed, PlaybackCleared
from bridge.carriers.wires.plivo import PlivoWire
from protocols import (
    AcceptCall,
    AudioFormat,
    AudioReceived,
    CallDetails,
    CallEnded,
    CallStarted,
    ClearAudio,
    Command,
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
from protocols.base import Ending
from protocols.errors import CLOSE_POLICY
from protocols.http import Document, HttpRequest, HttpResponse
from protocols.plivo import NONCE_SECONDS, PlivoControl, PlivoOptions, PlivoProtocol, PlivoWebhooks
from protocols.plivo_dialect import MOST_EARLY_MEDIA
from protocols.provider import (
    AfterRequest,
    CallOrder,
    CallStatus,
    IncomingCall,
    SignatureError,
    StreamTarget,
    Verified,
)

CAPTURE = Path(__file__).parents[1] / "captures" / "plivo.jsonl"
STREAM = "20170ada-f610-433b-8758-c02a2aab3662"
CALL = "b77e037d-4119-44b5-902d-25826b654539"
SILENCE = b"\xff" * 160
MULAW = {"encoding": "audio/x-mulaw", "sampleRate": 8000}


def said(event: str, **fields: object) -> str:
    return json.dumps({"event": event, "streamId": STREAM, **fields})


def start(mediaFormat: dict[str, object] | None = None, **fields: object) -> str:  # noqa: N803 - as on the wire
    begun = {"callId": CALL, "streamId": STREAM, "mediaFormat": mediaFormat or MULAW}
    return json.dumps({"event": "start", "start": begun, **fields})


def media(timestamp: object = "1778597597091", **fields: object) -> str:
    return said("media", media={"track": "inbound", "payload": "//8=", "timestamp": timestamp, **fields})


def started_stream() -> PlivoProtocol:
    protocol = PlivoProtocol()
    protocol.receive(start())
    return protocol


def sent_by(protocol: PlivoProtocol, *commands: Command) -> list[object]:
    return [json.loads(message) for command in commands for message in protocol.send(command)]


def only_verb(document: Document) -> ET.Element:
    (element,) = ET.fromstring(document.body)  # noqa: S314 - our own
    return element


def captured(direction: str) -> list[dict[str, object]]:
    lines = [json.loads(line) for line in CAPTURE.read_text().splitlines()]
    return [line["msg"] for line in lines if line["dir"] == direction]


# What Plivo says


def test_the_capture_is_understood() -> None:
    """Every message of the documents means what they say."""
    protocol = PlivoProtocol()
    name = "customer greeting audio"
    begun, audio, key, *rest = captured("in")

    assert protocol.receive(json.dumps(begun)) == (CallStarted(CallDetails(CALL, STREAM)),)
    protocol.send(SendMark(name))
    assert protocol.receive(json.dumps(audio)) == (AudioReceived(SILENCE, 0),)
    assert protocol.receive(json.dumps(key)) == (DtmfReceived("5"),)
    meanings = [protocol.receive(json.dumps(message)) for message in rest]
    assert meanings == [(MarkReturned(name, played=True),), (), (), (CallEnded(),)]


@pytest.mark.parametrize("event", ["playedStream", "played"])
def test_playback_is_acknowledged_by_either_name(event: str) -> None:
    """One support article writes it shorter than the specification."""
    protocol = started_stream()
    protocol.send(SendMark("m"))

    assert protocol.receive(said(event, name="m")) == (MarkReturned("m", played=True),)
    assert protocol.receive(said(event, name="m")) == ()


def test_audio_is_timed_from_its_beginning() -> None:
    """The wire counts from 1970, texts or numbers; what is older than the first is at the beginning."""
    protocol = started_stream()
    times = [1778597597091, "1778597597111", None, "1778597597000"]
    events = [event for time in times for event in protocol.receive(media(time))]

    assert [event.timestamp_ms for event in events if isinstance(event, AudioReceived)] == [0, 20, None, 0]


def test_what_we_said_ourselves_is_not_heard() -> None:
    """The other track is ignored, and does not set the clock."""
    protocol = started_stream()

    assert protocol.receive(media("1", track="outbound")) == ()
    assert protocol.receive(media("500")) == (AudioReceived(b"\xff\xff", 0),)


def test_media_before_the_start_is_kept() -> None:
    """It is heard first, once the stream has introduced itself."""
    protocol = PlivoProtocol()
    assert [protocol.receive(media(time)) for time in ("1000", "1020")] == [(), ()]

    begun, *heard = protocol.receive(start())
    assert isinstance(begun, CallStarted)
    assert heard == [AudioReceived(b"\xff\xff", 0), AudioReceived(b"\xff\xff", 20)]


def test_nobody_may_speak_for_ever_without_a_start() -> None:
    """A second of it is kept, and no more; nothing else comes before a start at all."""
    protocol = PlivoProtocol()
    for _ in range(MOST_EARLY_MEDIA):
        protocol.receive(media())

    for message in (media(), said("dtmf", dtmf={"digit": "1"}), said("playedStream", name="m")):
        with pytest.raises(RemoteProtocolError, match=r" before start$"):
            protocol.receive(message)


@pytest.mark.parametrize(
    "headers",
    [
        '{"callerNumber": "9665", "direction": "outbound", "visit": 12}',
        "callerNumber=9665,direction=outbound,visit=12",
        "{X-PH-callerNumber: 9665, x-ph-direction: outbound, 'visit': '12'}",
        {"X-PH-callerNumber": "9665", "direction": "outbound", "visit": "12"},
    ],
)
def test_headers_are_read_in_any_form(headers: object) -> None:
    """How filled headers look is not documented."""
    (started,) = PlivoProtocol().receive(start(extra_headers=headers))

    call = CallDetails(CALL, STREAM, "9665", None, Direction.OUTBOUND, {"visit": "12"})
    assert started == CallStarted(call)


@pytest.mark.parametrize("headers", ["", "{}", "{", "nonsense", [1], 7, None, "{" * 5000])
def test_headers_that_say_nothing_are_no_mistake(headers: object) -> None:
    """Nothing is attached, and the call begins."""
    assert PlivoProtocol().receive(start(extra_headers=headers)) == (CallStarted(CallDetails(CALL, STREAM)),)


@pytest.mark.parametrize("big_endian", [False, True])
@pytest.mark.parametrize("rate", [8000, "16000", 24000])
def test_linear_audio_is_taken_in_the_byte_order_of_the_site(rate: int | str, *, big_endian: bool) -> None:
    """Its own document may ask for L16; what we play is named as the stream named itself."""
    protocol = PlivoProtocol(big_endian=big_endian)
    (started,) = protocol.receive(start({"encoding": "audio/x-l16", "sampleRate": rate}))

    expected = AudioFormat(Encoding.LINEAR, int(rate), big_endian)
    assert isinstance(started, CallStarted)
    assert (started.heard, started.spoken) == (expected, expected)
    played = {"contentType": "audio/x-l16", "sampleRate": int(rate), "payload": "AAA="}
    assert sent_by(protocol, PlayAudio(b"\0\0")) == [{"event": "playAudio", "media": played}]


@pytest.mark.parametrize(
    "form",
    [{"sampleRate": 16000}, {"encoding": "audio/opus"}, {"encoding": "audio/x-l16", "sampleRate": "x"}],
)
def test_another_format_is_refused(form: dict[str, object]) -> None:
    """Audio that we would misread never starts a call."""
    with pytest.raises(RemoteProtocolError, match=r"^start: mediaFormat: Expected audio/x-mulaw"):
        PlivoProtocol().receive(start({**MULAW, **form}))


def test_a_socket_carries_one_stream() -> None:
    """Neither a second start nor another stream's message is let in; an unknown event is ignored."""
    protocol = started_stream()

    assert protocol.receive(said("degraded", degraded={})) == ()
    for message in (start(), json.dumps({"event": "stop", "streamId": "another"})):
        with pytest.raises(RemoteProtocolError) as caught:
            protocol.receive(message)
        assert caught.value.close_code == CLOSE_POLICY


# What we say


def test_the_capture_is_produced() -> None:
    """Every message of ours is the documents', as parsed JSON."""
    commands = (AcceptCall(), PlayAudio(SILENCE), SendMark("customer greeting audio"), ClearAudio())

    assert sent_by(started_stream(), *commands, PlayAudio(b"")) == captured("out")


def test_cleared_audio_is_never_acknowledged() -> None:
    """Not by `clearedAudio`; a late acknowledgement of it proves nothing; a later mark's does."""
    protocol = started_stream()
    sent_by(protocol, SendMark("one"), ClearAudio(), SendMark("two"))

    assert protocol.receive(said("clearedAudio")) == ()
    assert protocol.receive(said("playedStream", name="one")) == (MarkReturned("one", played=False),)
    assert protocol.receive(said("playedStream", name="two")) == (MarkReturned("two", played=True),)
    assert not protocol.capabilities.returns_marks_on_clear


def test_hanging_up_and_handing_over_are_not_on_the_wire() -> None:
    """Both are asked for by REST; after a hang-up nothing is heard or said."""
    protocol = started_stream()
    assert (protocol.capabilities.hang_up, protocol.capabilities.transfer) == (Ending.REST, Ending.REST)

    with pytest.raises(LocalProtocolError):
        protocol.send(TransferCall())
    assert sent_by(protocol, HangUp(), HangUp()) == []
    assert protocol.receive(media()) == ()
    with pytest.raises(LocalProtocolError):
        protocol.send(PlayAudio(SILENCE))


def test_nothing_is_said_before_the_start_or_begun_without_it() -> None:
    """Without a stream there is no one to speak to."""
    protocol = PlivoProtocol()
    with pytest.raises(LocalProtocolError):
        protocol.send(PlayAudio(SILENCE))
    with pytest.raises(RemoteProtocolError):
        protocol.begin_without_setup()

    assert started_stream().begin_without_setup() == ()


# Signatures: of plivo/plivo-go, `utils_test.go`, and plivo/plivo-python, `tests/resources/test_signature.py`

TOKEN = "Y2Q2ZDgxZmY5YWRiOTI5YmQ1Njg0MTAxZWIyOTc4"
NONCE = "31627761595286130198"
ADDRESS = "https://plivobin.non-prod.plivops.com/api/v1/validate_signature03.xml"
FORM = {
    "Direction": "outbound",
    "From": "19792014278",
    "ALegUUID": "3e82ae9d-2c78-4d85-b1a4-6eae7dbafb36",
    "CallStatus": "in-progress",
    "BillRate": "0.002",
    "ParentAuthID": "MANWVLYTK4ZWU1YTY4QA",
    "To": "sip:PlivoSignature382029104058171078704104@phone-qa.voice.plivodev.com",
    "ALegRequestUUID": "3e82ae9d-2c78-4d85-b1a4-6eae7dbafb36",
    "CallUUID": "3e82ae9d-2c78-4d85-b1a4-6eae7dbafb36",
    "RequestUUID": "3e82ae9d-2c78-4d85-b1a4-6eae7dbafb36",
    "SIP-H-To": "<sip:PlivoSignature382029104058171078704104@52.9.11.55;transport=udp>;tag=1",
    "SessionStart": "2020-04-08 11:34:33.238707",
    "Event": "StartApp",
}
POSTED = {
    f"{ADDRESS}/?a=b&c=d": "k7Pusd4OxCIjR5IfA9iedDNu/h/gbdYqdzG/MiYtd1c=",
    ADDRESS: "iAjE5QqI37mbkYe4w3jTMudqEzbDufdqi7sYwTu64e0=",
}
GOT = {
    f"{ADDRESS}/?a=b&c=d&{urlencode(FORM)}": "UBq8jAtd32wR8EK9VgxbBn4n5rpI/l1H9iN4WfSEHFQ=",
    f"{ADDRESS}?{urlencode(FORM)}": "i/MQsaQSAd6fiKhOh2qeeeLHZ9faldADSb3/7+Akfbc=",
}
FORM_TYPE = "application/x-www-form-urlencoded"


def signed(url: str, signature: str, **changes: str) -> HttpRequest:
    """A callback of the vectors; `changes` are of its form."""
    headers = {"x-plivo-signature-v3": signature, "x-plivo-signature-v3-nonce": NONCE}
    if url in GOT:
        return HttpRequest("GET", url, headers)
    return HttpRequest(
        "POST", url, {**headers, "content-type": FORM_TYPE}, urlencode({**FORM, **changes}).encode()
    )


def webhooks(token: str | None = TOKEN, *, previous: str | None = None, v2: bool = False) -> PlivoWebhooks:
    return PlivoWebhooks(PlivoOptions(auth_token=token, previous_auth_token=previous, accept_v2=v2))


@pytest.mark.parametrize(("url", "signature"), [*POSTED.items(), *GOT.items()])
def test_every_vector_of_version_3_is_right(url: str, signature: str) -> None:
    """GET and POST, with and without a query; alone or in a list, of the account or of its main account."""
    request = signed(url, signature)
    nonce = {"x-plivo-signature-v3-nonce": NONCE, "content-type": FORM_TYPE}
    listed = HttpRequest(
        request.method, url, {**nonce, "x-plivo-signature-v3": f"AAAA, {signature}"}, request.body
    )
    of_main = HttpRequest(
        request.method,
        url,
        {**nonce, "x-plivo-signature-v3": "AAAA", "x-plivo-signature-ma-v3": signature},
        request.body,
    )

    expected = Verified(
        f"plivo {NONCE}", 1000.0 + NONCE_SECONDS
    )  # by which whoever keeps it refuses a replay
    for each in (request, listed, of_main):
        assert webhooks().verify(each, now=1000.0) == expected
    assert webhooks("new", previous=TOKEN).verify(request, now=1000.0) == expected


@pytest.mark.parametrize(("url", "signature"), [*POSTED.items(), *GOT.items()])
def test_a_wrong_signature_of_version_3_is_refused(url: str, signature: str) -> None:
    """Another token, address, nonce, field or signature, or none."""
    right = signed(url, signature)
    nonce = {"x-plivo-signature-v3-nonce": "1"}
    wrong = [
        HttpRequest(right.method, url.replace("03", "04"), right.headers, right.body),
        HttpRequest(right.method, f"{url}&a=c", right.headers, right.body),
        HttpRequest(right.method, url, {**right.headers, **nonce}, right.body),
        HttpRequest(
            right.method, url, {**right.headers, "x-plivo-signature-v3": signature[::-1]}, right.body
        ),
        HttpRequest(right.method, url, {}, right.body),
        HttpRequest(right.method, url, {**right.headers, "x-plivo-signature-v3-nonce": ""}, right.body),
        HttpRequest("POST", url, {**right.headers, "content-type": FORM_TYPE}, b"To=1"),
        HttpRequest("POST", url, {**right.headers, "content-type": "application/json"}, b"{}"),
    ]

    for request in wrong:
        with pytest.raises(SignatureError):
            webhooks().verify(request, now=0.0)
    for other in ("another", None):
        with pytest.raises(SignatureError):
            webhooks(other).verify(right, now=0.0)


def test_version_2_is_good_enough_only_where_the_site_says_so() -> None:
    """It does not cover the fields, so whoever sends version 3 as well is held to that."""
    headers = {
        "x-plivo-signature-v2": "ehV3IKhLysWBxC1sy8INm0qGoQYdYsHwuoKjsX7FsXc=",
        "x-plivo-signature-v2-nonce": "12345",
    }
    request = HttpRequest("GET", "https://answer.url/?x=1", headers)  # configured without its slash
    lenient = webhooks("my_auth_token", v2=True)

    assert lenient.verify(request, now=0.0) == Verified("plivo 12345", NONCE_SECONDS)
    with pytest.raises(SignatureError):
        webhooks("my_auth_token").verify(request, now=0.0)
    for change in ({"x-plivo-signature-v3": "AAAA"}, {"x-plivo-signature-v2-nonce": "12346"}):
        with pytest.raises(SignatureError):
            lenient.verify(HttpRequest("GET", request.url, {**headers, **change}), now=0.0)


def test_version_1_is_good_enough_only_where_the_site_says_so() -> None:
    """The SDKs' vector. It covers the fields; a version 3 beside it is what counts."""
    url, body = "http://foo.com/answer/", b"Duration=300&CallUUID=97ceeb52-58b6-11e1-86da-77300b68f8bb"
    headers = {"content-type": FORM_TYPE, "x-plivo-signature": "EJEt0ELanhr8hjMPIJnLNLex0dE="}
    request = HttpRequest("POST", url, headers, body)
    options = PlivoOptions(auth_token="MAXXXXXXXXXXXXXXXXXX", accept_v1=True)
    lenient = PlivoWebhooks(options)

    assert lenient.verify(request, now=0.0) == Verified()
    wrong = (
        HttpRequest("POST", url, headers, body + b"1"),
        HttpRequest("POST", f"{url}?a=1", headers, body),
        HttpRequest("POST", url, {**headers, "x-plivo-signature": "AAAA"}, body),
        HttpRequest("POST", url, {**headers, "x-plivo-signature-v3": "AAAA"}, body),
        HttpRequest("POST", url, {"content-type": FORM_TYPE}, body),
    )
    for each in wrong:
        with pytest.raises(SignatureError):
            lenient.verify(each, now=0.0)
    with pytest.raises(SignatureError):
        webhooks(options.auth_token).verify(request, now=0.0)
    with pytest.raises(SignatureError, match="not configured"):
        PlivoWebhooks(PlivoOptions(accept_v1=True)).verify(request, now=0.0)


# Documents and reports


def test_a_call_is_answered_with_a_stream() -> None:
    """The address is the element's text; headers have letters and digits only, so the rest stays behind."""
    form = {"CallUUID": CALL, "From": "+9665", "To": "9661", "Direction": "inbound"}
    request = HttpRequest("POST", "https://h/", {"content-type": FORM_TYPE}, urlencode(form).encode())
    call = webhooks().incoming(request)
    assert call == IncomingCall(CALL, "+9665", "9661", Direction.INBOUND)

    stream = StreamTarget("wss://h/ws/plivo/t", "https://h/status", {"visit": "12", "note": "a b"})
    element = only_verb(webhooks().connect(call, stream))
    assert (element.tag, element.text) == ("Stream", "wss://h/ws/plivo/t")
    assert element.attrib == {
        "bidirectional": "true",
        "keepCallAlive": "true",
        "audioTrack": "inbound",
        "contentType": "audio/x-mulaw;rate=8000",
        "extraHeaders": "callerNumber=9665,calleeNumber=9661,direction=inbound,visit=12",
        "statusCallbackUrl": "https://h/status",
    }
    started = PlivoProtocol().receive(start(extra_headers=element.attrib["extraHeaders"]))
    assert started == (
        CallStarted(CallDetails(CALL, STREAM, "9665", "9661", Direction.INBOUND, {"visit": "12"})),
    )


def test_headers_stay_within_what_is_taken() -> None:
    """512 bytes: a header that would be too much is left out, a shorter one after it is not."""
    stream = StreamTarget("wss://h", None, {"long": "a" * 600, "short": "1"})
    element = only_verb(webhooks().connect(IncomingCall(), stream))

    assert element.attrib["extraHeaders"] == "short=1"


def test_a_call_is_refused_as_busy() -> None:
    """The document hangs up before it was answered."""
    element = only_verb(webhooks().reject(IncomingCall()))

    assert (element.tag, element.attrib) == ("Hangup", {"reason": "busy"})


@pytest.mark.parametrize(
    ("word", "status"),
    [
        ("ringing", CallStatus.RINGING),
        ("in-progress", CallStatus.IN_PROGRESS),
        ("completed", CallStatus.COMPLETED),
        ("timeout", CallStatus.NO_ANSWER),
        ("cancel", CallStatus.CANCELED),
        ("dancing", None),
    ],
)
def test_a_report_says_how_far_a_call_has_come(word: str, status: CallStatus | None) -> None:
    """As a form; the answering machine's report is one of the call's."""
    body = urlencode({"CallUUID": CALL, "CallStatus": word, "Machine": "true", "Duration": "31"}).encode()
    report = webhooks().status(HttpRequest("POST", "https://h/", {}, body))

    assert report is not None
    assert (report.provider_call_id, report.status, report.answered_by, report.seconds) == (
        CALL,
        status,
        "machine",
        31.0,
    )
    assert webhooks().status(HttpRequest("POST", "https://h/", {}, b"Event=StopStream")) is None


# REST

OPTIONS = PlivoOptions(auth_id="MA1", auth_token="t")
BASE = "https://api.plivo.com/v1/Account/MA1/Call/"
ORDER = CallOrder(
    to="+9665",
    from_="+9661",
    stream=StreamTarget("wss://h/t", "https://h/status"),
    answer_url="https://h/answer",
    detect_machine=True,
    order_id="1",
)


def test_a_call_is_placed_through_our_webhook() -> None:
    """Basic credential, JSON; machine detection does not hold up the answer."""
    request = PlivoControl(OPTIONS).place(ORDER)

    assert (request.method, request.url) == ("POST", BASE)
    assert request.headers == {"authorization": "Basic TUExOnQ=", "content-type": "application/json"}
    assert json.loads(request.body) == {
        "from": "+9661",
        "to": "+9665",
        "answer_url": "https://h/answer",
        "answer_method": "POST",
        "ring_timeout": 30,
        "ring_url": "https://h/status",
        "hangup_url": "https://h/status",
        "machine_detection": "true",
        "machine_detection_url": "https://h/status",
    }
    created = HttpResponse(201, b'{"message": "call fired", "request_uuid": "u"}')
    assert PlivoControl(OPTIONS).placed(created) == "u"


def test_a_call_is_ended_and_handed_over() -> None:
    """Deleting the call ends it; a transfer names an address of XML."""
    control = PlivoControl(OPTIONS)
    ended = control.hang_up(CallDetails("u/1"))
    moved = control.transfer(CallDetails("u"), "+9662", "https://h/dial/%2B9662")

    assert (ended.method, ended.url, ended.body) == ("DELETE", f"{BASE}u%2F1/", b"")
    assert (moved.method, moved.url) == ("POST", f"{BASE}u/")
    sent = json.loads(moved.body)
    assert (sent["legs"], sent["aleg_url"]) == ("aleg", "https://h/dial/%2B9662")


@pytest.mark.parametrize(
    ("status", "meaning"),
    [
        (204, AfterRequest.DONE),
        (404, AfterRequest.DONE),  # over already
        (429, AfterRequest.AGAIN),
        (503, AfterRequest.AGAIN),
        (401, AfterRequest.REFUSED),
    ],
)
def test_over_already_is_done(status: int, meaning: AfterRequest) -> None:
    """A call that is gone need not be ended again."""
    assert PlivoControl(OPTIONS).outcome(HttpResponse(status)) is meaning


def test_what_is_not_configured_cannot_be_asked() -> None:
    """The complaint names the setting."""
    bare = PlivoControl(PlivoOptions())
    with pytest.raises(LocalProtocolError, match=r"server\.public_url"):
        bare.transfer(CallDetails("u"), "+9662")
    with pytest.raises(LocalProtocolError, match=r"providers\.plivo\.auth_id"):
        bare.hang_up(CallDetails("u"))
    with pytest.raises(LocalProtocolError, match="webhook"):
        bare.place(CallOrder(to="1", from_="2", stream=ORDER.stream, order_id="1"))


# The far end


def test_the_far_end_acknowledges_only_what_it_played() -> None:
    """A checkpoint once, and never one that was cleared; the clear itself at once."""
    wire = PlivoWire()
    wire.open(CarrierCall("1", "2", "c"))
    checkpoint = said("checkpoint", name="one")
    wire.receive(checkpoint)
    with pytest.raises(RemoteProtocolError, match="pending already"):
        wire.receive(checkpoint)

    cleared, owed = wire.receive(said("clearAudio"))
    assert (cleared, wire.mark("one")) == (PlaybackCleared(), ())
    assert isinstance(owed, Owed)
    assert json.loads(owed.message)["event"] == "clearedAudio"
    wire.receive(checkpoint)
    assert [len(wire.mark("one")) for _ in range(2)] == [1, 0]


@pytest.mark.parametrize(
    "message",
    [
        said("stop"),  # a descendant's word
        json.dumps({"event": "clearAudio"}),
        json.dumps({"event": "clearAudio", "streamId": "another"}),
        said("playAudio", media={"contentType": "audio/x-l16", "sampleRate": 8000, "payload": "AAA="}),
        said("playAudio", media={"contentType": "audio/x-mulaw", "sampleRate": 8000, "payload": ""}),
        said(
            "playAudio", media={"contentType": "audio/x-mulaw", "sampleRate": 8000, "payload": "AA==", "x": 1}
        ),
    ],
)
def test_the_far_end_refuses_what_is_not_documented(message: str) -> None:
    """Another format, another stream, another field."""
    wire = PlivoWire()
    wire.open(CarrierCall("1", "2", "c"))

    with pytest.raises(RemoteProtocolError):
        wire.receive(message)
