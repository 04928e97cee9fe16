"""Vobiz's end of a bidirectional stream, strict: Plivo's but for what its own documents say otherwise.

A flush takes until the next audio of the caller, and nothing may be played before it is acknowledged: a real
one would drop that audio without a word, this one says so.
"""

from collections.abc import Sequence

from bridge.carriers.base import CarrierEvent, Owed
from bridge.carriers.wires.plivo import SAMPLE_STREAM, Cleared, Playable, PlivoWire
from protocols import RemoteProtocolError
from protocols.errors import CLOSE_POLICY
from protocols.wire import encode

__all__ = ["VobizWire"]


class VobizWire(PlivoWire):
    """One stream, from Vobiz's end."""

    takes_stop = True
    names_stream_when_played = False

    def __init__(self) -> None:
        super().__init__()
        self._is_flushing = False

    def audio(self, payload: bytes) -> Sequence[str]:
        was_flushing, self._is_flushing = self._is_flushing, False
        cleared = (encode(Cleared(self._next(), SAMPLE_STREAM)),) if was_flushing else ()
        return (*cleared, *super().audio(payload))

    def stop(self) -> Sequence[str]:
        return ()  # the socket closes

    def _acknowledge_clear(self) -> Sequence[Owed]:
        self._is_flushing = True
        return ()  # later

    def _play(self, media: Playable) -> Sequence[CarrierEvent]:
        if self._is_flushing:
            raise RemoteProtocolError("playAudio before clearedAudio", close_code=CLOSE_POLICY)
        return super()._play(media)


WIRE = VobizWire
