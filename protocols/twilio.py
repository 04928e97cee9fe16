"""Twilio Media Streams, both ways (`<Connect><Stream>`): JSON text frames tagged by `event`, mu-law 8 kHz.

Source: www.twilio.com/docs/voice/media-streams/websocket-messages. Whoever reached a
stream was let in by the token in its path. The phone call is hung up or transferred by REST, or by what
follows `<Connect>` once our socket is closed.

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

import base64
import hmac
from collections.abc import Iterable, Iterator, Mapping, Sequence
from enum import StrEnum
from hashlib import sha256
from http import HTTPStatus
from typing import Annotated, assert_never, get_args
from urllib.parse import parse_qsl, quote, urlencode, urlsplit, urlunsplit

from msgspec import Meta, Raw, Struct

from protocols.base import Capabilities, Ending, MediaProtocol
from protocols.commands import AcceptCall, ClearAudio, Command, HangUp, PlayAudio, SendMark, TransferCall
from protocols.errors import CLOSE_POLICY, LocalProtocolError, RemoteProtocolError
from protocols.events import (
    AudioReceived,
    CallDetails,
    CallEnded,
    CallStarted,
    Direction,
    DtmfReceived,
    Event,
)
from protocols.http import (
    Document,
    HttpRequest,
    HttpResponse,
    basic,
    form_of,
    json_field,
    require_call,
    require_option,
)
from protocols.marks import PendingMarks
from protocols.provider import (
    SECRET,
    AfterRequest,
    CallOrder,
    CallStatus,
    Control,
    Door,
    IncomingCall,
    Options,
    Provider,
    SignatureError,
    StatusReport,
    StreamTarget,
    Verified,
    Webhooks,
    after_request,
)
from protocols.wire import (
    MessageDecoder,
    encode,
    read_custom,
    read_direction,
    read_key,
    read_milliseconds,
    read_seconds,
)
from protocols.xml import Verb, xml_document

__all__ = ["PROVIDER", "TwilioControl", "TwilioOptions", "TwilioProtocol", "TwilioWebhooks"]

TWILIO = Capabilities(name="twilio", returns_marks_on_clear=True, transfer=Ending.REST)


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


# Credentials, webhooks and REST. Sources: www.twilio.com/docs/usage/security (validating requests),
# docs/voice/twiml/stream, docs/voice/api/call-resource.

_API = "https://api.twilio.com/2010-04-01"
_DEFAULT_PORTS = {"https": 443, "wss": 443, "http": 80, "ws": 80}
_FORM = "application/x-www-form-urlencoded"
_STATUSES = {
    "queued": CallStatus.INITIATED,
    "initiated": CallStatus.INITIATED,
    "ringing": CallStatus.RINGING,
    "in-progress": CallStatus.IN_PROGRESS,
    "answered": CallStatus.IN_PROGRESS,
    "completed": CallStatus.COMPLETED,
    "busy": CallStatus.BUSY,
    "no-answer": CallStatus.NO_ANSWER,
    "canceled": CallStatus.CANCELED,
    "failed": CallStatus.FAILED,
}
_ALREADY_OVER = (HTTPStatus.NOT_FOUND, HTTPStatus.GONE)


class TwilioOptions(Options, frozen=True, kw_only=True):
    """What a site configures."""

    account_sid: Annotated[str | None, Meta(description="the Account SID, AC and 32 digits")] = None
    auth_token: Annotated[str | None, Meta(description="the primary auth token, in quotes", extra=SECRET)] = (
        None
    )
    sign_sockets: Annotated[
        bool, Meta(description="true: sockets must be signed as well as bring a stream token")
    ] = False


def _signature(auth_token: str, url: str, form: Iterable[tuple[str, str]]) -> bytes:
    signed = url + "".join(key + value for key, value in sorted(set(form)))
    return base64.b64encode(hmac.digest(auth_token.encode(), signed.encode(), "sha1"))


def _spellings(url: str) -> Iterator[str]:
    """The address with and without its default port, with and without a closing slash."""
    parts = urlsplit(url)
    host, port = parts.hostname or "", parts.port or _DEFAULT_PORTS.get(parts.scheme)
    bare = host if parts.port in (None, _DEFAULT_PORTS.get(parts.scheme)) else f"{host}:{port}"
    for netloc in dict.fromkeys((parts.netloc, bare, f"{host}:{port}")):
        for path in dict.fromkeys((parts.path, parts.path.rstrip("/"), f"{parts.path.rstrip('/')}/")):
            yield urlunsplit(parts._replace(netloc=netloc, path=path))


def _verify(options: TwilioOptions, request: HttpRequest) -> Verified:
    """Check `X-Twilio-Signature`: HMAC-SHA1 of the address and the form's fields, sorted, each once.

    A body that is no form is hashed into the query's `bodySHA256`. The address is signed as it was
    configured, so its other spellings are tried; on an upgrade it is the wss:// address. There is no time in
    it, so a replay cannot be told from a repetition.
    """
    if options.auth_token is None:
        raise SignatureError("providers.twilio.auth_token is not configured, so no signature can be checked")
    offered = request.headers.get("x-twilio-signature", "")
    is_form = request.headers.get("content-type", "").startswith(_FORM)
    form = parse_qsl(request.body.decode(errors="replace"), keep_blank_values=True) if is_form else []
    digest = request.query.get("bodySHA256")
    if digest is not None and not hmac.compare_digest(digest, sha256(request.body).hexdigest()):
        raise SignatureError("bodySHA256 is not the body's")
    if request.body and not is_form and digest is None:
        raise SignatureError("the body is not signed")
    expected = [_signature(options.auth_token, url, form) for url in _spellings(request.url)]
    if not any(hmac.compare_digest(offered.encode(), each) for each in expected):
        raise SignatureError("X-Twilio-Signature is missing or wrong: check auth_token and server.public_url")
    return Verified()


def _admit(options: TwilioOptions, request: HttpRequest, _now: float) -> Verified | None:
    return _verify(options, request) if options.sign_sockets else None


class TwilioWebhooks(Webhooks):
    """Voice webhooks, answered with TwiML."""

    def __init__(self, options: TwilioOptions) -> None:
        self._options = options

    def verify(self, request: HttpRequest, *, now: float) -> Verified:  # noqa: ARG002
        return _verify(self._options, request)

    def incoming(self, request: HttpRequest) -> IncomingCall:
        form = form_of(request)
        return IncomingCall(
            provider_call_id=form.get("CallSid"),
            caller_number=form.get("From"),
            callee_number=form.get("To"),
            direction=read_direction(form.get("Direction")),
        )

    def connect(self, call: IncomingCall, stream: StreamTarget) -> Document:
        return _connect(call, stream)

    def reject(self, call: IncomingCall) -> Document:  # noqa: ARG002
        return xml_document(Verb("Reject", {"reason": "busy"}))

    def status(self, request: HttpRequest) -> StatusReport | None:
        form = form_of(request)
        if "CallSid" not in form or "CallStatus" not in form:
            return None
        return StatusReport(
            form["CallSid"],
            _STATUSES.get(form["CallStatus"]),
            answered_by=form.get("AnsweredBy"),
            seconds=read_seconds(form.get("CallDuration")),
        )


def _connect(call: IncomingCall, stream: StreamTarget) -> Document:
    """Parameters, because Twilio drops the query of a stream's address."""
    parties = {
        "caller_number": call.caller_number,
        "callee_number": call.callee_number,
        "direction": call.direction,
    }
    parameters = [
        Verb("Parameter", {"name": name, "value": value})
        for name, value in {**parties, **stream.parameters}.items()
        if value
    ]
    opening = Verb("Stream", {"url": stream.url, "statusCallback": stream.status_url}, *parameters)
    return xml_document(Verb("Connect", {}, opening))


