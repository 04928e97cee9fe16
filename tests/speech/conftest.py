"""Real ears, a real voice, and the telephone line between them."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from types import ModuleType

import pytest
import pytest_asyncio
import tiny_piper

from bridge.audio.g711 import decode_ulaw, encode_ulaw
from bridge.audio.levels import scale_to_peak
from bridge.audio.resample import resample
from bridge.config import load_settings
from bridge.content import DEFAULT_CONFIG
from bridge.speech.base import Speech
from bridge.speech.espeak.synthesizer import EspeakWorker
from bridge.speech.vosk.recognizer import VoskRecognizer

LINE_RATE = 8000
PAUSE = bytes(LINE_RATE * 2 * 3 // 10)  # the look-back and the end silence of an utterance
RECOVERY_SECONDS = 20.0  # far more than a restart takes; a test that needs it all has failed


@pytest.fixture(scope="session")
def model() -> Path:
    """The embedded model."""
    return load_settings(DEFAULT_CONFIG).recogniser.model


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def recognizer(model: Path) -> AsyncIterator[VoskRecognizer]:
    """Ears that are up, shared by a module: no test may kill them. They may be slow on a busy machine."""
    ears = VoskRecognizer(model, finish_timeout_seconds=60.0)
    await ears.start()
    yield ears
    await ears.stop()


@pytest_asyncio.fixture(loop_scope="module")
async def mortal(model: Path) -> AsyncIterator[VoskRecognizer]:
    """Ears that a test may kill."""
    ears = VoskRecognizer(model)
    await ears.start()
    yield ears
    await ears.stop()


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def espeak() -> AsyncIterator[EspeakWorker]:
    """A voice that is up, shared by a module: no test may kill it."""
    worker = EspeakWorker()
    await worker.start()
    yield worker
    await worker.stop()


@pytest.fixture(scope="session")
def tiny() -> ModuleType:
    """The maker of tiny voices for Piper."""
    return tiny_piper


@pytest.fixture(scope="session")
def telephone() -> Callable[[Speech], bytes]:
    """What arrives of some speech at the far end of a telephone line, with a pause at both ends."""

    def carry(speech: Speech) -> bytes:
        pcm = scale_to_peak(resample(speech.pcm, speech.rate, LINE_RATE), -12.0)
        return PAUSE + decode_ulaw(encode_ulaw(pcm)) + PAUSE

    return carry


@pytest.fixture(scope="session")
def until() -> Callable[[Callable[[], bool]], Awaitable[None]]:
    """Wait until something is so."""

    async def wait(is_so: Callable[[], bool]) -> None:
        async with asyncio.timeout(RECOVERY_SECONDS):
            while not is_so():  # noqa: ASYNC110 - of another process, often
                await asyncio.sleep(0.01)

    return wait
