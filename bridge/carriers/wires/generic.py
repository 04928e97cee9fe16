"""The far end of our own generic protocol, strict: docs/generic-protocol.md, written down a second time."""

from collections.abc import Sequence
from typing import Self, assert_never

import msgspec
from msgspec import Struct

from bridge.carriers.base import (
    Accepted,
    AudioToPlay,
    CarrierCall,
    CarrierEvent,
    CarrierWire,
    Dialling,
    HangUpRequested,
    MarkRequested,
    PlaybackCleared,
    TransferRequested,
)
from bridge.carriers.strict import RequestedMarks, decode_strictly
from protocols import ALAW_8K, MULAW_8K, AudioFormat, RemoteProtocolError
from protocols.errors import CLOSE_POLICY
from protocols.wire import MessageDecoder, encode

__all__ = ["GenericWire"]

_DOTS_OF_A_TOKEN = 2  # JSON Web Tokens have three parts


class _Word(Struct, tag_field="type", frozen=True, forbid_unknown_fields=True):
    pass


class _Ready(_Word, tag="ready", frozen=True):
    pass


class _Audio(_Word, tag="audio", frozen=True):
    audio: bytes


class _Mark(_Word, tag="mark", frozen=True):
    name: str


class _Clear(_Word, tag="clear", frozen=True):
    pass


class _Transfer(_Word, tag="transfer", frozen=True):
    to: str | None = None


class _Hangup(_Word, tag="hangup", frozen=True):
    pass


class _Returned(_Word, tag="mark", frozen=True):
    name: str
    played: bool


class _Dtmf(_Word, tag="dtmf", frozen=True):
    key: str


class _Stop(_Word, tag="stop", frozen=True):
    pass


_FromHatif = _Ready | _Audio | _Mark | _Clear | _Transfer | _Hangup
_DECODER: MessageDecoder[_FromHatif] = MessageDecoder(_FromHatif)


class GenericWire(CarrierWire):
    """One call of anybody's."""

    returns_marks_on_clear = True
    hangs_up_on_close = True

    def __init__(
        self,
        audio: AudioFormat = MULAW_8K,
        *,
        speaks_json: bool = False,
        keys_in_audio: bool = False,
        token: str | None = None,
    ) -> None:
        self.caller_audio = self.our_audio = audio
        self._speaks_json = speaks_json
        self._keys_in_audio = keys_in_audio
        self._token = token
        self._marks = RequestedMarks()
        self._pending: list[str] = []
        self._dropped: set[str] = set()
        self._is_over = False

    @classmethod
    def in_alaw(cls) -> Self | None:
        return cls(ALAW_8K)

    def dial(self, url: str, call: CarrierCall, token: str | None) -> Dialling:
        """A stream token stands in the path, any other in a header."""
        if token is None or token.count(".") == _DOTS_OF_A_TOKEN:
            return super().dial(url, call, token)
        return Dialling(url, {"Authorization": f"Bearer {token}"})

    def open(self, call: CarrierCall) -> Sequence[str]:
        start = {
            "type": "start",
            "version": 1,
            "call_id": call.call_id,
            "from": call.from_number,
            "to": call.to_number,
            "direction": call.direction,
            "custom": call.custom,
            "audio": {
                "encoding": self.caller_audio.encoding,
                "sample_rate": self.caller_audio.sample_rate,
                "byte_order": "big" if self.caller_audio.big_endian else "little",
            },
            "transport": "json" if self._speaks_json else "binary",
            **({} if self._token is None else {"token": self._token}),
        }
        return (msgspec.json.encode(start).decode(),)

    def audio(self, payload: bytes) -> Sequence[str | bytes]:
        return (encode(_Audio(payload)) if self._speaks_json else payload,)

    def digit(self, key: str) -> Sequence[str]:
        return () if self._keys_in_audio else (encode(_Dtmf(key)),)

    def mark(self, name: str) -> Sequence[str]:
        self._marks.give_back(name)
        was_dropped = name in self._dropped
        self._dropped.discard(name)
        return (encode(_Returned(name, not was_dropped)),)

    def stop(self) -> Sequence[str]:
        return (encode(_Stop()),)

    def receive(self, message: str | bytes) -> Sequence[CarrierEvent]:
        if self._is_over:
            raise RemoteProtocolError("a message after the end", close_code=CLOSE_POLICY)
        if isinstance(message, bytes):
            return self._play(message, as_json=False)
        word = decode_strictly(_DECODER, message)
        match word:
            case _Ready():
                return (Accepted(),)
            case _Audio(audio=payload):
                return self._play(payload, as_json=True)
            case _Mark(name=name):
                self._marks.request(name)
                self._pending.append(name)
                return (MarkRequested(name),)
            case _Clear():
                self._dropped.update(self._pending)
                self._pending.clear()
                return (PlaybackCleared(),)
            case _Transfer() | _Hangup():
                self._is_over = True
                return (TransferRequested() if isinstance(word, _Transfer) else HangUpRequested(),)
            case _:
                assert_never(word)

    def _play(self, payload: bytes, *, as_json: bool) -> Sequence[CarrierEvent]:
        if as_json != self._speaks_json:
            raise RemoteProtocolError("audio in the other transport than the start asked for")
        if not payload or len(payload) % self.our_audio.sample_bytes:
            raise RemoteProtocolError("audio: Expected whole samples")
        return (AudioToPlay(payload),)


WIRE = GenericWire
