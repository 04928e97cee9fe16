"""What is stored, read back through the store and through a second connection."""

import asyncio
import fcntl
import sqlite3
import traceback
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from bridge.clock import Clock
from bridge.dialogue.answer import Answer, AnswerStatus, Value, Via
from bridge.errors import StorageError
from bridge.storage.store import CallRecord, Store, TurnRecord, worker_node

NOON = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
FUTURE = datetime(2226, 3, 1, 12, 0, tzinfo=UTC)
ON_BOTH = True
CANARY = "canary-966501234567"


async def test_acknowledged_turn_is_in_the_file(
    store: Store,
    query: Callable[..., list[Any]],
    a_call: Callable[..., CallRecord],
    a_turn: Callable[..., TurnRecord],
    an_answer: Callable[..., Answer],
) -> None:
    """Once `record_turn` returns, another connection reads the turn, the answer and the state."""
    await store.begin_call(a_call())
    receipt = await store.record_turn("c1", a_turn(open="سبعة"), [an_answer()], b'{"item":"pain"}')
    assert receipt.index == 1
    assert receipt.commit_ms > 0
    assert query("SELECT open FROM turns") == [("سبعة",)]
    assert query("SELECT item, revision, value_json, value_text FROM answers") == [("pain", 1, "7", "7")]
    assert query("SELECT turn_index, state_json FROM dialogue_states") == [(1, '{"item":"pain"}')]


@pytest.mark.parametrize(
    ("value", "text"), [(True, "true"), (False, "false"), (0, "0"), (-3, "-3"), ("غدا", "غدا"), (None, None)]
)
async def test_value_keeps_its_type(  # noqa: PLR0917 (fixtures)
    store: Store,
    query: Callable[..., list[Any]],
    a_call: Callable[..., CallRecord],
    a_turn: Callable[..., TurnRecord],
    an_answer: Callable[..., Answer],
    value: Value,
    text: str | None,
) -> None:
    """Every kind of value comes back as it was, and has a plain text beside it."""
    await store.begin_call(a_call())
    await store.record_turn("c1", a_turn(value=value), [an_answer(value=value)], b"{}")
    (answer,) = await store.answers("c1")
    (turn,) = await store.turns("c1")
    assert (answer.value, type(answer.value)) == (value, type(value))
    assert (turn.value, type(turn.value)) == (value, type(value))
    assert query("SELECT value_text FROM answers") == [(text,)]


async def test_turn_comes_back_whole(
    store: Store, a_call: Callable[..., CallRecord], a_turn: Callable[..., TurnRecord]
) -> None:
    """Every fact of a turn is read back as it was written."""
    facts = {
        "closed": "نعم",
        "open": "نعم",
        "confidence": 0.9,
        "rule": "yes",
        "value": True,
        "prompt": "هل تتألم؟",
        "prompt_seconds": 1.5,
        "prompt_heard_seconds": 1.25,
        "prompt_acknowledged": True,
        "speech_seconds": 0.4,
        "endpoint_ms": 200.0,
        "recognise_ms": 30.0,
        "understand_ms": 0.5,
    }
    await store.begin_call(a_call())
    await store.record_turn("c1", a_turn(**facts), [], b"{}")
    (turn,) = await store.turns("c1")
    assert {name: getattr(turn, name) for name in facts} == facts
    assert (turn.call_id, turn.index, turn.at, turn.item, turn.commit_ms) == ("c1", 1, NOON, "pain", None)


async def test_answer_can_be_traced(
    store: Store,
    a_call: Callable[..., CallRecord],
    a_turn: Callable[..., TurnRecord],
    an_answer: Callable[..., Answer],
) -> None:
    """An answer says which questionnaire asked, which model heard, and in which turn."""
    await store.begin_call(a_call())
    await store.record_turn("c1", a_turn(), [], b"{}")
    given = an_answer(closed="سبعة", open="سبعه", confidence=0.7, tries=2, confirmed=True, via=Via.DTMF)
    await store.record_turn("c1", a_turn(), [given], b"{}")
    (answer,) = await store.answers()
    assert (answer.questionnaire, answer.questionnaire_version, answer.questionnaire_hash) == (
        "post_discharge",
        "1",
        "abc",
    )
    assert (answer.model, answer.call_id, answer.turn_index) == ("hatif-ar-phone-0.2 def", "c1", 2)
    assert (answer.closed, answer.open, answer.confidence) == ("سبعة", "سبعه", 0.7)
    assert (answer.tries, answer.confirmed, answer.via, answer.at) == (2, True, Via.DTMF, NOON)


