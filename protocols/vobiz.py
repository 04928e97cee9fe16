"""Vobiz, whose wire, documents and REST interface are Plivo's (see `protocols.plivo`) but for what is here.

Source: github.com/vobiz-ai/Agent-Skills, `skills/vobiz-audio-streams`, `-voice-calls` and
`-plivo-migration`, and notes of a project that uses it:

- Media has come before `start`; no `stop` comes: the socket closes. `playedStream` names no stream.
- After `clearAudio` nothing may be played before `clearedAudio`, or the flush takes it along. So what we say
  in between is held back here. A `clearedAudio` that does not come is waited for while a second of the
  caller's audio goes by, there being no other clock; whether it comes when nothing was playing is not said.
- Our `stop` ends the stream, and the document of ours that opened it, and so the call.
- `maxRetries` of `<Stream>` (0 to 10, 0 if not said) has a dropped socket opened again, at the same address:
  a fresh `start` with the same `callId` and another `streamId`. How long that takes is not said.
- L16 is big-endian towards us and little-endian from us.
- Signatures cover the address, neither its query nor the body, and may be absent altogether: what is
  unsigned is let in only where the site says so. The names of the nonces' headers are recalled from Plivo's.
- Documents disagree whether the address of a call ends in a slash; ours do, as those of the transfer.
"""

from collections.abc import Sequence
from typing import Annotated

from msgspec import Meta, structs

from protocols.base import Capabilities, Ending
from protocols.commands import ClearAudio, Command, HangUp, PlayAudio, SendMark
from protocols.events import AudioReceived, Event, ReplyDue
from protocols.http import HttpRequest
from protocols.plivo import NONCE_SECONDS, PlivoAccount, PlivoControl, PlivoXml, addresses, dial, is_signed
from protocols.plivo_dialect import (
    OutgoingMedia,
    PlayAudioMessage,
    PlivoDialect,
    StopMessage,
)
from protocols.provider import Door, Provider, SignatureError, Verified
from protocols.streaming import State
from protocols.wire import encode

__all__ = [
    "MOST_FLUSH_SECONDS",
    "PROVIDER",
    "RECONNECT_SECONDS",
    "VobizControl",
    "VobizOptions",
    "VobizProtocol",
    "VobizWebhooks",
]

RECONNECT_SECONDS = 60.0  # long enough for its retries; afterwards a caller has been left alone too long

VOBIZ = Capabilities(
    name="vobiz", hang_up=Ending.IN_BAND, transfer=Ending.REST, reconnect_seconds=RECONNECT_SECONDS
)
_ONE_SOCKET = structs.replace(VOBIZ, reconnect_seconds=0.0)

MOST_FLUSH_SECONDS = 1.0  # of the caller's audio


class VobizOptions(PlivoAccount, frozen=True, kw_only=True):
    """What a site configures."""

    require_signature: Annotated[
        bool, Meta(description="true, or false: webhooks without any signature are believed")
    ] = True
    max_retries: Annotated[
        int,
        Meta(ge=0, le=10, description="0 to 10: how often a socket that was lost is opened again in a call"),
    ] = 3


class VobizProtocol(PlivoDialect):
    """One stream on Vobiz's wire."""

    def __init__(self, capabilities: Capabilities = VOBIZ) -> None:
        super().__init__(capabilities, heard_big_endian=True)
        self._held: list[str | bytes] | None = (
            None  # what may be said after the flush; None: none is under way
        )
        self._waited_bytes = 0  # of the caller's audio since it began

    def receive(self, message: str | bytes) -> Sequence[Event]:
        events = super().receive(message)
        if self._held is None:
            return events
        self._waited_bytes += sum(len(event.payload) for event in events if isinstance(event, AudioReceived))
        is_over = self._waited_bytes >= MOST_FLUSH_SECONDS * self._heard.bytes_per_second
        return (*events, *self._cleared()) if is_over else events

    def _say(self, command: Command) -> Sequence[str | bytes]:
        was_released = self.state is State.RELEASED
        messages = super()._say(command)
        match command:
            case ClearAudio():
                return self._flush(messages)
            case PlayAudio() | SendMark() if self._held is not None:
                self._held += messages
                return ()
            case HangUp() if not was_released:
                return (encode(StopMessage(self._stream_id)),)
            case _:
                return messages

    def _flush(self, messages: Sequence[str | bytes]) -> Sequence[str | bytes]:
        """Begin one. While one is under way the other end has nothing that could be dropped, only we have."""
        is_under_way = self._held is not None
        self._held = []
        if is_under_way:
            return ()
        self._waited_bytes = 0
        return messages

    def _cleared(self) -> Sequence[Event]:
        held, self._held = self._held or (), None
        return tuple(ReplyDue(message) for message in held)

    def _audio_message(self, media: OutgoingMedia) -> PlayAudioMessage:
        return PlayAudioMessage(media, self._stream_id)


class VobizWebhooks(PlivoXml):
    """Vobiz's, signed or not."""

    def __init__(self, options: VobizOptions) -> None:
        self._options = options

    def _of_stream(self) -> dict[str, str]:
        return {"maxRetries": str(self._options.max_retries)}

    def verify(self, request: HttpRequest, *, now: float) -> Verified:
        versions = {"v3": ".", "v2": ""}  # and what stands between address and nonce
        offered = {
            version: ",".join(
                request.headers.get(f"x-vobiz-signature-{kind}{version}", "") for kind in ("", "ma-")
            )
            for version in versions
        }
        if not any(each.strip(",") for each in offered.values()) and not self._options.require_signature:
            return Verified()
        if not self._options.auth_tokens:
            raise SignatureError(
                "providers.vobiz.auth_token is not configured, so no signature can be checked"
            )
        for version, between in versions.items():
            nonce = request.headers.get(f"x-vobiz-signature-{version}-nonce", "")
            signed = [address + between + nonce for address in addresses(request.url)]
            if nonce and is_signed(offered[version], self._options.auth_tokens, signed):
                return Verified(f"vobiz {nonce}", now + NONCE_SECONDS)
        raise SignatureError("X-Vobiz-Signature is missing or wrong: check auth_token and server.public_url")


class VobizControl(PlivoControl):
    """Plivo's requests, to another address and with another credential."""

    api = "https://api.vobiz.ai/api/v1"
    section = "providers.vobiz"

    def _credential(self, account: str, token: str) -> dict[str, str]:
        return {"x-auth-id": account, "x-auth-token": token}


PROVIDER = Provider(
    capabilities=VOBIZ,
    title="Vobiz",
    options=VobizOptions,
    door=Door.TOKEN,
    media=lambda options, _grant: VobizProtocol(VOBIZ if options.max_retries else _ONE_SOCKET),
    webhooks=VobizWebhooks,
    control=VobizControl,
    dial=dial,
)
