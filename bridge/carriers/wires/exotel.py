"""Exotel's end of a Voicebot stream, strict. Its source is that of `protocols.exotel`.

What would crackle or time out on a real call is refused: messages below 3,200 bytes or above 100,000, and
such as are no multiple of 320. Real streams send 100 ms in a message; here it is what the caller says at a
time.
"""

from collections.abc import Sequence
from typing import assert_never

from msgspec import Struct, field

from bridge.carriers.base import (
    AudioToPlay,
    CarrierCall,
    CarrierEvent,
    CarrierWire,
    Dialling,
    MarkRequested,
    PlaybackCleared,
)
from bridge.carriers.strict import RequestedMarks, decode_strictly, require_audio
from protocols import RemoteProtocolError
from protocols.audio import LINEAR_8K
from protocols.errors import CLOSE_POLICY
from protocols.http import basic
from protocols.wire import MessageDecoder, encode

__all__ = ["ExotelWire"]

SAMPLE_ACCOUNT = "AC" + "2" * 32  # the documentation's own examples
SAMPLE_STREAM = "MZ" + "1" * 32
SMALLEST_BYTES, LARGEST_BYTES, UNIT_BYTES = 3200, 100_000, 320

_DOTS_OF_A_TOKEN = 2


class _Message(Struct, tag_field="event", frozen=True):
    pass


class _Connected(_Message, tag="connected", frozen=True):
    pass


class _MediaFormat(Struct, frozen=True):
    encoding: str = "audio/x-raw"
    sample_rate: str = str(LINEAR_8K.sample_rate)
    bit_rate: str = "16"


class _StartData(Struct, frozen=True):
    stream_sid: str
    call_sid: str
    account_sid: str
    caller: str = field(name="from")
    callee: str = field(name="to")
    custom_parameters: dict[str, str]
    media_format: _MediaFormat = _MediaFormat()


class _Numbered(_Message, frozen=True):
    sequence_number: str
    stream_sid: str


class _Start(_Numbered, tag="start", frozen=True):
    start: _StartData


class _InboundMedia(Struct, frozen=True):
    chunk: str
    timestamp: str
    payload: bytes


class _MediaReceived(_Numbered, tag="media", frozen=True):
    media: _InboundMedia


class _Digit(Struct, frozen=True):
    digit: str
    duration: str = "100"


class _Dtmf(_Numbered, tag="dtmf", frozen=True):
    dtmf: _Digit


class _MarkName(Struct, frozen=True, forbid_unknown_fields=True):
    name: str


class _MarkReturned(_Numbered, tag="mark", frozen=True):
    mark: _MarkName


class _StopData(Struct, frozen=True):
    call_sid: str
    account_sid: str
    reason: str = "callended"


class _Stop(_Numbered, tag="stop", frozen=True):
    stop: _StopData


class _Command(_Message, frozen=True, forbid_unknown_fields=True):
    stream_sid: str


class _Payload(Struct, frozen=True, forbid_unknown_fields=True):
    payload: bytes


class _Media(_Command, tag="media", frozen=True):
    media: _Payload


class _Mark(_Command, tag="mark", frozen=True):
    mark: _MarkName


class _Clear(_Command, tag="clear", frozen=True):
    pass


_FromHatif = _Media | _Mark | _Clear
_DECODER: MessageDecoder[_FromHatif] = MessageDecoder(_FromHatif)


class ExotelWire(CarrierWire):
    """One stream, from Exotel's end."""

    returns_marks_on_clear = True
    caller_audio = our_audio = LINEAR_8K

    def __init__(self) -> None:
        self._call_sid = ""
        self._sequence_number = 0
        self._chunk = 0
        self._bytes = 0
        self._marks = RequestedMarks()

    def dial(self, url: str, call: CarrierCall, token: str | None) -> Dialling:
        """A stream token, which has two dots, ends the path; any other is USER:PASSWORD of the address."""
        if token is None or token.count(".") == _DOTS_OF_A_TOKEN:
            return super().dial(url, call, token)
        user, _, password = token.rpartition(":")
        return Dialling(url, {"Authorization": basic(user, password)})

    def open(self, call: CarrierCall) -> Sequence[str]:
        self._call_sid = call.call_id
        start = _StartData(
            stream_sid=SAMPLE_STREAM,
            call_sid=call.call_id,
            account_sid=SAMPLE_ACCOUNT,
            caller=call.from_number,
            callee=call.to_number,
            custom_parameters={**call.custom, "direction": call.direction},
        )
        return (encode(_Connected()), encode(_Start(*self._numbered(), start)))

    def audio(self, payload: bytes) -> Sequence[str]:
        self._chunk += 1
        timestamp_ms = self._bytes * 1000 // LINEAR_8K.bytes_per_second
        self._bytes += len(payload)
        media = _InboundMedia(str(self._chunk), str(timestamp_ms), payload)
        return (encode(_MediaReceived(*self._numbered(), media)),)

    def digit(self, key: str) -> Sequence[str]:
        return (encode(_Dtmf(*self._numbered(), _Digit(key))),)

    def mark(self, name: str) -> Sequence[str]:
        self._marks.give_back(name)
        return (encode(_MarkReturned(*self._numbered(), _MarkName(name))),)

    def stop(self) -> Sequence[str]:
        return (encode(_Stop(*self._numbered(), _StopData(self._call_sid, SAMPLE_ACCOUNT))),)

    def receive(self, message: str | bytes) -> Sequence[CarrierEvent]:
        incoming = decode_strictly(_DECODER, message)
        if incoming.stream_sid != SAMPLE_STREAM:
            kind = incoming.__struct_config__.tag
            raise RemoteProtocolError(f"{kind}: stream_sid: Not this stream", close_code=CLOSE_POLICY)
        match incoming:
            case _Media():
                return (AudioToPlay(_require_length(require_audio(incoming.media.payload, message="media"))),)
            case _Mark():
                self._marks.request(incoming.mark.name)
                return (MarkRequested(incoming.mark.name),)
            case _Clear():
                return (PlaybackCleared(),)
            case _:
                assert_never(incoming)

    def _numbered(self) -> tuple[str, str]:
        """The next sequence number and the stream, which begin every message after `connected`."""
        self._sequence_number += 1
        return str(self._sequence_number), SAMPLE_STREAM


def _require_length(payload: bytes) -> bytes:
    if not SMALLEST_BYTES <= len(payload) <= LARGEST_BYTES or len(payload) % UNIT_BYTES:
        raise RemoteProtocolError("media: Expected 3200 to 100000 bytes, a multiple of 320")
    return payload


WIRE = ExotelWire
