"""Typed words spoken by espeak-ng over a telephone line, and heard by the real recogniser.

It is the front end of a call: one gate for the whole call, the question's patience, its grammar.
"""

import asyncio
from collections import Counter
from pathlib import Path
from types import TracebackType
from typing import Self

import numpy as np

from bridge.audio.frames import SAMPLE_RATE
from bridge.audio.gate import Spoken, VoiceGate, whole_utterances
from bridge.authoring.simulation.simulating import Sounded
from bridge.carriers.voice import DEFAULT_VOICE, LineNoise, SyntheticVoice, Wording
from bridge.dialogue.actions import Listen
from bridge.dialogue.inputs import Utterance
from bridge.dialogue.prompts import prompt_texts
from bridge.dialogue.questionnaire import Questionnaire
from bridge.speech.espeak.synthesizer import EspeakSynthesizer
from bridge.speech.vosk.recognizer import VoskRecognizer
from bridge.understanding import bare

__all__ = ["VoiceAndEars", "vowelled_words"]

LEAD_SECONDS = 0.5  # of line noise before the words: the detector learns the line from it
TAIL_SECONDS = 1.0  # after the question's own patience: the window in which speech may resume
NOISE_SEED = 7  # the same line every time
_AT_THE_EDGES = ".،؛؟!:"
_CASE_ENDINGS = tuple("\u064b\u064c\u064d\u064e\u064f\u0650")  # an, un, in, a, u, i


class VoiceAndEars:
    """A caller's voice and Hatif's ears; a context manager, for both run in processes of their own."""

    def __init__(self, questionnaire: Questionnaire, model: Path, *, voice: str = DEFAULT_VOICE) -> None:
        self._vowelled = vowelled_words(questionnaire)
        self._noise = LineNoise(np.random.default_rng(NOISE_SEED))
        self._synthesizer = EspeakSynthesizer(voice=voice)
        self._recognizer = VoskRecognizer(model)
        self._gate = VoiceGate()
        self._runner = asyncio.Runner()

    def __enter__(self) -> Self:
        try:
            self._runner.run(self._start())
        except BaseException:
            self._close()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._close()

    def hear(self, words: str, listen: Listen) -> Sounded:
        """Speak `words`, and hear them as an answer that is listened for.

        Raises:
            WorkerError: the voice or the recogniser failed.

        """
        return self._runner.run(self._hear(words, listen))

    async def _start(self) -> None:
        await self._synthesizer.start()
        await self._recognizer.start()

    def _close(self) -> None:
        try:
            self._runner.run(self._stop())
        finally:
            self._runner.close()

    async def _stop(self) -> None:
        await self._synthesizer.stop()
        await self._recognizer.stop()

    async def _hear(self, words: str, listen: Listen) -> Sounded:
        spoken = " ".join(self._vowelled.get(word, word) for word in words.split())
        speech = await SyntheticVoice(self._synthesizer, self._noise).speak(Wording(spoken))
        self._gate.expect(
            end_silence_seconds=listen.end_silence_seconds, max_speech_seconds=listen.max_speech_seconds
        )
        line = self._hiss(LEAD_SECONDS) + speech + self._hiss(listen.end_silence_seconds + TAIL_SECONDS)
        utterances = whole_utterances(self._gate.process(line))
        if not utterances:
            return Sounded(spoken, None)
        return Sounded(spoken, await self._decode(utterances[0], listen), len(utterances) - 1)

    async def _decode(self, spoken: Spoken, listen: Listen) -> Utterance:
        stream = self._recognizer.open(listen.phrases)
        stream.feed(spoken.pcm)
        hearing = await stream.finish()
        return Utterance(hearing.closed, hearing.open, hearing.confidence, spoken.speech_seconds)

    def _hiss(self, seconds: float) -> bytes:
        return self._noise.ulaw(round(seconds * SAMPLE_RATE))


def vowelled_words(questionnaire: Questionnaire) -> dict[str, str]:
    """How the questionnaire itself vowels its words: typed words have no vowels, and a voice needs them."""
    forms: dict[str, Counter[str]] = {}
    for text in prompt_texts([questionnaire]):
        for written in text.split():
            word = written.strip(_AT_THE_EDGES)
            forms.setdefault(bare(word), Counter())[word] += 1
    return {
        word: max(counted, key=lambda form: (_is_pausal(form), counted[form]))
        for word, counted in forms.items()
    }


def _is_pausal(word: str) -> bool:
    """Whether a word is vowelled as it is said alone: without a case ending."""
    return word[-1:] not in _CASE_ENDINGS
