"""Vonage's end of a WebSocket endpoint, strict. Its source is that of `protocols.vonage`.

Audio is binary and 20 ms a message both ways, no sample more or less.
"""

from collections.abc import Sequence
from typing import assert_never

from msgspec import Struct

from bridge.carriers.base import (
    AudioToPlay,
    CarrierCall,
    CarrierEvent,
    CarrierWire,
    MarkRequested,
    Owed,
    PlaybackCleared,
)
from bridge.carriers.strict import decode_strictly, require_audio
from protocols import RemoteProtocolError
from protocols.audio import AudioFormat, Encoding
from protocols.errors import CLOSE_POLICY
from protocols.http import json_body
from protocols.wire import MessageDecoder, encode

__all__ = ["VonageWire"]

L16_16K = AudioFormat(Encoding.LINEAR, 16000)


class _Event(Struct, tag_field="event", frozen=True):
    pass


class _Dtmf(_Event, tag="websocket:dtmf", frozen=True):
    digit: str
    duration: int = 260  # milliseconds


class _Cleared(_Event, tag="websocket:cleared", frozen=True):
    pass


class _MarkName(Struct, frozen=True, forbid_unknown_fields=True):
    mark: str


class _Notified(_Event, tag="websocket:notify", frozen=True):
    payload: _MarkName


class _Notify(Struct, tag_field="action", tag="notify", frozen=True, forbid_unknown_fields=True):
    payload: _MarkName


class _Clear(Struct, tag_field="action", tag="clear", frozen=True, forbid_unknown_fields=True):
    pass


_FromHatif = _Notify | _Clear
_DECODER: MessageDecoder[_FromHatif] = MessageDecoder(_FromHatif)


class VonageWire(CarrierWire):
    """One endpoint, from Vonage's end. Its imagined NCCO attaches who called whom."""

    caller_audio = L16_16K
    our_audio = L16_16K

    def __init__(self) -> None:
        self._unsent = b""  # less than a frame
        self._pending: set[str] = set()

    def open(self, call: CarrierCall) -> Sequence[str]:
        attached = {
            "call_uuid": call.call_id,
            "caller_number": call.from_number,
            "callee_number": call.to_number,
            "direction": call.direction,
        }
        own = {"event": "websocket:connected", "content-type": "audio/l16;rate=16000"}
        return (json_body({**own, **call.custom, **attached}).decode(),)

    def audio(self, payload: bytes) -> Sequence[bytes]:
        audio, size = self._unsent + payload, self.caller_audio.frame_bytes
        whole = len(audio) - len(audio) % size
        self._unsent = audio[whole:]
        return [audio[at : at + size] for at in range(0, whole, size)]

    def digit(self, key: str) -> Sequence[str]:
        return (encode(_Dtmf(key)),)

    def mark(self, name: str) -> Sequence[str]:
        if name not in self._pending:
            return ()  # its audio was dropped
        self._pending.remove(name)
        return (encode(_Notified(_MarkName(name))),)

    def stop(self) -> Sequence[str]:
        return ()  # the socket closes

    def receive(self, message: str | bytes) -> Sequence[CarrierEvent]:
        if isinstance(message, bytes):
            if len(message) != self.our_audio.frame_bytes:
                raise RemoteProtocolError("audio: Expected 20 ms in a message")
            return (AudioToPlay(require_audio(message, message="audio")),)
        incoming = decode_strictly(_DECODER, message)
        match incoming:
            case _Notify():
                return self._request(incoming.payload.mark)
            case _Clear():
                self._pending.clear()
                return (PlaybackCleared(), Owed(encode(_Cleared())))
            case _:
                assert_never(incoming)

    def _request(self, name: str) -> Sequence[CarrierEvent]:
        if name in self._pending:
            raise RemoteProtocolError("a notify whose mark is pending already", close_code=CLOSE_POLICY)
        self._pending.add(name)
        return (MarkRequested(name),)


WIRE = VonageWire
