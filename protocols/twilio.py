"""Twilio Media Streams, both ways (`<Connect><Stream>`): JSON text frames tagged by `event`, mu-law 8 kHz.

Source: www.twilio.com/docs/voice/media-streams/websocket-messages. This module knows the wire of one
stream only: whoever reached it was let in by the stream token in the path; hanging up or transferring the
phone call is Twilio's REST interface, or what follows `<Connect>` once our socket is closed.

The rules behind the states and the table `_SENDABLE`:

- `connected`, then `start`, then `media`, `dtmf` and `mark` in any order, then `stop`. A `connected` that
  does not come is not missed: it says nothing.
- Numbers come as strings and may come as numbers. `sequenceNumber` and `chunk` are not read: TCP keeps
  the order.
- A `clear` returns all pending marks, so a mark proves playback only if nothing was cleared since it was
  sent.
- An event that we do not know is ignored. A `start` in another format than mu-law 8 kHz mono is refused.
- `start` names neither party. The webhook that opens the stream may, by the parameters `caller_number`,
  `callee_number` and `direction`; in TwiML `<Parameter name="caller_number" value="{{From}}"/>`.
"""

from collections.abc import Sequence
from enum import StrEnum
from typing import assert_never, get_args

from msgspec import Raw, Struct

from protocols.base import Capabilities, MediaProtocol
from protocols.commands import AcceptCall, ClearAudio, Command, HangUp, PlayAudio, SendMark, TransferCall
from protocols.errors import CLOSE_POLICY, LocalProtocolError, RemoteProtocolError
from protocols.events import AudioReceived, CallDetails, CallEnded, CallStarted, DtmfReceived, Event
from protocols.marks import PendingMarks
from protocols.provider import Door, Options, Provider
from protocols.wire import MessageDecoder, encode, read_custom, read_direction, read_key, read_milliseconds

__all__ = ["PROVIDER", "TwilioProtocol"]

TWILIO = Capabilities(name="twilio", returns_marks_on_clear=True)


class State(StrEnum):
    """How far one stream has come."""

    WAITING = "waiting for its start"
    STARTED = "started"
    RELEASED = "handed back"  # by us
    STOPPED = "stopped"  # by Twilio


_ANYTHING = frozenset[type[Command]](get_args(Command))
_SENDABLE: dict[State, frozenset[type[Command]]] = {
    State.WAITING: frozenset(),
    State.STARTED: _ANYTHING,
    State.RELEASED: frozenset({HangUp}),
    State.STOPPED: _ANYTHING,  # said to nobody: Twilio's stop and our words may cross
}


class _Message(Struct, tag_field="event", rename="camel", frozen=True):
    pass


class Connected(_Message, tag="connected", frozen=True):
    pass


class MediaFormat(Struct, rename="camel", frozen=True):
    encoding: str
    sample_rate: int | str
    channels: int | str


class StartData(Struct, rename="camel", frozen=True):
    stream_sid: str
    call_sid: str
    media_format: MediaFormat
    custom_parameters: dict[str, Raw] | None = None


class Start(_Message, tag="start", frozen=True):
    start: StartData


class IncomingMedia(Struct, frozen=True):
    payload: bytes
    track: str = "inbound"
    timestamp: int | str | None = None  # milliseconds since the stream began


class MediaReceived(_Message, tag="media", frozen=True):
    media: IncomingMedia
    stream_sid: str | None = None


class Digit(Struct, frozen=True):
    digit: int | str


class Dtmf(_Message, tag="dtmf", frozen=True):
    dtmf: Digit
    stream_sid: str | None = None


class MarkName(Struct, frozen=True):
    name: str


class Mark(_Message, tag="mark", frozen=True, omit_defaults=True):
    """Goes both ways: ours asks, theirs is the echo."""

    mark: MarkName
    stream_sid: str | None = None


class Stop(_Message, tag="stop", frozen=True):
    stream_sid: str | None = None


class OutgoingMedia(Struct, frozen=True):
    payload: bytes


class Media(_Message, tag="media", frozen=True):
    stream_sid: str
    media: OutgoingMedia


class Clear(_Message, tag="clear", frozen=True):
    stream_sid: str


InStream = MediaReceived | Dtmf | Mark | Stop
Incoming = Connected | Start | InStream
_DECODER: MessageDecoder[Incoming] = MessageDecoder(Incoming)


