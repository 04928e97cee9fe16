"""What Hatif expects of ears, of a voice and of an engine of voices, which live in rooms of their own."""

from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import aclosing
from typing import Protocol

from msgspec import Struct

from bridge.speech.condition import WorkerCondition
from bridge.speech.script import Passage

__all__ = [
    "Engine",
    "Hearing",
    "Partial",
    "RecognitionStream",
    "Recognizer",
    "Speech",
    "Synthesizer",
    "whole",
]


class Hearing(Struct, frozen=True):
    """One utterance, decoded under the question's own words and under every word of the model.

    Either is done several times, each begun a little later, and gives as many texts; '' where nothing was
    recognised.
    """

    closed: tuple[str, ...]  # texts under the grammar; () when there was none to use
    open: tuple[str, ...]  # texts under the open vocabulary
    confidence: float  # 0..1, the lowest word confidence of `closed`; it does not tell right from wrong
    recognise_seconds: float  # from `finish` to the last decoder's answer


class Partial(Struct, frozen=True):
    """What one reading makes of an utterance that goes on; the next one may say otherwise."""

    text: str
    behind_seconds: float  # since the last of the audio that it knows of was fed


class RecognitionStream(Protocol):
    """One utterance on its way to the recogniser."""

    def feed(self, pcm: bytes) -> None:
        """Hand over more audio: signed 16-bit little-endian, 8 kHz, mono. Never waits, never raises."""
        ...

    async def finish(self) -> Hearing:
        """The utterance has ended.

        Raises:
            WorkerError: the recogniser died or did not answer in time; the caller is to be asked again.

        """
        ...

    def cancel(self) -> None:
        """Forget the utterance; safe at any time, also after `finish`."""
        ...


class Recognizer(Protocol):
    """Ears shared by all calls."""

    @property
    def is_reliable(self) -> bool:
        """False: it has failed so often lately that the next utterance may be lost as well."""
        ...

    @property
    def is_quick(self) -> bool:
        """Whether it has time for more than what must be heard: False where callers have waited lately."""
        ...

    @property
    def has_open_vocabulary(self) -> bool:
        """Whether free speech becomes a text that is worth keeping, and not only the answers to questions."""
        ...

    def open(
        self, phrases: Sequence[str], on_partial: Callable[[Partial], None] | None = None
    ) -> RecognitionStream:
        """Begin an utterance that is expected to be one of `phrases` (spelled as the model spells).

        Without phrases `on_partial` is told now and then what was said so far, where there is time for it.
        """
        ...


class Speech(Struct, frozen=True):
    """Synthesised speech."""

    pcm: bytes  # signed 16-bit little-endian, mono
    rate: int  # hertz


class Synthesizer(Protocol):
    """A voice of an engine."""

    @property
    def identity(self) -> str:
        """Engine, version, voice and prosody: whatever changes the sound changes this text."""
        ...

    @property
    def is_ready(self) -> bool:
        """Whether it can speak now, and has been reliable lately."""
        ...

    async def start(self) -> None:
        """Make ready what is this voice's own; a BridgeError, in one sentence, when it cannot be."""
        ...

    async def stop(self) -> None:
        """End what is this voice's own."""
        ...

    def stream(self, passage: Passage) -> AsyncGenerator[Speech]:
        """Speak in pieces, as they are made, all at one rate. Close it (`aclosing`), and the work ends.

        Raises:
            WorkerError: the engine died, hung or refused the text; what had come until then is to be thrown
                away or followed by silence, never by another's sound.

        """
        ...

    async def synthesise(self, text: str) -> Speech:
        """Speak `text` whole.

        Raises:
            WorkerError: the engine died, hung or refused the text.

        """
        return await whole(self.stream(Passage(text)))


class Engine(Protocol):
    """All voices of one engine, and the process or server that they share."""

    @property
    def restarts(self) -> int:
        """How often its process was replaced; 0 where it has none."""
        return 0

    def voice(self, name: str) -> Synthesizer:
        """One of its voices, which speaks once the engine runs.

        Raises:
            ConfigError: there is no such voice, or the engine is not installed or not configured.

        """
        ...

    def condition(self) -> WorkerCondition | None:
        """How its process is; None: it has none of its own."""
        return None

    async def start(self) -> None:
        """Start what its voices share, once, or again after a failure; WorkerError when it cannot be."""
        ...

    async def stop(self) -> None:
        """End it."""
        ...


async def whole(pieces: AsyncGenerator[Speech]) -> Speech:
    """Everything that a stream gives, as one."""
    pcm, rate = bytearray(), 0
    async with aclosing(pieces):
        async for piece in pieces:
            pcm += piece.pcm
            rate = piece.rate
    return Speech(bytes(pcm), rate)
