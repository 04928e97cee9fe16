"""The wire of Plivo's `<Stream bidirectional="true">` and of its descendants: JSON text tagged by `event`.

Sources: docs.plivo.com/docs/voice/xml/audiostream, and the models of plivo/plivo-stream-sdk-java. The rules:

- The first message is `start`; media that comes before it (seen on a descendant) is kept until it does.
- `media.timestamp` counts from 1970, so the first one is subtracted.
- A `checkpoint` comes back as `playedStream`, by one support article as `played`, and only if its audio was
  really played: what `clearAudio` drops is never acknowledged.
- `extra_headers` comes as a text whose filled form is not documented: JSON, or names and values with `=` or
  `:` between them, separated by commas, perhaps in braces, perhaps with `X-PH-` before the names, is read.
- A `stop` is in the SDK and not in the specification: it is understood, and never waited for.
- Which byte order L16 has is not stated; whoever inherits from this says which it takes.
"""

import re
from collections.abc import Sequence
from typing import assert_never

import msgspec
from msgspec import Raw, Struct

from protocols.audio import MULAW_8K, AudioFormat, Encoding
from protocols.base import Capabilities
from protocols.errors import RemoteProtocolError
from protocols.events import AudioReceived, CallDetails, CallEnded, CallStarted, DtmfReceived, Event
from protocols.streaming import State, StreamProtocol, misplaced
from protocols.wire import (
    MessageDecoder,
    encode,
    read_custom,
    read_direction,
    read_key,
    read_milliseconds,
)

__all__ = [
    "CALLEE",
    "CALLER",
    "DIRECTION",
    "OutgoingMedia",
    "PlayAudioMessage",
    "PlivoDialect",
    "StopMessage",
]

# Of the headers that the answer document attaches: their names may have letters and digits only.
CALLER, CALLEE, DIRECTION = "callerNumber", "calleeNumber", "direction"

MOST_EARLY_MEDIA = 50  # messages kept before the start: a second
QUOTES = " \"'"  # around what was written by hand
RATES = frozenset({8000, 16000, 24000})  # hertz, of L16


class _Message(Struct, tag_field="event", rename="camel", frozen=True):
    pass


class MediaFormat(Struct, rename="camel", frozen=True):
    encoding: str
    sample_rate: int | str


class StartData(Struct, rename="camel", frozen=True):
    call_id: str
    stream_id: str
    media_format: MediaFormat


class Start(_Message, tag="start", frozen=True):
    start: StartData
    extra_headers: Raw = msgspec.field(name="extra_headers", default=Raw(b"null"))


class IncomingMedia(Struct, frozen=True):
    payload: bytes
    track: str = "inbound"
    timestamp: int | str | None = None  # milliseconds since 1970


class MediaReceived(_Message, tag="media", frozen=True):
    media: IncomingMedia
    stream_id: str | None = None


class Digit(Struct, frozen=True):
    digit: int | str


class Dtmf(_Message, tag="dtmf", frozen=True):
    dtmf: Digit
    stream_id: str | None = None


class PlayedStream(_Message, tag="playedStream", frozen=True):
    name: str
    stream_id: str | None = None


class Played(_Message, tag="played", frozen=True):
    name: str
    stream_id: str | None = None


class ClearedAudio(_Message, tag="clearedAudio", frozen=True):
    stream_id: str | None = None


class Stop(_Message, tag="stop", frozen=True):
    stream_id: str | None = None


class OutgoingMedia(Struct, rename="camel", frozen=True):
    content_type: str
    sample_rate: int
    payload: bytes


class PlayAudioMessage(_Message, tag="playAudio", frozen=True, omit_defaults=True):
    media: OutgoingMedia
    stream_id: str | None = None


class Checkpoint(_Message, tag="checkpoint", frozen=True):
    stream_id: str
    name: str


class ClearAudioMessage(_Message, tag="clearAudio", frozen=True):
    stream_id: str


class StopMessage(_Message, tag="stop", frozen=True):
    """Understood by descendants only."""

    stream_id: str


InStream = MediaReceived | Dtmf | PlayedStream | Played | ClearedAudio | Stop
Incoming = Start | InStream
_DECODER: MessageDecoder[Incoming] = MessageDecoder(Incoming)


