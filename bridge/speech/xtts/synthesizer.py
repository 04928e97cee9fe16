"""A voice made of XTTS v2, as Hatif sees it: a `Synthesizer` whose engine runs in a worker process.

Any number of voices share one process, which speaks one text at a time; the others wait in a fair queue.
PyTorch and coqui-tts are loaded in that process only.
"""

import asyncio
from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing
from importlib.util import find_spec
from typing import TypeVar

from bridge.config_speech import Xtts
from bridge.errors import ConfigError, ModelError, WorkerError, WorkerLostError
from bridge.speech.base import Speech, Synthesizer, whole
from bridge.speech.messages import (
    Condition,
    Conditioned,
    ListSpeakers,
    LoadXtts,
    Reply,
    Request,
    SpeakAs,
    Speakers,
    TakeSpeaker,
)
from bridge.speech.packages import version_of
from bridge.speech.queueing import FairQueue, in_turn, speaking_for
from bridge.speech.script import ARABIC, Passage
from bridge.speech.worker import RestartPolicy, WorkerProcess
from bridge.speech.xtts.checkpoint import check_checkpoint
from bridge.speech.xtts.voice import fingerprint_of, unpack_latents

__all__ = ["LICENCE", "XttsSynthesizer", "XttsWorker", "require_licence", "require_packages"]

LICENCE = "the Coqui Public Model License 1.0.0"
MAX_TEXT_CHARACTERS = 4000  # five minutes of speech, a quarter of an hour of work
MAX_RECORDING_SECONDS = 60
RECORDING_RATES = range(8000, 96001)  # hertz
START_SECONDS = 300.0  # two gigabytes from a slow disk, and the networks built for them
PART_SECONDS = 60.0  # twelve tokens take a core three seconds; the rest is for a busy machine
UP_SECONDS = 120.0  # a new process loads the checkpoint again
SLOWEST, FASTEST = 0.5, 2.0
SEEDS = "hatif-xtts-1"

_PACKAGES = "torch", "torchaudio", "TTS", "six"
_PACKAGE = "coqui-tts"
_MODULE = "bridge.speech.xtts.worker"

R = TypeVar("R", bound=Reply)


class XttsWorker(WorkerProcess):
    """The process that XTTS runs in, and the queue before it."""

    def __init__(
        self,
        options: Xtts,
        *,
        part_seconds: float = PART_SECONDS,
        policy: RestartPolicy | None = None,
        on_restart: Callable[[], None] | None = None,
        module: str = _MODULE,
    ) -> None:
        """`part_seconds`: a process that keeps a part for longer hangs, and is replaced."""
        super().__init__(
            "xtts",
            module,
            LoadXtts(str(options.model), options.device, options.threads),
            start_timeout_seconds=START_SECONDS,
            memory_mb=options.memory_mb,
            policy=policy,
            on_restart=on_restart,
        )
        self._options = options
        self._part_seconds = part_seconds
        self._queue = FairQueue("XTTS", waiting=options.waiting)
        self._checkpoint = ""

    @property
    def waiting(self) -> int:
        """How many texts wait for their turn."""
        return self._queue.waiting

    @property
    def checkpoint(self) -> str:
        """Tells checkpoints apart by their content; known before the process runs, '' where there is none."""
        if not self._checkpoint:
            try:
                self._checkpoint = check_checkpoint(self._options.model).identity
            except ModelError:
                return ""
        return self._checkpoint

    async def start(self) -> None:
        """Start the process and wait until it has spoken.

        Raises:
            ConfigError: the licence has not been accepted, or the extra is not installed.
            ModelError: the checkpoint is missing, half there, or one of another architecture.
            WorkerError: the process could not speak.

        """
        require_licence(self._options)
        require_packages()
        self._checkpoint = (await asyncio.to_thread(check_checkpoint, self._options.model)).identity
        await super().start()

    async def latents_of(self, pcm: bytes, rate: int) -> bytes:
        """What XTTS needs to know of the voice in a recording: signed 16-bit little-endian, mono.

        Raises:
            WorkerError: it is too short or too long, or there is no process that can do it.

        """
        if rate not in RECORDING_RATES:
            raise WorkerError(f"a recording's rate must be 8000 to 96000 hertz, not {rate}")
        if len(pcm) > 2 * rate * MAX_RECORDING_SECONDS:
            raise WorkerError(f"a recording is longer than {MAX_RECORDING_SECONDS} s")
        return (await self._asked(lambda: Condition(self.new_id(), pcm, rate), Conditioned)).latents

    async def speakers(self) -> tuple[str, ...]:
        """The voices that came with the checkpoint; () where it has none."""
        return (await self._asked(lambda: ListSpeakers(self.new_id()), Speakers)).names

    async def speaker(self, name: str) -> bytes:
        """The latents of one of them; WorkerError when it has none of that name."""
        return (await self._asked(lambda: TakeSpeaker(self.new_id(), name), Conditioned)).latents

    async def speak(
        self, text: str, *, language: str, latents: bytes, speed: float = 1.0
    ) -> AsyncGenerator[Speech]:
        """Speak in parts as they are made. Whoever hears them slowly keeps nobody else waiting.

        Raises:
            WorkerError: the text was refused, the queue is full (BusyError), or processes died over it.

        """
        if len(text) > MAX_TEXT_CHARACTERS:
            raise WorkerError(f"a text of {len(text)} characters is longer than {MAX_TEXT_CHARACTERS}")

        def order() -> SpeakAs:
            return SpeakAs(self.new_id(), text, language, latents, speed)

        async with aclosing(in_turn(self._queue, lambda give: self._spoken(give, order))) as pieces:
            async for piece in pieces:
                yield piece

    async def _spoken(self, give: Callable[[Speech], None], order: Callable[[], SpeakAs]) -> None:
        """A process that is lost before any sound has come costs a second attempt; after that, the text."""
        is_heard = is_second = False
        while True:
            await self._up_again()
            try:
                async with aclosing(self.stream(order(), self._part_seconds)) as stream:
                    async for part in stream:
                        if part.pcm:
                            is_heard = True
                            give(Speech(part.pcm, part.rate))
            except WorkerLostError:
                if is_heard or is_second:
                    raise
                is_second = True
            else:
                return

    async def _asked(self, order: Callable[[], Request], reply: type[R]) -> R:
        async with self._queue.turn(speaking_for.get()):
            await self._up_again()
            try:
                return await self.request(order(), reply, self._part_seconds)
            except WorkerLostError:
                await self._up_again()
                return await self.request(order(), reply, self._part_seconds)

    async def _up_again(self) -> None:
        """Wait for a process, where there is one to be hoped for."""
        if not self.is_up and (self._supervisor is None or self._is_over_budget()):
            raise WorkerLostError("XTTS is not running")
        await self.up(UP_SECONDS)


