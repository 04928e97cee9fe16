"""Vonage's signed webhooks, its documents (NCCO) and its REST interface.

Sources: developer.vonage.com/en/voice/voice-api (webhook-reference, ncco-reference, api) and
getting-started/concepts/webhooks. Webhooks carry a JWT made with the account's signature secret, our requests
one made with the application's private key. Doubts: whether the upgrade's JWT is the webhook's own (so it may
come twice); what an empty NCCO sounds like; that 404 says that a call is over.

A webhook may rarely come unsigned, and comes again signed after 5xx: recalled, not read. An answer webhook is
tried again, once, after 429, 503 and 504 only (api.support.vonage.com, "What happens if the NCCO download
request fails"), so 503 it is. After 401 the caller would be lost, or left to the fallback address.
"""

import base64
import hmac
from collections.abc import Iterable, Mapping, Sequence
from hashlib import sha256
from http import HTTPStatus
from typing import Annotated, Any
from urllib.parse import quote
from uuid import UUID

import msgspec
from msgspec import Meta, Struct

from protocols.errors import LocalProtocolError
from protocols.events import CallDetails, Direction
from protocols.http import (
    Document,
    HttpRequest,
    HttpResponse,
    form_of,
    json_body,
    json_document,
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
    IncomingCall,
    Options,
    SignatureError,
    StatusReport,
    StreamTarget,
    UnsignedError,
    Verified,
    Webhooks,
    after_request,
)
from protocols.wire import read_direction, read_seconds

__all__ = [
    "MAX_AGE_SECONDS",
    "OWN_FIELDS",
    "VonageControl",
    "VonageOptions",
    "VonageWebhooks",
    "admit",
    "authorize",
    "claims_of",
]

MAX_AGE_SECONDS = 300.0  # of a signature
_TOKEN_SECONDS = 300  # that one of ours is good for
_ALREADY_OVER = (HTTPStatus.NOT_FOUND, HTTPStatus.GONE)
_API = "https://api.nexmo.com/v1/calls"
_MOST_HEADER_BYTES = 512
OWN_FIELDS = ("event", "content-type")  # of the first message: a header of such a name would take their place


class VonageOptions(Options, frozen=True, kw_only=True):
    """What a site configures."""

    application_id: Annotated[str | None, Meta(description="the application's ID, a UUID")] = None
    private_key: Annotated[
        str | None, Meta(description="the application's private key, PEM, in quotes", extra=SECRET)
    ] = None
    api_key: Annotated[str | None, Meta(description="the account's API key, as signed webhooks name it")] = (
        None
    )
    signature_secret: Annotated[
        str | None, Meta(description="the account's signature secret, in quotes", extra=SECRET)
    ] = None
    previous_signature_secret: Annotated[
        str | None, Meta(description="the secret before it was changed, in quotes", extra=SECRET)
    ] = None
    sign_sockets: Annotated[
        bool, Meta(description="true: sockets must be signed as well as bring a stream token")
    ] = False


class Claims(Struct, frozen=True):
    """What a signature vouches for."""

    iat: int | float | None = None  # seconds since the epoch
    jti: str | None = None
    iss: str | None = None
    payload_hash: str | None = None
    api_key: str | None = None
    application_id: str | None = None


class _Header(Struct, frozen=True):
    alg: str


def claims_of(token: str, secrets: Sequence[str]) -> Claims:
    """The claims of a JWT signed with one of the secrets (RFC 7515, HS256 and nothing else).

    Raises:
        SignatureError: it is none.

    """
    try:
        signed, signature = token.rsplit(".", 1)
        header, claims = signed.split(".")
        algorithm = msgspec.json.decode(_decoded(header), type=_Header).alg
        offered, read = _decoded(signature), msgspec.json.decode(_decoded(claims), type=Claims)
    except (ValueError, RecursionError):
        raise SignatureError("the Authorization header has no JWT") from None
    expected = [hmac.digest(secret.encode(), signed.encode(), "sha256") for secret in secrets]
    if algorithm != "HS256" or not any(hmac.compare_digest(offered, each) for each in expected):
        raise SignatureError("the JWT is not signed with providers.vonage.signature_secret")
    return read


def _decoded(part: str) -> bytes:
    """Base64 of RFC 4648 section 5, without its padding."""
    return base64.b64decode(part + "=" * (-len(part) % 4), altchars=b"-_", validate=True)


