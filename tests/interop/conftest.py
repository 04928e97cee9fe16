"""A questionnaire with every kind of item, a call that answered all of it, and a store that holds it."""

from collections.abc import AsyncIterator, Callable, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest
from databases import put_empty

from bridge.clock import Clock
from bridge.content import CONTENT
from bridge.dialogue.answer import Answer, AnswerStatus, Value, Via
from bridge.dialogue.context import CallContext
from bridge.dialogue.loader import parse
from bridge.dialogue.questionnaire import Questionnaire
from bridge.dialogue.state import DialogueState
from bridge.interop.interviews import Interview
from bridge.storage.records import CallRecord, StoredAnswer, StoredCall, TurnRecord
from bridge.storage.store import Store

HERE = Path(__file__).parent
COMMON = (CONTENT / "questionnaires" / "common" / "ar.yaml").read_text(encoding="utf-8")
EVERY_ITEM = (HERE.parent / "dialogue" / "every_item.yaml").read_text(encoding="utf-8")
MORNING = datetime(2026, 11, 21, 9, tzinfo=UTC)
ANSWERED: dict[str, Value] = {
    "dialect": "glf",
    "who": True,
    "born": True,
    "consent": True,
    "recording": True,
    "fever": True,
    "temp": 38.5,
    "fever_days": "P2W",
    "sleep": "poor",
    "symptoms": ("cough", "headache"),
    "interest": "more_than_half",
    "harm": "never",
    "pain": 7,
    "level": 7.25,
    "children": 2,
    "file_number": "00123",
    "bp": "130/80",
    "sugar": 5.5,
    "weight": 70,
    "discharged": "2026-11-01",
    "readmitted": "2026-11-05",
    "dose_time": "08:30",
    "phone": "+966501234567",
    "pill_taken#1": True,
    "pill_taken#2": False,
    "pill_why#2": "cost",
    "another#1": True,
    "another#2": False,
    "summary": True,
    "message": True,
    "note": "=HYPERLINK(1) قال «شكرًا»، ثم\nسكت",
}

Build = Callable[..., Questionnaire]
Given = Mapping[str, Value]


def build(text: str, name: str = "test.yaml") -> Questionnaire:
    return parse(text, name=name, common=COMMON)


def stored_call(questionnaire: Questionnaire, **fields: Any) -> StoredCall:
    known: dict[str, Any] = {
        "call_id": "3f2a_1",
        "provider": "maqsam",
        "questionnaire": questionnaire.id,
        "questionnaire_version": questionnaire.version,
        "questionnaire_hash": questionnaire.hash,
        "model": "hatif-ar",
        "started_at": MORNING,
        "ended_at": MORNING + timedelta(minutes=4),
        "disposition": "completed",
        "caller_number": "+966501112222",
        "direction": "inbound",
    }
    return StoredCall(**(known | fields))


def stored_answer(call: StoredCall, item: str, value: Value, **fields: Any) -> StoredAnswer:
    known: dict[str, Any] = {
        "item": item,
        "status": AnswerStatus.ANSWERED,
        "value": value,
        "via": Via.SPEECH,
        "tries": 1,
        "confirmed": False,
        "closed": "مثال",
        "call_id": call.call_id,
        "revision": 1,
        "turn_index": 1,
        "at": call.started_at + timedelta(seconds=30),
        "questionnaire": call.questionnaire,
        "questionnaire_version": call.questionnaire_version,
        "questionnaire_hash": call.questionnaire_hash,
        "model": call.model,
    }
    return StoredAnswer(**(known | fields))


def make_interview(
    questionnaire: Questionnaire,
    given: Given,
    *,
    statuses: Mapping[str, AnswerStatus] | None = None,
    state: DialogueState | None = None,
    **call: Any,
) -> Interview:
    """A call with these answers, and with these statuses in place of answers."""
    held = stored_call(questionnaire, **call)
    answers = [stored_answer(held, item, value) for item, value in given.items()]
    answers += [
        stored_answer(held, item, None, status=status, via=Via.NONE)
        for item, status in (statuses or {}).items()
    ]
    kept = msgspec.json.encode(state or DialogueState(questionnaire=questionnaire.hash))
    return Interview(held, answers, questionnaire, state=kept)


@pytest.fixture(scope="session", name="build")
def build_fixture() -> Build:
    return build


@pytest.fixture(scope="session")
def every_item() -> Questionnaire:
    return build(EVERY_ITEM, "every_item.yaml")


@pytest.fixture(scope="session")
def shipped() -> list[Questionnaire]:
    files = sorted((CONTENT / "questionnaires").glob("*.yaml"))
    return [build(file.read_text(encoding="utf-8"), file.name) for file in files]


@pytest.fixture(scope="session", name="interview")
def interview_fixture() -> Callable[..., Interview]:
    return make_interview


@pytest.fixture
def full_interview(every_item: Questionnaire) -> Interview:
    """Everything answered but one item, which was refused."""
    context = CallContext(patient={"first_name": "مريم", "gender": "f"}, today="2026-11-21")
    return make_interview(
        every_item,
        ANSWERED,
        statuses={"low": AnswerStatus.REFUSED},
        state=DialogueState(questionnaire=every_item.hash, context=context),
    )


@pytest.fixture
def answered() -> dict[str, Value]:
    return dict(ANSWERED)


@pytest.fixture
def now() -> datetime:
    return MORNING + timedelta(hours=1)


@pytest.fixture
def database(tmp_path: Path) -> Path:
    return tmp_path / "data" / "hatif.db"


@pytest.fixture
async def store(database: Path) -> AsyncIterator[Store]:
    opened = await Store.open(put_empty(database), clock=Clock())
    yield opened
    await opened.close()


@pytest.fixture(name="put")
def put_fixture(store: Store) -> Callable[..., Any]:
    """Store a call with its answers, turn by turn, as the daemon would."""

    async def put(interview: Interview, *, keep_text: bool = True) -> None:
        call, questionnaire = interview.call, interview.questionnaire
        if keep_text and questionnaire is not None:
            await store.keep_questionnaire(
                questionnaire.hash, questionnaire.id, questionnaire.version, questionnaire.sources
            )
        fields = {name: getattr(call, name) for name in CallRecord.__struct_fields__}
        await store.begin_call(CallRecord(**fields))
        for answer in interview.revisions:
            plain = Answer(**{name: getattr(answer, name) for name in Answer.__struct_fields__})
            turn = TurnRecord(at=answer.at, item=answer.item, input="speech", meaning="answer")
            await store.record_turn(call.call_id, turn, [plain], msgspec.json.encode(interview.state))
        if call.disposition is not None:
            await store.end_call(call.call_id, call.disposition)

    return put