class TwilioControl(Control):
    """Calls placed, ended and handed over by REST."""

    def __init__(self, options: TwilioOptions) -> None:
        self._options = options

    def place(self, order: CallOrder) -> HttpRequest:
        call = IncomingCall(caller_number=order.from_, callee_number=order.to, direction=Direction.OUTBOUND)
        fields = {
            "To": order.to,
            "From": order.from_,
            "Timeout": str(order.ring_seconds),
            "Twiml": _connect(call, order.stream).body.decode(),
        }
        if order.stream.status_url:
            fields |= {"StatusCallback": order.stream.status_url, "StatusCallbackMethod": "POST"}
        if order.detect_machine:
            fields |= {"MachineDetection": "Enable", "AsyncAmd": "true"}
        return self._post("Calls.json", fields)

    def placed(self, response: HttpResponse) -> str | None:
        return json_field(response, "sid")

    def hang_up(self, call: CallDetails) -> HttpRequest:
        return self._post(f"Calls/{_identifier(call)}.json", {"Status": "completed"})

    def transfer(self, call: CallDetails, to: str) -> HttpRequest:
        dialling = xml_document(Verb("Dial", {}, text=to)).body.decode()
        return self._post(f"Calls/{_identifier(call)}.json", {"Twiml": dialling})

    def outcome(self, response: HttpResponse) -> AfterRequest:
        return after_request(response, already_over=_ALREADY_OVER)

    def _post(self, resource: str, fields: Mapping[str, str]) -> HttpRequest:
        account = require_option(self._options.account_sid, "providers.twilio.account_sid")
        secret = require_option(self._options.auth_token, "providers.twilio.auth_token")
        return HttpRequest(
            "POST",
            f"{_API}/Accounts/{quote(account, safe='')}/{resource}",
            {"authorization": basic(account, secret), "content-type": _FORM},
            urlencode(fields).encode(),
        )


def _identifier(call: CallDetails) -> str:
    return quote(require_call(call.provider_call_id), safe="")


PROVIDER = Provider(
    capabilities=TWILIO,
    title="Twilio",
    options=TwilioOptions,
    door=Door.TOKEN,
    media=lambda _options, _grant: TwilioProtocol(),
    admit=_admit,
    is_guarded=lambda options: options.sign_sockets,
    webhooks=TwilioWebhooks,
    control=TwilioControl,
)
