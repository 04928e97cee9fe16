"""Bandwidth's bidirectional streams (`<StartStream>`): JSON text frames tagged by `eventType`.

Sources: dev.bandwidth.com/docs/voice/programmable-voice/bxml/startStream and stopStream,
docs/voice/webhooks, the calls API; what goes towards Bandwidth is from public implementations (`playAudio`,
`clear`).

- In comes mu-law at 8 kHz. Out goes mu-law, or linear audio with its low byte first at 8, 16 or 24 kHz,
  which every message says of itself (`codec`).
- The wire has no marks: what was heard is reckoned by the clock. Keys are no messages; they are tones in the
  audio, or `<Gather>`'s.
- `<StartStream>` waits for nothing, and a document that has come to its end hangs up. So `<StopStream
  wait="true">` follows: it waits for our socket to close, and then the call ends.
- Its start names neither party: parameters that the webhook had handed back do.
- The socket has no credential of its own. Webhooks are not signed; the application's user and password come
  with them (RFC 7617).
- REST wants a passing token, which a request of its own fetches. A call has to be placed with a webhook that
  is asked for its document. A repeated order is a second call.
- Doubts: how much may be in one message, and whether a status of 404 or 409 alone means that the call is
  over; both are taken for it.
"""

import hmac
from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Annotated, Literal, assert_never
from urllib.parse import quote

from msgspec import Meta, Raw, Struct, field

from protocols.audio import LINEAR_8K, MULAW_8K, AudioFormat, Encoding
from protocols.base import Capabilities, Ending
from protocols.errors import RemoteProtocolError
from protocols.events import AudioReceived, CallDetails, CallEnded, CallStarted, Event
from protocols.http import (
    Document,
    HttpRequest,
    HttpResponse,
    basic,
    json_body,
    json_field,
    json_of,
    require_call,
    require_option,
)
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
    Webhooks,
    after_request,
)
from protocols.streaming import State, StreamProtocol, misplaced
from protocols.twilio_dialect import FORM, parties_of
from protocols.wire import MessageDecoder, encode, read_custom, read_direction
from protocols.xml import Verb, xml_document

__all__ = ["PROVIDER", "BandwidthControl", "BandwidthOptions", "BandwidthProtocol", "BandwidthWebhooks"]

BANDWIDTH = Capabilities(
    name="bandwidth", sends_keys=False, acknowledges_playback=False, transfer=Ending.REST
)

_FORMATS = {
    "PCMU": MULAW_8K,
    "PCM8": LINEAR_8K,
    "PCM16": AudioFormat(Encoding.LINEAR, 16000),
    "PCM24": AudioFormat(Encoding.LINEAR, 24000),
}


class BandwidthOptions(Options, frozen=True, kw_only=True):
    """What a site configures."""

    account_id: Annotated[str | None, Meta(description="the account's number, in quotes")] = None
    application_id: Annotated[str | None, Meta(description="the voice application that places calls")] = None
    client_id: Annotated[str | None, Meta(description="the API credential's client identifier")] = None
    client_secret: Annotated[
        str | None, Meta(description="the API credential's secret, in quotes", extra=SECRET)
    ] = None
    webhook_user: Annotated[str | None, Meta(description="the application's callback user name")] = None
    webhook_password: Annotated[
        str | None, Meta(description="the application's callback password, in quotes", extra=SECRET)
    ] = None
    codec: Annotated[
        Literal["PCMU", "PCM8", "PCM16", "PCM24"],
        Meta(description="PCMU, or linear at 8, 16 or 24 kHz: PCM8, PCM16 or PCM24"),
    ] = "PCMU"


class _Message(Struct, tag_field="eventType", rename="camel", frozen=True):
    pass


class MediaFormat(Struct, rename="camel", frozen=True):
    encoding: str = "PCMU"
    sample_rate: int | str = 8000


class Track(Struct, rename="camel", frozen=True):
    name: str
    media_format: MediaFormat = MediaFormat()


class Metadata(Struct, rename="camel", frozen=True):
    call_id: str
    stream_id: str
    tracks: list[Track] = []


class Start(_Message, tag="start", frozen=True):
    metadata: Metadata
    stream_params: dict[str, Raw] | None = None


class MediaReceived(_Message, tag="media", frozen=True):
    payload: bytes
    track: str = "inbound"


class Stop(_Message, tag="stop", frozen=True):
    pass


class Audio(Struct, rename="camel", frozen=True):
    content_type: str
    payload: bytes


class PlayedAudio(_Message, tag="playAudio", frozen=True):
    media: Audio


class Clear(_Message, tag="clear", frozen=True):
    pass


