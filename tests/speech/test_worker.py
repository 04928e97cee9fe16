"""Supervision: a worker may die, hang or talk nonsense, and is replaced without a trace."""

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import aclosing
from pathlib import Path

import pytest

from bridge.errors import WorkerError, WorkerLostError
from bridge.speech.messages import Heard, OpenEspeak, Speak, Spoken
from bridge.speech.worker import MAX_BACKLOG_BYTES, RestartPolicy, WorkerProcess

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
NEVER_SECONDS = 20.0

Until = Callable[[Callable[[], bool]], Awaitable[None]]


@pytest.fixture(autouse=True)
def _pretend_worker_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONPATH", str(HERE))


@pytest.fixture
async def worker() -> AsyncIterator[WorkerProcess]:
    process = pretend()
    await process.start()
    yield process
    await process.stop()


def pretend(**options: object) -> WorkerProcess:
    return WorkerProcess("pretend", "pretend_worker", OpenEspeak(), **options)  # type: ignore[arg-type]


def order(worker: WorkerProcess, text: str) -> Speak:
    return Speak(worker.new_id(), text, "ar", 150, 50)


async def ask(worker: WorkerProcess, text: str, seconds: float = NEVER_SECONDS) -> bytes:
    return (await worker.request(order(worker, text), Spoken, seconds)).pcm


def kill(worker: WorkerProcess, how: int = signal.SIGKILL) -> None:
    assert worker.pid is not None
    os.kill(worker.pid, how)


async def test_a_request_is_answered(worker: WorkerProcess) -> None:
    """An answer finds the request with its id."""
    answers = await asyncio.gather(*(ask(worker, f"text {i}") for i in range(20)))

    assert answers == [f"text {i}".encode() for i in range(20)]
    assert worker.is_ready
    assert worker.version == "pretend 1"


async def test_a_refusal_is_an_error_of_that_request_only(worker: WorkerProcess) -> None:
    """The worker says why; the next request is answered."""
    with pytest.raises(WorkerError, match="does not like"):
        await ask(worker, "refuse")

    assert await ask(worker, "hello") == b"hello"
    assert worker.restarts == 0


async def test_an_answer_of_the_wrong_kind_is_an_error(worker: WorkerProcess) -> None:
    """Nobody gets a message of a kind that was not asked for."""
    with pytest.raises(WorkerError, match="wrong kind"):
        await worker.request(order(worker, "hello"), Heard, NEVER_SECONDS)


async def parts(worker: WorkerProcess, text: str, seconds: float = NEVER_SECONDS) -> list[bytes]:
    return [part.pcm async for part in worker.stream(order(worker, text), seconds)]


async def test_parts_come_in_order(worker: WorkerProcess) -> None:
    """And to whom they belong, however many ask at once."""
    answers = await asyncio.gather(*(parts(worker, "parts") for _ in range(20)))

    assert answers == [[b"\0", b"\1", b"\2"]] * 20
    assert await ask(worker, "cancelled") == b""


@pytest.mark.parametrize("text", ["refuse", "a part, then death", "one whole answer"])
async def test_a_stream_that_fails_says_so(worker: WorkerProcess, text: str) -> None:
    """Never by simply ending, which would pass for a whole text."""
    with pytest.raises(WorkerError):
        await parts(worker, text)


async def test_a_stream_that_stops_costs_the_process(worker: WorkerProcess) -> None:
    """Between two parts there is as much patience as before the first."""
    first = worker.generation
    with pytest.raises(WorkerError, match="did not answer in time"):
        await parts(worker, "a part, then never", 0.3)

    await worker.up(NEVER_SECONDS)
    assert worker.generation == first + 1


async def test_a_process_that_takes_too_much_memory_is_replaced(until: Until) -> None:
    """Whoever waits is told why; the next process starts with none."""
    worker = pretend(memory_mb=150)
    await worker.start()
    try:
        with pytest.raises(WorkerLostError, match="more than 150 MiB of memory"):
            await ask(worker, "hoard")

        await until(lambda: worker.is_up)
        assert await ask(worker, "hello") == b"hello"
        assert worker.restarts == 1
    finally:
        await worker.stop()


