"""The generic protocol: our own, for whatever no other file fits. docs/generic-protocol.md specifies it.

The peer connects, says `start` with the format of its audio, and both sides send audio as binary messages or,
where `start` asks for it, as base64 in JSON. Both are understood at any time. A peer may show its token in
the header `Authorization: Bearer`, in an `auth` before `start`, in `start`, or as a single-use stream token
in the path.
"""

import hmac
from collections.abc import Sequence
from typing import Annotated, assert_never

import msgspec
from msgspec import Meta

from protocols.base import Capabilities, CredentialCheck, Ending
from protocols.commands import AcceptCall, ClearAudio, Command, HangUp, PlayAudio, SendMark, TransferCall
from protocols.errors import CLOSE_POLICY, RemoteProtocolError
from protocols.events import (
    AudioReceived,
    CallDetails,
    CallStarted,
    Event,
)
from protocols.http import HttpRequest
from protocols.provider import SECRET, Door, Grant, Options, Provider, SignatureError, Verified
from protocols.wire import MessageDecoder, encode, read_milliseconds
from protocols.worded import State, Word, WordedProtocol
from protocols.words import (
    AudioData,
    Auth,
    Clear,
    Hangup,
    Mark,
    Ready,
    Start,
    Transfer,
)

__all__ = ["GENERIC", "PROVIDER", "RECONNECT_SECONDS", "GenericOptions", "GenericProtocol", "is_bearer"]

GENERIC = Capabilities(
    name="generic", returns_marks_on_clear=True, hang_up=Ending.IN_BAND, transfer=Ending.IN_BAND
)
TRANSPORTS = ("binary", "json")
BEARER = "bearer "
RECONNECT_SECONDS = 60.0


class GenericOptions(Options, frozen=True, kw_only=True):
    """What a site configures."""

    token: Annotated[
        str | None, Meta(description="the token that the peer shows, in quotes", extra=SECRET)
    ] = None
    keys_in_audio: Annotated[
        bool, Meta(description="true where keys are tones in the audio and the peer says no dtmf")
    ] = False
    reconnects: Annotated[
        bool,
        Meta(description="true where the peer opens a lost socket again, and no two calls have one call_id"),
    ] = False


_DECODER: MessageDecoder[Start | Auth | AudioData | Word] = MessageDecoder(Start | Auth | AudioData | Word)


