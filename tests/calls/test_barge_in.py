"""A caller who does not wait for the end of the question: real speech over a real prompt, on both wires."""

import asyncio
import sqlite3
from collections.abc import Callable
from contextlib import closing
from typing import Any

import numpy as np
import pytest

from bridge.carriers.base import CarrierCall
from bridge.carriers.caller import CallerFrame
from bridge.carriers.fake import FakeCarrier
from bridge.carriers.mouth import Mouth
from bridge.carriers.registry import WIRES
from bridge.carriers.voice import LineNoise, Wording, synthetic_voice
from bridge.clock import Clock
from bridge.identity.streams import StreamTokens

pytestmark = pytest.mark.call

SILENT = {0xFF, 0x7F}
INTO_THE_PROMPT = 25  # frames: half a second of the question has been heard
SPEED = 4.0


class Interrupter:
    """Consents by key after the first prompt, answers the second while it is being said, and goes."""

    def __init__(self, answer: bytes) -> None:
        self._answer = answer
        self._mouth = Mouth(LineNoise(np.random.default_rng(3)))
        self._sounding = 0
        self._quiet = 0
        self._step = 0

    def tick(self, heard: bytes) -> CallerFrame:
        sounds = not SILENT.issuperset(heard)
        self._sounding = self._sounding + 1 if sounds else self._sounding
        self._quiet = 0 if sounds else self._quiet + 1
        if self._step == 0 and self._sounding and self._quiet > 60:
            self._step, self._sounding = 1, 0
            self._mouth.press("1")
        elif self._step == 1 and self._sounding == INTO_THE_PROMPT:
            self._step = 2
            self._mouth.say(self._answer)
        elif self._step == 2 and not self._mouth.is_busy and self._quiet > 60:
            return self._mouth.tick(hang_up=True)
        return self._mouth.tick()


async def said(text: str) -> bytes:
    """A synthetic caller's word on the line."""
    async with synthetic_voice(LineNoise(np.random.default_rng(4))) as voice:
        return await voice.speak(Wording(text))


def token_for(daemon: Any, provider: str) -> str:
    """With what the provider is let in."""
    if provider == "maqsam":
        return str(daemon.token)
    return StreamTokens(daemon.tokens_secret).issue(provider=provider)


@pytest.mark.parametrize("provider", ["maqsam", "twilio"])
async def test_the_prompt_stops_and_the_answer_counts(
    start_daemon: Callable[..., Any], provider: str
) -> None:
    """The carrier is told to clear, the record says how much was heard, and the answer is what was said."""
    daemon = start_daemon()
    carrier = FakeCarrier(WIRES[provider](), Interrupter(await said("لَا")), clock=Clock(SPEED))
    url, token = daemon.url(f"/ws/{provider}"), token_for(daemon, provider)
    call = CarrierCall(from_number="962", to_number="963", call_id="9")
    async with asyncio.timeout(60):
        outcome = await carrier.place(url, call=call, token=token, max_seconds=120)
    daemon.stop()
    with closing(sqlite3.connect(daemon.database)) as connection:
        turns = (
            "SELECT prompt_heard_seconds < prompt_seconds, prompt_acknowledged FROM turns WHERE item = 'pain'"
        )
        assert connection.execute(turns).fetchone() == (1, 0)
        answers = "SELECT value_json, via FROM answers WHERE item = 'pain'"
        assert connection.execute(answers).fetchall() == [("false", "speech")]
    assert outcome.cleared == 1
