"""Every provider that Hatif speaks with, by the name used in addresses, configuration and records."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from protocols import bandwidth, exotel, maqsam, signalwire, telnyx, twilio
from protocols.provider import Provider

__all__ = ["PROVIDERS"]

_ALL = (
    bandwidth.PROVIDER,
    exotel.PROVIDER,
    maqsam.PROVIDER,
    signalwire.PROVIDER,
    telnyx.PROVIDER,
    twilio.PROVIDER,
)
PROVIDERS: Mapping[str, Provider[Any]] = MappingProxyType({each.name: each for each in _ALL})
