"""Asterisk's wire, from our end: recordings of a real one, and every trap in it."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from bridge.carriers.base import AudioToPlay, CarrierCall, Owed, PlaybackCleared
from bridge.carriers.wires.asterisk import AsteriskWire, Tongue
from protocols import (
    AcceptCall,
    AudioReceived,
    CallDetails,
    CallStarted,
    ClearAudio,
    Command,
    Complained,
    Direction,
    DtmfReceived,
    Encoding,
    HangUp,
    LocalProtocolError,
    MarkReturned,
    PlayAudio,
    RemoteProtocolError,
    ReplyDue,
    SendMark,
    TransferCall,
)
from protocols.asterisk import (
    ASTERISK,
    MAX_AUDIO_BYTES,
    MAX_COMMAND_BYTES,
    MOST_HELD_SECONDS,
    PROVIDER,
    AsteriskControl,
    AsteriskOptions,
    AsteriskProtocol,
)
from protocols.audio import AudioFormat
from protocols.http import HttpRequest, HttpResponse, basic
from protocols.provider import AfterRequest, CallOrder, Grant, SignatureError, StreamTarget

CAPTURES = Path(__file__).parents[1] / "captures" / "asterisk"
WEBSOCKET = ["ari-websocket", *sorted(path.stem for path in CAPTURES.glob("ws-*.jsonl"))]
FRAME = bytes(range(160))
START = "MEDIA_START connection_id:hatif channel:WebSocket/hatif/0x1 channel_id:17.1 format:{} {}"
JSON_START = {"event": "MEDIA_START", "format": "ulaw", "optimal_frame_size": 160, "channel_id": "17.1"}
FORMATS = {
    "ulaw": AudioFormat(Encoding.MULAW),
    "alaw": AudioFormat(Encoding.ALAW),
    "slin": AudioFormat(Encoding.LINEAR),
    "slin16": AudioFormat(Encoding.LINEAR, 16_000),
    "slin24": AudioFormat(Encoding.LINEAR, 24_000),
}


def plain(codec: str = "ulaw", size: str = "optimal_frame_size:160 ptime:20") -> AsteriskProtocol:
    protocol = AsteriskProtocol()
    protocol.receive(START.format(codec, size))
    return protocol


def in_json(**changes: object) -> AsteriskProtocol:
    protocol = AsteriskProtocol()
    protocol.receive(json.dumps({**JSON_START, **changes}))
    return protocol


def sent(protocol: AsteriskProtocol, *commands: Command) -> list[str | bytes]:
    return [message for command in commands for message in protocol.send(command)]


def details(facts: dict[str, str], **variables: str) -> CallDetails:
    protocol = AsteriskProtocol(facts)
    (started,) = protocol.receive(json.dumps({**JSON_START, "channel_variables": variables}))
    assert isinstance(started, CallStarted)
    return started.details


# Recordings of a real Asterisk


def recorded(name: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (CAPTURES / f"{name}.jsonl").read_text().splitlines()]


def upgrade_of(line: dict[str, Any]) -> HttpRequest:
    method, target = line["text"].split(" ")
    headers = {name.lower(): value for name, value in line["headers"].items()}
    return HttpRequest(method, f"ws://{headers['host']}{target}", headers)


def replay(name: str) -> tuple[AsteriskProtocol, list[object], int]:
    """Everything that Asterisk sent, and how many bytes of audio that was (a recording has some of them)."""
    upgrade, *lines = recorded(name)
    grant = Grant(request=upgrade_of(upgrade), is_authenticated=True)
    protocol = PROVIDER.media(AsteriskOptions(), grant)
    assert isinstance(protocol, AsteriskProtocol)
    events: list[object] = []
    audio_bytes = 0
    for line in lines:
        if line["dir"] == "in" and line["kind"] == "text":
            events += protocol.receive(line["text"])
        elif line["dir"] == "in" and line["kind"] == "binary":
            audio_bytes += line["len"]
            events += protocol.receive(bytes.fromhex(line["hex16"]).ljust(line["len"], b"\xff"))
    return protocol, events, audio_bytes


@pytest.mark.parametrize("name", WEBSOCKET)
def test_every_recorded_call_is_understood(name: str) -> None:
    """Formats, keys and audio of calls on Asterisk 23.4.1, in both tongues, at 20 and 30 ms."""
    _, events, audio_bytes = replay(name)
    expected = FORMATS["slin16" if "slin16" in name else "ulaw"]

    (started,) = [event for event in events if isinstance(event, CallStarted)]
    assert (started.heard, started.spoken) == (expected, expected)
    assert [event.key for event in events if isinstance(event, DtmfReceived)] == ["1", "2"]
    assert sum(len(event.payload) for event in events if isinstance(event, AudioReceived)) == audio_bytes > 0
    assert not any(isinstance(event, Complained) for event in events)


@pytest.mark.parametrize("name", WEBSOCKET)
def test_what_a_real_asterisk_took_is_taken_by_the_far_end(name: str) -> None:
    """All commands of the recordings but those that were sent to see them fail."""
    tongue = Tongue.PLAIN if "plain" in name else Tongue.JSON
    wire = AsteriskWire(tongue=tongue, codec="slin16" if "slin16" in name else "ulaw")
    for line in recorded(name):
        if line["dir"] != "out" or line["kind"] != "text":
            continue
        if len(line["text"]) > MAX_COMMAND_BYTES or "BOGUS" in line["text"] or "flush" in line["text"]:
            with pytest.raises(RemoteProtocolError):
                wire.receive(line["text"])
        else:
            wire.receive(line["text"])


def test_the_recorded_callers_are_known_by_their_query() -> None:
    """`v(caller=...)` is in the query of the upgrade; what has no meaning of ours is attached."""
    _, events, _ = replay("ws-plain-ulaw")

    assert events[0] == CallStarted(
        CallDetails(
            provider_call_id="1795219923.1",
            stream_id="1795219923.1",
            caller_number="4155550123",
            custom={"exten": "wsulaw"},
        )
    )


def test_the_recorded_inherited_variable_is_attached() -> None:
    """`Set(__CALLREF=ref-42)` keeps its underscores on the wire; Asterisk's own variables are left out."""
    _, events, _ = replay("ws-json-dial-g")

    assert isinstance(events[0], CallStarted)
    assert events[0].details.custom == {"CALLREF": "ref-42"}


