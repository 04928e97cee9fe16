"""Asterisk's end of `chan_websocket`, strict. Its sources are those of `protocols.asterisk`.

Where Asterisk ignores what it does not understand, or silently drops what is too long, this end complains.
"""

import base64
import json
from collections.abc import Sequence
from enum import StrEnum
from typing import Self
from urllib.parse import quote

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
)
from bridge.carriers.strict import RequestedMarks
from protocols import RemoteProtocolError
from protocols.audio import ALAW_8K, LINEAR_8K, MULAW_8K, AudioFormat, Encoding
from protocols.errors import CLOSE_POLICY

__all__ = ["AsteriskWire", "Tongue"]

LONGEST_COMMAND = 128
LONGEST_AUDIO = 65_500
SAMPLE_CHANNEL = "1795219923.1"
FORMATS = {
    "ulaw": MULAW_8K,
    "alaw": ALAW_8K,
    "slin": LINEAR_8K,
    "slin16": AudioFormat(Encoding.LINEAR, 16_000),
    "slin24": AudioFormat(Encoding.LINEAR, 24_000),
}
_WITH_NAME = frozenset({"MARK_MEDIA", "STOP_MEDIA_BUFFERING"})
_WITHOUT = frozenset(
    {
        "ANSWER",
        "CONTINUE_MEDIA",
        "FLUSH_MEDIA",
        "GET_STATUS",
        "HANGUP",
        "PAUSE_MEDIA",
        "REPORT_QUEUE_DRAINED",
        "START_MEDIA_BUFFERING",
    }
)


class Tongue(StrEnum):
    """How control messages are written: the dial string's `f(...)`."""

    PLAIN = "plain-text"
    JSON = "json"


