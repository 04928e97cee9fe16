"""Everything known about telephony providers' wires, without input or output.

A provider is one file: a machine that turns its messages into `Event`s and `Command`s into its messages
(`MediaProtocol`). Nothing here opens a socket, reads a clock or knows Hatif.
"""

from protocols.audio import ALAW_8K, LINEAR_8K, MULAW_8K, AudioFormat, Encoding
from protocols.base import Capabilities, CredentialCheck, Ending, MediaProtocol
from protocols.commands import AcceptCall, ClearAudio, Command, HangUp, PlayAudio, SendMark, TransferCall
from protocols.errors import LocalProtocolError, ProtocolError, RemoteProtocolError
from protocols.events import (
    AudioPaused,
    AudioReceived,
    AudioSkipped,
    CallDescribed,
    CallDetails,
    CallEnded,
    CallStarted,
    Channel,
    Complained,
    Direction,
    DtmfReceived,
    Event,
    MarkReturned,
    ReplyDue,
)
from protocols.provider import Provider
from protocols.registry import PROVIDERS

__all__ = [
    "ALAW_8K",
    "LINEAR_8K",
    "MULAW_8K",
    "PROVIDERS",
    "AcceptCall",
    "AudioFormat",
    "AudioPaused",
    "AudioReceived",
    "AudioSkipped",
    "CallDescribed",
    "CallDetails",
    "CallEnded",
    "CallStarted",
    "Capabilities",
    "Channel",
    "ClearAudio",
    "Command",
    "Complained",
    "CredentialCheck",
    "Direction",
    "DtmfReceived",
    "Encoding",
    "Ending",
    "Event",
    "HangUp",
    "LocalProtocolError",
    "MarkReturned",
    "MediaProtocol",
    "PlayAudio",
    "ProtocolError",
    "Provider",
    "RemoteProtocolError",
    "ReplyDue",
    "SendMark",
    "TransferCall",
]
