"""XTTS's real code over tiny checkpoints; `make test-xtts` runs these in an environment of their own.

One worker serves most tests: it takes five seconds of processor time to start. Tests may kill it.
"""

import asyncio
import os
import subprocess
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from importlib.util import find_spec
from pathlib import Path

import pytest
import pytest_asyncio

from bridge.speech.worker import RestartPolicy
from bridge.speech.xtts.synthesizer import XttsSynthesizer, XttsWorker

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE))
from xtts_samples import RATE, options, recording  # noqa: E402 - found there

RECOVERY_SECONDS = 120.0  # far more than a restart takes; a test that needs it all has failed
LENIENT = RestartPolicy(budget=50)

# Where coqui-tts is not installed, none of this is tests.
collect_ignore_glob = [] if find_spec("TTS") else ["test_*.py"]


@pytest.fixture(scope="session")
def checkpoints(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with two, made in a process of its own: some networks are made small for a whole process."""
    folder = tmp_path_factory.mktemp("xtts")
    environment = os.environ | {"PYTHONPATH": os.pathsep.join([str(HERE), str(HERE.parents[1])])}
    program = [sys.executable, "-W", "ignore", str(HERE / "tiny_checkpoint.py"), "wide", "tiny"]
    subprocess.run(program, check=True, env=environment, cwd=folder, capture_output=True)
    return folder


@pytest.fixture(scope="session")
def checkpoint(checkpoints: Path) -> Path:
    """The tiny one."""
    return checkpoints / "tiny"


@pytest.fixture(scope="session")
def wide(checkpoints: Path) -> Path:
    """One whose vocoder is as wide as the public one's: it needs no tricks to be loaded."""
    return checkpoints / "wide"


@pytest.fixture(scope="session", autouse=True)
def _tiny_worker_is_found() -> None:
    os.environ["PYTHONPATH"] = str(HERE)


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def worker(checkpoint: Path) -> AsyncIterator[XttsWorker]:
    """A worker that may be killed, and is back then."""
    process = XttsWorker(options(checkpoint), module="tiny_worker", policy=LENIENT)
    await process.start()
    yield process
    await process.stop()


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def voices(worker: XttsWorker) -> list[XttsSynthesizer]:
    """Four, cloned."""
    latents = [await worker.latents_of(recording(hertz), RATE) for hertz in (110, 150, 220, 330)]
    return [XttsSynthesizer(worker, one, name=f"voice {i}") for i, one in enumerate(latents)]


@pytest.fixture(scope="session")
def until() -> Callable[[Callable[[], bool]], Awaitable[None]]:
    """Wait until something is so."""

    async def wait(is_so: Callable[[], bool]) -> None:
        async with asyncio.timeout(RECOVERY_SECONDS):
            while not is_so():  # noqa: ASYNC110 - of another process, often
                await asyncio.sleep(0.01)

    return wait
