"""Plivo: `<Stream bidirectional="true">` in PlivoXML, its signatures and its REST interface; mu-law 8 kHz.

Sources: docs.plivo.com/docs/voice (xml, concepts/signature-validation, api/calls); plivo/plivo-python,
`plivo/utils/signature_v3.py`; the wire is in `protocols.plivo_dialect`. The socket has no credential of its
own, so its path ends in a stream token. Closing it leads to the next element of the document; the phone call
itself is ended by REST. A transfer hands the call an address of PlivoXML, because the interface takes
no number; that it takes `legs` and `aleg_url` is from the SDKs.

Signatures of version 1 have no nonce, so whoever has seen a request can repeat it; `accept_v1` is for sites
without newer ones. What they cover is from a test of the SDKs, the name of their header is recalled.
"""

import base64
import hmac
from collections.abc import Iterable, Iterator, Mapping, Sequence
from http import HTTPStatus
from typing import Annotated
from urllib.parse import parse_qsl, quote, urlsplit, urlunsplit

from msgspec import Meta

from protocols.base import Capabilities, Ending
from protocols.errors import LocalProtocolError
from protocols.events import CallDetails
from protocols.http import (
    Document,
    HttpRequest,
    HttpResponse,
    basic,
    form_of,
    json_body,
    json_field,
    require_call,
    require_option,
)
from protocols.plivo_dialect import CALLEE, CALLER, DIRECTION, PlivoDialect
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
from protocols.wire import read_direction, read_seconds
from protocols.xml import Verb, xml_document

__all__ = [
    "NONCE_SECONDS",
    "PROVIDER",
    "PlivoAccount",
    "PlivoControl",
    "PlivoOptions",
    "PlivoProtocol",
    "PlivoWebhooks",
    "PlivoXml",
    "addresses",
    "is_signed",
]

PLIVO = Capabilities(name="plivo", hang_up=Ending.REST, transfer=Ending.REST)

NONCE_SECONDS = 600.0  # a signature has no time in it; its nonce is remembered for so long
MOST_HEADER_BYTES = 512  # of extraHeaders

_STATUSES = {
    "queued": CallStatus.INITIATED,
    "ringing": CallStatus.RINGING,
    "in-progress": CallStatus.IN_PROGRESS,
    "completed": CallStatus.COMPLETED,
    "busy": CallStatus.BUSY,
    "no-answer": CallStatus.NO_ANSWER,
    "timeout": CallStatus.NO_ANSWER,
    "cancel": CallStatus.CANCELED,
    "failed": CallStatus.FAILED,
}
_MACHINE = {"true": "machine", "false": "human"}
_FORM = "application/x-www-form-urlencoded"
_ALREADY_OVER = (HTTPStatus.NOT_FOUND, HTTPStatus.GONE)


class PlivoAccount(Options, frozen=True, kw_only=True):
    """What a site configures of whoever speaks Plivo's dialect."""

    auth_id: Annotated[str | None, Meta(description="the Auth ID, as the console shows it")] = None
    auth_token: Annotated[str | None, Meta(description="the Auth Token, in quotes", extra=SECRET)] = None
    previous_auth_token: Annotated[
        str | None, Meta(description="the Auth Token before it was changed, in quotes", extra=SECRET)
    ] = None

    @property
    def auth_tokens(self) -> tuple[str, ...]:
        """With which signatures may have been made."""
        return tuple(token for token in (self.auth_token, self.previous_auth_token) if token)


class PlivoOptions(PlivoAccount, frozen=True, kw_only=True):
    """What a site configures."""

    accept_v2: Annotated[
        bool, Meta(description="true: signatures that cover the address only are good enough too")
    ] = False
    accept_v1: Annotated[
        bool,
        Meta(description="true: signatures without a nonce, which can be sent again, are good enough too"),
    ] = False
    big_endian: Annotated[
        bool, Meta(description="true: the most significant byte of L16 audio comes first")
    ] = False


class PlivoProtocol(PlivoDialect):
    """One stream on Plivo's wire."""

    def __init__(self, *, big_endian: bool = False) -> None:
        super().__init__(PLIVO, heard_big_endian=big_endian, spoken_big_endian=big_endian)


# Signatures


def is_signed(offered: str, tokens: Iterable[str], texts: Sequence[str], digest: str = "sha256") -> bool:
    """Whether one of the signatures offered, several while a token changes, is that of one of the texts."""
    made = [
        base64.b64encode(hmac.digest(token.encode(), text.encode(), digest))
        for token in tokens
        for text in texts
    ]
    found = [each.strip().encode() for each in offered.split(",")]
    return any(hmac.compare_digest(one, other) for one in found for other in made)


