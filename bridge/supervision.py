"""What the service manager is told (sd_notify(3)), and the socket that it may hand over (sd_listen_fds(3)).

`Bulletins` decides what to say and when; it is pure. `Supervision` says it, one datagram each, by our own
twenty lines: docs/adr/0009 tells why. Without a service manager nothing is said, and nothing else changes.
"""

import asyncio
import os
import socket
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager

import structlog
from msgspec import Struct

from bridge.errors import ConfigError
from bridge.lifecycle import State

__all__ = ["Bulletins", "Situation", "Supervision", "handed_over_socket"]

LOOK_SECONDS = 1.0  # between two looks at what there is to say
EXTEND_SECONDS = 10.0  # between two wishes for more time,
EXTENSION_SECONDS = 60  # each of so much: a loop that is late once must not cost the calls
FIRST_HANDED_OVER = 3  # SD_LISTEN_FDS_START
MICROSECONDS = 1_000_000

log = structlog.get_logger()


class Situation(Struct, frozen=True):
    """All that a service manager may want to know."""

    state: State
    is_ending: bool = False
    is_reloading: bool = False
    is_alive: bool = True
    calls: int = 0


class Bulletins:
    """What to say of each situation, given what has been said already. Pure."""

    def __init__(self, watchdog_seconds: float | None = None) -> None:
        """`watchdog_seconds`: the service manager kills us after so long without a sign of life."""
        self._feed_seconds = None if watchdog_seconds is None else watchdog_seconds / 3
        self._said = Situation(State.STARTING)
        self._is_ready = False
        self._status = ""
        self._fed_at = self._extended_at = float("-inf")

    def due(self, now: float, present: Situation) -> str | None:
        """The datagram to send at `now` (monotonic seconds); None when there is nothing new."""
        lines = [*self._steps(now, present), *self._news(present), *self._signs(now, present)]
        self._said = present
        return "\n".join(lines) or None

    def _steps(self, now: float, present: Situation) -> Iterator[str]:
        before = self._said
        if present.is_ending and not before.is_ending:
            yield "STOPPING=1"
        if present.is_ending or present.state not in {State.RUNNING, State.DRAINING}:
            return
        if present.is_reloading and not before.is_reloading:
            yield f"RELOADING=1\nMONOTONIC_USEC={int(now * MICROSECONDS)}"
        if not self._is_ready or (before.is_reloading and not present.is_reloading):
            self._is_ready = True
            yield "READY=1"

    def _news(self, present: Situation) -> Iterator[str]:
        status = _status(present)
        if status != self._status:
            self._status = status
            yield f"STATUS={status}"

    def _signs(self, now: float, present: Situation) -> Iterator[str]:
        is_passing = present.state is State.STARTING or present.is_ending
        if is_passing and now - self._extended_at >= EXTEND_SECONDS:
            self._extended_at = now
            yield f"EXTEND_TIMEOUT_USEC={EXTENSION_SECONDS * MICROSECONDS}"
        if self._feed_seconds is None or not self._is_ready or not present.is_alive:
            return
        if now - self._fed_at >= self._feed_seconds:
            self._fed_at = now
            yield "WATCHDOG=1"


def _status(present: Situation) -> str:
    """The line that `systemctl status` shows, such as: 12 calls, draining."""
    calls = f"{present.calls} call{'' if present.calls == 1 else 's'}"
    match present.state:
        case State.STARTING | State.STOPPED:
            return str(present.state)
        case State.RUNNING if present.is_reloading:
            return f"{calls}, reloading"
        case State.RUNNING:
            return calls
        case State.DRAINING:
            return f"{calls}, draining{' before the end' if present.is_ending else ''}"


class Supervision:
    """Tells the service manager, if there is one, for as long as `run` runs."""

    def __init__(
        self,
        situation: Callable[[], Situation],
        environ: Mapping[str, str] = os.environ,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._situation = situation
        self._clock = clock
        self._address = _address(environ.get("NOTIFY_SOCKET"))
        watchdog_seconds = _watchdog_seconds(environ)
        self._bulletins = Bulletins(watchdog_seconds)
        self._look_seconds = min(LOOK_SECONDS, (watchdog_seconds or LOOK_SECONDS) / 6)
        self._reloads = 0

    @property
    def is_reloading(self) -> bool:
        """Whether questionnaires and configuration are being read again."""
        return self._reloads > 0

    @contextmanager
    def reloading(self) -> Iterator[None]:
        """They are meanwhile."""
        self._reloads += 1
        self.tell()
        try:
            yield
        finally:
            self._reloads -= 1
            self.tell()

    async def run(self) -> None:
        """Look again and again at what there is to say, for ever."""
        while self._address is not None:
            self.tell()
            await asyncio.sleep(self._look_seconds)

    def tell(self) -> None:
        """Say now what has changed; never waits, never raises."""
        if self._address is None:
            return
        message = self._bulletins.due(self._clock(), self._situation())
        if message is None:
            return
        try:
            with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as sender:
                sender.setblocking(False)
                sender.sendto(message.encode(), self._address)
        except OSError as error:
            log.warning("service_manager_not_told", cause=type(error).__name__)


def _address(written: str | None) -> str | None:
    """Where NOTIFY_SOCKET leads: a file, or with @ a name that is none. Others (vsock) are not spoken."""
    if written is None or written[:1] not in {"/", "@"}:
        return None
    return f"\0{written[1:]}" if written.startswith("@") else written


def _watchdog_seconds(environ: Mapping[str, str]) -> float | None:
    """How long the service manager waits for a sign of life of this process; None where it does not."""
    wanted = environ.get("WATCHDOG_USEC", "")
    if not wanted.isdecimal() or not int(wanted) or environ.get("WATCHDOG_PID", _own_pid()) != _own_pid():
        return None
    return int(wanted) / MICROSECONDS


def _own_pid() -> str:
    return str(os.getpid())


def handed_over_socket(environ: Mapping[str, str] = os.environ) -> socket.socket | None:
    """The listening socket that the service manager has opened for this process; None where it has not.

    Raises:
        ConfigError: it handed over something else, or more than one.

    """
    if environ.get("LISTEN_PID") != _own_pid():
        return None
    count = environ.get("LISTEN_FDS", "")
    if count != "1":
        raise ConfigError(
            f"the socket unit hands over {count or 'no'} sockets: it must have one ListenStream="
        )
    handed_over = socket.socket(fileno=FIRST_HANDED_OVER)
    if handed_over.type != socket.SOCK_STREAM or handed_over.family not in {socket.AF_INET, socket.AF_INET6}:
        handed_over.close()
        raise ConfigError("the socket unit hands over a socket that is not TCP: ListenStream= must be a port")
    handed_over.set_inheritable(False)
    handed_over.setblocking(False)
    return handed_over
