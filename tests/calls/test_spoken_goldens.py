"""Calls from tests/golden over a real WebSocket: a caller speaks them, and what is written there is kept."""

import asyncio
import json
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from shipped import NAMES

from bridge.carriers.base import CarrierCall
from bridge.carriers.fake import FakeCarrier
from bridge.carriers.patient import PatientCaller
from bridge.carriers.script import AnswerScript, load_answers
from bridge.carriers.telephone_line import BAD_LINES, LineCondition, TelephoneLine
from bridge.carriers.voice import LineNoise, Wording, synthetic_voice
from bridge.carriers.wires.maqsam import MaqsamWire
from bridge.clock import Clock
from bridge.config import load_settings
from bridge.content import CONTENT
from bridge.dialogue.document import read_document
from bridge.dialogue.loader import load
from bridge.dialogue.prompts import known_prompts
from bridge.dialogue.questionnaire import Questionnaire
from bridge.voicing import prompts_of

pytestmark = [pytest.mark.call, pytest.mark.timeout(300)]

GOLDEN = Path(__file__).parents[1] / "golden"
QUESTIONNAIRES = CONTENT / "questionnaires"
SPEED = 6.0
MOST_SECONDS = 1500  # of the call; of its own time it takes a third, and a busy machine makes more of it
ANSWERS = """
    SELECT item, value_json, via FROM answers AS answer
    WHERE call_id = ? AND revision = (
        SELECT MAX(revision) FROM answers WHERE call_id = answer.call_id AND item = answer.item
    )
"""


@pytest.fixture(scope="module")
def daemon(start_daemon: Callable[..., Any]) -> Any:
    """One for all calls, at eight times the speed of life, with somebody to call in a crisis."""
    return start_daemon(
        questionnaires=NAMES, HATIF_CLOCK__SPEED=f"{SPEED:g}", HATIF_SITE__CRISIS_NUMBER="937"
    )


def written_down(name: str) -> dict[str, Any]:
    """The dialogue of a golden file that is spoken aloud."""
    dialogues: Any = read_document((GOLDEN / f"{name}.yaml").read_text(encoding="utf-8")).data
    (aloud,) = [one for one in dialogues["dialogues"] if one.get("aloud")]
    return dict(aloud)


async def rehearse(script: AnswerScript, noise: LineNoise) -> dict[Wording, bytes]:
    """Synthesise what the caller may have to say."""
    async with synthetic_voice(noise) as voice:
        return {wording: await voice.speak(wording) for wording in script.wordings}


async def call(daemon: Any, questionnaire: Questionnaire, script: AnswerScript, line: str) -> None:
    """Place the call over that line, and wait for its end to be on disk."""
    noise = LineNoise(np.random.default_rng(7))
    settings = load_settings(environ=daemon.environment)
    cache = prompts_of(settings)
    prompts = [(prompt, cache.get(prompt.text) or b"") for prompt in known_prompts(questionnaire)]
    caller = PatientCaller(script, prompts, await rehearse(script, noise), noise, thinking_seconds=0.3)
    over = TelephoneLine(BAD_LINES.get(line, LineCondition()), np.random.default_rng(7))
    carrier = FakeCarrier(MaqsamWire(), caller, clock=Clock(SPEED), line=over)
    introduced = CarrierCall(from_number="9621234567", to_number="9621234566", call_id=questionnaire.id)
    async with asyncio.timeout(200):
        await carrier.place(
            daemon.url(f"/ws/maqsam/{questionnaire.id}"),
            call=introduced,
            token=daemon.token,
            max_seconds=MOST_SECONDS,
        )
        while daemon.active_calls():  # noqa: ASYNC110 - another process writes it down
            await asyncio.sleep(0.05)


def stored(daemon: Any) -> tuple[str, dict[str, Any], int]:
    """The newest call's disposition and answers, and how many of them were spoken."""
    with closing(sqlite3.connect(daemon.database)) as connection:
        newest = "SELECT call_id, disposition FROM calls ORDER BY started_at DESC LIMIT 1"
        call_id, disposition = connection.execute(newest).fetchone()
        rows = connection.execute(ANSWERS, (call_id,)).fetchall()
    answers = {item: json.loads(value) for item, value, _ in rows}
    return disposition, answers, sum(via == "speech" for _, _, via in rows)


@pytest.mark.parametrize(
    ("name", "spoken", "line"),
    [("post_discharge", 6, "good"), ("phq9", 6, "good"), ("blood_pressure", 3, "lossy-noisy")],
    ids=str,
)
async def test_a_golden_call_is_spoken_heard_and_stored(
    daemon: Any, name: str, spoken: int, line: str
) -> None:
    """The same answers and the same end, most of them by voice; also over a noisy line that loses packets."""
    questionnaire = load(QUESTIONNAIRES / f"{name}.yaml")
    await call(
        daemon, questionnaire, load_answers(QUESTIONNAIRES / "answers" / f"{name}.yaml", questionnaire), line
    )
    disposition, answers, by_voice = stored(daemon)
    golden = written_down(name)
    assert (disposition, answers) == (golden["ends"], golden["answers"])
    assert by_voice >= spoken
