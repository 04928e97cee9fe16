"""All that Hatif knows of one provider: its wire, its credentials, its webhooks and its REST interface.

A provider's file ends in one `Provider`; the registry lists them, and nothing else of Hatif names one.
"""

from collections.abc import Callable, Collection, Sequence
from enum import StrEnum
from typing import Annotated, Generic, Protocol, TypeVar

from msgspec import Meta, Struct

from protocols.base import Capabilities, CredentialCheck, MediaProtocol
from protocols.events import CallDetails, Complained, Direction, ReplyDue
from protocols.http import Document, HttpRequest, HttpResponse

__all__ = [
    "SECRET",
    "AfterRequest",
    "Application",
    "ApplicationEvent",
    "ApplicationSocket",
    "CallOffered",
    "CallOrder",
    "CallStatus",
    "Control",
    "Door",
    "Grant",
    "IncomingCall",
    "Options",
    "Provider",
    "Secret",
    "SignatureError",
    "StatusReport",
    "StreamTarget",
    "UnsignedError",
    "Verified",
    "Webhooks",
    "after_request",
]

OptionsT = TypeVar("OptionsT", bound="Options")

SECRET = {"secret": True}
Secret = Annotated[str | None, Meta(description="the secret, in quotes", extra=SECRET)]  # never shown


class Options(Struct, frozen=True, kw_only=True):
    """What a site configures of one provider, under `providers.NAME`.

    A field is text, a number or true/false, all with defaults. `Meta(description=...)` says what it must be
    (the sentence goes on after "it must be"); what must never be shown is a `Secret`.
    """

    enabled: Annotated[bool, Meta(description="true or false")] = True
    api_url: Annotated[
        str | None, Meta(description="the origin of its REST interface in your region, https://...")
    ] = None


class SignatureError(Exception):
    """What was sent does not prove where it came from. The text is for the log; the sender learns nothing."""


class UnsignedError(SignatureError):
    """There is no signature at all, and the provider says that it sends such a request again, signed.

    It is asked to with 503. What is signed wrongly is not worth another try. Nothing is believed either way.
    """


# The socket


class Grant(Struct, frozen=True, kw_only=True):
    """How a socket was let in."""

    request: HttpRequest  # the upgrade, without its secrets' meaning: path, query and headers
    is_authenticated: bool  # False: a credential must come in band
    check: CredentialCheck | None = None  # of a credential that comes in band


class Door(StrEnum):
    """What opens a provider's media socket."""

    TOKEN = "token"  # noqa: S105 - a single-use stream token in the path: the socket has no credential of its own
    CREDENTIAL = "credential"  # the upgrade carries one, see `Provider.admit`
    IN_BAND = "in band"  # the upgrade may carry one; else a message does, see `Provider.in_band`


class Verified(Struct, frozen=True):
    """A signature was good. With a key it is good once, until then (seconds since the epoch)."""

    replay_key: str | None = None
    until: float = 0.0


# Webhooks


class IncomingCall(Struct, frozen=True):
    """What a webhook says of the call that it asks about."""

    provider_call_id: str | None = None
    caller_number: str | None = None
    callee_number: str | None = None
    direction: Direction | None = None

    @property
    def own_number(self) -> str | None:
        """The number of ours that it is about: the caller of an outbound call, else the callee."""
        return self.caller_number if self.direction is Direction.OUTBOUND else self.callee_number


class StreamTarget(Struct, frozen=True):
    """Where the provider is to open the media socket, and what it is to bring along."""

    url: str  # wss://..., a stream token at its end
    status_url: str | None = None
    parameters: dict[str, str] = {}  # handed back at the start of the stream, where the wire has a place


class CallStatus(StrEnum):
    """How far a phone call has come, in the order in which it can: a report never leads backwards."""

    INITIATED = "initiated"
    RINGING = "ringing"
    IN_PROGRESS = "in_progress"
    COMPLETED = "completed"
    BUSY = "busy"
    NO_ANSWER = "no_answer"
    CANCELED = "canceled"
    FAILED = "failed"

    @property
    def rank(self) -> int:
        """0, 1, 2; whatever is final has 3."""
        return min(3, list(CallStatus).index(self))


class StatusReport(Struct, frozen=True):
    """A status callback."""

    provider_call_id: str
    status: CallStatus | None  # None: nothing that we keep
    answered_by: str | None = None  # what answering-machine detection says, in the provider's words
    seconds: float | None = None  # that the call lasted


class Webhooks(Protocol):
    """What the provider asks us over HTTP."""

    def verify(self, request: HttpRequest, *, now: float) -> Verified:
        """Check the signature on the raw bytes, in constant time. `now`: seconds since the epoch.

        Raises:
            SignatureError: it is missing, wrong or too old.

        """
        ...

    def incoming(self, request: HttpRequest) -> IncomingCall:
        """The call that is to be answered.

        Raises:
            RemoteProtocolError: a field that is needed is missing or of the wrong type.

        """
        ...

    def connect(self, call: IncomingCall, stream: StreamTarget) -> Document:
        """Answer the call, and open the media socket."""
        ...

    def reject(self, call: IncomingCall) -> Document:
        """Refuse the call: we are busy, or going down."""
        ...

    def status(self, request: HttpRequest) -> StatusReport | None:
        """What a status callback says; None when it is about no call.

        Raises:
            RemoteProtocolError: it is malformed.

        """
        ...


