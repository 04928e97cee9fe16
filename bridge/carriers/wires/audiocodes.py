"""VoiceAI Connect's end of the Bot API in streaming mode, strict.

Its sources are those of `protocols.audiocodes`. It says who calls only once the session is accepted, sends
audio only once that is wanted, and tells the end of a stream only if it was asked to. Of what was aborted it
tells nothing.
"""

from collections.abc import Sequence
from typing import Any, Literal, assert_never

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
    Owed,
    PlaybackCleared,
    TransferRequested,
)
from bridge.carriers.strict import decode_strictly, require_audio
from protocols import RemoteProtocolError
from protocols.errors import CLOSE_POLICY
from protocols.wire import MessageDecoder

__all__ = ["WIRE", "AudioCodesWire"]

OFFERED = (
    "raw/lpcm16_8",
    "wav/lpcm16_8",
    "raw/mulaw",
    "wav/mulaw",
    "raw/lpcm16",
    "wav/lpcm16",
    "raw/lpcm16_24",
    "wav/lpcm16_24",
)
SPOKEN = "raw/mulaw"  # the one that this far end can play


class _Message(
    Struct, tag_field="type", rename="camel", frozen=True, forbid_unknown_fields=True, kw_only=True
):
    pass


class _SessionAccepted(_Message, tag="session.accepted", frozen=True, kw_only=True):
    media_format: str


class _SessionError(_Message, tag="session.error", frozen=True, kw_only=True):
    reason: str


class _UserStarted(_Message, tag="userStream.started", frozen=True, kw_only=True):
    pass


class _UserStopped(_Message, tag="userStream.stopped", frozen=True, kw_only=True):
    pass


class _PlayStart(_Message, tag="playStream.start", frozen=True, kw_only=True):
    stream_id: str
    media_format: str


class _PlayChunk(_Message, tag="playStream.chunk", frozen=True, kw_only=True):
    stream_id: str
    audio_chunk: bytes


class _PlayStop(_Message, tag="playStream.stop", frozen=True, kw_only=True):
    stream_id: str


class _Settings(Struct, rename="camel", frozen=True, forbid_unknown_fields=True):
    send_events_to_bot: tuple[str, ...] = ()


class _Target(Struct, rename="camel", frozen=True, forbid_unknown_fields=True):
    transfer_target: str


class _Activity(Struct, rename="camel", frozen=True, forbid_unknown_fields=True, kw_only=True):
    type: Literal["event"]
    name: Literal["config", "abortPrompts", "hangup", "transfer"]
    session_params: _Settings = _Settings()
    activity_params: _Target | None = None


class _Activities(_Message, tag="activities", frozen=True, kw_only=True):
    activities: tuple[_Activity, ...]


_FromHatif = (
    _SessionAccepted
    | _SessionError
    | _UserStarted
    | _UserStopped
    | _PlayStart
    | _PlayChunk
    | _PlayStop
    | _Activities
)
_DECODER: MessageDecoder[_FromHatif] = MessageDecoder(_FromHatif)


