"""PostgreSQL where it differs from SQLite: its server, its locks, its crashes, and what is said of them."""

import asyncio
import itertools
import json
import sqlite3
import subprocess
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import asyncpg
import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from clusters import Cluster
from sqlalchemy import URL, Boolean, Connection, DateTime, MetaData, Table, create_engine, insert, text
from sqlalchemy.exc import OperationalError

from bridge.audit.copying import AuditCopy
from bridge.audit.entries import Action
from bridge.audit.log import AuditLog, verify
from bridge.clock import Clock
from bridge.dialogue.answer import Answer
from bridge.errors import StorageError
from bridge.identity.principal import LOCAL
from bridge.privacy.erasing import prove
from bridge.privacy.keys import KeyRing, new_key
from bridge.privacy.numbers import Subject
from bridge.storage import database as database_room
from bridge.storage import postgres, schema
from bridge.storage.audit import all_entries
from bridge.storage.database import database_url
from bridge.storage.place import Place
from bridge.storage.reading import look_up, read_status, verify_remote
from bridge.storage.store import CallRecord, Store, TurnRecord
from bridge.storage.tables import metadata
from tests.privacy.conftest import NUMBER, hold_call
from tests.support.typed import typed

FOLDER = Path(__file__).parent / "schemas"
SCHEMAS = (
    "0001",
    "0004",
    "0007",
)  # each with a migration of its own kind ahead; SQLite's tests take them all
NAMES = (f"fresh_{number}" for number in itertools.count())


@pytest.fixture
def kind() -> str:
    return "postgresql"


@pytest.fixture
def fresh(server: Cluster) -> Iterator[str]:
    """A database without tables."""
    name = next(NAMES)
    server.run("postgres", f"CREATE DATABASE {name}")
    yield name
    server.run("postgres", f"DROP DATABASE {name} WITH (FORCE)")


async def test_every_connection_acknowledges_what_is_on_disk(store: Store) -> None:
    """What keeps answers safe, and daemons from waiting for ever, is asked for whatever the default."""
    async with store._engine.connect() as connection:
        shown = {
            name: (await connection.execute(text(f"SHOW {name}"))).scalar()
            for name in (
                "synchronous_commit",
                "timezone",
                "lock_timeout",
                "statement_timeout",
                "idle_in_transaction_session_timeout",
            )
        }
    assert list(shown.values()) == ["on", "UTC", "5s", "15s", "10s"]


async def test_migrations_make_what_the_tables_say(store: Store) -> None:
    """Between a migrated database and the tables in code there is no difference."""
    async with store._engine.connect() as connection:
        differences = await connection.run_sync(
            lambda sync: compare_metadata(
                MigrationContext.configure(sync, opts={"compare_server_default": True}), metadata
            )
        )
    assert differences == []


async def test_daemons_may_start_at_once_on_an_empty_database(server: Cluster, fresh: str) -> None:
    """One migrates, the others wait for it."""
    stores = await asyncio.gather(*(Store.open(server.url(fresh), clock=Clock()) for _ in range(4)))
    befores = [store.upgrade.before for store in stores]
    for store in stores:
        await store.ping()
        await store.close()
    assert sorted(befores, key=str) == [*[schema.newest_revision()] * 3, None]
    assert server.run(fresh, "SELECT version_num FROM alembic_version") == [(schema.newest_revision(),)]


