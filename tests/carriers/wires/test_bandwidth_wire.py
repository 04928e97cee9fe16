"""Bandwidth's wire, from its own end."""

import json

import pytest

from bridge.carriers.base import AudioToPlay, CarrierCall
from bridge.carriers.wires.bandwidth import BandwidthWire
from protocols import RemoteProtocolError


def played(content_type: str, payload: str = "//8=") -> str:
    return json.dumps({"eventType": "playAudio", "media": {"contentType": content_type, "payload": payload}})


def test_a_start_names_the_parties_only_as_parameters() -> None:
    """As the imagined document had handed them back."""
    (start,) = [json.loads(message) for message in BandwidthWire().open(CarrierCall("+1", "+2", "c-1"))]

    assert start["metadata"]["callId"] == "c-1"
    assert start["streamParams"] == {"caller_number": "+1", "callee_number": "+2", "direction": "inbound"}


def test_audio_that_says_what_it_is_is_played() -> None:
    """In mu-law, of any length."""
    assert BandwidthWire().receive(played("audio/pcmu")) == (AudioToPlay(b"\xff\xff"),)


@pytest.mark.parametrize(
    "message",
    [
        played("audio/pcma"),
        played("audio/pcmu", ""),
        '{"eventType":"playAudio","media":{"payload":"//8="}}',
        '{"eventType":"mark","name":"m"}',
        '{"eventType":"clear","streamId":"s"}',
        b"\0",
    ],
)
def test_what_bandwidth_does_not_understand_is_refused(message: str | bytes) -> None:
    """Another content type, none, no audio, marks, unknown fields, binary frames."""
    with pytest.raises(RemoteProtocolError):
        BandwidthWire().receive(message)
