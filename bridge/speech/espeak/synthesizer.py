"""A voice made of espeak-ng, as Hatif sees it: a `Synthesizer` whose engine runs in a worker process.

Any number of voices share one process. It never loads the library, which is GPL.
"""

import re
from collections.abc import AsyncGenerator, Callable

from bridge.config_speech import Voice
from bridge.errors import WorkerError
from bridge.speech.base import Engine, Speech, Synthesizer
from bridge.speech.condition import WorkerCondition
from bridge.speech.espeak.manner import PITCH, WORDS_PER_MINUTE, arabic_phonemes, pace, pitch_setting
from bridge.speech.espeak.voices import require_voice, voice_in
from bridge.speech.messages import OpenEspeak, Speak, Spoken
from bridge.speech.packages import version_of
from bridge.speech.script import ARABIC, Passage
from bridge.speech.worker import RestartPolicy, WorkerProcess

__all__ = ["EspeakEngine", "EspeakSynthesizer", "EspeakWorker", "shadda_first"]

MAX_TEXT_CHARACTERS = 4000  # five minutes of speech
SPEAK_TIMEOUT_SECONDS = 10.0  # five minutes of speech take it half a second

_PACKAGE = "espeakng-loader"
_VOWEL_THEN_SHADDA = re.compile("([\u064b-\u0650\u0652\u0670]+)\u0651")


class EspeakWorker(WorkerProcess):
    """The process that espeak-ng runs in."""

    def __init__(
        self, *, policy: RestartPolicy | None = None, on_restart: Callable[[], None] | None = None
    ) -> None:
        super().__init__(
            "espeak", "bridge.speech.espeak.worker", OpenEspeak(), policy=policy, on_restart=on_restart
        )

    async def speak(
        self, text: str, *, voice: str, words_per_minute: int, pitch: int, is_phonemes: bool = False
    ) -> Speech:
        """Speak `text`, spelled as espeak-ng needs it, or else in its names for sounds.

        Raises:
            WorkerError: there is no such voice, nothing to speak, or no process that does it in time.

        """
        if len(text) > MAX_TEXT_CHARACTERS:
            raise WorkerError(f"a text of {len(text)} characters is longer than {MAX_TEXT_CHARACTERS}")
        await self.up(SPEAK_TIMEOUT_SECONDS)
        request = Speak(self.new_id(), text, voice, words_per_minute, pitch, is_phonemes)
        spoken = await self.request(request, Spoken, SPEAK_TIMEOUT_SECONDS)
        return Speech(spoken.pcm, spoken.rate)


class EspeakSynthesizer(Synthesizer):
    """One voice: a language of espeak-ng ("ar") or a variant of one ("ar+Denis").

    It has a process of its own, or speaks through a worker that others use too, started by whoever made it.
    """

    def __init__(
        self,
        *,
        voice: str = "ar",
        words_per_minute: int = 150,
        pitch: int = 50,
        worker: EspeakWorker | None = None,
    ) -> None:
        if words_per_minute not in WORDS_PER_MINUTE:
            raise ValueError(f"words_per_minute must be 80 to 450, not {words_per_minute}")
        if pitch not in PITCH:
            raise ValueError(f"pitch must be 0 to 100, not {pitch}")
        self.worker = worker or EspeakWorker()
        self._owns_worker = worker is None
        self._voice = voice
        self._words_per_minute = words_per_minute
        self._pitch = pitch

    async def start(self) -> None:
        """Start the process, where it is ours; WorkerError when it or the voice cannot be used."""
        if self._owns_worker:
            await self.worker.start()

    async def stop(self) -> None:
        """End the process, where it is ours."""
        if self._owns_worker:
            await self.worker.stop()

    @property
    def is_ready(self) -> bool:
        """Whether the process has spoken, and been reliable lately."""
        return self.worker.is_ready

    @property
    def identity(self) -> str:
        """The engine's package, voice and prosody; known before the process runs."""
        prosody = f"wpm={self._words_per_minute} pitch={self._pitch}"
        return f"espeak-ng/{version_of(_PACKAGE) or 'unknown'} voice={self._voice} {prosody} shadda-first"

    async def stream(self, passage: Passage) -> AsyncGenerator[Speech]:
        """Speak it, vowelled or not, in one piece: espeak-ng needs milliseconds.

        Another language than Arabic and the voice's own is spoken by the voice's variant of that language,
        where espeak-ng has it. A pronunciation is followed in Arabic, where it has all sounds in it.
        """
        voice = voice_in(self._voice, passage.language)
        phonemes = arabic_phonemes(passage.ipa) if _is_arabic(voice) else None
        yield await self.worker.speak(
            shadda_first(passage.text) if phonemes is None else phonemes,
            voice=voice,
            words_per_minute=pace(self._words_per_minute, passage.manner.rate),
            pitch=pitch_setting(self._pitch, passage.manner.pitch),
            is_phonemes=phonemes is not None,
        )


class EspeakEngine(Engine):
    """All its voices, at the configured pace and pitch, and the process that they share."""

    def __init__(self, options: Voice) -> None:
        self._options = options
        self._worker = EspeakWorker()

    @property
    def restarts(self) -> int:
        """Of its process."""
        return self._worker.restarts

    def voice(self, name: str) -> Synthesizer:
        """A language of espeak-ng ("ar"), or a variant of it ("ar+Denis"); ConfigError when there is none."""
        require_voice(name)
        return EspeakSynthesizer(
            voice=name,
            words_per_minute=self._options.words_per_minute,
            pitch=self._options.pitch,
            worker=self._worker,
        )

    def condition(self) -> WorkerCondition | None:
        """How its process is."""
        return self._worker.condition()

    async def start(self) -> None:
        """Start the process."""
        await self._worker.start()

    async def stop(self) -> None:
        """End it."""
        await self._worker.stop()


def _is_arabic(voice: str) -> bool:
    return voice.partition("+")[0] == ARABIC


def shadda_first(text: str) -> str:
    """Put every shadda before the vowel signs of its letter, where espeak-ng looks for it.

    Unicode's canonical order is the other way round, and makes espeak-ng swallow the vowel.
    """
    return _VOWEL_THEN_SHADDA.sub("\u0651\\1", text)
