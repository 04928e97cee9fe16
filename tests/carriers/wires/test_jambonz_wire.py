"""jambonz's audio socket, from its own end."""

import json

import pytest

from bridge.carriers.base import AudioToPlay, CarrierCall, MarkRequested, Owed, PlaybackCleared
from bridge.carriers.wires.jambonz import JambonzWire
from protocols import RemoteProtocolError

CALL = CarrierCall("+1", "+2", "sid", direction="outbound", custom={"from": "the verb's own"})


def mark(name: str) -> str:
    return json.dumps({"type": "mark", "data": {"name": name}})


def test_it_offers_its_subprotocol_and_describes_the_call() -> None:
    """Metadata win over the call's own facts, as in jambonz."""
    wire = JambonzWire()
    dialling = wire.dial("wss://h/ws/jambonz", CALL, "token")
    info = json.loads(wire.open(CALL)[0])

    assert (dialling.url, dialling.subprotocols) == ("wss://h/ws/jambonz/token", ("audio.jambonz.org",))
    assert (info["callSid"], info["from"], info["to"]) == ("sid", "the verb's own", "+2")
    assert not {"type", "event"} & info.keys()


def test_it_keeps_back_what_is_too_little_to_play() -> None:
    """160 ms at first, 80 ms later; half a sample waits for its other half."""
    wire = JambonzWire()

    assert wire.receive(b"\1" * 2559) == ()
    assert wire.receive(b"\1" * 2) == (AudioToPlay(b"\1" * 2560),)
    assert wire.receive(b"\1" * 1278) == ()
    assert wire.receive(b"\1") == (AudioToPlay(b"\1" * 1280),)


def test_killing_the_audio_returns_every_mark_as_cleared() -> None:
    """And drops what was kept back; a mark returns once."""
    wire = JambonzWire()
    assert wire.receive(mark("a")) == (MarkRequested("a"),)
    wire.receive(mark("b"))
    wire.receive(b"\1" * 2000)

    assert len(wire.mark("a")) == 1
    cleared, *owed = wire.receive('{"type":"killAudio"}')
    assert cleared == PlaybackCleared()
    told = [json.loads(each.message) for each in owed if isinstance(each, Owed)]
    assert told == [{"type": "mark", "data": {"name": "b", "event": "cleared"}}]
    assert wire.mark("b") == ()
    assert wire.receive(b"\1" * 2000) == ()


def test_marks_that_the_module_would_drop_are_refused() -> None:
    """More than thirty, or two of one name; `clearMarks` forgets them all."""
    wire = JambonzWire()
    for number in range(30):
        wire.receive(mark(str(number)))
    with pytest.raises(RemoteProtocolError, match="would be dropped"):
        wire.receive(mark("30"))
    wire.receive('{"type":"clearMarks"}')
    wire.receive(mark("0"))
    with pytest.raises(RemoteProtocolError, match="would be dropped"):
        wire.receive(mark("0"))


@pytest.mark.parametrize(
    "message",
    [
        b"",
        b"RIFF....",
        '{"type":"playAudio","data":{}}',
        '{"type":"mark"}',
        '{"type":"killAudio","data":{}}',
        '{"event":"clear"}',
    ],
)
def test_what_a_streaming_socket_ignores_is_refused(message: str | bytes) -> None:
    """Files, and words of others."""
    with pytest.raises(RemoteProtocolError):
        JambonzWire().receive(message)
