"""Maqsam's end of its voice-agent WebSocket, strict. Its source is that of `protocols.maqsam`.

The messages are written down a second time on purpose: a far end that shared ours would share our
mistakes. What the document leaves open is a choice of the constructor, so that a test can try every
reading of it.
"""

from collections.abc import Sequence
from enum import StrEnum
from typing import assert_never

from msgspec import Struct, field

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
from bridge.carriers.strict import RequestedMarks, decode_strictly, require_audio
from protocols import RemoteProtocolError
from protocols.errors import CLOSE_POLICY
from protocols.wire import MessageDecoder, encode

__all__ = ["MaqsamWire", "SetupStyle"]


class SetupStyle(StrEnum):
    """How the call is introduced; the document shows the key and the context, never both in one message."""

    WHOLE = "whole"
    SPLIT = "split"  # the key first, then the context
    ABSENT = "absent"  # where the header has authenticated, a setup might not come


class _Message(Struct, tag_field="type", frozen=True, omit_defaults=True, forbid_unknown_fields=True):
    pass


class _Context(Struct, frozen=True, omit_defaults=True):
    id: int | str
    caller_number: str
    callee_number: str
    direction: str
    custom: dict[str, str] = {}


class _SetupData(Struct, frozen=True, omit_defaults=True):
    context: _Context | None = None


class _Setup(_Message, tag="session.setup", frozen=True):
    data: _SetupData
    api_key: str | None = field(name="apiKey", default=None)


class _Audio(Struct, frozen=True, forbid_unknown_fields=True):
    audio: bytes


class _AudioInput(_Message, tag="audio.input", frozen=True):
    data: _Audio


class _Digit(Struct, frozen=True):
    digit: int | str


class _Dtmf(_Message, tag="call.dtmf", frozen=True):
    data: _Digit


class _Label(Struct, frozen=True, forbid_unknown_fields=True):
    label: str


class _Mark(_Message, tag="call.mark", frozen=True):
    data: _Label


class _SessionReady(_Message, tag="session.ready", frozen=True):
    pass


class _ResponseStream(_Message, tag="response.stream", frozen=True):
    data: _Audio


class _SpeechStarted(_Message, tag="speech.started", frozen=True):
    pass


class _Redirect(_Message, tag="call.redirect", frozen=True):
    pass


class _Hangup(_Message, tag="call.hangup", frozen=True):
    pass


_FromHatif = _SessionReady | _ResponseStream | _Mark | _SpeechStarted | _Redirect | _Hangup
_DECODER: MessageDecoder[_FromHatif] = MessageDecoder(_FromHatif)


class _State(StrEnum):
    RINGING = "not accepted"
    ACCEPTED = "accepted"
    OVER = "over"


_ENDINGS = frozenset[type[_FromHatif]]({_Redirect, _Hangup})
_RECEIVABLE: dict[_State, frozenset[type[_FromHatif]]] = {
    _State.RINGING: _ENDINGS | {_SessionReady},
    _State.ACCEPTED: _ENDINGS | {_ResponseStream, _Mark, _SpeechStarted},
    _State.OVER: frozenset(),
}


class MaqsamWire(CarrierWire):
    """One call, from Maqsam's end.

    `returns_marks_on_clear` and `numeric_digits` are among the things that the document leaves open.
    """

    waits_for_accept = True
    hangs_up_on_close = False  # "resumes its configured flow"
    returns_marks_on_clear = False

    def __init__(
        self,
        *,
        setup: SetupStyle = SetupStyle.WHOLE,
        numeric_digits: bool = False,
        returns_marks_on_clear: bool = False,
    ) -> None:
        self.returns_marks_on_clear = returns_marks_on_clear
        self._setup = setup
        self._numeric_digits = numeric_digits
        self._state = _State.RINGING
        self._marks = RequestedMarks()

    def dial(self, url: str, call: CarrierCall, token: str | None) -> Dialling:  # noqa: ARG002
        """The token is shown in a header of Maqsam's own."""
        return Dialling(url, {"Auth": token} if token else {})

    def open(self, call: CarrierCall) -> Sequence[str]:
        introduced = _SetupData(_context(call))
        match self._setup:
            case SetupStyle.WHOLE:
                return (encode(_Setup(introduced, call.api_key)),)
            case SetupStyle.SPLIT:
                return (encode(_Setup(_SetupData(), call.api_key)), encode(_Setup(introduced)))
            case SetupStyle.ABSENT:
                return ()
            case _:
                assert_never(self._setup)

    def audio(self, payload: bytes) -> Sequence[str]:
        return (encode(_AudioInput(_Audio(payload))),)

    def digit(self, key: str) -> Sequence[str]:
        return (encode(_Dtmf(_Digit(int(key) if self._numeric_digits and key.isdecimal() else key))),)

    def mark(self, name: str) -> Sequence[str]:
        self._marks.give_back(name)
        return (encode(_Mark(_Label(name))),)

    def stop(self) -> Sequence[str]:
        return ()

    def receive(self, message: str | bytes) -> Sequence[CarrierEvent]:
        incoming = decode_strictly(_DECODER, message)
        if type(incoming) not in _RECEIVABLE[self._state]:
            kind = incoming.__struct_config__.tag
            raise RemoteProtocolError(f"{kind} when the call is {self._state}", close_code=CLOSE_POLICY)
        return (self._obey(incoming),)

    def _obey(self, incoming: _FromHatif) -> CarrierEvent:
        match incoming:
            case _SessionReady():
                self._state = _State.ACCEPTED
                return Accepted()
            case _ResponseStream():
                return AudioToPlay(require_audio(incoming.data.audio, message="response.stream"))
            case _Mark():
                self._marks.request(incoming.data.label)
                return MarkRequested(incoming.data.label)
            case _SpeechStarted():
                return PlaybackCleared()
            case _Redirect():
                self._state = _State.OVER
                return TransferRequested()
            case _Hangup():
                self._state = _State.OVER
                return HangUpRequested()
            case _:
                assert_never(incoming)


def _context(call: CarrierCall) -> _Context:
    """As in the document's sample: a number where the identifier is one, and phone numbers without a plus."""
    return _Context(
        id=int(call.call_id) if call.call_id.isdecimal() else call.call_id,
        caller_number=call.from_number.removeprefix("+"),
        callee_number=call.to_number.removeprefix("+"),
        direction=call.direction,
        custom=call.custom,
    )


WIRE = MaqsamWire
