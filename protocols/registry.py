"""Every provider that Hatif speaks with, by the name used in addresses, configuration and records."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from protocols import audiocodes, genesys, genesys_audiohook, jambonz, maqsam, twilio
from protocols.provider import Provider

__all__ = ["PROVIDERS"]

_ALL = (
    audiocodes.PROVIDER,
    genesys.PROVIDER,
    genesys_audiohook.PROVIDER,
    jambonz.PROVIDER,
    maqsam.PROVIDER,
    twilio.PROVIDER,
)
PROVIDERS: Mapping[str, Provider[Any]] = MappingProxyType({each.name: each for each in _ALL})
