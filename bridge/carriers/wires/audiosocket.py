"""Asterisk's end of AudioSocket, strict: it drops the call on whatever `res_audiosocket.c` drops it on."""

import struct
import uuid
from collections.abc import Sequence

from bridge.carriers.base import (
    AudioToPlay,
    CarrierCall,
    CarrierEvent,
    CarrierWire,
    Dialling,
    HangUpRequested,
)
from protocols import RemoteProtocolError
from protocols.audio import LINEAR_8K, AudioFormat, Encoding
from protocols.errors import CLOSE_POLICY

__all__ = ["AudioSocketWire"]

_HEADER = struct.Struct(">BH")
_FIRST_RATES = (8_000, 12_000, 16_000, 24_000)  # hertz, from type 0x10 on
_AUDIO = range(0x10, 0x19)


class AudioSocketWire(CarrierWire):
    """One call, from Asterisk's end: its application, or with another rate its channel driver.

    Asterisk forwards the caller's audio from the start, so the introduction has a frame of it;
    `is_mute=True` is a caller who sends none.
    """

    def __init__(self, *, sample_rate: int = 8_000, is_mute: bool = False) -> None:
        self._kind = _AUDIO[_FIRST_RATES.index(sample_rate)]
        self._is_mute = is_mute
        self.caller_audio = self.our_audio = AudioFormat(Encoding.LINEAR, sample_rate)
        self._unread = b""
        self._is_over = False

    def dial(self, url: str, call: CarrierCall, token: str | None) -> Dialling:  # noqa: ARG002
        """There is no path, no header and no credential."""
        return Dialling(url)

    def open(self, call: CarrierCall) -> Sequence[bytes]:
        name = _message(0x01, _uuid(call.call_id).bytes)
        return (name,) if self._is_mute else (name, *self.audio(bytes(self.caller_audio.frame_bytes)))

    def audio(self, payload: bytes) -> Sequence[bytes]:
        return (_message(self._kind, payload),)

    def digit(self, key: str) -> Sequence[bytes]:
        return (_message(0x03, key.encode()),)

    def mark(self, name: str) -> Sequence[bytes]:  # noqa: ARG002
        return ()

    def stop(self) -> Sequence[bytes]:
        return ()

    def receive(self, message: str | bytes) -> Sequence[CarrierEvent]:
        if isinstance(message, str):
            raise RemoteProtocolError("a text where only bytes are spoken")
        self._unread += message
        events: list[CarrierEvent] = []
        while len(self._unread) >= _HEADER.size:
            kind, length = _HEADER.unpack_from(self._unread)
            end = _HEADER.size + length
            if len(self._unread) < end:
                break
            payload, self._unread = self._unread[_HEADER.size : end], self._unread[end:]
            events.append(self._obey(kind, payload))
        return events

    def _obey(self, kind: int, payload: bytes) -> CarrierEvent:
        if self._is_over:
            raise RemoteProtocolError("a message after the hang-up", close_code=CLOSE_POLICY)
        if kind == 0x00:
            self._is_over = True
            return HangUpRequested()
        if kind not in _AUDIO or not payload:
            raise RemoteProtocolError("Received AudioSocket message other than hangup or audio")
        if kind != self._kind or len(payload) % LINEAR_8K.sample_bytes:
            raise RemoteProtocolError("audio: Expected whole samples at the rate that was sent")
        return AudioToPlay(payload)


def _message(kind: int, payload: bytes) -> bytes:
    return _HEADER.pack(kind, len(payload)) + payload


def _uuid(call_id: str) -> uuid.UUID:
    """The call's identifier, or one that is made of it: the wire has room for nothing else."""
    try:
        return uuid.UUID(call_id)
    except ValueError:
        return uuid.uuid5(uuid.NAMESPACE_OID, call_id)


WIRE = AudioSocketWire
