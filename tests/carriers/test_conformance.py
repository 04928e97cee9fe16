"""What every provider must do: two real machines talk, captures replay, nonsense is survived.

A new provider is a file in `protocols`, a wire in `bridge.carriers`, a capture, a line in `PROTOCOLS`.
"""

import copy
import json
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bridge.carriers.base import (
    Accepted,
    AudioToPlay,
    CarrierCall,
    CarrierEvent,
    CarrierWire,
    HangUpRequested,
    MarkRequested,
    PlaybackCleared,
    TransferRequested,
)
from bridge.carriers.registry import WIRES
from protocols import (
    PROVIDERS,
    AcceptCall,
    AudioReceived,
    CallEnded,
    CallStarted,
    ClearAudio,
    Command,
    Direction,
    DtmfReceived,
    Event,
    HangUp,
    LocalProtocolError,
    MaqsamProtocol,
    MarkReturned,
    MediaProtocol,
    PlayAudio,
    RemoteProtocolError,
    SendMark,
    TransferCall,
    TwilioProtocol,
)

PROTOCOLS: dict[str, Callable[[], MediaProtocol]] = {
    "maqsam": lambda: MaqsamProtocol(authenticated=True, check=None),
    "twilio": TwilioProtocol,
}
CAPTURES = Path(__file__).parents[1] / "captures"
CALL = CarrierCall("966500000001", "966110000001", "4711", direction="outbound", custom={"visit": "12"})
SPEECH = bytes(range(160))

every_provider = pytest.mark.parametrize("provider", sorted(PROVIDERS))


class Conversation:
    """Our end and theirs, joined without a socket."""

    def __init__(self, provider: str) -> None:
        self.protocol = PROTOCOLS[provider]()
        self.wire: CarrierWire = WIRES[provider]()
        self.introduction = self.hear(self.wire.open(CALL))

    def hear(self, messages: Sequence[str]) -> list[Event]:
        return [event for message in messages for event in self.protocol.receive(message)]

    def say(self, *commands: Command) -> list[CarrierEvent]:
        messages = [message for command in commands for message in self.protocol.send(command)]
        return [event for message in messages for event in self.wire.receive(message)]


def captured(provider: str, direction: str) -> list[str]:
    lines = [json.loads(line) for line in (CAPTURES / f"{provider}.jsonl").read_text().splitlines()]
    return [json.dumps(line["msg"]) for line in lines if line["dir"] == direction]


def command_for(event: CarrierEvent) -> Command:
    """What we must have been told to do, if this is what the carrier understood."""
    match event:
        case Accepted():
            return AcceptCall()
        case AudioToPlay():
            return PlayAudio(event.payload)
        case MarkRequested():
            return SendMark(event.name)
        case PlaybackCleared():
            return ClearAudio()
        case TransferRequested():
            return TransferCall()
        case HangUpRequested():
            return HangUp()


def test_every_provider_has_both_ends_and_a_capture() -> None:
    """Protocol, wire and capture are registered under the same names."""
    captures = {path.stem for path in CAPTURES.glob("*.jsonl")}

    assert set(PROVIDERS) == set(WIRES) == set(PROTOCOLS) == captures
    assert all(PROTOCOLS[name]().capabilities is PROVIDERS[name] for name in PROVIDERS)


@every_provider
def test_both_ends_agree_on_what_a_clear_does(provider: str) -> None:
    """The capabilities that we count on are those of the far end."""
    capabilities, wire = PROVIDERS[provider], WIRES[provider]()

    assert capabilities.returns_marks_on_clear == wire.returns_marks_on_clear
    assert capabilities.close_hangs_up == wire.hangs_up_on_close


@every_provider
def test_every_captured_message_is_understood(provider: str) -> None:
    """What the provider documents is never refused, in the order of its document."""
    protocol = PROTOCOLS[provider]()
    events = [event for message in captured(provider, "in") for event in protocol.receive(message)]

    assert isinstance(events[0], CallStarted)
    assert {AudioReceived, DtmfReceived} <= {type(event) for event in events}


@every_provider
def test_every_captured_answer_is_produced(provider: str) -> None:
    """The far end understands each documented answer, and we write the same for what it understood."""
    conversation = Conversation(provider)
    for answer in captured(provider, "out"):
        (event,) = conversation.wire.receive(answer)
        (produced,) = conversation.protocol.send(command_for(event))
        assert json.loads(produced) == json.loads(answer)
        if isinstance(event, TransferRequested):
            conversation = Conversation(provider)


@every_provider
def test_a_call_is_introduced_with_what_the_carrier_knows(provider: str) -> None:
    """Identifier, parties, direction and attached values arrive."""
    (started,) = Conversation(provider).introduction

    assert isinstance(started, CallStarted)
    details = started.details
    parties = (details.caller_number, details.callee_number, details.direction)
    assert parties == ("966500000001", "966110000001", Direction.OUTBOUND)
    assert details.subject_number == "966110000001"
    assert (details.provider_call_id, details.custom) == ("4711", {"visit": "12"})


