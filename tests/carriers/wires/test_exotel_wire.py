"""Exotel's wire, from its own end."""

import base64
import json

import pytest

from bridge.carriers.base import AudioToPlay, CarrierCall, Dialling
from bridge.carriers.wires.exotel import SAMPLE_STREAM, ExotelWire
from protocols import RemoteProtocolError
from protocols.http import basic

CALL = CarrierCall("+1", "+2", "c-1")


def media(length: int, stream: str = SAMPLE_STREAM) -> str:
    payload = base64.b64encode(bytes(length)).decode()
    return json.dumps({"event": "media", "stream_sid": stream, "media": {"payload": payload}})


def test_a_password_is_shown_in_the_header() -> None:
    """As the address's user and password; a single-use token ends the path."""
    header = {"Authorization": basic("user", "secret")}

    assert ExotelWire().dial("wss://h/ws", CALL, "user:secret") == Dialling("wss://h/ws", header)
    assert ExotelWire().dial("wss://h/ws", CALL, "a.b.c") == Dialling("wss://h/ws/a.b.c")


@pytest.mark.parametrize("length", [3200, 6400, 99_840])
def test_sizes_that_exotel_plays_well_are_played(length: int) -> None:
    """Multiples of 320 between its limits."""
    assert ExotelWire().receive(media(length)) == (AudioToPlay(bytes(length)),)


@pytest.mark.parametrize(
    "message",
    [
        media(2880),
        media(3201),
        media(100_160),
        media(3200, "other"),
        '{"event":"clear"}',
        '{"event":"clear","streamSid":"x"}',
        b"\0",
    ],
)
def test_what_would_crackle_or_time_out_is_refused(message: str | bytes) -> None:
    """Too small, odd, too large, of another stream, or not of the document."""
    with pytest.raises(RemoteProtocolError):
        ExotelWire().receive(message)