Incoming = Start | MediaReceived | Stop
_DECODER: MessageDecoder[Incoming] = MessageDecoder(Incoming)


def content_type_of(spoken: AudioFormat) -> str:
    """How a message says what it carries."""
    if spoken.encoding is Encoding.MULAW:
        return "audio/pcmu"
    return f"audio/pcm;rate={spoken.sample_rate};channels=1;bit-depth=16;endian=little;encoding=signed"


class BandwidthProtocol(StreamProtocol):
    """One stream on Bandwidth's wire."""

    def __init__(self, spoken: AudioFormat = MULAW_8K) -> None:
        super().__init__(BANDWIDTH)
        self._spoken = spoken

    def _understand(self, message: str | bytes) -> Sequence[Event]:
        incoming = _DECODER.decode(message)
        match incoming:
            case None:
                return ()
            case Start() if self.state is not State.WAITING:
                raise misplaced("start", "after start")
            case Start():
                return self._start(incoming)
            case MediaReceived() | Stop() if self.state is State.WAITING:
                raise misplaced(incoming.__struct_config__.tag, "before start")
            case MediaReceived():
                return (AudioReceived(incoming.payload),) if incoming.track == "inbound" else ()
            case Stop():
                self.state = State.STOPPED
                return (CallEnded(),)
            case _:
                assert_never(incoming)

    def _media(self, payload: bytes) -> Sequence[str]:
        return (encode(PlayedAudio(Audio(content_type_of(self._spoken), payload))),)

    def _clear(self) -> str:
        return encode(Clear())

    def _start(self, start: Start) -> Sequence[Event]:
        found = next((track.media_format for track in start.metadata.tracks if track.name == "inbound"), None)
        if found is not None and (found.encoding, str(found.sample_rate)) != ("PCMU", "8000"):
            raise RemoteProtocolError("start: metadata.tracks: Expected PCMU at 8000 hertz")
        self.state = State.STARTED
        return (CallStarted(_details(start), MULAW_8K, self._spoken),)


def _details(start: Start) -> CallDetails:
    custom = read_custom(start.stream_params or {})
    return CallDetails(
        provider_call_id=start.metadata.call_id,
        stream_id=start.metadata.stream_id,
        caller_number=custom.pop("caller_number", None),
        callee_number=custom.pop("callee_number", None),
        direction=read_direction(custom.pop("direction", None)),
        custom=custom,
    )


def _media(options: BandwidthOptions, _grant: Grant) -> BandwidthProtocol:
    return BandwidthProtocol(_FORMATS[options.codec])


# Webhooks

MOST_PARAMETERS = 12  # of one stream
STREAM = "hatif"  # its name within the call

_CAUSES = {
    "hangup": CallStatus.COMPLETED,
    "busy": CallStatus.BUSY,
    "rejected": CallStatus.BUSY,
    "timeout": CallStatus.NO_ANSWER,
    "cancel": CallStatus.CANCELED,
}


class Detection(Struct, frozen=True):
    value: str | None = None


class CallEvent(Struct, rename="camel", frozen=True):
    """Any webhook about a call."""

    event_type: str
    call_id: str | None = None
    direction: str | None = None
    to: str | None = None
    from_: str | None = field(name="from", default=None)
    cause: str | None = None
    value: str | None = None  # of machineDetectionComplete; the page of `answer` nests it
    machine_detection_result: Detection | None = None


class BandwidthWebhooks(Webhooks):
    """Voice webhooks in JSON, answered with BXML."""

    def __init__(self, options: BandwidthOptions) -> None:
        self._options = options

    def verify(self, request: HttpRequest, *, now: float) -> Verified:  # noqa: ARG002
        if self._options.webhook_password is None:
            raise SignatureError("providers.bandwidth.webhook_password is not configured: nothing is checked")
        expected = basic(self._options.webhook_user or "", self._options.webhook_password)
        if not hmac.compare_digest(request.headers.get("authorization", "").encode(), expected.encode()):
            raise SignatureError("the Authorization header does not carry webhook_user and webhook_password")
        return Verified()

    def incoming(self, request: HttpRequest) -> IncomingCall:
        event = json_of(request.body, CallEvent)
        return IncomingCall(
            provider_call_id=event.call_id,
            caller_number=event.from_,
            callee_number=event.to,
            direction=read_direction(event.direction),
        )

    def connect(self, call: IncomingCall, stream: StreamTarget) -> Document:
        return _document(call, stream)

    def reject(self, call: IncomingCall) -> Document:  # noqa: ARG002
        return _bxml(Verb("Hangup"))

    def status(self, request: HttpRequest) -> StatusReport | None:
        event = json_of(request.body, CallEvent)
        if event.call_id is None:
            return None
        detected = event.machine_detection_result or Detection(event.value)
        return StatusReport(event.call_id, _status(event), answered_by=detected.value)