async def test_correction_is_a_new_revision(
    store: Store,
    a_call: Callable[..., CallRecord],
    a_turn: Callable[..., TurnRecord],
    an_answer: Callable[..., Answer],
) -> None:
    """A corrected answer replaces nothing: the latest is shown, the others are kept."""
    await store.begin_call(a_call())
    for value in (7, 2):
        await store.record_turn("c1", a_turn(), [an_answer(value=value)], b"{}")
    assert [(a.revision, a.value) for a in await store.answers("c1")] == [(2, 2)]
    every = await store.answers("c1", every_revision=True)
    assert [(a.revision, a.value) for a in every] == [(1, 7), (2, 2)]


async def test_two_answers_to_one_item_in_one_turn(
    store: Store,
    a_call: Callable[..., CallRecord],
    a_turn: Callable[..., TurnRecord],
    an_answer: Callable[..., Answer],
) -> None:
    """Revisions are counted inside the transaction too."""
    await store.begin_call(a_call())
    refused = an_answer(value=None, status=AnswerStatus.REFUSED, via=Via.NONE)
    await store.record_turn("c1", a_turn(), [an_answer(), refused], b"{}")
    every = await store.answers("c1", every_revision=True)
    assert [(a.revision, a.status) for a in every] == [(1, AnswerStatus.ANSWERED), (2, AnswerStatus.REFUSED)]


async def test_turn_is_stored_whole_or_not_at_all(
    store: Store,
    query: Callable[..., list[Any]],
    a_call: Callable[..., CallRecord],
    a_turn: Callable[..., TurnRecord],
    an_answer: Callable[..., Answer],
) -> None:
    """When the last part of a transaction fails, its first parts are not there."""
    await store.begin_call(a_call())
    with pytest.raises(UnicodeDecodeError):
        await store.record_turn("c1", a_turn(), [an_answer()], b"\xff")
    assert query("SELECT count(*) FROM turns") == [(0,)]
    assert query("SELECT count(*) FROM answers") == [(0,)]
    assert (await store.record_turn("c1", a_turn(), [an_answer()], b"{}")).index == 1


async def test_sound_is_committed_with_its_turn(
    store: Store, a_call: Callable[..., CallRecord], a_turn: Callable[..., TurnRecord]
) -> None:
    """Both or neither, and nothing where nothing was kept."""
    await store.begin_call(a_call())
    with pytest.raises(UnicodeDecodeError):
        await store.record_turn("c1", a_turn(), [], b"\xff", sound=b"\x00lost")
    await store.record_turn("c1", a_turn(), [], b"{}", sound=b"\x00\xff\x7f")
    await store.record_turn("c1", a_turn(), [], b"{}")
    assert (await store.sound("c1", 1), await store.sound("c1", 2)) == (b"\x00\xff\x7f", None)


async def test_state_is_the_last_one(
    store: Store, a_call: Callable[..., CallRecord], a_turn: Callable[..., TurnRecord]
) -> None:
    """The dialogue resumes from the state of the last committed turn."""
    assert await store.dialogue_state_at("c1") is None
    await store.begin_call(a_call())
    for state in (b'{"turn":1}', '{"heard":"نعم"}'.encode()):
        await store.record_turn("c1", a_turn(), [], state)
    kept = await store.dialogue_state_at("c1")
    assert kept is not None
    assert kept.state == '{"heard":"نعم"}'.encode()


async def test_late_measurements_join_their_turn(
    store: Store, a_call: Callable[..., CallRecord], a_turn: Callable[..., TurnRecord]
) -> None:
    """What is measured after the commit is added to the turn that it belongs to."""
    await store.begin_call(a_call())
    await store.record_turn("c1", a_turn(), [], b"{}")
    await store.record_turn("c1", a_turn(), [], b"{}")
    await store.note_first_audio("c1", 2, 41.5, 640.0, commit_ms=3.5)
    first, second = await store.turns("c1")
    assert (first.first_audio_ms, first.total_ms, first.commit_ms) == (None, None, None)
    assert (second.first_audio_ms, second.total_ms, second.commit_ms) == (41.5, 640.0, 3.5)


