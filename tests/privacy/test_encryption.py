"""The database with a key: nothing readable on disk, everything readable through it, and none without."""

import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import insert, select

from bridge.clock import Clock
from bridge.errors import StorageError
from bridge.privacy.classes import CLASSES, Kind
from bridge.privacy.fields import BLANK, FieldCipher
from bridge.privacy.keys import PLAIN, KeyRing, new_key
from bridge.privacy.rekeying import PAGE_ROWS, rekey_database
from bridge.storage import tables
from bridge.storage.phone_calls import phone_call
from bridge.storage.place import Place
from bridge.storage.scrubbing import database_files, scrub
from bridge.storage.sealing import is_sealed
from bridge.storage.store import Store
from bridge.storage.utterances import utterances_of
from tests.privacy.conftest import CANARY, NOON, NUMBER, SOUND, StillClock, hold_call


def raw(path: Path) -> bytes:
    """Everything that SQLite has on disk."""
    return b"".join(file.read_bytes() for file in database_files(path))


def traces(path: Path) -> list[str]:
    """What of the canaries is readable."""
    content = raw(path)
    return [word for word in (CANARY, NUMBER, NUMBER[4:]) if word.encode() in content]


async def contents(store: Store) -> list[Any]:
    """All that is read of a call."""
    return [
        await store.call("c1"),
        await store.turns("c1"),
        await store.answers("c1", every_revision=True),
        await store.sound("c1", 2),
        await store.dialogue_state_at("c1"),
        await store.notifications(only_open=False),
        await utterances_of(store, "c1"),
        await phone_call(store, "twilio", "p-c1"),
    ]


def test_every_column_is_classified() -> None:
    """A column that nobody has thought about fails here; what tells of a person is sealed."""
    named = {table: set(known.columns) for table, known in CLASSES.items()}
    assert named == {name: set(table.columns.keys()) for name, table in tables.metadata.tables.items()}
    for name, table in tables.metadata.tables.items():
        for column in table.columns:
            assert is_sealed(column) == (CLASSES[name].columns[column.name].kind != Kind.PUBLIC), column


async def test_a_plain_value_cannot_be_written(path: Path) -> None:
    """Who forgets to seal a row is told at once."""
    store = await Store.open(path, clock=Clock())

    async def work(connection: Any) -> None:
        row = {"call_id": "c1", "turn_index": 1, "at": NOON, "state_json": "{}"}
        await connection.execute(insert(tables.dialogue_states).values(row))

    with pytest.raises(StorageError, match="refused the request"):
        await store.write(work)
    with pytest.raises(TypeError, match="primary key"):
        await store.select(select(tables.calls.c.caller_number))
    await store.close()


async def test_what_is_stored_is_the_same_with_and_without_a_key(
    path: Path, tmp_path: Path, ring: KeyRing
) -> None:
    """The log and the database hold nothing to read, and the store gives it all back."""
    found = []
    for keys, place in ((ring, path), (None, tmp_path / "plain.db")):
        store = await Store.open(Place(address=place, keys=keys), clock=StillClock())
        await hold_call(store)
        found.append(await contents(store))
        readable = [] if keys else [CANARY, NUMBER, NUMBER[4:]]
        assert traces(place) == readable  # while the log is still there
        await store.close()
        assert traces(place) == readable
    assert found[0] == found[1]
    assert found[0][3] == SOUND


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE turns SET closed = (SELECT closed FROM turns WHERE turn_index = 2) WHERE turn_index = 1",
        "UPDATE turns SET closed = open",
        "UPDATE turns SET closed = 'yes'",
    ],
)
async def test_a_value_put_elsewhere_is_not_read(path: Path, ring: KeyRing, statement: str) -> None:
    """By whoever can write the file and has not the key."""
    store = await Store.open(Place(address=path, keys=ring), clock=Clock())
    await hold_call(store)
    with closing(sqlite3.connect(path)) as other, other:
        other.execute(statement)
    with pytest.raises(StorageError, match=r"turns\.closed of c1/1"):
        await store.turns("c1")
    await store.close()


