"""Telnyx media streaming, both ways: JSON text frames tagged by `event`, audio as bare RTP payloads.

Sources: developers.telnyx.com, "Media Streaming Over WebSockets", "TeXML: Stream", "Call Commands", and
team-telnyx/telnyx-python's webhook verification.

- The caller's audio has the codec of the telephone leg, which `start` names: PCMA outside North America.
  Ours has the codec that was declared when the stream was asked for, by us or by a site's own TeXML: the
  option `codec` must say the same.
- Media is not promised to come in order: it is sorted by `chunk`, and at most five messages wait for one
  that is missing.
- One message carries 20 ms to 30 s of ours. A `clear` returns all pending marks.
- The token that a stream is opened with comes in the upgrade's header, and again in `connected`. TeXML's
  streams have none and are let in by the single-use token in the path; `stream_token` has to be set all the
  same, since without any credential only this machine is served.
- A socket may open and close again without a `start`: nobody answered.
- Doubts: the shapes of `dtmf`, `error` and `stop` were not found in a document, so nothing but the digit is
  needed of them. The byte order of L16 is RFC 3551's in what others found, and an option here. Whether
  TeXML's CallSid is the `call_control_id` of the start is not documented, so the webhook has it handed back.

A site uses TeXML, or with `call_control` the commands of Call Control: with these an incoming call is
answered by a request, and outlives the socket. With TeXML it ends with its document.
"""

import base64
import hmac
from collections.abc import Mapping, Sequence
from hashlib import sha256
from typing import Annotated, Literal, assert_never
from urllib.parse import quote

import msgspec
from msgspec import Meta, Raw, Struct, field

from protocols.audio import ALAW_8K, MULAW_8K, AudioFormat, Encoding
from protocols.base import Capabilities, CredentialCheck, Ending
from protocols.errors import RemoteProtocolError
from protocols.events import (
    AudioReceived,
    CallDetails,
    CallEnded,
    CallStarted,
    Complained,
    Direction,
    DtmfReceived,
    Event,
)
from protocols.http import (
    Document,
    HttpRequest,
    HttpResponse,
    json_body,
    json_document,
    json_field,
    json_of,
    require_call,
    require_option,
)
from protocols.order import Sorter
from protocols.provider import (
    SECRET,
    AfterRequest,
    CallOrder,
    CallStatus,
    Control,
    Door,
    Grant,
    IncomingCall,
    Options,
    Provider,
    SignatureError,
    StatusReport,
    StreamTarget,
    Verified,
    after_request,
)
from protocols.streaming import State, StreamProtocol, cut, misplaced
from protocols.twilio_dialect import FormWebhooks, ResourceControl, parameters
from protocols.wire import (
    MessageDecoder,
    encode,
    read_custom,
    read_direction,
    read_key,
    read_milliseconds,
)
from protocols.xml import Verb, xml_document

__all__ = ["PROVIDER", "CallControl", "TelnyxOptions", "TelnyxProtocol", "TelnyxWebhooks", "TexmlControl"]

TELNYX = Capabilities(name="telnyx", returns_marks_on_clear=True, hang_up=Ending.REST, transfer=Ending.REST)

LONGEST_SECONDS = 30  # of audio in one message; the shortest is one frame of 20 ms
MOST_DIGITS = 18  # of a chunk's number sent as text


