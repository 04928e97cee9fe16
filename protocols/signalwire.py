"""SignalWire's cXML streams (`<Connect><Stream>`): Twilio's messages with fewer identifiers and wider audio.

Sources: signalwire.com/docs, compatibility API: cXML `<Stream>`, "Create a call", "Update a call"; the SWML
guide "Webhook security". What differs from `protocols.twilio`:

- `start` and `media` name no stream beside `start.streamSid`; `mark` has no number, `stop` no contents, and
  keys may be A to D. Sending keys is possible, and of no use here.
- The stream's codec, mu-law, or L16 at 16 or 24 kHz, is ours to choose; `start` says it, the same both ways.
  The byte order of L16 is not documented: low byte first is assumed, and an option.
- The socket may carry a bearer token besides the single-use token in its path.
- Webhooks are signed with hex HMACs of address and raw body, SHA-256 where it is there, else SHA-1; or as
  Twilio does. None has a time in it, so a replay cannot be told from a repetition.
- REST takes no documents, only addresses: a call is placed with our webhook, and handed over by a
  document of ours.
"""

import hmac
from collections.abc import Iterator, Mapping
from typing import Annotated, Literal
from urllib.parse import quote

from msgspec import Meta

from protocols.audio import MULAW_8K, AudioFormat, Encoding
from protocols.base import Capabilities, Ending
from protocols.errors import RemoteProtocolError
from protocols.http import Document, HttpRequest, basic, require_option
from protocols.provider import (
    SECRET,
    CallOrder,
    Door,
    Grant,
    IncomingCall,
    Options,
    Provider,
    SignatureError,
    StreamTarget,
    Verified,
)
from protocols.twilio import MediaFormat, TwilioProtocol
from protocols.twilio_dialect import FormWebhooks, ResourceControl, connect, form_signatures, spellings
from protocols.xml import Verb, xml_document

__all__ = ["PROVIDER", "SignalWireControl", "SignalWireOptions", "SignalWireProtocol", "SignalWireWebhooks"]

SIGNALWIRE = Capabilities(name="signalwire", returns_marks_on_clear=True, transfer=Ending.REST)


class SignalWireOptions(Options, frozen=True, kw_only=True):
    """What a site configures."""

    space: Annotated[str | None, Meta(description="the space, as in SPACE.signalwire.com")] = None
    project_id: Annotated[str | None, Meta(description="the project's identifier")] = None
    api_token: Annotated[str | None, Meta(description="the API token, in quotes", extra=SECRET)] = None
    signing_key: Annotated[
        str | None,
        Meta(description="the signing key; two, with a space between, while they change", extra=SECRET),
    ] = None
    stream_token: Annotated[
        str | None, Meta(description="the bearer token of media sockets, in quotes", extra=SECRET)
    ] = None
    codec: Annotated[
        Literal["PCMU@8000h", "L16@16000h", "L16@24000h"],
        Meta(description="PCMU@8000h, L16@16000h or L16@24000h: what streams are opened with"),
    ] = "PCMU@8000h"
    l16_big_endian: Annotated[bool, Meta(description="true: L16 comes and goes with its high byte first")] = (
        False
    )


class SignalWireProtocol(TwilioProtocol):
    """One stream on SignalWire's wire."""

    def __init__(self, *, l16_big_endian: bool = False) -> None:
        super().__init__(SIGNALWIRE)
        self._l16_big_endian = l16_big_endian

    def read_formats(self, found: MediaFormat) -> tuple[AudioFormat, AudioFormat]:
        match found.encoding.lower(), str(found.sample_rate), str(found.channels):
            case "audio/x-mulaw", "8000", "1":
                chosen = MULAW_8K
            case "audio/x-l16", "16000" | "24000" as rate, "1":
                chosen = AudioFormat(Encoding.LINEAR, int(rate), self._l16_big_endian)
            case _:
                raise RemoteProtocolError(
                    "start: mediaFormat: Expected mu-law, or L16 at 16000 or 24000 hertz"
                )
        return chosen, chosen


def _media(options: SignalWireOptions, _grant: Grant) -> SignalWireProtocol:
    return SignalWireProtocol(l16_big_endian=options.l16_big_endian)


def _admit(options: SignalWireOptions, request: HttpRequest, _now: float) -> Verified | None:
    """The bearer token that our document had the stream opened with."""
    expected = f"Bearer {options.stream_token}"
    if not hmac.compare_digest(request.headers.get("authorization", "").encode(), expected.encode()):
        raise SignatureError("the Authorization header does not carry the configured stream_token")
    return Verified()


def _hex_signatures(key: str, request: HttpRequest, digest: str) -> Iterator[str]:
    for url in spellings(request.url):
        yield hmac.digest(key.encode(), url.encode() + request.body, digest).hex()


def _candidates(key: str, request: HttpRequest) -> Iterator[str]:
    """What the SHA-1 header may be: SignalWire's own signature, or the one that imitates Twilio's."""
    yield from _hex_signatures(key, request, "sha1")
    try:
        yield from form_signatures(key, request)
    except SignatureError:
        return  # a body that only SignalWire's own signature covers


class SignalWireWebhooks(FormWebhooks):
    """Voice webhooks, answered with cXML."""

    def __init__(self, options: SignalWireOptions) -> None:
        self._options = options

    def verify(self, request: HttpRequest, *, now: float) -> Verified:  # noqa: ARG002
        keys = (self._options.signing_key or "").split()
        if not keys:
            raise SignatureError("providers.signalwire.signing_key is not configured, nothing can be checked")
        offered = request.headers.get("x-signalwire-sha256-signature")
        if offered is not None:
            expected = [each for key in keys for each in _hex_signatures(key, request, "sha256")]
        else:
            offered = request.headers.get("x-signalwire-signature") or request.headers.get(
                "x-twilio-signature"
            )
            expected = [each for key in keys for each in _candidates(key, request)]
        if not any(hmac.compare_digest((offered or "").encode(), each.encode()) for each in expected):
            raise SignatureError("the signature is missing or wrong: check signing_key and server.public_url")
        return Verified()

    def connect(self, call: IncomingCall, stream: StreamTarget) -> Document:
        return connect(call, stream, codec=self._options.codec, authBearerToken=self._options.stream_token)


class SignalWireControl(ResourceControl):
    """Calls placed, ended and handed over by REST."""

    def __init__(self, options: SignalWireOptions) -> None:
        self._options = options

    def calls(self) -> str:
        space = require_option(self._options.space, "providers.signalwire.space")
        host = space if "." in space else f"{space}.signalwire.com"
        return f"https://{host}/api/laml/2010-04-01/Accounts/{quote(self._project(), safe='')}/Calls"

    def authorization(self) -> str:
        token = require_option(self._options.api_token, "providers.signalwire.api_token")
        return basic(self._project(), token)

    def answer_fields(self, order: CallOrder) -> Mapping[str, str]:
        return {"Url": require_option(order.answer_url, "server.public_url")}

    def transfer_fields(self, to: str, document_url: str | None) -> Mapping[str, str]:  # noqa: ARG002
        return {"Url": require_option(document_url, "server.public_url")}

    def _project(self) -> str:
        return require_option(self._options.project_id, "providers.signalwire.project_id")


PROVIDER = Provider(
    capabilities=SIGNALWIRE,
    title="SignalWire",
    options=SignalWireOptions,
    door=Door.TOKEN,
    media=_media,
    admit=_admit,
    is_guarded=lambda options: options.stream_token is not None,
    webhooks=SignalWireWebhooks,
    control=SignalWireControl,
    dial=lambda to: xml_document(Verb("Dial", {}, text=to)),
)