async def test_wrong_and_missing_keys_are_told_at_the_start(path: Path, ring: KeyRing) -> None:
    """In one sentence each, before anything is read or written."""
    await (await Store.open(Place(address=path, keys=ring), clock=Clock())).close()
    with pytest.raises(StorageError, match=r"encrypted with the key first; privacy\.key must hold it"):
        await Store.open(path, clock=Clock())
    with pytest.raises(StorageError, match=r"encrypted with the key first; privacy\.key must hold it"):
        await Store.open(Place(address=path, keys=KeyRing.parse(new_key("second"))), clock=Clock())
    with pytest.raises(StorageError, match="another key named first"):
        await Store.open(Place(address=path, keys=KeyRing.parse(new_key("first"))), clock=Clock())


async def rekey(path: Path, ring: KeyRing, target: str) -> int:
    cipher = FieldCipher.between(ring, target=target)
    store = await Store.open(path, clock=Clock(), cipher=cipher)
    try:
        return (await rekey_database(store, cipher)).rewritten
    finally:
        await store.close()


async def test_on_rotated_and_off(path: Path, ring: KeyRing) -> None:
    """Plain, encrypted, under another key and plain again: nothing is lost, and each state is kept to."""
    store = await Store.open(path, clock=Clock())
    await hold_call(store)
    before = await contents(store)
    await store.close()
    with pytest.raises(StorageError, match="run `hatif privacy rekey`"):
        await Store.open(Place(address=path, keys=ring), clock=Clock())

    assert await rekey(path, ring, "first") > 5
    assert await scrub(path)
    assert traces(path) == []
    assert await rekey(path, ring, "first") == 0
    both = KeyRing(KeyRing.parse(new_key("second")).current, ring.keys)
    store = await Store.open(
        Place(address=path, keys=both), clock=Clock()
    )  # a daemon may go on before and meanwhile
    assert await contents(store) == before
    assert await rekey(path, both, "second") > 5
    assert await contents(store) == before
    await store.close()
    only = KeyRing(both.current)
    store = await Store.open(Place(address=path, keys=only), clock=Clock())
    assert await contents(store) == before
    await store.close()

    await rekey(path, only, PLAIN)
    store = await Store.open(path, clock=Clock())
    assert await contents(store) == before
    await store.close()


async def test_a_rotation_that_was_killed_goes_on(
    path: Path, ring: KeyRing, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Killed between two pages: both keys are needed until it was run again to its end."""
    monkeypatch.setattr("bridge.privacy.rekeying.PAGE_ROWS", 2)
    assert PAGE_ROWS > 2
    store = await Store.open(Place(address=path, keys=ring), clock=Clock())
    for name in ("c1", "c2", "c3"):
        await hold_call(store, name)
    before = await contents(store)
    await store.close()
    both = KeyRing(KeyRing.parse(new_key("second")).current, ring.keys)
    cipher = FieldCipher.between(both, target="second")

    def die(rows: int) -> None:
        if rows > 9:
            raise KeyboardInterrupt

    store = await Store.open(path, clock=Clock(), cipher=cipher)
    with pytest.raises(KeyboardInterrupt):
        await rekey_database(store, cipher, on_progress=die)
    await store.close()
    assert b"\xc2\xa71:first:" in raw(path)
    assert b"\xc2\xa71:second:" in raw(path)
    with pytest.raises(StorageError, match="the key first"):
        await Store.open(Place(address=path, keys=KeyRing(both.current)), clock=Clock())
    assert 0 < await rekey(path, both, "second") < 36
    store = await Store.open(Place(address=path, keys=KeyRing(both.current)), clock=Clock())
    assert await contents(store) == before
    await store.close()


async def test_what_was_forgotten_stays_so_under_another_key(path: Path, ring: KeyRing) -> None:
    """The mark of a forgotten text is no value of a key."""
    store = await Store.open(Place(address=path, keys=ring), clock=Clock())
    await hold_call(store)
    await store.close()
    with closing(sqlite3.connect(path)) as other, other:
        other.execute("UPDATE turns SET closed = ?", (BLANK.stored,))
    both = KeyRing(KeyRing.parse(new_key("second")).current, ring.keys)
    await rekey(path, both, "second")
    store = await Store.open(Place(address=path, keys=KeyRing(both.current)), clock=Clock())
    assert [turn.closed for turn in await store.turns("c1")] == ["", ""]
    await store.close()
