"""`hatif db`: what an operator types, and what is said."""

import json
import re
import sqlite3
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from subprocess import CompletedProcess

import pytest
from typed import typed

from bridge.clock import Clock
from bridge.dialogue.answer import Answer, AnswerStatus, Via
from bridge.storage.schema import newest_revision
from bridge.storage.store import CallRecord, Store, TurnRecord

NOON = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
KEY = "k" * 32
OLD = Path(__file__).parent / "storage/schemas/0004.sql"

Db = Callable[..., CompletedProcess[str]]


@pytest.fixture
def db(tmp_path: Path) -> Db:
    """`hatif db` with a configuration whose data lies below the test's folder."""
    (tmp_path / "config.yaml").write_text("")

    def run(*words: object, **environment: str) -> CompletedProcess[str]:
        return typed("db", *words, "--config", tmp_path / "config.yaml", folder=tmp_path, **environment)

    return run


@pytest.fixture
async def database(tmp_path: Path) -> Path:
    """A database with one call and one answer."""
    path = tmp_path / "data/hatif.db"
    store = await Store.open(path, clock=Clock())
    await store.begin_call(
        CallRecord(
            call_id="c1",
            provider="maqsam",
            questionnaire="q",
            questionnaire_version="1",
            questionnaire_hash="h",
            model="m",
            started_at=NOON,
        )
    )
    turn = TurnRecord(at=NOON, item="pain", input="speech", meaning="answer")
    answer = Answer("pain", AnswerStatus.ANSWERED, 7, Via.SPEECH, tries=1, confirmed=False)
    await store.record_turn("c1", turn, [answer], b"{}")
    await store.close()
    return path


def test_a_database_is_backed_up_lost_and_restored(db: Db, database: Path, tmp_path: Path) -> None:
    """The whole way as the manual has it; each step says what it did, how much and how long."""
    made = db("backup", "--keep", 3)
    assert (made.returncode, made.stderr) == (0, "")
    name, told = made.stdout.splitlines()
    assert re.fullmatch(r".*/data/backups/hatif-\d{8}T\d{6}Z\.db", name)
    assert re.fullmatch(
        rf"  schema {newest_revision()}, 1 answers, 1 calls, 1 dialogue_states, 1 sealing_keys, 1 turns; "
        r"0\.\d MB in \d+\.\d\d s; checked",
        told,
    )
    assert db("verify", name).stdout.startswith(f"{name} is whole: schema {newest_revision()}, 1 answers")
    database.write_bytes(b"nothing that one could read. " * 500)
    assert db("verify").returncode == 2
    restored = db("restore", name)
    assert restored.returncode == 0
    aside = restored.stdout.splitlines()[-1].partition("what was there before: ")[2]
    assert Path(aside).read_bytes().startswith(b"nothing that one")
    assert db("verify").returncode == 0
    assert typed("answers", "show", "c1", "--config", tmp_path / "config.yaml").returncode == 0


def test_an_encrypted_backup_needs_its_key(db: Db, database: Path) -> None:
    """Without a configured key nothing is called encrypted; with it all backups are, unless told else."""
    refused = db("backup", "--encrypt")
    assert refused.returncode == 2
    assert "storage.backup_key, or the credential backup_key" in refused.stderr
    made = db("backup", HATIF_STORAGE__BACKUP_KEY=KEY).stdout.splitlines()
    assert made[0].endswith(".db.sealed")
    assert made[1].endswith("encrypted; checked")
    assert db("backup", "--plain", HATIF_STORAGE__BACKUP_KEY=KEY).stdout.splitlines()[0].endswith("Z.db")
    assert "is encrypted; storage.backup_key" in db("restore", made[0]).stderr
    assert db("restore", made[0], HATIF_STORAGE__BACKUP_KEY=KEY).returncode == 0


def test_what_is_wrong_is_listed_and_ends_with_1(db: Db, database: Path) -> None:
    """For people and for programs."""
    with closing(sqlite3.connect(database)) as connection, connection:
        connection.execute("UPDATE answers SET value_json = '\"'")
    found = db("verify")
    assert found.returncode == 1
    assert "answers c1 pain 1: value_json cannot be read (it is no JSON)" in found.stderr
    report = db("verify", "--json", "-")
    assert report.returncode == 1
    assert len(json.loads(report.stdout)["faults"]) == 1


def test_an_upgrade_is_shown_before_it_is_made(db: Db, tmp_path: Path) -> None:
    """From which schema to which, by which steps, and where the backup is."""
    (tmp_path / "data").mkdir()
    with closing(sqlite3.connect(tmp_path / "data/hatif.db")) as connection:
        connection.executescript(OLD.read_text())
    dry = db("upgrade", "--dry-run").stdout.splitlines()
    assert dry[0] == f"schema would go from 0004 to {newest_revision()}"
    assert dry[1] == "  0005  What was said in calls that were listened to, and which calls those are"
    assert "0004; `hatif db upgrade` brings it to" in db("status").stdout
    done = db("upgrade").stdout.splitlines()
    assert done[0] == f"schema went from 0004 to {newest_revision()}"
    backup = Path(done[-1].partition("backup: ")[2])
    assert backup.name.endswith(f"-before-{newest_revision()}.db")
    assert db("upgrade").stdout == f"nothing to do: the schema is {newest_revision()}\n"
    status = json.loads(db("status", "--json", "-").stdout)
    assert (status["standing"]["missing"], status["rows"]["turns"]) == ([], 3)
    assert (status["latest_backup"], status["backups"]) == (str(backup), 1)


@pytest.mark.parametrize("command", ["backup", "verify", "upgrade", "status"])
def test_without_a_database_none_is_made(db: Db, tmp_path: Path, command: str) -> None:
    """A wrong path is told."""
    done = db(command)
    assert done.returncode == 2
    assert "there is no database at" in done.stderr
    assert not (tmp_path / "data").exists()


@pytest.mark.parametrize("words", [("backup",), ("restore", "x.db")])
def test_what_postgresql_does_itself_is_said(db: Db, words: tuple[str, ...]) -> None:
    """Its own tools back it up."""
    done = db(*words, HATIF_STORAGE__URL="postgresql://u:secret@h/d")
    assert done.returncode == 2
    assert "pg_dump" in done.stderr
    assert "secret" not in done.stderr
