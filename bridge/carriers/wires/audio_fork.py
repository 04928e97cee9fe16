"""The far end of mod_audio_fork, drachtio's or (streaming) jambonz's; its sources: `protocols.audio_fork`."""

from collections.abc import Sequence
from typing import Literal, assert_never

import msgspec
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
from protocols.http import basic
from protocols.wire import MessageDecoder

__all__ = ["AudioForkWire"]

USERNAME = "hatif"


class _Event(Struct, tag_field="type", frozen=True, forbid_unknown_fields=True):
    pass


class _PlayData(Struct, rename="camel", frozen=True, forbid_unknown_fields=True):
    audio_content_type: Literal["raw"]
    sample_rate: int
    audio_content: bytes
    queue_play: Literal[True]  # else jambonz plays it instead of what is playing


class _PlayAudio(_Event, tag="playAudio", frozen=True):
    data: _PlayData


class _KillAudio(_Event, tag="killAudio", frozen=True):
    pass


class _Name(Struct, frozen=True, forbid_unknown_fields=True):
    name: str


class _Mark(_Event, tag="mark", frozen=True):
    data: _Name


class _Json(_Event, tag="json", frozen=True):
    data: AskedMark


class _To(Struct, frozen=True, forbid_unknown_fields=True):
    to: str | None = None


class _Transfer(_Event, tag="transfer", frozen=True):
    data: _To


class _Disconnect(_Event, tag="disconnect", frozen=True):
    data: dict[str, str]


_FromHatif = _PlayAudio | _KillAudio | _Mark | _Json | _Transfer | _Disconnect
_DECODER: MessageDecoder[_FromHatif] = MessageDecoder(_FromHatif)


class AudioForkWire(ScriptedWire):
    """One call of mod_audio_fork; `streams`: jambonz's, which plays binary messages and has marks."""

    def __init__(self, *, streams: bool = False) -> None:
        super().__init__()
        self._streams = streams

    def dial(self, url: str, call: CarrierCall, token: str | None) -> Dialling:  # noqa: ARG002
        headers = {} if token is None else {"Authorization": basic(USERNAME, token)}
        return Dialling(url, headers, ("audio.drachtio.org",))

    def receive(self, message: str | bytes) -> Sequence[CarrierEvent]:
        if isinstance(message, bytes):
            if not self._streams:
                raise RemoteProtocolError("a binary message, which the module throws away")
            return self._play(message)
        event = decode_strictly(_DECODER, message)
        if isinstance(event, _PlayAudio):
            return self._play_file(event.data)
        return self._obey(self._asked(event))

    def _play_file(self, data: _PlayData) -> Sequence[CarrierEvent]:
        if self._streams:
            raise RemoteProtocolError("playAudio, which is ignored while streaming")
        return self._file(data.audio_content, data.sample_rate)

    def _asked(
        self, event: _KillAudio | _Mark | _Json | _Transfer | _Disconnect
    ) -> AskedMark | AskedClear | AskedTransfer | AskedHangup:
        match event:
            case _KillAudio():
                return AskedClear()
            case _Mark() | _Json():
                if isinstance(event, _Mark) != self._streams:
                    raise RemoteProtocolError("a mark that nobody here returns")
                return AskedMark(event.data.name)
            case _Transfer():
                return AskedTransfer(event.data.to)
            case _Disconnect():
                return AskedHangup()
            case _:
                assert_never(event)

    def _returned(self, name: str, *, played: bool) -> str:
        if not self._streams:
            return super()._returned(name, played=played)
        data = {"name": name, "event": "playout" if played else "cleared"}
        return msgspec.json.encode({"type": "mark", "data": data}).decode()


WIRE = AudioForkWire
