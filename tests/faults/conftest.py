"""One daemon in real time, whose clock can be set and whose voice is a real Piper, and callers who listen."""

import asyncio
import sqlite3
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any
from uuid import uuid4

import numpy as np
import pytest
import tiny_piper
from programs import found

from bridge.audio.frames import FRAME_SECONDS
from bridge.audio.g711 import decode_ulaw, rms
from bridge.carriers.base import CarrierCall
from bridge.carriers.caller import CallerFrame
from bridge.carriers.fake import CallOutcome, FakeCarrier
from bridge.carriers.lines import VOICE_RMS, Line, LineCaller, PauseLine, PressLine
from bridge.carriers.voice import LineNoise
from bridge.carriers.wires.generic import GenericWire
from bridge.clock import Clock
from bridge.content import CONTENT

TOKEN = "the-generic-token"
QUESTIONNAIRE = """\
format: 1
id: short
version: "1"
title: قصير
language: ar
status: draft
source: {name: test, licence: own}
resume: {within_hours: 24, attempts: 9, recap: false}
items:
  - {id: consent, type: consent, ask: "هَلْ تُوَافِق؟"}
  - {id: q1, type: yes_no, kind: fact, ask: "هَلْ نِمْت؟"}
  - {id: q2, type: yes_no, kind: fact, ask: "{patient.first_name}، هَلْ أَكَلْت؟"}
  - {id: q3, type: yes_no, kind: fact, ask: "هَلْ خَرَجْت؟"}
prompts: {opening: "مَرْحَبًا."}
"""
ITEMS = ("consent", "q1", "q2", "q3")
QUIET_SECONDS = 0.5  # prompts have no such pauses
ONE = PressLine("1")
STAYS = PauseLine(30)  # until we hang up
PRESSED: tuple[Line, ...] = (ONE, ONE, ONE, ONE, STAYS)
LIBRARIES = Path("/usr/lib")


class Ear(LineCaller):
    """Says its lines, and notes for how long it heard nothing: since our words, its own words or its keys."""

    def __init__(self, lines: Sequence[Line], on_turn: Callable[[int], None]) -> None:
        """`on_turn` is told how many lines are said, each time when the next one is about to be."""
        super().__init__(
            lines, LineNoise(np.random.default_rng(3)), quiet_seconds=QUIET_SECONDS, patience_seconds=60
        )
        self._count = len(lines)
        self._on_turn = on_turn
        self._left = len(lines)
        self._silent_frames = 0
        self._longest_frames = 0

    @property
    def longest_silence_seconds(self) -> float:
        """Of call time."""
        return self._longest_frames * FRAME_SECONDS

    def tick(self, heard: bytes) -> CallerFrame:
        """Hear and say."""
        frame = super().tick(heard)
        is_voice = rms(decode_ulaw(heard)) >= VOICE_RMS
        self._silent_frames = 0 if is_voice or self._mouth.is_busy or frame.keys else self._silent_frames + 1
        self._longest_frames = max(self._longest_frames, self._silent_frames)
        if self.lines_left != self._left:
            self._left = self.lines_left
            self._on_turn(self._count - self._left)
        return frame