class PlivoDialect(StreamProtocol):
    """One stream; what a provider does otherwise is overridden."""

    def __init__(
        self, capabilities: Capabilities, *, heard_big_endian: bool = False, spoken_big_endian: bool = False
    ) -> None:
        super().__init__(capabilities)
        self._heard_big_endian = heard_big_endian
        self._spoken_big_endian = spoken_big_endian
        self._heard = MULAW_8K
        self._media_format = MediaFormat("", 0)
        self._stream_id = ""
        self._early: list[IncomingMedia] = []
        self._first_ms: int | None = None  # since 1970

    # What descendants may do otherwise

    def _audio_message(self, media: OutgoingMedia) -> PlayAudioMessage:
        return PlayAudioMessage(media)

    def _cleared(self) -> Sequence[Event]:
        """What was asked to be dropped has been."""
        return ()

    # What we say

    def _media(self, payload: bytes) -> Sequence[str]:
        """Audio in the format of the stream, as it named it itself."""
        short, _, _ = self._media_format.encoding.partition(";")
        media = OutgoingMedia(short, int(self._media_format.sample_rate), payload)
        return (encode(self._audio_message(media)),)

    def _mark(self, name: str) -> str:
        return encode(Checkpoint(self._stream_id, name))

    def _clear(self) -> str:
        return encode(ClearAudioMessage(self._stream_id))

    # What we hear

    def _understand(self, message: str | bytes) -> Sequence[Event]:
        match _DECODER.decode(message):
            case None:
                return ()
            case Start() as incoming:
                return self._start(incoming)
            case incoming:
                return self._in_stream(incoming)

    def _start(self, incoming: Start) -> Sequence[Event]:
        if self.state is not State.WAITING:
            raise misplaced("start", "after start")
        start = incoming.start
        heard = _read_format(start.media_format, big_endian=self._heard_big_endian)
        spoken = _read_format(start.media_format, big_endian=self._spoken_big_endian)
        self._heard, self._media_format, self._stream_id = heard, start.media_format, start.stream_id
        self.state = State.STARTED
        early, self._early = self._early, []
        started = CallStarted(_details(incoming), heard, spoken)
        return (started, *(event for media in early for event in self._audio(media)))

    def _in_stream(self, incoming: InStream) -> Sequence[Event]:
        if self.state is State.WAITING:
            return self._before_start(incoming)
        if incoming.stream_id not in (None, self._stream_id):
            raise misplaced(incoming.__struct_config__.tag, "of another stream")
        match incoming:
            case MediaReceived():
                return self._audio(incoming.media)
            case Dtmf():
                return (DtmfReceived(read_key(incoming.dtmf.digit, message="dtmf")),)
            case PlayedStream() | Played():
                return self._marks.receive(incoming.name)
            case ClearedAudio():
                return self._cleared()
            case Stop():
                self.state = State.STOPPED
                return (CallEnded(),)
            case _:
                assert_never(incoming)

    def _before_start(self, incoming: InStream) -> Sequence[Event]:
        if not isinstance(incoming, MediaReceived) or len(self._early) >= MOST_EARLY_MEDIA:
            raise misplaced(incoming.__struct_config__.tag, "before start")
        read_milliseconds(incoming.media.timestamp, message="media")
        self._early.append(incoming.media)
        return ()

    def _audio(self, media: IncomingMedia) -> Sequence[Event]:
        """The caller's audio; the other track is what we sent ourselves."""
        since_1970 = read_milliseconds(media.timestamp, message="media")
        if media.track != "inbound":
            return ()
        if self._first_ms is None:
            self._first_ms = since_1970
        if since_1970 is None or self._first_ms is None:
            return (AudioReceived(media.payload),)
        return (AudioReceived(media.payload, max(0, since_1970 - self._first_ms)),)


def _read_format(found: MediaFormat, *, big_endian: bool) -> AudioFormat:
    """The format that a start names.

    Raises:
        RemoteProtocolError: it is none of the wire's.

    """
    encoding, rate = found.encoding.partition(";")[0].lower(), str(found.sample_rate)
    if (encoding, rate) == ("audio/x-mulaw", "8000"):
        return MULAW_8K
    rates = {str(known): known for known in RATES}
    if encoding == "audio/x-l16" and rate in rates:
        return AudioFormat(Encoding.LINEAR, rates[rate], big_endian)
    raise RemoteProtocolError(
        "start: mediaFormat: Expected audio/x-mulaw of 8000 hertz or audio/x-l16 of 8000, 16000 or 24000"
    )


def _details(incoming: Start) -> CallDetails:
    custom = _read_headers(incoming.extra_headers)
    return CallDetails(
        provider_call_id=incoming.start.call_id,
        stream_id=incoming.start.stream_id,
        caller_number=custom.pop(CALLER, None),
        callee_number=custom.pop(CALLEE, None),
        direction=read_direction(custom.pop(DIRECTION, None)),
        custom=custom,
    )


def _read_headers(written: Raw) -> dict[str, str]:
    """The attached values, in whichever form they come; what has none is left out."""
    try:
        text = msgspec.json.decode(written, type=str | dict[str, Raw] | None)
        if isinstance(text, str) and text.lstrip().startswith("{"):
            text = _as_object(text)
    except (msgspec.DecodeError, UnicodeError, RecursionError):
        return {}
    if isinstance(text, dict):
        return {_bare(name): value for name, value in read_custom(text).items()}
    pairs = (re.split("[=:]", each, maxsplit=1) for each in (text or "").strip(" {}").split(","))
    return {_bare(pair[0]): pair[1].strip(QUOTES) for pair in pairs if len(pair) > 1}


def _as_object(text: str) -> str | dict[str, Raw]:
    try:
        return msgspec.json.decode(text, type=dict[str, Raw])
    except msgspec.DecodeError:
        return text  # braces, and no JSON


def _bare(name: str) -> str:
    return re.sub("^X-PH-", "", name.strip(QUOTES), flags=re.IGNORECASE)
