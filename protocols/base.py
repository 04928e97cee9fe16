"""What every provider's file offers: three members, no `await`, no clock, no socket."""

from collections.abc import Callable, Sequence
from typing import Protocol

from msgspec import Struct

from protocols.commands import Command
from protocols.events import Event

__all__ = ["Capabilities", "CredentialCheck", "MediaProtocol"]

CredentialCheck = Callable[[str], bool]  # compares a secret that arrived in-band, in constant time


class Capabilities(Struct, frozen=True):
    """What this provider can do, so that nobody waits for what will never come."""

    name: str
    frame_bytes: int = 160  # what it sends and is best sent at a time: 20 ms of mu-law
    acknowledges_playback: bool = True  # a mark comes back when the audio before it was played
    returns_marks_on_clear: bool = False  # a clear sends pending marks back as though they had been played
    can_clear: bool = True
    can_transfer: bool = False  # in band
    close_hangs_up: bool = False  # False: after we close, the provider's own flow goes on
    setup_grace_seconds: float | None = None  # begin without an introduction after so long; None: never


class MediaProtocol(Protocol):
    """One call's wire, as a machine: messages in, events out; commands in, messages out."""

    @property
    def capabilities(self) -> Capabilities: ...

    def receive(self, message: str | bytes) -> Sequence[Event]:
        """Translate one WebSocket message.

        Raises:
            RemoteProtocolError: the carrier broke the protocol; nothing of the message took effect.

        """
        ...

    def begin_without_setup(self) -> Sequence[Event]:
        """The setup grace is over: start anyway, where that is allowed.

        Raises:
            RemoteProtocolError: no credential has arrived, or the protocol knows no call without a setup.

        """
        ...

    def send(self, command: Command) -> Sequence[str | bytes]:
        """Encode one command as zero or more WebSocket messages (text or binary, as typed).

        Raises:
            LocalProtocolError: the call has not started, or the provider cannot do this.

        """
        ...