@every_provider
def test_audio_goes_both_ways_unchanged(provider: str) -> None:
    """A frame arrives as it was sent, there and back."""
    conversation = Conversation(provider)
    conversation.say(AcceptCall())

    (heard,) = conversation.hear(conversation.wire.audio(SPEECH))
    assert isinstance(heard, AudioReceived)
    assert heard.payload == SPEECH
    assert conversation.say(PlayAudio(SPEECH)) == [AudioToPlay(SPEECH)]


@every_provider
@pytest.mark.parametrize("key", "0123456789*#")
def test_every_key_arrives(provider: str, key: str) -> None:
    """Twelve keys of a telephone."""
    conversation = Conversation(provider)
    conversation.say(AcceptCall())

    assert conversation.hear(conversation.wire.digit(key)) == [DtmfReceived(key)]


@every_provider
def test_a_mark_comes_back_as_played(provider: str) -> None:
    """A mark makes the round trip."""
    conversation = Conversation(provider)
    conversation.say(AcceptCall(), PlayAudio(SPEECH))

    assert conversation.say(SendMark("m")) == [MarkRequested("m")]
    assert conversation.hear(conversation.wire.mark("m")) == [MarkReturned("m", played=True)]


@every_provider
def test_a_mark_of_cleared_audio_comes_back_as_not_played(provider: str) -> None:
    """Whether or not a clear returns marks, their return then proves nothing."""
    conversation = Conversation(provider)
    conversation.say(AcceptCall(), PlayAudio(SPEECH), SendMark("m"))

    assert conversation.say(ClearAudio()) == [PlaybackCleared()]
    assert conversation.hear(conversation.wire.mark("m")) == [MarkReturned("m", played=False)]


@every_provider
def test_a_call_is_handed_over_where_the_wire_can(provider: str) -> None:
    """A transfer is a message, or our mistake, as the capabilities say."""
    conversation = Conversation(provider)
    conversation.say(AcceptCall())

    if PROVIDERS[provider].can_transfer:
        assert conversation.say(TransferCall()) == [TransferRequested()]
    else:
        with pytest.raises(LocalProtocolError):
            conversation.say(TransferCall())


@every_provider
def test_hanging_up_is_always_possible_and_final(provider: str) -> None:
    """Whether by a message or by closing the socket, hanging up twice says nothing new."""
    conversation = Conversation(provider)
    conversation.say(AcceptCall())

    assert conversation.say(HangUp()) in ([], [HangUpRequested()])
    assert conversation.say(HangUp()) == []


@every_provider
def test_the_caller_hanging_up_ends_the_stream(provider: str) -> None:
    """Where the wire has a word for it, the word ends the call; else the socket does."""
    conversation = Conversation(provider)
    conversation.say(AcceptCall())

    assert conversation.hear(conversation.wire.stop()) in ([], [CallEnded()])


# Nonsense


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=6,
)


def places_in(node: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """The path of every value inside a message."""
    children = node.items() if isinstance(node, dict) else enumerate(node) if isinstance(node, list) else ()
    for key, child in children:
        yield (*path, key)
        yield from places_in(child, (*path, key))


@st.composite
def damaged(draw: st.DrawFn, messages: Sequence[str], values: st.SearchStrategy[Any]) -> str:
    """A real message, one value of which has become something else."""
    message = copy.deepcopy(json.loads(draw(st.sampled_from(messages))))
    *parents, last = draw(st.sampled_from(list(places_in(message))))
    node = message
    for key in parents:
        node = node[key]
    node[last] = draw(values)
    return json.dumps(message)


def survives(receive: Callable[[str | bytes], object], message: str | bytes) -> str:
    """What the machine complains of, if it does; any other exception is a failure."""
    try:
        receive(message)
    except RemoteProtocolError as error:
        return str(error)
    return ""


@every_provider
@given(message=st.text() | st.binary())
def test_anything_at_all_gives_events_or_a_protocol_error(provider: str, message: str | bytes) -> None:
    """Neither end, started or not, can be brought down by what it is sent."""
    survives(PROTOCOLS[provider]().receive, message)
    survives(Conversation(provider).protocol.receive, message)
    survives(WIRES[provider]().receive, message)


@every_provider
@given(data=st.data())
@settings(suppress_health_check=[HealthCheck.too_slow])
def test_a_damaged_message_gives_events_or_a_protocol_error(provider: str, data: st.DataObject) -> None:
    """Any value in the place of any other is survived, by either end."""
    survives(
        Conversation(provider).protocol.receive, data.draw(damaged(captured(provider, "in"), json_values))
    )
    survives(Conversation(provider).wire.receive, data.draw(damaged(captured(provider, "out"), json_values)))


@every_provider
@given(data=st.data())
def test_a_complaint_never_repeats_what_was_sent(provider: str, data: st.DataObject) -> None:
    """No value of a message, a caller's number perhaps, is in the text of an error."""
    secret = st.sampled_from(["0501234567", ["0501234567"], {"x": "0501234567"}, 501234567])
    ends = {"in": Conversation(provider).protocol.receive, "out": Conversation(provider).wire.receive}

    for direction, receive in ends.items():
        message = data.draw(damaged(captured(provider, direction), secret))
        assert "501234567" not in survives(receive, message)