def _verify(options: VonageOptions, request: HttpRequest, now: float) -> Verified:
    """Check the JWT that webhooks carry, and that it is of now, of this account, and of this body."""
    secrets = [each for each in (options.signature_secret, options.previous_signature_secret) if each]
    if not secrets:
        raise SignatureError("providers.vonage.signature_secret is not configured: nothing can be checked")
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "bearer":
        raise UnsignedError("there is no signature")
    claims = claims_of(token.strip(), secrets)
    if claims.iss != "Vonage" or claims.jti is None:
        raise SignatureError("the JWT is not of a webhook")
    if claims.iat is None or abs(now - claims.iat) > MAX_AGE_SECONDS:
        raise SignatureError("the JWT is too old, or the clock is wrong")
    if options.api_key is not None and claims.api_key != options.api_key:
        raise SignatureError("the JWT is of another account than providers.vonage.api_key")
    if options.application_id is not None and claims.application_id not in (None, options.application_id):
        raise SignatureError("the JWT is of another application than providers.vonage.application_id")
    hashed = sha256(request.body).hexdigest()
    if (request.body or claims.payload_hash) and not _is_same(claims.payload_hash or "", hashed):
        raise SignatureError("the JWT is of another body")
    return Verified(f"vonage {claims.jti}", claims.iat + MAX_AGE_SECONDS)


def _is_same(one: str, other: str) -> bool:
    return hmac.compare_digest(one.lower().encode(), other.encode())


def admit(options: VonageOptions, request: HttpRequest, now: float) -> Verified | None:
    """Check the upgrade. Its token may be the webhook's own, seen before; the stream token is good once."""
    if not options.sign_sockets:
        return None
    _verify(options, request, now)
    return Verified()


def authorize(options: VonageOptions, request: HttpRequest, now: float) -> HttpRequest:
    """The request with the application's JWT, which is good for five minutes.

    Raises:
        LocalProtocolError: the application is not configured, or its key is none.

    """
    import jwt  # noqa: PLC0415 - brings cryptography along, which only this needs

    application = require_option(options.application_id, "providers.vonage.application_id")
    key = require_option(options.private_key, "providers.vonage.private_key")
    issued = int(now)
    asked = f"{now!r} {request.method} {request.url} ".encode() + request.body
    claims = {
        "application_id": application,
        "iat": issued,
        "exp": issued + _TOKEN_SECONDS,
        "jti": str(UUID(bytes=sha256(asked).digest()[:16])),
    }
    try:
        token = jwt.encode(claims, key, algorithm="RS256")
    except (jwt.InvalidKeyError, ValueError, TypeError):
        raise LocalProtocolError("providers.vonage.private_key is not a private key in PEM") from None
    headers = {**request.headers, "authorization": f"Bearer {token}"}
    return HttpRequest(request.method, request.url, headers, request.body)


# Webhooks

_STATUSES = {
    "started": CallStatus.INITIATED,
    "ringing": CallStatus.RINGING,
    "answered": CallStatus.IN_PROGRESS,
    "completed": CallStatus.COMPLETED,
    "busy": CallStatus.BUSY,
    "unanswered": CallStatus.NO_ANSWER,
    "timeout": CallStatus.NO_ANSWER,
    "cancelled": CallStatus.CANCELED,
    "rejected": CallStatus.FAILED,
    "failed": CallStatus.FAILED,
}


class CallEvent(Struct, frozen=True, rename={"from_": "from"}):
    """A webhook's fields, of those that are read."""

    uuid: str | None = None
    from_: str | None = None
    to: str | None = None
    status: str | None = None
    direction: str | None = None
    duration: int | float | str | None = None


class VonageWebhooks(Webhooks):
    """Answer and event webhooks, answered with an NCCO."""

    def __init__(self, options: VonageOptions) -> None:
        self._options = options

    def verify(self, request: HttpRequest, *, now: float) -> Verified:
        return _verify(self._options, request, now)

    def incoming(self, request: HttpRequest) -> IncomingCall:
        event = _event(request)
        return IncomingCall(
            provider_call_id=event.uuid,
            caller_number=event.from_,
            callee_number=event.to,
            direction=read_direction(event.direction),
        )

    def connect(self, call: IncomingCall, stream: StreamTarget) -> Document:
        return json_document(_connect(self._options, call, stream))

    def reject(self, call: IncomingCall) -> Document:  # noqa: ARG002
        return json_document([])  # a call with nothing more to do is over

    def status(self, request: HttpRequest) -> StatusReport | None:
        """Of a leg: that of the WebSocket has an identifier of its own, which is no call's."""
        event = _event(request)
        if event.uuid is None or event.status is None:
            return None
        return StatusReport(
            event.uuid,
            _STATUSES.get(event.status),
            answered_by=event.status if event.status in ("human", "machine") else None,
            seconds=None if event.duration is None else read_seconds(str(event.duration)),
        )


