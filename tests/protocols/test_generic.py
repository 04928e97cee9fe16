"""What is peculiar to the generic protocol: formats, transports, two places for a token, honest marks."""

import json
from typing import Any

import pytest

from bridge.carriers.base import AudioToPlay, CarrierCall, Dialling, HangUpRequested, TransferRequested
from bridge.carriers.wires.generic import GenericWire
from protocols import (
    PROVIDERS,
    AcceptCall,
    AudioFormat,
    AudioReceived,
    CallEnded,
    CallStarted,
    ClearAudio,
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
from protocols.errors import CLOSE_POLICY
from protocols.generic import GenericOptions, GenericProtocol, is_bearer
from protocols.http import HttpRequest
from protocols.provider import Grant, SignatureError, Verified

CALL = CarrierCall("+966500000001", "+966110000001", "4711", "outbound", custom={"visit": "12"})
GENERIC = PROVIDERS["generic"]
UPGRADE = HttpRequest("GET", "wss://hatif.example/ws/generic")

every_format = pytest.mark.parametrize(
    "audio",
    [
        AudioFormat(encoding, rate, big_endian=big)
        for encoding in Encoding
        if encoding is not Encoding.OPUS
        for rate in (8000, 16000, 24000)
        for big in ([False, True] if encoding is Encoding.LINEAR else [False])
    ],
    ids=lambda audio: f"{audio.encoding}-{audio.sample_rate}-{'big' if audio.big_endian else 'little'}",
)


def protocol(**options: Any) -> GenericProtocol:
    return GenericProtocol(**{"is_authenticated": True} | options)


def started(**fields: Any) -> GenericProtocol:
    machine = protocol()
    machine.receive(start(**fields))
    return machine


def start(**fields: Any) -> str:
    return json.dumps({"type": "start", **fields})


def said(messages: Any) -> list[Any]:
    return [json.loads(message) for message in messages]


@every_format
@pytest.mark.parametrize("speaks_json", [False, True])
def test_audio_of_every_format_goes_both_ways(audio: AudioFormat, speaks_json: bool) -> None:
    """As binary messages and as base64, unchanged."""
    wire, machine = GenericWire(audio, speaks_json=speaks_json), protocol()
    (event,) = [event for message in wire.open(CALL) for event in machine.receive(message)]
    assert isinstance(event, CallStarted)
    assert event.heard == event.spoken == audio
    assert event.details.subject_number == "+966110000001"
    assert event.details.custom == {"visit": "12"}

    frame = bytes(range(160)) * (audio.frame_bytes // 160)
    (message,) = wire.audio(frame)
    assert list(machine.receive(message)) == [AudioReceived(frame)]
    (message,) = machine.send(PlayAudio(frame))
    assert isinstance(message, str) == speaks_json
    assert list(wire.receive(message)) == [AudioToPlay(frame)]


def test_a_bare_start_is_enough() -> None:
    """Mu-law, 8 kHz, binary, and nothing known of anybody."""
    (event,) = protocol().receive('{"type":"start"}')
    assert event == CallStarted(event.details)
    assert event.details.provider_call_id is None


def test_numbers_may_be_numbers_and_rates_may_be_text() -> None:
    """Whoever has no types writes either."""
    machine = protocol()
    audio = {"encoding": "linear16", "sample_rate": "16000"}
    (event,) = machine.receive(start(version="1", call_id=7, **{"from": 966500000001}, audio=audio))
    assert (event.details.provider_call_id, event.details.caller_number) == ("7", "966500000001")
    assert event.heard == AudioFormat(Encoding.LINEAR, 16000)
    assert machine.receive('{"type":"dtmf","key":5}') == (DtmfReceived("5"),)


@pytest.mark.parametrize(
    ("fields", "complaint"),
    [
        ({"version": 2}, "version: Expected 1"),
        ({"transport": "rtp"}, "transport: Expected binary or json"),
        ({"audio": {"encoding": "opus"}}, "encoding: Expected mulaw, alaw or linear16"),
        ({"audio": {"sample_rate": 11025}}, "sample_rate: Expected one of 8000"),
        ({"audio": {"byte_order": "middle"}}, "byte_order: Expected little or big"),
        ({"audio": "mulaw"}, "audio: Expected"),
    ],
)
def test_what_a_start_must_be_is_said(fields: dict[str, Any], complaint: str) -> None:
    """The log says what would be right, and no call begins."""
    machine = protocol()
    with pytest.raises(RemoteProtocolError, match=complaint):
        machine.receive(start(**fields))
    with pytest.raises(LocalProtocolError):
        machine.send(AcceptCall())


@pytest.mark.parametrize("early", [b"\xff" * 160, '{"type":"dtmf","key":"1"}', '{"type":"stop"}'])
def test_nothing_comes_before_the_start(early: str | bytes) -> None:
    """Its format would not be known."""
    with pytest.raises(RemoteProtocolError) as caught:
        protocol().receive(early)
    assert caught.value.close_code == CLOSE_POLICY


def test_a_call_starts_once() -> None:
    """A second start is refused."""
    with pytest.raises(RemoteProtocolError, match="start after start"):
        started().receive(start())


def test_ready_is_said_once() -> None:
    """However often the call is taken."""
    machine = started()
    assert said(machine.send(AcceptCall())) == [{"type": "ready"}]
    assert machine.send(AcceptCall()) == ()


def test_a_mark_that_was_not_played_proves_nothing() -> None:
    """The peer's word counts, and so does a clear of ours."""
    machine = started()
    for name in ("a", "b", "c"):
        machine.send(SendMark(name))
    assert machine.receive('{"type":"mark","name":"a"}') == (MarkReturned("a", played=True),)
    assert machine.receive('{"type":"mark","name":"b","played":false}') == (MarkReturned("b", played=False),)
    machine.send(ClearAudio())
    assert machine.receive('{"type":"mark","name":"c","played":true}') == (MarkReturned("c", played=False),)


def test_the_end_is_the_end() -> None:
    """After it we hear and say nothing."""
    for command, event in ((TransferCall("937"), TransferRequested()), (HangUp(), HangUpRequested())):
        wire, machine = GenericWire(), started()
        (message,) = machine.send(command)
        assert wire.receive(message) == (event,)
        assert machine.receive(b"\xff") == ()
        assert machine.send(HangUp()) == ()
        with pytest.raises(LocalProtocolError):
            machine.send(PlayAudio(b"\xff"))
    assert said(started().send(TransferCall("937"))) == [{"type": "transfer", "to": "937"}]
    assert said(started().send(TransferCall())) == [{"type": "transfer"}]


def test_whatever_crosses_a_stop_is_said_to_nobody() -> None:
    """The caller hangs up while we speak."""
    machine = started()
    assert machine.receive('{"type":"stop"}') == (CallEnded(),)
    assert machine.send(PlayAudio(b"\xff")) == machine.send(TransferCall()) == ()


# Who is let in


def test_the_header_may_show_the_token() -> None:
    """And must not show another."""
    options = GenericOptions(token="right")

    def admit(value: str) -> Verified | None:
        assert GENERIC.admit is not None
        return GENERIC.admit(options, HttpRequest("GET", UPGRADE.url, {"authorization": value}), 0)

    assert admit("Bearer right") == admit("bearer  right") == Verified()
    for wrong in ("Bearer wrong", "Bearer", "right", "Basic right", "Bearer right2", ""):
        with pytest.raises(SignatureError):
            admit(wrong)
    assert GENERIC.admit is not None
    assert GENERIC.admit(options, UPGRADE, 0) is None


@pytest.mark.parametrize("token", ["wrong", "", None])
def test_else_the_start_must_show_it(token: str | None) -> None:
    """Nothing begins without."""
    options = GenericOptions(token="right")
    assert GENERIC.in_band is not None
    grant = Grant(request=UPGRADE, is_authenticated=False, check=GENERIC.in_band(options))
    with pytest.raises(RemoteProtocolError, match="token") as caught:
        GENERIC.media(options, grant).receive(start(token=token))
    assert caught.value.close_code == CLOSE_POLICY
    (event,) = GENERIC.media(options, grant).receive(start(token="right"))
    assert isinstance(event, CallStarted)


def test_without_a_configured_token_none_is_right() -> None:
    """Not even an empty one."""
    assert GENERIC.in_band is not None
    assert GENERIC.is_guarded is not None
    assert not GENERIC.in_band(GenericOptions())("")
    assert not GENERIC.is_guarded(GenericOptions())


def test_keys_may_be_tones() -> None:
    """Then the machine says that it sends none."""
    grant = Grant(request=UPGRADE, is_authenticated=True)
    assert not GENERIC.media(GenericOptions(keys_in_audio=True), grant).capabilities.sends_keys
    assert GENERIC.media(GenericOptions(), grant).capabilities.sends_keys


@pytest.mark.parametrize(
    "message",
    [
        b"",
        b"\0",
        '{"type":"audio","audio":"//8="}',
        '{"type":"bye"}',
        '{"type":"ready","x":1}',
        '{"type":"hangup"} ',
    ],
)
def test_the_far_end_forgives_nothing(message: str | bytes) -> None:
    """What it refuses we never send."""
    wire = GenericWire(AudioFormat(Encoding.LINEAR))
    if message == '{"type":"hangup"} ':
        wire.receive(message)
    with pytest.raises(RemoteProtocolError):
        wire.receive(message)


def test_a_header_that_is_no_text_is_a_wrong_token() -> None:
    """Bytes that are no UTF-8 arrive as half letters."""
    upgrade = HttpRequest("GET", UPGRADE.url, {"authorization": "Bearer \udcff"})
    with pytest.raises(SignatureError, match="another token"):
        is_bearer(upgrade, "good")


class TestAuth:
    """`auth`, before `start`"""

    def machine(self) -> GenericProtocol:
        return protocol(is_authenticated=False, check=lambda offered: offered == "good")

    def test_a_good_secret_stands_for_a_token(self) -> None:
        machine = self.machine()
        assert machine.receive('{"type":"auth","secret":"good"}') == ()
        assert isinstance(machine.receive(start())[0], CallStarted)

    @pytest.mark.parametrize("secret", ["bad", "", "good "])
    def test_a_wrong_one_ends_it(self, secret: str) -> None:
        with pytest.raises(RemoteProtocolError, match="auth: secret: Wrong") as caught:
            self.machine().receive(json.dumps({"type": "auth", "secret": secret}))
        assert caught.value.close_code == CLOSE_POLICY

    @pytest.mark.parametrize(
        "word", ['{"type":"auth"}', '{"type":"auth","secret":7}', '{"type":"auth","secret":null}']
    )
    def test_one_without_a_secret_is_malformed(self, word: str) -> None:
        machine = self.machine()
        with pytest.raises(RemoteProtocolError):
            machine.receive(word)
        with pytest.raises(RemoteProtocolError):
            machine.receive(start())

    def test_it_comes_before_start(self) -> None:
        with pytest.raises(RemoteProtocolError, match="auth after start"):
            started().receive('{"type":"auth","secret":"good"}')

    def test_whoever_is_let_in_already_needs_none(self) -> None:
        machine = protocol()
        assert machine.receive('{"type":"auth","secret":"anything"}') == ()
        assert machine.receive(start())


def test_our_far_end_shows_each_credential_in_its_place() -> None:
    """A stream token in the path, the configured one in a header: in the path it would be a name."""
    wire, call = GenericWire(), CarrierCall("9621234567", "9621234566", "7f1c")
    assert wire.dial("wss://h/ws/generic", call, "a.b.c") == Dialling("wss://h/ws/generic/a.b.c")
    shown = Dialling("wss://h/ws/generic", {"Authorization": "Bearer secret"})
    assert wire.dial("wss://h/ws/generic", call, "secret") == shown
    assert wire.dial("wss://h/ws/generic", call, None) == Dialling("wss://h/ws/generic")
