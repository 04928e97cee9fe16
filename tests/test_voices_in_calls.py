"""Engines that are slow, die or hang while a call goes on, under a real session, store and espeak-ng."""

import asyncio
import base64
import json
import sqlite3
from collections.abc import AsyncGenerator, AsyncIterator, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from bridge import readiness
from bridge.audio.g711 import decode_ulaw
from bridge.audio.playout import Ticker
from bridge.clock import Clock
from bridge.content import CONTENT
from bridge.dialogue.actions import Disposition
from bridge.dialogue.loader import parse
from bridge.dialogue.questionnaire import Questionnaire
from bridge.errors import WorkerError
from bridge.line import KeyPressed, each_of
from bridge.readiness import Readiness
from bridge.session import CallSession, Outcome, Patience, Services
from bridge.speech.base import Speech, Synthesizer
from bridge.speech.engines import VoiceName
from bridge.speech.espeak.synthesizer import EspeakSynthesizer
from bridge.speech.prompt_files import PromptFiles
from bridge.speech.script import Passage
from bridge.storage.store import Store
from bridge.voicing import LAST_RESORT, Voices
from protocols.maqsam import MaqsamProtocol

COMMON = (CONTENT / "questionnaires" / "common" / "ar.yaml").read_text(encoding="utf-8")
NAMES = """\
format: 1
id: names
version: "1"
title: أسماء
language: ar
status: draft
source: {name: test, licence: own}
items:
  - {id: pain, type: yes_no, kind: symptom, ask: "أَهْلًا {patient.first_name}، هَلْ عِنْدَكَ أَلَم؟"}
  - {id: fever, type: yes_no, kind: symptom, ask: "{patient.name} يَسْأَل: هَلْ عِنْدَكَ حَرَارَة؟"}
"""
NAMES_ASKED = parse(NAMES, name="names.yaml", common=COMMON)
SPEED = 4
LIVE_SECONDS = 3.0  # of the wall clock: espeak-ng needs a hundredth of it on a quiet machine


class Nurse(Synthesizer):
    """A voice that hums: quick while prompts are rendered, and then as ill as a test makes it."""

    def __init__(self) -> None:
        self.pitches: dict[str, int] = {}  # in hertz, of texts that are to be told apart
        self.is_dead = False
        self.hangs = False  # for ever, in the middle of a text
        self.spoken = 0
        self.given_up = 0

    @property
    def identity(self) -> str:
        return "nurse 1"

    @property
    def is_ready(self) -> bool:
        return True

    async def start(self) -> None:
        """There is nothing to start."""

    async def stop(self) -> None:
        """Nor to stop."""

    async def stream(self, passage: Passage) -> AsyncGenerator[Speech]:
        if self.is_dead:
            raise WorkerError("the nurse worker died")
        hertz = self.pitches.get(passage.text, 3000)
        pcm = (np.sin(np.arange(4000) * 2 * np.pi * hertz / 8000) * 8000).astype("<i2").tobytes()
        try:
            yield Speech(pcm[:1600], 8000)
            if self.hangs:
                await asyncio.Event().wait()
            yield Speech(pcm[1600:], 8000)
        except (asyncio.CancelledError, GeneratorExit):
            self.given_up += 1
            raise
        self.spoken += 1


