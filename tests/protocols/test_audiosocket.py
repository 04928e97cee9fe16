"""AudioSocket's wire, from our end: recordings of a real Asterisk, cut anywhere, and what it dies of."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge.carriers.base import CarrierCall
from bridge.carriers.wires.audiosocket import AudioSocketWire
from protocols import (
    AcceptCall,
    AudioReceived,
    CallEnded,
    CallStarted,
    ClearAudio,
    Complained,
    DtmfReceived,
    Encoding,
    Event,
    HangUp,
    LocalProtocolError,
    PlayAudio,
    RemoteProtocolError,
    SendMark,
    TransferCall,
)
from protocols.audio import AudioFormat
from protocols.audiosocket import PROVIDER, AudioSocketOptions, AudioSocketProtocol
from protocols.http import HttpRequest
from protocols.provider import Grant

CAPTURES = Path(__file__).parents[1] / "captures" / "asterisk"
RECORDED = sorted(
    path.stem
    for path in CAPTURES.glob("*.jsonl")
    if path.stem.startswith(("audiosocket", "ari-audio", "as-bad"))
)
BAD = [name for name in RECORDED if name.startswith("as-bad")]
UUID = "9ede93a9-738d-483d-8594-e7321979e22a"
NAME = bytes.fromhex("010010" + UUID.replace("-", ""))
FRAME = b"\x10\x01\x40" + bytes(320)


def recorded(name: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (CAPTURES / f"{name}.jsonl").read_text().splitlines()]


def received(name: str) -> bytes:
    """What Asterisk sent; of its audio a recording has the beginning only."""
    lines = [line for line in recorded(name) if line["dir"] == "in" and line["kind"] != "eof"]
    return b"".join(
        bytes.fromhex(line["hex"] if "hex" in line else line["hex16"]).ljust(line["len"] + 3, b"\0")
        for line in lines
    )


def started(rate: int = 8_000) -> AudioSocketProtocol:
    protocol = AudioSocketProtocol()
    for message in AudioSocketWire(sample_rate=rate).open(call()):
        protocol.receive(message)
    return protocol


def call() -> CarrierCall:
    return CarrierCall("1", "2", UUID)


def joined(events: Sequence[Event]) -> list[Event]:
    """The events, all audio in one."""
    audio = b"".join(event.payload for event in events if isinstance(event, AudioReceived))
    return [*(event for event in events if not isinstance(event, AudioReceived)), AudioReceived(audio)]


@pytest.mark.parametrize("name", [name for name in RECORDED if "timeout" not in name])
def test_every_recorded_call_is_understood(name: str) -> None:
    """Application and channel, 8 and 16 kHz, 20 and 30 ms, recorded on Asterisk 23.4.1."""
    lines = recorded(name)
    events = AudioSocketProtocol().receive(received(name))
    (start,) = [event for event in events if isinstance(event, CallStarted)]
    audio_bytes = sum(line["len"] for line in lines if line["kind"] in ("0x10", "0x12"))

    rate = 16_000 if any(line["kind"] == "0x12" for line in lines) else 8_000
    assert start.heard == start.spoken == AudioFormat(Encoding.LINEAR, rate)
    assert start.details.provider_call_id == lines[0]["text"]
    assert sum(len(event.payload) for event in events if isinstance(event, AudioReceived)) == audio_bytes > 0
    keys = [event.key for event in events if isinstance(event, DtmfReceived)]
    assert keys == ([] if name in BAD else ["1", "2"])


@pytest.mark.parametrize("name", BAD)
def test_what_a_real_asterisk_died_of_the_far_end_refuses(name: str) -> None:
    """A key, a UUID, silence and empty audio from us end the call."""
    (bad,) = [line for line in recorded(name) if line["kind"] == "bad"]
    with pytest.raises(RemoteProtocolError):
        AudioSocketWire().receive(bytes.fromhex(bad["hex16"]))


def test_the_recorded_caller_who_sends_nothing_is_begun_without() -> None:
    """Asterisk's application gave up after 2 s: we must speak first, at the configured rate."""
    options = AudioSocketOptions(sample_rate=16_000)
    grant = Grant(request=HttpRequest("GET", "tcp://h"), is_authenticated=True)
    protocol = PROVIDER.media(options, grant)

    assert protocol.receive(received("audiosocket-app-timeout")) == []
    (start,) = protocol.begin_without_setup()
    assert isinstance(start, CallStarted)
    assert start.spoken.sample_rate == 16_000
    assert [bytes(each[:3]) for each in protocol.send(PlayAudio(bytes(640))) if isinstance(each, bytes)] == [
        b"\x12\x02\x80"
    ]
    assert protocol.begin_without_setup() == ()
    assert PROVIDER.capabilities.setup_grace_seconds is not None
    assert PROVIDER.capabilities.setup_grace_seconds < 2