def _status(event: CallEvent) -> CallStatus | None:
    match event.event_type:
        case "initiate":
            return CallStatus.RINGING
        case "answer":
            return CallStatus.IN_PROGRESS
        case "disconnect":
            return _CAUSES.get(event.cause or "", CallStatus.FAILED)
        case _:
            return None


def _document(call: IncomingCall, stream: StreamTarget) -> Document:
    """Open a stream, and wait until our socket closes."""
    handed_back = {name: value for name, value in {**parties_of(call), **stream.parameters}.items() if value}
    parameters = [
        Verb("StreamParam", {"name": name, "value": value})
        for name, value in list(handed_back.items())[:MOST_PARAMETERS]
    ]
    opening = {
        "name": STREAM,
        "mode": "bidirectional",
        "tracks": "inbound",
        "destination": stream.url,
        "streamEventUrl": stream.status_url,
    }
    return _bxml(
        Verb("StartStream", opening, *parameters), Verb("StopStream", {"name": STREAM, "wait": "true"})
    )


def _bxml(*verbs: Verb) -> Document:
    return xml_document(*verbs, root="Response")


# REST

_API = "https://voice.bandwidth.com/api/v2"
_LOGIN = "https://api.bandwidth.com/api/v1/oauth2/token"
_ALREADY_OVER = (HTTPStatus.NOT_FOUND, HTTPStatus.CONFLICT)


class BandwidthControl(Control):
    """Calls placed, ended and handed over by REST."""

    def __init__(self, options: BandwidthOptions) -> None:
        self._options = options

    def place(self, order: CallOrder) -> HttpRequest:
        fields: dict[str, object] = {
            "to": order.to,
            "from": order.from_,
            "applicationId": require_option(
                self._options.application_id, "providers.bandwidth.application_id"
            ),
            "answerUrl": require_option(order.answer_url, "server.public_url"),
            "callTimeout": order.ring_seconds,
            "tag": order.order_id,
        }
        if order.stream.status_url:
            fields["disconnectUrl"] = order.stream.status_url
        if order.detect_machine:
            asked = _filled({"mode": "async", "callbackUrl": order.stream.status_url})
            fields["machineDetection"] = asked | self._shown()  # the call's own are for its other webhooks
        fields |= self._shown()
        return self._send("POST", "calls", "application/json", json_body(fields))

    def _shown(self) -> dict[str, str]:
        """What its webhooks are to show us."""
        if self._options.webhook_password is None:
            return {}
        return {"username": self._options.webhook_user or "", "password": self._options.webhook_password}

    def placed(self, response: HttpResponse) -> str | None:
        return json_field(response, "callId")

    def hang_up(self, call: CallDetails) -> HttpRequest:
        return self._send("POST", _resource(call), "application/json", json_body({"state": "completed"}))

    def transfer(
        self,
        call: CallDetails,
        to: str,
        document_url: str | None = None,  # noqa: ARG002
    ) -> HttpRequest:
        document = _bxml(Verb("Transfer", {}, Verb("PhoneNumber", text=to)))
        return self._send("PUT", f"{_resource(call)}/bxml", "application/xml", document.body)

    def outcome(self, response: HttpResponse) -> AfterRequest:
        return after_request(response, already_over=_ALREADY_OVER)

    def _send(self, method: str, resource: str, content_type: str, body: bytes) -> HttpRequest:
        account = require_option(self._options.account_id, "providers.bandwidth.account_id")
        url = f"{_API}/accounts/{quote(account, safe='')}/{resource}"
        return HttpRequest(method, url, {"content-type": content_type}, body, self._login())

    def _login(self) -> HttpRequest:
        client = require_option(self._options.client_id, "providers.bandwidth.client_id")
        secret = require_option(self._options.client_secret, "providers.bandwidth.client_secret")
        headers = {"authorization": basic(client, secret), "content-type": FORM}
        return HttpRequest("POST", _LOGIN, headers, b"grant_type=client_credentials")


def _filled(fields: Mapping[str, str | None]) -> dict[str, str]:
    return {name: value for name, value in fields.items() if value is not None}


def _resource(call: CallDetails) -> str:
    return f"calls/{quote(require_call(call.provider_call_id), safe='')}"


PROVIDER = Provider(
    capabilities=BANDWIDTH,
    title="Bandwidth",
    options=BandwidthOptions,
    door=Door.TOKEN,
    media=_media,
    webhooks=BandwidthWebhooks,
    control=BandwidthControl,
)