class TelnyxOptions(Options, frozen=True, kw_only=True):
    """What a site configures."""

    stream_token: Annotated[
        str | None, Meta(description="the stream_auth_token that sockets show, in quotes", extra=SECRET)
    ] = None
    public_key: Annotated[
        str | None,
        Meta(description="the public key of webhooks; two, with a space between, while they change"),
    ] = None
    api_key: Annotated[str | None, Meta(description="the API key, in quotes", extra=SECRET)] = None
    call_control: Annotated[
        bool, Meta(description="true: calls belong to a Call Control application, not to one of TeXML")
    ] = False
    application_id: Annotated[
        str | None, Meta(description="the application that places calls: connection_id, or ApplicationSid")
    ] = None
    account_sid: Annotated[str | None, Meta(description="the account that TeXML's calls belong to")] = None
    codec: Annotated[
        Literal["PCMU", "PCMA", "L16@8000", "L16@16000", "L16@24000"],
        Meta(description="PCMU, PCMA, L16@8000, L16@16000 or L16@24000: what streams are opened with"),
    ] = "PCMU"
    l16_big_endian: Annotated[
        bool, Meta(description="true: L16 comes and goes with its high byte first, as RFC 3551 has it")
    ] = True

    @property
    def declared(self) -> str:
        """The codec by the name that streams are opened with."""
        return self.codec.partition("@")[0]

    @property
    def spoken(self) -> AudioFormat:
        """What we declare to send."""
        rate = int(self.codec.partition("@")[2] or 8000)
        return _format(self.declared, rate, big_endian=self.l16_big_endian) or MULAW_8K


def _format(codec: str, sample_rate: int, *, big_endian: bool) -> AudioFormat | None:
    if codec == "L16":
        return AudioFormat(Encoding.LINEAR, sample_rate, big_endian)
    return {"PCMU": MULAW_8K, "PCMA": ALAW_8K}.get(codec)


class _Message(Struct, tag_field="event", frozen=True):
    pass


class Proof(Struct, frozen=True):
    token: str | None = field(name="x-telnyx-streaming-auth-token", default=None)


class Connected(_Message, tag="connected", frozen=True):
    connected: Proof | None = None


class MediaFormat(Struct, frozen=True):
    encoding: str
    sample_rate: int | str = 8000
    channels: int | str = 1


class StartData(Struct, frozen=True):
    call_control_id: str
    media_format: MediaFormat
    caller: str | None = field(name="from", default=None)  # None: withheld
    callee: str | None = field(name="to", default=None)
    custom_parameters: dict[str, Raw] | None = None


class Start(_Message, tag="start", frozen=True):
    start: StartData
    stream_id: str | None = None


class IncomingMedia(Struct, frozen=True):
    payload: bytes
    track: str = "inbound"
    chunk: int | str | None = None
    timestamp: int | str | None = None  # milliseconds since the stream began


class MediaReceived(_Message, tag="media", frozen=True):
    media: IncomingMedia
    stream_id: str | None = None


class Digit(Struct, frozen=True):
    digit: int | str


class Dtmf(_Message, tag="dtmf", frozen=True):
    dtmf: Digit
    stream_id: str | None = None


class MarkName(Struct, frozen=True):
    name: str


class MarkReturned(_Message, tag="mark", frozen=True):
    mark: MarkName
    stream_id: str | None = None


class Trouble(_Message, tag="error", frozen=True):
    payload: Raw = Raw(b"null")


class Stop(_Message, tag="stop", frozen=True):
    stream_id: str | None = None


class OutgoingMedia(Struct, frozen=True):
    payload: bytes


class Media(_Message, tag="media", frozen=True):
    media: OutgoingMedia


class Mark(_Message, tag="mark", frozen=True):
    mark: MarkName


class Clear(_Message, tag="clear", frozen=True):
    pass


InStream = MediaReceived | Dtmf | MarkReturned | Stop
Incoming = Connected | Start | Trouble | InStream
_DECODER: MessageDecoder[Incoming] = MessageDecoder(Incoming)


