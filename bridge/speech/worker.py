"""A supervised worker process: where engines live that may abort, hang or carry a licence of their own.

It starts the process, passes messages, notices death and hanging, and replaces the process. It refuses to
know what messages mean. The process is one `python -m MODULE` that speaks the frames of `bridge.speech.pipe`.

A process that dies is replaced at once. Dying more often than the policy's budget allows makes the worker not
ready, and it is replaced slowly from then on: the machine may be ill, and calls need the processor.
"""

import asyncio
import contextlib
import os
import signal
import sys
from asyncio.subprocess import PIPE, Process
from collections import deque
from collections.abc import AsyncGenerator, Callable, Mapping
from contextlib import aclosing
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import count
from pathlib import Path
from typing import TypeVar

import msgspec
import structlog
from tenacity import AsyncRetrying, retry_if_exception_type, wait_exponential

from bridge.errors import WorkerError, WorkerLostError
from bridge.speech.condition import WorkerCondition
from bridge.speech.memory import resident_bytes
from bridge.speech.messages import (
    CancelStream,
    Message,
    PartlyHeard,
    Ready,
    Refused,
    Reply,
    Request,
    SpokenPart,
    StartFailed,
    WorkerMessage,
)
from bridge.speech.pipe import HEADER, MAX_FRAME_BYTES, encode_frame

__all__ = ["RestartPolicy", "WorkerProcess"]

MAX_BACKLOG_BYTES = 16 * 1024 * 1024  # 17 minutes of audio that the process has not read: it hangs
STOP_SECONDS = 2.0  # a worker leaves the moment its pipe closes; this is for a machine that swaps
FIRST_PAUSE_SECONDS = 0.1  # between two attempts to start; doubled each time up to the policy's slow pace
STDERR_CHUNK_BYTES = 4096
MEMORY_LOOK_SECONDS = 0.25  # between two looks at how much memory a process has
MIB = 1 << 20

_IMPORT_ROOT = Path(__file__).resolve().parents[2]
_PRIVATE_ENVIRONMENT = ("HATIF_", "CREDENTIALS_DIRECTORY", "NOTIFY_SOCKET", "WATCHDOG_")

_decoder: msgspec.msgpack.Decoder[WorkerMessage] = msgspec.msgpack.Decoder(WorkerMessage)
log = structlog.get_logger()

R = TypeVar("R", bound=Reply)


@dataclass(frozen=True, slots=True)
class RestartPolicy:
    """How many deaths are bad luck, and from which on they are an illness."""

    budget: int = 5
    window_seconds: float = 60.0
    slow_seconds: float = 10.0