async def test_a_migration_takes_as_long_as_it_takes(
    server: Cluster, fresh: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What must not keep a caller waiting may keep the start waiting."""
    upgrade = schema.upgrade

    def slow(connection: Connection) -> schema.Standing:
        connection.exec_driver_sql("SELECT pg_sleep(1.2)")
        return upgrade(connection)

    monkeypatch.setattr(schema, "upgrade", slow)
    monkeypatch.setattr(postgres, "STATEMENT_SECONDS", 0.4)
    monkeypatch.setattr(postgres, "ANSWER_SECONDS", 0.5)
    store = await Store.open(server.url(fresh), clock=Clock())
    await store.ping()
    await store.close()


async def test_newer_schema_is_refused(server: Cluster, fresh: str) -> None:
    """A database that a later version has changed is not touched."""
    await (await Store.open(server.url(fresh), clock=Clock())).close()
    server.run(fresh, "UPDATE alembic_version SET version_num = '9999'")
    with pytest.raises(StorageError, match=r"newer Hatif \(its schema is 9999"):
        await Store.open(server.url(fresh), clock=Clock())


@pytest.mark.parametrize("revision", SCHEMAS)
async def test_a_database_of_every_schema_is_upgraded_with_all_it_holds(
    server: Cluster, fresh: str, tmp_path: Path, revision: str
) -> None:
    """The rows of the stored databases, in a PostgreSQL database of that schema, are there afterwards."""
    place = Place(address=server.url(fresh))
    engine = database_room.create_engine(database_url(place))
    async with engine.begin() as connection:
        await connection.run_sync(_fill, revision, tmp_path)
    await engine.dispose()
    assert (await look_up(place)).present == revision
    with pytest.raises(StorageError, match=r"storage.backups names no folder.*--no-backup"):
        await Store.open(place, clock=Clock())
    store = await Store.open(replace(place, backups=tmp_path / "backups"), clock=Clock())
    calls, answers = await store.calls(), await store.answers(every_revision=True)
    assert store.upgrade.before == revision
    assert _calls_in(Path(str(store.upgrade.backup))) == {"finished", "died"}
    await store.close()
    assert {call.call_id: call.disposition for call in calls} == {"finished": "completed", "died": None}
    assert [(one.item, one.revision, one.value) for one in answers] == [("pain", 1, 7), ("pain", 2, 8)]
    found = await verify_remote(place)
    assert (found.faults, found.notes, found.schema) == ([], [], schema.newest_revision())
    assert (found.rows["turns"], found.rows["dialogue_states"]) == (3, 2)


async def test_who_has_a_backup_upgrades_without_ours(
    server: Cluster, fresh: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where pg_dump is not there the schema stays as it is, and the sentence says what to type."""
    engine = database_room.create_engine(database_url(server.url(fresh)))
    async with engine.begin() as connection:
        await connection.run_sync(_fill, "0007", tmp_path)
    await engine.dispose()
    environment = {
        "HATIF_STORAGE__URL": server.url(fresh),
        "HATIF_STORAGE__BACKUPS": str(tmp_path / "backups"),
    }
    monkeypatch.setenv("PATH", str(tmp_path))
    refused = typed("db", "upgrade", folder=tmp_path, **environment)
    assert refused.returncode != 0
    assert "pg_dump and pg_restore are not installed" in " ".join(refused.stderr.split())
    assert "hatif db upgrade --no-backup" in " ".join(refused.stderr.split())
    assert (await look_up(Place(address=server.url(fresh)))).present == "0007"
    done = typed("db", "upgrade", "--no-backup", folder=tmp_path, **environment)
    assert done.returncode == 0, done.stderr
    assert (await look_up(Place(address=server.url(fresh)))).missing == []


def _calls_in(backup: Path) -> set[str]:
    """The calls in what pg_dump wrote, as pg_restore reads it."""
    assert backup.stat().st_mode & 0o777 == 0o600
    restored = ["pg_restore", "--data-only", "--table=calls", "--file=-", str(backup)]
    script = subprocess.run(restored, capture_output=True, text=True, check=True).stdout
    rows = script.partition("FROM stdin;\n")[2].partition("\n\\.")[0]
    return {row.split("\t")[0] for row in rows.splitlines()}


def _fill(connection: Connection, revision: str, folder: Path) -> None:
    """Make the tables of a schema, and copy the rows of its stored database into them."""
    config = schema._config()
    config.attributes["connection"] = connection
    command.upgrade(config, revision)
    with closing(sqlite3.connect(folder / "old.db")) as old:
        old.executescript((FOLDER / f"{revision}.sql").read_text())
    source = create_engine(f"sqlite:///{folder / 'old.db'}")
    present = MetaData()
    present.reflect(connection)
    with source.connect() as rows:
        for table in present.sorted_tables:
            for row in rows.execute(text(f"SELECT * FROM {table.name}")).mappings():  # noqa: S608
                if table.name != "alembic_version":
                    connection.execute(insert(table).values(_converted(table, dict(row))))
    source.dispose()


def _converted(table: Table, row: dict[str, Any]) -> dict[str, Any]:
    """What SQLite keeps as texts and numbers, as what it means."""
    for column in table.columns:
        value = row[column.name]
        if isinstance(column.type, DateTime) and value is not None:
            row[column.name] = datetime.fromisoformat(f"{value}+00:00")
        if isinstance(column.type, Boolean) and value is not None:
            row[column.name] = bool(value)
    return row


async def test_a_transaction_that_writes_is_alone(
    store: Store,
    where: str,
    a_call: Callable[..., CallRecord],
    a_turn: Callable[..., TurnRecord],
    an_answer: Callable[..., Answer],
) -> None:
    """Daemons that store turns of one call at the same time number them one after the other."""
    await store.begin_call(a_call())
    others = [await Store.open(where, clock=Clock()) for _ in range(2)]
    receipts = await asyncio.gather(
        *(
            daemon.record_turn("c1", a_turn(), [an_answer(value=number)], b"{}")
            for daemon in (store, *others)
            for number in range(8)
        )
    )
    assert sorted(receipt.index for receipt in receipts) == list(range(1, 25))
    assert sorted(answer.revision for answer in await store.answers("c1", every_revision=True)) == list(
        range(1, 25)
    )
    for other in others:
        await other.close()


async def test_a_lock_that_is_held_is_waited_out_or_told(
    store: Store, where: str, a_call: Callable[..., CallRecord], a_turn: Callable[..., TurnRecord]
) -> None:
    """As with SQLite: a short wait is borne, a long one is one clear sentence; readers wait for nobody."""
    await store.begin_call(a_call())
    other = await Store.open(where, clock=Clock(), busy_seconds=0.05)
    async with store._writer.begin():
        with pytest.raises(StorageError, match="is locked by another daemon"):
            await other.record_turn("c1", a_turn(), [], b"{}")
        assert len(await other.calls()) == 1
        waiting = asyncio.create_task(other.record_turn("c1", a_turn(), [], b"{}"))
        await asyncio.sleep(0.1)
    assert (await waiting).index == 1
    await other.close()


async def test_a_lost_connection_is_made_again(
    store: Store, server: Cluster, migrated: str, a_call: Callable[..., CallRecord]
) -> None:
    """Connections that were cut in between are not noticed; one that is cut in the middle is one sentence."""
    await store.begin_call(a_call())
    cut = "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE application_name = 'hatif'"
    assert server.run(migrated, cut) != [(0,)]
    assert len(await store.calls()) == 1
    await store.end_call("c1", "completed")

    async def work(connection: Any) -> None:
        await connection.execute(text("SELECT 1"))
        server.run(migrated, cut)
        await connection.execute(text("SELECT 1"))

    with pytest.raises(StorageError, match="is tried again with the next request"):
        await store.write(work)
    await store.ping()


async def test_acknowledged_turns_outlive_a_crash_of_the_server(
    store: Store, server: Cluster, a_call: Callable[..., CallRecord], a_turn: Callable[..., TurnRecord]
) -> None:
    """Killed while turns are stored and started again: what was acknowledged is there, and it goes on."""
    await store.begin_call(a_call())
    acknowledged = []

    async def talk() -> None:
        while True:
            acknowledged.append((await store.record_turn("c1", a_turn(), [], b"{}")).index)

    server.stop()
    server.start("fsync=on")
    talking = asyncio.create_task(talk())
    while len(acknowledged) < 10:  # noqa: ASYNC110 - the server's doing
        await asyncio.sleep(0.01)
    await asyncio.to_thread(server.stop)
    with pytest.raises(StorageError, match=r"cannot be reached|tried again with the next request"):
        await talking
    with pytest.raises(StorageError, match=r"postgres at /\S+ cannot be reached \("):
        await store.ping()
    server.start()
    stored = [turn.index for turn in await store.turns("c1")]
    assert set(acknowledged) <= set(stored)
    assert stored == list(range(1, len(stored) + 1))
    assert (await store.record_turn("c1", a_turn(), [], b"{}")).index == len(stored) + 1


async def test_what_an_operator_sees(
    store: Store, where: str, a_call: Callable[..., CallRecord], query: Callable[..., list[Any]]
) -> None:
    """Status and check, without a word of how to get in; backups are the server's."""
    await store.begin_call(a_call(started_at=Clock().now() - timedelta(hours=1)))
    place = Place(address=where, password="secret")
    status = await read_status(place, Clock())
    assert (status.rows["calls"], status.standing.missing, status.latest_backup) == (1, [], None)
    assert status.bytes > 10**6
    assert "secret" not in f"{status} {place}"
    query("UPDATE calls SET custom_json = 'x'")
    (fault,) = (await verify_remote(place)).faults
    assert fault.startswith("calls c1: custom_json cannot be read (it is no JSON)")
    with pytest.raises(StorageError, match="pg_dump"):
        place.require_file("this backup")


async def test_rows_of_the_audit_log_go_once_a_row_says_so(
    server: Cluster, fresh: str, tmp_path: Path
) -> None:
    """As with SQLite: nothing else takes one away, and what is left hangs together."""
    store = await Store.open(server.url(fresh), clock=Clock())
    place = Place(address=server.url(fresh), audit=tmp_path / "hatif.audit")
    audit = AuditLog(store, AuditCopy(place.audit_copy), Clock())
    for number in range(3):
        await audit.note(LOCAL, Action.SESSION_END, f"c{number}")
    (_, last, _) = [entry async for entry in all_entries(store)]
    assert await audit.forget(last.at) == 1
    for statement in (
        "DELETE FROM audit_log WHERE number = 2",
        "UPDATE audit_log SET object = 'x'",
        "TRUNCATE audit_log",
    ):
        with pytest.raises(asyncpg.RaiseError, match="only added to"):
            server.run(fresh, statement)
    verdict = await verify(store, place)
    await store.close()
    assert (verdict.broken, verdict.purged, verdict.rows) == (None, 1, 4)


async def test_a_person_is_erased_with_proof(server: Cluster, fresh: str, tmp_path: Path) -> None:
    """Rows, what was left of them in the tables' files, and what the server noted for its plans.

    Where a transaction still looks at what was deleted, the server keeps it, and nobody is told otherwise.
    """
    store = await Store.open(server.url(fresh), clock=Clock())
    await hold_call(store, "c1")
    await hold_call(store, "c3", "+966501234567")
    await store.close()
    server.run(fresh, "ANALYZE")
    assert NUMBER[4:] in _files_of(server, fresh)
    erase = ("subject", "erase", "--number", NUMBER, "--reason", "asked")
    environment = {
        "HATIF_STORAGE__URL": server.url(fresh),
        "HATIF_STORAGE__PATH": str(tmp_path / "hatif.db"),
    }
    looking = await asyncpg.connect(user="hatif", database=fresh, host=str(server.folder))
    async with looking.transaction(isolation="repeatable_read"):
        await looking.fetch("SELECT txid_current()")
        done = await asyncio.to_thread(partial(typed, *erase, folder=tmp_path, **environment))
        assert (done.returncode, json.loads(done.stdout)["proof"]["is_scrubbed"]) == (1, False), done.stderr
        assert NUMBER[4:] in _files_of(server, fresh)
    await looking.close()
    await hold_call(store := await Store.open(server.url(fresh), clock=Clock()), "c1")
    await store.close()

    done = await asyncio.to_thread(partial(typed, *erase, folder=tmp_path, **environment))
    assert done.returncode == 0, done.stderr + done.stdout
    proof = json.loads(done.stdout)
    assert (proof["clean"], proof["erased"]["rows"]["answers"]) == (True, 2)
    assert (proof["proof"]["searched_rows"]["calls"], proof["proof"]["searched_bytes"]) == (1, {})
    assert "replicas" in proof["proof"]["not_searched"]
    left = _files_of(server, fresh)
    assert NUMBER[4:] not in left
    assert "501234567" in left
    assert server.run(fresh, "SELECT count(*) FROM erasures") == [(2,)]
    await hold_call(store := await Store.open(server.url(fresh), clock=Clock()), "c4")
    proved = await prove(store, server.url(fresh), Subject.parse(NUMBER).spellings)
    await store.close()
    assert (proved.found > 0, proved.still_in_calls) == (True, ["c4"])


async def test_keys_are_taken_away_and_put_back(server: Cluster, fresh: str, tmp_path: Path) -> None:
    """Tables are written anew at the end: what was plain is left in none of their files."""
    key = new_key("first")
    store = await Store.open(Place(address=server.url(fresh), keys=KeyRing.parse(key)), clock=Clock())
    await hold_call(store, "c1")
    await store.close()
    settings = {
        "HATIF_STORAGE__URL": server.url(fresh),
        "HATIF_STORAGE__PATH": str(tmp_path / "hatif.db"),
        "HATIF_RECORDING__FOLDER": str(tmp_path),
        "HATIF_PRIVACY__KEY": key,
    }
    is_plain = []
    for words in (("--decrypt",), ()):
        done = await asyncio.to_thread(
            partial(typed, "privacy", "rekey", *words, folder=tmp_path, **settings)
        )
        assert done.returncode == 0, done.stderr
        is_plain.append(NUMBER[4:] in _files_of(server, fresh))
    assert is_plain == [True, False]


def _files_of(server: Cluster, database: str) -> str:
    """What the server keeps of a database on its disk, its log aside."""
    server.run(database, "CHECKPOINT")
    ((number,),) = server.run("postgres", "SELECT oid FROM pg_database WHERE datname = ?", database)
    files = (server.folder / "data" / "base" / str(number)).iterdir()
    return b"".join(file.read_bytes() for file in files).decode("latin-1")


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (lambda url: url.replace("/postgres?", "/nothing?"), "does not exist; its administrator makes it"),
        (lambda url: url.replace("hatif@", "stranger@"), "refuses the user or the password"),
        (lambda _: "postgresql://u:secret@127.0.0.1:9/hatif", r"hatif at 127.0.0.1 cannot be reached"),
        (lambda _: "postgresql://u:secret@h/d?password=secret", "password is no option of a database URL"),
    ],
)
async def test_a_database_that_cannot_be_had_is_one_sentence(
    server: Cluster, migrated: str, change: Callable[[str], str], says: str
) -> None:
    """Which one, what is wrong, what would be right; and no password."""
    with pytest.raises(StorageError, match=says) as caught:
        await Store.open(change(server.url(migrated)), clock=Clock())
    assert "secret" not in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ("postgres://u@h/d", "postgresql+asyncpg://u@h/d"),
        ("postgresql://u:p@h:6432/d?sslmode=require", "postgresql+asyncpg://u:p@h:6432/d?ssl=require"),
    ],
)
def test_addresses_as_hosters_write_them(given: str, expected: str) -> None:
    """Libpq's names are taken for the driver's; a password that is kept apart takes its place."""
    assert database_url(given).render_as_string(hide_password=False) == expected
    assert database_url(Place(address=given, password="apart")).password == "apart"