class TelnyxProtocol(StreamProtocol):
    """One stream on Telnyx's wire.

    `authenticated`: the upgrade has shown a credential, or none is configured. Otherwise `check` is asked
    about the token in `connected`, and no stream starts before it agrees.
    """

    def __init__(
        self, options: TelnyxOptions, *, authenticated: bool = True, check: CredentialCheck | None = None
    ) -> None:
        super().__init__(TELNYX)
        self._options = options
        self._authenticated = authenticated
        self._check = check
        self._stream_id: str | None = None
        self._sorter = Sorter[AudioReceived]()

    def _understand(self, message: str | bytes) -> Sequence[Event]:
        incoming = _DECODER.decode(message)
        match incoming:
            case None:
                return ()
            case Trouble():
                return (Complained(_code_of(incoming.payload)),)
            case Connected() | Start() if self.state is not State.WAITING:
                raise misplaced(incoming.__struct_config__.tag, "after start")
            case Connected():
                return self._authenticate(incoming.connected or Proof())
            case Start():
                return self._start(incoming)
            case _:
                return self._in_stream(incoming)

    def _media(self, payload: bytes) -> Sequence[str]:
        spoken = self._options.spoken
        pieces = cut(
            payload,
            most=LONGEST_SECONDS * spoken.bytes_per_second,
            least=spoken.frame_bytes,
            silence=spoken.silence,
        )
        return [encode(Media(OutgoingMedia(piece))) for piece in pieces]

    def _mark(self, name: str) -> str:
        return encode(Mark(MarkName(name)))

    def _clear(self) -> str:
        return encode(Clear())

    def _authenticate(self, proof: Proof) -> Sequence[Event]:
        if not self._authenticated and proof.token is not None and self._check is not None:
            self._authenticated = self._check(proof.token)
            if not self._authenticated:
                raise misplaced("connected", "without the right token")
        return ()

    def _start(self, start: Start) -> Sequence[Event]:
        if not self._authenticated:
            raise misplaced("start", "without a token")
        heard = self._heard(start.start.media_format)
        self._stream_id = start.stream_id
        self.state = State.STARTED
        return (CallStarted(_details(start), heard, self._options.spoken),)

    def _heard(self, found: MediaFormat) -> AudioFormat:
        """The format of the telephone leg, whatever we speak ourselves."""
        rate = read_milliseconds(found.sample_rate, message="start") or 0
        heard = _format(found.encoding, rate, big_endian=self._options.l16_big_endian)
        if heard is None or rate not in (8000, 16000, 24000, 48000) or str(found.channels) != "1":
            raise RemoteProtocolError("start: media_format: Expected PCMU, PCMA or L16 with 1 channel")
        return heard

    def _in_stream(self, incoming: InStream) -> Sequence[Event]:
        if self.state is State.WAITING:
            raise misplaced(incoming.__struct_config__.tag, "before start")
        if None not in (incoming.stream_id, self._stream_id) and incoming.stream_id != self._stream_id:
            raise misplaced(incoming.__struct_config__.tag, "of another stream")
        match incoming:
            case MediaReceived():
                return self._audio(incoming.media)
            case Dtmf():
                return (DtmfReceived(read_key(incoming.dtmf.digit, message="dtmf")),)
            case MarkReturned():
                return self._marks.receive(incoming.mark.name)
            case Stop():
                self.state = State.STOPPED
                return (*self._sorter.flush(), CallEnded())
            case _:
                assert_never(incoming)

    def _audio(self, media: IncomingMedia) -> Sequence[Event]:
        """The caller's audio in its order; the other track is what we sent ourselves."""
        if media.track not in ("inbound", "inbound_track"):
            return ()
        audio = AudioReceived(media.payload, read_milliseconds(media.timestamp, message="media"))
        return self._sorter.receive(_number(media.chunk), audio)


def _number(chunk: int | str | None) -> int | None:
    written = str(chunk)
    is_number = written.isascii() and written.isdecimal() and len(written) <= MOST_DIGITS
    return int(written) if is_number else None


class _ErrorData(Struct, frozen=True):
    code: int | str | None = None


