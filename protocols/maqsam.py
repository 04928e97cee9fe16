"""Maqsam's voice-agent WebSocket: JSON text frames tagged by `type`, mu-law 8 kHz both ways.

Source: Maqsam's "Voice agent integration", revision of 2025, "the document" below. What becomes of the
call once our socket is gone is not known here.

The rules behind the states and the table `_SENDABLE`:

- Maqsam introduces the call with `session.setup`, whichever way it authenticates (header `Auth`, or
  `apiKey` in the setup). Two setups are tolerated: the document shows one with the key and another with
  the context.
- No audio comes before our `session.ready`, said once. Whether it may precede the setup is not
  documented, so a call whose header was good begins without a setup only after a grace.
- After `call.redirect` or `call.hangup` the call is Maqsam's; what was still on its way to us is ignored.
- A type that we do not know is ignored. No message says that the caller hung up: the socket closes.
"""

import hmac
from collections.abc import Sequence
from enum import StrEnum
from typing import Annotated, assert_never

from msgspec import Meta, Raw, Struct, field

from protocols.base import Capabilities, CredentialCheck, Ending, MediaProtocol
from protocols.commands import AcceptCall, ClearAudio, Command, HangUp, PlayAudio, SendMark, TransferCall
from protocols.errors import CLOSE_POLICY, LocalProtocolError, RemoteProtocolError
from protocols.events import AudioReceived, CallDescribed, CallDetails, CallStarted, DtmfReceived, Event
from protocols.http import HttpRequest
from protocols.marks import PendingMarks
from protocols.provider import SECRET, Door, Grant, Options, Provider, SignatureError, Verified
from protocols.wire import MessageDecoder, encode, read_custom, read_direction, read_key

__all__ = ["PROVIDER", "MaqsamOptions", "MaqsamProtocol"]

MAQSAM = Capabilities(
    name="maqsam",
    hang_up=Ending.IN_BAND,  # Maqsam's own flow goes on
    transfer=Ending.IN_BAND,  # to wherever that flow leads: the wire names no number
    setup_grace_seconds=1.0,  # undocumented; long enough for a setup that was sent with the upgrade
)


class MaqsamOptions(Options, frozen=True, kw_only=True):
    """What a site configures."""

    token: Annotated[
        str | None, Meta(description="the token that Maqsam sends with each call, in quotes", extra=SECRET)
    ] = None


class State(StrEnum):
    """How far one call has come."""

    WAITING = "waiting for its setup"
    STARTED = "introduced"
    ACCEPTED = "accepted"
    RELEASED = "handed back"


_ENDINGS = frozenset[type[Command]]({TransferCall, HangUp})
_SENDABLE: dict[State, frozenset[type[Command]]] = {
    State.WAITING: frozenset(),
    State.STARTED: _ENDINGS | {AcceptCall},
    State.ACCEPTED: _ENDINGS | {AcceptCall, PlayAudio, SendMark, ClearAudio},
    State.RELEASED: frozenset({HangUp}),  # says nothing: what is over stays over
}


class _Message(Struct, tag_field="type", frozen=True):
    pass


class Context(Struct, frozen=True):
    """What a setup tells of the call. In the document's sample `id` is a number, and numbers have no plus."""

    id: int | str | None = None
    caller_number: int | str | None = None
    callee_number: int | str | None = None
    direction: str | None = None
    custom: dict[str, Raw] | None = None  # campaign variables of any type


class SetupData(Struct, frozen=True):
    context: Context | None = None
    custom: dict[str, Raw] | None = None  # the document's prose leaves open which level it sits at


class Setup(_Message, tag="session.setup", frozen=True):
    api_key: str | None = field(name="apiKey", default=None)
    data: SetupData | None = None

    @property
    def details(self) -> CallDetails:
        data = self.data or SetupData()
        context = data.context or Context()
        return CallDetails(
            provider_call_id=_filled(context.id),
            caller_number=_filled(context.caller_number),
            callee_number=_filled(context.callee_number),
            direction=read_direction(context.direction),
            custom=read_custom({**(data.custom or {}), **(context.custom or {})}),
        )


class Audio(Struct, frozen=True):
    audio: bytes


class AudioInput(_Message, tag="audio.input", frozen=True):
    data: Audio


class Label(Struct, frozen=True):
    label: str


class Mark(_Message, tag="call.mark", frozen=True):
    """Goes both ways: ours asks, theirs is the echo "after all the audio prior to the mark has played"."""

    data: Label


class Digit(Struct, frozen=True):
    digit: int | str  # the document writes it without quotes


class Dtmf(_Message, tag="call.dtmf", frozen=True):
    data: Digit


class SessionReady(_Message, tag="session.ready", frozen=True):
    pass


class ResponseStream(_Message, tag="response.stream", frozen=True):
    data: Audio


class SpeechStarted(_Message, tag="speech.started", frozen=True):
    """Ours in spite of its name: the caller speaks, so Maqsam is to drop what it has not played."""


class Redirect(_Message, tag="call.redirect", frozen=True):
    pass


class Hangup(_Message, tag="call.hangup", frozen=True):
    pass