async def test_call_is_described_later(store: Store, a_call: Callable[..., CallRecord]) -> None:
    """What becomes known later is added; what stays unknown does not erase."""
    await store.begin_call(a_call(caller_number="0501", custom={"a": "1"}))
    await store.describe_call("c1", provider_call_id="p-1", custom={"name": "سلمى"})
    await store.describe_call("c1")
    call = await store.call("c1")
    assert (call.caller_number, call.provider_call_id, call.custom) == ("0501", "p-1", {"name": "سلمى"})
    assert await store.call("c2") is None


async def test_first_ending_stands(store: Store, a_call: Callable[..., CallRecord]) -> None:
    """A call ends once."""
    await store.begin_call(a_call())
    await store.end_call("c1", "completed")
    ended_at = (await store.call("c1")).ended_at
    await store.end_call("c1", "hung_up")
    call = await store.call("c1")
    assert (call.disposition, call.ended_at) == ("completed", ended_at)


async def test_no_call_ends_before_it_began(store: Store, a_call: Callable[..., CallRecord]) -> None:
    """It ends when that is said to have been; or, where a clock was set back meanwhile, as it began."""
    for call_id in ("later", "earlier", "gone"):
        await store.begin_call(a_call(call_id=call_id, started_at=FUTURE))
    await store.end_call("later", "completed", FUTURE + timedelta(seconds=30))
    await store.end_call("earlier", "completed", FUTURE - timedelta(hours=1))
    await store.note_interrupted("gone")  # by the machine's clock
    ended = {call.call_id: call.ended_at - FUTURE for call in await store.calls()}
    assert ended == {"later": timedelta(seconds=30), "earlier": timedelta(0), "gone": timedelta(0)}


async def test_unfinished_calls_become_interrupted(
    store: Store, a_call: Callable[..., CallRecord], a_turn: Callable[..., TurnRecord]
) -> None:
    """At start, calls without an end are ended at their last sign of life."""
    later = NOON + timedelta(minutes=3)
    for call_id in ("talked", "silent", "done"):
        await store.begin_call(a_call(call_id))
    await store.record_turn("talked", a_turn(at=later), [], b"{}")
    await store.end_call("done", "completed")
    assert await store.close_interrupted() == 2
    assert await store.close_interrupted() == 0
    endings = {c.call_id: (c.disposition, c.ended_at) for c in await store.calls()}
    assert endings["talked"] == ("interrupted", later)
    assert endings["silent"] == ("interrupted", NOON)
    assert endings["done"][0] == "completed"


async def test_a_workers_calls_end_with_it_and_with_its_daemon(
    store: Store, where: Path | str, a_call: Callable[..., CallRecord]
) -> None:
    """One that died takes no other's along, and they end when it did; the daemon's start ends them all."""
    clock = Clock()
    one, two, near = [
        await Store.open(where, clock=clock, node=worker_node("h:8080", name)) for name in ("1", "2", "11")
    ]
    daemon = await Store.open(where, clock=clock, node="h:8080")
    other = await Store.open(where, clock=clock, node=worker_node("h:80", 1))
    stores = {"one": one, "two": two, "near": near, "daemon": daemon, "other": other}
    began = clock.now() - timedelta(hours=1)
    for name, opened in stores.items():
        await opened.begin_call(a_call(name, started_at=began))
    assert await daemon.close_lost(1) == 1
    (ended,) = [call for call in await daemon.calls() if call.ended_at is not None]
    assert (ended.call_id, ended.disposition) == ("one", "interrupted")
    assert ended.ended_at is not None
    assert ended.ended_at > began
    assert await daemon.close_interrupted() == 3
    assert [call.call_id for call in await daemon.calls() if call.ended_at is None] == ["other"]
    for opened in stores.values():
        await opened.close()


async def test_processes_that_take_turns_wait_for_each_other(tmp_path: Path) -> None:
    """While another has its turn nothing is written, and afterwards all is."""
    store = await Store.open(tmp_path / "hatif.db", clock=Clock(), takes_turns=True)
    with (tmp_path / "hatif.db-turn").open("rb") as others:
        fcntl.flock(others, fcntl.LOCK_EX)
        writing = asyncio.create_task(store.redeem("token", NOON))
        done, _ = await asyncio.wait({writing}, timeout=0.3)
        assert not done
        assert not await store.was_redeemed("token")  # and whoever reads does not wait
        fcntl.flock(others, fcntl.LOCK_UN)
        assert await writing
    await store.close()