def _code_of(payload: Raw) -> str:
    """Telnyx's number of an error; its texts may tell of the call."""
    try:
        code = str(msgspec.json.decode(payload, type=_ErrorData).code)
    except (msgspec.DecodeError, UnicodeError, RecursionError):
        return "error"
    return code if code.isascii() and code.isdecimal() and len(code) <= MOST_DIGITS else "error"


def _details(start: Start) -> CallDetails:
    data = start.start
    custom = read_custom(data.custom_parameters or {})
    return CallDetails(
        provider_call_id=custom.pop("call_sid", None) or data.call_control_id,
        stream_id=start.stream_id,
        caller_number=data.caller,
        callee_number=data.callee,
        direction=read_direction(custom.pop("direction", None)),
        custom=custom,
    )


# The credential of the socket


def _is_token(options: TelnyxOptions, offered: str) -> bool:
    return options.stream_token is not None and hmac.compare_digest(
        offered.encode(), options.stream_token.encode()
    )


def _admit(options: TelnyxOptions, request: HttpRequest, _now: float) -> Verified | None:
    offered = request.headers.get("x-telnyx-streaming-auth-token")
    if offered is None:
        return None
    if not _is_token(options, offered):
        raise SignatureError("x-telnyx-streaming-auth-token is not the configured stream_token")
    return Verified()


def _media(options: TelnyxOptions, grant: Grant) -> TelnyxProtocol:
    return TelnyxProtocol(options, authenticated=grant.is_authenticated, check=grant.check)


# Webhooks

SIGNED_SECONDS = 300  # how far a signature's time may be from ours

_DIRECTIONS = {"incoming": Direction.INBOUND, "outgoing": Direction.OUTBOUND}
_EVENTS = {"call.initiated": CallStatus.INITIATED, "call.answered": CallStatus.IN_PROGRESS}
_CAUSES = {
    "normal_clearing": CallStatus.COMPLETED,
    "time_limit": CallStatus.COMPLETED,
    "user_busy": CallStatus.BUSY,
    "call_rejected": CallStatus.BUSY,
    "timeout": CallStatus.NO_ANSWER,
    "no_answer": CallStatus.NO_ANSWER,
    "originator_cancel": CallStatus.CANCELED,
}


class EventPayload(Struct, frozen=True):
    call_control_id: str | None = None
    direction: str | None = None
    caller: str | None = field(name="from", default=None)
    callee: str | None = field(name="to", default=None)
    hangup_cause: str | None = None
    result: str | None = None  # of answering-machine detection


class EventData(Struct, frozen=True):
    event_type: str
    payload: EventPayload = EventPayload()


class CallEvent(Struct, frozen=True):
    """A webhook of Call Control."""

    data: EventData


def _verify(options: TelnyxOptions, request: HttpRequest, now: float) -> Verified:
    """Check the Ed25519 signature of `timestamp|body`, whichever of the configured keys made it."""
    keys = (options.public_key or "").split()
    if not keys:
        raise SignatureError("providers.telnyx.public_key is not configured, so no signature can be checked")
    stamp = request.headers.get("telnyx-timestamp", "")
    if not (stamp.isascii() and stamp.isdecimal() and len(stamp) <= MOST_DIGITS):
        raise SignatureError("telnyx-timestamp is missing or no number")
    if abs(now - int(stamp)) > SIGNED_SECONDS:
        raise SignatureError("telnyx-timestamp is too far from now")
    signed = stamp.encode() + b"|" + request.body
    signature = _decoded(request.headers.get("telnyx-signature-ed25519", ""))
    if not any(_is_signed(_decoded(key), signature, signed) for key in keys):
        raise SignatureError("telnyx-signature-ed25519 is missing or wrong: check public_key")
    return Verified(f"telnyx {sha256(signed).hexdigest()}", until=int(stamp) + SIGNED_SECONDS)


