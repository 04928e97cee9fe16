"""What a process that holds calls needs to hold them, be it the main process or a worker.

Each is made of the configuration, begun here, and ended when the stack that it is given is taken down.
"""

import asyncio
from collections.abc import Coroutine
from contextlib import AsyncExitStack
from typing import Any, cast

import structlog

from bridge import configured
from bridge.audio.playout import Ticker
from bridge.clock import Clock
from bridge.config import Settings
from bridge.opus import OpusEars
from bridge.pulse import Pulse
from bridge.speech.engines import VoiceBench
from bridge.speech.vosk.recognizer import VoskRecognizer
from bridge.telemetry.metrics import Metrics
from bridge.voicing import Voices, open_voices
from protocols.browser import BrowserOptions

__all__ = ["begin_ears", "begin_opus_ears", "begin_ticker", "begin_voices", "beside"]

log = structlog.get_logger()


def beside(stack: AsyncExitStack, work: Coroutine[Any, Any, None], name: str) -> None:
    """Run something beside everything else until the stack is taken down."""
    stack.push_async_callback(_cancel, asyncio.create_task(work, name=name))


async def begin_opus_ears(settings: Settings, metrics: Metrics, stack: AsyncExitStack) -> OpusEars | None:
    """What decodes Opus, where pages may send it; None where they may not.

    Raises:
        ConfigError: there is nothing here that decodes it.
        WorkerError: its process cannot be started.

    """
    if not cast("BrowserOptions", settings.provider("browser")).opus:
        return None
    ears = OpusEars(on_dropped=lambda frames: metrics.dropped("in", frames))
    stack.push_async_callback(ears.stop)
    await ears.start()
    return ears


async def begin_ears(settings: Settings, pulse: Pulse, stack: AsyncExitStack) -> VoskRecognizer:
    """The recogniser; `pulse` watches whether it gets on.

    Raises:
        ConfigError: the model cannot serve what is configured.
        ModelError: the model cannot be used.

    """
    ears = configured.recognizer(settings)
    stack.push_async_callback(ears.stop)
    await ears.start()
    pulse.watch(ears)
    return ears


async def begin_voices(settings: Settings, bench: VoiceBench, clock: Clock, stack: AsyncExitStack) -> Voices:
    """The voices that are configured, on the engines of `bench`, which are ended with them.

    Raises:
        BridgeError: the configured voice or the last resort cannot be started, or the lexicon not be read.

    """
    stack.push_async_callback(bench.stop)
    voices = open_voices(settings, bench, clock.now)
    stack.push_async_callback(voices.stop)
    await voices.start()
    return voices


def begin_ticker(clock: Clock, stack: AsyncExitStack) -> Ticker:
    """What sends audio in time, for all calls; what fails of one call is logged, and the others go on."""
    ticker = Ticker(clock, on_error=_on_tick_error)
    beside(stack, ticker.run(), "ticker")
    return ticker


def _on_tick_error(_callback: object, error: BaseException) -> None:
    log.error("playout_failed", exc_info=error)


async def _cancel(task: asyncio.Task[None]) -> None:
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