class TwilioProtocol(MediaProtocol):
    """One stream on Twilio's wire."""

    def __init__(self) -> None:
        self.state = State.WAITING
        self._stream_sid = ""
        self._marks = PendingMarks()

    @property
    def capabilities(self) -> Capabilities:
        return TWILIO

    def receive(self, message: str | bytes) -> Sequence[Event]:
        if self.state in (State.RELEASED, State.STOPPED):
            return ()
        incoming = _DECODER.decode(message)
        match incoming:
            case None:
                return ()
            case Connected() | Start() if self.state is not State.WAITING:
                raise _out_of_order(incoming, "after start")
            case Connected():
                return ()
            case Start():
                return self._start(incoming.start)
            case _:
                return self._in_stream(incoming)

    def begin_without_setup(self) -> Sequence[Event]:
        if self.state is State.WAITING:
            raise RemoteProtocolError("no start has arrived", close_code=CLOSE_POLICY)
        return ()

    def send(self, command: Command) -> Sequence[str]:
        if type(command) not in _SENDABLE[self.state]:
            raise LocalProtocolError(f"{type(command).__name__} when the stream is {self.state}")
        if self.state is State.STOPPED:
            return ()
        match command:
            case AcceptCall():
                return ()  # the webhook accepted it
            case PlayAudio():
                return (
                    (encode(Media(self._stream_sid, OutgoingMedia(command.payload))),)
                    if command.payload
                    else ()
                )
            case SendMark():
                self._marks.send(command.name)
                return (encode(Mark(MarkName(command.name), self._stream_sid)),)
            case ClearAudio():
                self._marks.clear()
                return (encode(Clear(self._stream_sid)),)
            case HangUp():
                self.state = State.RELEASED
                return ()  # closing the socket is the word
            case TransferCall():
                raise LocalProtocolError("Twilio transfers by REST, not on the stream")
            case _:
                assert_never(command)

    def _start(self, start: StartData) -> Sequence[Event]:
        _require_mulaw(start.media_format)
        self._stream_sid = start.stream_sid
        self.state = State.STARTED
        return (CallStarted(_details(start)),)

    def _in_stream(self, incoming: InStream) -> Sequence[Event]:
        if self.state is State.WAITING:
            raise _out_of_order(incoming, "before start")
        if incoming.stream_sid not in (None, self._stream_sid):
            raise _out_of_order(incoming, "of another stream")
        match incoming:
            case MediaReceived():
                return _audio(incoming.media)
            case Dtmf():
                return (DtmfReceived(read_key(incoming.dtmf.digit, message="dtmf")),)
            case Mark():
                return self._marks.receive(incoming.mark.name)
            case Stop():
                self.state = State.STOPPED
                return (CallEnded(),)
            case _:
                assert_never(incoming)


def _audio(media: IncomingMedia) -> Sequence[Event]:
    """The caller's audio; the other track is what we sent ourselves."""
    timestamp_ms = read_milliseconds(media.timestamp, message="media")
    return (AudioReceived(media.payload, timestamp_ms),) if media.track == "inbound" else ()


def _details(start: StartData) -> CallDetails:
    custom = read_custom(start.custom_parameters or {})
    return CallDetails(
        provider_call_id=start.call_sid,
        stream_id=start.stream_sid,
        caller_number=custom.pop("caller_number", None),
        callee_number=custom.pop("callee_number", None),
        direction=read_direction(custom.pop("direction", None)),
        custom=custom,
    )


def _require_mulaw(found: MediaFormat) -> None:
    if (found.encoding, str(found.sample_rate), str(found.channels)) != ("audio/x-mulaw", "8000", "1"):
        raise RemoteProtocolError("start: mediaFormat: Expected audio/x-mulaw, 8000 hertz, 1 channel")


def _out_of_order(incoming: Incoming, where: str) -> RemoteProtocolError:
    return RemoteProtocolError(f"{incoming.__struct_config__.tag} {where}", close_code=CLOSE_POLICY)


PROVIDER = Provider(
    capabilities=TWILIO,
    title="Twilio",
    options=Options,
    door=Door.TOKEN,
    media=lambda _options, _grant: TwilioProtocol(),
)
