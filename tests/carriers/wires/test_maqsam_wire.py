"""Maqsam's wire, from its own end."""

import json

import pytest

from bridge.carriers.base import Accepted, CarrierCall, HangUpRequested, TransferRequested
from bridge.carriers.wires.maqsam import MaqsamWire, SetupStyle
from protocols import (
    AcceptCall,
    CallDescribed,
    CallStarted,
    DtmfReceived,
    RemoteProtocolError,
)
from protocols.errors import CLOSE_POLICY
from protocols.maqsam import MaqsamProtocol

READY = '{"type":"session.ready"}'
AUDIO = '{"type":"response.stream","data":{"audio":"//8="}}'
MARK = '{"type":"call.mark","data":{"label":"m"}}'
CLEAR = '{"type":"speech.started"}'
REDIRECT = '{"type":"call.redirect"}'
HANGUP = '{"type":"call.hangup"}'
CALL = CarrierCall("+9621234567", "+9621234566", "123", api_key="TEST_TOKEN", custom={"order_id": "1"})
CONTEXT = {
    "id": 123,
    "caller_number": "9621234567",
    "callee_number": "9621234566",
    "direction": "inbound",
    "custom": {"order_id": "1"},
}


def accepted_wire() -> MaqsamWire:
    wire = MaqsamWire()
    wire.receive(READY)
    return wire


@pytest.mark.parametrize(
    ("style", "messages"),
    [
        (SetupStyle.WHOLE, [{"apiKey": "TEST_TOKEN", "data": {"context": CONTEXT}}]),
        (SetupStyle.SPLIT, [{"apiKey": "TEST_TOKEN", "data": {}}, {"data": {"context": CONTEXT}}]),
        (SetupStyle.ABSENT, []),
    ],
)
def test_a_call_is_introduced_in_every_way_that_the_document_allows(
    style: SetupStyle, messages: list[dict[str, object]]
) -> None:
    """Key and context come together, one after the other, or not at all; numbers have no plus."""
    introduced = [json.loads(message) for message in MaqsamWire(setup=style).open(CALL)]

    assert introduced == [{"type": "session.setup", **message} for message in messages]


def test_two_setups_start_one_call() -> None:
    """The key lets the call in, the context describes it, and it is accepted once."""
    protocol = MaqsamProtocol(authenticated=False, check=lambda key: key == "TEST_TOKEN")
    wire = MaqsamWire(setup=SetupStyle.SPLIT)

    events = [event for message in wire.open(CALL) for event in protocol.receive(message)]
    assert [type(event) for event in events] == [CallStarted, CallDescribed]
    assert [event for message in protocol.send(AcceptCall()) for event in wire.receive(message)] == [
        Accepted()
    ]


def test_a_call_without_a_credential_of_its_own_sends_none() -> None:
    """Where the header authenticates, the setup carries the context alone; an identifier may be a word."""
    (message,) = MaqsamWire().open(CarrierCall("1", "2", "call-7"))

    context = {"id": "call-7", "caller_number": "1", "callee_number": "2", "direction": "inbound"}
    assert json.loads(message) == {"type": "session.setup", "data": {"context": context}}


@pytest.mark.parametrize(("key", "digit"), [("5", 5), ("*", "*")])
def test_digits_may_be_numbers(key: str, digit: int | str) -> None:
    """The document leaves the digit's type open; we understand both."""
    (message,) = MaqsamWire(numeric_digits=True).digit(key)
    protocol = MaqsamProtocol(authenticated=True, check=None)
    protocol.begin_without_setup()

    assert json.loads(message)["data"] == {"digit": digit}
    assert protocol.receive(message) == (DtmfReceived(key),)


def test_what_a_clear_does_to_marks_is_a_choice() -> None:
    """The document does not say, so a test may try both."""
    assert not MaqsamWire().returns_marks_on_clear
    assert MaqsamWire(returns_marks_on_clear=True).returns_marks_on_clear


def test_a_caller_who_hangs_up_just_goes() -> None:
    """Maqsam has no word for it."""
    assert accepted_wire().stop() == ()


@pytest.mark.parametrize("message", [AUDIO, MARK, CLEAR])
def test_nothing_is_accepted_before_session_ready(message: str) -> None:
    """The service does not work without it, so the far end says so."""
    with pytest.raises(RemoteProtocolError, match=r"when the call is not accepted$") as caught:
        MaqsamWire().receive(message)

    assert caught.value.close_code == CLOSE_POLICY


def test_session_ready_is_said_once() -> None:
    """A second one is refused."""
    with pytest.raises(RemoteProtocolError, match=r"^session.ready when the call is accepted$"):
        accepted_wire().receive(READY)


@pytest.mark.parametrize(
    ("last_word", "event"), [(REDIRECT, TransferRequested()), (HANGUP, HangUpRequested())]
)
def test_nothing_follows_the_last_word(last_word: str, event: TransferRequested | HangUpRequested) -> None:
    """After a redirect or a hang-up the call is no longer ours to speak in."""
    wire = accepted_wire()

    assert wire.receive(last_word) == (event,)
    with pytest.raises(RemoteProtocolError, match=r"when the call is over$"):
        wire.receive(AUDIO)


def test_a_mark_is_not_asked_for_twice_at_once() -> None:
    """A label is pending until it is returned."""
    wire = accepted_wire()
    wire.receive(MARK)
    with pytest.raises(RemoteProtocolError):
        wire.receive(MARK)

    wire.mark("m")
    assert len(wire.receive(MARK)) == 1


@pytest.mark.parametrize(
    "message",
    [
        '{"type":"call.transfer"}',
        '{"type":"call.hangup","reason":"done"}',
        '{"type":"response.stream","data":{"audio":""}}',
        '{"type":"response.stream","data":{"audio":"//8=","rate":8000}}',
        b"\xff\xff",
    ],
)
def test_what_the_document_does_not_have_is_refused(message: str | bytes) -> None:
    """Unknown messages and fields, empty audio and binary frames are the daemon's mistakes."""
    with pytest.raises(RemoteProtocolError):
        accepted_wire().receive(message)
