"""A patient on the phone, who can be told what to do when a question is heard."""

import asyncio
import sqlite3
from collections.abc import Awaitable, Callable
from contextlib import closing
from typing import Any

import numpy as np
import pytest
from shipped import shipped

from bridge.carriers.base import CarrierCall
from bridge.carriers.caller import CallerFrame
from bridge.carriers.fake import CallOutcome, FakeCarrier
from bridge.carriers.patient import PatientCaller
from bridge.carriers.script import AnswerScript, Reply, ScriptedAnswer, load_answers
from bridge.carriers.voice import LineNoise, Wording, synthetic_voice
from bridge.carriers.wires.maqsam import MaqsamWire
from bridge.clock import Clock
from bridge.config import load_settings
from bridge.content import CONTENT
from bridge.dialogue.prompts import known_prompts
from bridge.voicing import prompts_of

QUESTIONNAIRE = shipped("post_discharge")
SPOKEN = load_answers(CONTENT / "questionnaires" / "answers" / "post_discharge.yaml", QUESTIONNAIRE)


class Patient(PatientCaller):
    """Answers, and tells as soon as a question has been understood or an answer is under way."""

    def __init__(self, *arguments: Any, on_asked: Callable[[str], None], **options: Any) -> None:
        super().__init__(*arguments, **options)
        self.asked: list[str] = []
        self.on_speaking: Callable[[str], None] = lambda _item: None
        self._on_asked = on_asked
        self._spoken_frames = 0

    def tick(self, heard: bytes) -> CallerFrame:
        """Hear and say, and tell after a tenth of a second of speech."""
        frame = super().tick(heard)
        self._spoken_frames = self._spoken_frames + 1 if self._mouth.is_busy else 0
        if self._spoken_frames == 10:
            self.on_speaking(self.asked[-1] if self.asked else "")
        return frame

    def _take_in(self, candidates: Any) -> Any:
        prompt = super()._take_in(candidates)
        if self._item is not None and self._item not in self.asked:
            self.asked.append(self._item)
            self._on_asked(self._item)
        return prompt


def by_key(script: AnswerScript) -> AnswerScript:
    """The same answers, pressed: what is tested is not the hearing."""
    answers = {
        item: ScriptedAnswer(answer.value, Reply(press=answer.reply.press))
        for item, answer in script.answers.items()
    }
    return AnswerScript(Reply(press="1"), Reply(press="2"), answers)


async def rehearse(script: AnswerScript, noise: LineNoise) -> dict[Wording, bytes]:
    """Synthesise what the patient may have to say."""
    async with synthetic_voice(noise) as voice:
        return {wording: await voice.speak(wording) for wording in script.wordings}


@pytest.fixture
def phone() -> Callable[..., Awaitable[tuple[CallOutcome, Patient]]]:
    """Call a daemon as Maqsam does. The patient presses keys, or speaks when told to."""

    async def place(
        daemon: Any,
        *,
        speaks: bool = False,
        on_asked: Callable[[str], None] = lambda _item: None,
        on_speaking: Callable[[str], None] = lambda _item: None,
    ) -> tuple[CallOutcome, Patient]:
        noise = LineNoise(np.random.default_rng(7))
        script = SPOKEN if speaks else by_key(SPOKEN)
        voice = await rehearse(script, noise)
        settings = load_settings(environ=daemon.environment)
        cache = prompts_of(settings)
        prompts = [(prompt, cache.get(prompt.text) or b"") for prompt in known_prompts(QUESTIONNAIRE)]
        patient = Patient(script, prompts, voice, noise, thinking_seconds=0.3, on_asked=on_asked)
        patient.on_speaking = on_speaking
        carrier = FakeCarrier(
            MaqsamWire(), patient, clock=Clock(float(daemon.environment["HATIF_CLOCK__SPEED"]))
        )
        call = CarrierCall(from_number="9621234567", to_number="9621234566", call_id="77")
        async with asyncio.timeout(120):
            outcome = await carrier.place(
                daemon.url("/ws/maqsam"), call=call, token=daemon.token, max_seconds=400
            )
        await written_down(daemon)
        return outcome, patient

    return place


async def written_down(daemon: Any) -> None:
    """Wait for the end of the caller's call to be on disk: the caller is gone a moment earlier."""
    async with asyncio.timeout(20):
        while daemon.process.poll() is None:
            with closing(sqlite3.connect(daemon.database)) as connection:
                newest = "SELECT disposition FROM calls ORDER BY started_at DESC LIMIT 1"
                if daemon.active_calls() == 0 and connection.execute(newest).fetchone() != (None,):
                    return
            await asyncio.sleep(0.05)
