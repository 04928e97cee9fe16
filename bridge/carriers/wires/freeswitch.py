"""The far end of mod_audio_stream's community edition and of our script. Its source: `protocols.freeswitch`.

The module takes any text; what it and the script do not understand is lost there without a word, so here it
is refused. Binary messages, which it throws away, are too.
"""

from collections.abc import Sequence
from typing import Literal

from msgspec import Struct

from bridge.carriers.base import CarrierCall, CarrierEvent, Dialling
from bridge.carriers.scripted import (
    AskedClear,
    AskedHangup,
    AskedMark,
    AskedTransfer,
    ScriptedWire,
)
from bridge.carriers.strict import decode_strictly
from protocols import RemoteProtocolError
from protocols.wire import MessageDecoder

__all__ = ["FreeSwitchWire"]


class _Data(Struct, rename="camel", frozen=True, forbid_unknown_fields=True):
    audio_data_type: Literal["raw"]
    sample_rate: int
    audio_data: bytes


class _StreamAudio(Struct, tag_field="type", tag="streamAudio", frozen=True, forbid_unknown_fields=True):
    data: _Data


_FromHatif = _StreamAudio | AskedMark | AskedClear | AskedTransfer | AskedHangup
_DECODER: MessageDecoder[_FromHatif] = MessageDecoder(_FromHatif)


class FreeSwitchWire(ScriptedWire):
    """One call of mod_audio_stream."""

    def dial(self, url: str, call: CarrierCall, token: str | None) -> Dialling:  # noqa: ARG002
        return Dialling(url, {} if token is None else {"Authorization": f"Bearer {token}"})

    def receive(self, message: str | bytes) -> Sequence[CarrierEvent]:
        if isinstance(message, bytes):
            raise RemoteProtocolError("a binary message, which the module throws away")
        word = decode_strictly(_DECODER, message)
        if isinstance(word, _StreamAudio):
            return self._file(word.data.audio_data, word.data.sample_rate)
        return self._obey(word)


WIRE = FreeSwitchWire
