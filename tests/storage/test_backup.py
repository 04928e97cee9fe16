"""Backups: whole while calls are written, private, named only when good, and restored row by row."""

import asyncio
import itertools
import os
import shutil
import socket
import sqlite3
import stat
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from bridge.clock import Clock
from bridge.dialogue.answer import Answer
from bridge.errors import StorageError
from bridge.privacy.keys import KeyRing, new_key
from bridge.storage import sealed
from bridge.storage.backup import back_up, backups_in
from bridge.storage.place import Place
from bridge.storage.restoring import is_in_use, restore, verify
from bridge.storage.store import CallRecord, Store, TurnRecord

KEY = "a key of thirty-two bytes and more"
Fill = Callable[[Store, str, int], Any]


class Steps(Clock):
    """A clock whose date goes on by a minute each time that it is asked for."""

    def __init__(self) -> None:
        super().__init__()
        self._minutes = itertools.count()

    def now(self) -> datetime:
        return datetime(2026, 11, 21, 2, tzinfo=UTC) + timedelta(minutes=next(self._minutes))


@pytest.fixture
def fill(
    a_call: Callable[..., CallRecord], a_turn: Callable[..., TurnRecord], an_answer: Callable[..., Answer]
) -> Fill:
    """Store a call with so many turns, each with an answer."""

    async def run(store: Store, call_id: str, turns: int) -> None:
        await store.begin_call(a_call(call_id, caller_number="+966110000001"))
        for number in range(turns):
            await store.record_turn(call_id, a_turn(), [an_answer(value=number)], b"{}")

    return run


def content(path: Path) -> bytes:
    """The bytes of a file."""
    return path.read_bytes()


def dump(path: Path) -> list[str]:
    """Everything that is in a database, as SQL."""
    with closing(sqlite3.connect(path)) as connection:
        return list(connection.iterdump())


async def test_backup_during_writes_holds_a_moment_of_it(store: Store, path: Path, fill: Fill) -> None:
    """Turns go on being acknowledged while copies are made; each holds the first ones, all whole."""
    await fill(store, "before", 50)
    writing = asyncio.create_task(fill(store, "during", 60))
    clock = Steps()
    copies = path.parent / "copies"
    made = [await asyncio.to_thread(back_up, path, copies, clock=clock) for _ in range(3)]
    await writing
    for one in made:
        found = verify(Path(one.file))
        assert (found.faults, found.rows) == ([], one.rows)
        assert one.rows["turns"] == one.rows["answers"]
        assert one.rows["turns"] >= 50
    assert len(await store.turns("during")) == 60


async def test_restore_drill(store: Store, path: Path, fill: Fill, tmp_path: Path) -> None:
    """Calls, a backup while more is written, all lost, the backup back: the same, row by row."""
    await fill(store, "c1", 20)
    writing = asyncio.create_task(fill(store, "c2", 30))
    made = await asyncio.to_thread(back_up, path, tmp_path / "safe", clock=Clock())
    await writing
    expected = dump(Path(made.file))
    await store.close()
    shutil.rmtree(path.parent)
    back = restore(Path(made.file), path, clock=Clock())
    assert (back.rows, back.replaced) == (made.rows, None)
    assert dump(path) == expected
    again = await Store.open(path, clock=Clock())
    assert [turn.index for turn in await again.turns("c1")] == list(range(1, 21))
    await fill(again, "c3", 1)
    await again.close()


async def test_backup_is_one_private_file_with_a_name_of_its_time(
    store: Store, path: Path, fill: Fill
) -> None:
    """Nothing but the finished copy stays in the folder, and nobody but its owner reads it."""
    await fill(store, "c1", 1)
    made = back_up(path, path.parent / "backups", clock=Steps())
    (file,) = (path.parent / "backups").iterdir()
    assert file == Path(made.file) == path.parent / "backups/hatif-20261121T020000Z.db"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert stat.S_IMODE(file.parent.stat().st_mode) == 0o700
    assert made.bytes == file.stat().st_size


