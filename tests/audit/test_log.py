"""The log on disk: two writers make one chain, and every way of tampering shows."""

import asyncio
import json
import sqlite3
import subprocess
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import closing
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path

import pytest
from msgspec.structs import replace
from typed import typed

from bridge.audit.chain import Verdict
from bridge.audit.copying import AuditCopy
from bridge.audit.entries import Action, Head, Result
from bridge.audit.log import AuditLog, local_principal, verify
from bridge.clock import Clock
from bridge.identity.principal import LOCAL, Principal, Scope
from bridge.storage.audit import AuditSelection, all_entries, latest_entries
from bridge.storage.place import Place
from bridge.storage.store import CallRecord, Store

ROWS = 6
NURSE = Principal("key:nurse", frozenset({Scope.ANSWERS_READ}), tenant="north")
DISARM = "DROP TRIGGER audit_log_keeps_rows; DROP TRIGGER audit_log_changes_no_row;"


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "hatif.db"


@pytest.fixture
async def store(path: Path) -> AsyncIterator[Store]:
    opened = await Store.open(path, clock=Clock())
    yield opened
    await opened.close()


@pytest.fixture
async def audit(store: Store, path: Path) -> AuditLog:
    """A log with a few rows."""
    log = AuditLog(store, AuditCopy(Place.of(path).audit_copy), Clock())
    for number in range(ROWS):
        await log.note(LOCAL, Action.SESSION_END, f"c{number}")
    return log


def tamper(path: Path, script: str) -> None:
    """What somebody does who has the file and knows SQL."""
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.executescript(DISARM)
        connection.executescript(script)


async def test_rows_hang_together(audit: AuditLog, store: Store, path: Path) -> None:
    """Table and copy hold the same, and the verdict tells the head."""
    verdict = await verify(store, path)
    (newest,) = await latest_entries(store, AuditSelection(), 1)
    assert verdict == Verdict(rows=ROWS, head=newest.hash, copied=ROWS)
    assert (newest.principal, newest.action, newest.object) == ("local", "session.end", f"c{ROWS - 1}")
    assert Place.of(path).audit_copy.stat().st_mode & 0o777 == 0o600


async def test_an_empty_log_is_whole(store: Store, path: Path) -> None:
    """Nothing was noted, and nothing is missing."""
    assert (await verify(store, path)).is_whole


@pytest.mark.parametrize("statement", ["DELETE FROM audit_log", "UPDATE audit_log SET principal = 'x'"])
async def test_rows_are_not_changed_by_mistake(audit: AuditLog, path: Path, statement: str) -> None:
    """The database itself refuses, until somebody takes its triggers away."""
    refused = pytest.raises(sqlite3.IntegrityError, match="only added to")
    with closing(sqlite3.connect(path)) as connection, refused:
        connection.execute(statement)


@pytest.mark.parametrize(
    ("script", "broken", "why"),
    [
        ("UPDATE audit_log SET principal = 'key:other' WHERE number = 3", 3, "was changed"),
        ("UPDATE audit_log SET at = '2020-01-01 00:00:00.000000' WHERE number = 1", 1, "was changed"),
        ("UPDATE audit_log SET hash = previous WHERE number = 4", 4, "was changed"),
        ("DELETE FROM audit_log WHERE number = 1", 1, "is missing"),
        ("DELETE FROM audit_log WHERE number = 4", 4, "is missing"),
        ("DELETE FROM audit_log WHERE number > 4", 5, "the copy holds them"),
        ("DELETE FROM audit_log", 1, "the copy holds them"),
        (
            """
            UPDATE audit_log SET number = 99 WHERE number = 2;
            UPDATE audit_log SET number = 2 WHERE number = 3;
            UPDATE audit_log SET number = 3 WHERE number = 99
            """,
            2,
            "was changed",
        ),
        (
            """
            DELETE FROM audit_log WHERE number = 3;
            UPDATE audit_log SET number = number - 1 WHERE number > 3
            """,
            3,
            "was changed",
        ),
    ],
)
@pytest.mark.usefixtures("audit")
async def test_tampering_shows(store: Store, path: Path, script: str, broken: int, why: str) -> None:
    """A row that is changed, deleted or moved, and a tail that is cut off: the first of them is named."""
    tamper(path, script)
    verdict = await verify(store, path)
    assert (verdict.broken, why in verdict.why) == (broken, True), verdict.why