@given(st.lists(st.integers(1, 700)), st.sampled_from(RECORDED))
def test_the_cuts_of_tcp_change_nothing(cuts: list[int], name: str) -> None:
    """Bytes arrive one by one or all at once."""
    stream = received(name)
    whole = AudioSocketProtocol().receive(stream)
    protocol, events = AudioSocketProtocol(), []
    for length in [*cuts, len(stream)]:
        events += protocol.receive(stream[:length])
        stream = stream[length:]

    assert joined(events) == joined(whole)


@pytest.mark.parametrize("rate", [8_000, 12_000, 16_000, 24_000])
def test_we_answer_at_the_callers_rate(rate: int) -> None:
    """The type of our audio is that of theirs, 20 ms a message, the rest in a shorter one."""
    protocol, wire = started(rate), AudioSocketWire(sample_rate=rate)
    frame_bytes = wire.our_audio.frame_bytes
    sent = protocol.send(PlayAudio(bytes(frame_bytes * 3 + 2)))

    assert [len(message) - 3 for message in sent] == [frame_bytes] * 3 + [2]
    assert sum(len(wire.receive(message)) for message in sent) == 4


def test_only_audio_and_one_hang_up_are_ever_sent() -> None:
    """Anything else is fatal: no mark, no clear, no empty audio."""
    protocol = started()
    silent = (AcceptCall(), SendMark("m"), ClearAudio(), PlayAudio(b""))

    assert [message for command in silent for message in protocol.send(command)] == []
    assert list(protocol.send(HangUp())) == [b"\0\0\0"]
    assert list(protocol.send(HangUp())) == []
    assert protocol.receive(FRAME) == ()
    with pytest.raises(LocalProtocolError):
        protocol.send(PlayAudio(bytes(2)))
    with pytest.raises(LocalProtocolError, match="transfer"):
        started().send(TransferCall())


def test_keys_pressed_before_any_audio_are_kept() -> None:
    """The call begins with the audio, which says at which rate."""
    protocol = AudioSocketProtocol()

    assert protocol.receive(NAME + b"\x03\0\x01#") == []
    with pytest.raises(LocalProtocolError):
        protocol.send(PlayAudio(bytes(2)))
    assert [type(event) for event in protocol.receive(FRAME)] == [CallStarted, DtmfReceived, AudioReceived]


@pytest.mark.parametrize(
    ("stream", "complaint"),
    [
        (FRAME, "UUID first"),
        (NAME + NAME, "once"),
        (b"\x01\0\x02ab", "16 bytes"),
        (NAME + FRAME + b"\x12\0\x02ab", "sample_rate"),
        (NAME + FRAME + b"\x03\0\x02ab", "one key"),
        (NAME + FRAME + b"\x03\0\x01\xff", "one key"),
    ],
)
def test_whoever_breaks_the_protocol_is_told_how(stream: bytes, complaint: str) -> None:
    """Order, lengths, and a rate that changes in mid-call."""
    with pytest.raises(RemoteProtocolError, match=complaint):
        AudioSocketProtocol().receive(stream)


def test_a_call_without_a_uuid_does_not_begin() -> None:
    """Whoever connects and says nothing gets nothing."""
    with pytest.raises(RemoteProtocolError, match="UUID"):
        AudioSocketProtocol().begin_without_setup()
    with pytest.raises(RemoteProtocolError, match="text"):
        AudioSocketProtocol().receive("hello")


def test_silence_errors_novelties_and_the_hang_up_of_others_are_understood() -> None:
    """Asterisk sends none of them; CyCore's library defines them."""
    protocol = started()

    assert protocol.receive(b"\x02\0\0" + b"\xff\0\x01\x01" + b"\x77\0\x01x" + b"\x10\0\0") == [
        Complained("error")
    ]
    assert protocol.receive(b"\0\0\0" + FRAME) == [CallEnded()]
    assert list(protocol.send(PlayAudio(bytes(2)))) == []
    assert list(protocol.send(HangUp())) == []
