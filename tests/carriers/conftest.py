"""Whole calls in virtual time: everything real but the ears and the seconds."""

import asyncio
import json
import sqlite3
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Sequence
from contextlib import asynccontextmanager, closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
import pytest
from sqlalchemy import RowMapping, Select
from sqlalchemy.ext.asyncio import AsyncConnection

from bridge.audio.playout import Ticker
from bridge.carriers.base import CarrierCall
from bridge.carriers.caller import Caller
from bridge.carriers.faults import Fault, Faults
from bridge.carriers.leg import CallOutcome, EndedBy, Leg
from bridge.carriers.lines import Line, LineCaller
from bridge.carriers.pairing import trusted
from bridge.carriers.registry import far_end
from bridge.carriers.telephone_line import LineCondition, TelephoneLine
from bridge.carriers.virtual import Duplex, VirtualClock, VirtualLoop, run
from bridge.carriers.voice import LineNoise
from bridge.content import CONTENT
from bridge.dialogue.loader import parse
from bridge.dialogue.prompts import prompt_texts
from bridge.dialogue.questionnaire import Questionnaire
from bridge.line import each_of
from bridge.session import CallSession, Outcome, Patience, Services
from bridge.speech.base import Hearing, RecognitionStream, Recognizer
from bridge.speech.espeak.synthesizer import EspeakSynthesizer
from bridge.speech.prompts import PromptCache
from bridge.storage.store import Store
from protocols.base import MediaProtocol

T = TypeVar("T")

COMMON = (CONTENT / "questionnaires" / "common" / "ar.yaml").read_text(encoding="utf-8")
THREE = """\
format: 1
id: three
version: "1"
title: ثلاثة
language: ar
status: draft
source: {name: test, licence: own}
items:
  - {id: pain, type: yes_no, kind: symptom, ask: "هَلْ عِنْدَكَ أَلَم؟"}
  - {id: fever, type: yes_no, kind: symptom, ask: "هَلْ عِنْدَكَ حَرَارَة؟"}
  - {id: nights, type: integer, minimum: 0, maximum: 30, ask: "كَمْ يَوْمًا؟"}
"""
CALL_ID = "6fa459ea-ee8a-3ca4-894e-{:012x}"


class DeafStream:
    """Hears nothing that it understands."""

    def feed(self, pcm: bytes) -> None:
        """Let it pass."""

    async def finish(self) -> Hearing:
        return Hearing(("[unk]",), ("[unk]",), 1.0, 0.01)

    def cancel(self) -> None:
        """Nothing is running."""


class DeafEars:
    """A recogniser for calls by key: whatever is said, or flooded, is nothing."""

    has_open_vocabulary = False
    is_reliable = is_quick = True

    def open(self, phrases: Sequence[str]) -> DeafStream:
        return DeafStream()


class WaitedForEars(Recognizer):
    """Time stands still while a real recogniser works."""

    is_reliable = is_quick = True

    def __init__(self, recognizer: Recognizer, loop: VirtualLoop) -> None:
        self._recognizer = recognizer
        self._loop = loop

    @property
    def has_open_vocabulary(self) -> bool:
        return self._recognizer.has_open_vocabulary

    def open(self, phrases: Sequence[str]) -> RecognitionStream:
        return WaitedForStream(self._recognizer.open(phrases), self._loop)


class WaitedForStream(RecognitionStream):
    """One utterance of theirs."""

    def __init__(self, stream: RecognitionStream, loop: VirtualLoop) -> None:
        self._stream = stream
        self._loop = loop

    def feed(self, pcm: bytes) -> None:
        self._stream.feed(pcm)

    async def finish(self) -> Hearing:
        with self._loop.outside():
            return await self._stream.finish()

    def cancel(self) -> None:
        self._stream.cancel()


class WaitedForStore(Store):
    """Time stands still while the disk works."""

    loop: VirtualLoop

    async def write(self, work: Callable[[AsyncConnection], Awaitable[T]], **options: Any) -> T:
        with self.loop.outside():
            return await super().write(work, **options)

    async def select(self, query: Select[Any]) -> Sequence[RowMapping]:
        with self.loop.outside():
            return await super().select(query)


class WaitedForPrompts(PromptCache):
    """And while the voice renders."""

    loop: VirtualLoop

    async def make(self, text: str) -> bytes:
        with self.loop.outside():
            return await super().make(text)


@dataclass(frozen=True)
class Rehearsal:
    """What became of one call, from both ends and on disk."""

    carrier: CallOutcome
    hatif: Outcome
    answers: dict[str, Any]
    seconds: float


@dataclass(frozen=True)
class Rehearsed:
    """One call to be rehearsed."""

    provider: str
    lines: Sequence[Line]
    faults: Sequence[Fault] = ()
    patience_seconds: float = 10.0
    provider_call_id: str | None = None  # None: one of its own
    protocol: MediaProtocol | None = None  # None: with the provider's default options
    drop_seconds: float | None = None  # after so long the socket is gone, and no word was said
    caller: Caller | None = None  # None: one who says the lines
    condition: LineCondition | None = None  # of the line between them and the carrier


