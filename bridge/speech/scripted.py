"""A voice for texts as they are written: SSML is performed, figures are read out, the rest is the voice's."""

from collections.abc import AsyncGenerator
from contextlib import aclosing

from bridge.speech.base import Speech, Synthesizer
from bridge.speech.performing import FindClip, FindVoice, Read, perform
from bridge.speech.script import Passage
from bridge.speech.ssml import is_ssml, parse

__all__ = ["SCRIPT_VERSION", "ScriptedVoice"]

SCRIPT_VERSION = (
    1  # whatever changes how scripts sound changes this number: rendered prompts are addressed by it
)


class ScriptedVoice(Synthesizer):
    """Another voice, given scripts in the place of words: all that a cache of prompts needs."""

    def __init__(
        self,
        voice: Synthesizer,
        *,
        read: Read,
        reading: str,
        takes_ssml: bool = True,
        voice_named: FindVoice | None = None,
        clip: FindClip | None = None,
    ) -> None:
        """`reading` is how `read` reads, and changes when words do. Without `takes_ssml`, SSML is text."""
        self._voice = voice
        self._read = read
        self._reading = reading
        self._takes_ssml = takes_ssml
        self._voice_named = voice_named
        self._clip = clip

    @property
    def identity(self) -> str:
        """The voice's own, and what is done to its texts."""
        return f"{self._voice.identity} script={SCRIPT_VERSION} reading={self._reading}"

    @property
    def is_ready(self) -> bool:
        """Whether the voice is."""
        return self._voice.is_ready

    async def start(self) -> None:
        """Start the voice."""
        await self._voice.start()

    async def stop(self) -> None:
        """Stop it."""
        await self._voice.stop()

    async def stream(self, passage: Passage) -> AsyncGenerator[Speech]:
        """Speak it; SSML in its own manner, other text in the passage's.

        Raises:
            SsmlError: it begins as SSML does, and cannot be read.
            PerformanceError: it names a voice or a sound that there is not.
            WorkerError: as the voice raises it.

        """
        is_script = self._takes_ssml and is_ssml(passage.text)
        script = parse(passage.text, language=passage.language) if is_script else (passage,)
        performance = perform(
            script, self._voice, read=self._read, voice_named=self._voice_named, clip=self._clip
        )
        async with aclosing(performance) as pieces:
            async for piece in pieces:
                yield piece
