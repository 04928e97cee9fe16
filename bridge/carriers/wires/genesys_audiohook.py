"""Genesys Cloud's end of AudioHook Monitor."""

from bridge.carriers.wires.genesys_client import GenesysClient

__all__ = ["WIRE", "AudioHookWire"]


class AudioHookWire(GenesysClient):
    """It offers both channels together and each alone, tells no keys and takes no audio."""

    can_play = False
    offered_channels = (("external", "internal"), ("external",), ("internal",))


WIRE = AudioHookWire
