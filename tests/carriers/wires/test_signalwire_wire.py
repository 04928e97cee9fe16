"""SignalWire's wire, from its own end."""

import json

import pytest

from bridge.carriers.base import CarrierCall
from bridge.carriers.wires.signalwire import SignalWireWire
from protocols import RemoteProtocolError

CALL = CarrierCall("+1", "+2", "c-1", direction="inbound")


def test_identifiers_are_where_signalwire_has_them() -> None:
    """Only keys and marks name the stream."""
    wire = SignalWireWire()
    said = [*wire.open(CALL), *wire.audio(bytes(960)), *wire.digit("1"), *wire.mark("m"), *wire.stop()]
    messages = {message["event"]: message for message in map(json.loads, said)}

    assert {event for event, message in messages.items() if "streamSid" in message} == {"dtmf", "mark"}
    assert {event for event, message in messages.items() if "sequenceNumber" not in message} == {
        "connected",
        "mark",
    }
    assert "stop" not in messages["stop"]


@pytest.mark.parametrize("payload", ["AAA=AA==", "AAAA"])
def test_half_a_sample_is_refused(payload: str) -> None:
    """L16 has two bytes."""
    wire = SignalWireWire()
    stream = "7d56cc11-536d-4a45-b4fb-ed3d55be843b"
    with pytest.raises(RemoteProtocolError):
        wire.receive(json.dumps({"event": "media", "streamSid": stream, "media": {"payload": payload}}))
