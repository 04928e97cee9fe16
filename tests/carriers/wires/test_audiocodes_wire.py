"""VoiceAI Connect, from its own end."""

import base64
import json
from typing import Any

import pytest

from bridge.carriers.base import Accepted, CarrierCall, HangUpRequested, MarkRequested, Owed
from bridge.carriers.wires.audiocodes import AudioCodesWire
from protocols import RemoteProtocolError

CALL = CarrierCall("+1", "+2", "c-1", direction="outbound", custom={"visit": "12"})
AUDIO = base64.b64encode(b"\x10" * 160).decode()


def said(kind: str, **fields: Any) -> str:
    return json.dumps({"type": kind, **fields})


def activity(name: str, **fields: Any) -> str:
    return said("activities", activities=[{"type": "event", "name": name, **fields}])


START = said("playStream.start", streamId="1", mediaFormat="raw/mulaw")
CHUNK = said("playStream.chunk", streamId="1", audioChunk=AUDIO)
STOP = said("playStream.stop", streamId="1")
CONFIG = activity("config", sessionParams={"sendEventsToBot": ["playFinished"]})


def accepted() -> AudioCodesWire:
    wire = AudioCodesWire()
    wire.open(CALL)
    wire.receive(said("session.accepted", mediaFormat="raw/mulaw"))
    return wire


def test_the_token_is_shown_in_the_header() -> None:
    """Nothing in the path."""
    dialling = AudioCodesWire().dial("wss://h/ws/audiocodes", CALL, "secret")

    assert (dialling.url, dialling.headers) == ("wss://h/ws/audiocodes", {"Authorization": "Bearer secret"})


def test_who_calls_is_told_once_the_session_is_accepted() -> None:
    """Then the caller's audio is offered, and sent when it is wanted."""
    wire = AudioCodesWire()
    wire.open(CALL)
    taken, *owed = wire.receive(said("session.accepted", mediaFormat="raw/mulaw"))
    start, stream = [json.loads(each.message) for each in owed if isinstance(each, Owed)]

    assert taken == Accepted()
    parameters = start["activities"][0]["parameters"]
    assert parameters["visit"] == "12"
    assert parameters["outboundTarget"] == "tel:+2"
    assert stream["type"] == "userStream.start"
    assert wire.audio(b"\xff" * 160) == ()
    wire.receive(said("userStream.started"))
    assert len(wire.audio(b"\xff" * 160)) == 1
    wire.receive(said("userStream.stopped"))
    assert wire.audio(b"\xff" * 160) == ()


def test_the_end_of_a_stream_is_told_if_it_was_asked_for() -> None:
    """Once, and never of what was aborted."""
    for is_asked in (False, True):
        wire = accepted()
        wire.receive(CONFIG if is_asked else activity("config", sessionParams={}))
        for message in (START, CHUNK):
            wire.receive(message)
        assert wire.receive(STOP) == (MarkRequested("1"),)
        assert len(wire.mark("1")) == is_asked
        assert wire.mark("1") == ()
    wire.receive(said("playStream.start", streamId="2", mediaFormat="raw/mulaw"))
    wire.receive(said("playStream.stop", streamId="2"))
    wire.receive(activity("abortPrompts"))
    assert wire.mark("2") == ()


def test_a_session_may_be_refused() -> None:
    """That ends the call."""
    assert AudioCodesWire().receive(said("session.error", reason="busy")) == (HangUpRequested(),)


@pytest.mark.parametrize(
    "messages",
    [
        [said("session.accepted", mediaFormat="raw/mulaw")],
        [said("playStream.start", streamId="1", mediaFormat="wav/mulaw")],
        [CHUNK],
        [STOP],
        [START, START],
        [START, STOP, START],
        [START, said("playStream.chunk", streamId="2", audioChunk=AUDIO)],
        [START, said("playStream.chunk", streamId="1", audioChunk="")],
        [activity("dance")],
        [activity("transfer", activityParams={})],
        [said("userStream.speech.started")],
    ],
)
def test_what_is_out_of_order_is_refused(messages: list[str]) -> None:
    """A stream that was not begun, begun twice, or in another format; words that it does not have."""
    wire = accepted()
    *before, last = messages
    for message in before:
        wire.receive(message)
    with pytest.raises(RemoteProtocolError):
        wire.receive(last)


def test_nothing_is_played_before_the_session_is_accepted() -> None:
    """Not even a hang-up is understood."""
    wire = AudioCodesWire()
    wire.open(CALL)
    for message in (START, activity("hangup")):
        with pytest.raises(RemoteProtocolError, match=r"before session\.accepted"):
            wire.receive(message)
