"""Telnyx's wire, from its own end."""

import base64
import json

import pytest

from bridge.carriers.base import AudioToPlay, CarrierCall, Dialling
from bridge.carriers.wires.telnyx import TelnyxWire
from protocols import RemoteProtocolError

CALL = CarrierCall("+1", "+2", "v3:1", direction="outbound", custom={"visit": "12"})
TOKEN = "a.b.c"


def media(length: int) -> str:
    return json.dumps({"event": "media", "media": {"payload": base64.b64encode(bytes(length)).decode()}})


def test_a_token_is_shown_in_the_header_or_in_the_path() -> None:
    """The stream's own in the header; a single-use one in the path."""
    wire = TelnyxWire()

    header = {"x-telnyx-streaming-auth-token": "secret"}
    assert wire.dial("wss://h/ws", CALL, "secret") == Dialling("wss://h/ws", header)
    assert wire.dial("wss://h/ws", CALL, TOKEN) == Dialling(f"wss://h/ws/{TOKEN}")


def test_the_leg_is_european() -> None:
    """The start says so, whatever was declared for the other direction."""
    _, start = [json.loads(message) for message in TelnyxWire().open(CALL)]

    assert start["start"]["media_format"] == {"encoding": "PCMA", "sample_rate": 8000, "channels": 1}
    assert start["start"]["custom_parameters"] == {"visit": "12", "direction": "outbound"}


@pytest.mark.parametrize("length", [160, 240_000])
def test_audio_of_twenty_milliseconds_to_thirty_seconds_is_played(length: int) -> None:
    """The limits of one message."""
    assert TelnyxWire().receive(media(length)) == (AudioToPlay(bytes(length)),)


@pytest.mark.parametrize(
    "message",
    [
        media(159),
        media(240_001),
        '{"event":"clear","stream_id":"x"}',
        '{"event":"mark","mark":{"name":"m"},"stream_id":"x"}',
        '{"event":"dtmf","dtmf":{"digit":"1"}}',
        b"\xff",
    ],
)
def test_what_telnyx_does_not_understand_is_refused(message: str | bytes) -> None:
    """Too short, too long, and what the document does not have."""
    with pytest.raises(RemoteProtocolError):
        TelnyxWire().receive(message)