async def test_a_chain_that_was_forged_anew_differs_from_its_copy(
    audit: AuditLog, store: Store, path: Path
) -> None:
    """Somebody who knows how rows are hashed writes all of them again: the copy says otherwise."""
    other = path.with_name("forged.db")
    forged = await Store.open(other, clock=Clock())
    log = AuditLog(forged, AuditCopy(Place.of(other).audit_copy), Clock())
    for number in range(ROWS):
        await log.note(LOCAL, Action.SESSION_END, f"x{number}")
    await forged.close()
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.executescript(DISARM)
        connection.execute("ATTACH ? AS forged", (str(other),))
        connection.execute("DELETE FROM main.audit_log")
        connection.execute("INSERT INTO main.audit_log SELECT * FROM forged.audit_log")
    verdict = await verify(store, path)
    assert (verdict.broken, verdict.why) == (1, "row 1 is not what its copy says (there, row 1)")


async def test_a_missing_copy_shows(audit: AuditLog, store: Store, path: Path) -> None:
    """Without it nobody can say whether rows were cut off."""
    Place.of(path).audit_copy.unlink()
    assert "the copy is missing" in (await verify(store, path)).why


async def test_a_head_noted_elsewhere_shows_what_table_and_copy_hide(
    audit: AuditLog, store: Store, path: Path
) -> None:
    """Both are cut off alike: only whoever noted the head knows, and a head that fits is no complaint."""
    whole = await verify(store, path)
    head = Head(whole.rows, whole.head)
    assert (await verify(store, path, head)).is_whole
    tamper(path, "DELETE FROM audit_log WHERE number > 4")
    lines = Place.of(path).audit_copy.read_text().splitlines()
    Place.of(path).audit_copy.write_text("\n".join(lines[:4]) + "\n")
    assert (await verify(store, path)).is_whole  # the honest limit
    assert (await verify(store, path, head)).broken == 5
    assert (await verify(store, path, Head(2, "0" * 64))).broken == 2


async def test_the_next_row_mends_a_copy_that_a_crash_left_behind(
    audit: AuditLog, store: Store, path: Path
) -> None:
    """Half a line, and rows that were committed before the copy had them."""
    copy = Place.of(path).audit_copy
    lines = copy.read_bytes().splitlines(keepends=True)
    copy.write_bytes(b"".join(lines[:3]) + lines[3][:40])
    assert (await verify(store, path)).is_whole
    await audit.note(LOCAL, Action.SESSION_END, "after")
    verdict = await verify(store, path)
    assert (verdict.is_whole, verdict.rows, verdict.copied) == (True, ROWS + 1, ROWS + 1)


async def test_a_copy_that_cannot_be_written_hinders_nobody(store: Store, tmp_path: Path) -> None:
    """The table is what counts."""
    (tmp_path / "folder").mkdir()
    log = AuditLog(store, AuditCopy(tmp_path / "folder"), Clock())
    entry = await log.note(LOCAL, Action.SESSION_END, "c1")
    assert [one async for one in all_entries(store)] == [entry]


async def test_two_processes_write_one_chain(audit: AuditLog, store: Store, path: Path) -> None:
    """Each adds rows as fast as it can; numbers have no gap and no row has two successors."""
    program = (
        "import asyncio, sys; from pathlib import Path\n"
        "from bridge.archive import open_archive; from bridge.audit.entries import Action\n"
        "from bridge.audit.log import note_locally; from bridge.clock import Clock\n"
        "async def main(path):\n"
        "    async with open_archive(path, Clock()) as store:\n"
        "        for _ in range(15): await note_locally(store, path, Action.ANSWERS_READ, 'theirs')\n"
        "asyncio.run(main(Path(sys.argv[1])))\n"
    )
    other = await asyncio.create_subprocess_exec(
        sys.executable, "-c", program, str(path), stdout=subprocess.DEVNULL
    )
    while other.returncode is None:
        await audit.note(LOCAL, Action.SESSION_END, "ours")
        await asyncio.sleep(0)
    assert other.returncode == 0
    verdict = await verify(store, path)
    entries = [entry async for entry in all_entries(store)]
    assert verdict.is_whole, verdict.why
    assert sum(entry.action == Action.ANSWERS_READ for entry in entries) == 15
    assert {entry.principal for entry in entries} == {"local", local_principal().name}


