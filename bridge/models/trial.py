"""Models under trial, each in processes of its own: a model that crashes Vosk ends its process and no more.

A `Trial` is one process; `decode_all` keeps several busy. Recordings go in, readings come out: what is right
is not known here.
"""

import asyncio
import os
import re
import signal
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator, Callable, Iterable, Iterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import msgspec
from msgspec import Struct

from bridge.errors import ModelError, WorkerError
from bridge.models.trial_messages import (
    Decode,
    Decoded,
    OpenTrial,
    Reading,
    TrialFailed,
    TrialOpened,
    TrialReply,
    TrialRequest,
)
from bridge.speech.messages import SAMPLE_RATE
from bridge.speech.pipe import HEADER, encode_frame

__all__ = ["Heard", "Job", "Opened", "Trial", "decode_all"]

LOAD_SECONDS = 300.0  # the largest public model has a gigabyte, and may come from a slow disk
DECODE_SECONDS = 300.0  # a minute of speech, several times, by a model that is slower than life
MAX_DEATHS_IN_A_ROW = 3  # without a single recording between: it is the model, not the recordings
KEPT_STDERR_BYTES = 8192  # Vosk's reason is the last that it writes
MAX_REASON_CHARACTERS = 200  # it may quote a broken file
DYING_SECONDS = 5.0  # from the end of a pipe to the end of its process

_IMPORT_ROOT = Path(__file__).resolve().parents[2]
_SECRETS = "HATIF_", "CREDENTIALS_DIRECTORY"
_VOSK_ERROR = re.compile(r"^(?:ERROR|ASSERTION_FAILED) \(VoskAPI:.*?:\d+\) (?P<reason>.+)$")

_decoder: msgspec.msgpack.Decoder[TrialReply] = msgspec.msgpack.Decoder(TrialReply)


class Opened(Struct, frozen=True):
    """What loading a model took."""

    version: str  # of the engine
    load_seconds: float
    bytes_before: int  # resident memory of the process; 0 where the system does not say
    bytes_after: int


class Job(Struct, frozen=True):
    """One recording to be decoded."""

    ulaw: bytes  # mu-law, 8 kHz
    grammars: tuple[int, ...]  # places in the list that the trial was opened with


class Heard(Struct, frozen=True):
    """What came of a job."""

    readings: tuple[Reading, ...] = ()  # one for each grammar
    audio_seconds: float = 0.0
    bytes_resident: int = 0
    failure: str = ""  # why there are no readings; the rest of a sentence about the recording


class Trial:
    """One process with a loaded model."""

    def __init__(self, process: "_Worker", opened: Opened) -> None:
        self._worker = process
        self.opened = opened

    @classmethod
    @asynccontextmanager
    async def open(cls, model: Path, grammars: tuple[tuple[str, ...], ...]) -> AsyncIterator["Trial"]:
        """Load `model` in a process that lives as long as the context.

        Raises:
            ModelError: Vosk cannot load it, dies of it, or takes too long.

        """
        async with _Worker.run() as worker:
            yield cls(worker, await _load(worker, model, grammars))

    @property
    def pid(self) -> int:
        """The process."""
        return self._worker.pid

    async def decode(self, job: Job) -> Heard:
        """Decode one recording.

        Raises:
            WorkerError: the process died of it or did not answer in time, and this trial is over; the text is
                the rest of a sentence that begins with the recording.

        """
        try:
            async with asyncio.timeout(DECODE_SECONDS):
                reply = await self._worker.ask(Decode(0, job.ulaw, job.grammars))
        except TimeoutError:
            raise WorkerError(f"was not decoded within {DECODE_SECONDS:g} s") from None
        if not isinstance(reply, Decoded):
            raise WorkerError(f"ended the process that decoded it ({await self._worker.cause_of_death()})")
        return Heard(reply.readings, len(job.ulaw) / SAMPLE_RATE, reply.bytes_resident)


async def decode_all(
    model: Path,
    grammars: tuple[tuple[str, ...], ...],
    jobs: Iterable[Job],
    *,
    processes: int,
    on_done: Callable[[], None] = lambda: None,
) -> tuple[Opened, list[Heard]]:
    """Decode every job; the results are in the order of the jobs, whichever process did them.

    The first process loads the model alone, so that what it took is the model's and not its neighbours'.

    Raises:
        ModelError: the model cannot be loaded, or keeps ending its processes.

    """
    results: dict[int, Heard] = {}

    def done(number: int, heard: Heard) -> None:
        results[number] = heard
        on_done()

    queue = enumerate(jobs)
    is_loaded = asyncio.Event()
    try:
        async with asyncio.TaskGroup() as group:
            first, *_ = [
                group.create_task(_work(model, grammars, queue, done, is_loaded, is_first=number == 0))
                for number in range(processes)
            ]
    except ExceptionGroup as failures:
        raise failures.exceptions[0] from None
    return first.result(), [results[number] for number in sorted(results)]