async def test_two_backups_of_one_second_are_two(store: Store, path: Path) -> None:
    """Neither takes the other's name."""
    clock = Clock()
    clock.now = lambda: datetime(2026, 11, 21, 2, tzinfo=UTC)  # type: ignore[method-assign]
    made = [Path(back_up(path, path.parent / "backups", clock=clock).file).name for _ in range(2)]
    assert made == ["hatif-20261121T020000Z.db", "hatif-20261121T020000Z-2.db"]


async def test_so_many_are_kept(store: Store, path: Path) -> None:
    """The oldest go; what was made before an upgrade, and what is not ours, stays."""
    folder, clock = path.parent / "backups", Steps()
    folder.mkdir()
    (folder / "notes.txt").write_text("")
    ahead = back_up(path, folder, clock=clock, before="0011")
    made = [back_up(path, folder, clock=clock, keep=2) for _ in range(4)]
    assert [one.removed for one in made] == [[], [], [made[0].file], [made[1].file]]
    kept = [ahead.file, made[2].file, made[3].file]
    assert [str(file) for file in backups_in(folder)] == kept


async def test_a_file_that_is_there_is_not_overwritten(store: Store, path: Path, tmp_path: Path) -> None:
    """A backup is somebody's only copy."""
    mine = tmp_path / "mine.db"
    mine.write_text("precious")
    with pytest.raises(StorageError, match=r"mine\.db is there already; name another file"):
        back_up(path, mine, clock=Clock())
    assert mine.read_text() == "precious"


async def test_a_damaged_database_makes_no_backup(store: Store, path: Path, fill: Fill) -> None:
    """A copy that is not whole gets no name, and good ones are not rotated out by it."""
    await fill(store, "c1", 200)
    await store.close()
    good = back_up(path, path.parent / "backups", clock=Steps(), keep=1)
    _damage(path)
    with pytest.raises(StorageError, match="is damaged"):
        back_up(path, path.parent / "backups", clock=Clock(), keep=1)
    assert list((path.parent / "backups").iterdir()) == [Path(good.file)]


