"""Databases of every schema that there was are brought up to date, whole, after a backup."""

import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from bridge.clock import Clock
from bridge.errors import StorageError
from bridge.storage import backup as backup_room
from bridge.storage import schema
from bridge.storage.place import Place
from bridge.storage.reading import look_up
from bridge.storage.restoring import verify
from bridge.storage.store import Store

SCHEMAS = sorted((Path(__file__).parent / "schemas").glob("*.sql"))
Rows = dict[str, list[dict[str, Any]]]


def rows_of(path: Path) -> Rows:
    """Everything in a database, by table."""
    with closing(sqlite3.connect(path)) as connection:
        connection.row_factory = sqlite3.Row
        tables = connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall()
        return {
            name: [dict(row) for row in connection.execute(f"SELECT * FROM {name} ORDER BY 1, 2")]  # noqa: S608
            for (name,) in tables
            if name != "alembic_version"
        }


@pytest.fixture
def of_schema(path: Path) -> Callable[[str], Rows]:
    """Make the stored database of a schema; what is in it."""

    def make(revision: str) -> Rows:
        path.parent.mkdir(exist_ok=True)
        script = next(file for file in SCHEMAS if file.stem == revision)
        with closing(sqlite3.connect(path)) as connection:
            connection.executescript(script.read_text())
        return rows_of(path)

    return make


def test_every_schema_so_far_is_kept() -> None:
    """What was released has its database here; a release adds the one before it."""
    stems = [file.stem for file in SCHEMAS]
    assert stems[:7] == [f"000{number}" for number in range(1, 8)]
    assert set(stems) <= set(schema.known_revisions())


@pytest.mark.parametrize("revision", [file.stem for file in SCHEMAS])
async def test_a_database_of_every_schema_is_upgraded_with_all_it_holds(
    path: Path, of_schema: Callable[[str], Rows], revision: str
) -> None:
    """Every row and column is there afterwards; the backup is the database as it was; both are whole."""
    before = of_schema(revision)
    store = await Store.open(path, clock=Clock())
    calls, answers = await store.calls(), await store.answers(every_revision=True)
    sources = await store.questionnaire_sources("h")
    upgrade = store.upgrade
    await store.close()
    after = rows_of(path)
    for table, rows in before.items():
        assert len(after[table]) == len(rows), table
        for old, new in zip(rows, after[table], strict=True):
            assert {name: new[name] for name in old} == old
    assert {call.call_id: (call.disposition, call.tenant) for call in calls} == {
        "finished": ("completed", "default"),
        "died": (None, "default"),
    }
    assert [(one.item, one.revision, one.value) for one in answers] == [("pain", 1, 7), ("pain", 2, 8)]
    assert sources == (("id: q", "") if "questionnaires" in before else None)
    assert (upgrade.before, upgrade.now) == (revision, schema.newest_revision())
    assert upgrade.backup is not None
    assert rows_of(Path(upgrade.backup)) == before
    assert verify(Path(upgrade.backup)).schema == revision
    assert verify(path).faults == []


async def test_nothing_is_backed_up_where_nothing_is_upgraded(path: Path) -> None:
    """A new database and one that is up to date leave no backup."""
    for expected in (None, schema.newest_revision()):
        store = await Store.open(path, clock=Clock())
        assert (store.upgrade.before, store.upgrade.backup) == (expected, None)
        await store.close()
    assert not (path.parent / "backups").exists()


async def test_backup_before_an_upgrade_goes_where_it_is_configured_and_is_sealed(
    path: Path, tmp_path: Path, of_schema: Callable[[str], Rows]
) -> None:
    """With a key no plain copy stays, and the name tells what was ahead."""
    of_schema("0007")
    folder = tmp_path / "elsewhere"
    place = Place(address=path, backups=folder, backup_key="k" * 32)
    await (await Store.open(place, clock=Clock())).close()
    (file,) = folder.iterdir()
    assert file.name.endswith(f"-before-{schema.newest_revision()}.db.sealed")
    assert verify(file, key="k" * 32).schema == "0007"


async def test_what_cannot_be_backed_up_is_not_upgraded(
    path: Path, tmp_path: Path, of_schema: Callable[[str], Rows], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without room, or with a file in the folder's place, the database stays as it was, and says why."""
    before = of_schema("0004")
    (tmp_path / "taken").write_text("")
    place = Place(address=path, backups=tmp_path / "taken")
    with pytest.raises(StorageError, match=r"stays at schema 0004 and is not opened.*taken"):
        await Store.open(place, clock=Clock())
    little = shutil._ntuple_diskusage(10**9, 10**9, 1000)
    monkeypatch.setattr(backup_room.shutil, "disk_usage", lambda folder: little)
    with pytest.raises(StorageError, match=r"0 MB free and a backup needs 1[67] MB; free some"):
        await Store.open(path, clock=Clock())
    assert rows_of(path) == before
    assert (await look_up(Place(address=path))).present == "0004"


async def test_looking_changes_nothing(path: Path, of_schema: Callable[[str], Rows]) -> None:
    """A dry run names every missing migration, in order."""
    of_schema("0005")
    standing = await look_up(Place(address=path))
    missing = [step.revision for step in standing.missing]
    assert missing == [each for each in schema.known_revisions() if each > "0005"]
    assert standing.missing[0].title == "Who spoke a turn's prompt: rendered ahead, or which voice live"
    assert verify(path).schema == "0005"