class AsteriskWire(CarrierWire):
    """One call, from Asterisk's end.

    `knows_marks=False` is a release before 20.18, 22.8 and 23.2; `auto_answers=False` a dial string with `n`.
    """

    hangs_up_on_close = True  # without the option g of Dial

    def __init__(
        self,
        *,
        tongue: Tongue = Tongue.JSON,
        codec: str = "ulaw",
        auto_answers: bool = True,
        knows_marks: bool = True,
    ) -> None:
        self.caller_audio = self.our_audio = FORMATS[codec]
        self.waits_for_accept = not auto_answers
        self._codec = codec
        self._tongue = tongue
        self._knows_marks = knows_marks
        self._marks = RequestedMarks()
        self._pending: dict[str, str] = {}  # the event that returns a mark, by the mark's name
        self._is_buffering = False
        self._must_report = False
        self._is_over = False

    @classmethod
    def in_alaw(cls) -> Self:
        """With c(alaw) in the dial string."""
        return cls(codec="alaw")

    def dial(self, url: str, call: CarrierCall, token: str | None) -> Dialling:
        """`websocket_client.conf` and `v(...)`, which Asterisk puts into the query as it stands."""
        facts = {
            "call": call.call_id,
            "caller": call.from_number,
            "called": call.to_number,
            "direction": call.direction,
            **{name: quote(value, safe="") for name, value in call.custom.items()},
        }
        query = "&".join(f"{name}={value}" for name, value in facts.items() if value)
        return Dialling(f"{url}?{query}", _authorization(token), ("media",))

    def open(self, call: CarrierCall) -> Sequence[str]:
        fields = {
            "connection_id": "hatif",
            "channel": "WebSocket/hatif/0x7f4fa4005d90",
            "channel_id": SAMPLE_CHANNEL,
            "format": self._codec,
            "optimal_frame_size": self.our_audio.frame_bytes,
            "ptime": 20,
        }
        if self._tongue is Tongue.JSON:
            letter = "n" if self.waits_for_accept else ""
            variables = {
                "DIALEDPEERNUMBER": f"hatif/c({self._codec}){letter}f(json)v(call={call.call_id})",
                "MEDIA_WEBSOCKET_CONNECTION_ID": "hatif",
                "MEDIA_WEBSOCKET_OPTIMAL_FRAME_SIZE": str(self.our_audio.frame_bytes),
            }
            return (json.dumps({"event": "MEDIA_START", **fields, "channel_variables": variables}),)
        return (self._event("MEDIA_START", **fields),)

    def audio(self, payload: bytes) -> Sequence[bytes]:
        return (payload,)

    def digit(self, key: str) -> Sequence[str]:
        return (self._event("DTMF_END", digit=key, channel_id=SAMPLE_CHANNEL),)

    def mark(self, name: str) -> Sequence[str]:
        self._marks.give_back(name)
        event = self._pending.pop(name, "MEDIA_MARK_PROCESSED")
        if self._tongue is Tongue.PLAIN:
            return (f"{event} {name}",)
        return (self._event(event, channel_id=SAMPLE_CHANNEL, correlation_id=name),)

    def stop(self) -> Sequence[str]:
        return ()

    def receive(self, message: str | bytes) -> Sequence[CarrierEvent]:
        if self._is_over:
            raise RemoteProtocolError("a message after HANGUP", close_code=CLOSE_POLICY)
        if isinstance(message, bytes):
            return (AudioToPlay(self._require_frames(message)),)
        command, name = self._read(message)
        return self._obey(command, name)

    def _obey(self, command: str, name: str) -> Sequence[CarrierEvent]:
        match command:
            case "ANSWER":
                return (Accepted(),)
            case "STOP_MEDIA_BUFFERING" | "MARK_MEDIA":
                return self._promise(command, name)
            case "START_MEDIA_BUFFERING":
                self._is_buffering = True
            case "REPORT_QUEUE_DRAINED":
                self._must_report = True
            case "FLUSH_MEDIA":
                return self._flush()
            case "GET_STATUS":
                return (Owed(self._status()),)
            case "HANGUP":
                self._is_over = True
                return (HangUpRequested(),)
        return ()  # PAUSE_MEDIA, CONTINUE_MEDIA

    def _promise(self, command: str, name: str) -> Sequence[CarrierEvent]:
        if command == "MARK_MEDIA" and not self._knows_marks:
            raise RemoteProtocolError("MARK_MEDIA, which this release does not know")
        self._is_buffering &= command == "MARK_MEDIA"
        event = "MEDIA_MARK_PROCESSED" if command == "MARK_MEDIA" else "MEDIA_BUFFERING_COMPLETED"
        self._marks.request(name)
        self._pending[name] = event
        return (MarkRequested(name),)

    def _flush(self) -> Sequence[CarrierEvent]:
        """Drops everything, marks and buffering included; only a report that was asked for tells of it."""
        for name in self._pending:
            self._marks.give_back(name)
        self._is_buffering = False
        is_told, self._must_report = self._must_report, False
        drained = (Owed(self._event("QUEUE_DRAINED", channel_id=SAMPLE_CHANNEL)),) if is_told else ()
        return (PlaybackCleared(), *drained)

    def _require_frames(self, audio: bytes) -> bytes:
        if not audio or len(audio) > LONGEST_AUDIO:
            raise RemoteProtocolError(f"audio: Expected 1 to {LONGEST_AUDIO} bytes")
        if len(audio) % self.our_audio.frame_bytes and not self._is_buffering:
            raise RemoteProtocolError("audio: Expected whole frames: the rest would be dropped")
        return audio

    def _read(self, text: str) -> tuple[str, str]:
        """The command, and the mark's name that goes with it or nothing."""
        if len(text.encode(errors="replace")) > LONGEST_COMMAND:
            raise RemoteProtocolError(f"a command of more than {LONGEST_COMMAND} bytes, which is ignored")
        command, name = self._fields(text)
        if command not in _WITH_NAME | _WITHOUT or bool(name) != (command in _WITH_NAME):
            raise RemoteProtocolError("Not a command that the protocol knows")
        return command, name

    def _fields(self, text: str) -> tuple[str, str]:
        if self._tongue is Tongue.PLAIN:
            command, _, name = text.partition(" ")
            return command, name
        try:
            fields = json.loads(text)
        except (ValueError, RecursionError):
            raise RemoteProtocolError("Unable to parse JSON command") from None
        if not isinstance(fields, dict) or not fields.keys() <= {"command", "correlation_id"}:
            raise RemoteProtocolError("a command: Expected command, and correlation_id or nothing else")
        return str(fields.get("command", "")), str(fields.get("correlation_id", ""))

    def _event(self, event: str, **fields: object) -> str:
        if self._tongue is Tongue.JSON:
            return json.dumps({"event": event, **fields})
        if event == "QUEUE_DRAINED":
            return event
        return " ".join([event, *(f"{name}:{value}" for name, value in fields.items())])

    def _status(self) -> str:
        return self._event("STATUS", channel_id=SAMPLE_CHANNEL, queue_length=0, xon_level=800, xoff_level=900)


def _authorization(token: str | None) -> dict[str, str]:
    """`token` is `username:password`, or the password of `hatif`."""
    if token is None:
        return {}
    pair = token if ":" in token else f"hatif:{token}"
    return {"Authorization": f"Basic {base64.b64encode(pair.encode()).decode()}"}


WIRE = AsteriskWire
