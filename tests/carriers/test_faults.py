"""What becomes of a caller's audio, and which far ends can have which fault."""

import pytest

from bridge.carriers.base import CarrierCall
from bridge.carriers.faults import ODD_BYTES, Fault, Faults
from bridge.carriers.pairing import trusted
from bridge.carriers.registry import WIRES, far_end, is_applicable
from protocols import ALAW_8K, MULAW_8K, PROVIDERS, AudioReceived, CallStarted

CALL = CarrierCall("966500000001", "966110000001", "6fa459ea-ee8a-3ca4-894e-db77e160355e")
FRAME = bytes(range(160))


def test_odd_pieces_are_shorter_and_longer_than_a_frame_and_nothing_is_lost() -> None:
    """Neither length nor border of a frame can be counted on; what is left over waits for more."""
    faults = Faults([Fault.ODD_FRAMES], seed=3)
    pieces = [piece for _ in range(200) for piece in faults.cut(FRAME)]
    sent = b"".join(pieces)

    assert sent == (FRAME * 200)[: len(sent)]
    assert len(sent) > 200 * len(FRAME) - ODD_BYTES[1]
    assert min(map(len, pieces)) < len(FRAME) < 3 * len(FRAME) < max(map(len, pieces))
    assert b"" not in pieces


def test_without_the_fault_a_frame_is_a_frame() -> None:
    """Nothing is held back."""
    assert Faults().cut(FRAME) == [FRAME]


def test_a_law_is_spoken_where_the_wire_can_announce_it() -> None:
    """And by nobody else."""
    able = {provider for provider in PROVIDERS if is_applicable(Fault.ALAW, provider)}

    assert able == {"asterisk", "generic", "telnyx"}
    assert all(is_applicable(fault, name) for name in PROVIDERS for fault in set(Fault) - {Fault.ALAW})


@pytest.mark.parametrize("provider", ["asterisk", "generic", "telnyx"])
def test_our_end_takes_a_law_for_what_it_is(provider: str) -> None:
    """The start says so, and the samples arrive as they were sent."""
    wire, protocol = far_end(provider, [Fault.ALAW]), trusted(provider)
    heard = [event for message in wire.open(CALL) for event in protocol.receive(message)]
    (started,) = [event for event in heard if isinstance(event, CallStarted)]
    (audio,) = [event for message in wire.audio(FRAME) for event in protocol.receive(message)]

    assert started.heard == wire.caller_audio == ALAW_8K
    assert started.spoken == wire.our_audio == (MULAW_8K if provider == "telnyx" else ALAW_8K)
    assert isinstance(audio, AudioReceived)
    assert audio.payload == FRAME


@pytest.mark.parametrize("provider", sorted(set(WIRES) - {"asterisk", "generic", "telnyx"}))
def test_elsewhere_a_law_is_not_applicable(provider: str) -> None:
    """Rather than a call in another format than was asked for."""
    with pytest.raises(ValueError, match="not applicable"):
        far_end(provider, [Fault.ALAW])
