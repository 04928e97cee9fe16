"""Every provider that Hatif speaks with, by the name used in addresses, configuration and records."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from protocols import audio_fork, browser, freeswitch, generic, maqsam, twilio
from protocols.provider import Provider

__all__ = ["PROVIDERS"]

_ALL = (
    audio_fork.PROVIDER,
    browser.PROVIDER,
    freeswitch.PROVIDER,
    generic.PROVIDER,
    maqsam.PROVIDER,
    twilio.PROVIDER,
)
PROVIDERS: Mapping[str, Provider[Any]] = MappingProxyType({each.name: each for each in _ALL})
