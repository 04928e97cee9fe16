"""jambonz's calls: verbs that answer them, signed webhooks, REST.

Sources: jambonz-feature-server (lib/utils/base-requestor.js, lib/tasks/listen.js, lib/http-routes/api; commit
389c65e), jambonz-api-server (lib/routes/api/accounts.js) and jambonz/schema (commit b2efaa4).

- After `listen` comes `hangup`: when the audio socket says `disconnect`, the verb ends and so does the call.
- A signature covers the body of a POST; that of a GET cannot be checked, so hooks must be POST.
- A call in progress cannot be given verbs by REST, only another hook to fetch them from, which is ours and
  answers with `transfer_verbs`. The application socket can (`protocols.jambonz_application`).
- New verbs end `listen`, and jambonz closes the audio socket. Whoever ends it first lets the `hangup` behind
  it run before the new verbs have come.
- Whoever dials names an application: the server insists on one, or on a set of speech vendors, and some
  versions let its calling hook win over the one in the request. It should be this same webhook.
- `amd` in the request that dials is recalled, not read; its events go to the status hook.
"""

import hmac
from collections.abc import Mapping
from http import HTTPStatus
from typing import Annotated, Any
from urllib.parse import quote

from msgspec import Meta, Struct, field

from protocols.events import CallDetails
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
    Verified,
    Webhooks,
    after_request,
)
from protocols.wire import read_direction, read_seconds

__all__ = [
    "SPOKEN_RATE",
    "CallBody",
    "JambonzControl",
    "JambonzOptions",
    "JambonzWebhooks",
    "listen_verbs",
    "transfer_verbs",
]

MAX_AGE_SECONDS = 300
_API = "https://api.jambonz.cloud"
SPOKEN_RATE = "spoken_rate"  # in the metadata: the rate of our audio, which jambonz does not repeat
_STATUSES = {
    "trying": CallStatus.INITIATED,
    "queued": CallStatus.INITIATED,
    "ringing": CallStatus.RINGING,
    "early-media": CallStatus.RINGING,
    "in-progress": CallStatus.IN_PROGRESS,
    "completed": CallStatus.COMPLETED,
    "busy": CallStatus.BUSY,
    "no-answer": CallStatus.NO_ANSWER,
    "failed": CallStatus.FAILED,
}
_ANSWERED_BY = {"amd_human_detected": "human", "amd_machine_detected": "machine"}
_NO_FEATURE_SERVER = 480  # the API server found none: a moment later there may be one


class JambonzOptions(Options, frozen=True, kw_only=True):
    """What a site configures."""

    webhook_secret: Annotated[
        str | None, Meta(description="the account's webhook secret, in quotes", extra=SECRET)
    ] = None
    second_webhook_secret: Annotated[
        str | None,
        Meta(description="another webhook secret that is good as well, in quotes", extra=SECRET),
    ] = None
    application_user: Annotated[
        str | None, Meta(description="the user of the application's WebSocket address")
    ] = None
    application_password: Annotated[
        str | None, Meta(description="the password of the application's WebSocket address", extra=SECRET)
    ] = None
    sample_rate: Annotated[int, Meta(description="8000, 16000 or 24000 hertz: of the audio both ways")] = 8000
    account_sid: Annotated[str | None, Meta(description="the account's identifier")] = None
    api_key: Annotated[str | None, Meta(description="an API key of the account, in quotes", extra=SECRET)] = (
        None
    )
    application_sid: Annotated[
        str | None, Meta(description="the application under which calls are placed")
    ] = None


# Verbs


def listen_verbs(options: JambonzOptions, stream: StreamTarget) -> list[dict[str, Any]]:
    """Open the audio socket; hang up once it is done."""
    rate = options.sample_rate
    listen = {
        "verb": "listen",
        "url": stream.url,
        "sampleRate": rate,
        "mixType": "mono",
        "passDtmf": True,
        "bidirectionalAudio": {"enabled": True, "streaming": True, "sampleRate": rate},
        "metadata": {**stream.parameters, SPOKEN_RATE: rate},
    }
    return [listen, {"verb": "hangup"}]


def transfer_verbs(to: str) -> list[dict[str, Any]]:
    """Put the caller through to a number."""
    return [{"verb": "dial", "answerOnBridge": True, "target": [{"type": "phone", "number": to}]}]


# Webhooks


class CallBody(Struct, frozen=True, kw_only=True):
    """What a hook is told; each has more fields than these."""

    call_sid: str | None = None
    from_: str | None = field(name="from", default=None)
    to: str | None = None
    direction: str | None = None
    call_status: str | None = None
    duration: int | float | str | None = None
    type: str | None = None  # of an event of answering-machine detection

    @property
    def call(self) -> IncomingCall:
        return IncomingCall(self.call_sid, self.from_, self.to, read_direction(self.direction))

    @property
    def report(self) -> StatusReport | None:
        answered_by = _ANSWERED_BY.get(self.type or "")
        if self.call_sid is None or (self.call_status is None and answered_by is None):
            return None
        return StatusReport(
            self.call_sid,
            # whoever can be told from a machine has answered
            CallStatus.IN_PROGRESS if answered_by else _STATUSES.get(self.call_status or ""),
            answered_by=answered_by,
            seconds=read_seconds(None if self.duration is None else str(self.duration)),
        )


