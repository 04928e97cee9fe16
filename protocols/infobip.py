"""Infobip's Calls API: a WebSocket endpoint in a dialog with the phone call; L16, little-endian, as binary.

Sources: infobip/infobip-media-stream-showcase and -calls-showcase, the models of infobip-api-java-client, and
code of others who use it. The rules:

- The first message is a text, `{"callId", "sampleRate", "packetizationTime"}`; everything else is audio,
  several packets in a message perhaps. Nothing else was found: no clear, no mark, no keys, no end but the
  socket's. So little is sent ahead, and keys are looked for as tones in the audio.
- The address of the socket is registered beforehand (`POST /calls/1/media-stream-configs` of the type
  WEBSOCKET_ENDPOINT, its sampleRate a text), so no stream token can be in it: the registration's BASIC
  `securityConfig` is the credential. The same user and password are expected of webhooks.
- A call is answered by a request, not by the webhook's answer: a dialog of the call with the endpoint.
- Events are told apart by their type: CALL_RECEIVED goes to our answer address, and so does CALL_ESTABLISHED
  where we place calls; all others go to the status address. The endpoint's own leg has events too.

Doubts: `callId` may be of the call or of the endpoint's leg, and whether `customData` comes back with it is
not documented (`parentCallId`, if so, is the call); `machineDetection`, its event and the names of error
codes are recalled; whether a call in a dialog may be put into another, which is how it is handed over.
"""

import hmac
from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Annotated, Any
from urllib.parse import quote

import msgspec
from msgspec import Meta, Raw, Struct

from protocols.audio import LINEAR_8K, AudioFormat, Encoding
from protocols.base import Capabilities, Ending
from protocols.errors import RemoteProtocolError
from protocols.events import AudioReceived, CallDetails, CallStarted, Direction, Event
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
from protocols.wire import read_custom, read_direction

__all__ = ["PROVIDER", "InfobipControl", "InfobipOptions", "InfobipProtocol", "InfobipWebhooks"]

INFOBIP = Capabilities(
    name="infobip",
    sends_keys=False,
    acknowledges_playback=False,
    can_clear=False,
    hang_up=Ending.REST,
    transfer=Ending.REST,
    lead_seconds=0.1,  # what was sent will be heard, whatever the caller says
)
RATES = frozenset({8000, 16000, 24000, 32000, 48000})  # hertz


class Introduction(Struct, frozen=True, rename="camel"):
    call_id: str
    sample_rate: int | str
    custom_data: dict[str, Raw] | None = None


_DECODER = msgspec.json.Decoder(Introduction)


class InfobipProtocol(StreamProtocol):
    """One endpoint's leg."""

    def __init__(self) -> None:
        super().__init__(INFOBIP)
        self._format = LINEAR_8K

    def _understand(self, message: str | bytes) -> Sequence[Event]:
        if isinstance(message, str):
            return self._start(message) if self.state is State.WAITING else ()
        if self.state is State.WAITING:
            raise misplaced("audio", "before the introduction")
        if len(message) % self._format.sample_bytes:
            raise RemoteProtocolError("audio: Expected whole samples")
        return (AudioReceived(message),) if message else ()

    def _start(self, message: str) -> Sequence[Event]:
        try:
            introduction = _DECODER.decode(message)
        except (msgspec.DecodeError, UnicodeError, RecursionError):
            raise RemoteProtocolError("introduction: Expected callId and sampleRate as JSON") from None
        rates = {str(rate): rate for rate in RATES}
        if (rate := rates.get(str(introduction.sample_rate))) is None:
            raise RemoteProtocolError("introduction: sampleRate: Expected 8000, 16000, 24000, 32000 or 48000")
        self._format = AudioFormat(Encoding.LINEAR, rate)
        self.state = State.STARTED
        return (CallStarted(_details(introduction), self._format, self._format),)

    def _media(self, payload: bytes) -> Sequence[bytes]:
        return (payload,)


def _details(introduction: Introduction) -> CallDetails:
    custom = read_custom(introduction.custom_data or {})
    return CallDetails(
        provider_call_id=custom.pop("parentCallId", introduction.call_id),
        stream_id=introduction.call_id,
        caller_number=custom.pop("callerNumber", None),
        callee_number=custom.pop("calleeNumber", None),
        direction=read_direction(custom.pop("direction", None)),
        custom=custom,
    )


