"""The way between the main process and one worker: messages in order, and beside them open connections.

It refuses to know what is said. The worker's end is closed by nothing but its death, so that the main process
learns of that here, whatever it died of; and a worker whose main process is gone learns it here, too.
"""

import asyncio
import os
import socket
from collections.abc import Callable
from contextlib import suppress
from itertools import count
from typing import cast

import msgspec
import structlog

from bridge.crew.messages import Letter, Message
from bridge.errors import WorkerLostError
from bridge.speech.pipe import HEADER, MAX_FRAME_BYTES, encode_frame

__all__ = ["Channel", "Reply", "Sockets", "pairs"]

ANSWER_SECONDS = 15.0  # by the wall clock; whoever is asked answers from memory, or from the database
MOST_BEHIND_BYTES = 16 * 1024 * 1024  # that the other side has not read: it hangs
_NUMBER_BYTES = 8

_decoder: msgspec.msgpack.Decoder[Letter] = msgspec.msgpack.Decoder(Letter)
log = structlog.get_logger()

Reply = Callable[[Message], None]
Sockets = tuple[socket.socket, socket.socket]


def pairs() -> tuple[Sockets, Sockets]:
    """Both ends of a new way: each a stream for messages, and a socket for connections."""
    stream, connections = socket.socketpair(), socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    return (stream[0], connections[0]), (stream[1], connections[1])


class Channel:
    """One end."""

    def __init__(
        self,
        sockets: Sockets,
        on_message: Callable[[Message, Reply | None], None],
        on_open: Callable[[], None] = lambda: None,
    ) -> None:
        """`on_message` is given what comes in, and where it wants an answer, what takes it; never waits.

        `on_open`: something can be said from now on.
        """
        self._on_open = on_open
        self._stream, self._connections = sockets
        self._on_message = on_message
        self._writer: asyncio.StreamWriter | None = None
        self._numbers = count(1)
        self._awaited: dict[int, asyncio.Future[Message]] = {}
        self._come: dict[int, asyncio.Future[socket.socket]] = {}  # connections, by their number
        self._is_closed = False

    @property
    def is_closed(self) -> bool:
        """Whether the other side is gone, or given up."""
        return self._is_closed

    async def run(self) -> None:
        """Take in what comes, until the other side is gone."""
        reader, self._writer = await asyncio.open_unix_connection(sock=self._stream)
        loop = asyncio.get_running_loop()
        self._connections.setblocking(False)
        loop.add_reader(self._connections, self._connection_came)
        self._on_open()
        try:
            with suppress(asyncio.IncompleteReadError, ConnectionError):
                while True:
                    (length,) = HEADER.unpack(await reader.readexactly(HEADER.size))
                    if length > MAX_FRAME_BYTES:
                        raise ValueError(f"a message of {length} bytes is announced")
                    self._take(_decoder.decode(await reader.readexactly(length)))
        finally:
            self._close()

    def tell(self, message: Message) -> None:
        """Say something; to one who is gone it is said in vain. ValueError: it is too long for a frame."""
        self._send(Letter(message))

    async def ask(self, message: Message, seconds: float = ANSWER_SECONDS) -> Message:
        """Say something, and wait for the answer.

        Raises:
            WorkerLostError: the other side is gone, or does not answer in time.

        """
        if self._is_closed:
            raise WorkerLostError("the other process is gone")
        number = next(self._numbers)
        answer = self._awaited[number] = asyncio.get_running_loop().create_future()
        try:
            self._send(Letter(message, number))
            async with asyncio.timeout(seconds):
                return cast("Message", await answer)
        except TimeoutError:
            raise WorkerLostError(f"the other process did not answer within {seconds:g} s") from None
        finally:
            del self._awaited[number]

    def hand_over(self, number: int, descriptor: int) -> None:
        """Give an open connection away, a copy of it; OSError where the other side takes none."""
        socket.send_fds(self._connections, [number.to_bytes(_NUMBER_BYTES)], [descriptor])

    async def connection(self, number: int) -> socket.socket:
        """The connection that was given to us under this number; WorkerLostError when it never comes."""
        try:
            async with asyncio.timeout(ANSWER_SECONDS):
                return await self._coming(number)
        except TimeoutError:
            raise WorkerLostError("the connection of a call has not come") from None
        finally:
            self._come.pop(number, None)

    def _coming(self, number: int) -> asyncio.Future[socket.socket]:
        return self._come.setdefault(number, asyncio.get_running_loop().create_future())

    def _connection_came(self) -> None:
        try:
            number, descriptors, _, _ = socket.recv_fds(self._connections, _NUMBER_BYTES, 1)
        except BlockingIOError:
            return
        except OSError:
            number, descriptors = b"", []
        if not descriptors:  # the other side is gone, as the stream says too
            asyncio.get_running_loop().remove_reader(self._connections)
            return
        came = self._coming(int.from_bytes(number))
        if not came.done():
            os.set_inheritable(descriptors[0], False)
            came.set_result(socket.socket(fileno=descriptors[0]))

    def _take(self, letter: Letter) -> None:
        if letter.is_reply:
            awaited = self._awaited.get(letter.number)
            if awaited is not None and not awaited.done():
                awaited.set_result(letter.body)
            return
        number = letter.number
        reply = (lambda answer: self._send(Letter(answer, number, is_reply=True))) if number else None
        try:
            self._on_message(letter.body, reply)
        except Exception:  # an error of ours about one call must not end the others
            log.exception("message_not_taken", what=type(letter.body).__name__)

    def _send(self, letter: Letter) -> None:
        if self._is_closed or self._writer is None:
            return
        if self._writer.transport.get_write_buffer_size() > MOST_BEHIND_BYTES:
            log.error("worker_does_not_read")
            self._close()
            return
        self._writer.write(encode_frame(letter))

    def _close(self) -> None:
        if self._is_closed:
            return
        self._is_closed = True
        asyncio.get_running_loop().remove_reader(self._connections)
        self._connections.close()
        for came in self._come.values():  # of calls that nobody has taken any more
            if came.done() and not came.cancelled():
                came.result().close()
        if self._writer is not None:
            self._writer.transport.abort()
        for awaited in self._awaited.values():
            if not awaited.done():
                awaited.set_exception(WorkerLostError("the other process is gone"))
