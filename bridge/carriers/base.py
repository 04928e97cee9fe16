"""The provider's end of a call, seen from the provider: what it introduces, what it is asked to do.

A `CarrierWire` is the mirror of a `MediaProtocol`: equally without input and output, but strict. What a
real carrier might forgive, it refuses, so that a call which succeeds here speaks the protocol to the
letter.
"""

from collections.abc import Sequence
from typing import Protocol

from msgspec import Struct

__all__ = [
    "Accepted",
    "AudioToPlay",
    "CarrierCall",
    "CarrierEvent",
    "CarrierWire",
    "HangUpRequested",
    "MarkRequested",
    "PlaybackCleared",
    "TransferRequested",
]


class CarrierCall(Struct, frozen=True):
    """The phone call that the carrier introduces."""

    from_number: str
    to_number: str
    call_id: str
    direction: str = "inbound"
    api_key: str | None = None  # a credential that travels in band, where the wire has a place for one
    custom: dict[str, str] = {}


class Accepted(Struct, frozen=True):
    """Hatif takes the call."""


class AudioToPlay(Struct, frozen=True):
    """Play this to the caller after everything before."""

    payload: bytes  # mu-law, 8 kHz, mono; any length but zero


class MarkRequested(Struct, frozen=True):
    """Return this mark when everything before has been played."""

    name: str


class PlaybackCleared(Struct, frozen=True):
    """Drop what has not been played."""


class TransferRequested(Struct, frozen=True):
    """Hand the caller over to a person."""


class HangUpRequested(Struct, frozen=True):
    """End the call."""


CarrierEvent = Accepted | AudioToPlay | MarkRequested | PlaybackCleared | TransferRequested | HangUpRequested


class CarrierWire(Protocol):
    """The far end of one call's wire, as a machine. It serves one call."""

    @property
    def waits_for_accept(self) -> bool:
        """Whether no audio goes out before `Accepted`."""
        ...

    @property
    def returns_marks_on_clear(self) -> bool:
        """Whether a clear returns the pending marks as though their audio had been played."""
        ...

    @property
    def hangs_up_on_close(self) -> bool:
        """Whether the phone call ends with the socket, or goes on elsewhere."""
        ...

    def open(self, call: CarrierCall) -> Sequence[str]:
        """Introduce the call."""
        ...

    def audio(self, payload: bytes) -> Sequence[str]:
        """Some of the caller's audio."""
        ...

    def digit(self, key: str) -> Sequence[str]:
        """The caller pressed a key."""
        ...

    def mark(self, name: str) -> Sequence[str]:
        """Return a mark."""
        ...

    def stop(self) -> Sequence[str]:
        """The caller hung up; where the wire has no word for it, closing the socket says so."""
        ...

    def receive(self, message: str | bytes) -> Sequence[CarrierEvent]:
        """Translate one WebSocket message from Hatif.

        Raises:
            RemoteProtocolError: Hatif broke the protocol.

        """
        ...
