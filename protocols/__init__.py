"""Everything known about telephony providers' wires, without input or output.

A provider is one file: a machine that turns its messages into `Event`s and `Command`s into its messages
(`MediaProtocol`). Nothing here opens a socket, reads a clock or knows Hatif.
"""

from protocols.base import Capabilities, CredentialCheck, MediaProtocol
from protocols.commands import AcceptCall, ClearAudio, Command, HangUp, PlayAudio, SendMark, TransferCall
from protocols.errors import LocalProtocolError, ProtocolError, RemoteProtocolError
from protocols.events import (
    AudioReceived,
    CallDescribed,
    CallDetails,
    CallEnded,
    CallStarted,
    Direction,
    DtmfReceived,
    Event,
    MarkReturned,
)
from protocols.maqsam import MaqsamProtocol
from protocols.registry import PROVIDERS
from protocols.twilio import TwilioProtocol

__all__ = [
    "PROVIDERS",
    "AcceptCall",
    "AudioReceived",
    "CallDescribed",
    "CallDetails",
    "CallEnded",
    "CallStarted",
    "Capabilities",
    "ClearAudio",
    "Command",
    "CredentialCheck",
    "Direction",
    "DtmfReceived",
    "Event",
    "HangUp",
    "LocalProtocolError",
    "MaqsamProtocol",
    "MarkReturned",
    "MediaProtocol",
    "PlayAudio",
    "ProtocolError",
    "RemoteProtocolError",
    "SendMark",
    "TransferCall",
    "TwilioProtocol",
]
