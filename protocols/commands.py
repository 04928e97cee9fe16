"""What we ask of a carrier, in one vocabulary whatever its wire looks like. Commands are imperative."""

from msgspec import Struct

__all__ = ["AcceptCall", "ClearAudio", "Command", "HangUp", "PlayAudio", "SendMark", "TransferCall"]


class AcceptCall(Struct, frozen=True):
    """Take the call. Where the carrier waits for a word, this is it; sent again it says nothing."""


class PlayAudio(Struct, frozen=True):
    """Play this audio after everything sent before."""

    payload: bytes  # in the format that `CallStarted.spoken` named: whole samples, any number


class SendMark(Struct, frozen=True):
    """Ask to be told when everything sent before has been played."""

    name: str  # unique within the call


class ClearAudio(Struct, frozen=True):
    """Drop what has been sent and not played yet: the caller is speaking."""


class TransferCall(Struct, frozen=True):
    """Hand the caller over to a person."""

    to: str | None = None  # a telephone number; None: wherever the carrier's own flow leads


class HangUp(Struct, frozen=True):
    """End the call."""


Command = AcceptCall | PlayAudio | SendMark | ClearAudio | TransferCall | HangUp
