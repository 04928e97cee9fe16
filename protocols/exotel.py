"""Exotel AgentStream (Voicebot applet): JSON text frames tagged by `event`, raw linear audio both ways.

Sources: developer.exotel.com/docs/agentstream (websocket-protocol, stream-voicebot-applet,
connect-voice-ai), docs/references/webhooks, support article 3000108630.

- Twilio's messages with underscores. A document of Exotel's own bridge has the identifiers of `start` in
  camelCase: both are read.
- Audio is signed 16 bit, low byte first, at the rate that our address asked for (`?sample-rate=`): `start`
  says which. Streams that were started by ExoML carry mu-law.
- One message of ours holds 3,200 to 100,000 bytes, whole multiples of 320: anything else crackles or times
  out.
- Closing the socket hands the call back to the applets after Voicebot: that is how it ends, and how it is
  transferred. There is no request for either.
- Answering machines are detected (in beta) on the second leg of a call that connects two numbers (support
  article 3000134669), and ours has one leg: an order that asks for it is refused.
- The socket shows a user and a password that stand in the address (RFC 7617). Exotel can also come from
  known addresses; Hatif asks for the first. Webhooks are not signed: the same user and password stand in
  theirs.
- At most three parameters of 256 characters travel in the address. Which of `from` and `to` is the patient
  on a call of ours is not documented, so these say it.
- Doubts: what a clear does to pending marks, how the applet takes a refusal of its question for an address,
  and what answers a placed call (JSON or XML; both are read).
"""

import hmac
import re
from collections.abc import Mapping, Sequence
from typing import Annotated, Literal, assert_never
from urllib.parse import quote, urlencode, urlsplit, urlunsplit

from msgspec import Meta, Raw, Struct, field

from protocols.audio import MULAW_8K, AudioFormat, Encoding
from protocols.base import Capabilities, Ending
from protocols.errors import LocalProtocolError, RemoteProtocolError
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
    json_document,
    json_field,
    json_of,
    require_option,
)
from protocols.provider import (
    SECRET,
    AfterRequest,
    CallOrder,
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
    Webhooks,
    after_request,
)
from protocols.streaming import State, StreamProtocol, cut, misplaced
from protocols.twilio_dialect import FORM, STATUSES, parties_of
from protocols.wire import (
    MessageDecoder,
    encode,
    read_custom,
    read_direction,
    read_key,
    read_milliseconds,
    read_seconds,
)

__all__ = ["PROVIDER", "ExotelControl", "ExotelOptions", "ExotelProtocol", "ExotelWebhooks"]

EXOTEL = Capabilities(
    name="exotel",
    returns_marks_on_clear=True,  # not documented: then they prove nothing
    transfer=Ending.CLOSE,
    chunk_seconds=0.2,  # 3,200 bytes at 8 kHz, and a multiple of 320 at the other rates
)
SMALLEST, LARGEST, UNIT = 3200, 100_000, 320  # bytes of a message
_HERTZ = {"8kHz": "8000", "16kHz": "16000", "24kHz": "24000"}
MOST_PARAMETERS, LONGEST_PARAMETERS, LONGEST_ADDRESS = 3, 256, 600


class ExotelOptions(Options, frozen=True, kw_only=True):
    """What a site configures."""

    user: Annotated[str | None, Meta(description="the user in the addresses that Exotel is given")] = None
    password: Annotated[
        str | None, Meta(description="the password in the addresses that Exotel is given", extra=SECRET)
    ] = None
    host: Annotated[str | None, Meta(description="the API's host, such as api.in.exotel.com")] = (
        "api.exotel.com"
    )
    account_sid: Annotated[str | None, Meta(description="the account's identifier")] = None
    api_key: Annotated[str | None, Meta(description="the API key, in quotes", extra=SECRET)] = None
    api_token: Annotated[str | None, Meta(description="the API token, in quotes", extra=SECRET)] = None
    rate: Annotated[
        Literal["8kHz", "16kHz", "24kHz"],
        Meta(description="8kHz, 16kHz or 24kHz: what streams are asked for"),
    ] = "8kHz"


class _Message(Struct, tag_field="event", frozen=True):
    pass


class Connected(_Message, tag="connected", frozen=True):
    pass


class MediaFormat(Struct, frozen=True):
    encoding: str = "audio/x-raw"
    sample_rate: int | str | None = None


class StartData(Struct, frozen=True):
    stream_sid: str | None = None
    call_sid: str | None = None
    stream_sid_again: str | None = field(name="streamSid", default=None)
    call_sid_again: str | None = field(name="callSid", default=None)
    caller: str | None = field(name="from", default=None)
    callee: str | None = field(name="to", default=None)
    custom_parameters: dict[str, Raw] | None = None
    media_format: MediaFormat = MediaFormat()


class Start(_Message, tag="start", frozen=True):
    start: StartData
    stream_sid: str | None = None


class IncomingMedia(Struct, frozen=True):
    payload: bytes
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


