"""A carrier's WebSocket, which hands on what comes while it is being read.

aiohttp queues each message for whoever awaits it: a future, a step of a task and a chain of coroutines for
each of the fifty that a call brings in a second. So whoever holds the call is handed its messages at once;
what is not said by the call (pings, closing, an error) is awaited as ever. This leans on what aiohttp keeps
to itself, for which pyproject.toml says which versions it may be.
"""

import asyncio
from collections.abc import Callable

# How frames are parsed and what they may be stays aiohttp's; where their messages go is ours.
from aiohttp._websocket.models import WSMessageTextBytes
from aiohttp._websocket.reader import WebSocketDataQueue, WebSocketReader
from aiohttp._websocket.writer import WebSocketWriter
from aiohttp.http import WSMessage, WSMsgType
from aiohttp.web import BaseRequest, WebSocketResponse

__all__ = ["CallSocket"]

WAITING_BYTES = 64 * 1024  # of messages that nobody is handed yet; with twice as many the carrier has to wait
_TEXT, _BINARY = WSMsgType.TEXT, WSMsgType.BINARY


class _Passage(WebSocketDataQueue):
    """aiohttp's queue, past which the call's messages are handed."""

    receive: Callable[[str | bytes], None] | None = None

    @property
    def has_waiting(self) -> bool:
        return bool(self._buffer)

    def feed_data(self, data: WSMessage | WSMessageTextBytes, size: int) -> None:
        """Take in what the parser has found; it reports no error that is raised here."""
        if self.receive is not None and (data.type is _TEXT or data.type is _BINARY):
            self.receive(data.data)
        else:
            super().feed_data(data, size)


class CallSocket(WebSocketResponse):
    """One call's."""

    _passage: _Passage

    @property
    def has_waiting(self) -> bool:
        """Whether something has come that nobody has awaited."""
        return self._passage.has_waiting

    def hand_to(self, receive: Callable[[str | bytes], None] | None) -> None:
        """From now on call `receive`, which must not raise, with each message; None: they are awaited again.

        What waits already is not handed on, and would come out of order.
        """
        self._passage.receive = receive

    def _post_start(self, request: BaseRequest, protocol: str | None, writer: WebSocketWriter) -> None:
        """As aiohttp's, with our queue, and without what is left out here: a heartbeat, compression."""
        self._ws_protocol, self._writer = protocol, writer
        loop = asyncio.get_running_loop()
        self._reader = self._passage = _Passage(request.protocol, WAITING_BYTES, loop=loop)
        self._parser = WebSocketReader(self._passage, self._max_msg_size, compress=False, decode_text=True)
        request.protocol.set_parser(self._parser)
        request.protocol.keep_alive(False)
