"""HTTP as values: what a provider asks of us, and what we ask of it. The bridge does the sending."""

import base64
from collections.abc import Mapping
from typing import TypeVar
from urllib.parse import parse_qsl, urlsplit

import msgspec
from msgspec import Struct

from protocols.errors import LocalProtocolError, RemoteProtocolError

__all__ = [
    "Document",
    "HttpRequest",
    "HttpResponse",
    "basic",
    "form_of",
    "json_body",
    "json_document",
    "json_field",
    "json_of",
    "require_call",
    "require_option",
]

StructT = TypeVar("StructT", bound=Struct)


class HttpRequest(Struct, frozen=True):
    """A request, whichever side sends it. Names of headers are in lower case."""

    method: str
    url: str  # whole, as the sender knows it: behind a proxy, by its public origin
    headers: Mapping[str, str] = {}
    body: bytes = b""
    # Of one that we send: where the provider takes passing tokens only, what fetches one first (RFC 6749
    # section 4.4). The `access_token` of its answer goes into this request's `authorization`, as Bearer.
    login: "HttpRequest | None" = None

    @property
    def path(self) -> str:
        """The path, without the query."""
        return urlsplit(self.url).path

    @property
    def query(self) -> dict[str, str]:
        """The parameters behind the question mark; of repeated ones the last."""
        return dict(parse_qsl(urlsplit(self.url).query, keep_blank_values=True))


class HttpResponse(Struct, frozen=True):
    """What came back."""

    status: int
    body: bytes = b""


class Document(Struct, frozen=True):
    """What a webhook is answered with."""

    content_type: str
    body: bytes
    status: int = 200
    then: tuple[HttpRequest, ...] = ()  # to be sent as well: some providers' calls are answered by a request


def form_of(request: HttpRequest) -> dict[str, str]:
    """The fields of a form, in the body or, of a GET, in the query; of repeated ones the last.

    Raises:
        RemoteProtocolError: it is no form.

    """
    if request.method == "GET":
        return request.query
    try:
        return dict(parse_qsl(request.body.decode(), keep_blank_values=True, max_num_fields=200))
    except ValueError:
        raise RemoteProtocolError("webhook: Expected the fields of a form") from None


def json_of(body: bytes, kind: type[StructT]) -> StructT:
    """The body as a struct of this kind.

    Raises:
        RemoteProtocolError: it is not JSON, or a field is missing or of the wrong type.

    """
    try:
        return msgspec.json.decode(body, type=kind)
    except (msgspec.DecodeError, UnicodeError, RecursionError):
        raise RemoteProtocolError(f"webhook: Expected a {kind.__name__} as JSON") from None


def json_body(value: object) -> bytes:
    """A value as the body of a request."""
    return msgspec.json.encode(value)


def json_document(value: object, status: int = 200) -> Document:
    """A value as an answer in JSON."""
    return Document("application/json", json_body(value), status)


def json_field(response: HttpResponse, *path: str) -> str | None:
    """A text in the JSON of a response, by the names that lead to it; None when it is not there."""
    try:
        value = msgspec.json.decode(response.body)
    except (msgspec.DecodeError, UnicodeError, RecursionError):
        return None
    for name in path:
        value = value.get(name) if isinstance(value, dict) else None
    return value if isinstance(value, str) else None


def basic(user: str, password: str) -> str:
    """The value of an `Authorization` header, RFC 7617."""
    return "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()


def require_option(value: str | None, name: str) -> str:
    """An option that a request cannot do without.

    Raises:
        LocalProtocolError: it is not configured.

    """
    if value is None:
        raise LocalProtocolError(f"{name} is not configured: it is needed to ask anything of this provider")
    return value


def require_call(identifier: str | None) -> str:
    """The provider's identifier of a call.

    Raises:
        LocalProtocolError: the call has none.

    """
    if identifier is None:
        raise LocalProtocolError("the provider gave this call no identifier: nothing can be asked of it")
    return identifier