# The application socket


class CallOffered(Struct, frozen=True):
    """Answer this call, or refuse it."""

    call: IncomingCall


ApplicationEvent = CallOffered | StatusReport | ReplyDue | Complained


class Application(Protocol):
    """A socket of one call on which the provider asks and reports, and takes orders: as a machine."""

    @property
    def call(self) -> IncomingCall | None:
        """The call that it is about, as soon as that is known."""
        ...

    def receive(self, message: str | bytes) -> Sequence[ApplicationEvent]:
        """Translate one message.

        Raises:
            RemoteProtocolError: it is malformed, or offers a second call.

        """
        ...

    def connect(self, stream: StreamTarget) -> str:
        """Answer the call that was offered, and open its media socket."""
        ...

    def reject(self) -> str:
        """Refuse the call that was offered."""
        ...

    def transfer(self, to: str) -> str:
        """Put the caller through to a number."""
        ...

    def hang_up(self) -> str:
        """End the call."""
        ...


class ApplicationSocket(Struct, Generic[OptionsT], frozen=True):
    """Who may open such a socket, and what speaks on it."""

    subprotocol: str
    machine: Callable[[OptionsT], Application]
    admit: Callable[[OptionsT, HttpRequest], None]  # raises SignatureError
    is_guarded: Callable[[OptionsT], bool]  # where it is not, only this machine is served


# REST


class CallOrder(Struct, frozen=True, kw_only=True):
    """A call to be placed."""

    to: str  # E.164, with its plus
    from_: str
    stream: StreamTarget
    answer_url: str | None = None  # our webhook, where the provider asks for one
    ring_seconds: int = 30
    detect_machine: bool = False
    order_id: str  # ours, unique: what makes a repeated request harmless where the provider honours it


class AfterRequest(StrEnum):
    """What a provider's response means."""

    DONE = "done"  # also when there was nothing left to do: the call was over already
    AGAIN = "again"  # too many requests, or the provider is in trouble: try later
    REFUSED = "refused"


_TRY_AGAIN = (408, 425, 429)


def after_request(response: HttpResponse, *, already_over: Collection[int] = ()) -> AfterRequest:
    """What a status code means; `already_over`: those with which this provider says that the call is gone."""
    if response.status in range(200, 300) or response.status in already_over:
        return AfterRequest.DONE
    if response.status in _TRY_AGAIN or response.status in range(500, 600):
        return AfterRequest.AGAIN
    return AfterRequest.REFUSED


class Control(Protocol):
    """What we ask of the provider over HTTP. Requests are values; the bridge sends them."""

    def place(self, order: CallOrder) -> HttpRequest:
        """Dial.

        Raises:
            LocalProtocolError: this provider is not dialled like that; the text says how.

        """
        ...

    def placed(self, response: HttpResponse) -> str | None:
        """The provider's identifier of a call that was placed; None when there is none."""
        ...

    def hang_up(self, call: CallDetails) -> HttpRequest:
        """End the phone call.

        Raises:
            LocalProtocolError: the call has no identifier.

        """
        ...

    def transfer(self, call: CallDetails, to: str, document_url: str | None = None) -> HttpRequest:
        """Put the caller through to a number.

        `document_url` is where `Provider.dial`'s document is to be had: some interfaces take addresses only.
        """
        ...

    def outcome(self, response: HttpResponse) -> AfterRequest:
        """What a response to any of these means."""
        ...


class Provider(Struct, Generic[OptionsT], frozen=True, kw_only=True):
    """One provider. Callables take the site's options, and a time as seconds since the epoch."""

    capabilities: Capabilities
    title: str  # as it writes itself
    options: type[OptionsT]
    door: Door
    media: Callable[[OptionsT, Grant], MediaProtocol]
    # Checks what the upgrade carries, and raises SignatureError where that is wrong or missing. None: there
    # is no credential, and it may come in band.
    admit: Callable[[OptionsT, HttpRequest, float], Verified | None] | None = None
    in_band: Callable[[OptionsT], CredentialCheck] | None = None
    # Whether the secret that this site shares with other services is as good as the provider's own
    # credential: only where the wire is ours, since no carrier is told that secret.
    takes_service_secret: bool = False
    # Whether a credential of the socket is configured; where none is, only this machine is served.
    is_guarded: Callable[[OptionsT], bool] | None = None
    webhooks: Callable[[OptionsT], Webhooks] | None = None
    application: ApplicationSocket[OptionsT] | None = None
    control: Callable[[OptionsT], Control] | None = None
    # Whether calls that were placed are fetched by us: no address of ours is then needed, and the
    # questionnaire goes along as a parameter.
    fetches: Callable[[OptionsT], bool] | None = None
    how_to_dial: str = ""  # a sentence, where no request of ours does it
    # The document that puts a caller through to a number, where `control.transfer` needs one.
    dial: Callable[[str], Document] | None = None
    # Adds to a request of `control`, at the time of sending, what proves who asks and passes soon: a JWT.
    authorize: Callable[[OptionsT, HttpRequest, float], HttpRequest] | None = None

    @property
    def name(self) -> str:
        """As in addresses, configuration and records."""
        return self.capabilities.name