class Hospital:
    """The daemon, its database, and the machine's clock as the daemon sees it."""

    def __init__(self, daemon: Any, offset: Path) -> None:
        self.daemon = daemon
        self._offset = offset

    def set_clock(self, seconds: int) -> None:
        """So much later or earlier than it is; for the daemon and its engines."""
        written = self._offset.with_suffix(".new")
        written.write_text(f"{seconds:+d}\n", encoding="utf-8")
        written.rename(self._offset)

    def rows(self, query: str, *values: Any) -> list[tuple[Any, ...]]:
        """What a connection of our own reads."""
        with closing(sqlite3.connect(f"file:{self.daemon.database}?mode=ro", uri=True)) as connection:
            return connection.execute(query, values).fetchall()

    def answered(self, call_id: str) -> list[str]:
        """The items that a phone call has answers to, over all its sockets, in order."""
        query = "SELECT item FROM answers JOIN calls USING (call_id) WHERE provider_call_id = ?"
        return [item for (item,) in self.rows(f"{query} ORDER BY answers.rowid", call_id)]

    def dispositions(self, call_id: str) -> list[str | None]:
        """How its sockets ended, in order."""
        query = "SELECT disposition FROM calls WHERE provider_call_id = ? ORDER BY rowid"
        return [disposition for (disposition,) in self.rows(query, call_id)]

    async def until(self, holds: Callable[[], object]) -> None:
        """Wait for it; a minute means that it never comes."""
        async with asyncio.timeout(60):
            while not holds():  # noqa: ASYNC110 - of another process
                await asyncio.sleep(0.05)

    async def at_rest(self) -> None:
        """Wait until no call is held and each has its end."""
        await self.until(lambda: self.daemon.active_calls() == 0)
        await self.until(lambda: not self.rows("SELECT 1 FROM calls WHERE ended_at IS NULL"))

    async def ring(
        self,
        lines: Sequence[Line] = PRESSED,
        *,
        call_id: str | None = None,
        port: int | None = None,
        speaks_json: bool = False,
        on_turn: Callable[[int], None] = lambda _: None,
        max_seconds: float = 90,
    ) -> tuple[CallOutcome, Ear, str]:
        """Call, through another port than the daemon's where that is said; how it went."""
        ear, call_id = Ear(lines, on_turn), call_id or str(uuid4())
        wire = GenericWire(speaks_json=speaks_json, token=TOKEN)
        carrier = FakeCarrier(wire, ear, clock=Clock(1), connect_seconds=30)
        call = CarrierCall("9621234567", "9621234566", call_id, custom={"patient_first_name": "زَيْنَب"})
        url = f"ws://127.0.0.1:{port or self.daemon.port}/ws/generic"
        return await carrier.place(url, call=call, max_seconds=max_seconds), ear, call_id


def faketime() -> str | None:
    """The library that gives programs another time; it comes with the program of that name."""
    if found("faketime") is None:
        return None
    return str(next(LIBRARIES.glob("*/faketime/libfaketimeMT.so.1")))


@pytest.fixture(scope="session")
def hospital(
    start_lasting_daemon: Callable[..., Any], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Hospital]:
    """A daemon at the speed of life, with every clock as on the wall."""
    folder = tmp_path_factory.mktemp("hospital")
    offset = folder / "offset"
    content, voices = folder / "questionnaires", folder / "voices"
    (_made(content) / "common").symlink_to(CONTENT / "questionnaires" / "common")
    (content / "short.yaml").write_text(QUESTIONNAIRE, encoding="utf-8")
    tiny_piper.make_voice(_made(voices), "tiny")
    library = faketime()
    clock = (
        {}
        if library is None
        else {
            "LD_PRELOAD": library,
            "FAKETIME_TIMESTAMP_FILE": str(offset),
            "FAKETIME_CACHE_DURATION": "1",  # seconds between two looks at that file
            "FAKETIME_DONT_FAKE_MONOTONIC": "1",
            "FAKETIME_FORCE_MONOTONIC_FIX": "0",  # else it takes a hundred times as long to pass on a lock
            "NO_FAKE_STAT": "1",
        }
    )
    offset.write_text("+0\n", encoding="utf-8")
    daemon = start_lasting_daemon(
        HATIF_CLOCK__SPEED="1",
        HATIF_PROVIDERS__MAQSAM__TOKEN="",
        HATIF_PROVIDERS__GENERIC__TOKEN=TOKEN,
        HATIF_PROVIDERS__GENERIC__RECONNECTS="true",
        HATIF_QUESTIONNAIRES__FOLDER=str(content),
        HATIF_QUESTIONNAIRES__DEFAULT="short",
        HATIF_SERVER__HEARTBEAT_SECONDS="6",
        HATIF_SERVER__IDLE_SECONDS="5",
        HATIF_VOICE__ENGINE="piper",
        HATIF_VOICE__VOICE="tiny",
        HATIF_PIPER__FOLDER=str(voices),
        **clock,
    )
    yield Hospital(daemon, offset)
    assert "Traceback" not in daemon.log
    assert daemon.stop() == 0


def _made(folder: Path) -> Path:
    folder.mkdir()
    return folder
