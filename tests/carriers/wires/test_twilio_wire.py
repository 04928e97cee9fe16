"""Twilio's wire, from its own end."""

import json
from pathlib import Path

import pytest

from bridge.carriers.base import AudioToPlay, CarrierCall
from bridge.carriers.wires.twilio import TwilioWire
from protocols import RemoteProtocolError
from protocols.errors import CLOSE_POLICY

CAPTURE = Path(__file__).parents[2] / "captures" / "twilio.jsonl"
STREAM = "MZ" + "1" * 32
CALL = CarrierCall("", "", "CA" + "3" * 32, direction="", custom={"FirstName": "Jane", "LastName": "Doe"})


def said(event: str, **fields: object) -> str:
    return json.dumps({"event": event, "streamSid": STREAM, **fields})


def captured() -> dict[str, object]:
    lines = [json.loads(line) for line in CAPTURE.read_text().splitlines()]
    return {line["msg"]["event"]: line["msg"] for line in lines if line["dir"] == "in"}


def test_a_stream_is_introduced_as_on_the_page() -> None:
    """`connected` and `start` equal the documentation's own, to the field."""
    expected = captured()

    introduced = [json.loads(message) for message in TwilioWire().open(CALL)]
    assert introduced == [expected["connected"], expected["start"]]


def test_the_parties_travel_as_parameters() -> None:
    """A `start` has no numbers of its own; the webhook's parameters carry them."""
    call = CarrierCall("+1", "+2", "CA1", direction="outbound-api", custom={"visit": "12"})
    _, start = [json.loads(message) for message in TwilioWire().open(call)]

    parameters = {"caller_number": "+1", "callee_number": "+2", "direction": "outbound-api", "visit": "12"}
    assert start["start"]["customParameters"] == parameters


def test_a_stream_counts_its_messages_and_its_audio() -> None:
    """Sequence numbers and chunks begin at 1, timestamps at 0 ms, all as strings."""
    wire = TwilioWire(account_sid="AC1", stream_sid="MZ1")
    wire.open(CALL)
    messages = [json.loads(message) for _ in range(2) for message in wire.audio(b"\xff" * 160)]

    assert [message["sequenceNumber"] for message in messages] == ["2", "3"]
    assert [message["media"]["chunk"] for message in messages] == ["1", "2"]
    assert [message["media"]["timestamp"] for message in messages] == ["0", "20"]
    assert {message["streamSid"] for message in messages} == {"MZ1"}


@pytest.mark.parametrize("event", ["dtmf", "mark", "stop"])
def test_other_messages_equal_those_of_the_page(event: str) -> None:
    """All but the running number, which depends on what was said before."""
    wire = TwilioWire()
    wire.open(CALL)
    messages = {"dtmf": wire.digit("1"), "mark": wire.mark("my label"), "stop": wire.stop()}
    expected = captured()[event]
    assert isinstance(expected, dict)

    produced = json.loads(messages[event][0])
    assert {**produced, "sequenceNumber": ""} == {**expected, "sequenceNumber": ""}


def test_media_has_the_fields_of_the_page() -> None:
    """Every field that Twilio sends is sent, and no other."""
    expected = captured()["media"]
    assert isinstance(expected, dict)
    (message,) = TwilioWire().audio(b"\xff" * 160)
    produced = json.loads(message)

    assert produced.keys() == expected.keys()
    assert produced["media"].keys() == expected["media"].keys()


def test_audio_of_any_length_is_played() -> None:
    """Twilio buffers what it is sent, however it was cut."""
    message = said("media", media={"payload": "//8="})

    assert TwilioWire().receive(message) == (AudioToPlay(b"\xff\xff"),)


def test_another_stream_is_refused() -> None:
    """A message for a stream that is not this one is the daemon's mistake."""
    with pytest.raises(RemoteProtocolError, match=r"^clear: streamSid: Not this stream$") as caught:
        TwilioWire().receive(said("clear", streamSid="MZ2"))

    assert caught.value.close_code == CLOSE_POLICY


def test_a_mark_is_not_asked_for_twice_at_once() -> None:
    """A name is pending until it is returned."""
    wire = TwilioWire()
    wire.receive(said("mark", mark={"name": "m"}))
    with pytest.raises(RemoteProtocolError):
        wire.receive(said("mark", mark={"name": "m"}))

    wire.mark("m")
    assert len(wire.receive(said("mark", mark={"name": "m"}))) == 1


@pytest.mark.parametrize(
    "message",
    [
        said("hangup"),
        said("clear", reason="barge-in"),
        said("media", media={"payload": "//8=", "track": "outbound"}),
        said("media", media={"payload": ""}),
        '{"event":"clear"}',
        b"\xff\xff",
    ],
)
def test_what_twilio_does_not_understand_is_refused(message: str | bytes) -> None:
    """Unknown messages and fields, empty audio, a missing stream and binary frames (errors 31924, 31950)."""
    with pytest.raises(RemoteProtocolError):
        TwilioWire().receive(message)
