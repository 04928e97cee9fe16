"""SignalWire's end of a cXML stream, strict. Its source is that of `protocols.signalwire`.

It takes what Twilio takes, and sends the same with fewer identifiers. The stream was opened as L16@24000h.
"""

from collections.abc import Sequence

from msgspec import Struct

from bridge.carriers.base import AudioToPlay, CarrierCall, CarrierEvent
from bridge.carriers.wires.twilio import TwilioWire, parameters_of
from protocols import RemoteProtocolError
from protocols.audio import AudioFormat, Encoding
from protocols.wire import encode

__all__ = ["SignalWireWire"]

SAMPLE_PROJECT = "b08dacad-2f6c-4de1-93d6-cc732e0c69c5"  # the documentation's own examples
SAMPLE_STREAM = "7d56cc11-536d-4a45-b4fb-ed3d55be843b"
L16_24K = AudioFormat(Encoding.LINEAR, 24000)
KEY_MILLISECONDS = 200


class _Message(Struct, tag_field="event", rename="camel", frozen=True):
    pass


class _Connected(_Message, tag="connected", frozen=True):
    protocol: str = "Call"
    version: str = "0.2.0"


class _MediaFormat(Struct, rename="camel", frozen=True):
    encoding: str = "audio/x-L16"
    sample_rate: int = L16_24K.sample_rate
    channels: int = 1


class _StartData(Struct, rename="camel", frozen=True):
    stream_sid: str
    account_sid: str
    call_sid: str
    custom_parameters: dict[str, str]
    tracks: tuple[str, ...] = ("inbound",)
    media_format: _MediaFormat = _MediaFormat()


class _Start(_Message, tag="start", frozen=True):
    sequence_number: str
    start: _StartData


class _InboundMedia(Struct, frozen=True):
    chunk: str
    timestamp: str
    payload: bytes
    track: str = "inbound"


class _MediaReceived(_Message, tag="media", frozen=True):
    sequence_number: str
    media: _InboundMedia


class _Digit(Struct, frozen=True):
    digit: str
    duration: int = KEY_MILLISECONDS


class _Dtmf(_Message, tag="dtmf", frozen=True):
    sequence_number: str
    stream_sid: str
    dtmf: _Digit


class _MarkName(Struct, frozen=True):
    name: str


class _MarkReturned(_Message, tag="mark", frozen=True):
    stream_sid: str
    mark: _MarkName


class _Stop(_Message, tag="stop", frozen=True):
    sequence_number: str


class SignalWireWire(TwilioWire):
    """One stream, from SignalWire's end."""

    caller_audio = our_audio = L16_24K

    def __init__(self) -> None:
        super().__init__(account_sid=SAMPLE_PROJECT, stream_sid=SAMPLE_STREAM)

    def open(self, call: CarrierCall) -> Sequence[str]:
        start = _StartData(SAMPLE_STREAM, SAMPLE_PROJECT, call.call_id, parameters_of(call))
        return (encode(_Connected()), encode(_Start(self._next(), start)))

    def audio(self, payload: bytes) -> Sequence[str]:
        self._chunk += 1
        timestamp_ms = self._samples * 1000 // L16_24K.sample_rate
        self._samples += len(payload) // L16_24K.sample_bytes
        media = _InboundMedia(str(self._chunk), str(timestamp_ms), payload)
        return (encode(_MediaReceived(self._next(), media)),)

    def digit(self, key: str) -> Sequence[str]:
        return (encode(_Dtmf(self._next(), SAMPLE_STREAM, _Digit(key))),)

    def mark(self, name: str) -> Sequence[str]:
        self._marks.give_back(name)
        return (encode(_MarkReturned(SAMPLE_STREAM, _MarkName(name))),)

    def stop(self) -> Sequence[str]:
        return (encode(_Stop(self._next())),)

    def receive(self, message: str | bytes) -> Sequence[CarrierEvent]:
        events = super().receive(message)
        for event in events:
            if isinstance(event, AudioToPlay) and len(event.payload) % L16_24K.sample_bytes:
                raise RemoteProtocolError("media: Expected whole samples")
        return events

    def _next(self) -> str:
        return self._numbered()[1]


WIRE = SignalWireWire
