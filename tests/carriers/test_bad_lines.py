"""Whole calls over bad lines, in virtual time and with real ears: what is stored is what was said."""

import asyncio
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from bridge.audio.frames import FRAME_SECONDS
from bridge.audio.g711 import ULAW_SILENCE
from bridge.carriers.caller import CallerFrame
from bridge.carriers.leg import EndedBy
from bridge.carriers.patient import PatientCaller
from bridge.carriers.script import AnswerScript, Reply, ScriptedAnswer
from bridge.carriers.telephone_line import BAD_LINES, LineCondition
from bridge.carriers.voice import LineNoise, Wording, synthetic_voice
from bridge.config import load_settings
from bridge.content import DEFAULT_CONFIG
from bridge.dialogue.actions import Disposition
from bridge.dialogue.prompts import known_prompts
from bridge.dialogue.questionnaire import Questionnaire
from bridge.speech.espeak.synthesizer import EspeakSynthesizer
from bridge.speech.prompts import PromptCache
from bridge.speech.vosk.recognizer import VoskRecognizer

from .conftest import Rehearsal, Rehearsed, Theatre, WaitedForEars

YES, NO, THREE = Wording("نَعَمْ"), Wording("لَا"), Wording("ثَلَاثَة")
SCRIPT = AnswerScript(
    confirm=Reply("1", YES),
    deny=Reply("2", NO),
    answers={
        "pain": ScriptedAnswer(value=True, reply=Reply("1", YES)),
        "fever": ScriptedAnswer(value=False, reply=Reply("2", NO)),
        "nights": ScriptedAnswer(value=3, reply=Reply("3#", THREE)),
    },
)
ANSWERS = {"pain": True, "fever": False, "nights": 3}
WORST = (
    "offset",
    "quiet-offset",
    "loud",
    "lossy-gaps",
    "lossy-noisy",
    "filled-noisy",
    "frames-60",
    "comfort-noise",
    "late-echo",
    "everything",
)
OURS = {EndedBy.HATIF_HUNG_UP, EndedBy.HATIF_CLOSED}
MOST_SECONDS = 60  # of the call; on a good line it lasts 20
DEAD_SECONDS = 8.0


class CutOff(PatientCaller):
    """Somebody whose line goes dead in the middle of their first word, once: no packet comes any more."""

    dead_frames = 0
    spoken_frames = 0
    left_alone_frames = 0  # of the dead ones, until we spoke

    def tick(self, heard: bytes) -> CallerFrame:
        frame = super().tick(heard)
        if (
            self.dead_frames
            and set(heard) <= {ULAW_SILENCE}
            and self.left_alone_frames == self.dead_frames - 1
        ):
            self.left_alone_frames += 1
        self.spoken_frames += self._mouth.is_busy
        if self.spoken_frames > 15 and self.dead_frames < DEAD_SECONDS / FRAME_SECONDS:
            self.dead_frames += 1
            return CallerFrame(audio=b"")
        return frame


@pytest.fixture(scope="module")
def voice() -> dict[Wording, bytes]:
    """What callers may have to say."""

    async def speak() -> dict[Wording, bytes]:
        async with synthetic_voice(LineNoise(np.random.default_rng(7))) as speaking:
            return {wording: await speaking.speak(wording) for wording in SCRIPT.wordings}

    return asyncio.run(speak())


@pytest.fixture
def patient(three: Questionnaire, spoken: Any, voice: dict[Wording, bytes]) -> Callable[..., PatientCaller]:
    """Somebody who answers the three questions, by voice."""
    cache = PromptCache(spoken, EspeakSynthesizer())
    prompts = [(prompt, cache.get(prompt.text) or b"") for prompt in known_prompts(three)]

    def call(kind: type[PatientCaller] = PatientCaller) -> PatientCaller:
        return kind(SCRIPT, prompts, voice, LineNoise(np.random.default_rng(7)))

    return call


@pytest.fixture
def listen(stage: Callable[..., Any]) -> Callable[..., list[Rehearsal]]:
    """Play calls at the same time, each a caller, and the line that they are on."""

    def play(*calls: tuple[PatientCaller, LineCondition]) -> list[Rehearsal]:
        async def scene(theatre: Theatre) -> list[Rehearsal]:
            recognizer = VoskRecognizer(load_settings(DEFAULT_CONFIG).recogniser.model)
            with theatre.loop.outside():
                await recognizer.start()
            theatre.ears = WaitedForEars(recognizer, theatre.loop)
            try:
                return await theatre.play(
                    [
                        Rehearsed("maqsam", (), caller=caller, condition=condition)
                        for caller, condition in calls
                    ]
                )
            finally:
                with theatre.loop.outside():
                    await recognizer.stop()

        found: list[Rehearsal] = stage(scene)
        return found

    return play


def test_calls_over_bad_lines_are_completed_and_right(
    listen: Callable[..., list[Rehearsal]], patient: Callable[..., PatientCaller]
) -> None:
    """Whatever the line does to what is said, the answers are the caller's."""
    calls = listen(*((patient(), BAD_LINES[name]) for name in WORST))
    for name, call in zip(WORST, calls, strict=True):
        assert call.answers == ANSWERS, name
        assert call.hatif.disposition is Disposition.COMPLETED, name
        assert call.carrier.ended_by in OURS, name
        assert call.seconds < MOST_SECONDS, name


def test_a_word_that_a_dead_line_cut_off_is_asked_again(
    listen: Callable[..., list[Rehearsal]], patient: Callable[..., PatientCaller]
) -> None:
    """No packet comes for eight seconds: within five the caller hears from us, and the call goes on."""
    gone = patient(CutOff)
    (call,) = listen((gone, LineCondition()))
    assert gone.dead_frames == DEAD_SECONDS / FRAME_SECONDS
    assert 0 < gone.left_alone_frames < 5.0 / FRAME_SECONDS
    assert call.answers == ANSWERS
    assert call.hatif.disposition is Disposition.COMPLETED


def test_a_line_that_is_dead_from_the_beginning_ends_the_call(
    listen: Callable[..., list[Rehearsal]], patient: Callable[..., PatientCaller]
) -> None:
    """Nothing of what is said comes through: nobody is waited for without end, and nothing is stored."""
    (call,) = listen((patient(), LineCondition(dead=((0, 600),))))
    assert call.answers == {}
    assert call.hatif.disposition is Disposition.NO_ANSWER
    assert call.carrier.ended_by in OURS
