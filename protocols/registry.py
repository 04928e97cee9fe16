"""Every provider that Hatif speaks with, by the name used in addresses, configuration and records."""

from collections.abc import Mapping
from types import MappingProxyType

from protocols.base import Capabilities
from protocols.maqsam import MAQSAM
from protocols.twilio import TWILIO

__all__ = ["PROVIDERS"]

PROVIDERS: Mapping[str, Capabilities] = MappingProxyType({each.name: each for each in (MAQSAM, TWILIO)})
