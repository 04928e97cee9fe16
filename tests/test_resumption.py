"""Finding the call to go on with, and the version of the questionnaire that it began with."""

from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec
import pytest
from databases import put_empty

from bridge.clock import Clock
from bridge.content import CONTENT
from bridge.dialogue import engine
from bridge.dialogue.engine import DialogueState
from bridge.dialogue.inputs import Digits, HungUp
from bridge.dialogue.loader import parse
from bridge.dialogue.questionnaire import Questionnaire
from bridge.resumption import find_earlier
from bridge.storage.store import CallRecord, Store, TurnRecord

COMMON = (CONTENT / "questionnaires" / "common" / "ar.yaml").read_text(encoding="utf-8")
SOURCE = (CONTENT / "questionnaires" / "post_discharge.yaml").read_text(encoding="utf-8")
NOON = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)


def version(number: str) -> Questionnaire:
    text = SOURCE.replace('version: "0.1.0"', f'version: "{number}"')
    return parse(text, name="post_discharge.yaml", common=COMMON)


OLD, NEW = version("1"), version("2")


def dropped(questionnaire: Questionnaire) -> DialogueState:
    state = engine.advance(questionnaire, engine.begin(questionnaire).state, Digits("1")).state
    return engine.advance(questionnaire, state, HungUp()).state


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[Store]:
    opened = await Store.open(put_empty(tmp_path / "hatif.db"), clock=Clock())
    yield opened
    await opened.close()


@pytest.fixture
def keep(store: Store) -> Callable[[bytes], Awaitable[None]]:
    async def put(state: bytes) -> None:
        call = CallRecord(
            call_id="c1",
            provider="maqsam",
            questionnaire=OLD.id,
            questionnaire_version=OLD.version,
            questionnaire_hash=OLD.hash,
            model="m",
            started_at=NOON,
        )
        await store.begin_call(call)
        await store.record_turn("c1", TurnRecord(at=NOON, item=None, input="hung_up", meaning=""), [], state)

    return put


async def test_a_dropped_call_is_found_with_its_age(
    store: Store, keep: Callable[[bytes], Awaitable[None]]
) -> None:
    """Its answers come with it."""
    await keep(msgspec.json.encode(dropped(OLD)))
    earlier = await find_earlier(store, "c1", OLD, now=NOON + timedelta(hours=2))
    assert earlier is not None
    assert (earlier.hours_since, earlier.questionnaire.version) == (2.0, "1")
    assert [answer.item for answer in earlier.state.answers] == ["consent"]


async def test_it_goes_on_with_the_version_that_it_began_with(
    store: Store, keep: Callable[[bytes], Awaitable[None]]
) -> None:
    """Which was kept; what nobody kept is begun afresh."""
    await keep(msgspec.json.encode(dropped(OLD)))
    assert await find_earlier(store, "c1", NEW, now=NOON) is None
    for one in (OLD, NEW, OLD):
        await store.keep_questionnaire(one.hash, one.id, one.version, one.sources)
    earlier = await find_earlier(store, "c1", NEW, now=NOON)
    assert earlier is not None
    assert (earlier.questionnaire.version, earlier.questionnaire.hash) == ("1", OLD.hash)
    turn = engine.resume(earlier.questionnaire, earlier.state, earlier.state.context, 1)
    assert turn.state.questionnaire == OLD.hash


@pytest.mark.parametrize("state", [b"{}", b'{"asked": "nothing known"}', b'{"questionnaire": "gone"}'])
async def test_what_cannot_be_gone_on_with_is_begun_afresh(
    store: Store, keep: Callable[[bytes], Awaitable[None]], state: bytes
) -> None:
    """A state of another Hatif, or of a version that nobody knows; and a call that never was."""
    await keep(state)
    assert await find_earlier(store, "c1", OLD, now=NOON) is None
    assert await find_earlier(store, "c2", OLD, now=NOON) is None


async def test_an_old_call_is_begun_afresh(store: Store, keep: Callable[[bytes], Awaitable[None]]) -> None:
    """A day is the policy of this questionnaire."""
    await keep(msgspec.json.encode(dropped(OLD)))
    assert await find_earlier(store, "c1", OLD, now=NOON + timedelta(hours=25)) is None
