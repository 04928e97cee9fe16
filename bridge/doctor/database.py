"""The database: whole, of a schema that this version knows, its log small, and backed up lately."""

import sqlite3
from collections.abc import Generator, Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

from bridge.checkup import Finding, Verdict
from bridge.config import Settings
from bridge.doctor.privacy import KeysNoted, encryption, keys_noted
from bridge.storage.backup import latest_backup
from bridge.storage.schema import known_revisions

__all__ = ["backup", "database", "write_ahead_log"]

LARGE_LOG_BYTES = 64 << 20  # SQLite takes it up every 4 MB, unless a reader stands in its way
OLD_BACKUP = timedelta(hours=26)  # one a night, and a machine that was off for a while
BUSY_SECONDS = 5.0


def database(settings: Settings, now: datetime, *, sees_secrets: bool) -> Iterator[Finding]:
    """All about the file that answers are in."""
    path = settings.storage.path
    if settings.storage.url is not None:
        yield Finding("database", Verdict.GOOD, "is PostgreSQL's; `hatif db verify` looks into it")
        return
    try:
        if not path.is_file():
            yield Finding("database", Verdict.GOOD, f"{path} will be made at the first start")
            yield encryption(settings, [], sees_secrets=sees_secrets)
            return
        noted: KeysNoted = yield from _content(path)
        yield encryption(settings, noted, sees_secrets=sees_secrets)
        yield write_ahead_log(path)
        yield backup(settings.database.backup_folder or path.parent, now)
    except PermissionError:
        yield Finding("database", Verdict.WARNING, f"{path} may not be read by this user", _AS_WHOM)


_AS_WHOM = "run `hatif doctor` as root or as the daemon's user"


def _content(path: Path) -> Generator[Finding, None, KeysNoted]:
    """SQLite's own quick check, and the schema; the keys that it notes, none where it cannot be read."""
    try:
        # Where nobody has it open it is read as it lies: SQLite would else leave files beside it.
        is_open = path.with_name(f"{path.name}-wal").exists()
        uri = f"{path.absolute().as_uri()}?mode=ro" + ("" if is_open else "&immutable=1")
        with closing(sqlite3.connect(uri, uri=True, timeout=BUSY_SECONDS)) as connection:
            problems = [str(row[0]) for row in connection.execute("PRAGMA quick_check(3)")]
            row = connection.execute("SELECT version_num FROM alembic_version").fetchone()
            noted = keys_noted(connection)
    except sqlite3.OperationalError as error:
        yield Finding(
            "database", Verdict.BAD, f"{path}: {error}", "see who uses the file, and whether it is Hatif's"
        )
        return []
    except sqlite3.DatabaseError as error:
        yield _damaged(path, str(error))
        return []
    if problems != ["ok"]:
        yield _damaged(path, "; ".join(problems))
        return noted
    yield Finding("database", Verdict.GOOD, f"{path}: whole, {path.stat().st_size / 2**20:.1f} MiB")
    yield _schema(str(row[0]) if row else "none")
    return noted


def _damaged(path: Path, why: str) -> Finding:
    advice = "stop the daemon and restore a backup with `hatif db restore`; then have the disk checked"
    return Finding("database", Verdict.BAD, f"{path} is damaged: {why}", advice)


def _schema(present: str) -> Finding:
    known = known_revisions()
    if present not in known:
        detail = f"{present}, which this version does not know (it knows {known[-1]})"
        advice = "install the version of Hatif that wrote it, or restore an older backup"
        return Finding("schema", Verdict.BAD, detail, advice)
    if present != known[-1]:
        advice = "restart the daemon, which brings it up to date"
        return Finding("schema", Verdict.WARNING, f"{present}; this version's is {known[-1]}", advice)
    return Finding("schema", Verdict.GOOD, present)


def write_ahead_log(path: Path) -> Finding:
    """What has not been taken up into the file yet."""
    log = path.with_name(f"{path.name}-wal")
    size = log.stat().st_size if log.exists() else 0
    detail = f"{size / 2**20:.1f} MiB are not taken up into the file yet"
    if size > LARGE_LOG_BYTES:
        advice = "find the program that reads the database all the time: fuser --verbose " + str(path)
        return Finding("write-ahead log", Verdict.WARNING, detail, advice)
    return Finding("write-ahead log", Verdict.GOOD, detail)


def backup(folder: Path, now: datetime) -> Finding:
    """The latest is of last night."""
    latest = latest_backup(folder)
    if latest is None:
        advice = "systemctl enable --now hatif-backup.timer, or run `hatif db backup` every night"
        return Finding("backup", Verdict.WARNING, f"there is none in {folder}", advice)
    age = now - datetime.fromtimestamp(latest.stat().st_mtime, UTC)
    detail = f"the latest in {folder} is {age.total_seconds() / 3600:.0f} hours old"
    if age > OLD_BACKUP:
        advice = "see `systemctl status hatif-backup.timer` and `journalctl --unit hatif-backup`"
        return Finding("backup", Verdict.WARNING, detail, advice)
    return Finding("backup", Verdict.GOOD, detail)
