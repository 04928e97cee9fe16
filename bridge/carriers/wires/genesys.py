"""Genesys Cloud's end of the Audio Connector."""

from bridge.carriers.wires.genesys_client import GenesysClient

__all__ = ["WIRE", "AudioConnectorWire"]


class AudioConnectorWire(GenesysClient):
    """It offers the caller's channel, and plays what it is sent."""


WIRE = AudioConnectorWire
