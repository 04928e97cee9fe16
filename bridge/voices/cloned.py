"""XTTS's voices as the bench of voices asks for them: those that were cloned, and the checkpoint's own."""

from collections.abc import AsyncGenerator
from contextlib import aclosing

from bridge.config import Settings
from bridge.config_speech import Voices
from bridge.errors import ConfigError, WorkerError
from bridge.speech.base import Engine, Speech, Synthesizer
from bridge.speech.condition import WorkerCondition
from bridge.speech.script import Passage
from bridge.speech.xtts.checkpoint import check_checkpoint
from bridge.speech.xtts.synthesizer import (
    XttsSynthesizer,
    XttsWorker,
    require_licence,
    require_packages,
)
from bridge.voices.card import VoiceCard
from bridge.voices.latents import latents_for
from bridge.voices.shelf import shelf_of

__all__ = ["ClonedVoice", "XttsEngine"]

DIGEST_CHARACTERS = 16


class ClonedVoice(Synthesizer):
    """A voice of the shelf; what XTTS needs to know of it is computed at its first start, and kept."""

    def __init__(self, worker: XttsWorker, options: Voices, card: VoiceCard) -> None:
        self._worker = worker
        self._options = options
        self._card = card
        self._language = card.language.partition("-")[0]
        self._voice: XttsSynthesizer | None = None

    @property
    def identity(self) -> str:
        """The engine, the checkpoint and the recording: the same before its latents are there and after."""
        name = f"recording:{self._card.recording.sha256[:DIGEST_CHARACTERS]}"
        return XttsSynthesizer(self._worker, name=name, language=self._language).identity

    @property
    def is_ready(self) -> bool:
        """Whether the process runs, has been reliable lately, and knows this voice."""
        return self._voice is not None and self._voice.is_ready

    async def start(self) -> None:
        """Read or compute its latents; the worker is started by whoever made this.

        Raises:
            VoiceError: its files cannot be read.
            WorkerError: the worker cannot compute them.

        """
        if self._voice is None:
            latents = await latents_for(
                self._options,
                self._card.name,
                checkpoint=self._worker.checkpoint,
                compute=self._worker.latents_of,
            )
            self._voice = XttsSynthesizer(
                self._worker, latents, name=self._card.name, language=self._language
            )

    async def stop(self) -> None:
        """Nothing is this voice's own."""

    async def stream(self, passage: Passage) -> AsyncGenerator[Speech]:
        """Speak in parts as they are made."""
        if self._voice is None:
            raise WorkerError(f"the voice {self._card.name} has not been started")
        async with aclosing(self._voice.stream(passage)) as parts:
            async for part in parts:
                yield part


class XttsEngine(Engine):
    """XTTS: one process for all its voices."""

    def __init__(self, settings: Settings) -> None:
        self._xtts = settings.xtts
        self._options = settings.voices
        self._worker = XttsWorker(settings.xtts)

    @property
    def restarts(self) -> int:
        """Of its process."""
        return self._worker.restarts

    def voice(self, name: str) -> Synthesizer:
        """A cloned voice; or, where none is called so, one that came with the checkpoint.

        Raises:
            ConfigError: the licence has not been accepted, the extra is not installed, or there is no such
                voice.
            ModelError: there is no checkpoint that it could speak with.
            VoiceError: it cannot be read.

        """
        require_licence(self._xtts)
        checkpoint = check_checkpoint(self._xtts.model)
        require_packages()
        shelf = shelf_of(self._options)
        if name in (names := shelf.names()):
            return ClonedVoice(self._worker, self._options, shelf.card(name))
        if checkpoint.has_speakers:
            return XttsSynthesizer(self._worker, name=name)
        known = ", ".join(names) or "none yet; `hatif voices add` makes one"
        raise ConfigError(f"there is no cloned voice {name!r}; there are: {known}")

    def condition(self) -> WorkerCondition | None:
        """How its process is."""
        return self._worker.condition()

    async def start(self) -> None:
        """Start its process."""
        await self._worker.start()

    async def stop(self) -> None:
        """End its process."""
        await self._worker.stop()
