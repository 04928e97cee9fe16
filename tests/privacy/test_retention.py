"""What is forgotten when, with a clock that the test moves."""

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import func, select

from bridge.privacy.keys import KeyRing
from bridge.privacy.retention import CALLS_AT_ONCE, Purge, Purged, purge
from bridge.storage import tables
from bridge.storage.place import Place
from bridge.storage.store import Store
from tests.privacy.conftest import NOON, SOUND, StillClock, hold_call

DAY = timedelta(days=1)


@pytest.fixture(params=["plain", "encrypted"])
async def store(request: pytest.FixtureRequest, path: Path, ring: KeyRing) -> AsyncIterator[Store]:
    keys = ring if request.param == "encrypted" else None
    opened = await Store.open(Place(address=path, keys=keys), clock=StillClock())
    yield opened
    await opened.close()


async def rows(store: Store) -> dict[str, int]:
    """How many rows each table has that knows calls."""
    named = [table for table in tables.metadata.sorted_tables if "call_id" in table.columns]
    named.append(tables.phone_calls)
    counted = {}
    for table in named:
        (row,) = await store.select(select(func.count().label("n")).select_from(table))
        counted[table.name] = int(row["n"])
    return counted


async def forget(
    store: Store,
    days: dict[str, int | None],
    after: timedelta,
    *,
    of: dict[str, dict[str, int | None]] | None = None,
    dry_run: bool = False,
) -> Purged:
    return await purge(store, Purge.at(NOON + after, days, None, of or {}), dry_run=dry_run)


async def test_nothing_is_forgotten_where_nothing_is_configured(store: Store) -> None:
    """The default keeps everything."""
    await hold_call(store)
    before = await rows(store)
    days = dict.fromkeys(("calls", "answers", "transcripts", "sounds", "recordings"))
    assert await forget(store, days, 10_000 * DAY) == Purged({}, 0)
    assert await rows(store) == before


async def test_sounds_go_and_nothing_else(store: Store) -> None:
    """On the day, not before."""
    await hold_call(store)
    before = await rows(store)
    assert (await forget(store, {"sounds": 7}, 7 * DAY)).rows == {"sounds": 0}
    assert await store.sound("c1", 1) == SOUND
    assert (await forget(store, {"sounds": 7}, 7.1 * DAY)).rows == {"sounds": 2}
    assert await rows(store) == before | {"sounds": 0}
    assert await store.sound("c1", 1) is None


async def test_transcripts_are_blanked_and_answers_stay(store: Store) -> None:
    """What was heard goes, what was answered is still there; once is enough."""
    await hold_call(store)
    before = await rows(store)
    assert (await forget(store, {"transcripts": 30}, 31 * DAY, dry_run=True)).rows == {"transcripts": 5}
    assert (await store.turns("c1"))[0].closed
    assert (await forget(store, {"transcripts": 30}, 31 * DAY)).rows == {"transcripts": 5}
    assert (await forget(store, {"transcripts": 30}, 31 * DAY)).rows == {"transcripts": 0}
    assert await rows(store) == before | {"utterances": 0}
    for turn in await store.turns("c1"):
        assert (turn.closed, turn.open, turn.prompt) == ("", "", "")
        assert turn.value
    for answer in await store.answers("c1", every_revision=True):
        assert (answer.closed, answer.open) == ("", "")
        assert answer.value


async def test_answers_go_and_the_call_stays(store: Store) -> None:
    """That there was a call is still known, and how it went."""
    await hold_call(store)
    await forget(store, {"answers": 30}, 31 * DAY)
    assert await store.answers("c1") == []
    assert await store.dialogue_state_at("c1") is None
    turns = await store.turns("c1")
    assert [(turn.value, turn.meaning) for turn in turns] == [(None, ""), (None, "")]
    call = await store.call("c1")
    assert call is not None
    assert call.caller_number


