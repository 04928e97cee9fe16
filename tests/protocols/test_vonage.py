"""Vonage's WebSocket endpoint."""

import json
from pathlib import Path

import pytest

from bridge.carriers.base import CarrierCall
from bridge.carriers.wires.vonage import VonageWire
from protocols import (
    AudioFormat,
    AudioReceived,
    CallDetails,
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
from protocols.vonage import VonageProtocol

CAPTURE = Path(__file__).parents[1] / "captures" / "vonage.jsonl"
CLEAR = '{"action":"clear"}'


def connected(rate: int = 8000, **headers: object) -> str:
    return json.dumps({"event": "websocket:connected", "content-type": f"audio/l16;rate={rate}", **headers})


def notified(mark: str) -> str:
    return json.dumps({"event": "websocket:notify", "payload": {"mark": mark}})


def notify(mark: str) -> str:
    return f'{{"action":"notify","payload":{{"mark":"{mark}"}}}}'


def started_stream(rate: int = 8000) -> VonageProtocol:
    protocol = VonageProtocol()
    protocol.receive(connected(rate))
    return protocol


def sent_by(protocol: VonageProtocol, *commands: Command) -> list[str | bytes]:
    return [message for command in commands for message in protocol.send(command)]


def captured(direction: str) -> list[str | bytes]:
    lines = [json.loads(line) for line in CAPTURE.read_text().splitlines()]
    return [
        bytes.fromhex(line["hex"]) if "hex" in line else json.dumps(line["msg"], separators=(",", ":"))
        for line in lines
        if line["dir"] == direction
    ]


# What Vonage says


def test_the_capture_is_understood() -> None:
    """Every message of the guide means what the guide says."""
    protocol = VonageProtocol()
    begun, *rest = captured("in")

    l16 = AudioFormat(Encoding.LINEAR, 16000)
    details = CallDetails(custom={"language": "en-GB", "caller-id": "447700900123"})
    assert protocol.receive(begun) == (CallStarted(details, l16, l16),)
    protocol.send(SendMark("m1"))
    assert [protocol.receive(message) for message in rest] == [
        (AudioReceived(bytes(640)),),
        (DtmfReceived("5"),),
        (DtmfReceived("5"),),
        (MarkReturned("m1", played=True),),
        (),
    ]


def test_what_the_document_attached_stands_at_the_top() -> None:
    """Parties and identifier are known by their names; values may be of any type."""
    headers = {"call_uuid": "u", "caller_number": "1", "callee_number": "2", "direction": "outbound"}
    (started,) = VonageProtocol().receive(connected(**headers, visit=12, more={"a": [1]}))

    custom = {"visit": "12", "more": '{"a": [1]}'}
    assert isinstance(started, CallStarted)
    assert started.details == CallDetails("u", None, "1", "2", Direction.OUTBOUND, custom)


@pytest.mark.parametrize("rate", [8000, 16000, 24000])
def test_three_rates_are_spoken(rate: int) -> None:
    """Little-endian, 20 ms a message: 320, 640 or 960 bytes."""
    protocol = VonageProtocol()
    (started,) = protocol.receive(connected(rate))

    assert isinstance(started, CallStarted)
    assert started.heard == started.spoken == AudioFormat(Encoding.LINEAR, rate, big_endian=False)
    assert [len(each) for each in sent_by(protocol, PlayAudio(bytes(rate // 5)))] == [rate // 25] * 5


@pytest.mark.parametrize("format_", ["audio/l16;rate=44100", "audio/x-mulaw;rate=8000", "", "audio/l16"])
def test_another_format_is_refused(format_: str) -> None:
    """Audio that we would misread never starts a call."""
    with pytest.raises(RemoteProtocolError, match=r"content-type: Expected audio/l16"):
        VonageProtocol().receive(connected(**{"content-type": format_}))


@pytest.mark.parametrize(
    ("message", "complaint"),
    [
        (b"\0\0", "audio before websocket:connected"),
        (notified("m"), "websocket:notify before websocket:connected"),
        (
            '{"event":"websocket:connected"}',
            "websocket:connected: Object missing required field `content-type`",
        ),
    ],
)
def test_nothing_comes_before_the_introduction(message: str | bytes, complaint: str) -> None:
    """The format would not be known."""
    with pytest.raises(RemoteProtocolError) as caught:
        VonageProtocol().receive(message)

    assert str(caught.value) == complaint
    with pytest.raises(RemoteProtocolError):
        VonageProtocol().begin_without_setup()


@pytest.mark.parametrize(
    ("message", "complaint"),
    [
        (connected(), "websocket:connected twice"),
        (b"\0", "audio: Expected whole samples"),
        ('{"event":"websocket:dtmf"}', "websocket:dtmf: digit: Expected one key of 0-9, *, # or A-D"),
        (
            '{"event":"websocket:notify","payload":7}',
            "websocket:notify: payload: Expected `object`, got `int`",
        ),
    ],
)
def test_a_broken_message_is_refused_by_name(message: str | bytes, complaint: str) -> None:
    """What is unknown is ignored instead; no audio is no event."""
    protocol = started_stream()
    with pytest.raises(RemoteProtocolError) as caught:
        protocol.receive(message)

    assert str(caught.value) == complaint
    assert protocol.receive('{"event":"websocket:weather"}') == ()
    assert protocol.receive(b"") == ()


# What we say


def test_the_capture_is_produced() -> None:
    """Every message of ours is the guide's."""
    commands = (PlayAudio(bytes(640)), SendMark("m1"), ClearAudio())

    assert sent_by(started_stream(16000), *commands) == captured("out")


def test_every_message_has_20_ms() -> None:
    """What is left over waits for more; a mark fills it up, so that it is played before it is asked about."""
    protocol = started_stream()
    piece = b"\x01\x02" * 100

    assert sent_by(protocol, PlayAudio(piece)) == []
    assert sent_by(protocol, PlayAudio(piece), PlayAudio(piece)) == [b"\x01\x02" * 160]
    assert sent_by(protocol, SendMark("m")) == [b"\x01\x02" * 140 + bytes(40), notify("m")]
    assert sent_by(protocol, SendMark("n"), PlayAudio(b"")) == [notify("n")]


def test_a_clear_drops_what_is_left_over_too() -> None:
    """And the marks before it, which never come back; if one did, it would prove nothing."""
    protocol = started_stream()
    sent_by(protocol, PlayAudio(bytes(2)), SendMark("one"), PlayAudio(b"\x01\x01"))

    assert sent_by(protocol, ClearAudio(), SendMark("two")) == [CLEAR, notify("two")]
    assert protocol.receive('{"event":"websocket:cleared"}') == ()
    assert protocol.receive(notified("one")) == (MarkReturned("one", played=False),)
    assert protocol.receive(notified("two")) == (MarkReturned("two", played=True),)
    assert not protocol.capabilities.returns_marks_on_clear


def test_hanging_up_and_handing_over_are_not_on_the_wire() -> None:
    """Closing the socket leads to the next NCCO: both are asked for by REST."""
    protocol = started_stream()
    assert (protocol.capabilities.hang_up, protocol.capabilities.transfer) == (Ending.REST, Ending.REST)

    with pytest.raises(LocalProtocolError):
        protocol.send(TransferCall())
    assert sent_by(protocol, HangUp(), HangUp()) == []
    assert protocol.receive(bytes(320)) == ()


# The far end


def test_the_far_end_takes_whole_frames_only() -> None:
    """And sends none but whole ones, whatever the caller's audio comes in."""
    wire = VonageWire()
    wire.open(CarrierCall("1", "2", "c"))

    for wrong in (bytes(638), bytes(642), bytes(1280), b""):
        with pytest.raises(RemoteProtocolError, match="Expected 20 ms"):
            wire.receive(wrong)
    assert [len(each) for size in (400, 400, 500) for each in wire.audio(bytes(size))] == [640, 640]


def test_the_far_end_never_returns_what_was_cleared() -> None:
    """A notify is answered once, and only if its audio was played."""
    wire = VonageWire()
    wire.receive(notify("one"))
    with pytest.raises(RemoteProtocolError, match="pending already"):
        wire.receive(notify("one"))
    wire.receive(CLEAR)
    wire.receive(notify("two"))

    assert (wire.mark("one"), wire.mark("two"), wire.mark("two")) == (
        (),
        (notified("two").replace(" ", ""),),
        (),
    )