class ExotelProtocol(StreamProtocol):
    """One stream on Exotel's wire. `asked_rate`: in hertz, that our address had; `start` may leave it out."""

    def __init__(self, asked_rate: str = "8000") -> None:
        super().__init__(EXOTEL)
        self._asked_rate = asked_rate
        self._stream_sid = ""
        self._format = MULAW_8K

    def _understand(self, message: str | bytes) -> Sequence[Event]:
        incoming = _DECODER.decode(message)
        match incoming:
            case None:
                return ()
            case Connected() | Start() if self.state is not State.WAITING:
                raise misplaced(incoming.__struct_config__.tag, "after start")
            case Connected():
                return ()
            case Start():
                return self._start(incoming)
            case _:
                return self._in_stream(incoming)

    def _media(self, payload: bytes) -> Sequence[str]:
        silence = self._format.silence
        pieces = cut(payload, most=LARGEST, least=SMALLEST, unit=UNIT, silence=silence)
        return [encode(Media(self._stream_sid, OutgoingMedia(piece))) for piece in pieces]

    def _mark(self, name: str) -> str:
        return encode(Mark(MarkName(name), self._stream_sid))

    def _clear(self) -> str:
        return encode(Clear(self._stream_sid))

    def _start(self, start: Start) -> Sequence[Event]:
        data = start.start
        stream_sid = start.stream_sid or data.stream_sid or data.stream_sid_again
        if stream_sid is None:
            raise RemoteProtocolError("start: stream_sid: Expected the identifier of the stream")
        self._format = self._read_format(data.media_format)
        self._stream_sid = stream_sid
        self.state = State.STARTED
        return (CallStarted(_details(data, stream_sid), self._format, self._format),)

    def _read_format(self, found: MediaFormat) -> AudioFormat:
        if "mulaw" in found.encoding.lower():
            return MULAW_8K
        rate = str(found.sample_rate or self._asked_rate)
        if rate not in _HERTZ.values():
            raise RemoteProtocolError("start: media_format: Expected 8000, 16000 or 24000 hertz")
        return AudioFormat(Encoding.LINEAR, int(rate))

    def _in_stream(self, incoming: InStream) -> Sequence[Event]:
        if self.state is State.WAITING:
            raise misplaced(incoming.__struct_config__.tag, "before start")
        if incoming.stream_sid not in (None, self._stream_sid):
            raise misplaced(incoming.__struct_config__.tag, "of another stream")
        match incoming:
            case MediaReceived(media=media):
                timestamp_ms = read_milliseconds(media.timestamp, message="media")
                return (AudioReceived(media.payload, timestamp_ms),)
            case Dtmf():
                return (DtmfReceived(read_key(incoming.dtmf.digit, message="dtmf")),)
            case Mark():
                return self._marks.receive(incoming.mark.name)
            case Stop():
                self.state = State.STOPPED
                return (CallEnded(),)
            case _:
                assert_never(incoming)


def _details(data: StartData, stream_sid: str) -> CallDetails:
    custom = read_custom(data.custom_parameters or {})
    return CallDetails(
        provider_call_id=data.call_sid or data.call_sid_again,
        stream_id=stream_sid,
        caller_number=custom.pop("caller_number", None) or data.caller,
        callee_number=custom.pop("callee_number", None) or data.callee,
        direction=read_direction(custom.pop("direction", None)),
        custom=custom,
    )


def _media(_options: ExotelOptions, grant: Grant) -> ExotelProtocol:
    return ExotelProtocol(grant.request.query.get("sample-rate", "8000"))


# The user and the password of addresses, and the addresses themselves


def _verify(options: ExotelOptions, request: HttpRequest) -> Verified:
    if options.password is None:
        raise SignatureError("providers.exotel.password is not configured, so nothing can be checked")
    expected = basic(options.user or "", options.password)
    if not hmac.compare_digest(request.headers.get("authorization", "").encode(), expected.encode()):
        raise SignatureError("the Authorization header does not carry the configured user and password")
    return Verified()


def _admit(options: ExotelOptions, request: HttpRequest, _now: float) -> Verified | None:
    return _verify(options, request)


def _address(options: ExotelOptions, stream: StreamTarget, handed_back: Mapping[str, str | None]) -> str:
    """Where the socket is to open, with the credential, the rate and as many parameters as may travel."""
    parts = urlsplit(stream.url)
    credential = ""
    if options.password is not None:
        credential = f"{quote(options.user or '', safe='')}:{quote(options.password, safe='')}@"
    kept: dict[str, str] = {}
    for name, value in {**handed_back, **stream.parameters}.items():
        if (
            value
            and len(kept) < MOST_PARAMETERS
            and len(urlencode({**kept, name: value})) <= LONGEST_PARAMETERS
        ):
            kept[name] = value
    query = urlencode({"sample-rate": _HERTZ[options.rate], **kept})
    return urlunsplit(parts._replace(netloc=f"{credential}{parts.netloc}", query=query))