async def test_daemons_that_share_a_database_end_their_own_calls_only(
    store: Store, where: Path | str, a_call: Callable[..., CallRecord]
) -> None:
    """One that starts leaves the calls of another alone, but not those that are older than any call lasts."""
    clock = Clock()
    one = await Store.open(where, clock=clock, node="one:8080")
    two = await Store.open(where, clock=clock, node="two:8080")
    for name, daemon in (("one", one), ("two", two)):
        for age, hours in (("young", 1), ("day", 24), ("old", 26)):
            began = clock.now() - timedelta(hours=hours)
            await daemon.begin_call(a_call(f"{age} of {name}", started_at=began))
    assert await two.close_interrupted() == 4
    lasting = {call.call_id for call in await one.calls() if call.ended_at is None}
    assert lasting == {"young of one", "day of one"}
    assert await one.close_interrupted() == 2
    for daemon in (one, two):
        await daemon.close()


async def test_token_is_redeemed_once(store: Store) -> None:
    """A token works once, also when two ask at the same moment."""
    expires_at = datetime.now(UTC) + timedelta(seconds=60)
    results = await asyncio.gather(*(store.redeem("t", expires_at) for _ in range(5)))
    assert sorted(results) == [False, False, False, False, True]
    assert await store.redeem("u", expires_at)


async def test_long_expired_tokens_are_forgotten(store: Store, query: Callable[..., list[Any]]) -> None:
    """The table of used tokens does not grow for ever."""
    now = datetime.now(UTC)
    await store.redeem("old", now - timedelta(days=2))
    await store.redeem("just expired", now - timedelta(minutes=5))
    await store.redeem("new", now)
    assert query("SELECT token_id FROM redeemed_tokens ORDER BY 1") == [("just expired",), ("new",)]


async def test_calls_are_listed_newest_first(store: Store, a_call: Callable[..., CallRecord]) -> None:
    """A listing begins with the latest call and is as long as asked."""
    for minute in range(3):
        await store.begin_call(a_call(f"c{minute}", started_at=NOON + timedelta(minutes=minute)))
    assert [call.call_id for call in await store.calls(2)] == ["c2", "c1"]


async def test_moments_are_kept_in_utc(
    store: Store, query: Callable[..., list[Any]], a_call: Callable[..., CallRecord]
) -> None:
    """A moment in another zone is the same moment when it comes back."""
    riyadh = timezone(timedelta(hours=3))
    await store.begin_call(a_call(started_at=NOON.astimezone(riyadh)))
    assert (await store.call("c1")).started_at == NOON
    ((stored,),) = query("SELECT started_at FROM calls")
    assert str(stored).startswith("2026-03-01 12:00:00")


async def test_errors_name_the_call_and_no_value(
    store: Store,
    a_call: Callable[..., CallRecord],
    a_turn: Callable[..., TurnRecord],
    an_answer: Callable[..., Answer],
) -> None:
    """A failed request says which call, and nothing of what was heard or who called."""
    await store.begin_call(a_call(caller_number=CANARY))
    requests = [
        lambda: store.begin_call(a_call(caller_number=CANARY)),
        lambda: store.record_turn("c2", a_turn(open=CANARY), [an_answer(value=CANARY)], b"{}"),
        lambda: store.describe_call("c2", caller_number=CANARY),
        lambda: store.end_call("c2", "completed"),
        lambda: store.note_first_audio("c1", 9, 1.0, 1.0),
        lambda: store.begin_call(a_call("c3", caller_number=CANARY, started_at=datetime(2026, 1, 1))),  # noqa: DTZ001
    ]
    for request in requests:
        with pytest.raises(StorageError) as caught:
            await request()
        assert CANARY not in "".join(traceback.format_exception(caught.value))