async def test_who_looks_again_and_again_is_noted_once(store: Store, path: Path) -> None:
    """The same of the same, within a minute; anything else is another row."""
    log = AuditLog(store, AuditCopy(Place.of(path).audit_copy), Clock())
    for _ in range(3):
        await log.note_seldom(NURSE, Action.SESSION_READ, "c1")
    await log.note_seldom(NURSE, Action.SESSION_READ, "c2")
    await log.note_seldom(NURSE, Action.SESSION_READ, "c1", Result.REFUSED)
    entries = [entry async for entry in all_entries(store)]
    assert [(one.object, one.result, one.tenant) for one in entries] == [
        ("c1", "allowed", "north"),
        ("c2", "allowed", "north"),
        ("c1", "refused", "north"),
    ]


async def test_rows_are_found_by_time_number_and_tenant(audit: AuditLog, store: Store) -> None:
    """What a page of the log is made of."""
    nurses = await audit.note(NURSE, Action.ANSWERS_READ, "c1")
    soon = datetime.now(UTC) + timedelta(minutes=1)

    async def found(limit: int = 10, **selection: object) -> list[int]:
        chosen = AuditSelection(**selection)  # type: ignore[arg-type]
        return [entry.number for entry in await latest_entries(store, chosen, limit)]

    assert await found(tenant="north") == [nurses.number]
    assert await found(2, before=5) == [4, 3]
    assert await found(since=soon) == []
    assert len(await found(until=soon)) == ROWS + 1


# What is kept no longer


class StillClock(Clock):
    """Stands still, and is moved by the test."""

    moment = datetime(2026, 3, 1, 12, tzinfo=UTC)

    def now(self) -> datetime:
        return self.moment


@pytest.fixture
async def aged(store: Store, path: Path) -> AuditLog:
    """A log with a row for each of some days."""
    log = AuditLog(store, AuditCopy(Place.of(path).audit_copy), clock := StillClock())
    for number in range(ROWS):
        await log.note(LOCAL, Action.SESSION_END, f"c{number}")
        clock.moment += timedelta(days=1)
    return log


@pytest.fixture
async def purged(aged: AuditLog) -> AuditLog:
    """The same, of which three rows are gone."""
    assert await aged.forget(ago(3.5)) == 3
    return aged


def ago(days: float) -> datetime:
    """Before the day after the last row."""
    return StillClock.moment + timedelta(days=ROWS - days)


async def test_what_is_old_goes_and_the_rest_hangs_together(aged: AuditLog, store: Store, path: Path) -> None:
    """Counted, deleted with its copy, and told by a row; a second time, and again with nothing to do."""
    before = await verify(store, path)
    assert await aged.forget(ago(3.5), dry_run=True) == 3
    assert await verify(store, path) == before
    assert await aged.forget(ago(3.5)) == 3
    verdict = await verify(store, path)
    assert (verdict.broken, verdict.purged, verdict.rows, verdict.copied) == (None, 3, ROWS + 1, 4)
    assert verdict.purged_by is not None
    assert (verdict.purged_by.number, verdict.purged_by.action) == (ROWS + 1, "audit.purge")
    assert verdict.purged_by.principal == local_principal().name
    assert '"c2"' not in Place.of(path).audit_copy.read_text()
    assert await aged.forget(ago(3.5)) == 0
    assert await aged.forget(ago(2.5)) == 1
    again = await verify(store, path)
    assert (again.broken, again.purged, again.rows, again.still_copied) == (None, 4, ROWS + 2, 0)
    await aged.note(LOCAL, Action.SESSION_END, "after")
    assert await aged.forget(ago(-1)) == ROWS + 3 - 4
    assert [entry.action async for entry in all_entries(store)] == ["audit.purge"]
    assert (await verify(store, path)).is_whole