async def _work(
    model: Path,
    grammars: tuple[tuple[str, ...], ...],
    queue: Iterator[tuple[int, Job]],
    done: Callable[[int, Heard], None],
    is_loaded: asyncio.Event,
    *,
    is_first: bool,
) -> Opened:
    """Decode jobs until there are none, in one process after the other where recordings end them."""
    deaths = 0
    if not is_first:
        await is_loaded.wait()
    while True:
        async with Trial.open(model, grammars) as trial:
            is_loaded.set()
            for number, job in queue:
                try:
                    heard = await trial.decode(job)
                except WorkerError as error:
                    done(number, Heard(failure=str(error)))
                    deaths += 1
                    break
                deaths = 0
                done(number, heard)
            else:
                return trial.opened
        if deaths >= MAX_DEATHS_IN_A_ROW:
            raise ModelError(f"{model} cannot be tried: {deaths} recordings in a row ended its process")


class _Worker:
    """The process of a trial, from outside."""

    def __init__(self, process: Process) -> None:
        self._process = process
        self._errors = b""
        self._reading = asyncio.create_task(self._keep_errors())
        self.pid = process.pid

    @classmethod
    @asynccontextmanager
    async def run(cls) -> AsyncIterator["_Worker"]:
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "bridge.models.trial_worker"),
            stdin=PIPE,
            stdout=PIPE,
            stderr=PIPE,
            env=_environment(),
            start_new_session=True,  # Ctrl-C in a terminal reaches the parent alone, which ends its children
        )
        worker = cls(process)
        try:
            yield worker
        finally:
            await worker.end()

    async def ask(self, message: TrialRequest) -> TrialReply | None:
        """Say something and wait for the answer; None when the process is gone."""
        stdin, stdout = self._process.stdin, self._process.stdout
        if stdin is None or stdout is None:  # cannot be: they were asked for
            return None
        with suppress(ConnectionError, asyncio.IncompleteReadError, msgspec.MsgspecError):
            stdin.write(encode_frame(message))
            await stdin.drain()
            (length,) = HEADER.unpack(await stdout.readexactly(HEADER.size))
            return _decoder.decode(await stdout.readexactly(length))
        return None

    async def cause_of_death(self) -> str:
        """How the process ended, and what Vosk said last: "SIGABRT: Sampling frequency mismatch"."""
        with suppress(TimeoutError):
            async with asyncio.timeout(DYING_SECONDS):
                await self._process.wait()
        await self.end()
        code = self._process.returncode or 0
        how = signal.Signals(-code).name if code < 0 else f"exit status {code}"
        return f"{how}: {self.reason}" if self.reason else how

    @property
    def reason(self) -> str:
        """The last error that Vosk wrote down; '' for none."""
        lines = self._errors.decode(errors="replace").splitlines()
        found = (match["reason"] for line in reversed(lines) if (match := _VOSK_ERROR.match(line)))
        said = "".join(filter(str.isprintable, next(found, "")))
        return said.rstrip(" .")[:MAX_REASON_CHARACTERS]

    async def end(self) -> None:
        """Leave nothing of the process behind; one that has ended keeps its status."""
        with suppress(ProcessLookupError):
            self._process.kill()
        await self._process.wait()
        await self._reading

    async def _keep_errors(self) -> None:
        stderr = self._process.stderr
        while stderr is not None and (chunk := await stderr.read(KEPT_STDERR_BYTES)):
            self._errors = (self._errors + chunk)[-KEPT_STDERR_BYTES:]


async def _load(worker: _Worker, model: Path, grammars: tuple[tuple[str, ...], ...]) -> Opened:
    try:
        async with asyncio.timeout(LOAD_SECONDS):
            reply = await worker.ask(OpenTrial(str(model), grammars))
    except TimeoutError:
        raise ModelError(f"{model} was not loaded within {LOAD_SECONDS:g} s") from None
    match reply:
        case TrialOpened():
            return Opened(reply.version, reply.load_seconds, reply.bytes_before, reply.bytes_after)
        case TrialFailed():
            await worker.end()
            why = f"{reply.reason}: {worker.reason}" if worker.reason else reply.reason
        case _:
            why = f"Vosk dies of it ({await worker.cause_of_death()})"
    raise ModelError(f"{model} cannot be used as a recognition model: {why}")


def _environment() -> dict[str, str]:
    """Ours, less our secrets, and with the packages found where we found them."""
    passed = {name: text for name, text in os.environ.items() if not name.startswith(_SECRETS)}
    paths = [str(_IMPORT_ROOT), *filter(None, [os.environ.get("PYTHONPATH")])]
    return passed | {"PYTHONPATH": os.pathsep.join(paths)}