def test_the_recorded_call_that_was_not_answered_is_answered_once() -> None:
    """Its dial string has the option n."""
    protocol, _, _ = replay("ws-json-noanswer")

    assert sent(protocol, AcceptCall(), AcceptCall()) == ['{"command":"ANSWER"}']


@pytest.mark.parametrize("name", ["ws-plain-ulaw-xoff", "ws-json-ulaw"])
def test_the_recorded_credential_is_admitted(name: str) -> None:
    """What a real Asterisk sends for the username and password of its client."""
    request = upgrade_of(recorded(name)[0])
    options = AsteriskOptions(username="medianame", password="mediapassword")
    assert PROVIDER.admit is not None

    assert PROVIDER.admit(options, request, 0.0) is not None
    assert request.headers["sec-websocket-protocol"] in ASTERISK.subprotocols


@pytest.mark.parametrize(
    "headers",
    [{}, {"authorization": ""}, {"authorization": basic("hatif", "b")}, {"authorization": basic("x", "a")}],
)
def test_whoever_shows_another_credential_is_not_let_in(headers: dict[str, str]) -> None:
    """Missing, empty, another password, another user."""
    assert PROVIDER.admit is not None
    with pytest.raises(SignatureError):
        PROVIDER.admit(AsteriskOptions(password="a"), HttpRequest("GET", "wss://h/ws/asterisk", headers), 0.0)


# The start


@pytest.mark.parametrize("codec", FORMATS)
def test_the_format_is_the_dial_strings(codec: str) -> None:
    """Asterisk names it; both ways are the same."""
    (started,) = AsteriskProtocol().receive(START.format(codec, "optimal_frame_size:320 ptime:20"))

    assert isinstance(started, CallStarted)
    assert (started.heard, started.spoken) == (FORMATS[codec], FORMATS[codec])


