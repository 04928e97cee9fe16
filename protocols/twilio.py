"""Twilio Media Streams, both ways (`<Connect><Stream>`): JSON text frames tagged by `event`, mu-law 8 kHz.

Source: www.twilio.com/docs/voice/media-streams/websocket-messages. Whoever reached a
stream was let in by the token in its path. The phone call is hung up or transferred by REST, or by what
follows `<Connect>` once our socket is closed.

The rules behind the messages (states are `protocols.streaming`'s):

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

import hmac
from collections.abc import Mapping, Sequence
from typing import Annotated, assert_never
from urllib.parse import quote

from msgspec import Meta, Raw, Struct

from protocols.audio import MULAW_8K, AudioFormat
from protocols.base import Capabilities, Ending
from protocols.errors import RemoteProtocolError
from protocols.events import (
    AudioReceived,
    CallDetails,
    CallEnded,
    CallStarted,
    Direction,
    DtmfReceived,
    Event,
)
from protocols.http import Document, HttpRequest, basic, require_option
from protocols.provider import (
    SECRET,
    CallOrder,
    Door,
    IncomingCall,
    Options,
    Provider,
    SignatureError,
    StreamTarget,
    Verified,
)
from protocols.streaming import State, StreamProtocol, misplaced
from protocols.twilio_dialect import FormWebhooks, ResourceControl, connect, form_signatures
from protocols.wire import (
    MessageDecoder,
    encode,
    read_custom,
    read_direction,
    read_key,
    read_milliseconds,
)
from protocols.xml import Verb, xml_document

__all__ = ["PROVIDER", "MediaFormat", "TwilioControl", "TwilioOptions", "TwilioProtocol", "TwilioWebhooks"]

TWILIO = Capabilities(name="twilio", returns_marks_on_clear=True, transfer=Ending.REST)


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
_WAITING = State.WAITING  # by its class's name it takes Python 3.11 a call to find


class TwilioProtocol(StreamProtocol):
    """One stream on Twilio's wire."""

    def __init__(self, capabilities: Capabilities = TWILIO) -> None:
        super().__init__(capabilities)
        self._stream_sid = ""

    def read_formats(self, found: MediaFormat) -> tuple[AudioFormat, AudioFormat]:
        """What is heard and what is spoken.

        Raises:
            RemoteProtocolError: it is not what this wire carries.

        """
        if (found.encoding, str(found.sample_rate), str(found.channels)) != ("audio/x-mulaw", "8000", "1"):
            raise RemoteProtocolError("start: mediaFormat: Expected audio/x-mulaw, 8000 hertz, 1 channel")
        return MULAW_8K, MULAW_8K

    def _understand(self, message: str | bytes) -> Sequence[Event]:
        incoming = _DECODER.decode(message)
        if isinstance(incoming, MediaReceived):  # nearly every message
            self._require_this_stream(incoming)
            return _audio(incoming.media)
        match incoming:
            case None:
                return ()
            case Connected() | Start() if self.state is not State.WAITING:
                raise misplaced(incoming.__struct_config__.tag, "after start")
            case Connected():
                return ()
            case Start():
                return self._start(incoming.start)
            case _:
                return self._in_stream(incoming)

    def _media(self, payload: bytes) -> Sequence[str]:
        return (encode(Media(self._stream_sid, OutgoingMedia(payload))),)

    def _mark(self, name: str) -> str:
        return encode(Mark(MarkName(name), self._stream_sid))

    def _clear(self) -> str:
        return encode(Clear(self._stream_sid))

    def _start(self, start: StartData) -> Sequence[Event]:
        heard, spoken = self.read_formats(start.media_format)
        self._stream_sid = start.stream_sid
        self.state = State.STARTED
        return (CallStarted(_details(start), heard, spoken),)

    def _require_this_stream(self, incoming: InStream) -> None:
        if self.state is _WAITING:
            raise misplaced(incoming.__struct_config__.tag, "before start")
        if incoming.stream_sid != self._stream_sid and incoming.stream_sid is not None:
            raise misplaced(incoming.__struct_config__.tag, "of another stream")

    def _in_stream(self, incoming: Dtmf | Mark | Stop) -> Sequence[Event]:
        self._require_this_stream(incoming)
        match incoming:
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


# Credentials, webhooks and REST, see `protocols.twilio_dialect`.

_API = "https://api.twilio.com/2010-04-01"


class TwilioOptions(Options, frozen=True, kw_only=True):
    """What a site configures."""

    account_sid: Annotated[str | None, Meta(description="the Account SID, AC and 32 digits")] = None
    auth_token: Annotated[str | None, Meta(description="the primary auth token, in quotes", extra=SECRET)] = (
        None
    )
    sign_sockets: Annotated[
        bool,
        Meta(description="true: sockets must be signed; false: a signature is checked where there is one"),
    ] = False


def _verify(options: TwilioOptions, request: HttpRequest) -> Verified:
    """Check `X-Twilio-Signature`; one auth token signs, so there is nothing to rotate."""
    if options.auth_token is None:
        raise SignatureError("providers.twilio.auth_token is not configured, so no signature can be checked")
    offered = request.headers.get("x-twilio-signature", "").encode()
    expected = form_signatures(options.auth_token, request)
    if not any(hmac.compare_digest(offered, each.encode()) for each in expected):
        raise SignatureError("X-Twilio-Signature is missing or wrong: check auth_token and server.public_url")
    return Verified()


def _admit(options: TwilioOptions, request: HttpRequest, _now: float) -> Verified:
    """The stream token lets the socket in; a signature that comes with it has to be good."""
    is_signed = "x-twilio-signature" in request.headers
    if options.sign_sockets or (is_signed and options.auth_token is not None):
        return _verify(options, request)
    return Verified()


class TwilioWebhooks(FormWebhooks):
    """Voice webhooks, answered with TwiML."""

    def __init__(self, options: TwilioOptions) -> None:
        self._options = options

    def verify(self, request: HttpRequest, *, now: float) -> Verified:  # noqa: ARG002
        return _verify(self._options, request)

    def connect(self, call: IncomingCall, stream: StreamTarget) -> Document:
        return connect(call, stream)


class TwilioControl(ResourceControl):
    """Calls placed, ended and handed over by REST."""

    def __init__(self, options: TwilioOptions) -> None:
        self._options = options

    def calls(self) -> str:
        account = require_option(self._options.account_sid, "providers.twilio.account_sid")
        return f"{_API}/Accounts/{quote(account, safe='')}/Calls"

    def authorization(self) -> str:
        account = require_option(self._options.account_sid, "providers.twilio.account_sid")
        return basic(account, require_option(self._options.auth_token, "providers.twilio.auth_token"))

    def answer_fields(self, order: CallOrder) -> Mapping[str, str]:
        call = IncomingCall(caller_number=order.from_, callee_number=order.to, direction=Direction.OUTBOUND)
        return {"Twiml": connect(call, order.stream).body.decode()}

    def transfer_fields(self, to: str, document_url: str | None) -> Mapping[str, str]:  # noqa: ARG002
        return {"Twiml": xml_document(Verb("Dial", {}, text=to)).body.decode()}


PROVIDER = Provider(
    capabilities=TWILIO,
    title="Twilio",
    options=TwilioOptions,
    door=Door.TOKEN,
    media=lambda _options, _grant: TwilioProtocol(),
    admit=_admit,
    is_guarded=lambda options: options.sign_sockets or options.auth_token is not None,
    webhooks=TwilioWebhooks,
    control=TwilioControl,
)
