"""jambonz's end of the audio socket, strict, with its module's habits.

Its sources are those of `protocols.jambonz`. It keeps back what the module keeps back: the first 160 ms, and
later less than 80 ms. Whoever does not fill the end of a prompt is never heard to the end.
"""

from collections.abc import Sequence
from typing import Literal, assert_never

import msgspec
from msgspec import Struct

from bridge.carriers.base import (
    AudioToPlay,
    CarrierCall,
    CarrierEvent,
    CarrierWire,
    Dialling,
    HangUpRequested,
    MarkRequested,
    Owed,
    PlaybackCleared,
)
from bridge.carriers.strict import decode_strictly, require_audio
from protocols import LINEAR_8K, RemoteProtocolError
from protocols.errors import CLOSE_POLICY
from protocols.wire import MessageDecoder, encode

__all__ = ["WIRE", "JambonzWire"]

SAMPLE_RATE = 8000
FIRST_BYTES = 4 * 320 * 2  # of audio before anything is played
LATER_BYTES = 640 * 2  # at a time afterwards
MOST_MARKS = 30


class _Key(Struct, frozen=True):
    dtmf: str
    event: str = "dtmf"
    duration: str = "1600"


class _MarkEvent(Struct, frozen=True):
    name: str
    event: Literal["playout", "cleared"]


class _MarkTold(Struct, tag_field="type", tag="mark", frozen=True):
    data: _MarkEvent


class _Name(Struct, frozen=True, forbid_unknown_fields=True):
    name: str


class _Mark(Struct, tag_field="type", tag="mark", frozen=True, forbid_unknown_fields=True):
    data: _Name


class _ClearMarks(Struct, tag_field="type", tag="clearMarks", frozen=True, forbid_unknown_fields=True):
    pass


class _KillAudio(Struct, tag_field="type", tag="killAudio", frozen=True, forbid_unknown_fields=True):
    pass


class _Disconnect(Struct, tag_field="type", tag="disconnect", frozen=True, forbid_unknown_fields=True):
    pass


_FromHatif = _Mark | _ClearMarks | _KillAudio | _Disconnect
_DECODER: MessageDecoder[_FromHatif] = MessageDecoder(_FromHatif)


class JambonzWire(CarrierWire):
    """One audio socket of a `listen` with streaming, from jambonz's end."""

    caller_audio = LINEAR_8K
    our_audio = LINEAR_8K
    hangs_up_on_close = False  # the verb ends; what follows is the application's

    def __init__(self) -> None:
        self._kept = b""
        self._needed = FIRST_BYTES
        self._marks: list[str] = []

    def dial(self, url: str, call: CarrierCall, token: str | None) -> Dialling:  # noqa: ARG002
        where = url if token is None else f"{url.rstrip('/')}/{token}"
        return Dialling(where, subprotocols=("audio.jambonz.org",))

    def open(self, call: CarrierCall) -> Sequence[str]:
        info = {
            "sampleRate": SAMPLE_RATE,
            "mixType": "mono",
            "callSid": call.call_id,
            "direction": call.direction,
            "from": call.from_number,
            "to": call.to_number,
            "callId": "sample@192.0.2.1",
            "sipStatus": 200,
            "sipReason": "OK",
            "callStatus": "in-progress",
            "accountSid": "sample-account",
            "applicationSid": "sample-application",
        }
        return (msgspec.json.encode(info | call.custom).decode(),)

    def audio(self, payload: bytes) -> Sequence[bytes]:
        return (payload,)

    def digit(self, key: str) -> Sequence[str]:
        return (encode(_Key(key)),)

    def mark(self, name: str) -> Sequence[str]:
        if name not in self._marks:
            return ()
        self._marks.remove(name)
        return (encode(_MarkTold(_MarkEvent(name, "playout"))),)

    def stop(self) -> Sequence[str]:
        return ()  # jambonz closes the socket

    def receive(self, message: str | bytes) -> Sequence[CarrierEvent]:
        if isinstance(message, bytes):
            return self._take(message)
        incoming = decode_strictly(_DECODER, message)
        match incoming:
            case _Mark():
                return self._mark(incoming.data.name)
            case _ClearMarks():
                self._marks.clear()
                return ()
            case _KillAudio():
                return self._kill()
            case _Disconnect():
                return (HangUpRequested(),)
            case _:
                assert_never(incoming)

    def _take(self, payload: bytes) -> Sequence[CarrierEvent]:
        self._kept += require_audio(payload, message="audio")
        if len(self._kept) < self._needed:
            return ()
        whole = len(self._kept) - len(self._kept) % 2
        played, self._kept = self._kept[:whole], self._kept[whole:]
        self._needed = LATER_BYTES
        return (AudioToPlay(played),)

    def _mark(self, name: str) -> Sequence[CarrierEvent]:
        if len(self._marks) >= MOST_MARKS or name in self._marks:
            raise RemoteProtocolError("a mark that would be dropped", close_code=CLOSE_POLICY)
        self._marks.append(name)
        return (MarkRequested(name),)

    def _kill(self) -> Sequence[CarrierEvent]:
        cleared = [Owed(encode(_MarkTold(_MarkEvent(name, "cleared")))) for name in self._marks]
        self._marks.clear()
        self._kept = b""
        return (PlaybackCleared(), *cleared)


WIRE = JambonzWire