class AudioCodesWire(CarrierWire):
    """One conversation, from VoiceAI Connect's end."""

    waits_for_accept = True
    hangs_up_on_close = False  # it would come again

    def __init__(self) -> None:
        self._call = CarrierCall("", "", "")
        self._is_accepted = self._is_listened_to = self._tells_ends = False
        self._stream: str | None = None  # that is being sent to us
        self._used: set[str] = set()
        self._ending: set[str] = set()  # streams that were sent whole and not played to their end

    def dial(self, url: str, call: CarrierCall, token: str | None) -> Dialling:  # noqa: ARG002
        return Dialling(url, {} if token is None else {"Authorization": f"Bearer {token}"})

    def open(self, call: CarrierCall) -> Sequence[str]:
        self._call = call
        return (
            self._message(
                "session.initiate",
                expectAudioMessages=True,
                botName="hatif",
                caller=call.from_number,
                supportedMediaFormats=OFFERED,
            ),
        )

    def audio(self, payload: bytes) -> Sequence[str]:
        if not self._is_listened_to:
            return ()
        return (self._message("userStream.chunk", audioChunk=payload),)

    def digit(self, key: str) -> Sequence[str]:
        return (self._activity("DTMF", value=key),)

    def mark(self, name: str) -> Sequence[str]:
        if name not in self._ending:
            return ()
        self._ending.remove(name)
        return (self._activity("playFinished", streamId=name),) if self._tells_ends else ()

    def stop(self) -> Sequence[str]:
        return (
            self._message("userStream.stop"),
            self._message("session.end", reasonCode="client-disconnected", reason="Client Side"),
        )

    def receive(self, message: str | bytes) -> Sequence[CarrierEvent]:
        incoming = decode_strictly(_DECODER, message)
        if not self._is_accepted and not isinstance(incoming, _SessionAccepted | _SessionError):
            raise _refusal("a message before session.accepted")
        match incoming:
            case _PlayStart() | _PlayChunk() | _PlayStop():
                return self._take(incoming)
            case _Activities():
                return [event for each in incoming.activities for event in self._obey(each)]
            case _SessionAccepted():
                return self._accept(incoming.media_format)
            case _SessionError():
                return (HangUpRequested(),)
            case _UserStarted() | _UserStopped():
                self._is_listened_to = isinstance(incoming, _UserStarted)
                return ()
            case _:
                assert_never(incoming)

    def _take(self, incoming: _PlayStart | _PlayChunk | _PlayStop) -> Sequence[CarrierEvent]:
        match incoming:
            case _PlayStart():
                return self._begin(incoming)
            case _PlayChunk():
                self._require_open(incoming.stream_id)
                return (AudioToPlay(require_audio(incoming.audio_chunk, message="playStream.chunk")),)
            case _PlayStop():
                return self._end(incoming.stream_id)
            case _:
                assert_never(incoming)

    def _accept(self, media_format: str) -> Sequence[CarrierEvent]:
        if self._is_accepted or media_format != SPOKEN:
            raise _refusal("session.accepted: Expected once, and raw/mulaw where it is offered")
        self._is_accepted = True
        parties = {
            "caller": self._call.from_number,
            "callee": self._call.to_number,
            "callerHost": "192.0.2.1",
            "vaigConversationId": self._call.call_id,
        }
        if self._call.direction == "outbound":
            parties["outboundTarget"] = f"tel:{self._call.to_number}"
        start = self._activity("start", parameters={**self._call.custom, **parties})
        return (Accepted(), Owed(start), Owed(self._message("userStream.start")))

    def _begin(self, start: _PlayStart) -> Sequence[CarrierEvent]:
        if self._stream is not None or start.stream_id in self._used or start.media_format != SPOKEN:
            raise _refusal("playStream.start: Expected a new stream, one at a time, in raw/mulaw")
        self._stream = start.stream_id
        self._used.add(start.stream_id)
        return ()

    def _require_open(self, stream: str) -> None:
        if stream != self._stream:
            raise _refusal("playStream: streamId: Not the stream that was begun")

    def _end(self, stream: str) -> Sequence[CarrierEvent]:
        self._require_open(stream)
        self._stream = None
        self._ending.add(stream)
        return (MarkRequested(stream),)

    def _obey(self, activity: _Activity) -> Sequence[CarrierEvent]:
        match activity.name:
            case "config":
                self._tells_ends = "playFinished" in activity.session_params.send_events_to_bot
                return ()
            case "abortPrompts":
                self._ending.clear()
                return (PlaybackCleared(),)
            case "hangup":
                return (HangUpRequested(),)
            case "transfer":
                return (TransferRequested(),)
            case _:
                assert_never(activity.name)

    def _message(self, kind: str, **fields: Any) -> str:
        message = {"type": kind, "conversationId": self._call.call_id, **fields}
        return msgspec.json.encode(message).decode()

    def _activity(self, name: str, **fields: Any) -> str:
        return self._message("activities", activities=[{"type": "event", "name": name, **fields}])


def _refusal(complaint: str) -> RemoteProtocolError:
    return RemoteProtocolError(complaint, close_code=CLOSE_POLICY)


WIRE = AudioCodesWire
