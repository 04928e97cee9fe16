"""What Twilio and its imitators have in common over HTTP: forms that ask, XML that answers, calls to post to.

Sources: www.twilio.com/docs/usage/security (validating requests), docs/voice/twiml,
docs/voice/api/call-resource.
"""

import base64
import hmac
from abc import abstractmethod
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from hashlib import sha256
from http import HTTPStatus
from urllib.parse import parse_qsl, quote, urlencode, urlsplit, urlunsplit

from protocols.events import CallDetails
from protocols.http import Document, HttpRequest, HttpResponse, form_of, json_field, require_call
from protocols.provider import (
    AfterRequest,
    CallOrder,
    CallStatus,
    Control,
    IncomingCall,
    SignatureError,
    StatusReport,
    StreamTarget,
    Webhooks,
    after_request,
)
from protocols.wire import read_direction, read_seconds
from protocols.xml import Verb, xml_document

__all__ = [
    "FORM",
    "STATUSES",
    "FormWebhooks",
    "ResourceControl",
    "connect",
    "form_signatures",
    "parameters",
    "parties_of",
    "spellings",
]

FORM = "application/x-www-form-urlencoded"
STATUSES = {
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
_DEFAULT_PORTS = {"https": 443, "wss": 443, "http": 80, "ws": 80}


# Signatures


def form_signatures(key: str, request: HttpRequest) -> list[str]:
    """What the signature may be: base64 of HMAC-SHA1 of the address and the form's fields, sorted, each once.

    A body that is no form is hashed into the query's `bodySHA256`. The address is signed as it was
    configured, so its other spellings are tried; on an upgrade it is the wss:// address. There is no time in
    it, so a replay cannot be told from a repetition.

    Raises:
        SignatureError: the body is not covered by any signature.

    """
    is_form = request.headers.get("content-type", "").startswith(FORM)
    form = parse_qsl(request.body.decode(errors="replace"), keep_blank_values=True) if is_form else []
    digest = request.query.get("bodySHA256")
    if digest is not None and not hmac.compare_digest(digest.encode(), _sha256(request.body)):
        raise SignatureError("bodySHA256 is not the body's")
    if request.body and not is_form and digest is None:
        raise SignatureError("the body is not signed")
    return [_signature(key, url, form) for url in spellings(request.url)]


def _sha256(body: bytes) -> bytes:
    return sha256(body).hexdigest().encode()


def _signature(key: str, url: str, form: Iterable[tuple[str, str]]) -> str:
    signed = url + "".join(key + value for key, value in sorted(set(form)))
    return base64.b64encode(hmac.digest(key.encode(), signed.encode(), "sha1")).decode()


def spellings(url: str) -> Iterator[str]:
    """The address with and without its default port, with and without a closing slash."""
    parts = urlsplit(url)
    host, port = parts.hostname or "", parts.port or _DEFAULT_PORTS.get(parts.scheme)
    bare = host if parts.port in (None, _DEFAULT_PORTS.get(parts.scheme)) else f"{host}:{port}"
    for netloc in dict.fromkeys((parts.netloc, bare, f"{host}:{port}")):
        for path in dict.fromkeys((parts.path, parts.path.rstrip("/"), f"{parts.path.rstrip('/')}/")):
            yield urlunsplit(parts._replace(netloc=netloc, path=path))


# Webhooks


class FormWebhooks(Webhooks):
    """Voice webhooks and status callbacks as forms; whoever has it says how they are signed and answered."""

    def incoming(self, request: HttpRequest) -> IncomingCall:
        form = form_of(request)
        return IncomingCall(
            provider_call_id=form.get("CallSid"),
            caller_number=form.get("From"),
            callee_number=form.get("To"),
            direction=read_direction(form.get("Direction")),
        )

    def reject(self, call: IncomingCall) -> Document:  # noqa: ARG002
        return xml_document(Verb("Reject", {"reason": "busy"}))

    def status(self, request: HttpRequest) -> StatusReport | None:
        form = form_of(request)
        if "CallSid" not in form or not {"CallStatus", "AnsweredBy"} & set(form):
            return None
        return StatusReport(
            form["CallSid"],
            STATUSES.get(form.get("CallStatus", "")),
            answered_by=form.get("AnsweredBy"),
            seconds=read_seconds(form.get("CallDuration")),
        )


def parties_of(call: IncomingCall) -> dict[str, str | None]:
    """Who called whom, under the names by which a stream's start is asked for it."""
    return {
        "caller_number": call.caller_number,
        "callee_number": call.callee_number,
        "direction": call.direction,
    }


def parameters(values: Mapping[str, str | None]) -> Sequence[Verb]:
    """What is handed back at the start of a stream; the query of its address would be dropped."""
    return [Verb("Parameter", {"name": name, "value": value}) for name, value in values.items() if value]


def connect(call: IncomingCall, stream: StreamTarget, **attributes: str | None) -> Document:
    """Open a stream that speaks both ways. What follows it, here the end, waits for our socket to close."""
    opening = Verb(
        "Stream",
        {"url": stream.url, "statusCallback": stream.status_url, **attributes},
        *parameters({**parties_of(call), **stream.parameters}),
    )
    return xml_document(Verb("Connect", {}, opening))


# REST


class ResourceControl(Control):
    """Calls as resources that take forms: placed, ended and handed over. What is abstract, a dialect says."""

    suffix = ".json"
    already_over: Collection[int] = _ALREADY_OVER

    @abstractmethod
    def calls(self) -> str:
        """The address of all calls, without the suffix.

        Raises:
            LocalProtocolError: an option is not configured.

        """
        ...

    @abstractmethod
    def authorization(self) -> str:
        """The header of that name.

        Raises:
            LocalProtocolError: an option is not configured.

        """
        ...

    @abstractmethod
    def answer_fields(self, order: CallOrder) -> Mapping[str, str]:
        """What the call does when it is answered."""
        ...

    @abstractmethod
    def transfer_fields(self, to: str, document_url: str | None) -> Mapping[str, str]:
        """What hands the call over."""
        ...

    def place(self, order: CallOrder) -> HttpRequest:
        fields = {
            "To": order.to,
            "From": order.from_,
            "Timeout": str(order.ring_seconds),
            **self.answer_fields(order),
        }
        status_url = order.stream.status_url
        if status_url:
            fields |= {"StatusCallback": status_url, "StatusCallbackMethod": "POST"}
        if order.detect_machine:
            fields |= {"MachineDetection": "Enable", "AsyncAmd": "true"}
            fields |= {"AsyncAmdStatusCallback": status_url} if status_url else {}
        return self._post(f"{self.calls()}{self.suffix}", fields)

    def placed(self, response: HttpResponse) -> str | None:
        return json_field(response, "sid")

    def hang_up(self, call: CallDetails) -> HttpRequest:
        return self._post(self._address(call), {"Status": "completed"})

    def transfer(self, call: CallDetails, to: str, document_url: str | None = None) -> HttpRequest:
        return self._post(self._address(call), self.transfer_fields(to, document_url))

    def outcome(self, response: HttpResponse) -> AfterRequest:
        return after_request(response, already_over=self.already_over)

    def _address(self, call: CallDetails) -> str:
        return f"{self.calls()}/{quote(require_call(call.provider_call_id), safe='')}{self.suffix}"

    def _post(self, url: str, fields: Mapping[str, str]) -> HttpRequest:
        headers = {"authorization": self.authorization(), "content-type": FORM}
        return HttpRequest("POST", url, headers, urlencode(fields).encode())
