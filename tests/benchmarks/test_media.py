"""The measurement of what a call costs: what its callers note is what was, and its tables say it."""

import importlib
import random
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge.audio.g711 import decode_ulaw, rms
from bridge.dialogue.loader import load_folder
from bridge.speech.vosk.recognizer import KNOWN_SOUND

FOLDER = str(Path(__file__).parents[2] / "benchmarks")
VOICE, SILENCE = b"\x20" * 160, b"\xff" * 160


@pytest.fixture(scope="module")
def modules() -> Iterator[tuple[ModuleType, ModuleType]]:
    """The callers and the program, as modules."""
    sys.path.insert(0, FOLDER)
    try:
        yield importlib.import_module("media_callers"), importlib.import_module("media")
    finally:
        sys.path.remove(FOLDER)


@pytest.fixture(scope="module")
def callers(modules: tuple[ModuleType, ModuleType]) -> ModuleType:
    return modules[0]


@pytest.fixture(scope="module")
def media(modules: tuple[ModuleType, ModuleType]) -> ModuleType:
    return modules[1]


@pytest.fixture
def ear(callers: ModuleType) -> Any:
    """One caller's telephone, and what was seen."""
    seen = callers.Seen()
    return callers.Playback(seen), seen


def test_a_caller_speaks_a_quarter_of_the_time(callers: ModuleType) -> None:
    """Loudly, from where it says so to where it says so."""
    steps = callers.cycle(KNOWN_SOUND.read_bytes(), random.Random(1))
    loud = [rms(decode_ulaw(step.audio)) > 100 for step in steps]
    assert sum(loud) / len(loud) == 0.25
    assert [at for at, step in enumerate(steps) if step.begins] == [0, 234]
    assert [at for at, step in enumerate(steps) if step.ended] == [78, 312]
    assert loud[77]
    assert not loud[78]


def test_a_reply_is_timed_to_its_first_sound(ear: Any) -> None:
    """Silence that goes before is none of it."""
    playback, seen = ear
    playback.end_to_speak(1.0)
    playback.receive(SILENCE, 1.2)
    playback.receive(VOICE, 1.5)
    playback.receive(VOICE, 1.52)
    assert seen.replies == [pytest.approx(500)]
    assert seen.unanswered == 0


def test_a_turn_without_a_reply_is_counted(ear: Any) -> None:
    playback, seen = ear
    playback.end_to_speak(1.0)
    playback.begin_to_speak(6.0)
    assert (seen.replies, seen.unanswered) == ([], 1)


def test_who_speaks_over_a_reply_waits_for_the_clear(ear: Any) -> None:
    """And only then: over silence there is nothing to be dropped."""
    playback, seen = ear
    playback.begin_to_speak(0.0)
    playback.end_to_speak(1.0)
    playback.receive(VOICE * 100, 1.4)
    playback.begin_to_speak(2.0)
    assert playback.clear(2.1) == []
    assert seen.clears == [pytest.approx(100)]
    assert seen.uncleared == 0


def test_a_reply_that_is_not_stopped_is_counted(ear: Any) -> None:
    playback, seen = ear
    playback.receive(VOICE * 500, 1.0)
    playback.begin_to_speak(2.0)
    playback.end_to_speak(3.5)
    assert (seen.clears, seen.uncleared) == ([], 1)


def test_marks_come_back_when_their_audio_was_played_or_dropped(ear: Any) -> None:
    playback, _ = ear
    playback.receive(VOICE * 50, 0.0)
    playback.mark("a")
    playback.receive(VOICE * 50, 0.1)
    playback.mark("b")
    assert [playback.due(now) for now in (0.9, 1.0, 1.5)] == [[], ["a"], []]
    assert playback.clear(1.5) == ["b"]


@pytest.mark.parametrize("lead", [0.0, 0.4])
def test_what_comes_in_its_own_rhythm_has_no_jitter(ear: Any, lead: float) -> None:
    """Whether it is sent ahead or in time; one piece that is late is as late as it was."""
    playback, seen = ear
    playback.end_to_speak(0.0)
    playback.receive(VOICE * round(lead / 0.02 + 1), 1.0)
    for number in range(1, 50):
        playback.receive(VOICE, 1.0 + number * 0.02 + (0.015 if number == 20 else 0.0))
    playback.clear(3.0)
    assert max(seen.pacing) == pytest.approx(15, abs=0.01)
    assert sorted(seen.pacing)[-2] == pytest.approx(0, abs=0.01)
    assert seen.underruns == 0


def test_a_gap_is_told_from_the_end_of_a_phrase(ear: Any) -> None:
    """Nothing was promised to follow a mark at once."""
    playback, seen = ear
    playback.receive(VOICE * 5, 0.0)
    playback.mark("a")
    playback.receive(VOICE * 5, 5.0)
    assert seen.underruns == 0
    playback.receive(VOICE * 5, 5.2)
    assert seen.underruns == 1


@given(
    payloads=st.lists(st.tuples(st.sampled_from([1, 8, 9]), st.binary(max_size=300)), max_size=6),
    cuts=st.lists(st.integers(1, 200)),
)
def test_frames_are_found_however_they_come(
    callers: ModuleType, payloads: list[tuple[int, bytes]], cuts: list[int]
) -> None:
    """In any pieces."""
    written = b"".join(
        bytes((0x80 | kind, min(len(payload), 126)))
        + (len(payload).to_bytes(2, "big") if len(payload) >= 126 else b"")
        + payload
        for kind, payload in payloads
    )
    frames, found, at = callers.Frames(), [], 0
    for length in [*cuts, len(written)]:
        found += list(frames.push(written[at : at + length]))
        at += length
    assert found == payloads


def test_what_callers_send_is_a_frame_of_a_client(callers: ModuleType) -> None:
    """RFC 6455 section 5.2: masked, its length in one byte or three."""
    assert callers.frame(b"ab") == b"\x81\x82\0\0\0\0ab"
    assert callers.frame(b"x" * 300)[:8] == b"\x81\xfe\x01\x2c\0\0\0\0"


def test_ratios_are_against_hatif_under_the_same_load(media: ModuleType, callers: ModuleType) -> None:
    def load(calls: int, cost: float, late: float = 1.0) -> Any:
        return callers.Load(
            calls=calls,
            lost=0,
            cpu_ms_per_call_second=cost,
            callers_cpu_share=0.1,
            reply_ms=(1.0, 2.0, 3.0),
            replies=3,
            unanswered=0,
            clear_ms=(),
            clears=0,
            uncleared=0,
            pacing_ms=(),
            underruns=0,
            audio_share=0.5,
            messages_per_call_second=5.0,
            late_ms=(0.1, 0.2, late),
        )

    measured = [
        media.Measured("hatif", load(10, 4.0)),
        media.Measured("aiohttp", load(10, 3.0)),
        media.Measured("aiohttp", load(50, 2.0, late=30.0)),
    ]
    assert media.ratios(measured) == [(10, {"hatif": 1.0, "aiohttp": 0.75})]
    assert [one.is_ours for one in measured] == [True, True, False]
    assert media.shown(measured).row_count == 3


def test_the_question_is_one_that_hatif_asks(media: ModuleType, tmp_path: Path) -> None:
    """The questionnaire of the measurement is a good one."""
    media.lay_out(tmp_path, media.questions())
    (asked,) = load_folder(tmp_path / "questionnaires").values()
    assert len(asked.items) == media.ITEMS