def _damage(path: Path) -> None:
    """Overwrite some pages in the middle, as a failing disk would."""
    with path.open("r+b") as file:
        file.seek(path.stat().st_size // 2 // 4096 * 4096)
        file.write(b"\x5a" * 4096 * 3)


async def test_encrypted_backup_shows_nothing_and_comes_back(
    store: Store, path: Path, fill: Fill, tmp_path: Path
) -> None:
    """Its bytes hold no text of the database's; with the key it is restored, row by row."""
    await fill(store, "c1", 40)
    plain = back_up(path, tmp_path / "plain.db", clock=Clock())
    made = back_up(path, tmp_path / "safe", clock=Clock(), key=KEY)
    await store.close()
    file = Path(made.file)
    assert (made.encrypted, file.suffixes[-1]) == (True, ".sealed")
    assert [each.name for each in file.parent.iterdir()] == [file.name]
    for text in (b"SQLite format", b"+966110000001", b"post_discharge"):
        assert text in content(Path(plain.file))
        assert text not in content(file)
    renamed = file.rename(file.with_name("renamed.db"))  # noqa: ASYNC240 - one name
    restore(renamed, path, clock=Clock(), key=KEY)
    assert dump(path) == dump(Path(plain.file))


@pytest.mark.parametrize(
    ("key", "says"),
    [
        (None, "is encrypted; storage.backup_key must be"),
        ("x" * 32, "another storage.backup_key, or is damaged"),
    ],
)
async def test_without_its_key_a_sealed_backup_stays_closed(
    store: Store, path: Path, tmp_path: Path, key: str | None, says: str
) -> None:
    """Neither without a key nor with another one; the database is not touched."""
    made = back_up(path, tmp_path / "safe", clock=Clock(), key=KEY)
    await store.close()
    before = content(path)
    with pytest.raises(StorageError, match=says):
        restore(Path(made.file), path, clock=Clock(), key=key)
    assert content(path) == before


@pytest.mark.parametrize("size", [0, 1, 2**20 - 1, 2**20, 2**20 + 1, 3 * 2**20])
def test_sealing_gives_back_what_it_took(tmp_path: Path, size: int) -> None:
    """At every boundary of its pieces."""
    random_bytes = os.urandom(size)
    (tmp_path / "plain").write_bytes(random_bytes)
    with (tmp_path / "plain").open("rb") as plain, (tmp_path / "sealed").open("wb") as target:
        sealed.seal(plain, target, KEY)
    assert b"".join(sealed.opened(tmp_path / "sealed", KEY)) == random_bytes


@pytest.mark.parametrize("harm", ["flip", "cut", "drop", "swap", "extend"])
def test_a_changed_sealed_file_is_refused(tmp_path: Path, harm: str) -> None:
    """A bit, the end, a piece from the middle, two pieces in each other's place, something behind the end."""
    (tmp_path / "plain").write_bytes(os.urandom(3 * 2**20))
    with (tmp_path / "plain").open("rb") as plain, (tmp_path / "sealed").open("wb") as target:
        sealed.seal(plain, target, KEY)
    whole, head, piece = (tmp_path / "sealed").read_bytes(), 24, 2**20 + 16
    one, two, three = (whole[head + n * piece :][:piece] for n in range(3))
    changed = {
        "flip": whole[:1000] + bytes([whole[1000] ^ 1]) + whole[1001:],
        "cut": whole[: head + 2 * piece],
        "drop": whole[:head] + one + three,
        "swap": whole[:head] + two + one + three,
        "extend": whole + one,
    }
    (tmp_path / "sealed").write_bytes(changed[harm])
    with pytest.raises(StorageError, match="cannot be decrypted"):
        list(sealed.opened(tmp_path / "sealed", KEY))


@contextmanager
def _opened_elsewhere(path: Path) -> Iterator[None]:
    """Another process has the database open and does nothing with it."""
    program = (
        "import sqlite3, sys; database = sqlite3.connect(sys.argv[1]); "
        "database.execute('PRAGMA journal_mode=WAL').fetchall(); print(flush=True); sys.stdin.read()"
    )
    with subprocess.Popen(
        [sys.executable, "-c", program, str(path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as holder:
        assert holder.stdout is not None
        holder.stdout.readline()
        yield
        holder.communicate()


async def test_restore_waits_for_no_daemon(store: Store, path: Path, tmp_path: Path, fill: Fill) -> None:
    """While the database is open, or a daemon answers at its socket, nothing is replaced."""
    await fill(store, "c1", 1)
    made = Path(back_up(path, tmp_path / "safe", clock=Clock()).file)
    await store.close()
    with _opened_elsewhere(path):
        assert is_in_use(path)
        with pytest.raises(StorageError, match=r"open; stop it first: systemctl stop hatif"):
            restore(made, path, clock=Clock())
    assert not is_in_use(path)
    with socket.socket(socket.AF_UNIX) as daemon:
        daemon.bind(str(tmp_path / "admin.sock"))
        daemon.listen()
        with pytest.raises(StorageError, match="stop it first"):
            restore(made, path, clock=Clock(), admin_socket=tmp_path / "admin.sock")
    restore(made, path, clock=Clock(), admin_socket=tmp_path / "admin.sock")  # the file alone is no daemon


async def test_what_was_replaced_is_kept_with_its_journal(
    store: Store, path: Path, tmp_path: Path, fill: Fill
) -> None:
    """A daemon died and left its journal: it goes with its database, and not to the restored one."""
    await fill(store, "old", 3)
    made = back_up(path, tmp_path / "safe", clock=Clock())
    await fill(store, "new", 2)
    files = [(path.with_name(path.name + end)).read_bytes() for end in ("", "-wal")]
    await store.close()
    for end, kept in zip(("", "-wal"), files, strict=True):
        path.with_name(path.name + end).write_bytes(kept)
    back = restore(Path(made.file), path, clock=Clock())
    assert dump(path) == dump(Path(made.file))
    aside = await Store.open(Path(back.replaced or ""), clock=Clock())
    assert {call.call_id for call in await aside.calls()} == {"old", "new"}
    await aside.close()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root gives files to others")
async def test_what_root_restores_belongs_to_the_daemons_user(
    store: Store, path: Path, tmp_path: Path
) -> None:
    """Its folder says whose it is, and it is private."""
    made = back_up(path, tmp_path / "safe", clock=Clock())
    await store.close()
    os.chown(path.parent, 65534, 65534)
    restore(Path(made.file), path, clock=Clock())
    restored = path.stat()  # noqa: ASYNC240 - one look
    assert (restored.st_uid, restored.st_gid, stat.S_IMODE(restored.st_mode)) == (65534, 65534, 0o600)


async def test_what_is_no_backup_replaces_nothing(
    store: Store, path: Path, tmp_path: Path, fill: Fill
) -> None:
    """A letter, another program's database, a damaged copy, a newer version's: each is refused by name."""
    await fill(store, "c1", 100)
    await store.close()
    before = content(path)
    letter, other, newer = (tmp_path / name for name in ("letter", "other.db", "newer.db"))
    letter.write_text("this is a letter. " * 100)
    with closing(sqlite3.connect(other)) as connection:
        connection.execute("CREATE TABLE songs (name TEXT)")
    back_up(path, newer, clock=Clock())
    damaged = tmp_path / "damaged.db"
    shutil.copy(newer, damaged)
    _damage(damaged)
    with closing(sqlite3.connect(newer)) as connection, connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")
    for file, says in (
        (letter, "letter is not an SQLite database"),
        (other, "holds no tables of Hatif's"),
        (damaged, "is damaged"),
        (newer, "its schema 9999 is newer than this Hatif"),
        (tmp_path / "none.db", "cannot be read: no such file"),
    ):
        with pytest.raises(StorageError, match=says):
            restore(file, path, clock=Clock())
    assert content(path) == before
    assert [each.name for each in path.parent.iterdir()] == [path.name]


@pytest.mark.parametrize(
    ("statement", "says"),
    [
        (
            "UPDATE answers SET value_json = '\"سر'",
            "answers c1 pain 1: value_json cannot be read (it is no JSON)",
        ),
        ("UPDATE answers SET value_json = '[1]'", "(it is of another kind than it should be)"),
        ("UPDATE dialogue_states SET state_json = 'x'", "dialogue_states c1: state_json cannot be read"),
        ("UPDATE calls SET custom_json = '7'", "calls c1: custom_json cannot be read"),
        ("DELETE FROM calls", "turns row 1 refers to a row of calls that is not there"),
    ],
)
async def test_verify_names_what_is_wrong(
    store: Store, path: Path, fill: Fill, statement: str, says: str
) -> None:
    """The row, the column and what to do; never what a caller said."""
    await fill(store, "c1", 1)
    await store.close()
    assert verify(path).faults == []
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute(statement)
    found = verify(path)
    assert not found.is_whole
    assert any(says in fault for fault in found.faults)
    assert all("restore a backup" in fault and "سر" not in fault for fault in found.faults)


async def test_verify_tells_of_dialogues_that_cannot_go_on(store: Store, path: Path, fill: Fill) -> None:
    """A state of another version's shape is no damage."""
    await fill(store, "c1", 1)
    await store.close()
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("UPDATE dialogue_states SET state_json = '{\"answers\": 7}'")
    assert verify(path).faults == []
    assert verify(path).notes == [
        "1 dialogues are of another version's shape: such a call is not gone on with"
    ]


async def test_what_is_encrypted_is_looked_into_with_its_key(path: Path, fill: Any, tmp_path: Path) -> None:
    """Without the key it is backed up all the same, and noted; with it, a value that was moved is found."""
    ring = KeyRing.parse(new_key("first"))
    store = await Store.open(Place(address=path, keys=ring), clock=Clock())
    await fill(store, "c1", 2)
    await store.close()
    made = Path(back_up(path, tmp_path / "safe", clock=Clock()).file)
    assert verify(made, keys=ring).faults == verify(made).faults == []
    assert verify(made, keys=ring).notes == []
    (note,) = verify(made).notes
    assert note.endswith("values are encrypted with a key that privacy.key does not hold")
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute(
            "UPDATE turns SET value_json = (SELECT value_json FROM answers LIMIT 1) WHERE turn_index = 1"
        )
    assert verify(path).faults == []
    (fault,) = verify(path, keys=ring).faults
    assert "turns c1 1: value_json cannot be read (it was changed, or moved from another row)" in fault