def _event(request: HttpRequest) -> CallEvent:
    """The fields of the query, of JSON or of a form."""
    if request.method == "GET" or not request.headers.get("content-type", "").startswith("application/json"):
        fields = form_of(request)
        return CallEvent(
            **{name: fields.get(name) for name in ("uuid", "to", "status", "direction", "duration")},
            from_=fields.get("from"),
        )
    return json_of(request.body, CallEvent)


def _connect(options: VonageOptions, call: IncomingCall, stream: StreamTarget) -> list[dict[str, Any]]:
    """An NCCO that opens the media socket."""
    parties = {
        "call_uuid": call.provider_call_id,
        "caller_number": call.caller_number,
        "callee_number": call.callee_number,
        "direction": call.direction,
    }
    known = {name: value for name, value in parties.items() if value}
    endpoint: dict[str, Any] = {
        "type": "websocket",
        "uri": stream.url,
        "content-type": "audio/l16;rate=8000",
        "headers": _headers([*known.items(), *stream.parameters.items()]),
    }
    if options.sign_sockets:
        endpoint["authorization"] = {"type": "vonage"}
    action: dict[str, Any] = {"action": "connect", "endpoint": [endpoint]}
    if ours := call.caller_number if call.direction is Direction.OUTBOUND else call.callee_number:
        action["from"] = _number(ours)
    if stream.status_url:
        action["eventUrl"] = [stream.status_url]
    return [action]


def _headers(attached: Iterable[tuple[str, str]]) -> dict[str, str]:
    """As many as are taken; of two alike the first."""
    headers: dict[str, str] = {}
    for name, value in attached:
        longer = {name: value, **headers}
        if name not in OWN_FIELDS and len(json_body(longer)) <= _MOST_HEADER_BYTES:
            headers = longer
    return headers


def _number(text: str) -> str:
    """A number as this interface writes it, without its plus."""
    return text.removeprefix("+")


# REST


class VonageControl(Control):
    """Calls placed, ended and handed over by REST. What proves who asks is added by `authorize`."""

    def __init__(self, options: VonageOptions) -> None:
        self._options = options

    def place(self, order: CallOrder) -> HttpRequest:
        """With our webhook, which learns the identifier of the call, or else with the document itself."""
        fields: dict[str, Any] = {
            "to": [{"type": "phone", "number": _number(order.to)}],
            "from": {"type": "phone", "number": _number(order.from_)},
            "ringing_timer": order.ring_seconds,
        }
        if order.answer_url is not None:
            fields |= {"answer_url": [order.answer_url], "answer_method": "POST"}
        else:
            call = IncomingCall(None, order.from_, order.to, Direction.OUTBOUND)
            fields["ncco"] = _connect(self._options, call, order.stream)
        if order.stream.status_url:
            fields |= {"event_url": [order.stream.status_url], "event_method": "POST"}
        if order.detect_machine:
            fields["machine_detection"] = "continue"  # and say so by an event
        return self._request("POST", _API, fields)

    def placed(self, response: HttpResponse) -> str | None:
        return json_field(response, "uuid")

    def hang_up(self, call: CallDetails) -> HttpRequest:
        return self._request("PUT", _address(call), {"action": "hangup"})

    def transfer(
        self,
        call: CallDetails,
        to: str,
        document_url: str | None = None,  # noqa: ARG002
    ) -> HttpRequest:
        action: dict[str, Any] = {
            "action": "connect",
            "endpoint": [{"type": "phone", "number": _number(to)}],
        }
        ours = call.caller_number if call.direction is Direction.OUTBOUND else call.callee_number
        if ours:
            action["from"] = _number(ours)
        destination = {"type": "ncco", "ncco": [action]}
        return self._request("PUT", _address(call), {"action": "transfer", "destination": destination})

    def outcome(self, response: HttpResponse) -> AfterRequest:
        return after_request(response, already_over=_ALREADY_OVER)

    def _request(self, method: str, url: str, fields: Mapping[str, Any]) -> HttpRequest:
        require_option(self._options.application_id, "providers.vonage.application_id")
        require_option(self._options.private_key, "providers.vonage.private_key")
        return HttpRequest(method, url, {"content-type": "application/json"}, json_body(fields))


def _address(call: CallDetails) -> str:
    return f"{_API}/{quote(require_call(call.provider_call_id), safe='')}"