class JambonzWebhooks(Webhooks):
    """Hooks, answered with verbs."""

    def __init__(self, options: JambonzOptions) -> None:
        self._options = options

    def verify(self, request: HttpRequest, *, now: float) -> Verified:
        """Check `Jambonz-Signature: t=SECONDS,v1=HEX`: HMAC-SHA256 of `t.body`."""
        secrets = [
            secret
            for secret in (self._options.webhook_secret, self._options.second_webhook_secret)
            if secret is not None
        ]
        if not secrets:
            raise SignatureError("providers.jambonz.webhook_secret is not configured: nothing can be checked")
        if request.method != "POST":
            raise SignatureError("only a POST can be checked: set the hook's method to POST")
        written = request.headers.get("jambonz-signature", "")
        signed_at, offered = _read_signature(written)
        signed = str(signed_at).encode() + b"." + request.body
        expected = [hmac.digest(secret.encode(), signed, "sha256").hex() for secret in secrets]
        if not any(hmac.compare_digest(each, good) for each in offered for good in expected):
            raise SignatureError("Jambonz-Signature is wrong: check webhook_secret")
        if abs(now - signed_at) > MAX_AGE_SECONDS:
            raise SignatureError("Jambonz-Signature is too old, or from the future: check the clock")
        return Verified(f"{signed_at}:{offered[0]}", signed_at + MAX_AGE_SECONDS)

    def incoming(self, request: HttpRequest) -> IncomingCall:
        return json_of(request.body, CallBody).call

    def connect(self, call: IncomingCall, stream: StreamTarget) -> Document:  # noqa: ARG002
        return json_document(listen_verbs(self._options, stream))

    def reject(self, call: IncomingCall) -> Document:  # noqa: ARG002
        return json_document([{"verb": "sip:decline", "status": HTTPStatus.SERVICE_UNAVAILABLE}])

    def status(self, request: HttpRequest) -> StatusReport | None:
        return json_of(request.body, CallBody).report


def _read_signature(written: str) -> tuple[int, list[str]]:
    """When it was signed, in seconds since the epoch, and with what."""
    parts = [part.strip().partition("=") for part in written.split(",")]
    times = [value for name, _, value in parts if name == "t"]
    offered = [value for name, _, value in parts if name == "v1" and value.isascii()]
    is_time = (
        len(times) == 1 and times[0].isascii() and times[0].isdecimal() and len(times[0]) <= len("1" * 15)
    )
    if not (is_time and offered):
        raise SignatureError("Jambonz-Signature is missing, or has no time")
    return int(times[0]), offered


# REST


class JambonzControl(Control):
    """Calls placed, ended and handed over by REST."""

    def __init__(self, options: JambonzOptions) -> None:
        self._options = options

    def place(self, order: CallOrder) -> HttpRequest:
        status_hook = order.stream.status_url
        body = {
            "application_sid": require_option(
                self._options.application_sid, "providers.jambonz.application_sid"
            ),
            "from": order.from_,
            "to": {"type": "phone", "number": order.to},
            "timeout": order.ring_seconds,
            "tag": {**order.stream.parameters, "order_id": order.order_id},
        }
        if order.answer_url:
            body["call_hook"] = {"url": order.answer_url, "method": "POST"}
        if status_hook:
            body["call_status_hook"] = {"url": status_hook, "method": "POST"}
        if order.detect_machine and status_hook:
            body["amd"] = {"actionHook": status_hook}
        return self._request("POST", "Calls", body)

    def placed(self, response: HttpResponse) -> str | None:
        return json_field(response, "sid")

    def hang_up(self, call: CallDetails) -> HttpRequest:
        return self._request("PUT", _resource(call), {"call_status": "completed"})

    def transfer(self, call: CallDetails, to: str, document_url: str | None = None) -> HttpRequest:  # noqa: ARG002
        url = require_option(document_url, "server.public_url")
        return self._request("PUT", _resource(call), {"call_hook": {"url": url, "method": "POST"}})

    def outcome(self, response: HttpResponse) -> AfterRequest:
        if response.status == _NO_FEATURE_SERVER:
            return AfterRequest.AGAIN
        return after_request(response, already_over=(HTTPStatus.NOT_FOUND,))

    def _request(self, method: str, resource: str, body: Mapping[str, Any]) -> HttpRequest:
        account = require_option(self._options.account_sid, "providers.jambonz.account_sid")
        key = require_option(self._options.api_key, "providers.jambonz.api_key")
        return HttpRequest(
            method,
            f"{(self._options.api_url or _API).rstrip('/')}/v1/Accounts/{quote(account, safe='')}/{resource}",
            {"authorization": f"Bearer {key}", "content-type": "application/json"},
            json_body(body),
        )


def _resource(call: CallDetails) -> str:
    return f"Calls/{quote(require_call(call.provider_call_id), safe='')}"