@pytest.mark.parametrize(
    "changes", [{"format": "opus"}, {"optimal_frame_size": 10**9}, {"optimal_frame_size": "x"}]
)
def test_a_format_that_cannot_be_spoken_is_refused(changes: dict[str, object]) -> None:
    """Codecs that Asterisk cannot cut for us, and frames of no sensible size."""
    with pytest.raises(RemoteProtocolError, match="MEDIA_START"):
        in_json(**changes)


def test_nothing_comes_before_the_start_nor_a_second_one() -> None:
    """Asterisk always begins with it."""
    for message in (FRAME, "DTMF_END digit:5", '{"event":"MEDIA_XOFF"}'):
        with pytest.raises(RemoteProtocolError, match="before MEDIA_START"):
            AsteriskProtocol().receive(message)
    with pytest.raises(RemoteProtocolError, match="second"):
        plain().receive(START.format("ulaw", ""))
    with pytest.raises(LocalProtocolError):
        AsteriskProtocol().send(PlayAudio(FRAME))


def test_a_start_of_the_first_releases_is_understood() -> None:
    """20.16 sent neither the channel's identifier nor the frame's length in milliseconds."""
    protocol = AsteriskProtocol()
    (started,) = protocol.receive("MEDIA_START connection_id:x channel:WebSocket/x/0x1 format:alaw")

    assert isinstance(started, CallStarted)
    assert started.details.provider_call_id is None
    assert sent(protocol, PlayAudio(FRAME + b"x")) == ["START_MEDIA_BUFFERING", FRAME]


def test_the_query_says_who_calls_whom() -> None:
    """A plus that Asterisk did not encode arrives as a space, and is a plus again."""
    request = HttpRequest(
        "GET", "wss://h/ws/asterisk?call=17.0&caller=+966500000001&called=%2B96611&direction=outbound"
    )

    assert details(request.query) == CallDetails(
        provider_call_id="17.0",
        stream_id="17.1",
        caller_number="+966500000001",
        callee_number="+96611",
        direction=Direction.OUTBOUND,
    )


def test_variables_say_it_too_and_the_query_outweighs_them() -> None:
    """Inherited variables come with one underscore, two or none; empty ones are no facts."""
    found = details(
        {"visit": "2"},
        __HATIF_caller="050",
        _HATIF_visit="1",
        HATIF_empty="",
        DIALEDPEERNUMBER="hatif/v(x=1)",
    )

    assert (found.caller_number, found.custom) == ("050", {"visit": "2"})


# Commands


def test_commands_are_written_as_asterisk_writes() -> None:
    """In JSON to one that speaks JSON; in plain text a mark is the end of a buffering, as in all releases."""
    assert sent(in_json(), PlayAudio(FRAME), SendMark("a"), HangUp()) == [
        FRAME,
        '{"command":"MARK_MEDIA","correlation_id":"m1"}',
        '{"command":"HANGUP"}',
    ]
    assert sent(plain(), PlayAudio(FRAME), PlayAudio(FRAME), SendMark("a"), SendMark("b"), HangUp()) == [
        "START_MEDIA_BUFFERING",
        FRAME,
        FRAME,
        "STOP_MEDIA_BUFFERING m1",
        "START_MEDIA_BUFFERING",
        "STOP_MEDIA_BUFFERING m2",
        "HANGUP",
    ]


@pytest.mark.parametrize("protocol", [plain(), in_json()])
def test_no_command_is_longer_than_asterisk_reads(protocol: AsteriskProtocol) -> None:
    """128 bytes, whatever a mark is called; the name comes back whole."""
    name = "a mark with spaces, Arabic (علامة) and " + "x" * 200
    texts = [text for text in sent(protocol, SendMark(name)) if isinstance(text, str)]

    assert all(len(text.encode()) <= MAX_COMMAND_BYTES for text in texts)
    assert protocol.receive("MEDIA_MARK_PROCESSED m1") == (MarkReturned(name, played=True),)


