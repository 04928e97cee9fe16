"""Every prompt as mu-law, addressed by what it sounds like: its text, the voice, how it is read and polished.

A questionnaire is known before its calls, so its prompts are rendered ahead; a call only reads. A file is a
Sun .au (any player opens it) that carries its own checksum: what is damaged is rendered again. It refuses to
know why a text is said.
"""

import asyncio
import hashlib
from collections.abc import Callable, Iterable
from pathlib import Path

import structlog
from msgspec import Struct

from bridge.audio.g711 import encode_ulaw
from bridge.audio.polish import POLISH_VERSION, VoiceLevel, polish
from bridge.errors import WorkerError
from bridge.speech.base import Speech, Synthesizer
from bridge.speech.prompt_files import CacheStatistics, PromptFiles

__all__ = ["PromptCache", "as_written"]

FORMAT_VERSION = 2  # of the files; part of every address
CODEC = "ulaw/8000"

log = structlog.get_logger()


def as_written(text: str) -> str:
    """The reading of what is in words already."""
    return text


class _Rendered(Struct, frozen=True):
    audio: bytes
    problem: str = ""  # why it could not be kept


class PromptCache:
    """Prompts of one voice, and the voice that renders what is missing."""

    def __init__(
        self,
        folder: Path,
        synthesizer: Synthesizer,
        *,
        max_bytes: int | None = None,
        files: PromptFiles | None = None,
        read: Callable[[str], str] = as_written,
    ) -> None:
        """`files`: shared by all voices of a folder; else one of its own, of at most `max_bytes`.

        `read` makes words of what is written, and is quick. A prompt is addressed by its words: another way
        to read renders those anew that it reads in another way.
        """
        self.level = VoiceLevel()  # of the voice, as this process has heard it: for speech that is streamed
        self._files = files or PromptFiles(folder, max_bytes=max_bytes)
        self._synthesizer = synthesizer
        self._read = read
        self._rendering: dict[str, asyncio.Task[_Rendered]] = {}

    def path_of(self, text: str) -> Path:
        """Where the prompt lies, once rendered."""
        return self._files.path_of(self._address(text))

    def get(self, text: str) -> bytes | None:
        """The prompt as mu-law, 8 kHz; None when it is not there, or damaged."""
        audio = self._files.read(self._address(text), self._synthesizer.identity)
        self._files.counts["hits"] += audio is not None
        return audio

    async def phrase(self, text: str) -> bytes:
        """The prompt as mu-law, 8 kHz: from memory or disk, or else rendered and kept.

        A prompt that cannot be kept is logged, and given nevertheless.

        Raises:
            WorkerError: the voice failed.

        """
        if (audio := self.get(text)) is not None:
            return audio
        self._files.counts["misses"] += 1
        return (await self._rendered(text)).audio

    async def make(self, text: str) -> bytes:
        """A text as mu-law, 8 kHz, that is not kept: what depends on a caller is never written to disk.

        Raises:
            WorkerError: the voice failed.

        """
        return await asyncio.to_thread(_telephone_audio, await self._spoken(text), None)

    def missing(self, texts: Iterable[str]) -> list[str]:
        """Those texts that are not on disk, each once."""
        identity = self._synthesizer.identity
        return [text for text in dict.fromkeys(texts) if not self._files.has(self._address(text), identity)]

    async def render(
        self, texts: Iterable[str], on_progress: Callable[[str], None] | None = None, *, afresh: bool = False
    ) -> int:
        """Render what is missing, or all `afresh`, one after the other; how many that were.

        Every text is reported as done. None of them is evicted meanwhile.

        Raises:
            WorkerError: the voice failed, or the folder cannot be written.

        """
        distinct = list(dict.fromkeys(texts))
        rendered = 0
        with self._files.holding([self._address(text) for text in distinct]):
            for text in distinct:
                if afresh or self.missing([text]):
                    if problem := (await self._rendered(text)).problem:
                        raise WorkerError(f"a prompt cannot be kept in {self._files.folder}: {problem}")
                    rendered += 1
                if on_progress is not None:
                    on_progress(text)
        return rendered

    def pin(self, texts: Iterable[str]) -> None:
        """Never evict the prompts of these texts, which are offered to calls; in place of those before."""
        self._files.pin(self._synthesizer.identity, {self._address(text) for text in texts})

    def statistics(self) -> CacheStatistics:
        """How the cache does, for all voices of its files; slow the first time: it looks through them."""
        return self._files.statistics()

    def _address(self, text: str) -> str:
        sound = f"{FORMAT_VERSION}.{POLISH_VERSION}\0{self._synthesizer.identity}"
        return hashlib.sha256(f"{sound}\0{self._read(text)}\0{CODEC}".encode()).hexdigest()

    async def _spoken(self, text: str) -> Speech:
        return await self._synthesizer.synthesise(self._read(text))

    async def _rendered(self, text: str) -> _Rendered:
        """Render it, or wait for who is at it; another call may wait for it when this one hangs up."""
        address = self._address(text)
        if (task := self._rendering.get(address)) is None:
            task = asyncio.create_task(self._render(address, text))
            self._rendering[address] = task
            task.add_done_callback(lambda done: self._end_rendering(address, done))
        return await asyncio.shield(task)

    def _end_rendering(self, address: str, task: asyncio.Task[_Rendered]) -> None:
        del self._rendering[address]
        if not task.cancelled():
            task.exception()  # seen: everybody who asked may have hung up

    async def _render(self, address: str, text: str) -> _Rendered:
        speech = await self._spoken(text)
        rendered = await asyncio.to_thread(self._keep, address, speech)
        self._files.counts["rendered"] += 1
        if rendered.problem:
            self._files.counts["unkept"] += 1
            log.warning("prompt_not_kept", folder=str(self._files.folder), problem=rendered.problem)
        return rendered

    def _keep(self, address: str, speech: Speech) -> _Rendered:
        audio = _telephone_audio(speech, self.level)
        try:
            self._files.keep(address, self._synthesizer.identity, audio)
        except OSError as error:
            self._files.remember(address, audio)
            return _Rendered(audio, error.strerror or str(error))
        return _Rendered(audio)


def _telephone_audio(speech: Speech, level: VoiceLevel | None) -> bytes:
    try:
        pcm = polish(speech.pcm, speech.rate, level)
    except ValueError as error:
        raise WorkerError(str(error)) from error
    if not pcm:
        raise WorkerError("the voice gave no sound for a prompt")
    return encode_ulaw(pcm)
