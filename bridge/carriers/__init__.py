"""The other end of the line: simulated carriers that call a real daemon over a real socket.

A provider has one wire here as it has one protocol in `protocols`; `FakeCarrier` joins a wire to a caller.
"""

from bridge.carriers.base import CarrierCall, CarrierEvent, CarrierWire
from bridge.carriers.caller import SILENT_FRAME, Caller, CallerFrame
from bridge.carriers.fake import CallOutcome, EndedBy, FakeCarrier
from bridge.carriers.maqsam import MaqsamWire
from bridge.carriers.registry import WIRES
from bridge.carriers.twilio import TwilioWire

__all__ = [
    "SILENT_FRAME",
    "WIRES",
    "CallOutcome",
    "Caller",
    "CallerFrame",
    "CarrierCall",
    "CarrierEvent",
    "CarrierWire",
    "EndedBy",
    "FakeCarrier",
    "MaqsamWire",
    "TwilioWire",
]