def test_a_frame_that_is_not_full_waits_and_is_filled_up_before_a_mark() -> None:
    """Asterisk drops what does not fill its last frame; of linear samples, silence is zero."""
    protocol = plain("slin16", "optimal_frame_size:960 ptime:30")
    frame = bytes(640)

    assert sent(protocol, PlayAudio(frame)) == []
    assert sent(protocol, PlayAudio(b"\1" * 640)) == ["START_MEDIA_BUFFERING", frame + b"\1" * 320]
    assert sent(protocol, SendMark("a")) == [b"\1" * 320 + bytes(640), "STOP_MEDIA_BUFFERING m1"]


def test_a_long_prompt_is_cut_below_the_limit_of_a_message() -> None:
    """At frames, and nothing is lost."""
    audio = FRAME * 1000
    messages = sent(in_json(), PlayAudio(audio))

    assert all(isinstance(each, bytes) and len(each) <= MAX_AUDIO_BYTES for each in messages)
    assert all(len(each) % 160 == 0 for each in messages)
    assert b"".join(each for each in messages if isinstance(each, bytes)) == audio


def test_asterisk_is_answered_only_where_it_waits_for_that() -> None:
    """Plain text does not show the dial string: there a setting says it."""
    assert sent(plain(), AcceptCall()) == []
    waiting = PROVIDER.media(AsteriskOptions(answer=True), grant())
    waiting.receive(START.format("ulaw", ""))
    assert list(waiting.send(AcceptCall())) == ["ANSWER"]
    named_n = {"DIALEDPEERNUMBER": "clinic/c(ulaw)f(json)v(name=n)"}
    assert sent(in_json(channel_variables=named_n), AcceptCall()) == []


def grant() -> Grant:
    return Grant(request=HttpRequest("GET", "wss://h/ws/asterisk"), is_authenticated=True)


def test_pings_are_sent_only_to_releases_that_survive_them() -> None:
    """Unless the site says which it has, none are."""
    assert not PROVIDER.media(AsteriskOptions(), grant()).capabilities.tolerates_pings
    assert PROVIDER.media(AsteriskOptions(pings=True), grant()).capabilities.tolerates_pings


def test_after_hanging_up_nothing_is_said_or_heard() -> None:
    """What crosses our HANGUP is nobody's mistake; what we add to it is ours."""
    protocol = plain()
    sent(protocol, HangUp())

    assert sent(protocol, HangUp()) == []
    assert protocol.receive(FRAME) == ()
    with pytest.raises(LocalProtocolError):
        protocol.send(PlayAudio(FRAME))
    with pytest.raises(LocalProtocolError, match="ARI"):
        plain().send(TransferCall("966"))


# Clearing


CLEARING = ["REPORT_QUEUE_DRAINED", "FLUSH_MEDIA", "CONTINUE_MEDIA"]


def test_a_flush_is_acknowledged_by_the_drained_queue() -> None:
    """It drops marks without a word; those sent after it are not touched."""
    protocol = plain()
    sent(protocol, PlayAudio(FRAME), SendMark("before"))
    assert sent(protocol, ClearAudio()) == CLEARING
    sent(protocol, SendMark("after"))

    assert protocol.receive("QUEUE_DRAINED") == (MarkReturned("before", played=False),)
    assert protocol.receive("MEDIA_BUFFERING_COMPLETED m1") == ()
    assert protocol.receive("MEDIA_BUFFERING_COMPLETED m2") == (MarkReturned("after", played=True),)


def test_a_mark_that_crosses_the_flush_proves_nothing() -> None:
    """It was on its way; asking twice beats not heard."""
    protocol = in_json()
    sent(protocol, PlayAudio(FRAME), SendMark("a"), ClearAudio())

    crossing = json.dumps({"event": "MEDIA_MARK_PROCESSED", "correlation_id": "m1"})
    assert protocol.receive(crossing) == (MarkReturned("a", played=False),)
    assert protocol.receive('{"event":"QUEUE_DRAINED"}') == ()