class WorkerProcess:
    """One worker, through all its processes' lives."""

    def __init__(
        self,
        name: str,
        module: str,
        setup: Message,
        *,
        start_timeout_seconds: float = 60.0,
        memory_mb: int | None = None,
        policy: RestartPolicy | None = None,
        on_restart: Callable[[], None] | None = None,
        on_partly_heard: Callable[[PartlyHeard], None] = lambda _: None,
    ) -> None:
        """`memory_mb`: a process that has more than so many MiB in memory is killed and replaced.

        `on_partly_heard` gets what nobody asked for at that moment.
        """
        self._name = name
        self._module = module
        self._setup = setup
        self._start_timeout_seconds = start_timeout_seconds
        self._memory_mb = memory_mb
        self._policy = policy or RestartPolicy()
        self._on_restart = on_restart
        self._on_partly_heard = on_partly_heard
        self._ids = count(1)
        self._life: _Life | None = None
        self._up = asyncio.Event()
        self._deaths: deque[float] = deque(maxlen=self._policy.budget)
        self._supervisor: asyncio.Task[None] | None = None
        self.generation = 0  # which process this is; a new one has forgotten everything
        self.restarts = 0
        self.version = ""  # what the engine calls itself
        self._last_death: tuple[str, datetime] | None = None

    @property
    def pid(self) -> int | None:
        """The process that answers now; None while there is none."""
        return self._life.pid if self._life is not None and self.is_up else None

    @property
    def is_up(self) -> bool:
        """Whether there is a process that has passed its self-test."""
        return self._up.is_set()

    @property
    def is_ready(self) -> bool:
        """Whether it is up, and has been reliable enough lately to build calls on."""
        return self.is_up and self.is_reliable

    @property
    def is_reliable(self) -> bool:
        """Whether it died, or could not be started, no more often lately than is bad luck."""
        return not self._is_over_budget()

    def condition(self) -> WorkerCondition:
        """How it is at this moment."""
        cause, at = self._last_death or (None, None)
        return WorkerCondition(
            name=self._name,
            version=self.version,
            ready=self.is_ready,
            up=self.is_up,
            restarts=self.restarts,
            pid=self.pid,
            memory_bytes=resident_bytes(self.pid) if self.pid else 0,
            last_death=cause,
            last_death_at=at,
        )

    def new_id(self) -> int:
        """An id for a request."""
        return next(self._ids)

    async def start(self) -> None:
        """Start the process and wait until it is ready; WorkerError, in one sentence, when it cannot be."""
        if self._supervisor is not None:
            raise WorkerError(f"the {self._name} worker has been started already")
        self._life = await self._launch()
        self._supervisor = asyncio.create_task(self._supervise(self._life), name=f"{self._name}-supervisor")

    async def stop(self) -> None:
        """End the process and everything that belongs to it; whoever waits for an answer gets WorkerError."""
        if self._supervisor is not None:
            self._supervisor.cancel()
            await asyncio.wait([self._supervisor])
            self._supervisor = None
        if self._life is not None:
            await self._life.end()
            self._life = None

    async def up(self, timeout_seconds: float) -> None:
        """Wait for a process that answers; WorkerError when none comes in time."""
        try:
            async with asyncio.timeout(timeout_seconds):
                await self._up.wait()
        except TimeoutError:
            raise WorkerLostError(f"the {self._name} worker is not running") from None

    def replace(self) -> None:
        """Kill the process; another takes its place. Nothing happens while there is none."""
        if self._life is not None and self.is_up:
            self._life.kill()

    def post(self, message: Message) -> None:
        """Say something that needs no answer; never waits. Lost when there is no process to hear it."""
        if self._life is not None and self.is_up:
            self._life.post(message)

    async def request(self, message: Request, reply: type[R], timeout_seconds: float) -> R:
        """Ask, and wait for the answer.

        Raises:
            WorkerError: the process died, refused, or did not answer in time. Where it has answered nobody
                else meanwhile either, it hangs and is killed; else it is slow, and others wait for it too.

        """
        if self._life is None or not self.is_up:
            raise WorkerLostError(f"the {self._name} worker is not running")
        answer = await self._life.ask(message, timeout_seconds)
        if not isinstance(answer, reply):
            raise WorkerError(f"the {self._name} worker gave an answer of the wrong kind")
        return answer

    async def stream(self, message: Request, timeout_seconds: float) -> AsyncGenerator[SpokenPart]:
        """Ask for something that comes in parts, each within `timeout_seconds` of the one before.

        Closed before the last part, it tells the process that nobody waits any more.

        Raises:
            WorkerError: the process died, refused, or let a part wait too long, for which it is killed.

        """
        if self._life is None or not self.is_up:
            raise WorkerLostError(f"the {self._name} worker is not running")
        async with aclosing(self._life.parts(message, timeout_seconds)) as parts:
            async for part in parts:
                yield part

    async def _launch(self) -> "_Life":
        life = await _Life.begin(self._name, self._module, self._lost, self._on_partly_heard, self._memory_mb)
        try:
            life.post(self._setup)
            self.version = await life.readiness(self._start_timeout_seconds)
        except BaseException:
            life.kill()
            await life.end()
            raise
        self.generation += 1
        self._life = life
        self._up.set()
        log.info("worker_started", worker=self._name, pid=life.pid)
        return life

    def _lost(self) -> None:
        self._up.clear()

    async def _supervise(self, life: "_Life") -> None:
        while True:
            cause = await _cause(life)
            self._deaths.append(asyncio.get_running_loop().time())
            self._last_death = cause, datetime.now(UTC)
            log.warning("worker_died", worker=self._name, cause=cause, restarts=self.restarts)
            if self._is_over_budget():
                log.error("worker_unhealthy", worker=self._name)
                await asyncio.sleep(self._policy.slow_seconds)
            life = await self._relaunch()
            self.restarts += 1
            if self._on_restart is not None:
                asyncio.get_running_loop().call_soon(self._on_restart)

    async def _relaunch(self) -> "_Life":
        attempts = AsyncRetrying(
            retry=retry_if_exception_type(WorkerError),
            wait=wait_exponential(multiplier=FIRST_PAUSE_SECONDS, max=self._policy.slow_seconds),
        )
        return await attempts(self._launch_again)

    async def _launch_again(self) -> "_Life":
        """One more attempt. One in vain counts as a death: calls cannot be built on such a worker."""
        try:
            return await self._launch()
        except WorkerError as error:
            self._deaths.append(asyncio.get_running_loop().time())
            self._last_death = str(error), datetime.now(UTC)
            log.warning("worker_not_started", worker=self._name, cause=str(error))
            raise

    def _is_over_budget(self) -> bool:
        """Whether there were as many deaths as the budget holds, all of them within the window."""
        if len(self._deaths) < self._policy.budget:
            return False
        return asyncio.get_running_loop().time() - self._deaths[0] < self._policy.window_seconds


