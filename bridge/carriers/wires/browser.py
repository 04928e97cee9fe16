"""A web page at the far end: the generic words, with the microphone's own sample rate."""

from msgspec import structs

from bridge.carriers.base import CarrierCall, Dialling
from bridge.carriers.wires.generic import GenericWire
from protocols import AudioFormat, Encoding

__all__ = ["BrowserWire"]

SAMPLE_RATE = 48_000  # hertz; of nearly every machine's sound


class BrowserWire(GenericWire):
    """One call from a page."""

    def __init__(self, sample_rate: int = SAMPLE_RATE) -> None:
        super().__init__(AudioFormat(Encoding.LINEAR, sample_rate))

    def dial(self, url: str, call: CarrierCall, token: str | None) -> Dialling:
        """As a page without an encoder of Opus does."""
        return structs.replace(super().dial(url, call, token), subprotocols=("hatif.pcm",))

    @classmethod
    def in_alaw(cls) -> None:
        """No page has A-law."""


WIRE = BrowserWire