def test_a_flush_drops_the_frame_that_was_begun_and_ends_the_buffering() -> None:
    """What is said next begins with its own first byte, in a buffering of its own."""
    protocol = plain()
    sent(protocol, PlayAudio(FRAME + b"rest"), ClearAudio())

    assert sent(protocol, PlayAudio(FRAME)) == ["START_MEDIA_BUFFERING", FRAME]


# Flow control


@pytest.mark.parametrize("room", ["MEDIA_XON", "QUEUE_DRAINED"])
def test_audio_and_marks_wait_in_order_until_there_is_room(room: str) -> None:
    """Above 900 frames Asterisk says XOFF, and would soon drop whole messages."""
    protocol = plain()
    sent(protocol, PlayAudio(FRAME))
    protocol.receive("MEDIA_XOFF")

    assert sent(protocol, PlayAudio(FRAME * 2), SendMark("a")) == []
    assert protocol.receive(room) == (ReplyDue(FRAME * 2), ReplyDue("STOP_MEDIA_BUFFERING m1"))
    assert sent(protocol, PlayAudio(FRAME)) == ["START_MEDIA_BUFFERING", FRAME]


def test_a_flush_goes_ahead_of_what_waits_and_drops_it() -> None:
    """Barging in works on a full queue as well."""
    protocol = plain()
    protocol.receive("MEDIA_XOFF")
    sent(protocol, PlayAudio(FRAME), SendMark("a"))

    assert sent(protocol, ClearAudio()) == CLEARING
    assert protocol.receive("QUEUE_DRAINED") == (MarkReturned("a", played=False),)


def test_what_waits_is_bounded() -> None:
    """A minute of audio; then all that follows is lost, marks too, for a mark must not outlive its audio."""
    protocol = in_json()
    protocol.receive('{"event":"MEDIA_XOFF"}')
    for _ in range(MOST_HELD_SECONDS * 2):
        sent(protocol, PlayAudio(FRAME * 50))
    sent(protocol, SendMark("a"))

    released = [
        event.message for event in protocol.receive('{"event":"MEDIA_XON"}') if isinstance(event, ReplyDue)
    ]
    assert sum(map(len, released)) == MOST_HELD_SECONDS * 8000
    assert all(isinstance(message, bytes) for message in released)


# Events


def test_errors_are_told_and_status_and_novelties_ignored() -> None:
    """In either tongue; an empty text is nothing."""
    protocol = plain()

    assert protocol.receive("ERROR channel_id:17.1 error_text:Unable to do it") == (Complained("ERROR"),)
    assert protocol.receive("STATUS channel_id:17.1 queue_length:0 queue_full:false") == ()
    assert protocol.receive('{"event":"NEWS","x":1}') == ()
    assert protocol.receive("") == ()
    assert protocol.receive(b"") == ()


def test_a_mark_of_nobody_means_nothing() -> None:
    """Nor does a buffering that was completed without a name."""
    assert plain().receive("MEDIA_MARK_PROCESSED m9") == ()
    assert plain().receive("MEDIA_BUFFERING_COMPLETED") == ()


# Both ends


@pytest.mark.parametrize("codec", FORMATS)
@pytest.mark.parametrize("tongue", Tongue)
def test_both_ends_agree_in_every_format_and_tongue(codec: str, tongue: Tongue) -> None:
    """The far end of an old release in plain text, of a new one in JSON."""
    wire = AsteriskWire(tongue=tongue, codec=codec, knows_marks=tongue is Tongue.JSON)
    protocol = AsteriskProtocol()
    (started,) = [event for text in wire.open(CarrierCall("1", "2", "3")) for event in protocol.receive(text)]
    assert isinstance(started, CallStarted)
    assert started.spoken == wire.our_audio
    audio = bytes(started.spoken.frame_bytes - 2)

    took = [
        event
        for message in sent(protocol, PlayAudio(audio), SendMark("m"))
        for event in wire.receive(message)
    ]
    assert [len(event.payload) for event in took if isinstance(event, AudioToPlay)] == [len(audio) + 2]
    assert played(protocol, wire.mark("m1")) == [MarkReturned("m", played=True)]
    assert played(protocol, wire.digit("#")) == [DtmfReceived("#")]

    cleared = [
        event for message in sent(protocol, SendMark("n"), ClearAudio()) for event in wire.receive(message)
    ]
    assert PlaybackCleared() in cleared
    drained = [event.message for event in cleared if isinstance(event, Owed)]
    assert played(protocol, drained) == [MarkReturned("n", played=False)]


