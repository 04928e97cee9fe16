"""Where workers come from: a process that has read everything and does nothing, and makes copies of itself.

It is forked before the daemon has an event loop or threads of its own, and so are all workers: configuration,
modules and questionnaires are read once, and kept in memory once. It lives as long as the main process.
"""

import gc
import os
import selectors
import signal
import socket
import struct
import time
import warnings
from collections.abc import Callable
from contextlib import suppress
from typing import NoReturn, Self

import structlog

from bridge.crew.channel import Sockets, pairs
from bridge.errors import WorkerError
from bridge.speech.pipe import leave_signals_to_the_daemon

__all__ = ["Nursery"]

ANSWER_SECONDS = 10.0  # for a fork
LEAVE_SECONDS = 5.0
LOOK_SECONDS = 0.02
_WORKER = struct.Struct("<i")  # its number, there; its process, back

log = structlog.get_logger()


class Nursery:
    """The main process's end."""

    def __init__(self, pid: int, wishes: socket.socket) -> None:
        self._pid = pid
        self._wishes = wishes
        wishes.settimeout(ANSWER_SECONDS)

    @classmethod
    def open(cls, work: Callable[[int, Sockets], NoReturn]) -> Self:
        """Fork it now; each worker does `work`, with its number and its sockets."""
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        gc.collect()
        gc.freeze()  # what there is is never looked through, and so never copied
        pid = _fork()
        if pid == 0:
            ours.close()
            _nurse(theirs, work)
        theirs.close()
        return cls(pid, ours)

    def make(self, number: int) -> tuple[int, Sockets]:
        """Another worker: its process, and our end of the way to it. It takes a few milliseconds.

        Raises:
            WorkerError: none can be made any more.

        """
        here, there = pairs()
        try:
            socket.send_fds(self._wishes, [_WORKER.pack(number)], [one.fileno() for one in there])
            answer = self._wishes.recv(_WORKER.size)
        except OSError as error:
            answer = b""
            cause = type(error).__name__
        else:
            cause = "it is gone"
        finally:
            for one in there:
                one.close()
        if not answer:
            for one in here:
                one.close()
            raise WorkerError(f"the process that makes workers does not answer ({cause}): restart the daemon")
        (pid,) = _WORKER.unpack(answer)
        return pid, here

    def close(self) -> None:
        """Let it end; workers that are still there go on until their own way is closed."""
        self._wishes.close()
        with suppress(ChildProcessError):
            os.waitpid(self._pid, 0)


def _fork() -> int:
    with warnings.catch_warnings():
        # numpy's library of linear algebra has a thread, and ends it around a fork by itself.
        warnings.simplefilter("ignore", DeprecationWarning)
        return os.fork()


def _nurse(wishes: socket.socket, work: Callable[[int, Sockets], NoReturn]) -> NoReturn:
    """Make workers for as long as the main process is there, and see that none stays a zombie."""
    leave_signals_to_the_daemon()
    with selectors.DefaultSelector() as waiting:
        waiting.register(wishes, selectors.EVENT_READ)
        while True:
            waiting.select(1.0)
            _bury()
            wishes.setblocking(False)
            try:
                message, descriptors, _, _ = socket.recv_fds(wishes, _WORKER.size, 2)
            except BlockingIOError:
                continue
            except OSError:
                message = b""
            if not message:
                _leave()
            pid = _fork()
            if pid == 0:
                waiting.close()
                wishes.close()
                for descriptor in descriptors:
                    os.set_inheritable(descriptor, False)
                stream, connections = (socket.socket(fileno=one) for one in descriptors)
                work(_WORKER.unpack(message)[0], (stream, connections))
            for descriptor in descriptors:
                os.close(descriptor)
            wishes.send(_WORKER.pack(pid))


def _leave() -> NoReturn:
    """End, once all workers have: each learns by itself that the main process is gone."""
    until = time.monotonic() + LEAVE_SECONDS
    while _bury() and time.monotonic() < until:
        time.sleep(LOOK_SECONDS)
    os._exit(0)


def _bury() -> bool:
    """See to those that have died; whether others live."""
    while True:
        try:
            pid, status = os.waitpid(-1, os.WNOHANG)
        except ChildProcessError:
            return False
        if not pid:
            return True
        if os.WIFSIGNALED(status):
            log.error("worker_killed", pid=pid, signal=signal.Signals(os.WTERMSIG(status)).name)
