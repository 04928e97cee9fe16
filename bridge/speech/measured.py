"""A voice whose pace is measured and whose troubles are noticed, so that a call asks it only what it can do.

An engine that fails, or keeps somebody waiting for longer than it ever did, is left alone by calls and tried
again in the background with words of ours, until it speaks. Whether its process is killed and replaced is its
own worker's business; the trial waits for that.
"""

import asyncio
from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing
from datetime import datetime

import structlog
from msgspec import Struct

from bridge.errors import BridgeError
from bridge.speech.base import Speech, Synthesizer, whole
from bridge.speech.pace import Pace
from bridge.speech.script import Passage

__all__ = ["MeasuredVoice", "Trouble"]

MARGIN = 1.25  # an engine may take longer than it did on the average
TRIAL = "السَّلَامُ عَلَيْكُمْ"  # as long as a name
TRIAL_PAUSE_SECONDS = 10.0
GRACE_SECONDS = 0.5  # an engine is not doubted for less, least of all one of which nothing is known
STALE_SECONDS = 60.0  # a pace that was too slow so long ago is measured again: the machine may have been busy

log = structlog.get_logger()


class Trouble(Struct, frozen=True):
    """A voice cannot be used."""

    since: datetime
    why: str  # a sentence of errors.py's kind: never a text that was to be spoken


class MeasuredVoice(Synthesizer):
    """A voice by its name as configured ("xtts/nurse"), and all that was noticed while it spoke."""

    def __init__(self, name: str, voice: Synthesizer, *, now: Callable[[], datetime]) -> None:
        self.name = name
        self._voice = voice
        self._now = now
        self._pace = Pace()
        self._under_way: dict[object, int] = {}  # characters of what it is speaking
        self._doubt: Trouble | None = None  # something went wrong, and whether it lasts is being tried
        self._trouble: Trouble | None = None
        self._trial: asyncio.Task[None] | None = None
        self._measured_at = 0.0
        self._is_started = False

    @property
    def identity(self) -> str:
        """The voice's own."""
        return self._voice.identity

    @property
    def is_ready(self) -> bool:
        """Whether it can speak now, and nothing is known that speaks against it."""
        return self.trouble is None and self._doubt is None

    @property
    def trouble(self) -> Trouble | None:
        """What is wrong with it, for people, and since when that is known."""
        if self._is_started and self._trouble is None and not self._voice.is_ready:
            self._begin_trouble(Trouble(self._now(), "its engine does not run, or not reliably"))
        return self._trouble

    async def start(self) -> None:
        """Start the voice; a BridgeError when it cannot be, and then it is tried again until it can."""
        self._is_started = True
        try:
            await self._voice.start()
        except BridgeError as error:
            self._begin_trouble(Trouble(self._now(), str(error)))
            raise

    async def stop(self) -> None:
        """Give up trying, and stop the voice."""
        self._is_started = False
        if self._trial is not None:
            self._trial.cancel()
            await asyncio.gather(self._trial, return_exceptions=True)
        await self._voice.stop()

    def hindrance(self, characters: int, seconds: float) -> str:
        """Why it will not speak so many characters within `seconds`; '' where it is expected to.

        An engine that was never heard is believed to be quick: somebody has to be the first.
        """
        if self.trouble is not None:
            return "is down"
        if self._doubt is not None:
            return "failed just now"
        needed = self._pace.expected(characters + sum(self._under_way.values()))
        if needed is not None and needed * MARGIN > seconds:
            if self._time() - self._measured_at > STALE_SECONDS:
                self._begin_trial()
            return f"needs {needed:.1f} s"
        return ""

    async def stream(self, passage: Passage) -> AsyncGenerator[Speech]:
        """Speak it, measured."""
        mine, began, was_well = object(), self._time(), self.is_ready
        characters = len(passage.text)
        self._under_way[mine] = characters
        try:
            async with aclosing(self._voice.stream(passage)) as pieces:
                async for piece in pieces:
                    yield piece
        except BridgeError as error:
            self._failed(str(error))
            raise
        except (asyncio.CancelledError, GeneratorExit):
            self._given_up(characters, self._time() - began)
            raise
        else:
            if was_well and self.is_ready:  # else its process may have been replaced meanwhile
                self._observe(characters, self._time() - began)
            self._spoke()
        finally:
            del self._under_way[mine]

    def _observe(self, characters: int, seconds: float) -> None:
        self._pace.observe(characters, seconds)
        self._measured_at = self._time()

    def _given_up(self, characters: int, seconds: float) -> None:
        """Nobody waits any more: a caller hung up, or was kept waiting for longer than expected."""
        expected = self._pace.expected(characters) or 0.0
        if seconds > MARGIN * expected + GRACE_SECONDS:
            self._observe(characters, seconds)  # it takes at least as long
            self._failed("it took much longer than expected")

    def _failed(self, why: str) -> None:
        if self._doubt is None and self._trouble is None:
            self._doubt = Trouble(self._now(), why)
        self._begin_trial()

    def _spoke(self) -> None:
        self._doubt = None
        if self._trouble is not None and self._voice.is_ready:
            log.info("voice_speaks_again", voice=self.name)
            self._trouble = None

    def _begin_trouble(self, trouble: Trouble) -> None:
        self._trouble = trouble
        log.warning("voice_down", voice=self.name, cause=trouble.why)
        self._begin_trial()

    def _begin_trial(self) -> None:
        if self._trial is None or self._trial.done():
            self._trial = asyncio.create_task(self._try(), name=f"trial-of-{self.name}")

    async def _try(self) -> None:
        """Speak words of ours until that works, and as often as it takes to know how quick it is now."""
        while True:
            is_measured = self.is_ready
            try:
                await whole(self.stream(Passage(TRIAL)))
            except BridgeError as error:
                if self._trouble is None and self._doubt is not None:
                    self._begin_trouble(Trouble(self._doubt.since, str(error)))
            if self.is_ready:
                if is_measured:
                    return
                continue
            await asyncio.sleep(TRIAL_PAUSE_SECONDS)

    @staticmethod
    def _time() -> float:
        return asyncio.get_running_loop().time()