def played(protocol: AsteriskProtocol, messages: Sequence[str | bytes]) -> list[object]:
    return [event for message in messages for event in protocol.receive(message)]


# ARI


ARI = AsteriskOptions(
    ari_url="http://127.0.0.1:8088/ari/", ari_password="secret", dial="PJSIP/{number}@trunk", password="x"
)
ORDER = CallOrder(
    to="+966500000001",
    from_="+966110000001",
    stream=StreamTarget("wss://hatif.example/ws/asterisk", parameters={"v": "1,2)"}),
    ring_seconds=25,
    detect_machine=True,
    order_id="order-7",
)


def test_a_call_is_originated_into_the_dialplan() -> None:
    """The order's identifier is the channel's, so that a repeated request calls nobody twice."""
    request = AsteriskControl(ARI).place(ORDER)

    assert (request.method, request.url) == ("POST", "http://127.0.0.1:8088/ari/channels")
    assert request.headers["authorization"] == basic("hatif", "secret")
    assert json.loads(request.body) == {
        "endpoint": "PJSIP/+966500000001@trunk",
        "context": "hatif-placed",
        "extension": "s",
        "priority": 1,
        "callerId": "+966110000001",
        "timeout": 25,
        "channelId": "order-7",
        "variables": {
            "HATIF_PARAMETERS": "direction=outbound,caller=%2B966110000001,called=%2B966500000001,v=1%2C2%29",
            "HATIF_DETECT": "1",
        },
    }
    assert AsteriskControl(ARI).placed(HttpResponse(200, b'{"id":"order-7","name":"PJSIP/x"}')) == "order-7"


@pytest.mark.parametrize("number", ["966&PJSIP/900", "", "966@evil", "+", "٠٥٠٠٠٠٠٠٠١"])
def test_a_number_cannot_become_another_channel(number: str) -> None:
    """An ampersand in a dial string would call a second party."""
    with pytest.raises(LocalProtocolError, match="digits"):
        AsteriskControl(ARI).transfer(CallDetails("17.0"), number)


def test_the_callers_channel_is_hung_up_and_handed_over() -> None:
    """A transfer leaves the number where the dialplan looks once our leg has ended."""
    control, call = AsteriskControl(ARI), CallDetails("17/0")
    hanging_up, handing_over = control.hang_up(call), control.transfer(call, "+100")

    assert (hanging_up.method, hanging_up.url) == ("DELETE", "http://127.0.0.1:8088/ari/channels/17%2F0")
    assert (handing_over.method, handing_over.path) == ("POST", "/ari/asterisk/variable")
    assert handing_over.query == {"variable": "HATIF_TO_17/0", "value": "+100"}
    with pytest.raises(LocalProtocolError, match="identifier"):
        control.hang_up(CallDetails())


def test_without_ari_nothing_can_be_asked() -> None:
    """The complaint names the setting."""
    with pytest.raises(LocalProtocolError, match=r"providers\.asterisk\.ari_url"):
        AsteriskControl(AsteriskOptions()).hang_up(CallDetails("17.0"))


@pytest.mark.parametrize(
    ("status", "meaning"),
    [
        (200, AfterRequest.DONE),
        (204, AfterRequest.DONE),
        (404, AfterRequest.DONE),  # the channel is gone
        (409, AfterRequest.DONE),  # the order's channel is there already
        (500, AfterRequest.AGAIN),
        (401, AfterRequest.REFUSED),
    ],
)
def test_what_an_answer_of_ari_means(status: int, meaning: AfterRequest) -> None:
    """Already over, and already there, are done."""
    assert AsteriskControl(ARI).outcome(HttpResponse(status)) is meaning
