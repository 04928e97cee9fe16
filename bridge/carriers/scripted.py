"""The far end of FreeSWITCH's audio modules and of the script beside them (docs/freeswitch.md), strict."""

from collections.abc import Sequence
from typing import assert_never

import msgspec
from msgspec import Struct

from bridge.carriers.base import (
    AudioToPlay,
    CarrierCall,
    CarrierEvent,
    CarrierWire,
    HangUpRequested,
    MarkRequested,
    PlaybackCleared,
    TransferRequested,
)
from bridge.carriers.strict import RequestedMarks
from protocols import LINEAR_8K, RemoteProtocolError
from protocols.errors import CLOSE_POLICY
from protocols.wire import MessageDecoder

__all__ = [
    "AskedClear",
    "AskedHangup",
    "AskedMark",
    "AskedTransfer",
    "ScriptWord",
    "ScriptedWire",
]

FILE_RATES = (8_000, 16_000, 24_000, 32_000, 48_000, 64_000)  # of raw audio that is written to a file


class _Word(Struct, tag_field="type", frozen=True, forbid_unknown_fields=True):
    pass


class AskedMark(_Word, tag="mark", frozen=True):
    """What the script is asked to return."""

    name: str


class AskedClear(_Word, tag="clear", frozen=True):
    """Break off what plays, and forget the rest."""


class AskedTransfer(_Word, tag="transfer", frozen=True):
    """Bridge the caller to somebody."""

    to: str | None = None


class AskedHangup(_Word, tag="hangup", frozen=True):
    """Kill the channel."""


ScriptWord = AskedMark | AskedClear | AskedTransfer | AskedHangup
SCRIPT: MessageDecoder[ScriptWord] = MessageDecoder(ScriptWord)


class ScriptedWire(CarrierWire):
    """A module and a script; what of the two plays audio, the subclass knows."""

    returns_marks_on_clear = True
    hangs_up_on_close = False
    caller_audio = LINEAR_8K
    our_audio = LINEAR_8K

    def __init__(self) -> None:
        self._marks = RequestedMarks()
        self._pending: list[str] = []
        self._dropped: set[str] = set()
        self._is_over = False

    def open(self, call: CarrierCall) -> Sequence[str]:
        """The metadata that docs/freeswitch.md has the dialplan send."""
        metadata = {
            "call_id": call.call_id,
            "from": call.from_number,
            "to": call.to_number,
            "direction": call.direction,
            **call.custom,
        }
        return (_json(metadata),)

    def audio(self, payload: bytes) -> Sequence[str | bytes]:
        return (payload,)

    def digit(self, key: str) -> Sequence[str]:
        return (_json({"type": "dtmf", "key": key}),)

    def mark(self, name: str) -> Sequence[str]:
        self._marks.give_back(name)
        was_dropped = name in self._dropped
        self._dropped.discard(name)
        return (self._returned(name, played=not was_dropped),)

    def stop(self) -> Sequence[str]:
        return (_json({"type": "stop"}),)

    def _returned(self, name: str, *, played: bool) -> str:
        return _json({"type": "mark", "name": name, "played": played})

    def _file(self, payload: bytes, sample_rate: int) -> Sequence[CarrierEvent]:
        """Raw audio becomes a file of the rate that it says it has."""
        if sample_rate not in FILE_RATES or sample_rate != self.our_audio.sample_rate:
            raise RemoteProtocolError("audio at another sample rate than the call's")
        return self._play(payload)

    def _play(self, payload: bytes) -> Sequence[CarrierEvent]:
        self._require_call()
        if not payload or len(payload) % self.our_audio.sample_bytes:
            raise RemoteProtocolError("audio: Expected whole samples")
        return (AudioToPlay(payload),)

    def _obey(self, word: ScriptWord) -> Sequence[CarrierEvent]:
        self._require_call()
        match word:
            case AskedMark(name=name):
                self._marks.request(name)
                self._pending.append(name)
                return (MarkRequested(name),)
            case AskedClear():
                self._dropped.update(self._pending)
                self._pending.clear()
                return (PlaybackCleared(),)
            case AskedTransfer() | AskedHangup():
                self._is_over = True
                return (TransferRequested() if isinstance(word, AskedTransfer) else HangUpRequested(),)
            case _:
                assert_never(word)

    def _require_call(self) -> None:
        if self._is_over:
            raise RemoteProtocolError("a message after the end", close_code=CLOSE_POLICY)


def _json(value: object) -> str:
    return msgspec.json.encode(value).decode()
