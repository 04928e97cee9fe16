"""Genesys Cloud's end of AudioHook and Audio Connector, strict.

Its sources are those of `protocols.genesys_session`. Like the reference servers' own clients it refuses
whatever is out of order: a gap in the numbers, media that was not offered, audio before `opened`, a `pong`
that nobody asked for. Pings follow the audio: one after a second of it, then one every five.
"""

from collections.abc import Mapping, Sequence
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

__all__ = ["GenesysClient"]

SAMPLE_ORGANIZATION = "d7934305-0972-4844-938e-9060eef73d05"  # the samples' own
SAMPLE_SESSION = "30b0e395-84d3-4570-ac13-9a62d8f514c0"
SAMPLE_PARTICIPANT = "883efee8-3d6c-4537-b500-6d7ca4b92fa0"
MAX_BINARY_BYTES = 64_000
SAMPLE_RATE = 8000
PING_SECONDS = 5


class _Numbered(Struct, tag_field="type", frozen=True, forbid_unknown_fields=True, kw_only=True):
    version: Literal["2"]
    id: str
    seq: int
    clientseq: int
    position: str | None = None  # of the client's messages only; servers that send it back are put up with


class _Empty(Struct, frozen=True, forbid_unknown_fields=True):
    pass


class _Media(Struct, frozen=True, forbid_unknown_fields=True):
    type: str
    format: str
    channels: tuple[str, ...]
    rate: int


class _OpenedParameters(Struct, rename="camel", frozen=True, forbid_unknown_fields=True):
    media: tuple[_Media, ...]
    start_paused: bool = False
    discard_to: str | None = None


class _Opened(_Numbered, tag="opened", frozen=True, kw_only=True):
    parameters: _OpenedParameters


class _Pong(_Numbered, tag="pong", frozen=True, kw_only=True):
    parameters: _Empty


class _Updated(_Numbered, tag="updated", frozen=True, kw_only=True):
    parameters: _Empty


class _Closed(_Numbered, tag="closed", frozen=True, kw_only=True):
    parameters: _Empty


class _DisconnectParameters(Struct, rename="camel", frozen=True, forbid_unknown_fields=True):
    reason: Literal["completed", "unauthorized", "error"]
    info: str | None = None
    output_variables: dict[str, str] = {}


class _Disconnect(_Numbered, tag="disconnect", frozen=True, kw_only=True):
    parameters: _DisconnectParameters


class _BargeIn(Struct, frozen=True, forbid_unknown_fields=True):
    type: Literal["barge_in"]
    data: _Empty


class _EventParameters(Struct, frozen=True, forbid_unknown_fields=True):
    entities: tuple[_BargeIn, ...]


class _Event(_Numbered, tag="event", frozen=True, kw_only=True):
    parameters: _EventParameters


_FromHatif = _Opened | _Pong | _Updated | _Closed | _Disconnect | _Event
_DECODER: MessageDecoder[_FromHatif] = MessageDecoder(_FromHatif)