class _Life:
    """One process, from its start until every task and file descriptor that belongs to it is gone."""

    def __init__(
        self,
        name: str,
        process: Process,
        on_lost: Callable[[], None],
        on_partly_heard: Callable[[PartlyHeard], None],
        memory_mb: int | None,
    ) -> None:
        self._name = name
        self._memory_mb = memory_mb
        self._has_had_too_much = False
        self._process = process
        self._on_lost = on_lost
        self._on_partly_heard = on_partly_heard
        self._is_lost = False
        self._answers = 0  # that it has given, to anybody
        self._waiting: dict[int, asyncio.Future[Reply]] = {}
        self._parts: dict[int, asyncio.Queue[Reply | None]] = {}  # None: the process has gone
        self._first: asyncio.Future[Ready | StartFailed | None] = asyncio.get_running_loop().create_future()
        self.pid = process.pid
        self.over = asyncio.create_task(self._live(), name=f"{name}-{process.pid}")  # returns why it ended

    @classmethod
    async def begin(
        cls,
        name: str,
        module: str,
        on_lost: Callable[[], None],
        on_partly_heard: Callable[[PartlyHeard], None],
        memory_mb: int | None,
    ) -> "_Life":
        # A session of its own: Ctrl-C in a terminal reaches Hatif alone, which drains its calls first.
        try:
            process = await asyncio.create_subprocess_exec(
                *(sys.executable, "-m", module),
                stdin=PIPE,
                stdout=PIPE,
                stderr=PIPE,
                env=_environment(os.environ),
                start_new_session=True,
            )
        except OSError as error:
            reason = error.strerror or type(error).__name__
            raise WorkerError(f"the {name} worker process could not be started: {reason}") from error
        return cls(name, process, on_lost, on_partly_heard, memory_mb)

    async def readiness(self, timeout_seconds: float) -> str:
        """Wait for the self-test; the engine's version."""
        try:
            async with asyncio.timeout(timeout_seconds):
                first = await self._first
        except TimeoutError:
            raise WorkerError(f"the {self._name} worker was not ready after {timeout_seconds:g} s") from None
        match first:
            case Ready(version=version):
                return version
            case StartFailed(reason=reason):
                raise WorkerError(reason)
            case None:
                cause = await asyncio.shield(self.over)
                raise WorkerError(f"the {self._name} worker died while starting ({cause})")

    def post(self, message: Message) -> None:
        stdin = self._stdin
        if self._is_lost or stdin.is_closing():
            return
        stdin.write(encode_frame(message))
        if stdin.transport.get_write_buffer_size() > MAX_BACKLOG_BYTES:
            self.kill()

    async def ask(self, message: Request, timeout_seconds: float) -> Reply:
        answer: asyncio.Future[Reply] = asyncio.get_running_loop().create_future()
        self._waiting[message.id] = answer
        answers = self._answers
        self.post(message)
        try:
            async with asyncio.timeout(timeout_seconds):
                return await answer
        except TimeoutError:
            if self._answers > answers:
                raise WorkerError(f"the {self._name} worker did not get to it in time") from None
            self.kill()
            raise WorkerLostError(f"the {self._name} worker did not answer in time and is replaced") from None
        finally:
            self._waiting.pop(message.id, None)

    async def parts(self, message: Request, timeout_seconds: float) -> AsyncGenerator[SpokenPart]:
        parts = self._parts[message.id] = asyncio.Queue()
        self.post(message)
        is_over = False
        try:
            while not is_over:
                part = await self._next(parts, timeout_seconds)
                is_over = not isinstance(part, SpokenPart) or part.is_last
                yield self._spoken(part)
        finally:
            del self._parts[message.id]
            if not is_over:
                self.post(CancelStream(message.id))

    async def _next(self, parts: "asyncio.Queue[Reply | None]", timeout_seconds: float) -> Reply | None:
        if self._is_lost and parts.empty():
            return None
        try:
            async with asyncio.timeout(timeout_seconds):
                return await parts.get()
        except TimeoutError:
            self.kill()
            raise WorkerLostError(f"the {self._name} worker did not answer in time and is replaced") from None

    def _spoken(self, part: Reply | None) -> SpokenPart:
        match part:
            case SpokenPart():
                return part
            case Refused(reason=reason):
                raise WorkerError(reason)
            case None:
                raise WorkerLostError(self._epitaph)
            case _:
                raise WorkerError(f"the {self._name} worker gave an answer of the wrong kind")

    @property
    def _epitaph(self) -> str:
        if self._has_had_too_much:
            return f"the {self._name} worker took more than {self._memory_mb} MiB of memory and is replaced"
        return f"the {self._name} worker died"

    def kill(self) -> None:
        """Give the process up; SIGKILL ends a stopped one too."""
        self._lose()
        if self._process.returncode is None:
            # Not Process.kill(): it polls first, and so may take the exit status from asyncio's watcher.
            with contextlib.suppress(ProcessLookupError):
                os.kill(self.pid, signal.SIGKILL)

    async def end(self) -> None:
        """Close the pipe, which is how a worker is told to leave, and wait until nothing is left of it."""
        self._lose()
        self._stdin.close()
        try:
            async with asyncio.timeout(STOP_SECONDS):
                await asyncio.shield(self.over)
        except TimeoutError:
            self.kill()
            await asyncio.shield(self.over)

    @property
    def _stdin(self) -> asyncio.StreamWriter:
        if self._process.stdin is None:  # cannot be: it was asked for
            raise WorkerError(f"the {self._name} worker has no pipe")
        return self._process.stdin

    async def _live(self) -> str:
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(self._drain_stderr())
                watch = group.create_task(self._watch_memory())
                await self._listen()
                watch.cancel()
                self.kill()
                await self._close_stdin()
                cause = _cause_of_death(await self._process.wait())
                return f"more than {self._memory_mb} MiB of memory" if self._has_had_too_much else cause
        finally:
            self.kill()

    async def _listen(self) -> None:
        """Pass answers on until the process closes its end, or sends what is no frame."""
        stdout = self._process.stdout
        with contextlib.suppress(asyncio.IncompleteReadError, msgspec.MsgspecError):
            while stdout is not None:
                (length,) = HEADER.unpack(await stdout.readexactly(HEADER.size))
                if length > MAX_FRAME_BYTES:
                    return
                self._take(_decoder.decode(await stdout.readexactly(length)))

    def _take(self, message: WorkerMessage) -> None:
        if isinstance(message, Ready | StartFailed):
            if not self._first.done():
                self._first.set_result(message)
            return
        self._answers += 1
        if isinstance(message, PartlyHeard):
            self._on_partly_heard(message)
            return
        if (parts := self._parts.get(message.id)) is not None:
            parts.put_nowait(message)
            return
        answer = self._waiting.get(message.id)
        if answer is None or answer.done():  # whoever asked has gone
            return
        if isinstance(message, Refused):
            answer.set_exception(WorkerError(message.reason))
        else:
            answer.set_result(message)

    async def _drain_stderr(self) -> None:
        """Read it, lest the process blocks; say only how much came: an engine may print what it heard."""
        stderr = self._process.stderr
        while stderr is not None and (chunk := await stderr.read(STDERR_CHUNK_BYTES)):
            log.debug("worker_stderr", worker=self._name, bytes=len(chunk))

    async def _watch_memory(self) -> None:
        """Kill a process that takes more than it may, before the machine's memory is gone."""
        while self._memory_mb is not None:
            if resident_bytes(self.pid) > self._memory_mb * MIB:
                self._has_had_too_much = True
                self.kill()
                return
            await asyncio.sleep(MEMORY_LOOK_SECONDS)

    async def _close_stdin(self) -> None:
        self._stdin.close()
        with contextlib.suppress(BrokenPipeError, ConnectionResetError):
            await self._stdin.wait_closed()

    def _lose(self) -> None:
        """From now on this process answers nobody."""
        if self._is_lost:
            return
        self._is_lost = True
        self._on_lost()
        if not self._first.done():
            self._first.set_result(None)
        for answer in self._waiting.values():
            if not answer.done():
                answer.set_exception(WorkerLostError(self._epitaph))
        for parts in self._parts.values():
            parts.put_nowait(None)


async def _cause(life: _Life) -> str:
    try:
        return await asyncio.shield(life.over)
    except Exception:  # whatever went wrong on our side of the pipe, the engine must come back
        log.exception("worker_supervision_failed")
        return "an error of our own"


def _environment(environ: Mapping[str, str]) -> dict[str, str]:
    """Ours, less our secrets, and with the packages found where we found them."""
    passed = {name: value for name, value in environ.items() if not name.startswith(_PRIVATE_ENVIRONMENT)}
    paths = [str(_IMPORT_ROOT), *filter(None, [environ.get("PYTHONPATH")])]
    return passed | {"PYTHONPATH": os.pathsep.join(paths)}


def _cause_of_death(returncode: int) -> str:
    """How it ended, for people: "exit status 1", "SIGABRT"."""
    if returncode >= 0:
        return f"exit status {returncode}"
    try:
        return signal.Signals(-returncode).name
    except ValueError:
        return f"signal {-returncode}"