InCall = AudioInput | Mark | Dtmf
Incoming = Setup | InCall
_DECODER: MessageDecoder[Incoming] = MessageDecoder(Incoming)


class MaqsamProtocol(MediaProtocol):
    """One call on Maqsam's wire.

    `authenticated`: the upgrade's header was good, or no credential is configured; a key in the setup is not
    looked at then. Otherwise `check` is asked about it, and no call begins before it agrees.
    """

    def __init__(self, *, authenticated: bool, check: CredentialCheck | None) -> None:
        self.state = State.WAITING
        self._authenticated = authenticated
        self._check = check
        self._marks = PendingMarks()

    @property
    def capabilities(self) -> Capabilities:
        return MAQSAM

    def receive(self, message: str | bytes) -> Sequence[Event]:
        if self.state is State.RELEASED:
            return ()
        incoming = _DECODER.decode(message)
        match incoming:
            case None:
                return ()
            case Setup():
                return self._introduce(incoming)
            case _:
                return self._in_call(incoming)

    def begin_without_setup(self) -> Sequence[Event]:
        if self.state is not State.WAITING:
            return ()
        self._require_authentication("no session.setup has arrived with a credential")
        return self._begin(CallDetails())

    def send(self, command: Command) -> Sequence[str]:
        if type(command) not in _SENDABLE[self.state]:
            raise LocalProtocolError(f"{type(command).__name__} when the call is {self.state}")
        match command:
            case AcceptCall():
                return self._accept()
            case PlayAudio():
                return (encode(ResponseStream(Audio(command.payload))),) if command.payload else ()
            case SendMark():
                self._marks.send(command.name)
                return (encode(Mark(Label(command.name))),)
            case ClearAudio():
                self._marks.clear()
                return (encode(SpeechStarted()),)
            case TransferCall():
                return self._release(Redirect())
            case HangUp():
                return self._release(Hangup())
            case _:
                assert_never(command)

    def _in_call(self, incoming: InCall) -> Sequence[Event]:
        if self.state is State.WAITING:
            self._require_authentication("a message other than session.setup before any credential")
            return ()  # nobody listens yet: the setup, or the grace that replaces it, is under way
        match incoming:
            case AudioInput():
                return (AudioReceived(incoming.data.audio),)
            case Dtmf():
                return (DtmfReceived(read_key(incoming.data.digit, message="call.dtmf")),)
            case Mark():
                return self._marks.receive(incoming.data.label)
            case _:
                assert_never(incoming)

    def _introduce(self, setup: Setup) -> Sequence[Event]:
        self._authenticate(setup.api_key)
        details = setup.details
        if self.state is State.WAITING:
            return self._begin(details)
        return (CallDescribed(details),) if details != CallDetails() else ()

    def _begin(self, details: CallDetails) -> Sequence[Event]:
        self.state = State.STARTED
        return (CallStarted(details),)

    def _authenticate(self, api_key: str | None) -> None:
        if not self._authenticated and api_key is not None and self._check is not None:
            self._authenticated = self._check(api_key)
        self._require_authentication(
            f"session.setup: apiKey: {'Missing' if api_key is None else 'Not the right one'}"
        )

    def _require_authentication(self, complaint: str) -> None:
        if not self._authenticated:
            raise RemoteProtocolError(complaint, close_code=CLOSE_POLICY)

    def _accept(self) -> Sequence[str]:
        if self.state is State.ACCEPTED:
            return ()
        self.state = State.ACCEPTED
        return (encode(SessionReady()),)

    def _release(self, last_word: Redirect | Hangup) -> Sequence[str]:
        if self.state is State.RELEASED:
            return ()
        self.state = State.RELEASED
        return (encode(last_word),)


def _filled(value: int | str | None) -> str | None:
    """A number or a string as text; an empty string is no fact."""
    return None if value in (None, "") else str(value)


# The credential: the header `Auth` of the upgrade, or the setup's `apiKey`


def _is_token(options: MaqsamOptions, offered: str) -> bool:
    return hmac.compare_digest(offered.strip().encode(), (options.token or "").encode())


def _admit(options: MaqsamOptions, request: HttpRequest, _now: float) -> Verified | None:
    """Deployments were seen that send `Authorization: Bearer` instead of the documented `Auth`."""
    offered = request.headers.get("auth") or request.headers.get("authorization")
    if offered is None:
        return None
    if not _is_token(options, offered.removeprefix("Bearer ")):
        raise SignatureError("the Auth header does not carry the configured token")
    return Verified()


def _media(_options: MaqsamOptions, grant: Grant) -> MaqsamProtocol:
    return MaqsamProtocol(authenticated=grant.is_authenticated, check=grant.check)


PROVIDER = Provider(
    capabilities=MAQSAM,
    title="Maqsam",
    options=MaqsamOptions,
    door=Door.IN_BAND,
    media=_media,
    admit=_admit,
    in_band=lambda options: lambda offered: _is_token(options, offered),
    is_guarded=lambda options: options.token is not None,
    how_to_dial=(
        "Maqsam dials by its own campaigns: upload the audience in its portal, with what calls are to know "
        "as variables, and let the campaign's agent be this address"
    ),
)
