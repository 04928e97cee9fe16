"""A call with something in every column that tells of a person, and a number that nothing else contains."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from bridge.clock import Clock
from bridge.dialogue.actions import Notify
from bridge.dialogue.answer import Answer, AnswerStatus, Via
from bridge.privacy.keys import KeyRing, new_key
from bridge.storage.consents import ConsentRecord
from bridge.storage.phone_calls import PhoneCall, note_call
from bridge.storage.records import CallRecord, TurnRecord
from bridge.storage.store import Store
from bridge.storage.utterances import UtteranceRecord, keep_utterance

NOON = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
NUMBER = "+962790123456"
CANARY = "كَناري"
SOUND = "كناري صوت".encode() + bytes(range(256))


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "data" / "hatif.db"


@pytest.fixture
def ring() -> KeyRing:
    return KeyRing.parse(new_key("first"))


class StillClock(Clock):
    """Stands still, and is moved by the test."""

    def __init__(self, moment: datetime = NOON) -> None:
        super().__init__()
        self.moment = moment

    def now(self) -> datetime:
        return self.moment


async def hold_call(
    store: Store, call_id: str = "c1", number: str = NUMBER, *, at: datetime = NOON, questionnaire: str = "q"
) -> None:
    """One whole call, with something in every table that knows calls."""
    await store.begin_call(
        CallRecord(
            call_id=call_id,
            provider="twilio",
            questionnaire=questionnaire,
            questionnaire_version="1",
            questionnaire_hash="h",
            model="m",
            started_at=at,
            provider_call_id=f"p-{call_id}",
            direction="inbound",
        )
    )
    custom = {"name": CANARY, "number": number}
    await store.describe_call(call_id, caller_number=number, callee_number="+96265000000", custom=custom)
    for text in (CANARY, f"{CANARY}-2"):
        turn = TurnRecord(
            at=at,
            item="name",
            input="speech",
            meaning=CANARY,
            value=text,
            closed=text,
            open=text,
            prompt=text,
        )
        answer = Answer(
            item="name",
            status=AnswerStatus.ANSWERED,
            value=text,
            via=Via.SPEECH,
            tries=1,
            confirmed=False,
            closed=text,
            open=text,
            audio=True,
        )
        notice = Notify("danger", f"words {CANARY}", ("nurse",), 60, "name")
        state = f'{{"heard": "{text}"}}'.encode()
        consent = ConsentRecord(
            item="name",
            purpose="questionnaire",
            status="given",
            questionnaire_version="1",
            questionnaire_hash="h",
            prompt_hash=CANARY,
            audio_hash=CANARY,
        )
        await store.record_turn(call_id, turn, [answer], state, [notice], sound=SOUND, consents=[consent])
    for index in (1, 2):
        await store.acknowledge(call_id, index, 1, f"nurse {CANARY}")
    said = UtteranceRecord(
        channel="caller", at=at, started_seconds=0, ended_seconds=1, text=CANARY, confidence=1
    )
    await keep_utterance(store, call_id, said)
    report = PhoneCall(
        provider="twilio",
        provider_call_id=f"p-{call_id}",
        status="completed",
        rank=3,
        at=at,
        caller_number=number,
    )
    await note_call(store, report)
    await store.end_call(call_id, "completed")