class Ward:
    """A nurse who is configured, espeak-ng behind her, and calls one after the other."""

    default_name = VoiceName("xtts", "nurse")

    def __init__(self, folder: Path, ears: Any) -> None:
        self.nurse = Nurse()
        self.resort: Synthesizer = EspeakSynthesizer()
        self.folder = folder
        self.database = folder / "hatif.db"
        self.clock = Clock(SPEED)
        self.voices = Voices(
            self, files=PromptFiles(folder / "prompts"), live_seconds=LIVE_SECONDS, now=self.clock.now
        )
        self.readiness = Readiness(self.voices)
        self._ears = ears
        self._store: Store | None = None
        self._ticker = Ticker(self.clock, on_error=lambda _callback, _error: None)
        self._ticking: asyncio.Task[None] | None = None

    def voice(self, name: VoiceName) -> Synthesizer:
        return self.resort if name == LAST_RESORT else self.nurse

    async def open(self) -> None:
        await self.voices.start()
        await self.readiness.begin([NAMES_ASKED], {})
        self._ticking = asyncio.create_task(self._ticker.run())
        self._store = await Store.open(self.database, clock=self.clock)

    async def close(self) -> None:
        if self._ticking is not None and self._store is not None:
            self._ticking.cancel()
            await asyncio.gather(self._ticking, return_exceptions=True)
            await self._store.close()
        await self.voices.stop()

    def call(self, call_id: str = "c1", first_name: str = "زَيْنَب", full_name: str = "زَيْنَب الْهَاشِمِي") -> "Call":
        assert self._store is not None
        services = Services(
            clock=self.clock,
            store=self._store,
            recognizer=self._ears,
            recognizer_identity="ears@1",
            voices=self.voices,
            ticker=self._ticker,
            patience=Patience(commit_seconds=60.0),
        )
        return Call(services, call_id, {"patient_first_name": first_name, "patient_name": full_name})

    def query(self, query: str) -> list[tuple[Any, ...]]:
        with closing(sqlite3.connect(self.database)) as connection:
            return connection.execute(query).fetchall()

    def spoken_by(self, item: str) -> str:
        """Who put the question for the first time."""
        return str(self.query(f"SELECT spoken_by FROM turns WHERE item = '{item}' ORDER BY turn_index")[0][0])  # noqa: S608

    def kept(self) -> list[bytes]:
        """All that lies in the folder of prompts."""
        return [file.read_bytes() for file in (self.folder / "prompts").rglob("*") if file.is_file()]


class Call:
    """A session whose caller is the test."""

    def __init__(self, services: Services, call_id: str, custom: dict[str, str]) -> None:
        context = {"id": 5, "caller_number": "962", "direction": "inbound", "custom": custom}
        setup = {"type": "session.setup", "data": {"context": context}}
        self.heard = bytearray()  # mu-law
        self.messages: asyncio.Queue[str | None] = asyncio.Queue()
        self.messages.put_nowait(json.dumps(setup))
        self.session = CallSession(
            call_id=call_id,
            protocol=MaqsamProtocol(authenticated=True, check=None),
            questionnaire=NAMES_ASKED,
            services=services,
            send=self._send,
        )
        self.running = asyncio.create_task(self.session.run(each_of(self._incoming())))

    async def _incoming(self) -> AsyncIterator[str | bytes]:
        while (message := await self.messages.get()) is not None:
            yield message

    async def _send(self, message: str | bytes) -> None:
        sent = json.loads(message)
        if sent["type"] == "response.stream":
            self.heard += base64.b64decode(sent["data"]["audio"])
        if sent["type"] == "call.mark":
            self.messages.put_nowait(json.dumps(sent))

    async def prompt_heard(self) -> None:
        """Wait until the caller has heard what is being said; an error of the session's is told at once."""
        async with asyncio.timeout(60):
            for is_speaking in (True, False):
                while self.session._line.is_speaking is not is_speaking:
                    assert not self.running.done()
                    await asyncio.sleep(0.005)

    def press(self, key: str) -> None:
        self.session._line._happened(KeyPressed(key))

    async def over(self) -> Outcome:
        async with asyncio.timeout(60):
            return await self.running

    async def hang_up(self) -> Outcome:
        self.messages.put_nowait(None)
        return await self.over()


@pytest.fixture
async def ward(tmp_path: Path, ears: Any) -> AsyncIterator[Ward]:
    """A ward whose prompts are rendered in the nurse's voice."""
    one = Ward(tmp_path, ears)
    await one.open()
    yield one
    await one.close()


async def test_a_name_is_said_though_the_engine_never_answers(ward: Ward) -> None:
    """By espeak-ng, while the rest of the sentence is the nurse's; what she had begun is ended."""
    ward.nurse.hangs = True
    one = ward.call()
    await one.prompt_heard()
    one.press("1")
    await one.prompt_heard()
    await one.hang_up()
    first, second = ward.spoken_by("pain"), ward.spoken_by("fever")
    assert first.startswith("espeak-ng/ar live ")
    assert first.endswith("s after xtts/nurse took too long")
    assert second.endswith(("after xtts/nurse failed just now", "xtts/nurse is down"))
    assert ward.nurse.given_up == 1
    assert ward.query("SELECT item, value_json FROM answers") == [("pain", "true")]


