"""What every provider must do: two real machines talk, captures replay, nonsense is survived.

A new provider is a file in `protocols`, a wire in `bridge.carriers`, a capture, a line in `PROTOCOLS`.
"""

import json
import math
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bridge.audio.frames import FRAME_SECONDS
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
from bridge.carriers.pairing import Pair, trusted
from bridge.carriers.registry import WIRES
from bridge.carriers.wires.genesys_audiohook import AudioHookWire
from protocols import (
    PROVIDERS,
    AcceptCall,
    AudioPaused,
    AudioReceived,
    AudioSkipped,
    CallEnded,
    CallStarted,
    Channel,
    ClearAudio,
    Command,
    Direction,
    DtmfReceived,
    HangUp,
    LocalProtocolError,
    MarkReturned,
    PlayAudio,
    RemoteProtocolError,
    SendMark,
    TransferCall,
)
from protocols.base import Ending

CAPTURES = Path(__file__).parents[1] / "captures"
CALL_ID = "6fa459ea-ee8a-3ca4-894e-db77e160355e"  # some wires take nothing else
CALL = CarrierCall("966500000001", "966110000001", CALL_ID, direction="outbound", custom={"visit": "12"})

every_provider = pytest.mark.parametrize("provider", sorted(PROVIDERS))
who_play = pytest.mark.parametrize(
    "provider", sorted(each.name for each in PROVIDERS.values() if each.capabilities.plays)
)

who_listen = pytest.mark.parametrize(
    "provider", sorted(each.name for each in PROVIDERS.values() if not each.capabilities.plays)
)
OVERHEARD: dict[str, Callable[..., CarrierWire]] = {"genesys_audiohook": AudioHookWire}


def pair(provider: str) -> Pair:
    """A call that was introduced and taken."""
    joined = Pair(provider, CALL)
    joined.accept()
    return joined


