"""What every provider's file offers: three members, no `await`, no clock, no socket."""

from collections.abc import Callable, Sequence
from enum import StrEnum
from typing import Protocol

from msgspec import Struct

from protocols.commands import Command
from protocols.events import Event

__all__ = ["Capabilities", "CredentialCheck", "Ending", "MediaProtocol"]

CredentialCheck = Callable[[str], bool]  # compares a secret that arrived in-band, in constant time


class Ending(StrEnum):
    """How the phone call itself is ended, or handed over."""

    IN_BAND = "in band"  # by a message on the socket
    CLOSE = "close"  # by closing the socket: what follows is the provider's own flow
    REST = "rest"  # by a request of its own
    NEVER = "never"


class Capabilities(Struct, frozen=True, kw_only=True):
    """What this provider can do, so that nobody waits for what will never come."""

    name: str
    plays: bool = True  # False: it listens only, nothing that we say is heard
    sends_keys: bool = True  # False: keys are tones in the audio
    pauses_audio: bool = False  # True: a caller whose telephone suppresses silence sends nothing meanwhile
    acknowledges_playback: bool = True  # a mark comes back when the audio before it was played
    returns_marks_on_clear: bool = False  # a clear sends pending marks back as though they had been played
    can_clear: bool = True
    hang_up: Ending = Ending.CLOSE
    transfer: Ending = Ending.NEVER
    setup_grace_seconds: float | None = None  # begin without an introduction after so long; None: never
    lead_seconds: float = 0.4  # how far ahead of the caller's ear audio is sent
    chunk_seconds: float = 0.02  # it is sent in whole multiples of this
    keep_alive_seconds: float | None = None  # silence is sent when nothing was for so long; None: never
    # A caller who was put through by REST is taken off the socket by the provider: wait for it so long. Zero:
    # nothing to wait for. Where a hang-up of ours could overtake the transfer, the call would be lost.
    transfer_seconds: float = 0.0
    farewell_seconds: float = 0.0  # after our last word the socket is theirs to close; wait for it so long
    tolerates_pings: bool = True  # False: a WebSocket ping ends the call
    # A socket that is lost in mid-call is opened again by the provider itself, for the same call and with the
    # same address, within so long. 0: never.
    reconnect_seconds: float = 0.0
    subprotocols: tuple[str, ...] = ()  # of the WebSocket; the carrier offers one of them

    @property
    def can_transfer(self) -> bool:
        """Whether a caller can be handed over to a person."""
        return self.transfer is not Ending.NEVER


class MediaProtocol(Protocol):
    """One call's wire, as a machine: messages in, events out; commands in, messages out."""

    @property
    def capabilities(self) -> Capabilities: ...

    def receive(self, message: str | bytes) -> Sequence[Event]:
        """Translate one WebSocket message; of a wire without messages, the next bytes.

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
        """Encode one command as zero or more messages (text or binary, as typed).

        Raises:
            LocalProtocolError: the call has not started, or the provider cannot do this.

        """
        ...