async def test_a_stream_that_is_closed_is_cancelled(worker: WorkerProcess) -> None:
    """The process is told, so that it does not go on for nobody."""
    request = order(worker, "a part, then never")
    async with aclosing(worker.stream(request, NEVER_SECONDS)) as stream:
        assert (await anext(stream)).pcm == b"0"

    assert await ask(worker, "cancelled") == str(request.id).encode()


async def test_stderr_never_blocks_the_worker(worker: WorkerProcess) -> None:
    """A library that prints more than a pipe holds still gets its answer out."""
    assert await ask(worker, "flood") == b"done"


async def test_secrets_stay_here(monkeypatch: pytest.MonkeyPatch) -> None:
    """No C library gets our tokens in its environment."""
    monkeypatch.setenv("HATIF_TOKENS__SECRET", "secret")
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", "/run/credentials")
    worker = pretend()
    await worker.start()
    names = (await ask(worker, "environment")).decode().split()
    await worker.stop()

    assert "PATH" in names
    assert not [name for name in names if name.startswith(("HATIF_", "CREDENTIALS"))]


async def test_a_killed_worker_is_replaced(worker: WorkerProcess, until: Until) -> None:
    """Whoever waits hears of the death at once; the next request is answered by another process."""
    waiting = asyncio.create_task(ask(worker, "never"))
    before = worker.pid
    await asyncio.sleep(0)
    kill(worker)
    with pytest.raises(WorkerError, match="died"):
        await waiting
    await worker.up(NEVER_SECONDS)
    await until(lambda: worker.restarts == 1)

    assert await ask(worker, "hello") == b"hello"
    assert worker.pid != before
    assert worker.is_ready


@pytest.mark.parametrize("nonsense", ["garbage", "giant"])
async def test_a_worker_that_talks_nonsense_is_replaced(worker: WorkerProcess, nonsense: str) -> None:
    """What is no frame, or no message, ends the process that sent it."""
    with pytest.raises(WorkerError, match="died"):
        await ask(worker, nonsense)
    await worker.up(NEVER_SECONDS)

    assert await ask(worker, "hello") == b"hello"


async def test_a_hung_worker_is_killed_and_replaced(worker: WorkerProcess) -> None:
    """No answer in time costs the process its life; everyone who waits for it is told."""
    kill(worker, signal.SIGSTOP)
    other = asyncio.create_task(ask(worker, "hello"))
    with pytest.raises(WorkerError, match="in time"):
        await ask(worker, "hello", 0.1)
    with pytest.raises(WorkerError, match="died"):
        await other
    await worker.up(NEVER_SECONDS)

    assert await ask(worker, "hello") == b"hello"


async def test_a_worker_that_is_slow_is_kept(worker: WorkerProcess) -> None:
    """Whoever waits too long is told; those who are answered meanwhile keep their process."""
    before = worker.pid
    waiting = asyncio.create_task(ask(worker, "never", 0.5))
    await asyncio.sleep(0)
    assert await ask(worker, "hello") == b"hello"
    with pytest.raises(WorkerError, match="did not get to it in time"):
        await waiting

    assert await ask(worker, "hello") == b"hello"
    assert (worker.pid, worker.restarts) == (before, 0)


