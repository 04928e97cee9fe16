"""Plivo's end of a bidirectional stream, strict. Its source is that of `protocols.plivo_dialect`.

Playback is acknowledged only where it happened: a checkpoint whose audio was cleared never comes back.
"""

from collections.abc import Sequence
from typing import assert_never

import msgspec
from msgspec import Struct

from bridge.audio.frames import SAMPLE_RATE
from bridge.carriers.base import (
    AudioToPlay,
    CarrierCall,
    CarrierEvent,
    CarrierWire,
    HangUpRequested,
    MarkRequested,
    Owed,
    PlaybackCleared,
)
from bridge.carriers.strict import decode_strictly, require_audio
from protocols import RemoteProtocolError
from protocols.errors import CLOSE_POLICY
from protocols.wire import MessageDecoder, encode

__all__ = ["SAMPLE_STREAM", "Cleared", "Playable", "PlivoWire"]

SAMPLE_ACCOUNT = "500025"  # the documentation's own examples
SAMPLE_STREAM = "20170ada-f610-433b-8758-c02a2aab3662"
SAMPLE_BEGINNING = 1778597597091  # milliseconds since 1970, of the first media


class _Message(Struct, tag_field="event", rename="camel", frozen=True, omit_defaults=True):
    pass


class _MediaFormat(Struct, rename="camel", frozen=True):
    encoding: str = "audio/x-mulaw"
    sample_rate: int = SAMPLE_RATE


class _StartData(Struct, rename="camel", frozen=True):
    call_id: str
    stream_id: str
    account_id: str
    tracks: tuple[str, ...] = ("inbound",)
    media_format: _MediaFormat = _MediaFormat()


class _Start(_Message, tag="start", frozen=True):
    sequence_number: int
    start: _StartData
    extra_headers: str = msgspec.field(name="extra_headers")


class _InboundMedia(Struct, frozen=True):
    timestamp: str
    chunk: int
    payload: bytes
    track: str = "inbound"


class _Numbered(_Message, frozen=True):
    sequence_number: int
    stream_id: str
    extra_headers: str = msgspec.field(name="extra_headers")


class _MediaReceived(_Numbered, tag="media", frozen=True):
    media: _InboundMedia


class _Digit(Struct, frozen=True):
    digit: str
    timestamp: str
    track: str = "inbound"


class _Dtmf(_Numbered, tag="dtmf", frozen=True):
    dtmf: _Digit


class _PlayedStream(_Message, tag="playedStream", frozen=True):
    name: str
    stream_id: str | None = None


class Cleared(_Message, tag="clearedAudio", frozen=True):
    """What was not played yet has been dropped."""

    sequence_number: int
    stream_id: str


class _Stopped(_Message, tag="stop", frozen=True):
    sequence_number: int
    stream_id: str
    reason: str


class _Command(_Message, frozen=True, forbid_unknown_fields=True):
    pass


class Playable(Struct, rename="camel", frozen=True, forbid_unknown_fields=True):
    content_type: str
    sample_rate: int | str
    payload: bytes


class _PlayAudio(_Command, tag="playAudio", frozen=True):
    media: Playable
    stream_id: str | None = None


class _Checkpoint(_Command, tag="checkpoint", frozen=True):
    stream_id: str
    name: str


class _ClearAudio(_Command, tag="clearAudio", frozen=True):
    stream_id: str


class _Stop(_Command, tag="stop", frozen=True):
    stream_id: str


_FromHatif = _PlayAudio | _Checkpoint | _ClearAudio | _Stop
_DECODER: MessageDecoder[_FromHatif] = MessageDecoder(_FromHatif)


class PlivoWire(CarrierWire):
    """One stream, from Plivo's end."""

    takes_stop = False  # the SDK's specification has no word with which we could end the stream
    names_stream_when_played = True

    def __init__(self) -> None:
        self._call_id = ""
        self._extra_headers = "{}"
        self._sequence_number = -1
        self._chunk = 0
        self._samples = 0
        self._pending: set[str] = set()

    def open(self, call: CarrierCall) -> Sequence[str]:
        self._call_id = call.call_id
        parties = {
            "callerNumber": call.from_number,
            "calleeNumber": call.to_number,
            "direction": call.direction,
        }
        self._extra_headers = msgspec.json.encode({**parties, **call.custom}).decode()
        start = _StartData(self._call_id, SAMPLE_STREAM, SAMPLE_ACCOUNT)
        return (encode(_Start(self._next(), start, self._extra_headers)),)

    def audio(self, payload: bytes) -> Sequence[str]:
        self._chunk += 1
        media = _InboundMedia(self._now(), self._chunk, payload)
        self._samples += len(payload)
        return (encode(_MediaReceived(self._next(), SAMPLE_STREAM, self._extra_headers, media)),)

    def digit(self, key: str) -> Sequence[str]:
        digit = _Digit(key, self._now())
        return (encode(_Dtmf(self._next(), SAMPLE_STREAM, self._extra_headers, digit)),)

    def mark(self, name: str) -> Sequence[str]:
        if name not in self._pending:
            return ()  # its audio was dropped
        self._pending.remove(name)
        return (encode(_PlayedStream(name, SAMPLE_STREAM if self.names_stream_when_played else None)),)

    def stop(self) -> Sequence[str]:
        return (encode(_Stopped(self._next(), SAMPLE_STREAM, "call ended")),)

    def receive(self, message: str | bytes) -> Sequence[CarrierEvent]:
        incoming = decode_strictly(_DECODER, message)
        if incoming.stream_id not in (None, SAMPLE_STREAM):
            kind = incoming.__struct_config__.tag
            raise RemoteProtocolError(f"{kind}: streamId: Not this stream", close_code=CLOSE_POLICY)
        match incoming:
            case _PlayAudio():
                return self._play(incoming.media)
            case _Checkpoint():
                return self._request(incoming.name)
            case _ClearAudio():
                self._pending.clear()
                return (PlaybackCleared(), *self._acknowledge_clear())
            case _Stop() if self.takes_stop:
                return (HangUpRequested(),)
            case _Stop():
                raise RemoteProtocolError("a kind of message that the protocol does not have")
            case _:
                assert_never(incoming)

    def _play(self, media: Playable) -> Sequence[CarrierEvent]:
        if (media.content_type, str(media.sample_rate)) != ("audio/x-mulaw", str(SAMPLE_RATE)):
            raise RemoteProtocolError("playAudio: media: Not the format of the stream")
        return (AudioToPlay(require_audio(media.payload, message="playAudio")),)

    def _request(self, name: str) -> Sequence[CarrierEvent]:
        if name in self._pending:
            raise RemoteProtocolError("a checkpoint whose name is pending already", close_code=CLOSE_POLICY)
        self._pending.add(name)
        return (MarkRequested(name),)

    def _acknowledge_clear(self) -> Sequence[Owed]:
        return (Owed(encode(Cleared(self._next(), SAMPLE_STREAM))),)

    def _next(self) -> int:
        """The next sequence number; the start has 0."""
        self._sequence_number += 1
        return self._sequence_number

    def _now(self) -> str:
        """The time of the stream, in milliseconds since 1970, as a text."""
        return str(SAMPLE_BEGINNING + self._samples * 1000 // SAMPLE_RATE)


WIRE = PlivoWire
