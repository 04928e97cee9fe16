"""The provider's end of a call, seen from the provider: what it introduces, what it is asked to do.

A `CarrierWire` is the mirror of a `MediaProtocol`: equally without input and output, but strict. What a
real carrier might forgive, it refuses, so that a call which succeeds here speaks the protocol to the
letter.
"""

from collections.abc import Sequence
from typing import Protocol, Self

from msgspec import Struct

from protocols.audio import MULAW_8K, AudioFormat

__all__ = [
    "Accepted",
    "AudioToPlay",
    "CarrierCall",
    "CarrierEvent",
    "CarrierWire",
    "Dialling",
    "HangUpRequested",
    "MarkRequested",
    "Owed",
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

    payload: bytes  # in the wire's `our_audio`; any length but zero


class MarkRequested(Struct, frozen=True):
    """Return this mark when everything before has been played."""

    name: str


class PlaybackCleared(Struct, frozen=True):
    """Drop what has not been played."""


class TransferRequested(Struct, frozen=True):
    """Hand the caller over to a person."""


class HangUpRequested(Struct, frozen=True):
    """End the call."""


class Owed(Struct, frozen=True):
    """The carrier answers with this at once."""

    message: str | bytes


CarrierEvent = (
    Accepted | AudioToPlay | MarkRequested | PlaybackCleared | TransferRequested | HangUpRequested | Owed
)


class Dialling(Struct, frozen=True):
    """How the carrier connects."""

    url: str  # ws://, wss://, or tcp:// for a wire without WebSocket
    headers: dict[str, str] = {}
    subprotocols: tuple[str, ...] = ()


class CarrierWire(Protocol):
    """The far end of one call's wire, as a machine. It serves one call."""

    waits_for_accept: bool = False  # no audio goes out before `Accepted`
    returns_marks_on_clear: bool = False  # a clear returns the pending marks as though they had been played
    hangs_up_on_close: bool = False  # the phone call ends with the socket; else it goes on elsewhere
    caller_audio: AudioFormat = MULAW_8K  # what it sends
    our_audio: AudioFormat = MULAW_8K  # what it takes

    @classmethod
    def in_alaw(cls) -> Self | None:
        """The same far end with A-law both ways, as far as its wire lets it; None: it has no word for it."""
        return None

    def dial(self, url: str, call: CarrierCall, token: str | None) -> Dialling:  # noqa: ARG002
        """How to connect to `url`, showing `token`: most are let in by the path."""
        return Dialling(url if token is None else f"{url.rstrip('/')}/{token}")

    def open(self, call: CarrierCall) -> Sequence[str | bytes]:
        """Introduce the call."""
        ...

    def audio(self, payload: bytes) -> Sequence[str | bytes]:
        """Some of the caller's audio, in `caller_audio`."""
        ...

    def digit(self, key: str) -> Sequence[str | bytes]:
        """The caller pressed a key. A wire that has no word for it says nothing: the audio has its tones."""
        ...

    def mark(self, name: str) -> Sequence[str | bytes]:
        """Return a mark: the audio before it has been played, or was dropped by a clear."""
        ...

    def stop(self) -> Sequence[str | bytes]:
        """The caller hung up; where the wire has no word for it, closing the socket says so."""
        ...

    def receive(self, message: str | bytes) -> Sequence[CarrierEvent]:
        """Translate one message from Hatif.

        Raises:
            RemoteProtocolError: Hatif broke the protocol.

        """
        ...
