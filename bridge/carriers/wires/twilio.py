"""Twilio's end of Media Streams, strict. Its source is that of `protocols.twilio`.

The messages are written down a second time on purpose: a far end that shared ours would share our
mistakes. Twilio's own strictness is documented (errors 31924, 31950): three kinds of message, text only,
known fields only.
"""

from collections.abc import Sequence
from typing import assert_never

from msgspec import Struct

from bridge.audio.frames import SAMPLE_RATE
from bridge.carriers.base import (
    AudioToPlay,
    CarrierCall,
    CarrierEvent,
    CarrierWire,
    MarkRequested,
    PlaybackCleared,
)
from bridge.carriers.strict import RequestedMarks, decode_strictly, require_audio
from protocols import RemoteProtocolError
from protocols.errors import CLOSE_POLICY
from protocols.wire import MessageDecoder, encode

__all__ = ["TwilioWire", "parameters_of"]

SAMPLE_ACCOUNT = "AC" + "2" * 32  # the documentation's own examples
SAMPLE_STREAM = "MZ" + "1" * 32


class _Message(Struct, tag_field="event", rename="camel", frozen=True):
    pass


class _Connected(_Message, tag="connected", frozen=True):
    protocol: str = "Call"
    version: str = "1.0.0"


class _MediaFormat(Struct, rename="camel", frozen=True):
    encoding: str = "audio/x-mulaw"
    sample_rate: int = SAMPLE_RATE
    channels: int = 1


class _StartData(Struct, rename="camel", frozen=True):
    account_sid: str
    stream_sid: str
    call_sid: str
    custom_parameters: dict[str, str]
    tracks: tuple[str, ...] = ("inbound",)
    media_format: _MediaFormat = _MediaFormat()


class _Numbered(_Message, frozen=True):
    stream_sid: str
    sequence_number: str


class _Start(_Numbered, tag="start", frozen=True):
    start: _StartData


class _InboundMedia(Struct, frozen=True):
    chunk: str
    timestamp: str
    payload: bytes
    track: str = "inbound"


class _MediaReceived(_Numbered, tag="media", frozen=True):
    media: _InboundMedia


class _Digit(Struct, frozen=True):
    digit: str
    track: str = "inbound_track"


class _Dtmf(_Numbered, tag="dtmf", frozen=True):
    dtmf: _Digit


class _MarkName(Struct, frozen=True, forbid_unknown_fields=True):
    name: str


class _MarkReturned(_Numbered, tag="mark", frozen=True):
    mark: _MarkName


class _StopData(Struct, rename="camel", frozen=True):
    account_sid: str
    call_sid: str


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


class TwilioWire(CarrierWire):
    """One stream, from Twilio's end. Its imagined TwiML says who called whom (see `protocols.twilio`)."""

    waits_for_accept = False
    returns_marks_on_clear = True
    hangs_up_on_close = False  # the verbs after <Connect> follow

    def __init__(self, *, account_sid: str = SAMPLE_ACCOUNT, stream_sid: str = SAMPLE_STREAM) -> None:
        self._account_sid = account_sid
        self._stream_sid = stream_sid
        self._call_sid = ""
        self._sequence_number = 0
        self._chunk = 0
        self._samples = 0
        self._marks = RequestedMarks()

    def open(self, call: CarrierCall) -> Sequence[str]:
        self._call_sid = call.call_id
        start = _StartData(self._account_sid, self._stream_sid, self._call_sid, parameters_of(call))
        return (encode(_Connected()), encode(_Start(*self._numbered(), start)))

    def audio(self, payload: bytes) -> Sequence[str]:
        self._chunk += 1
        timestamp_ms = self._samples * 1000 // SAMPLE_RATE
        self._samples += len(payload)
        media = _InboundMedia(str(self._chunk), str(timestamp_ms), payload)
        return (encode(_MediaReceived(*self._numbered(), media)),)

    def digit(self, key: str) -> Sequence[str]:
        return (encode(_Dtmf(*self._numbered(), _Digit(key))),)

    def mark(self, name: str) -> Sequence[str]:
        self._marks.give_back(name)
        return (encode(_MarkReturned(*self._numbered(), _MarkName(name))),)

    def stop(self) -> Sequence[str]:
        return (encode(_Stop(*self._numbered(), _StopData(self._account_sid, self._call_sid))),)

    def receive(self, message: str | bytes) -> Sequence[CarrierEvent]:
        incoming = decode_strictly(_DECODER, message)
        if incoming.stream_sid != self._stream_sid:
            kind = incoming.__struct_config__.tag
            raise RemoteProtocolError(f"{kind}: streamSid: Not this stream", close_code=CLOSE_POLICY)
        match incoming:
            case _Media():
                return (AudioToPlay(require_audio(incoming.media.payload, message="media")),)
            case _Mark():
                self._marks.request(incoming.mark.name)
                return (MarkRequested(incoming.mark.name),)
            case _Clear():
                return (PlaybackCleared(),)
            case _:
                assert_never(incoming)

    def _numbered(self) -> tuple[str, str]:
        """The stream and the next sequence number, which begin every message after `connected`."""
        self._sequence_number += 1
        return self._stream_sid, str(self._sequence_number)


def parameters_of(call: CarrierCall) -> dict[str, str]:
    """What the imagined webhook had handed back."""
    parties = {
        "caller_number": call.from_number,
        "callee_number": call.to_number,
        "direction": call.direction,
    }
    return {**call.custom, **{name: value for name, value in parties.items() if value}}


WIRE = TwilioWire