async def test_an_engine_that_dies_between_two_turns_costs_nothing(ward: Ward) -> None:
    one = ward.call()
    await one.prompt_heard()
    ward.nurse.is_dead = True
    one.press("1")
    await one.prompt_heard()
    await one.hang_up()
    first, second = ward.spoken_by("pain"), ward.spoken_by("fever")
    assert first.startswith("xtts/nurse live ")
    assert second.startswith("espeak-ng/ar live ")
    assert second.endswith("after xtts/nurse failed")
    is_able, told = ward.voices.report()
    assert is_able
    assert told.startswith("espeak-ng/ar speaks; xtts/nurse is down since 20")
    assert told.endswith("(the nurse worker died)")


async def test_names_are_kept_nowhere_but_in_the_record(
    ward: Ward, capfd: pytest.CaptureFixture[str]
) -> None:
    """The folder of prompts is as it was, sound is not in the database, and the log knows no name."""
    before = sorted(ward.kept())
    for number, broken in enumerate(("hangs", "is_dead")):
        setattr(ward.nurse, broken, True)
        one = ward.call(f"c{number}")
        await one.prompt_heard()
        one.press("1")
        await one.prompt_heard()
        await one.hang_up()
    assert sorted(ward.kept()) == before
    assert ward.query("SELECT 1 FROM sounds") == []
    told = "".join(capfd.readouterr())
    assert "spoken_live" in told
    assert "زَيْنَب" not in told


