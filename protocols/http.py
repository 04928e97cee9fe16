"""HTTP as values: what a provider asks of us, and what we ask of it. The bridge does the sending."""

from collections.abc import Mapping
from typing import TypeVar
from urllib.parse import parse_qsl, urlsplit

import msgspec
from msgspec import Struct

from protocols.errors import RemoteProtocolError

__all__ = ["Document", "HttpRequest", "HttpResponse", "form_of", "json_body", "json_of"]

StructT = TypeVar("StructT", bound=Struct)


class HttpRequest(Struct, frozen=True):
    """A request, whichever side sends it. Names of headers are in lower case."""

    method: str
    url: str  # whole, as the sender knows it: behind a proxy, by its public origin
    headers: Mapping[str, str] = {}
    body: bytes = b""

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