# Webhooks

_DIRECTIONS = {"incoming": Direction.INBOUND}


class Callback(Struct, frozen=True, rename="pascal"):
    """A status callback."""

    call_sid: str | None = None
    status: str | None = None
    conversation_duration: int | str | None = None


class ExotelWebhooks(Webhooks):
    """The applet asks for an address; calls report how they went."""

    def __init__(self, options: ExotelOptions) -> None:
        self._options = options

    def verify(self, request: HttpRequest, *, now: float) -> Verified:  # noqa: ARG002
        return _verify(self._options, request)

    def incoming(self, request: HttpRequest) -> IncomingCall:
        form = form_of(request)
        word = form.get("Direction", "")
        return IncomingCall(
            provider_call_id=form.get("CallSid"),
            caller_number=form.get("CallFrom") or form.get("From"),
            callee_number=form.get("CallTo") or form.get("To"),
            direction=_DIRECTIONS.get(word) or read_direction(word),
        )

    def connect(self, call: IncomingCall, stream: StreamTarget) -> Document:
        return json_document({"url": _address(self._options, stream, {"direction": call.direction})})

    def reject(self, call: IncomingCall) -> Document:  # noqa: ARG002
        return json_document({}, 503)

    def status(self, request: HttpRequest) -> StatusReport | None:
        report = _callback(request)
        if report.call_sid is None or report.status is None:
            return None
        seconds = report.conversation_duration
        return StatusReport(
            report.call_sid,
            STATUSES.get(report.status),
            seconds=None if seconds is None else read_seconds(str(seconds)),
        )


def _callback(request: HttpRequest) -> Callback:
    """Of either kind: the pages show both."""
    if request.headers.get("content-type", "").startswith("application/json"):
        return json_of(request.body, Callback)
    form = form_of(request)
    return Callback(form.get("CallSid"), form.get("Status"), form.get("ConversationDuration"))


# REST

_SID = re.compile(rb"<Sid>([^<]+)</Sid>")


class ExotelControl(Control):
    """Calls placed by REST; what follows is the flow's."""

    def __init__(self, options: ExotelOptions) -> None:
        self._options = options

    def place(self, order: CallOrder) -> HttpRequest:
        """Dial, and open a stream when it is answered. `From` is whom Exotel dials first: the patient."""
        if order.detect_machine:
            raise LocalProtocolError(
                "Exotel detects answering machines only on calls that connect two numbers: dial without it"
            )
        call = IncomingCall(caller_number=order.from_, callee_number=order.to, direction=Direction.OUTBOUND)
        address = _address(self._options, order.stream, parties_of(call))
        if len(address) > LONGEST_ADDRESS:
            raise LocalProtocolError(
                "the stream's address is longer than the 600 characters that Exotel takes"
            )
        fields = {
            "From": order.to,
            "CallerId": order.from_,
            "StreamUrl": address,
            "StreamType": "bidirectional",
            "TimeOut": str(order.ring_seconds),
            "CustomField": order.order_id,
        }
        if order.stream.status_url:
            events = {"StatusCallbackEvents[0]": "answered", "StatusCallbackEvents[1]": "terminal"}
            fields |= {"StatusCallback": order.stream.status_url, **events}
        return self._post("Calls/connect.json", fields)

    def placed(self, response: HttpResponse) -> str | None:
        written = _SID.search(response.body)
        return json_field(response, "Call", "Sid") or (
            written.group(1).decode(errors="replace") if written else None
        )

    def hang_up(self, call: CallDetails) -> HttpRequest:  # noqa: ARG002
        raise LocalProtocolError("Exotel has no request for this: a call ends with its socket and its flow")

    def transfer(
        self,
        call: CallDetails,  # noqa: ARG002
        to: str,  # noqa: ARG002
        document_url: str | None = None,  # noqa: ARG002
    ) -> HttpRequest:
        raise LocalProtocolError(
            "Exotel has no request for this: close the socket, the next applet transfers"
        )

    def outcome(self, response: HttpResponse) -> AfterRequest:
        return after_request(response)

    def _post(self, resource: str, fields: Mapping[str, str]) -> HttpRequest:
        host = require_option(self._options.host, "providers.exotel.host")
        account = require_option(self._options.account_sid, "providers.exotel.account_sid")
        key = require_option(self._options.api_key, "providers.exotel.api_key")
        token = require_option(self._options.api_token, "providers.exotel.api_token")
        return HttpRequest(
            "POST",
            f"https://{host}/v1/Accounts/{quote(account, safe='')}/{resource}",
            {"authorization": basic(key, token), "content-type": FORM},
            urlencode(fields).encode(),
        )


PROVIDER = Provider(
    capabilities=EXOTEL,
    title="Exotel",
    options=ExotelOptions,
    door=Door.CREDENTIAL,
    media=_media,
    admit=_admit,
    is_guarded=lambda options: options.password is not None,
    webhooks=ExotelWebhooks,
    control=ExotelControl,
)
