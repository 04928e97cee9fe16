"""Maqsam's wire, from our end."""

import json
from pathlib import Path

import pytest

from protocols import (
    AcceptCall,
    AudioReceived,
    CallDescribed,
    CallDetails,
    CallStarted,
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
from protocols.errors import CLOSE_POLICY, CLOSE_UNSUPPORTED
from protocols.maqsam import MaqsamProtocol

CAPTURE = Path(__file__).parents[1] / "captures" / "maqsam.jsonl"
TOKEN = "TEST_TOKEN"
SILENCE = b"\xff" * 160


def said(kind: str, **fields: object) -> str:
    return json.dumps({"type": kind, **fields})


def header_call() -> MaqsamProtocol:
    """A call whose header was good."""
    return MaqsamProtocol(authenticated=True, check=None)


def key_call() -> MaqsamProtocol:
    """A call that has yet to show its key."""
    return MaqsamProtocol(authenticated=False, check=lambda key: key == TOKEN)


def accepted_call() -> MaqsamProtocol:
    protocol = header_call()
    protocol.receive(said("session.setup", data={}))
    protocol.send(AcceptCall())
    return protocol


def sent_by(protocol: MaqsamProtocol, *commands: Command) -> list[object]:
    return [json.loads(message) for command in commands for message in protocol.send(command)]


def captured(direction: str) -> list[dict[str, object]]:
    lines = [json.loads(line) for line in CAPTURE.read_text().splitlines()]
    return [line["msg"] for line in lines if line["dir"] == direction]


# What Maqsam says


def test_the_capture_is_understood() -> None:
    """Every message of the document means what the document says."""
    protocol = key_call()
    first, second, third, *rest = [protocol.receive(json.dumps(message)) for message in captured("in")]

    assert first == (CallStarted(CallDetails()),)
    custom = {"order_id": "123", "order_amount": "100", "order_status": "pending"}
    inbound = CallDetails("123", None, "9621234567", "9621234566", Direction.INBOUND, custom)
    assert second == (CallDescribed(inbound),)
    outbound = CallDetails("124", None, "966500000001", "966110000001", Direction.OUTBOUND)
    assert third == (CallDescribed(outbound),)
    assert rest == [
        (AudioReceived(SILENCE),),
        (),
        (DtmfReceived("5"),),
        (DtmfReceived("5"),),
        (DtmfReceived("*"),),
    ]


def test_a_call_with_a_good_header_starts_with_its_setup() -> None:
    """One setup with the context starts the call with all that is known."""
    context = {"id": "a-1", "caller_number": 9621234567, "callee_number": "", "custom": None}
    setup = said("session.setup", data={"context": context})

    details = CallDetails(provider_call_id="a-1", caller_number="9621234567")
    assert header_call().receive(setup) == (CallStarted(details),)


def test_custom_values_are_found_at_either_level() -> None:
    """The document leaves open where `custom` sits; the context's own value wins."""
    data = {"custom": {"a": 1, "b": 2}, "context": {"custom": {"b": "3", "c": None}}}

    (started,) = header_call().receive(said("session.setup", data=data))

    assert started == CallStarted(CallDetails(custom={"a": "1", "b": "3"}))


@pytest.mark.parametrize("empty", [said("session.setup"), said("session.setup", data=None)])
def test_a_setup_that_says_nothing_starts_the_call_and_describes_nothing(empty: str) -> None:
    """A setup without a context is a start the first time, and no news the second."""
    protocol = header_call()

    assert protocol.receive(empty) == (CallStarted(CallDetails()),)
    assert protocol.receive(empty) == ()


def test_an_unknown_type_is_ignored() -> None:
    """What Maqsam adds tomorrow does not end the call, before or after it began."""
    protocol = header_call()
    assert protocol.receive(said("call.sentiment", data=[7])) == ()

    protocol.receive(said("session.setup"))
    assert protocol.receive(said("call.sentiment", data=[7])) == ()


def test_speech_started_is_ours_to_say() -> None:
    """An inbound `speech.started` is unknown, whatever its name suggests."""
    assert accepted_call().receive(said("speech.started")) == ()


def test_audio_before_the_setup_is_dropped() -> None:
    """Nobody listens to a call that has not started; the setup may still come."""
    protocol = header_call()

    assert protocol.receive(said("audio.input", data={"audio": "//8="})) == ()
    assert protocol.receive(said("session.setup")) == (CallStarted(CallDetails()),)


def test_a_mark_that_we_did_not_send_is_ignored() -> None:
    """A stray echo tells nothing."""
    assert accepted_call().receive(said("call.mark", data={"label": "stray"})) == ()


@pytest.mark.parametrize(
    ("message", "complaint"),
    [
        (b"\xff\xff", "a binary message where only text is spoken"),
        ("{type: 'session.setup'}", "message: not JSON"),
        (said("audio.input"), "audio.input: Object missing required field `data`"),
        (said("audio.input", data={"audio": "!"}), "audio.input: data.audio: Invalid base64 encoded string"),
        (said("call.dtmf", data={"digit": None}), "call.dtmf: data.digit: Expected `int | str`, got `null`"),
        (said("call.dtmf", data={"digit": 55}), "call.dtmf: digit: Expected one key of 0-9, *, # or A-D"),
        (
            said("session.setup", data={"context": 1}),
            "session.setup: data.context: Expected `object | null`, got `int`",
        ),
    ],
)
def test_a_broken_message_is_refused_by_name(message: str | bytes, complaint: str) -> None:
    """The complaint names message and field, and the socket is closed as having sent unusable data."""
    with pytest.raises(RemoteProtocolError) as caught:
        accepted_call().receive(message)

    assert (str(caught.value), caught.value.close_code) == (complaint, CLOSE_UNSUPPORTED)


# Who may call


def test_a_key_in_the_setup_lets_the_call_in() -> None:
    """The second way of authenticating starts the call as the first does."""
    setup = said("session.setup", apiKey=TOKEN, data={"context": {"id": 7}})

    assert key_call().receive(setup) == (CallStarted(CallDetails(provider_call_id="7")),)


@pytest.mark.parametrize(
    ("fields", "complaint"),
    [
        ({"apiKey": "wrong"}, "session.setup: apiKey: Not the right one"),
        ({"apiKey": ""}, "session.setup: apiKey: Not the right one"),
        ({}, "session.setup: apiKey: Missing"),
        ({"data": {"context": {"id": 7}}}, "session.setup: apiKey: Missing"),
    ],
)
def test_a_setup_without_the_right_key_is_refused(fields: dict[str, object], complaint: str) -> None:
    """No call starts; the socket is to be closed with 1008, the code of the vendor's sample."""
    protocol = key_call()
    with pytest.raises(RemoteProtocolError) as caught:
        protocol.receive(said("session.setup", **fields))

    assert (str(caught.value), caught.value.close_code) == (complaint, CLOSE_POLICY)
    with pytest.raises(LocalProtocolError):
        protocol.send(AcceptCall())


def test_audio_before_any_credential_is_refused() -> None:
    """Nobody's audio is looked at before the key."""
    with pytest.raises(RemoteProtocolError) as caught:
        key_call().receive(said("audio.input", data={"audio": "//8="}))

    assert caught.value.close_code == CLOSE_POLICY


def test_no_check_means_that_no_key_is_right() -> None:
    """A daemon that forgot to say how keys are checked lets nobody in."""
    with pytest.raises(RemoteProtocolError):
        MaqsamProtocol(authenticated=False, check=None).receive(said("session.setup", apiKey=TOKEN))


def test_a_key_is_not_looked_at_once_the_call_is_let_in() -> None:
    """A good header is enough, and so is a good key in the first of two setups."""
    protocol = key_call()
    protocol.receive(said("session.setup", apiKey=TOKEN))

    described = protocol.receive(said("session.setup", data={"context": {"id": 7}}))
    assert described == (CallDescribed(CallDetails(provider_call_id="7")),)
    assert MaqsamProtocol(authenticated=True, check=lambda _: False).receive(
        said("session.setup", apiKey="wrong")
    )


def test_a_call_with_a_good_header_may_begin_without_a_setup() -> None:
    """After the grace the call starts, once; a setup that comes later describes it."""
    protocol = header_call()

    assert protocol.begin_without_setup() == (CallStarted(CallDetails()),)
    assert protocol.begin_without_setup() == ()
    described = protocol.receive(said("session.setup", data={"context": {"id": 7}}))
    assert described == (CallDescribed(CallDetails(provider_call_id="7")),)


def test_a_call_without_a_credential_does_not_begin_by_waiting() -> None:
    """The grace is for calls that have authenticated."""
    with pytest.raises(RemoteProtocolError) as caught:
        key_call().begin_without_setup()

    assert caught.value.close_code == CLOSE_POLICY


# What we say


def test_the_capture_is_produced() -> None:
    """Every message of ours is the document's, as parsed JSON."""
    ready, audio, clear, mark, redirect, hangup = captured("out")
    protocol = header_call()
    protocol.receive(said("session.setup"))

    commands = (AcceptCall(), PlayAudio(SILENCE), ClearAudio(), SendMark("greeting-1"), TransferCall())
    assert sent_by(protocol, *commands) == [ready, audio, clear, mark, redirect]
    assert sent_by(accepted_call(), HangUp()) == [hangup]


def test_the_call_is_accepted_once() -> None:
    """`session.ready` is said exactly once, however many setups come."""
    protocol = header_call()
    protocol.receive(said("session.setup"))

    assert sent_by(protocol, AcceptCall(), AcceptCall()) == [{"type": "session.ready"}]
    protocol.receive(said("session.setup", data={"context": {"id": 7}}))
    assert sent_by(protocol, AcceptCall()) == []


def test_nothing_is_sent_for_no_audio() -> None:
    """An empty payload is no message."""
    assert sent_by(accepted_call(), PlayAudio(b"")) == []


def test_an_echo_proves_playback() -> None:
    """A mark that Maqsam echoes says that the audio before it was played."""
    protocol = accepted_call()
    protocol.send(SendMark("greeting-1"))

    echo = said("call.mark", data={"label": "greeting-1"})
    assert protocol.receive(echo) == (MarkReturned("greeting-1", played=True),)


def test_an_echo_after_speech_started_proves_nothing() -> None:
    """What becomes of marks after an interruption is not documented, so a late echo is not trusted."""
    protocol = accepted_call()
    protocol.send(SendMark("greeting-1"))
    protocol.send(ClearAudio())

    echo = said("call.mark", data={"label": "greeting-1"})
    assert protocol.receive(echo) == (MarkReturned("greeting-1", played=False),)


@pytest.mark.parametrize(
    "command", [AcceptCall(), PlayAudio(SILENCE), SendMark("m"), ClearAudio(), TransferCall(), HangUp()]
)
def test_nothing_is_said_before_the_call_is_introduced(command: Command) -> None:
    """A command before the start is our bug."""
    with pytest.raises(LocalProtocolError, match=r"when the call is waiting for its setup$"):
        header_call().send(command)


@pytest.mark.parametrize("command", [PlayAudio(SILENCE), SendMark("m"), ClearAudio()])
def test_nothing_is_played_before_the_call_is_accepted(command: Command) -> None:
    """Maqsam's service does not work before `session.ready`."""
    protocol = header_call()
    protocol.receive(said("session.setup"))

    with pytest.raises(LocalProtocolError, match=r"when the call is introduced$"):
        protocol.send(command)


@pytest.mark.parametrize("ending", [TransferCall(), HangUp()])
def test_a_call_may_be_ended_without_having_been_accepted(ending: Command) -> None:
    """A busy daemon hands the caller back at once."""
    protocol = header_call()
    protocol.receive(said("session.setup"))

    assert len(protocol.send(ending)) == 1


@pytest.mark.parametrize("ending", [TransferCall(), HangUp()])
def test_what_is_over_stays_over(ending: Command) -> None:
    """Nothing is heard or said once the call is handed back; hanging up again says nothing."""
    protocol = accepted_call()
    protocol.send(ending)

    assert protocol.receive(said("audio.input", data={"audio": "//8="})) == ()
    assert protocol.receive("garbage") == ()
    assert protocol.begin_without_setup() == ()
    assert protocol.send(HangUp()) == ()
    with pytest.raises(LocalProtocolError):
        protocol.send(PlayAudio(SILENCE))