async def test_many_calls_write_at_once(
    store: Store,
    query: Callable[..., list[Any]],
    a_call: Callable[..., CallRecord],
    a_turn: Callable[..., TurnRecord],
    an_answer: Callable[..., Answer],
) -> None:
    """Turns of calls that talk at the same time do not mix."""

    async def talk(call_id: str) -> None:
        await store.begin_call(a_call(call_id))
        for value in range(3):
            await store.record_turn(call_id, a_turn(), [an_answer(value=value)], b"{}")

    await asyncio.gather(*(talk(f"c{n}") for n in range(10)))
    counted = query(
        "SELECT call_id, count(*), max(turn_index), max(revision) FROM answers GROUP BY 1 ORDER BY 1"
    )
    assert counted == [(f"c{n}", 3, 3, 3) for n in range(10)]


async def test_hang_up_in_mid_commit_loses_nothing(
    store: Store,
    query: Callable[..., list[Any]],
    a_call: Callable[..., CallRecord],
    a_turn: Callable[..., TurnRecord],
    an_answer: Callable[..., Answer],
) -> None:
    """Cancelling whoever waits for a commit does not cancel the commit."""
    await store.begin_call(a_call())
    waiting = asyncio.create_task(store.record_turn("c1", a_turn(), [an_answer()], b"{}"))
    await asyncio.sleep(0)
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    await store.close()
    assert query("SELECT count(*) FROM answers") == [(1,)]


async def test_short_lock_is_waited_out(
    path: Path, a_call: Callable[..., CallRecord], a_turn: Callable[..., TurnRecord]
) -> None:
    """A write that finds the database locked tries again."""
    store = await Store.open(path, clock=Clock(), busy_seconds=0)
    await store.begin_call(a_call())
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        asyncio.get_running_loop().call_later(0.05, other.execute, "ROLLBACK")
        assert (await store.record_turn("c1", a_turn(), [], b"{}")).index == 1
    await store.close()


async def test_long_lock_is_told(
    path: Path, a_call: Callable[..., CallRecord], a_turn: Callable[..., TurnRecord]
) -> None:
    """A database that stays locked is one clear error, is counted, and works again when it is free."""
    counted: list[str] = []
    store = await Store.open(path, clock=Clock(), busy_seconds=0, on_error=counted.append)
    await store.begin_call(a_call())
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(StorageError, match=r"hatif\.db is locked by another process"):
            await store.record_turn("c1", a_turn(), [], b"{}")
        with pytest.raises(StorageError, match="locked"):
            await store.ping()
    assert counted == ["busy", "busy"]  # each of several attempts is one request
    await store.ping()
    assert (await store.record_turn("c1", a_turn(), [], b"{}")).index == 1
    await store.close()


async def test_full_disk_is_told_and_outlived(
    store: Store,
    path: Path,
    query: Callable[..., list[Any]],
    a_call: Callable[..., CallRecord],
    a_turn: Callable[..., TurnRecord],
) -> None:
    """When the file cannot grow, the turn is refused whole; when it can again, the next one is stored."""
    await store.begin_call(a_call())
    large = a_turn(open="x" * 1_000_000)
    await _limit_pages(store, 30)
    with pytest.raises(StorageError, match="the disk is full; free some space"):
        await store.record_turn("c1", large, [], b"{}")
    assert query("SELECT count(*) FROM turns") == [(0,)]
    await _limit_pages(store, 1_000_000)
    assert (await store.record_turn("c1", large, [], b"{}")).index == 1


async def _limit_pages(store: Store, pages: int) -> None:
    """Let SQLite believe that the disk ends there."""
    await store.write(lambda connection: connection.execute(text(f"PRAGMA max_page_count={pages}")))


async def test_reading_goes_on_while_another_writes(
    store: Store, path: Path, a_call: Callable[..., CallRecord]
) -> None:
    """A reader is not kept waiting by a writer."""
    await store.begin_call(a_call())
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        assert [call.call_id for call in await store.calls()] == ["c1"]


async def test_reading_a_damaged_database_is_told(
    store: Store, path: Path, a_call: Callable[..., CallRecord]
) -> None:
    """A table that has gone is an error of storage, not a traceback of SQL."""
    with closing(sqlite3.connect(path)) as other:
        other.executescript("PRAGMA foreign_keys=OFF; DROP TABLE calls")
    with pytest.raises(StorageError, match=r"refused the request \(SQLITE_ERROR\)"):
        await store.calls()
