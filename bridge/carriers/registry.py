"""The far end of every provider's wire, by the provider's name."""

from collections.abc import Callable, Mapping
from types import MappingProxyType

from bridge.carriers.base import CarrierWire
from bridge.carriers.maqsam import MaqsamWire
from bridge.carriers.twilio import TwilioWire

__all__ = ["WIRES"]

WIRES: Mapping[str, Callable[[], CarrierWire]] = MappingProxyType(
    {"maqsam": MaqsamWire, "twilio": TwilioWire}
)
