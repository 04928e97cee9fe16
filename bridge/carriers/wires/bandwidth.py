"""Bandwidth's end of a bidirectional stream, strict. Its source is that of `protocols.bandwidth`.

It has no marks and no keys. Every message has to say what it carries; a content type that differs from the
one that this end takes is refused.
"""

from collections.abc import Sequence
from typing import assert_never

from msgspec import Struct

from bridge.carriers.base import AudioToPlay, CarrierCall, CarrierEvent, CarrierWire, PlaybackCleared
from bridge.carriers.strict import decode_strictly, require_audio
from protocols import RemoteProtocolError
from protocols.wire import MessageDecoder, encode

__all__ = ["BandwidthWire"]

SAMPLE_ACCOUNT = "5555555"  # the documentation's own examples
SAMPLE_STREAM = "s-2a913f94-93e372e2-60da-4c89-beb0-0d3a219b287c"


class _Message(Struct, tag_field="eventType", rename="camel", frozen=True):
    pass


class _MediaFormat(Struct, rename="camel", frozen=True):
    encoding: str = "PCMU"
    sample_rate: int = 8000


class _Track(Struct, rename="camel", frozen=True):
    name: str = "inbound"
    media_format: _MediaFormat = _MediaFormat()


class _Metadata(Struct, rename="camel", frozen=True):
    account_id: str
    call_id: str
    stream_id: str
    stream_name: str
    tracks: tuple[_Track, ...] = (_Track(),)


class _Start(_Message, tag="start", frozen=True):
    metadata: _Metadata
    stream_params: dict[str, str]


class _MediaReceived(_Message, tag="media", frozen=True):
    track: str
    payload: bytes
    sequence_number: str


class _Stop(_Message, tag="stop", frozen=True):
    metadata: _Metadata


class _Command(_Message, frozen=True, forbid_unknown_fields=True):
    pass


class _Audio(Struct, rename="camel", frozen=True, forbid_unknown_fields=True):
    content_type: str
    payload: bytes


class _PlayAudio(_Command, tag="playAudio", frozen=True):
    media: _Audio


class _Clear(_Command, tag="clear", frozen=True):
    pass


_FromHatif = _PlayAudio | _Clear
_DECODER: MessageDecoder[_FromHatif] = MessageDecoder(_FromHatif)


class BandwidthWire(CarrierWire):
    """One stream, from Bandwidth's end. The call ends with it: its document waits for nothing else."""

    hangs_up_on_close = True

    def __init__(self) -> None:
        self._metadata = _Metadata(SAMPLE_ACCOUNT, "", SAMPLE_STREAM, "hatif")
        self._sequence_number = 0

    def open(self, call: CarrierCall) -> Sequence[str]:
        self._metadata = _Metadata(SAMPLE_ACCOUNT, call.call_id, SAMPLE_STREAM, "hatif")
        parties = {
            "caller_number": call.from_number,
            "callee_number": call.to_number,
            "direction": call.direction,
        }
        return (encode(_Start(self._metadata, {**call.custom, **parties})),)

    def audio(self, payload: bytes) -> Sequence[str]:
        self._sequence_number += 1
        return (encode(_MediaReceived("inbound", payload, str(self._sequence_number))),)

    def digit(self, key: str) -> Sequence[str]:  # noqa: ARG002
        return ()  # a tone in the audio

    def mark(self, name: str) -> Sequence[str]:  # noqa: ARG002
        return ()

    def stop(self) -> Sequence[str]:
        return (encode(_Stop(self._metadata)),)

    def receive(self, message: str | bytes) -> Sequence[CarrierEvent]:
        incoming = decode_strictly(_DECODER, message)
        match incoming:
            case _PlayAudio():
                if incoming.media.content_type != "audio/pcmu":
                    raise RemoteProtocolError("playAudio: contentType: Expected audio/pcmu")
                return (AudioToPlay(require_audio(incoming.media.payload, message="playAudio")),)
            case _Clear():
                return (PlaybackCleared(),)
            case _:
                assert_never(incoming)


WIRE = BandwidthWire