class XttsSynthesizer(Synthesizer):
    """One voice, cloned or come with the checkpoint, through a worker that others use too."""

    def __init__(
        self,
        worker: XttsWorker,
        voice_latents: bytes | None = None,
        *,
        name: str,
        language: str = ARABIC,
    ) -> None:
        """Without latents, `name` is a voice that came with the checkpoint.

        Raises:
            WorkerError: the latents are none.

        """
        if voice_latents is not None:
            unpack_latents(voice_latents)
        self.worker = worker
        self.name = name
        self._latents = voice_latents
        self._voice = f"speaker:{name}" if voice_latents is None else fingerprint_of(voice_latents)
        self._language = language

    @property
    def identity(self) -> str:
        """The engine, the checkpoint's and the voice's content; known before the process runs."""
        engine = f"xtts/{version_of(_PACKAGE) or 'unknown'} checkpoint={self.worker.checkpoint or 'none'}"
        return f"{engine} voice={self._voice} language={self._language} seeds={SEEDS}"

    @property
    def is_ready(self) -> bool:
        """Whether the process has spoken, been reliable lately, and knows this voice."""
        return self.worker.is_ready and self._latents is not None

    async def start(self) -> None:
        """Ask the worker, which others start and stop, for the voice where it came with the checkpoint."""
        if self._latents is None:
            self._latents = await self.worker.speaker(self.name)

    async def stop(self) -> None:
        """Nothing is this voice's own."""

    async def stream(self, passage: Passage) -> AsyncGenerator[Speech]:
        """Speak in parts as they are made. XTTS cannot change its pitch: a passage's is not heeded."""
        if self._latents is None:
            raise WorkerError(f"XTTS's voice {self.name!r} has not been started")
        parts = self.worker.speak(
            passage.text,
            language=passage.language,
            latents=self._latents,
            speed=min(max(passage.manner.rate, SLOWEST), FASTEST),
        )
        async with aclosing(parts):
            async for part in parts:
                yield part

    async def synthesise(self, text: str) -> Speech:
        """Speak `text` whole, in the voice's own language."""
        return await whole(self.stream(Passage(text, self._language)))


def require_licence(options: Xtts) -> None:
    """ConfigError, unless whoever runs Hatif has said that the licence of XTTS's checkpoint suits them."""
    if not options.accept_cpml:
        raise ConfigError(
            f"XTTS v2 is under {LICENCE}, which allows non-commercial use only, of the model and of what it "
            "says: set xtts.accept_cpml to true in config.yaml if that is your use"
        )


def require_packages() -> None:
    """ConfigError, unless the extra is installed; nothing of it is loaded."""
    missing = [name for name in _PACKAGES if find_spec(name) is None]
    if missing:
        lacks = ", ".join(missing)
        raise ConfigError(f"XTTS needs packages that are not here ({lacks}): pip install 'hatif[xtts]'")