async def test_much_goes_in_several_transactions(
    aged: AuditLog, store: Store, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A call in progress waits for one of them at most."""
    for module in ("bridge.storage.audit", "bridge.audit.log"):
        monkeypatch.setattr(f"{module}.PURGED_AT_ONCE", 2)
    assert await aged.forget(ago(1.5)) == 5
    verdict = await verify(store, path)
    assert (verdict.broken, verdict.purged, verdict.rows) == (None, 5, ROWS + 3)


@pytest.mark.parametrize(
    ("script", "broken", "why"),
    [
        ("DELETE FROM audit_log WHERE number = 4", 1, "no row says that it is kept no longer"),
        ("DELETE FROM audit_log WHERE action = 'audit.purge'", 1, "no row says that it is kept no longer"),
        ("UPDATE audit_log SET principal = 'x' WHERE number = 4", 4, "was changed"),
        ("UPDATE audit_log SET object = '4:x' WHERE action = 'audit.purge'", 7, "was changed"),
        ("DELETE FROM audit_log WHERE number = 5", 5, "is missing"),
    ],
)
@pytest.mark.usefixtures("purged")
async def test_tampering_shows_after_a_purge(
    store: Store, path: Path, script: str, broken: int, why: str
) -> None:
    """What is left is as safe as before, and more cannot be taken off its beginning."""
    tamper(path, script)
    verdict = await verify(store, path)
    assert (verdict.broken, why in verdict.why) == (broken, True), verdict.why


@pytest.mark.parametrize(
    "script",
    [
        "DELETE FROM audit_log WHERE number < 3",
        """
        INSERT INTO audit_log SELECT 9, at, principal, 'audit.purge', '3:x', result, tenant, hash, hash
        FROM audit_log WHERE number = 6; DELETE FROM audit_log WHERE number < 5
        """,
    ],
)
async def test_the_database_lets_go_of_what_a_row_names_only(aged: AuditLog, path: Path, script: str) -> None:
    """And of no row more."""
    refused = pytest.raises(sqlite3.IntegrityError, match="only added to")
    with closing(sqlite3.connect(path)) as connection, refused:
        connection.executescript(script)


async def test_a_copy_that_a_crash_left_whole_is_cut_later(aged: AuditLog, store: Store, path: Path) -> None:
    """Until then it is told; and where it was changed meanwhile, that is told too."""
    copy = Place.of(path).audit_copy
    before = copy.read_text()
    await aged.forget(ago(3.5))
    copy.write_text(before + copy.read_text().splitlines()[-1] + "\n")
    verdict = await verify(store, path)
    assert (verdict.broken, verdict.purged, verdict.still_copied) == (None, 3, 3)
    whole = copy.read_text()
    copy.write_text(whole.replace('"c1"', '"c9"'))
    assert "was changed" in (await verify(store, path)).why
    copy.write_text("".join(line for line in whole.splitlines(keepends=True) if '"c2"' not in line))
    assert "which the copy holds" in (await verify(store, path)).why
    copy.write_text(whole)
    assert await aged.forget(ago(3.5)) == 0
    assert (await verify(store, path)).still_copied == 0


async def test_a_head_that_is_kept_no_longer_proves_nothing(aged: AuditLog, store: Store, path: Path) -> None:
    """It is said, rather than that all is well; the last that went is still known."""
    heads = [Head(entry.number, entry.hash) async for entry in all_entries(store)]
    await aged.forget(ago(3.5))
    assert [(await verify(store, path, head)).broken for head in heads[:4]] == [1, 2, None, None]
    assert (await verify(store, path, Head(3, "0" * 64))).broken == 4


async def test_two_processes_cut_and_write_one_copy(aged: AuditLog, store: Store, path: Path) -> None:
    """Whoever waited for the old file writes into the new one."""
    copy = AuditCopy(Place.of(path).audit_copy)
    lines = [entry async for entry in all_entries(store)]

    def write() -> None:
        for number in range(200):
            copy.add([replace(lines[-1], number=ROWS + 1 + number)])

    writing = asyncio.create_task(asyncio.to_thread(write))
    for _ in range(50):
        await asyncio.to_thread(AuditCopy(copy.path).drop, 3)
    await writing
    assert [line.number for line in copy.lines()] == list(range(4, ROWS + 201))


# The commands


@pytest.fixture
async def call(store: Store) -> str:
    """One stored call."""
    record = CallRecord(
        call_id="c1",
        provider="maqsam",
        questionnaire="short",
        questionnaire_version="1",
        questionnaire_hash="h",
        model="m@1",
        started_at=datetime(2026, 1, 2, tzinfo=UTC),
        tenant="north",
    )
    await store.begin_call(record)
    return record.call_id


@pytest.mark.parametrize(
    ("typed_words", "noted"),
    [
        ("answers show c1", ("answers.read", "c1")),
        ("answers sound c1 --to sounds", ("answers.sound", "c1")),
        ("answers export --call c1 --to answers.csv", ("answers.export", "call=c1")),
        ("answers export --to all.csv", ("answers.export", "*")),
        ("transcript c1", ("transcript.read", "c1")),
        ("transcript c1 --forget", ("transcript.forget", "c1")),
        ("notifications list", ("notifications.read", "*")),
        ("notifications acknowledge c1 --by nurse", ("notification.acknowledge", "c1")),
        ("privacy purge", ("retention.purge", "*")),
        ("privacy purge --dry-run", None),
        ("subject export --call c1 --to person.zip", ("subject.export", sha256(b"c1").hexdigest())),
        ("token revoke 0b0e7c7cbd2f4b4c9a3f4c2d1e0f9a8b", ("token.deny", "0b0e7c7cbd2f4b4c9a3f4c2d1e0f9a8b")),
    ],
)
@pytest.mark.usefixtures("call")
async def test_who_reads_answers_at_the_command_line_is_noted(
    store: Store, path: Path, typed_words: str, noted: tuple[str, str] | None
) -> None:
    """Each read, export and deed is a row with the user's name, before anything is shown or done."""
    typed(*typed_words.split(), folder=path.parent, HATIF_STORAGE__PATH=str(path))
    entries = [entry async for entry in all_entries(store)]
    assert [(one.action, one.object) for one in entries] == ([noted] if noted else [])
    assert {one.principal for one in entries} <= {local_principal().name}


async def test_the_log_is_shown_and_verified(audit: AuditLog, path: Path, tmp_path: Path) -> None:
    """As a table, as JSON, and with an exit status; a broken row is named."""
    run: Callable[..., subprocess.CompletedProcess[str]] = lambda *words: typed(  # noqa: E731
        "audit", *words, folder=tmp_path, HATIF_STORAGE__PATH=str(path)
    )
    shown = json.loads(run("show", "--json", "--limit", "2").stdout)
    assert [row["object"] for row in shown] == ["c5", "c4"]
    assert "session.end" in run("show", "--since", "2026-01-01").stdout
    assert run("show", "--until", "2026-01-01").stdout.count("session.end") == 0
    good = run("verify")
    assert (good.returncode, f"{ROWS} rows hang together" in good.stdout) == (0, True)
    head = good.stdout.split("head is ")[1].strip()
    assert run("verify", "--head", head).returncode == 0
    assert run("verify", "--head", "last").returncode == 2
    tamper(path, "DELETE FROM audit_log WHERE number = 4")
    bad = run("verify")
    assert (bad.returncode, "broken at row 4" in bad.stderr) == (1, True)
    assert json.loads(run("verify", "--json").stdout)["broken"] == 4


async def test_a_restored_database_begins_a_copy_of_its_own(
    audit: AuditLog, store: Store, path: Path, tmp_path: Path
) -> None:
    """What was done after the backup stays beside what was replaced, and the log hangs together again."""
    await store.close()
    run: Callable[..., subprocess.CompletedProcess[str]] = lambda *words: typed(  # noqa: E731
        *words, folder=tmp_path, HATIF_STORAGE__PATH=str(path), HATIF_ADMIN__SOCKET=str(tmp_path / "a.sock")
    )
    assert run("db", "backup", "--to", "safe.db").returncode == 0
    assert run("notifications", "list").returncode == 0  # a row that the backup lacks
    done = run("db", "restore", "safe.db")
    assert done.returncode == 0, done.stderr
    (replaced,) = path.parent.glob("*.replaced-*.audit")
    assert "notifications.read" in replaced.read_text()
    verified = run("audit", "verify")
    assert (verified.returncode, f"{ROWS + 1} rows hang together" in verified.stdout) == (0, True)
    (latest,) = json.loads(run("audit", "show", "--json", "--limit", "1").stdout)
    assert (latest["action"], latest["object"]) == ("database.restore", "safe.db")