class Theatre:
    """Where calls are rehearsed: one questionnaire, one store, one ticker."""

    def __init__(
        self, loop: VirtualLoop, questionnaire: Questionnaire, database: Path, prompts: Path, one_voice: Any
    ) -> None:
        self.one_voice = one_voice
        self.loop = loop
        self.questionnaire = questionnaire
        self.database = database
        self.prompts = prompts
        self.clock = VirtualClock()
        self.ears: Any = DeafEars()

    async def play(self, calls: Sequence[Rehearsed]) -> list[Rehearsal]:
        """All of them at the same time."""
        async with self.services() as services:
            playing = [self.call(services, number, call) for number, call in enumerate(calls)]
            return list(await asyncio.gather(*playing))

    @asynccontextmanager
    async def services(self) -> AsyncIterator[Services]:
        """What all calls share, while it is open."""
        voice = EspeakSynthesizer()
        WaitedForStore.loop = WaitedForPrompts.loop = self.loop
        with self.loop.outside():
            await voice.start()
            store = await WaitedForStore.open(self.database, clock=self.clock)
        ticker = Ticker(self.clock)
        ticking = asyncio.create_task(ticker.run())
        shared = Services(
            clock=self.clock,
            store=store,
            recognizer=self.ears,
            recognizer_identity="deaf@1",
            voices=self.one_voice(WaitedForPrompts(self.prompts, voice), voice),
            ticker=ticker,
            patience=Patience(max_call_seconds=240),
        )
        try:
            yield shared
        finally:
            ticking.cancel()
            with self.loop.outside():
                await store.close()
                await voice.stop()

    async def call(self, services: Services, number: int, call: Rehearsed) -> Rehearsal:
        """One call from its beginning to its end, or until its socket is dropped."""
        near, far = Duplex.pair()
        session = CallSession(
            call_id=f"c{number}",
            protocol=call.protocol or trusted(call.provider),
            questionnaire=self.questionnaire,
            services=services,
            send=near.send,
        )
        caller = call.caller or LineCaller(
            call.lines, LineNoise(np.random.default_rng(1)), patience_seconds=call.patience_seconds
        )
        leg = Leg(
            far,
            far_end(call.provider, call.faults),
            caller,
            self.clock,
            faults=Faults(call.faults, seed=1),
            line=call.condition and TelephoneLine(call.condition, np.random.default_rng([1, number])),
        )
        began = self.clock.monotonic()
        provider_call_id = call.provider_call_id or CALL_ID.format(number)
        introduced = CarrierCall("966500000001", "966110000001", provider_call_id)
        placing = asyncio.create_task(leg.converse(introduced, max_seconds=300))
        if call.drop_seconds is not None:
            self.loop.call_later(call.drop_seconds, placing.cancel)
        outcome = await session.run(each_of(near))
        seconds = self.clock.monotonic() - began
        await near.close(outcome.close_code)
        (placed,) = await asyncio.gather(placing, return_exceptions=True)
        carrier = placed if isinstance(placed, CallOutcome) else CallOutcome(ended_by=EndedBy.CALLER)
        return Rehearsal(carrier, outcome, self._answers(f"c{number}"), seconds)

    def query(self, query: str, *values: str) -> list[tuple[Any, ...]]:
        """Look into the database."""
        with closing(sqlite3.connect(self.database)) as connection:
            return connection.execute(query, values).fetchall()

    def _answers(self, call_id: str) -> dict[str, Any]:
        query = "SELECT item, value_json FROM answers WHERE call_id = ? AND status = 'answered'"
        return {item: json.loads(value) for item, value in self.query(query, call_id)}


Scene = Callable[[Theatre], Coroutine[Any, Any, Any]]


@pytest.fixture(scope="session")
def three() -> Questionnaire:
    """Three questions that keys can answer."""
    return parse(THREE, name="three.yaml", common=COMMON)


@pytest.fixture(scope="session")
def spoken(three: Questionnaire, spoken_prompts: Path) -> Path:
    """All that it says, rendered, where daemons keep what they say."""

    async def render(folder: Path) -> None:
        voice = EspeakSynthesizer()
        await voice.start()
        await PromptCache(folder, voice).render(prompt_texts([three]))
        await voice.stop()

    asyncio.run(render(spoken_prompts))
    return spoken_prompts


@pytest.fixture
def rehearse(
    three: Questionnaire, spoken: Path, tmp_path: Path, one_voice: Any
) -> Callable[..., list[Rehearsal]]:
    """Play calls at the same time, each a provider, the caller's lines, and faults."""

    def play(*calls: tuple[str, Sequence[Line], Sequence[Fault]]) -> list[Rehearsal]:
        rehearsed = [Rehearsed(*call) for call in calls]
        return run(
            lambda loop: Theatre(loop, three, tmp_path / "hatif.db", spoken, one_voice).play(rehearsed)
        )

    return play


@pytest.fixture
def stage(three: Questionnaire, spoken: Path, tmp_path: Path, one_voice: Any) -> Callable[[Scene], Any]:
    """Play a scene: a coroutine that is handed the theatre."""

    def play(scene: Scene) -> Any:
        return run(lambda loop: scene(Theatre(loop, three, tmp_path / "hatif.db", spoken, one_voice)))

    return play