class GenesysClient(CarrierWire):
    """One session, from Genesys' end."""

    waits_for_accept = True
    hangs_up_on_close = False  # the flow goes on, with an error
    can_play = True  # False: AudioHook, which takes no audio
    offered_channels: tuple[tuple[str, ...], ...] = (("external",),)

    def __init__(self, *, session: str = SAMPLE_SESSION) -> None:
        self.channels: tuple[str, ...] = ()  # that were chosen
        self._session = session
        self._seq = self._hatif_seq = self._seen = 0  # ours, theirs, and of ours what they say they saw
        self._samples = 0
        self._pings = 0  # unanswered
        self._bursts = 0  # pieces of audio taken
        self._is_playing = False
        self._is_opened = self._is_over = False

    def dial(self, url: str, call: CarrierCall, token: str | None) -> Dialling:  # noqa: ARG002
        headers = {
            "Audiohook-Organization-Id": SAMPLE_ORGANIZATION,
            "Audiohook-Session-Id": self._session,
            "Audiohook-Correlation-Id": SAMPLE_PARTICIPANT,
            "Audiohook-Retry-Attempt": "0",
        }
        return Dialling(url, headers if token is None else headers | {"X-API-KEY": token})

    def open(self, call: CarrierCall) -> Sequence[str]:
        variables = {**call.custom, "direction": call.direction}
        parameters: dict[str, Any] = {
            "organizationId": SAMPLE_ORGANIZATION,
            "conversationId": call.call_id,
            "participant": {
                "id": SAMPLE_PARTICIPANT,
                "ani": f"tel:+{call.from_number.removeprefix('+')}",
                "aniName": "",
                "dnis": f"tel:+{call.to_number.removeprefix('+')}",
            },
            "media": self._offers(),
            "language": "ar-SA",
            "inputVariables" if self.can_play else "customConfig": variables,
        }
        return (self._message("open", parameters),)

    def audio(self, payload: bytes) -> Sequence[str | bytes]:
        before, self._samples = self._samples, self._samples + len(payload)
        pings = [self._ping()] if _ping_is_due(before) != _ping_is_due(self._samples) else []
        return (*pings, payload)

    def digit(self, key: str) -> Sequence[str]:
        return (self._message("dtmf", {"digit": key}),) if self.can_play else ()

    def mark(self, name: str) -> Sequence[str]:
        """Only the last piece's: the buffer has run dry."""
        if not self._is_playing or name != f"burst-{self._bursts}":
            return ()
        return (self._stopped_playing(),)

    def stop(self) -> Sequence[str]:
        self._is_over = True
        return (self._message("close", {"reason": "end"}),)

    def receive(self, message: str | bytes) -> Sequence[CarrierEvent]:
        if isinstance(message, bytes):
            return self._take(message)
        incoming = decode_strictly(_DECODER, message)
        self._check(incoming)
        match incoming:
            case _Opened():
                return self._opened(incoming.parameters)
            case _Pong():
                self._pings -= 1
                return ()
            case _Updated() | _Closed():
                return ()
            case _Event():
                return self._flush()
            case _Disconnect():
                return self._disconnected(incoming.parameters)
            case _:
                assert_never(incoming)

    def _offers(self) -> list[dict[str, Any]]:
        return [
            {"type": "audio", "format": "PCMU", "channels": list(channels), "rate": SAMPLE_RATE}
            for channels in self.offered_channels
        ]

    def _check(self, incoming: _FromHatif) -> None:
        kind = incoming.__struct_config__.tag
        if incoming.id != self._session:
            raise _refusal(f"{kind}: id: Not this session")
        if incoming.seq != self._hatif_seq + 1:
            raise _refusal(f"{kind}: seq: Expected the next number")
        if not self._seen <= incoming.clientseq <= self._seq:
            raise _refusal(f"{kind}: clientseq: Expected the last number seen")
        if not self._is_opened and isinstance(incoming, _Event):
            raise _refusal("event before opened")
        if isinstance(incoming, _Pong) and not self._pings:
            raise _refusal("pong without a ping")
        if isinstance(incoming, _Closed) and not self._is_over:
            raise _refusal("closed before close")
        self._hatif_seq, self._seen = incoming.seq, incoming.clientseq

    def _opened(self, parameters: _OpenedParameters) -> Sequence[CarrierEvent]:
        if self._is_opened:
            raise _refusal("opened after opened")
        chosen = [msgspec.to_builtins(media) for media in parameters.media]
        offers = [offer | {"channels": tuple(offer["channels"])} for offer in self._offers()]
        if len(chosen) != 1 or chosen[0] not in offers:
            raise _refusal("opened: media: Expected one of the offers")
        self._is_opened = True
        self.channels = chosen[0]["channels"]
        return (Accepted(),)

    def _take(self, payload: bytes) -> Sequence[CarrierEvent]:
        if not (self.can_play and self._is_opened):
            raise _refusal("audio where none is taken")
        if len(payload) > MAX_BINARY_BYTES:
            raise _refusal("more audio than one message may have")
        self._bursts += 1
        wanted = (
            AudioToPlay(require_audio(payload, message="audio")),
            MarkRequested(f"burst-{self._bursts}"),
        )
        if self._is_playing:
            return wanted
        self._is_playing = True
        return (Owed(self._message("playback_started", {})), *wanted)

    def _flush(self) -> Sequence[CarrierEvent]:
        if not self._is_playing:
            return (PlaybackCleared(),)
        return (PlaybackCleared(), Owed(self._stopped_playing()))

    def _stopped_playing(self) -> str:
        self._is_playing = False
        return self._message("playback_completed", {})

    def _disconnected(self, parameters: _DisconnectParameters) -> Sequence[CarrierEvent]:
        self._is_over = True
        owed = Owed(self._message("close", {"reason": "disconnect"}))
        if not self.can_play:
            return (owed,)  # the conversation goes on without a listener
        is_transfer = parameters.output_variables.get("action") == "transfer"
        return (owed, TransferRequested() if is_transfer else HangUpRequested())

    def _ping(self) -> str:
        self._pings += 1
        return self._message("ping", {})

    def _message(self, kind: str, parameters: Mapping[str, Any]) -> str:
        self._seq += 1
        message = {
            "version": "2",
            "id": self._session,
            "type": kind,
            "seq": self._seq,
            "serverseq": self._hatif_seq,
            "position": f"PT{self._samples / SAMPLE_RATE:g}S",
            "parameters": parameters,
        }
        return msgspec.json.encode(message).decode()


def _ping_is_due(samples: int) -> int:
    """How many pings belong to so much audio."""
    return (samples - SAMPLE_RATE) // (PING_SECONDS * SAMPLE_RATE) + 1


def _refusal(complaint: str) -> RemoteProtocolError:
    return RemoteProtocolError(complaint, close_code=CLOSE_POLICY)
