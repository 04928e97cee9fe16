"""A carrier that places one call to a real server over a real connection, in real time.

It joins a wire (what the provider says) to a caller (what the person does): every 20 ms the caller hears what
Hatif sent, and says something. It knows no provider and no question. Whatever the server does, the call ends:
within `max_seconds`, with an outcome and without an exception.
"""

import asyncio
import ssl
from collections.abc import Mapping
from contextlib import AsyncExitStack
from urllib.parse import urlsplit

import aiohttp

from bridge.carriers.base import (
    CarrierCall,
    CarrierWire,
    Dialling,
)
from bridge.carriers.caller import Caller
from bridge.carriers.connection import Connection, StreamConnection, WebSocketConnection
from bridge.carriers.faults import Faults
from bridge.carriers.leg import CLOSE_SECONDS, CallOutcome, EndedBy, Leg, OnFrame
from bridge.carriers.telephone_line import TelephoneLine
from bridge.clock import Clock

__all__ = ["CallOutcome", "EndedBy", "FakeCarrier", "why_unreachable"]

# What a refused upgrade means, in Hatif's words and in those of most servers (RFC 9110 section 15).
REFUSALS = {
    401: "The credential is missing or wrong.",
    403: "This credential, or this page, may not call here.",
    404: "There is no such media socket or questionnaire here.",
    429: "Too many requests came from here.",
    503: "It is busy, or takes no calls now.",
}
CONNECT_SECONDS = 10.0  # wall clock, from the first packet to the upgrade; a provider waits no longer
MAX_MESSAGE_BYTES = 4 * 1024 * 1024  # servers of other makes send whole prompts in one message


class FakeCarrier:
    """Places one call."""

    def __init__(
        self,
        wire: CarrierWire,
        caller: Caller,
        *,
        clock: Clock,
        on_frame: OnFrame | None = None,
        connect_seconds: float = CONNECT_SECONDS,
        faults: Faults | None = None,
        line: TelephoneLine | None = None,
    ) -> None:
        """`line` is between the caller and the carrier; without it all arrives as it was said."""
        self._wire = wire
        self._caller = caller
        self._clock = clock
        self._on_frame = on_frame
        self._connect_seconds = connect_seconds
        self._faults = faults
        self._line = line

    async def place(
        self,
        url: str,
        *,
        call: CarrierCall,
        token: str | None = None,
        max_seconds: float = 600.0,
    ) -> CallOutcome:
        """Connect, converse until somebody ends it, report."""
        dialling = self._wire.dial(url, call, token)
        async with AsyncExitStack() as stack:
            try:
                connection = await self._connect(dialling, stack)
            except aiohttp.WSServerHandshakeError as refusal:
                return _refused(refusal)
            except (aiohttp.ClientError, OSError, TimeoutError) as error:
                return CallOutcome(ended_by=EndedBy.REFUSED, detail=why_unreachable(error))
            leg = Leg(
                connection,
                self._wire,
                self._caller,
                self._clock,
                on_frame=self._on_frame,
                faults=self._faults,
                line=self._line,
            )
            return await leg.converse(call, max_seconds)

    async def _connect(self, dialling: Dialling, stack: AsyncExitStack) -> Connection:
        """Dial, by TCP where the address says so."""
        address = urlsplit(dialling.url)
        async with asyncio.timeout(self._connect_seconds):
            if address.scheme == "tcp":
                return StreamConnection(*await asyncio.open_connection(address.hostname, address.port))
            http = await stack.enter_async_context(aiohttp.ClientSession())
            socket = await http.ws_connect(
                dialling.url,
                headers=dialling.headers,
                protocols=dialling.subprotocols,
                timeout=aiohttp.ClientWSTimeout(ws_close=CLOSE_SECONDS),
                max_msg_size=MAX_MESSAGE_BYTES,
            )
            return WebSocketConnection(socket)


def _refused(refusal: aiohttp.WSServerHandshakeError) -> CallOutcome:
    return CallOutcome(
        ended_by=EndedBy.REFUSED,
        http_status=refusal.status,
        retry_after_seconds=_seconds(refusal.headers),
        detail=REFUSALS.get(refusal.status, "The server answered without opening a WebSocket."),
    )


def _seconds(headers: Mapping[str, str] | None) -> int | None:
    """What Retry-After says; a date is of no use to a carrier."""
    text = (headers or {}).get("Retry-After", "")
    return int(text) if text.isascii() and text.isdigit() else None


def why_unreachable(error: Exception) -> str:
    """Why there is no connection, in a sentence that names neither address nor credential."""
    if isinstance(error, ssl.SSLCertVerificationError):
        return f"Its certificate is not good: {error.verify_message}."
    if isinstance(error, ssl.SSLError):
        return "It speaks no TLS there: is it ws:// in place of wss://?"
    if isinstance(error, TimeoutError):
        return "The server did not answer in time."
    if isinstance(error, OSError) and error.strerror:
        return f"The server cannot be reached: {error.strerror}."
    return f"The server cannot be reached ({type(error).__name__})."