# Credentials

_API = "https://api.infobip.com/calls/1"
_ALREADY_OVER = (HTTPStatus.NOT_FOUND, HTTPStatus.GONE)


class InfobipOptions(Options, frozen=True, kw_only=True):
    """What a site configures. `api_url` is the account's own address."""

    api_key: Annotated[str | None, Meta(description="the API key, in quotes", extra=SECRET)] = None
    calls_configuration_id: Annotated[
        str | None, Meta(description="the ID of the Calls Configuration, with which calls are placed")
    ] = None
    endpoint_config_id: Annotated[
        str | None, Meta(description="the ID of the WEBSOCKET_ENDPOINT configuration")
    ] = None
    user: Annotated[str | None, Meta(description="the user of its BASIC securityConfig")] = None
    password: Annotated[
        str | None, Meta(description="the password of its BASIC securityConfig, in quotes", extra=SECRET)
    ] = None


def _is_guarded(options: InfobipOptions) -> bool:
    return bool(options.user and options.password)


def _verify(options: InfobipOptions, request: HttpRequest) -> Verified:
    if not options.user or not options.password:
        raise SignatureError("providers.infobip.user and password are not configured, so nobody is believed")
    expected = basic(options.user, options.password)
    if not hmac.compare_digest(request.headers.get("authorization", "").encode(), expected.encode()):
        raise SignatureError("the Authorization header does not carry providers.infobip.user and password")
    return Verified()


# Webhooks

_STATUSES = {
    "CALL_STARTED": CallStatus.INITIATED,
    "CALL_RECEIVED": CallStatus.INITIATED,
    "CALL_RINGING": CallStatus.RINGING,
    "CALL_ESTABLISHED": CallStatus.IN_PROGRESS,
    "CALL_FINISHED": CallStatus.COMPLETED,
    "CALL_FAILED": CallStatus.FAILED,
}
_FAILURES = {
    "BUSY": CallStatus.BUSY,
    "USER_BUSY": CallStatus.BUSY,
    "NO_ANSWER": CallStatus.NO_ANSWER,
    "CANCELLED": CallStatus.CANCELED,
}


class Endpoint(Struct, frozen=True):
    type: str | None = None


class Call(Struct, frozen=True, rename={"from_": "from"}):
    from_: str | None = None
    to: str | None = None
    direction: str | None = None
    endpoint: Endpoint | None = None


class ErrorCode(Struct, frozen=True):
    name: str | None = None


class CallLog(Struct, frozen=True, rename="camel"):
    duration: int | float | None = None  # seconds
    error_code: ErrorCode | None = None


class Properties(Struct, frozen=True, rename="camel"):
    call: Call | None = None
    call_log: CallLog | None = None
    detection_result: str | None = None


class CallEvent(Struct, frozen=True, rename="camel"):
    """An event, of which the fields that are read."""

    type: str
    call_id: str | None = None
    properties: Properties = Properties()