async def test_a_worker_that_does_not_read_is_replaced(worker: WorkerProcess, until: Until) -> None:
    """What is posted to a stopped process does not pile up for ever."""
    kill(worker, signal.SIGSTOP)
    megabyte = order(worker, "x" * 2**20)
    for _ in range(MAX_BACKLOG_BYTES // 2**20 + 2):
        worker.post(megabyte)
    await until(lambda: worker.restarts == 1)

    assert await ask(worker, "hello") == b"hello"


async def test_a_caller_who_hangs_up_disturbs_nobody(worker: WorkerProcess) -> None:
    """A request that nobody waits for any more is answered into the void."""
    waiting = asyncio.create_task(ask(worker, "hello"))
    await asyncio.sleep(0)
    waiting.cancel()
    await asyncio.wait([waiting])

    assert await ask(worker, "again") == b"again"
    assert worker.restarts == 0


async def test_many_deaths_leave_nothing_behind(until: Until) -> None:
    """After five lives and a stop there are as many tasks, descriptors and children as before."""
    before = resources()
    worker = pretend(policy=RestartPolicy(budget=9))
    await worker.start()
    for death in range(1, 5):
        kill(worker)
        await until(lambda death=death: worker.restarts == death)
    await worker.stop()

    assert resources() == before


def resources() -> tuple[int, int, str]:
    """Tasks, open files, children (dead or alive)."""
    children = Path(f"/proc/self/task/{os.getpid()}/children").read_text()
    return len(asyncio.all_tasks()), len(list(Path("/proc/self/fd").iterdir())), children


async def test_too_many_deaths_make_it_not_ready(until: Until) -> None:
    """Beyond its budget a worker is still replaced, slowly, but no call should be built on it."""
    worker = pretend(policy=RestartPolicy(budget=2, window_seconds=60, slow_seconds=0.1))
    await worker.start()
    for death in (1, 2):
        assert worker.is_ready
        kill(worker)
        await until(lambda death=death: worker.restarts == death)
    answer = await ask(worker, "hello")

    assert (worker.is_up, worker.is_ready, answer) == (True, False, b"hello")
    await worker.stop()


async def test_old_deaths_are_forgiven(until: Until) -> None:
    """A worker is ready again once its deaths lie outside the window."""
    worker = pretend(policy=RestartPolicy(budget=1, window_seconds=0.3, slow_seconds=0.01))
    await worker.start()
    kill(worker)
    await until(lambda: worker.restarts == 1)
    await until(lambda: worker.is_ready)

    await worker.stop()


async def test_a_worker_that_cannot_come_back_is_tried_again(
    monkeypatch: pytest.MonkeyPatch, until: Until
) -> None:
    """A replacement that dies while starting is followed by another, until one lives."""
    worker = pretend(policy=RestartPolicy(slow_seconds=0.1))
    await worker.start()
    monkeypatch.setenv("PRETEND", "to-die")
    kill(worker)
    await until(lambda: not worker.is_up)
    await asyncio.sleep(0.5)
    monkeypatch.delenv("PRETEND")
    await until(lambda: worker.is_up)

    assert await ask(worker, "hello") == b"hello"
    await worker.stop()


async def test_a_worker_that_will_not_start_is_not_reliable(
    monkeypatch: pytest.MonkeyPatch, until: Until
) -> None:
    """Attempts in vain count as deaths, so that nobody waits for it; its condition says what is wrong."""
    worker = pretend(policy=RestartPolicy(budget=3, window_seconds=60, slow_seconds=0.05))
    await worker.start()
    monkeypatch.setenv("PRETEND", "to-die")
    kill(worker)
    await until(lambda: not worker.is_reliable)
    condition = worker.condition()
    assert (condition.up, condition.ready, condition.pid, condition.restarts) == (False, False, None, 0)
    assert "died while starting" in str(condition.last_death)
    monkeypatch.delenv("PRETEND")
    await until(lambda: worker.is_up)
    revived = worker.condition()
    assert (revived.restarts, revived.ready, revived.memory_bytes > 0) == (1, False, True)
    await worker.stop()


async def test_a_restart_is_told(until: Until) -> None:
    """Whoever asked to know is called once for every replacement, not for the start."""
    told: list[str] = []
    worker = pretend(on_restart=lambda: told.append("again"))
    await worker.start()
    assert told == []
    kill(worker)
    await until(lambda: bool(told))
    await worker.stop()

    assert told == ["again"]


@pytest.mark.parametrize(
    ("fate", "sentence"),
    [
        ("to-fail", "the engine has no voice today"),
        ("to-die", "the pretend worker died while starting (SIGABRT)"),
        ("to-hang", "the pretend worker was not ready after 0.3 s"),
    ],
)
async def test_a_worker_that_cannot_start_says_why(
    monkeypatch: pytest.MonkeyPatch, fate: str, sentence: str
) -> None:
    """One clear sentence, and nothing left running."""
    monkeypatch.setenv("PRETEND", fate)
    before = resources()
    worker = pretend(start_timeout_seconds=0.3 if fate == "to-hang" else NEVER_SECONDS)
    with pytest.raises(WorkerError) as failure:
        await worker.start()

    assert str(failure.value) == sentence
    assert not worker.is_up
    assert resources() == before


async def test_a_start_that_is_given_up_leaves_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """Cancelling a start in the middle ends the process."""
    monkeypatch.setenv("PRETEND", "to-hang")
    before = resources()
    starting = asyncio.create_task(pretend().start())
    await asyncio.sleep(0.2)
    starting.cancel()
    await asyncio.wait([starting])

    assert resources() == before


async def test_stopping_fails_whoever_waits(worker: WorkerProcess) -> None:
    """A stop in the middle of a request is an error there, and the worker can be started again."""
    waiting = asyncio.create_task(ask(worker, "never"))
    await asyncio.sleep(0)
    await worker.stop()
    with pytest.raises(WorkerError, match="died"):
        await waiting
    with pytest.raises(WorkerError, match="not running"):
        await ask(worker, "hello")
    await worker.start()

    assert await ask(worker, "hello") == b"hello"


async def test_it_is_started_once(worker: WorkerProcess) -> None:
    """A second start is a mistake, and starts no second process."""
    with pytest.raises(WorkerError, match="already"):
        await worker.start()


async def test_signals_to_the_group_do_not_end_it(worker: WorkerProcess) -> None:
    """A service manager that signals every process lets calls drain: the worker waits for its parent."""
    kill(worker, signal.SIGTERM)
    kill(worker, signal.SIGINT)

    assert await ask(worker, "hello") == b"hello"
    assert worker.restarts == 0


ORPHANING = """
import asyncio
from bridge.speech.messages import OpenEspeak
from bridge.speech.worker import WorkerProcess

async def main():
    worker = WorkerProcess("pretend", "pretend_worker", OpenEspeak())
    await worker.start()
    print(worker.pid, flush=True)
    await asyncio.sleep(60)

asyncio.run(main())
"""


async def test_a_worker_leaves_with_its_parent(until: Until) -> None:
    """A parent killed without a chance to tidy leaves no process behind."""
    parent = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", ORPHANING), stdout=subprocess.PIPE, cwd=ROOT, start_new_session=True
    )
    assert parent.stdout is not None
    line = b""
    while not line.strip().isdigit():  # log lines come before
        line = await parent.stdout.readline()
    parent.kill()
    await parent.wait()

    await until(lambda: has_left(int(line)))


def has_left(pid: int) -> bool:
    """Whether the process is gone, or dead and only waiting for some init to count it."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    except (FileNotFoundError, ProcessLookupError):
        return True


TIDY = """
import asyncio, os, signal
from bridge.speech.messages import OpenEspeak, Speak, Spoken
from bridge.speech.worker import WorkerProcess

async def main():
    asyncio.get_running_loop().slow_callback_duration = 60  # how fast this machine is, is not asked
    worker = WorkerProcess("pretend", "pretend_worker", OpenEspeak())
    await worker.start()
    os.kill(worker.pid, signal.SIGKILL)
    while worker.restarts < 1:
        await asyncio.sleep(0.01)
    await worker.request(Speak(1, "hello", "ar", 150, 50), Spoken, 20)
    await worker.stop()

asyncio.run(main())
"""


def test_development_mode_has_nothing_to_say() -> None:
    """A start, a death, a replacement and a stop leave no warning under `python -X dev`."""
    command = [sys.executable, "-X", "dev", "-W", "error", "-c", TIDY]
    run = subprocess.run(command, capture_output=True, text=True, cwd=ROOT, timeout=60, check=True)

    assert run.stderr == ""
