"""Engines that hang or crash while callers of the real daemon need them: nobody else notices."""

import asyncio
import os
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from bridge.carriers.fake import EndedBy
from bridge.carriers.lines import SayLine
from bridge.speech.vosk.recognizer import KNOWN_SOUND

from .conftest import ITEMS, ONE, PRESSED

pytestmark = pytest.mark.call

RECOGNISER, VOICE = "bridge.speech.vosk.worker", "bridge.speech.piper.worker"
YES = SayLine(Path(KNOWN_SOUND).read_bytes())


def spoken_by(hospital: Any, call_id: str, item: str) -> str:
    """Who put the question."""
    query = "SELECT spoken_by FROM turns JOIN calls USING (call_id) WHERE provider_call_id = ? AND item = ?"
    return str(hospital.rows(query, call_id, item)[0][0])


def turns(hospital: Any, call_id: str) -> list[tuple[str, str]]:
    """What came in, and to which question."""
    query = "SELECT input, item FROM turns JOIN calls USING (call_id) WHERE provider_call_id = ?"
    return [(str(kind), str(item)) for kind, item in hospital.rows(query, call_id)]


async def able(hospital: Any) -> None:
    """Wait until every engine runs and no voice is in trouble."""

    def is_well() -> bool:
        health = hospital.daemon.health()
        return {RECOGNISER, VOICE} <= hospital.daemon.children().keys() and all(
            part["ready"] and "down" not in part["detail"] for part in health["components"].values()
        )

    await hospital.until(is_well)


async def test_a_recogniser_that_hangs_and_then_crashes(
    hospital: Any, record_property: Callable[[str, object], None]
) -> None:
    """Stopped for good, and then dead of a bad pointer, each as a caller speaks: asked again, they go on.

    Another call beside is answered by keys, and hears nothing of it.
    """
    await able(hospital)
    pids: list[int] = []

    def hurt(turns: int) -> None:
        if turns in {2, 4}:  # the caller begins to speak
            pids.append(hospital.daemon.children()[RECOGNISER])
            os.kill(pids[-1], signal.SIGSTOP if turns == 2 else signal.SIGSEGV)

    speaking = hospital.ring((ONE, YES, YES, YES, *PRESSED), on_turn=hurt)
    (outcome, ear, call_id), (other, _, other_id) = await asyncio.gather(speaking, hospital.ring())
    await hospital.at_rest()
    record_property("longest_silence_seconds", ear.longest_silence_seconds)
    assert outcome.ended_by is other.ended_by is EndedBy.HATIF_HUNG_UP
    assert hospital.answered(call_id) == hospital.answered(other_id) == list(ITEMS)
    assert ("not_heard", "q1") in turns(hospital, call_id)
    assert "not_heard" not in dict(turns(hospital, other_id))
    assert len({*pids, hospital.daemon.children().get(RECOGNISER)}) == 3


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGSTOP])
async def test_a_voice_that_is_gone_is_stood_in_for(
    hospital: Any, how: signal.Signals, record_property: Callable[[str, object], None]
) -> None:
    """Killed, or stopped, before it has to say a caller's name: espeak-ng says it, and the call is whole."""
    await able(hospital)

    def hurt(turns: int) -> None:
        if turns == 2:  # q2 is to be said next
            os.kill(hospital.daemon.children()[VOICE], how)

    outcome, ear, call_id = await hospital.ring(PRESSED, on_turn=hurt)
    record_property("longest_silence_seconds", ear.longest_silence_seconds)
    assert outcome.ended_by is EndedBy.HATIF_HUNG_UP
    assert hospital.answered(call_id) == list(ITEMS)
    assert spoken_by(hospital, call_id, "q2").startswith("espeak-ng/ar live")
    assert spoken_by(hospital, call_id, "q3") == "cache"
