"""Every provider that Hatif speaks with, by the name used in addresses, configuration and records."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from protocols import (
    asterisk,
    audio_fork,
    audiocodes,
    audiosocket,
    bandwidth,
    browser,
    exotel,
    freeswitch,
    generic,
    genesys,
    genesys_audiohook,
    infobip,
    jambonz,
    maqsam,
    plivo,
    signalwire,
    telnyx,
    twilio,
    vobiz,
    vonage,
)
from protocols.provider import Provider

__all__ = ["PROVIDERS"]

_ALL = (
    asterisk.PROVIDER,
    audio_fork.PROVIDER,
    audiocodes.PROVIDER,
    audiosocket.PROVIDER,
    bandwidth.PROVIDER,
    browser.PROVIDER,
    exotel.PROVIDER,
    freeswitch.PROVIDER,
    generic.PROVIDER,
    genesys.PROVIDER,
    genesys_audiohook.PROVIDER,
    infobip.PROVIDER,
    jambonz.PROVIDER,
    maqsam.PROVIDER,
    plivo.PROVIDER,
    signalwire.PROVIDER,
    telnyx.PROVIDER,
    twilio.PROVIDER,
    vobiz.PROVIDER,
    vonage.PROVIDER,
)
PROVIDERS: Mapping[str, Provider[Any]] = MappingProxyType({each.name: each for each in _ALL})
