"""Genesys Cloud's wires, from its own end."""

import json
from typing import Any

import pytest

from bridge.carriers.base import (
    Accepted,
    AudioToPlay,
    CarrierCall,
    HangUpRequested,
    MarkRequested,
    Owed,
    PlaybackCleared,
    TransferRequested,
)
from bridge.carriers.wires.genesys import AudioConnectorWire
from bridge.carriers.wires.genesys_audiohook import AudioHookWire
from bridge.carriers.wires.genesys_client import SAMPLE_SESSION, GenesysClient
from protocols import RemoteProtocolError

CALL = CarrierCall("966500000001", "966110000001", "c-1", direction="outbound", custom={"visit": "12"})
MONO = {"type": "audio", "format": "PCMU", "channels": ["external"], "rate": 8000}
BARGE_IN = {"entities": [{"type": "barge_in", "data": {}}]}


def said(kind: str, seq: int, parameters: Any = None, **changes: object) -> str:
    message = {"version": "2", "id": SAMPLE_SESSION, "type": kind, "seq": seq, "clientseq": 1}
    return json.dumps({**message, "parameters": parameters or {}, **changes})


def opened(wire: GenesysClient) -> GenesysClient:
    wire.open(CALL)
    assert wire.receive(said("opened", 1, {"media": [MONO], "startPaused": False})) == (Accepted(),)
    return wire


def kinds(events: Any) -> list[str]:
    return [json.loads(event.message)["type"] if isinstance(event, Owed) else event for event in events]


def test_it_shows_its_key_and_says_which_session_it_is() -> None:
    """In headers, and nothing in the path."""
    dialling = AudioConnectorWire().dial("wss://h/ws/genesys", CALL, "key")

    assert dialling.url == "wss://h/ws/genesys"
    assert dialling.headers["X-API-KEY"] == "key"
    assert dialling.headers["Audiohook-Session-Id"] == SAMPLE_SESSION


def test_each_product_introduces_the_call_in_its_own_way() -> None:
    """Variables of the flow, or the integration's configuration; one channel, or a choice."""
    (connector,), (hook,) = AudioConnectorWire().open(CALL), AudioHookWire().open(CALL)
    first, second = json.loads(connector)["parameters"], json.loads(hook)["parameters"]

    assert first["inputVariables"] == second["customConfig"] == {"visit": "12", "direction": "outbound"}
    assert (len(first["media"]), len(second["media"])) == (1, 3)
    assert first["participant"]["ani"] == "tel:+966500000001"


def test_pings_follow_the_audio() -> None:
    """After a second of it, and every five from there."""
    wire = opened(AudioConnectorWire())
    texts = [
        index
        for index in range(1, 601)
        for message in wire.audio(bytes(160))
        if isinstance(message, str) and json.loads(message)["type"] == "ping"
    ]

    assert texts == [50, 300, 550]


def test_one_pair_of_events_embraces_what_is_played_without_a_break() -> None:
    """The buffer has run dry only when its last piece was played."""
    wire = opened(AudioConnectorWire())

    first = kinds(wire.receive(b"\x10" * 1600))
    assert first == ["playback_started", AudioToPlay(b"\x10" * 1600), MarkRequested("burst-1")]
    assert kinds(wire.receive(b"\x11")) == [AudioToPlay(b"\x11"), MarkRequested("burst-2")]
    assert wire.mark("burst-1") == ()
    (completed,) = wire.mark("burst-2")
    assert json.loads(completed)["type"] == "playback_completed"
    assert wire.mark("burst-2") == ()


def test_a_clear_ends_what_is_played() -> None:
    """And what is not playing cannot end."""
    wire = opened(AudioConnectorWire())

    assert wire.receive(said("event", 2, BARGE_IN)) == (PlaybackCleared(),)
    wire.receive(b"\x10")
    assert kinds(wire.receive(said("event", 3, BARGE_IN))) == [PlaybackCleared(), "playback_completed"]
    assert wire.mark("burst-1") == ()


@pytest.mark.parametrize(
    ("variables", "event"),
    [
        ({"action": "completed"}, HangUpRequested()),
        ({}, HangUpRequested()),
        ({"action": "transfer", "transfer_to": "+1"}, TransferRequested()),
    ],
)
def test_the_flow_branches_on_the_outcome(variables: dict[str, str], event: object) -> None:
    """The session is closed first; `closed` is then in order."""
    wire = opened(AudioConnectorWire())
    parameters = {"reason": "completed", "outputVariables": variables}

    assert kinds(wire.receive(said("disconnect", 2, parameters))) == ["close", event]
    assert wire.receive(said("closed", 3, clientseq=2)) == ()


def test_a_position_that_is_sent_back_is_put_up_with() -> None:
    """Only the client's messages have one, but servers that Genesys works with send it too."""
    assert kinds(opened(AudioConnectorWire()).receive(said("event", 2, BARGE_IN, position="PT0S")))


@pytest.mark.parametrize(
    "message",
    [
        said("opened", 2, {"media": [MONO]}),
        said("event", 3, BARGE_IN),
        said("event", 2, BARGE_IN, id="another"),
        said("event", 2, BARGE_IN, clientseq=2),
        said("event", 2, BARGE_IN, clientseq=0),
        said("event", 2, BARGE_IN, weather="fine"),
        said("pong", 2),
        said("closed", 2),
        said("disconnect", 2, {"reason": "bored"}),
        said("weather", 2),
        b"",
        b"\x10" * 64_001,
    ],
)
def test_what_is_out_of_order_is_refused(message: str | bytes) -> None:
    """Gaps, another session, what was never seen, what nobody asked for, and too much at once."""
    with pytest.raises(RemoteProtocolError):
        opened(AudioConnectorWire()).receive(message)


@pytest.mark.parametrize(
    "message",
    [
        b"\x10",
        said("event", 1, BARGE_IN),
        said("opened", 1, {"media": []}),
        said("opened", 1, {"media": [MONO, MONO]}),
        said("opened", 1, {"media": [{**MONO, "channels": ["internal"]}]}),
    ],
)
def test_opened_comes_first_and_takes_one_offer(message: str | bytes) -> None:
    """Nothing is played before it."""
    wire = AudioConnectorWire()
    wire.open(CALL)
    with pytest.raises(RemoteProtocolError):
        wire.receive(message)


def test_audiohook_takes_no_audio_and_goes_on_without_a_listener() -> None:
    """Keys are not told either."""
    wire = opened(AudioHookWire())

    assert wire.digit("1") == ()
    with pytest.raises(RemoteProtocolError, match="where none is taken"):
        wire.receive(b"\x10")
    assert kinds(wire.receive(said("disconnect", 2, {"reason": "completed"}))) == ["close"]
