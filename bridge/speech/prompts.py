"""Every prompt as mu-law on disk, addressed by what it sounds like: its text, the voice, and the encoding.

A questionnaire is known before its calls, so its prompts are rendered ahead; a call only reads. A file is a
Sun .au (any player opens it) that carries its own checksum: what is damaged is rendered again. It refuses to
know why a text is said.
"""

import asyncio
import hashlib
import os
import struct
import tempfile
from collections.abc import Callable, Iterable
from pathlib import Path

import numpy as np

from bridge.audio.frames import SAMPLE_RATE
from bridge.audio.g711 import encode_ulaw
from bridge.audio.levels import scale_to_peak
from bridge.audio.resample import resample
from bridge.errors import WorkerError
from bridge.speech.base import Speech, Synthesizer

__all__ = ["PromptCache"]

FORMAT_VERSION = 1  # of this module's own treatment of the sound; part of every address
CODEC = "ulaw/8000"
PEAK_DBFS = -3.0  # loud, and clear of what a codec or an echo canceller on the way might clip
EDGE_SECONDS = 0.05  # silence left at both ends, so that no plosive is cut off
SILENCE_BELOW_PEAK_DB = 45.0  # quieter than this under the loudest sample is silence on a telephone

# Sun audio: magic, offset of the audio, its length, encoding (1: 8-bit mu-law), rate, channels; then a text.
_HEADER = struct.Struct(">4s5I")
_MAGIC = b".snd"
_ULAW = 1
_CHECKSUM_BYTES = 64
_AUDIO_OFFSET = _HEADER.size + _CHECKSUM_BYTES


class PromptCache:
    """A folder of rendered prompts, and the voice that renders what is missing."""

    def __init__(self, folder: Path, synthesizer: Synthesizer) -> None:
        self._folder = folder
        self._synthesizer = synthesizer
        self._rendering: dict[Path, asyncio.Task[bytes]] = {}

    def path_of(self, text: str) -> Path:
        """Where the prompt lies, once rendered."""
        address = "\0".join((str(FORMAT_VERSION), self._synthesizer.identity, text, CODEC))
        name = hashlib.sha256(address.encode()).hexdigest()
        return self._folder / name[:2] / f"{name}.au"

    def get(self, text: str) -> bytes | None:
        """The prompt as mu-law, 8 kHz; None when it is not there, or damaged."""
        try:
            return _audio_of(self.path_of(text).read_bytes())
        except OSError:
            return None

    async def phrase(self, text: str) -> bytes:
        """The prompt as mu-law, 8 kHz: from disk, or else rendered and kept.

        Raises:
            WorkerError: the voice failed, or the folder cannot be written.

        """
        path = self.path_of(text)
        if (task := self._rendering.get(path)) is None:
            if (audio := self.get(text)) is not None:
                return audio
            task = self._begin_rendering(path, text)
        return await asyncio.shield(task)  # another call may wait for it when this one hangs up

    async def make(self, text: str) -> bytes:
        """A text as mu-law, 8 kHz, that is not kept: what depends on a caller is never written to disk.

        Raises:
            WorkerError: the voice failed.

        """
        return await asyncio.to_thread(_telephone_audio, await self._synthesizer.synthesise(text))

    def missing(self, texts: Iterable[str]) -> list[str]:
        """Those texts that `phrase` would have to render, each once."""
        return [text for text in dict.fromkeys(texts) if self.get(text) is None]

    async def render(self, texts: Iterable[str], on_progress: Callable[[str], None] | None = None) -> int:
        """Render what is missing, one after the other; how many that were. Every text is reported as done."""
        rendered = 0
        for text in dict.fromkeys(texts):
            if self.get(text) is None:
                await self.phrase(text)
                rendered += 1
            if on_progress is not None:
                on_progress(text)
        return rendered

    def _begin_rendering(self, path: Path, text: str) -> asyncio.Task[bytes]:
        task = asyncio.create_task(self._render(path, text))
        self._rendering[path] = task
        task.add_done_callback(lambda done: self._end_rendering(path, done))
        return task

    def _end_rendering(self, path: Path, task: asyncio.Task[bytes]) -> None:
        del self._rendering[path]
        if not task.cancelled():
            task.exception()  # seen: everybody who asked may have hung up

    async def _render(self, path: Path, text: str) -> bytes:
        speech = await self._synthesizer.synthesise(text)
        try:
            return await asyncio.to_thread(_keep, path, speech)
        except OSError as error:
            raise WorkerError(f"a prompt cannot be kept in {self._folder}: {error.strerror}") from error


def _keep(path: Path, speech: Speech) -> bytes:
    audio = _telephone_audio(speech)
    _write(path, _file_of(audio))
    return audio


def _telephone_audio(speech: Speech) -> bytes:
    pcm = scale_to_peak(resample(speech.pcm, speech.rate, SAMPLE_RATE), PEAK_DBFS)
    trimmed = _trimmed(np.frombuffer(pcm, dtype="<i2"))
    if not trimmed:
        raise WorkerError("the voice gave no sound for a prompt")
    return encode_ulaw(trimmed)


def _trimmed(samples: np.ndarray[tuple[int], np.dtype[np.int16]]) -> bytes:
    """The audio with at most the edge's silence at both ends; nothing when it is all silence."""
    levels = np.abs(samples.astype(np.int32))
    loudest = int(levels.max(initial=0))
    sounding = np.flatnonzero(levels > loudest * 10 ** (-SILENCE_BELOW_PEAK_DB / 20))
    if not loudest or not sounding.size:
        return b""
    edge = round(EDGE_SECONDS * SAMPLE_RATE)
    begin, end = max(int(sounding[0]) - edge, 0), int(sounding[-1]) + 1 + edge
    return samples[begin:end].tobytes()


def _file_of(audio: bytes) -> bytes:
    header = _HEADER.pack(_MAGIC, _AUDIO_OFFSET, len(audio), _ULAW, SAMPLE_RATE, 1)
    return header + _checksum(audio) + audio


def _audio_of(content: bytes) -> bytes | None:
    """The audio of a file; None when anything about it is not as written."""
    audio = content[_AUDIO_OFFSET:]
    return audio if audio and content == _file_of(audio) else None


def _checksum(audio: bytes) -> bytes:
    return hashlib.sha256(audio).hexdigest().encode()


def _write(path: Path, content: bytes) -> None:
    """All of it or nothing, whenever the machine stops."""
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=".", suffix=".part")
    temporary = Path(name)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
    _sync_folder(path.parent)


def _sync_folder(folder: Path) -> None:
    """Make the new name itself last."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