def frames(provider: str, count: int = 5) -> bytes:
    """Some of our audio in whole chunks of the provider's format, neither silent nor like a file."""
    started = next(event for event in Pair(provider, CALL).happened if isinstance(event, CallStarted))
    in_chunk = round(PROVIDERS[provider].capabilities.chunk_seconds / FRAME_SECONDS)
    whole = math.ceil(count / in_chunk) * in_chunk
    return bytes(range(1, 161)) * (whole * started.spoken.frame_bytes // 160)


def message_of(line: dict[str, Any]) -> str | bytes:
    """One line of a capture: `msg` is JSON, `text` a text that is none, `hex` binary."""
    if "hex" in line:
        return bytes.fromhex(line["hex"])
    return line["text"] if "text" in line else json.dumps(line["msg"])


def captured(provider: str, direction: str) -> list[str | bytes]:
    lines = [json.loads(line) for line in (CAPTURES / f"{provider}.jsonl").read_text().splitlines()]
    return [message_of(line) for line in lines if line["dir"] == direction]


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
    """Protocol, wire and capture are there under the same names."""
    captures = {path.stem for path in CAPTURES.glob("*.jsonl")}

    assert set(PROVIDERS) == set(WIRES) == captures
    assert all(trusted(name).capabilities is PROVIDERS[name].capabilities for name in PROVIDERS)


@every_provider
def test_both_ends_agree_on_what_a_clear_does(provider: str) -> None:
    """The capabilities that we count on are those of the far end."""
    capabilities, wire = PROVIDERS[provider].capabilities, WIRES[provider]()

    assert capabilities.returns_marks_on_clear == wire.returns_marks_on_clear


@every_provider
def test_both_ends_agree_on_the_formats(provider: str) -> None:
    """What the one sends is what the other takes it for."""
    joined = Pair(provider, CALL)
    (started,) = [event for event in joined.happened if isinstance(event, CallStarted)]

    assert (started.heard, started.spoken) == (joined.wire.caller_audio, joined.wire.our_audio)


@every_provider
def test_every_captured_message_is_understood(provider: str) -> None:
    """What the provider documents is never refused, in the order of its document."""
    protocol = trusted(provider)
    events = [event for message in captured(provider, "in") for event in protocol.receive(message)]

    assert any(isinstance(event, CallStarted) for event in events)
    assert AudioReceived in {type(event) for event in events}


@every_provider
def test_every_captured_answer_is_understood_by_the_far_end(provider: str) -> None:
    """Each documented answer is one that the carrier takes."""
    wire = Pair(provider, CALL).wire
    for answer in captured(provider, "out"):
        events = wire.receive(answer)
        if {TransferRequested(), HangUpRequested()} & set(events):
            wire = pair(provider).wire


@every_provider
def test_a_call_is_introduced_with_what_the_carrier_knows(provider: str) -> None:
    """Identifier, parties, direction and attached values arrive, as far as the wire has them."""
    (started,) = [event for event in Pair(provider, CALL).happened if isinstance(event, CallStarted)]
    details = started.details

    assert details.provider_call_id in {CALL_ID, None}
    assert (details.caller_number or "966500000001").removeprefix("+") == "966500000001"
    assert (details.callee_number or "966110000001").removeprefix("+") == "966110000001"
    assert details.direction in {Direction.OUTBOUND, None}
    assert details.custom.get("visit", "12") == "12"


@every_provider
def test_the_callers_audio_arrives_unchanged(provider: str) -> None:
    """Frame by frame, in the wire's own format."""
    joined = pair(provider)
    sent = bytes(range(160)) * (joined.wire.caller_audio.frame_bytes // 160)

    heard = [event for _ in range(3) for event in joined.hear(joined.wire.audio(sent))]
    payloads = [
        each.payload for each in heard if isinstance(each, AudioReceived) and each.channel == "caller"
    ]
    assert b"".join(payloads) == sent * 3


@every_provider
def test_audio_comes_of_the_channels_that_were_announced(provider: str) -> None:
    """And of each of them; the caller's is always one."""
    joined = pair(provider)
    (started,) = [event for event in joined.happened if isinstance(event, CallStarted)]
    heard = joined.hear(joined.wire.audio(bytes(joined.wire.caller_audio.frame_bytes)))

    assert "caller" in started.channels
    assert {each.channel for each in heard if isinstance(each, AudioReceived)} == set(started.channels)


@who_listen
def test_both_sides_of_a_call_are_overheard(provider: str) -> None:
    """Each on its own channel, unchanged: samples that come in turns are put apart."""
    caller, agent = bytes(range(160)), bytes(range(160, 0, -1))
    joined = Pair(provider, CALL, OVERHEARD[provider](agent=agent))
    joined.accept()

    heard = joined.hear(joined.wire.audio(caller))
    by_channel = {each.channel: each.payload for each in heard if isinstance(each, AudioReceived)}
    assert by_channel == {Channel.CALLER: caller, Channel.AGENT: agent}


@who_listen
def test_a_hold_is_told_and_its_length(provider: str) -> None:
    """Nothing is heard meanwhile, and how much of the call was missed is known at its end."""
    joined = Pair(provider, CALL, OVERHEARD[provider](hold=(0.04, 0.1)))
    joined.accept()

    heard = [event for _ in range(6) for event in joined.hear(joined.wire.audio(bytes(160)))]
    kinds = [type(event) for event in heard if getattr(event, "channel", "caller") == "caller"]
    assert kinds == [AudioReceived, AudioReceived, AudioPaused, AudioSkipped, AudioReceived]
    assert AudioSkipped(0.06) in heard


@who_listen
def test_nothing_can_be_said_where_others_speak(provider: str) -> None:
    """Whatever we would say is our mistake; leaving is not."""
    joined = pair(provider)
    for command in (PlayAudio(b"a"), SendMark("m"), ClearAudio(), TransferCall()):
        with pytest.raises(LocalProtocolError):
            joined.say(command)
    assert joined.say(HangUp()) == []


@who_play
def test_our_audio_arrives_unchanged(provider: str) -> None:
    """Whatever the wire cuts it into."""
    joined, sent = pair(provider), frames(provider)

    heard = joined.say(PlayAudio(sent), SendMark("m"))
    payloads = [event.payload for event in heard if isinstance(event, AudioToPlay)]
    assert b"".join(payloads) == sent


@every_provider
@pytest.mark.parametrize("key", "0123456789*#")
def test_every_key_arrives(provider: str, key: str) -> None:
    """Twelve keys of a telephone; where the wire has none, they are tones in the audio."""
    joined = pair(provider)
    said = joined.wire.digit(key)

    assert bool(said) == PROVIDERS[provider].capabilities.sends_keys
    assert joined.hear(said) == [DtmfReceived(key)] * len(said)


@who_play
def test_a_mark_comes_back_as_played(provider: str) -> None:
    """A mark makes the round trip, where the wire has any."""
    joined = pair(provider)
    asked = joined.say(PlayAudio(frames(provider)), SendMark("m"))

    if not PROVIDERS[provider].capabilities.acknowledges_playback:
        assert not any(isinstance(event, MarkRequested) for event in asked)
        return
    (mark,) = [event for event in asked if isinstance(event, MarkRequested)]
    assert joined.hear(joined.wire.mark(mark.name)) == [MarkReturned("m", played=True)]


@who_play
def test_a_mark_of_cleared_audio_comes_back_as_not_played(provider: str) -> None:
    """Whether or not a clear returns marks, their return then proves nothing."""
    if not PROVIDERS[provider].capabilities.can_clear:
        pytest.skip("the wire has no clear")
    joined = pair(provider)
    asked = joined.say(PlayAudio(frames(provider)), SendMark("m"))
    marks = [event for event in asked if isinstance(event, MarkRequested)]

    assert PlaybackCleared() in joined.say(ClearAudio())
    for mark in marks:
        joined.hear(joined.wire.mark(mark.name))
    assert MarkReturned("m", played=True) not in joined.happened


@who_play
def test_speech_goes_on_after_a_clear(provider: str) -> None:
    """What is said after the clear is played and acknowledged."""
    if not PROVIDERS[provider].capabilities.can_clear:
        pytest.skip("the wire has no clear")
    joined, sent = pair(provider), frames(provider)
    joined.say(PlayAudio(sent), SendMark("before"))
    heard = joined.say(ClearAudio())
    joined.hear(joined.wire.audio(bytes(joined.wire.caller_audio.frame_bytes)))  # a clear may take its time
    heard += joined.say(PlayAudio(sent), SendMark("after"))

    assert b"".join(event.payload for event in heard if isinstance(event, AudioToPlay)) == sent
    for mark in [event for event in heard if isinstance(event, MarkRequested)]:
        joined.hear(joined.wire.mark(mark.name))
        assert MarkReturned("after", played=True) in joined.happened


@every_provider
def test_a_call_is_handed_over_where_the_wire_can(provider: str) -> None:
    """A transfer is a message, or our mistake, as the capabilities say."""
    joined = pair(provider)

    if PROVIDERS[provider].capabilities.transfer is Ending.IN_BAND:
        assert TransferRequested() in joined.say(TransferCall())
    elif PROVIDERS[provider].capabilities.transfer is Ending.CLOSE:
        assert joined.say(TransferCall()) == []
    else:
        with pytest.raises(LocalProtocolError):
            joined.say(TransferCall())


@every_provider
def test_hanging_up_is_always_possible_and_final(provider: str) -> None:
    """Whether by a message or by closing the socket, hanging up twice says nothing new."""
    joined = pair(provider)
    is_in_band = PROVIDERS[provider].capabilities.hang_up is Ending.IN_BAND

    assert joined.say(HangUp()) == ([HangUpRequested()] if is_in_band else [])
    assert joined.say(HangUp()) == []


@every_provider
def test_the_caller_hanging_up_ends_the_stream(provider: str) -> None:
    """Where the wire has a word for it, the word ends the call; else the socket does."""
    joined = pair(provider)

    assert joined.hear(joined.wire.stop()) in ([], [CallEnded()])


@every_provider
def test_words_that_cross_the_end_are_not_held_against_us(provider: str) -> None:
    """The caller hangs up while we still speak: a race, and nobody's mistake."""
    joined = pair(provider)
    joined.hear(joined.wire.stop())

    for command in (PlayAudio(frames(provider)), SendMark("m"), ClearAudio(), HangUp()):
        if PROVIDERS[provider].capabilities.plays or isinstance(command, HangUp):
            joined.protocol.send(command)


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
def damaged(draw: st.DrawFn, messages: Sequence[str | bytes], values: st.SearchStrategy[Any]) -> str | bytes:
    """A real message, one value of which has become something else."""
    message = draw(st.sampled_from(messages))
    if isinstance(message, bytes):
        at = draw(st.integers(0, len(message)))
        return message[:at] + draw(st.binary(max_size=8)) + message[at + draw(st.integers(0, 8)) :]
    if not message.startswith("{"):
        words = message.split(" ")
        words[draw(st.integers(0, len(words) - 1))] = str(draw(values))
        return " ".join(words)
    tree = json.loads(message)
    *parents, last = draw(st.sampled_from(list(places_in(tree))))
    node = tree
    for key in parents:
        node = node[key]
    node[last] = draw(values)
    return json.dumps(tree)


def survives(receive: Callable[[str | bytes], object], message: str | bytes) -> str:
    """What the machine complains of, if it does; any other exception is a failure."""
    try:
        receive(message)
    except RemoteProtocolError as error:
        return str(error)
    return ""


@every_provider
@given(message=st.text() | st.binary())
@settings(max_examples=30, deadline=None)  # `make fuzz` tries more
def test_anything_at_all_gives_events_or_a_protocol_error(provider: str, message: str | bytes) -> None:
    """Neither end, started or not, can be brought down by what it is sent."""
    survives(trusted(provider).receive, message)
    survives(pair(provider).protocol.receive, message)
    survives(WIRES[provider]().receive, message)


@every_provider
@given(data=st.data())
@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_a_damaged_message_gives_events_or_a_protocol_error(provider: str, data: st.DataObject) -> None:
    """Any value in the place of any other is survived, by either end."""
    ends = {"in": pair(provider).protocol.receive, "out": pair(provider).wire.receive}
    for direction, receive in ends.items():
        if messages := captured(provider, direction):
            survives(receive, data.draw(damaged(messages, json_values)))


@every_provider
@given(data=st.data())
@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_a_complaint_never_repeats_what_was_sent(provider: str, data: st.DataObject) -> None:
    """No value of a message, a caller's number perhaps, is in the text of an error."""
    secret = st.sampled_from(["0501234567", ["0501234567"], {"x": "0501234567"}, 501234567])
    ends = {"in": pair(provider).protocol.receive, "out": pair(provider).wire.receive}

    for direction, receive in ends.items():
        if messages := captured(provider, direction):
            assert "501234567" not in survives(receive, data.draw(damaged(messages, secret)))