def addresses(url: str) -> Iterator[str]:
    """The address without its query. One that was configured without a path is requested with a slash."""
    bare = urlunsplit(urlsplit(url)._replace(query="", fragment=""))
    yield bare
    if urlsplit(bare).path == "/":
        yield bare.removesuffix("/")


def _signed_v3(request: HttpRequest, form: Iterable[tuple[str, str]]) -> Iterator[str]:
    """What version 3 signs, but for the nonce: the address, its query and the form, both sorted."""
    query = sorted(parse_qsl(urlsplit(request.url).query, keep_blank_values=True))
    written = "&".join(f"{name}={value}" for name, value in query)
    fields = "".join(name + value for name, value in sorted(form))
    between = "." if written and fields else ""
    for address in addresses(request.url):
        yield f"{address}?{written}{between}{fields}" if written or fields else address


def _form(request: HttpRequest) -> list[tuple[str, str]]:
    """The fields of the body.

    Raises:
        SignatureError: it is something else, which no signature covers.

    """
    if request.method == "GET" or not request.body:
        return []
    if not request.headers.get("content-type", "").startswith(_FORM):
        raise SignatureError("the body is not a form, and nothing else is signed")
    return parse_qsl(request.body.decode(errors="replace"), keep_blank_values=True)


def _verify(options: PlivoOptions, request: HttpRequest, now: float) -> Verified:
    """Check `X-Plivo-Signature-V3`, or an older one where the site is content with it and no V3 is there.

    A subaccount's requests are signed with the main account's token as well (`-Ma-`); either will do.
    """
    if not options.auth_tokens:
        raise SignatureError("providers.plivo.auth_token is not configured, so no signature can be checked")
    form = _form(request)
    has_v3 = "x-plivo-signature-v3" in request.headers or "x-plivo-signature-ma-v3" in request.headers
    if not has_v3 and options.accept_v1 and "x-plivo-signature" in request.headers:
        return _verify_v1(options, request, form)
    version = "v3" if has_v3 or not options.accept_v2 else "v2"
    nonce = request.headers.get(f"x-plivo-signature-{version}-nonce", "")
    signed = (
        [f"{each}.{nonce}" for each in _signed_v3(request, form)]
        if version == "v3"
        else [each + nonce for each in addresses(request.url)]
    )
    offered = (request.headers.get(f"x-plivo-signature-{kind}", "") for kind in (version, f"ma-{version}"))
    if not nonce or not is_signed(",".join(offered), options.auth_tokens, signed):
        raise SignatureError("X-Plivo-Signature is missing or wrong: check auth_token and server.public_url")
    return Verified(f"plivo {nonce}", now + NONCE_SECONDS)


def _verify_v1(options: PlivoOptions, request: HttpRequest, form: Iterable[tuple[str, str]]) -> Verified:
    """Check `X-Plivo-Signature`: HMAC-SHA1 of the whole address and the sorted form. It may come again."""
    signed = request.url + "".join(name + value for name, value in sorted(form))
    if not is_signed(request.headers["x-plivo-signature"], options.auth_tokens, [signed], "sha1"):
        raise SignatureError("X-Plivo-Signature is wrong: check auth_token and server.public_url")
    return Verified()


# Webhooks


class PlivoXml(Webhooks):
    """Calls and reports as forms, answered with PlivoXML; how they are signed is left open."""

    def incoming(self, request: HttpRequest) -> IncomingCall:
        form = form_of(request)
        return IncomingCall(
            provider_call_id=form.get("CallUUID"),
            caller_number=form.get("From"),
            callee_number=form.get("To"),
            direction=read_direction(form.get("Direction")),
        )

    def connect(self, call: IncomingCall, stream: StreamTarget) -> Document:
        attributes = {
            "bidirectional": "true",
            "keepCallAlive": "true",  # without it the call ends at once
            "audioTrack": "inbound",  # nothing else goes with bidirectional
            "contentType": "audio/x-mulaw;rate=8000",
            "extraHeaders": _extra_headers(call, stream),
            "statusCallbackUrl": stream.status_url,
            **self._of_stream(),
        }
        return xml_document(Verb("Stream", attributes, text=stream.url))

    def _of_stream(self) -> dict[str, str]:
        """What else a descendant says of the stream."""
        return {}

    def reject(self, call: IncomingCall) -> Document:  # noqa: ARG002
        return xml_document(Verb("Hangup", {"reason": "busy"}))

    def status(self, request: HttpRequest) -> StatusReport | None:
        """Of a call, or of its stream, which says nothing that is kept."""
        form = form_of(request)
        if "CallUUID" not in form:
            return None
        return StatusReport(
            form["CallUUID"],
            _STATUSES.get(form.get("CallStatus", "")),
            answered_by=_MACHINE.get(form.get("Machine", "").lower()),
            seconds=read_seconds(form.get("Duration")),
        )


