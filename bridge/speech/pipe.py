"""The pipe between Hatif and an engine's worker process, seen from inside the worker, and the frames on it.

A frame is a 4-byte little-endian length and that many bytes of MessagePack. It knows nothing of any engine,
nor of asyncio: a worker reads in its main thread and answers from whichever thread has the answer.
"""

import os
import signal
import struct
import threading
from collections.abc import Callable, Iterator
from typing import BinaryIO, TypeVar

import msgspec
from msgspec import Struct

from bridge.core_dumps import forbid_memory_dumps
from bridge.speech.messages import Message

__all__ = ["HEADER", "MAX_FRAME_BYTES", "ParentPipe", "encode_frame", "leave_signals_to_the_daemon"]

HEADER = struct.Struct("<I")
MAX_FRAME_BYTES = 16 * 1024 * 1024  # five minutes of 22 kHz speech are 12.6 MiB; nothing else comes near

_STDIN, _STDOUT, _STDERR = 0, 1, 2

T = TypeVar("T")


def encode_frame(message: Struct) -> bytes:
    """One message as it crosses the pipe; ValueError when it is too long for a frame."""
    body = msgspec.msgpack.encode(message)
    if len(body) > MAX_FRAME_BYTES:
        raise ValueError(f"a {type(message).__name__} of {len(body)} bytes does not fit into a frame")
    return HEADER.pack(len(body)) + body


class ParentPipe:
    """The worker's two ends of the pipe. When the parent is gone, however it went, so is the process."""

    def __init__(self, source: BinaryIO, sink: BinaryIO) -> None:
        self._source = source
        self._sink = sink
        self._lock = threading.Lock()

    @classmethod
    def claim(cls) -> "ParentPipe":
        """Take the pipe away from fds 0 and 1, where a stray print of a C library would break a frame."""
        source = os.fdopen(os.dup(_STDIN), "rb")
        sink = os.fdopen(os.dup(_STDOUT), "wb")
        nothing = os.open(os.devnull, os.O_RDONLY)
        os.dup2(nothing, _STDIN)
        os.close(nothing)
        os.dup2(_STDERR, _STDOUT)
        leave_signals_to_the_daemon()
        forbid_memory_dumps()  # they would hold what callers said
        return cls(source, sink)

    def receive(self, decoder: msgspec.msgpack.Decoder[T]) -> Iterator[T]:
        """Every message until the parent closes the pipe. A broken frame raises: the parent restarts us."""
        while len(header := self._source.read(HEADER.size)) == HEADER.size:
            (length,) = HEADER.unpack(header)
            if length > MAX_FRAME_BYTES:
                raise ValueError(f"a frame of {length} bytes is announced, {MAX_FRAME_BYTES} is the limit")
            body = self._source.read(length)
            if len(body) < length:
                return
            yield decoder.decode(body)

    def serve(self, decoder: msgspec.msgpack.Decoder[T], handle: Callable[[T], object]) -> None:
        """Hand over every message until the parent closes the pipe, and then leave."""
        for message in self.receive(decoder):
            handle(message)
        self.leave()

    def send(self, message: Message) -> None:
        """Say something to the parent; from any thread."""
        frame = encode_frame(message)
        try:
            with self._lock:
                self._sink.write(frame)
                self._sink.flush()
        except BrokenPipeError:
            self.leave()

    def leave(self) -> None:
        """End the process now, whatever an engine's threads are doing; nothing here needs tidying."""
        os._exit(0)


def leave_signals_to_the_daemon() -> None:
    """Ignore what a service manager or a terminal sends to the whole group, here and in what is forked."""
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGUSR1):
        signal.signal(number, signal.SIG_IGN)
