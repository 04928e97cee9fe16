"""Telnyx's end of media streaming, strict. Its source is that of `protocols.telnyx`.

The telephone leg is European: what the caller says is A-law, while Hatif has declared mu-law. Messages carry
no identifier towards Telnyx, and 20 ms to 30 s of audio.
"""

from collections.abc import Sequence
from typing import Self, assert_never

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
from protocols.audio import ALAW_8K
from protocols.wire import MessageDecoder, encode

__all__ = ["TelnyxWire"]

SAMPLE_STREAM = "32DE0DEA-53CB-4B21-89A4-9E1819C043BC"  # the documentation's own examples
SAMPLE_USER = "3E6F995F-85F7-4705-9741-53B116D28237"
SHORTEST_BYTES, LONGEST_BYTES = 160, 30 * 8000  # of mu-law in one message

_DOTS_OF_A_TOKEN = 2


class _Message(Struct, tag_field="event", frozen=True):
    pass


class _Connected(_Message, tag="connected", frozen=True):
    version: str = "1.0.0"


class _MediaFormat(Struct, frozen=True):
    encoding: str = "PCMA"
    sample_rate: int = 8000
    channels: int = 1


class _StartData(Struct, frozen=True):
    user_id: str
    call_control_id: str
    call_session_id: str
    caller: str = field(name="from")
    callee: str = field(name="to")
    tags: tuple[str, ...]
    client_state: str
    custom_parameters: dict[str, str]
    media_format: _MediaFormat = _MediaFormat()


class _Numbered(_Message, frozen=True):
    stream_id: str
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


class _Dtmf(_Numbered, tag="dtmf", frozen=True):
    dtmf: _Digit
    occurred_at: str = "2024-01-15T10:30:26.028Z"


class _MarkName(Struct, frozen=True, forbid_unknown_fields=True):
    name: str


class _MarkReturned(_Numbered, tag="mark", frozen=True):
    mark: _MarkName


class _StopData(Struct, frozen=True):
    user_id: str
    call_control_id: str


class _Stop(_Numbered, tag="stop", frozen=True):
    stop: _StopData


class _Command(_Message, frozen=True, forbid_unknown_fields=True):
    pass


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


class TelnyxWire(CarrierWire):
    """One stream, from Telnyx's end."""

    returns_marks_on_clear = True
    caller_audio = ALAW_8K

    def __init__(self) -> None:
        self._call_control_id = ""
        self._sequence_number = 0
        self._chunk = 0
        self._bytes = 0
        self._marks = RequestedMarks()

    @classmethod
    def in_alaw(cls) -> Self:
        """The caller is in A-law anyway; what Telnyx takes is declared by Hatif, and stays mu-law."""
        return cls()

    def dial(self, url: str, call: CarrierCall, token: str | None) -> Dialling:
        """A stream token, which has two dots, ends the path; any other is the stream's own."""
        if token is None or token.count(".") == _DOTS_OF_A_TOKEN:
            return super().dial(url, call, token)
        return Dialling(url, {"x-telnyx-streaming-auth-token": token})

    def open(self, call: CarrierCall) -> Sequence[str]:
        self._call_control_id = call.call_id
        start = _StartData(
            user_id=SAMPLE_USER,
            call_control_id=call.call_id,
            call_session_id="ff55a038-6f5d-11ef-9692-02420aeffb1f",
            caller=call.from_number,
            callee=call.to_number,
            tags=(),
            client_state="",
            custom_parameters={**call.custom, "direction": call.direction},
        )
        return (encode(_Connected()), encode(_Start(*self._numbered(), start)))

    def audio(self, payload: bytes) -> Sequence[str]:
        self._chunk += 1
        timestamp_ms = self._bytes * 1000 // self.caller_audio.bytes_per_second
        self._bytes += len(payload)
        media = _InboundMedia(str(self._chunk), str(timestamp_ms), payload)
        return (encode(_MediaReceived(*self._numbered(), media)),)

    def digit(self, key: str) -> Sequence[str]:
        return (encode(_Dtmf(*self._numbered(), _Digit(key))),)

    def mark(self, name: str) -> Sequence[str]:
        self._marks.give_back(name)
        return (encode(_MarkReturned(*self._numbered(), _MarkName(name))),)

    def stop(self) -> Sequence[str]:
        return (encode(_Stop(*self._numbered(), _StopData(SAMPLE_USER, self._call_control_id))),)

    def receive(self, message: str | bytes) -> Sequence[CarrierEvent]:
        incoming = decode_strictly(_DECODER, message)
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
        """The stream and the next sequence number, which begin every message after `connected`."""
        self._sequence_number += 1
        return SAMPLE_STREAM, str(self._sequence_number)


def _require_length(payload: bytes) -> bytes:
    if not SHORTEST_BYTES <= len(payload) <= LONGEST_BYTES:
        raise RemoteProtocolError("media: Expected 20 milliseconds to 30 seconds of audio")
    return payload


WIRE = TelnyxWire