class PlivoWebhooks(PlivoXml):
    """Plivo's, signed."""

    def __init__(self, options: PlivoOptions) -> None:
        self._options = options

    def verify(self, request: HttpRequest, *, now: float) -> Verified:
        return _verify(self._options, request, now)


def _extra_headers(call: IncomingCall, stream: StreamTarget) -> str | None:
    """What comes back at the start: letters and digits only, and not many; the rest is left out."""
    parties = {
        CALLER: (call.caller_number or "").removeprefix("+"),
        CALLEE: (call.callee_number or "").removeprefix("+"),
        DIRECTION: call.direction or "",
    }
    headers = ""
    for name, value in {**parties, **stream.parameters}.items():
        longer = ",".join(filter(None, (headers, f"{name}={value}")))
        if (name + value).isalnum() and longer.isascii() and value and len(longer) <= MOST_HEADER_BYTES:
            headers = longer
    return headers or None


# REST


class PlivoControl(Control):
    """Calls placed, ended and handed over by REST."""

    api = "https://api.plivo.com/v1"
    section = "providers.plivo"

    def __init__(self, options: PlivoAccount) -> None:
        self._options = options

    def place(self, order: CallOrder) -> HttpRequest:
        if order.answer_url is None:
            raise LocalProtocolError(
                "a call is answered through a webhook: server.public_url must be configured"
            )
        fields = {
            "from": order.from_,
            "to": order.to,
            "answer_url": order.answer_url,
            "answer_method": "POST",
            "ring_timeout": order.ring_seconds,
        }
        if order.stream.status_url:
            fields |= dict.fromkeys(("ring_url", "hangup_url"), order.stream.status_url)
        if order.detect_machine:
            fields |= {"machine_detection": "true"}
            if order.stream.status_url:  # with an address it does not hold up the answer
                fields |= {"machine_detection_url": order.stream.status_url}
        return self._request("POST", "", fields)

    def placed(self, response: HttpResponse) -> str | None:
        return json_field(response, "request_uuid")

    def hang_up(self, call: CallDetails) -> HttpRequest:
        return self._request("DELETE", _resource(call))

    def transfer(self, call: CallDetails, to: str, document_url: str | None = None) -> HttpRequest:  # noqa: ARG002
        url = require_option(document_url, "server.public_url")
        return self._request("POST", _resource(call), {"legs": "aleg", "aleg_url": url, "aleg_method": "GET"})

    def outcome(self, response: HttpResponse) -> AfterRequest:
        return after_request(response, already_over=_ALREADY_OVER)

    def _request(self, method: str, resource: str, fields: Mapping[str, object] | None = None) -> HttpRequest:
        account = require_option(self._options.auth_id, f"{self.section}.auth_id")
        token = require_option(self._options.auth_token, f"{self.section}.auth_token")
        body = json_body(fields) if fields else b""
        headers = {
            **self._credential(account, token),
            **({"content-type": "application/json"} if body else {}),
        }
        return HttpRequest(
            method, f"{self.api}/Account/{quote(account, safe='')}/Call/{resource}", headers, body
        )

    def _credential(self, account: str, token: str) -> dict[str, str]:
        return {"authorization": basic(account, token)}


def _resource(call: CallDetails) -> str:
    return quote(require_call(call.provider_call_id), safe="") + "/"


def dial(to: str) -> Document:
    """PlivoXML that puts the caller through to a number."""
    return xml_document(Verb("Dial", {}, Verb("Number", {}, text=to)))


PROVIDER = Provider(
    capabilities=PLIVO,
    title="Plivo",
    options=PlivoOptions,
    door=Door.TOKEN,
    media=lambda options, _grant: PlivoProtocol(big_endian=options.big_endian),
    webhooks=PlivoWebhooks,
    control=PlivoControl,
    dial=dial,
)