def _decoded(text: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except ValueError:
        return b""


def _is_signed(key: bytes, signature: bytes, signed: bytes) -> bool:
    from cryptography.exceptions import InvalidSignature  # noqa: PLC0415 - slow to load, and Telnyx's alone
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey  # noqa: PLC0415

    try:
        Ed25519PublicKey.from_public_bytes(key).verify(signature, signed)
    except (InvalidSignature, ValueError):
        return False
    return True


class TelnyxWebhooks(FormWebhooks):
    """TeXML's forms, answered with TeXML, or Call Control's events, answered by requests."""

    def __init__(self, options: TelnyxOptions) -> None:
        self._options = options

    def verify(self, request: HttpRequest, *, now: float) -> Verified:
        return _verify(self._options, request, now)

    def incoming(self, request: HttpRequest) -> IncomingCall:
        if not self._options.call_control:
            return super().incoming(request)
        event = json_of(request.body, CallEvent).data
        if event.event_type != "call.initiated":
            raise RemoteProtocolError("webhook: data.event_type: Expected call.initiated")
        return IncomingCall(
            provider_call_id=event.payload.call_control_id,
            caller_number=event.payload.caller,
            callee_number=event.payload.callee,
            direction=_DIRECTIONS.get(event.payload.direction or ""),
        )

    def connect(self, call: IncomingCall, stream: StreamTarget) -> Document:
        if self._options.call_control:
            return self._by_request(call, "answer", _streaming(self._options, call.direction, stream))
        handed_back = {
            "call_sid": call.provider_call_id,
            "direction": call.direction,
            **stream.parameters,
        }
        attributes = {
            "url": stream.url,
            "bidirectionalMode": "rtp",
            "bidirectionalCodec": self._options.declared,
            "bidirectionalSamplingRate": str(self._options.spoken.sample_rate),
            "statusCallback": stream.status_url,
        }
        return xml_document(Verb("Connect", {}, Verb("Stream", attributes, *parameters(handed_back))))

    def reject(self, call: IncomingCall) -> Document:
        if self._options.call_control:
            return self._by_request(call, "reject", {"cause": "USER_BUSY"})
        return super().reject(call)

    def status(self, request: HttpRequest) -> StatusReport | None:
        if request.headers.get("content-type", "").startswith("application/json"):
            return _report(json_of(request.body, CallEvent).data)
        return super().status(request)

    def _by_request(self, call: IncomingCall, action: str, fields: Mapping[str, object]) -> Document:
        """A call that we placed ourselves needs no answer: it streams as it was ordered to."""
        if call.direction is Direction.OUTBOUND:
            return json_document({})
        details = CallDetails(call.provider_call_id)
        return Document("application/json", b"{}", then=(_command(self._options, details, action, fields),))


def _report(event: EventData) -> StatusReport | None:
    identifier = event.payload.call_control_id
    if identifier is None or not event.event_type.startswith("call."):
        return None
    status = _EVENTS.get(event.event_type)
    if event.event_type == "call.hangup":
        status = _CAUSES.get(event.payload.hangup_cause or "", CallStatus.FAILED)
    detects = event.event_type.startswith("call.machine.")
    return StatusReport(identifier, status, answered_by=event.payload.result if detects else None)


# REST

_API = "https://api.telnyx.com/v2"
_ENDED = "90018"  # the code of 422 with which a command comes too late


def _headers(options: TelnyxOptions) -> dict[str, str]:
    key = require_option(options.api_key, "providers.telnyx.api_key")
    return {"authorization": f"Bearer {key}", "content-type": "application/json"}


def _streaming(
    options: TelnyxOptions, direction: Direction | None, stream: StreamTarget
) -> dict[str, object]:
    """How a stream is asked for: the default mode would want MP3 of us."""
    handed_back = {"direction": direction, **stream.parameters}
    fields = {
        "stream_url": stream.url,
        "stream_track": "inbound_track",
        "stream_bidirectional_mode": "rtp",
        "stream_bidirectional_codec": options.declared,
        "stream_bidirectional_sampling_rate": options.spoken.sample_rate,
        "stream_auth_token": options.stream_token,
        "webhook_url": stream.status_url,
        "custom_parameters": [
            {"name": name, "value": value} for name, value in handed_back.items() if value is not None
        ],
    }
    return {name: value for name, value in fields.items() if value is not None}


def _command(
    options: TelnyxOptions, call: CallDetails, action: str, fields: Mapping[str, object]
) -> HttpRequest:
    identifier = quote(require_call(call.provider_call_id), safe="")
    return HttpRequest(
        "POST", f"{_API}/calls/{identifier}/actions/{action}", _headers(options), json_body(fields)
    )


class CallControl(Control):
    """Calls of a Call Control application."""

    def __init__(self, options: TelnyxOptions) -> None:
        self._options = options

    def place(self, order: CallOrder) -> HttpRequest:
        fields = {
            "connection_id": require_option(self._options.application_id, "providers.telnyx.application_id"),
            "to": order.to,
            "from": order.from_,
            "timeout_secs": order.ring_seconds,
            "command_id": order.order_id,
            "answering_machine_detection": "detect" if order.detect_machine else "disabled",
            **_streaming(self._options, Direction.OUTBOUND, order.stream),
        }
        return HttpRequest("POST", f"{_API}/calls", _headers(self._options), json_body(fields))

    def placed(self, response: HttpResponse) -> str | None:
        return json_field(response, "data", "call_control_id")

    def hang_up(self, call: CallDetails) -> HttpRequest:
        return _command(self._options, call, "hangup", {})

    def transfer(
        self,
        call: CallDetails,
        to: str,
        document_url: str | None = None,  # noqa: ARG002
    ) -> HttpRequest:
        return _command(self._options, call, "transfer", {"to": to})

    def outcome(self, response: HttpResponse) -> AfterRequest:
        return AfterRequest.DONE if _has_ended(response) else after_request(response)


class TexmlControl(ResourceControl):
    """Calls of a TeXML application."""

    suffix = ""

    def __init__(self, options: TelnyxOptions) -> None:
        self._options = options

    def calls(self) -> str:
        account = require_option(self._options.account_sid, "providers.telnyx.account_sid")
        return f"{_API}/texml/Accounts/{quote(account, safe='')}/Calls"

    def authorization(self) -> str:
        return _headers(self._options)["authorization"]

    def answer_fields(self, order: CallOrder) -> Mapping[str, str]:
        application = require_option(self._options.application_id, "providers.telnyx.application_id")
        return {"ApplicationSid": application, "Url": require_option(order.answer_url, "server.public_url")}

    def transfer_fields(self, to: str, document_url: str | None) -> Mapping[str, str]:  # noqa: ARG002
        return {"Texml": xml_document(Verb("Dial", {}, text=to)).body.decode()}

    def outcome(self, response: HttpResponse) -> AfterRequest:
        return AfterRequest.DONE if _has_ended(response) else super().outcome(response)


class _Errors(Struct, frozen=True):
    errors: list[_ErrorData] = []


def _has_ended(response: HttpResponse) -> bool:
    """Whether a refusal says that the call is over; other 422s are mistakes."""
    try:
        errors = msgspec.json.decode(response.body, type=_Errors).errors
    except (msgspec.DecodeError, UnicodeError, RecursionError):
        return False
    return any(str(error.code) == _ENDED for error in errors)


def _control(options: TelnyxOptions) -> Control:
    return CallControl(options) if options.call_control else TexmlControl(options)


PROVIDER = Provider(
    capabilities=TELNYX,
    title="Telnyx",
    options=TelnyxOptions,
    door=Door.IN_BAND,
    media=_media,
    admit=_admit,
    in_band=lambda options: lambda offered: _is_token(options, offered),
    is_guarded=lambda options: options.stream_token is not None,
    webhooks=TelnyxWebhooks,
    control=_control,
)
