"""Every provider's machine, given what no carrier sends: a complaint with a code, events, or nothing.

Anything at all and damaged captures are tried in tests/carriers/test_conformance.py; here is what is hostile
by its shape or its order, by name.
"""

import json
from collections.abc import Callable, Iterable
from typing import Any

import pytest

from bridge.carriers.base import CarrierCall
from bridge.carriers.pairing import Pair, trusted
from bridge.carriers.registry import WIRES
from protocols import PROVIDERS, CallStarted, Event, RemoteProtocolError
from protocols.base import MediaProtocol

CALL = CarrierCall("966500000001", "966110000001", "6fa459ea-ee8a-3ca4-894e-db77e160355e")
MOST_SAID = 300  # characters
CODES = {1003, 1007, 1008}
SECRET = "0501234567"

HOSTILE: dict[str, str | bytes] = {
    "nothing": "",
    "no bytes": b"",
    "null": "null",
    "a number": "1" * 5000,
    "not a number": "NaN",
    "infinity": '{"event": Infinity}',
    "deep lists": "[" * 60_000,
    "deep objects": '{"a":' * 12_000,
    "closed deep lists": "[" * 30_000 + "]" * 30_000,
    "half a letter": '{"event":"\\ud800"}',
    "a zero byte": '{"event":"\x00"}',
    "bytes that are no text": b"\xff\xfe\xfd" * 100,
    "a large exponent": '{"event":"media","sequenceNumber":1e400}',
    "a large whole number": f'{{"event":"start","sequenceNumber":{"9" * 4000}}}',
    "ten thousand fields": json.dumps({str(n): n for n in range(5000)}),
    "the same field twice": '{"event":"start","event":"stop"}',
    "a long name": json.dumps({"a" * 60_000: 1}),
    "a number of a caller": json.dumps({"event": SECRET, "type": SECRET, "command": SECRET}),
    "HTTP": "GET / HTTP/1.1\r\n\r\n",
}

every_provider = pytest.mark.parametrize("provider", sorted(PROVIDERS))


def machines(provider: str) -> list[MediaProtocol]:
    """One that waits for a call, and one that has it."""
    joined = Pair(provider, CALL)
    joined.accept()
    return [trusted(provider), joined.protocol]


def taken(receive: Callable[[str | bytes], Any], message: str | bytes) -> list[Event]:
    """What is understood; a complaint has a code of the WebSocket's and nothing of what was sent."""
    complaint = None
    try:
        return list(receive(message))
    except RemoteProtocolError as error:
        complaint = error
    assert complaint.close_code in CODES
    assert SECRET not in str(complaint)
    assert len(str(complaint)) < MOST_SAID
    return []


def starts(events: Iterable[Event]) -> int:
    """How many calls began."""
    return sum(isinstance(event, CallStarted) for event in events)


@every_provider
@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_messages_are_survived(provider: str, name: str) -> None:
    """Before a call, where some wires have no introduction to wait for, and in the middle of one."""
    before, within = machines(provider)
    assert starts(taken(before.receive, HOSTILE[name])) <= 1
    assert starts(taken(within.receive, HOSTILE[name])) == 0


def introduction(provider: str) -> list[str | bytes]:
    """What this provider opens a call with."""
    wire = WIRES[provider]()
    wire.dial(f"wss://hatif.example/ws/{provider}", CALL, None)
    return list(wire.open(CALL))


@every_provider
def test_a_call_begins_once(provider: str) -> None:
    """A start within a call is a complaint, or goes unheard."""
    joined = Pair(provider, CALL)
    joined.accept()
    again = [event for message in introduction(provider) for event in taken(joined.protocol.receive, message)]
    assert starts(again) == 0


@every_provider
@pytest.mark.parametrize("other", sorted(PROVIDERS))
def test_another_providers_words_bring_nobody_down(provider: str, other: str) -> None:
    """Events, complaints or silence; never another exception."""
    for machine in machines(provider):
        for message in introduction(other):
            taken(machine.receive, message)


@every_provider
def test_audio_keys_and_marks_before_a_call_are_survived(provider: str) -> None:
    """In the wrong order; a wire without an introduction begins with them, once."""
    wire = Pair(provider, CALL).wire
    early = [*wire.audio(bytes(wire.caller_audio.frame_bytes)), *wire.digit("5"), *wire.mark("never sent")]
    for message in early:
        machine = trusted(provider)
        assert starts([*taken(machine.receive, message), *taken(machine.receive, message)]) <= 1


@every_provider
def test_ten_thousand_keys_and_unknown_marks_are_survived(provider: str) -> None:
    """Each is heard or complained of, and nothing is kept of what means nothing."""
    joined = Pair(provider, CALL)
    joined.accept()
    for number in range(10_000):
        for message in (*joined.wire.digit("5"), *joined.wire.mark(f"never sent {number}")):
            taken(joined.protocol.receive, message)
