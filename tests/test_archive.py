"""What `hatif answers` shows of stored calls."""

import stat
import wave
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest

from bridge.archive import acknowledge, list_calls, list_notifications, save_sounds, show_call
from bridge.audio.g711 import decode_ulaw, encode_ulaw
from bridge.clock import Clock
from bridge.dialogue.actions import Notify
from bridge.dialogue.answer import Answer, AnswerStatus, Via
from bridge.errors import StorageError
from bridge.storage.store import CallRecord, Store, TurnRecord

NOTICE = Notify("crisis", "answer", ("oncall",), 120, "harm")
SOUND = encode_ulaw(np.linspace(-8000, 8000, 800).astype("<i2").tobytes())
BEGAN = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)


def answer(item: str, *, status: AnswerStatus = AnswerStatus.ANSWERED) -> Answer:
    return Answer(item, status, value=True, via=Via.SPEECH, tries=1, confirmed=False)


@pytest.fixture
async def database(tmp_path: Path) -> Path:
    """Three calls: the second has two answers, and one that was taken back."""
    store = await Store.open(tmp_path / "hatif.db", clock=Clock())
    for number, call_id in enumerate(("aa11", "ab22", "ab33")):
        call = CallRecord(
            call_id=call_id,
            provider="maqsam",
            provider_call_id=f"at-maqsam-{number}",
            questionnaire="short",
            questionnaire_version="1",
            questionnaire_hash="h",
            model="m@1",
            started_at=BEGAN + timedelta(minutes=number),
        )
        await store.begin_call(call)
    turn = TurnRecord(at=BEGAN, item="pain", input="speech", meaning="answer")
    answers = [answer("pain"), answer("fever"), answer("sleep", status=AnswerStatus.WITHDRAWN)]
    await store.record_turn("ab22", turn, answers, b"{}", [NOTICE, NOTICE])
    message = Answer("pill#2", AnswerStatus.ANSWERED, None, Via.SPEECH, tries=1, confirmed=False, audio=True)
    await store.record_turn("ab33", turn, [message, answer("pain")], b"{}", sound=SOUND)
    await store.end_call("ab22", "completed")
    await store.close()
    return tmp_path / "hatif.db"


async def test_calls_are_listed_newest_first(database: Path) -> None:
    """With how they ended and how many answers stand."""
    listed = await list_calls(database, Clock(), limit=2)
    assert [(call.call_id, call.disposition, call.answers) for call in listed] == [
        ("ab33", None, 2),
        ("ab22", "completed", 2),
    ]


async def test_a_call_is_found_by_the_beginning_of_its_id(database: Path) -> None:
    """With its answers and its turns."""
    shown = await show_call(database, Clock(), "ab2")
    assert shown.call.call_id == "ab22"
    assert {one.item for one in shown.answers} == {"pain", "fever", "sleep"}
    assert [turn.item for turn in shown.turns] == ["pain"]


async def test_a_call_is_found_by_what_its_provider_calls_it(database: Path) -> None:
    """That is the name that a carrier, and `hatif call`, knows; the whole of it."""
    assert (await show_call(database, Clock(), "at-maqsam-1")).call.call_id == "ab22"
    with pytest.raises(StorageError, match="no call's id"):
        await show_call(database, Clock(), "at-maqsam-")


@pytest.mark.parametrize(("beginning", "complaint"), [("ab", "2 calls' ids begin"), ("zz", "no call's id")])
async def test_an_unclear_beginning_is_a_sentence(database: Path, beginning: str, complaint: str) -> None:
    """Nothing is guessed."""
    with pytest.raises(StorageError, match=complaint):
        await show_call(database, Clock(), beginning)


async def test_no_database_is_a_sentence(tmp_path: Path) -> None:
    """Looking at answers does not make a database."""
    with pytest.raises(StorageError, match="there is no database"):
        await list_calls(tmp_path / "none.db", Clock(), limit=1)
    assert not (tmp_path / "none.db").exists()


async def test_sounds_become_files_that_play(database: Path, tmp_path: Path) -> None:
    """One for each answer that is kept as sound, closed to others, and never over a file that is there."""
    (file,) = await save_sounds(database, Clock(), "ab3", tmp_path / "sounds")
    assert file.name == "ab33-pill_2-1.wav"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    with wave.open(str(file)) as wav:
        assert (wav.getnchannels(), wav.getframerate(), wav.getsampwidth()) == (1, 8000, 2)
        assert wav.readframes(801) == decode_ulaw(SOUND)
    with pytest.raises(StorageError, match=r"pill_2-1\.wav cannot be written: File exists"):
        await save_sounds(database, Clock(), "ab3", tmp_path / "sounds")
    assert await save_sounds(database, Clock(), "ab2", tmp_path / "sounds") == []


async def test_whoever_sees_to_a_call_acknowledges_all_that_is_open_about_it(database: Path) -> None:
    """By the beginning of the call's id, once; it is then listed only among all."""
    assert [one.number for one in await list_notifications(database, Clock(), only_open=True)] == [1, 2]
    assert [one.number for one in await acknowledge(database, Clock(), "ab2", "nurse")] == [1, 2]
    assert await acknowledge(database, Clock(), "ab2", "nurse") == []
    assert await list_notifications(database, Clock(), only_open=True) == []
    seen = await list_notifications(database, Clock(), only_open=False)
    assert [one.acknowledged_by for one in seen] == ["nurse", "nurse"]
    with pytest.raises(StorageError, match="no call's id begins"):
        await acknowledge(database, Clock(), "zz", "nurse")