async def test_a_question_that_nobody_can_say_is_not_asked(
    ward: Ward, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The call ends as it does when anything of ours fails, with an apology that was rendered ahead."""
    one = ward.call()
    await one.prompt_heard()

    async def refuse(_self: object, _passage: Passage) -> AsyncGenerator[Speech]:
        raise WorkerError("the espeak worker died")
        yield

    ward.nurse.is_dead = True
    monkeypatch.setattr(EspeakSynthesizer, "stream", refuse)
    one.press("1")
    outcome = await one.over()
    assert outcome.disposition is Disposition.FAILED
    assert ward.query("SELECT DISTINCT item FROM turns") == [("pain",)]
    assert ward.query("SELECT disposition FROM calls") == [("failed",)]


async def test_calls_at_the_same_time_hear_their_own_names(ward: Ward) -> None:
    """Each name is hummed at a pitch of its own, and in every call only its own pitch is heard."""
    pitches = {f"مَرِيض رَقَم {number}": hertz for number, hertz in enumerate((700, 830, 970, 1130, 1310, 1510))}
    ward.nurse.pitches = pitches

    async def converse(name: str) -> bytes:
        one = ward.call(f"c{pitches[name]}", first_name=name, full_name=name)
        await one.prompt_heard()
        one.press("1")
        await one.prompt_heard()
        await one.hang_up()
        return bytes(one.heard)

    heard = await asyncio.gather(*map(converse, pitches))
    for own, ulaw in zip(pitches.values(), heard, strict=True):
        samples = np.frombuffer(decode_ulaw(ulaw), dtype="<i2")
        seconds = samples[: len(samples) // 8000 * 8000].reshape(-1, 8000)
        spectrum = np.abs(np.fft.rfft(seconds)).max(axis=0)  # a bin for each hertz
        loud = {hertz for hertz in pitches.values() if spectrum[hertz] > spectrum[own] / 10}
        assert loud == {own}


class TestReadiness:
    """What becomes of questionnaires while their prompts are rendered."""

    async def test_another_voice_stands_in_until_the_own_one_is_back(self, tmp_path: Path, ears: Any) -> None:
        """The engine fails at once: calls go on, health says so, and later all is made good."""
        ward = Ward(tmp_path, ears)
        ward.nurse.is_dead = True
        try:
            await ward.open()
            assert ward.readiness.is_ready(NAMES_ASKED)
            told = ward.readiness.report()
            assert "prompts in espeak-ng's voice (the nurse worker died)" in told
            one = ward.call()
            await one.prompt_heard()
            await one.hang_up()
            assert ward.spoken_by("pain").startswith("espeak-ng/ar rendered ahead; espeak-ng/ar live")
            ward.nurse.is_dead = False
            await ward.voices.speakers_of(NAMES_ASKED)[0].voice.synthesise("نَعَم")
            await ward.readiness._attempt(NAMES_ASKED)
            assert ward.readiness.report() == ""
        finally:
            await ward.close()

    async def test_a_broken_engine_at_the_start_is_a_refusal(self, tmp_path: Path, ears: Any) -> None:
        ward = Ward(tmp_path, ears)

        async def fail() -> None:
            raise WorkerError("xtts has half a checkpoint")

        ward.nurse.start = fail  # type: ignore[method-assign]
        with pytest.raises(WorkerError, match="half a checkpoint"):
            await ward.open()
        await ward.close()

    async def test_a_reload_waits_for_the_own_voice(self, ward: Ward) -> None:
        """What cannot be rendered in it is not offered, and what was offered stays ready."""
        changed = parse(NAMES.replace("حَرَارَة", "سُعَال"), name="names.yaml", common=COMMON)
        ward.nurse.is_dead = True
        with pytest.raises(WorkerError):
            await ward.readiness.replace([changed], {})
        assert ward.readiness.is_ready(NAMES_ASKED)
        assert not ward.readiness.is_ready(changed)
        ward.nurse.is_dead = False
        assert await ward.readiness.replace([changed], {"phone": "920000000"}) > 0
        assert ward.readiness.is_ready(changed)

    async def test_the_default_comes_first_and_the_others_flip_one_by_one(
        self, tmp_path: Path, ears: Any
    ) -> None:
        ward = Ward(tmp_path, ears)
        others: Sequence[Any] = [
            parse(
                NAMES.replace("id: names", f"id: other{n}").replace("أَلَم", f"أَلَم {n}"),
                name="o.yaml",
                common=COMMON,
            )
            for n in range(2)
        ]
        await ward.voices.start()
        try:
            await ward.readiness.begin([NAMES_ASKED, *others], {})
            ready = [ward.readiness.is_ready(one) for one in (NAMES_ASKED, *others)]
            assert ready == [True, False, False]
            assert "other0 is not ready, " in ward.readiness.report()
            running = asyncio.create_task(ward.readiness.run())
            async with asyncio.timeout(60):
                while not all(ward.readiness.is_ready(one) for one in others):  # noqa: ASYNC110 - threads tell no event
                    await asyncio.sleep(0.01)
            running.cancel()
            assert ward.readiness.report() == ""
        finally:
            await ward.close()


async def test_a_text_that_is_never_said_is_tried_ever_more_rarely(
    ward: Ward, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An engine that babbles over a text babbles again; each time takes it minutes. Health tells of it."""
    babbled: list[str] = []
    stream = Nurse.stream

    async def babble(self: Nurse, passage: Passage) -> AsyncGenerator[Speech]:
        if "حَرَارَة" in passage.text:
            babbled.append(passage.text)
            raise WorkerError("it found no end of a text")
        async for part in stream(self, passage):
            yield part

    monkeypatch.setattr(Nurse, "stream", babble)
    monkeypatch.setattr(readiness, "TRY_AGAIN_SECONDS", 0.01)
    rounds: list[int] = []
    is_due = Readiness._is_due

    def counted(self: Readiness, questionnaire: Questionnaire) -> bool:
        rounds.append(is_due(self, questionnaire))
        return bool(rounds[-1])

    monkeypatch.setattr(Readiness, "_is_due", counted)
    hot = parse(NAMES.replace("أَلَم", "حَرَارَة"), name="names.yaml", common=COMMON)
    await ward.readiness.begin([hot], {})
    trying = asyncio.create_task(ward.readiness.run())
    while len(rounds) < 16:  # noqa: ASYNC110 - there is nothing to wait for but them
        await asyncio.sleep(0.01)
    trying.cancel()
    assert [number for number, was_due in enumerate(rounds[:16]) if was_due] == [0, 2, 5, 10]
    assert babbled
    assert "prompts in espeak-ng's voice (it found no end of a text)" in ward.readiness.report()
