"""Media sockets: a carrier connects, shows its credential, and is put through.

A socket without a good credential is refused before any audio is processed: 401 on the upgrade, or close code
1008 when the credential was to come in the first message. Where no credential is configured, sockets are
served to programs on this machine only.
"""

import hmac
from collections.abc import AsyncIterator
from ipaddress import ip_address

import structlog
from aiohttp import WSMsgType, web
from msgspec import Struct

from bridge.admission import Busy
from bridge.dialogue.questionnaire import Questionnaire
from bridge.errors import CredentialError, StorageError
from bridge.storage.store import Store
from bridge.switchboard import Switchboard
from bridge.tokens import StreamClaims, StreamTokens
from protocols.base import MediaProtocol
from protocols.maqsam import MaqsamProtocol
from protocols.twilio import TwilioProtocol

__all__ = ["MediaSockets", "SocketLimits"]

CLOSE_GOING_AWAY = 1001  # RFC 6455 section 7.4.1: the server is going down
CLOSING_SECONDS = 2.0  # how long the peer may take to answer our close frame

_FORWARDED = ("Forwarded", "X-Forwarded-For", "X-Real-IP")

log = structlog.get_logger()


class SocketLimits(Struct, frozen=True):
    """What a carrier's socket may do. Seconds of wall-clock time."""

    max_message_bytes: int = 64 * 1024  # 20 ms of mu-law are 216 base64 characters; room for 100 times that
    heartbeat_seconds: float = 20.0
    idle_seconds: float = 30.0


class MediaSockets:
    """The routes that carriers connect to."""

    def __init__(
        self,
        *,
        switchboard: Switchboard,
        store: Store,
        limits: SocketLimits,
        maqsam_token: str | None,
        takes_twilio: bool,
        tokens: StreamTokens | None,
    ) -> None:
        self._switchboard = switchboard
        self._store = store
        self._limits = limits
        self._maqsam_token = maqsam_token
        self._takes_twilio = takes_twilio
        self._tokens = tokens

    async def maqsam(self, request: web.Request) -> web.WebSocketResponse:
        """`/ws/maqsam[/QUESTIONNAIRE]`: the token comes as the `Auth` header or as `apiKey` in the setup."""
        authenticated = self._maqsam_header_is_good(request)
        questionnaire = self._admit(request.match_info.get("questionnaire"))
        protocol = MaqsamProtocol(authenticated=authenticated, check=self._maqsam_key_is_good)
        return await self._put_through(request, protocol, questionnaire)

    async def twilio(self, request: web.Request) -> web.WebSocketResponse:
        """`/ws/twilio/TOKEN`: Twilio drops query strings, so the single-use token is part of the path."""
        if not self._takes_twilio:
            raise web.HTTPNotFound(text="Twilio calls are not taken here\n")
        claims = self._stream_claims(request, provider="twilio")
        questionnaire = self._admit(claims.questionnaire if claims else None)
        if claims is not None:  # only now: a busy answer must not use the token up
            await self._redeem(claims)
        return await self._put_through(request, TwilioProtocol(), questionnaire)

    # Credentials

    def _stream_claims(self, request: web.Request, *, provider: str) -> StreamClaims | None:
        """What the token in the path says; None where none is needed."""
        if self._tokens is None:
            self._only_locally(request, "tokens.secret")
            return None
        try:
            return self._tokens.read(request.match_info["token"], provider=provider)
        except CredentialError as error:
            raise self._refused(str(error)) from None

    async def _redeem(self, claims: StreamClaims) -> None:
        """Use the token up."""
        try:
            is_first_use = await self._store.redeem(claims.token_id, claims.expires_at)
        except StorageError as error:
            log.error("token_not_redeemed", code=error.code, detail=str(error))  # noqa: TRY400
            raise web.HTTPServiceUnavailable(text="the token cannot be checked now\n") from None
        if not is_first_use:
            raise self._refused("the stream token has been used before")

    def _maqsam_header_is_good(self, request: web.Request) -> bool:
        """Has the upgrade shown the token? False: it may still come in the setup."""
        if self._maqsam_token is None:
            self._only_locally(request, "providers.maqsam.token")
            return True
        # The documented header is `Auth`; deployments were seen that send `Authorization: Bearer`.
        offered = request.headers.get("Auth") or request.headers.get("Authorization")
        if offered is None:
            return False
        if not self._maqsam_key_is_good(offered.removeprefix("Bearer ")):
            raise self._refused("the Auth header does not carry the configured token")
        return True

    def _maqsam_key_is_good(self, offered: str) -> bool:
        expected = self._maqsam_token or ""
        return hmac.compare_digest(offered.strip().encode(), expected.encode())

    def _only_locally(self, request: web.Request, setting: str) -> None:
        if not _is_local(request):
            raise self._refused(f"no credential is configured ({setting}), so only this machine is served")

    def _refused(self, why: str) -> web.HTTPUnauthorized:
        """A refusal: the log learns why, the peer does not."""
        log.warning("socket_refused", detail=why)
        return web.HTTPUnauthorized(text="a valid credential is needed\n")

    # The call

    def _admit(self, name: str | None) -> Questionnaire:
        decision = self._switchboard.admit()
        if isinstance(decision, Busy):
            log.warning("call_refused", reason=decision.reason)
            raise web.HTTPServiceUnavailable(
                text=f"no call can be taken now: {decision.reason}\n",
                headers={"Retry-After": str(decision.retry_after_seconds)},
            )
        questionnaire = self._switchboard.questionnaire(name)
        if questionnaire is None:
            raise web.HTTPNotFound(text="there is no questionnaire of that name\n")
        return questionnaire

    async def _put_through(
        self, request: web.Request, protocol: MediaProtocol, questionnaire: Questionnaire
    ) -> web.WebSocketResponse:
        socket = web.WebSocketResponse(
            max_msg_size=self._limits.max_message_bytes,
            heartbeat=self._limits.heartbeat_seconds,
            compress=False,  # audio does not shrink, and a decompressor can be bombed
            timeout=CLOSING_SECONDS,
        )
        await socket.prepare(request)

        async def send(message: str | bytes) -> None:
            if isinstance(message, str):
                await socket.send_str(message)
            else:
                await socket.send_bytes(message)

        close_code = CLOSE_GOING_AWAY
        try:
            outcome = await self._switchboard.connect(protocol, questionnaire, self._messages(socket), send)
            close_code = outcome.close_code
        finally:
            await socket.close(code=close_code)
        return socket

    async def _messages(self, socket: web.WebSocketResponse) -> AsyncIterator[str | bytes]:
        """What the carrier sends, until it closes, breaks the WebSocket rules or falls silent."""
        while True:
            try:
                message = await socket.receive(timeout=self._limits.idle_seconds)
            except TimeoutError:
                return
            if message.type not in {WSMsgType.TEXT, WSMsgType.BINARY}:
                return
            yield message.data


def _is_local(request: web.Request) -> bool:
    """Is the peer a program on this machine, and not a proxy that speaks for somebody else?"""
    if any(header in request.headers for header in _FORWARDED):
        return False
    try:
        return ip_address(request.remote or "").is_loopback
    except ValueError:
        return False