class InfobipWebhooks(Webhooks):
    """Events; what follows from them is asked by requests of its own."""

    def __init__(self, options: InfobipOptions) -> None:
        self._options = options

    def verify(self, request: HttpRequest, *, now: float) -> Verified:  # noqa: ARG002
        return _verify(self._options, request)

    def incoming(self, request: HttpRequest) -> IncomingCall:
        """A call that was received, or one of ours that was taken; never the leg of the endpoint itself."""
        event = json_of(request.body, CallEvent)
        call = event.properties.call or Call()
        is_received = event.type == "CALL_RECEIVED"
        endpoint = call.endpoint.type if call.endpoint else None
        is_taken = event.type == "CALL_ESTABLISHED" and (call.direction, endpoint) == ("OUTBOUND", "PHONE")
        if event.call_id is None or not (is_received or is_taken):
            raise RemoteProtocolError("webhook: Expected a phone call that waits for us")
        return IncomingCall(event.call_id, call.from_, call.to, read_direction(call.direction))

    def connect(self, call: IncomingCall, stream: StreamTarget) -> Document:
        attached = {
            "parentCallId": call.provider_call_id,
            "callerNumber": call.caller_number,
            "calleeNumber": call.callee_number,
            "direction": call.direction,
        }
        config = require_option(self._options.endpoint_config_id, "providers.infobip.endpoint_config_id")
        child = {
            "endpoint": {"type": "WEBSOCKET", "websocketEndpointConfigId": config},
            "customData": {**stream.parameters, **{name: text for name, text in attached.items() if text}},
        }
        return _no_words(_dialog(self._options, call.provider_call_id, child))

    def reject(self, call: IncomingCall) -> Document:
        return _no_words(_hang_up(self._options, call.provider_call_id))

    def status(self, request: HttpRequest) -> StatusReport | None:
        event = json_of(request.body, CallEvent)
        if event.call_id is None:
            return None
        log = event.properties.call_log or CallLog()
        status = _STATUSES.get(event.type)
        if status is CallStatus.FAILED and log.error_code is not None:
            status = _FAILURES.get(log.error_code.name or "", status)
        answered_by = (event.properties.detection_result or "").lower()
        return StatusReport(
            event.call_id,
            status,
            answered_by=answered_by if answered_by in ("human", "machine") else None,
            seconds=None if log.duration is None else float(log.duration),
        )


def _no_words(request: HttpRequest) -> Document:
    """The webhook itself is answered with nothing."""
    return Document("application/json", b"", then=(request,))


# REST


def _request(options: InfobipOptions, resource: str, fields: Mapping[str, Any]) -> HttpRequest:
    key = require_option(options.api_key, "providers.infobip.api_key")
    headers = {"authorization": f"App {key}", "content-type": "application/json"}
    return HttpRequest("POST", f"{_API}/{resource}", headers, json_body(fields))


def _dialog(options: InfobipOptions, call: str | None, child: Mapping[str, Any]) -> HttpRequest:
    """Join the call with another leg."""
    fields = {"parentCallId": require_call(call), "childCallRequest": child}
    return _request(options, "dialogs", fields)


def _hang_up(options: InfobipOptions, call: str | None) -> HttpRequest:
    return _request(options, f"calls/{quote(require_call(call), safe='')}/hangup", {})


def _number(text: str) -> str:
    """A number as this interface writes it, without its plus."""
    return text.removeprefix("+")


class InfobipControl(Control):
    """Calls placed, ended and handed over by REST."""

    def __init__(self, options: InfobipOptions) -> None:
        self._options = options

    def place(self, order: CallOrder) -> HttpRequest:
        """Dial. Once it is taken, an event comes to our answer address, and a dialog follows."""
        configuration = require_option(
            self._options.calls_configuration_id, "providers.infobip.calls_configuration_id"
        )
        fields: dict[str, Any] = {
            "callsConfigurationId": configuration,
            "from": _number(order.from_),
            "endpoint": {"type": "PHONE", "phoneNumber": _number(order.to)},
            "connectTimeout": order.ring_seconds,
        }
        if order.detect_machine:
            fields["machineDetection"] = {"enabled": True}
        return _request(self._options, "calls", fields)

    def placed(self, response: HttpResponse) -> str | None:
        return json_field(response, "id")

    def hang_up(self, call: CallDetails) -> HttpRequest:
        return _hang_up(self._options, call.provider_call_id)

    def transfer(
        self,
        call: CallDetails,
        to: str,
        document_url: str | None = None,  # noqa: ARG002
    ) -> HttpRequest:
        child: dict[str, Any] = {"endpoint": {"type": "PHONE", "phoneNumber": _number(to)}}
        ours = call.caller_number if call.direction is Direction.OUTBOUND else call.callee_number
        if ours:
            child["from"] = _number(ours)
        return _dialog(self._options, call.provider_call_id, child)

    def outcome(self, response: HttpResponse) -> AfterRequest:
        return after_request(response, already_over=_ALREADY_OVER)


PROVIDER = Provider(
    capabilities=INFOBIP,
    title="Infobip",
    options=InfobipOptions,
    door=Door.CREDENTIAL,
    media=lambda _options, _grant: InfobipProtocol(),
    admit=lambda options, request, _now: _verify(options, request),
    is_guarded=_is_guarded,
    webhooks=InfobipWebhooks,
    control=InfobipControl,
)
