"""What can go wrong with voices."""

from bridge.errors import BridgeError

__all__ = ["VoiceError"]


class VoiceError(BridgeError):
    """A cloned voice, its recording or its consent cannot be used."""

    code = "voice"