class GenericProtocol(WordedProtocol):
    """One call on our own wire; `believes`: who is calling is taken from the peer's word.

    `takes_opus`: the peer's audio may be Opus.
    """

    def __init__(
        self,
        capabilities: Capabilities = GENERIC,
        *,
        is_authenticated: bool,
        check: CredentialCheck | None = None,
        believes: bool = True,
        takes_opus: bool = False,
    ) -> None:
        super().__init__(capabilities)
        self._is_authenticated = is_authenticated
        self._check = check
        self._believes = believes
        self._takes_opus = takes_opus
        self._is_accepted = False
        self._speaks_json = False

    def receive(self, message: str | bytes) -> Sequence[Event]:
        if self.is_over:
            return ()
        if isinstance(message, bytes):
            return self._hear(AudioData(audio=message))
        word = _DECODER.decode(message)
        return () if word is None else self._take(word)

    def _take(self, word: Start | Auth | AudioData | Word) -> Sequence[Event]:
        match word:
            case Start():
                return self._start(word)
            case Auth():
                return self._believe(word)
            case AudioData():
                return self._hear(word)
            case _:
                self._require_start(str(word.__struct_config__.tag))
                return self._obey(word)

    def begin_without_setup(self) -> Sequence[Event]:
        self._require_start("silence")
        return ()

    def _say(self, command: Command) -> Sequence[str | bytes]:
        match command:
            case AcceptCall():
                was_accepted, self._is_accepted = self._is_accepted, True
                return () if was_accepted else (encode(Ready()),)
            case PlayAudio(payload=payload):
                return (encode(AudioData(audio=payload)) if self._speaks_json else payload,)
            case SendMark(name=name):
                return (encode(Mark(name=name)),)
            case ClearAudio():
                return (encode(Clear()),)
            case TransferCall() | HangUp():
                return (encode(Transfer(to=command.to) if isinstance(command, TransferCall) else Hangup()),)
            case _:
                assert_never(command)

    def _believe(self, auth: Auth) -> Sequence[Event]:
        if self.state is not State.WAITING:
            raise RemoteProtocolError("auth after start", close_code=CLOSE_POLICY)
        if not self._is_authenticated and not self._is_shown(auth.secret):
            raise RemoteProtocolError("auth: secret: Wrong", close_code=CLOSE_POLICY)
        self._is_authenticated = True
        return ()

    def _start(self, start: Start) -> Sequence[Event]:
        if self.state is not State.WAITING:
            raise RemoteProtocolError("start after start", close_code=CLOSE_POLICY)
        if not self._is_authenticated and not self._is_shown(start.token):
            raise RemoteProtocolError("start: token: Missing or wrong", close_code=CLOSE_POLICY)
        if str(start.version) != "1":
            raise RemoteProtocolError("start: version: Expected 1")
        if start.transport not in TRANSPORTS:
            raise RemoteProtocolError("start: transport: Expected binary or json")
        heard, spoken = start.audio.formats(takes_opus=self._takes_opus)
        details = start.details if self._believes else CallDetails()
        self._speaks_json = start.transport == "json"
        self.state = State.STARTED
        return (CallStarted(details, heard=heard, spoken=spoken),)

    def _is_shown(self, token: str | None) -> bool:
        return self._check is not None and token is not None and self._check(token)

    def _require_start(self, what: str) -> None:
        if self.state is State.WAITING:
            raise RemoteProtocolError(f"{what} before start", close_code=CLOSE_POLICY)

    def _hear(self, audio: AudioData) -> Sequence[Event]:
        self._require_start("audio")
        timestamp_ms = read_milliseconds(audio.timestamp_ms, message="audio")
        return (AudioReceived(audio.audio, timestamp_ms),) if audio.audio else ()


def is_bearer(request: HttpRequest, token: str | None) -> bool:
    """Whether the request shows this token, compared in constant time; False where it shows none.

    Raises:
        SignatureError: it shows another.

    """
    offered = request.headers.get("authorization")
    if offered is None:
        return False
    is_right = token is not None and offered.lower().startswith(BEARER)
    if not is_right or not hmac.compare_digest(
        offered[len(BEARER) :].strip().encode(errors="surrogateescape"), (token or "").encode()
    ):
        raise SignatureError("the header Authorization shows another token than the one that is configured")
    return True


def _admit(options: GenericOptions, request: HttpRequest, _now: float) -> Verified | None:
    return Verified() if is_bearer(request, options.token) else None


def _check(options: GenericOptions) -> CredentialCheck:
    expected = options.token
    return lambda offered: expected is not None and hmac.compare_digest(offered.encode(), expected.encode())


def _capabilities(options: GenericOptions) -> Capabilities:
    if not options.keys_in_audio and not options.reconnects:
        return GENERIC
    return msgspec.structs.replace(
        GENERIC,
        sends_keys=not options.keys_in_audio,
        reconnect_seconds=RECONNECT_SECONDS if options.reconnects else 0.0,
    )


def _media(options: GenericOptions, grant: Grant) -> GenericProtocol:
    return GenericProtocol(_capabilities(options), is_authenticated=grant.is_authenticated, check=grant.check)


PROVIDER = Provider(
    capabilities=GENERIC,
    title="Generic",
    options=GenericOptions,
    door=Door.IN_BAND,
    media=_media,
    admit=_admit,
    in_band=_check,
    is_guarded=lambda options: options.token is not None,
    takes_service_secret=True,
)