class _RefusalError(Exception):
    def __init__(self, sqlstate: str) -> None:
        super().__init__("canary")
        self.sqlstate = sqlstate


@pytest.mark.parametrize(
    ("sqlstate", "says"),
    [
        ("25006", "is read-only: it may be a standby's"),
        ("28P01", "refuses the user or the password"),
        ("42501", "may not be written by this user"),
        ("53100", "cannot grow, the server's disk is full"),
        ("53300", "takes no more connections"),
        ("57014", "did not answer in time"),
        ("57P03", "is shutting down or starting"),
        ("XX001", "is damaged; restore it from a backup"),
        ("22021", r"refused the request \(22021\)"),
    ],
)
def test_causes_are_told_without_statement_or_values(sqlstate: str, says: str) -> None:
    """The server's own code is enough to say what is wrong."""
    url = URL.create("postgresql+asyncpg", "u", "secret", "db.example", database="hatif")
    told = database_room.explain(
        OperationalError("INSERT canary", {"v": "canary"}, _RefusalError(sqlstate)), url
    )
    with pytest.raises(StorageError, match=f"the database hatif at db.example {says}"):
        raise told
    assert "canary" not in str(told)
    assert "secret" not in str(told)


def test_only_what_passes_is_worth_another_try() -> None:
    """A lock and a conflict pass; a full disk does not."""
    assert [postgres.is_busy(_RefusalError(state)) for state in ("55P03", "40001", "40P01", "53100")] == [
        True,
        True,
        True,
        False,
    ]