async def test_a_call_goes_with_all_that_is_of_it(store: Store) -> None:
    """And what its provider told of it; a later call is left alone."""
    await hold_call(store)
    assert isinstance(store._clock, StillClock)
    store._clock.moment = NOON + 20 * DAY
    await hold_call(store, "c2", at=NOON + 20 * DAY)
    counted = await rows(store)
    foreseen = await forget(store, {"calls": 30}, 31 * DAY, dry_run=True)
    assert await rows(store) == counted
    assert await forget(store, {"calls": 30}, 31 * DAY) == foreseen
    assert sum(foreseen.rows.values()) == sum(counted.values()) / 2
    assert await rows(store) == {name: count // 2 for name, count in counted.items()}
    assert await store.call("c1") is None
    assert len(await store.turns("c2")) == 2


async def test_a_questionnaire_has_periods_of_its_own(store: Store) -> None:
    """Shorter or longer ones, class by class; what it does not name is as of all."""
    await hold_call(store, "c1")
    await hold_call(store, "c2", questionnaire="phq9")
    await hold_call(store, "c3", questionnaire="trial")
    days: dict[str, int | None] = {"sounds": 7, "answers": 30}
    of: dict[str, dict[str, int | None]] = {
        "phq9": {"answers": None, "calls": 400},
        "trial": {"sounds": 1, "answers": 20},
    }

    async def sounds_and_answers(after: float) -> dict[str, tuple[bool, bool]]:
        foreseen = await forget(store, days, after * DAY, of=of, dry_run=True)
        assert await forget(store, days, after * DAY, of=of) == foreseen
        return {
            call.call_id: (
                await store.sound(call.call_id, 1) is not None,
                bool(await store.answers(call.call_id)),
            )
            for call in await store.calls()
        }

    assert await sounds_and_answers(2) == {"c1": (True, True), "c2": (True, True), "c3": (False, True)}
    assert await sounds_and_answers(8) == {"c1": (False, True), "c2": (False, True), "c3": (False, True)}
    assert await sounds_and_answers(31) == {"c1": (False, False), "c2": (False, True), "c3": (False, False)}
    assert await sounds_and_answers(401) == {"c1": (False, False), "c3": (False, False)}
    assert (await rows(store))["phone_calls"] == 2  # what the provider told goes with the call
    assert (await forget(store, days, 999 * DAY, of=of)).rows == {"answers": 0, "sounds": 0, "calls": 0}


async def test_a_phone_call_goes_with_the_last_of_its_sessions(store: Store) -> None:
    """Its number is not gone while a session of it is kept, nor kept when none is."""
    await hold_call(store, "c1")
    await hold_call(store, "c2", questionnaire="phq9")
    async with store._writer.begin() as connection:
        await connection.execute(tables.calls.update().values(provider_call_id="p-c1"))
    of: dict[str, dict[str, int | None]] = {"phq9": {"calls": 30}}
    await forget(store, {}, 31 * DAY, of=of)
    assert (await rows(store))["phone_calls"] == 2
    assert [call.call_id for call in await store.calls()] == ["c1"]
    await forget(store, {"calls": 60}, 61 * DAY, of=of)
    assert (await rows(store))["phone_calls"] == 0


async def test_calls_in_progress_and_open_escalations_are_kept(store: Store) -> None:
    """However old: somebody may be in danger, or on the line."""
    await hold_call(store, "danger")
    await hold_call(store, "talking")
    async with store._writer.begin() as connection:
        notices, calls = tables.notifications, tables.calls
        await connection.execute(
            notices.update()
            .where(notices.c.call_id == "danger", notices.c.turn_index == 2)
            .values(acknowledged_at=None)
        )
        await connection.execute(
            calls.update().where(calls.c.call_id == "talking").values(ended_at=None, disposition=None)
        )
    before = await rows(store)
    every = dict.fromkeys(("calls", "answers", "transcripts", "sounds"), 1)
    assert sum((await forget(store, every, 999 * DAY, dry_run=True)).rows.values()) == 0
    assert sum((await forget(store, every, 999 * DAY)).rows.values()) == 0
    assert await rows(store) == before


async def test_many_calls_are_forgotten_in_several_transactions(store: Store) -> None:
    """All of them, whatever the size of a batch."""
    for number in range(3):
        await hold_call(store, f"c{number}")
    assert CALLS_AT_ONCE > 3
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("bridge.privacy.retention.CALLS_AT_ONCE", 2)
        await forget(store, {"calls": 30}, 31 * DAY)
    assert set((await rows(store)).values()) == {0}


async def test_recordings_of_a_questionnaire_go_when_it_says(store: Store, tmp_path: Path) -> None:
    """One is kept for ever, the others are not; and the other way round."""
    folder = tmp_path / "recordings"
    folder.mkdir()
    await hold_call(store, "c1")
    await hold_call(store, "c2", questionnaire="phq9")
    names = ("c1.wav", "c2.wav", "gone.wav")
    for name in names:
        (folder / name).write_bytes(b"x")
    late, own = NOON + 10_000 * DAY, {"phq9": {"recordings": 30}}
    assert (await purge(store, Purge.at(late, {}, folder, own))).files == 1
    assert sorted(path.name for path in folder.iterdir()) == ["c1.wav", "gone.wav"]
    (folder / "c2.wav").write_bytes(b"x")
    own = {"phq9": {"recordings": None}}
    assert (await purge(store, Purge.at(late, {"recordings": 30}, folder, own))).files == 2
    assert [path.name for path in folder.iterdir()] == ["c2.wav"]


async def test_recordings_go_with_their_class_or_their_call(store: Store, tmp_path: Path) -> None:
    """Also one whose call is gone; one of a call in progress stays."""
    folder = tmp_path / "recordings"
    folder.mkdir()
    await hold_call(store)
    names = ("c1.wav", "c2.wav.sealed", "gone.wav", "notes.txt")
    for name in names:
        (folder / name).write_bytes(b"x")
    async with store._writer.begin() as connection:
        calls = tables.calls
        row = {column.name: "" for column in calls.columns if column.name in {"provider", "questionnaire"}}
        row |= {"questionnaire_version": "", "questionnaire_hash": "", "model": "", "call_id": "c2"}
        values = store.seal(calls, row | {"started_at": NOON, "custom_json": "{}"})
        await connection.execute(calls.insert().values(values))
    wanted = Purge.at(NOON + 10_000 * DAY, {"recordings": 30}, folder)
    assert (await purge(store, wanted, dry_run=True)).files == 2
    assert sorted(path.name for path in folder.iterdir()) == sorted(names)
    assert (await purge(store, wanted)).files == 2
    assert sorted(path.name for path in folder.iterdir()) == ["c2.wav.sealed", "notes.txt"]
