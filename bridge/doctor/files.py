"""Files: who may read configuration, credentials and answers, and who may open the admin socket."""

import os
import pwd
import stat
from collections.abc import Iterator, Mapping
from difflib import get_close_matches
from pathlib import Path

from bridge.checkup import Finding, Verdict
from bridge.config import CREDENTIALS, Settings

__all__ = [
    "CREDENTIALS_FOLDER",
    "admin_socket",
    "configuration",
    "credential_files",
    "data",
    "secrets_kept",
    "user",
]

CREDENTIALS_FOLDER = Path("/etc/hatif/credentials")  # which the service reads as root and hands over
DAEMON_USER = "hatif"
SHORTEST_SECRET = 16  # characters; what signs has its own, longer rule in the configuration

OTHERS = stat.S_IRWXG | stat.S_IRWXO
OTHERS_WRITE = stat.S_IWGRP | stat.S_IWOTH


def configuration(path: Path) -> Finding:
    """Only root, or whoever runs this, may change what the daemon does."""
    status = path.stat()
    if status.st_mode & OTHERS_WRITE:
        return Finding("config file", Verdict.BAD, f"{path} may be changed by others", f"chmod go-w {path}")
    if status.st_uid not in {0, os.geteuid()}:
        advice = f"chown root {path}"
        return Finding("config file", Verdict.WARNING, f"{path} belongs to {_name(status.st_uid)}", advice)
    return Finding("config file", Verdict.GOOD, f"{path}: only its owner may change it")


def secrets_kept(settings: Settings, path: Path) -> Iterator[Finding]:
    """Secrets are best kept in files of their own: not in config.yaml, not in the environment."""
    folder = CREDENTIALS_FOLDER
    for name, option in CREDENTIALS.items():
        origin = settings.origin(option)
        if _value(settings, option) is None:
            continue
        if origin.startswith("HATIF_"):
            advice = f"move it to {folder / name}: the environment of a process is easily printed"
            yield Finding(option, Verdict.WARNING, f"is set in the environment ({origin})", advice)
        elif origin != "default" and not origin.startswith("credential "):
            is_open = bool(path.stat().st_mode & (stat.S_IRGRP | stat.S_IROTH))
            verdict = Verdict.BAD if is_open else Verdict.WARNING
            shown = f"stands in {origin}" + (", which others may read" if is_open else "")
            yield Finding(option, verdict, shown, f"move it to {folder / name}, mode 0600")


def _value(settings: Settings, option: str) -> object:
    value: object = settings
    for name in option.split("."):
        value = getattr(value, name)
    return value


def credential_files(folder: Path) -> Iterator[Finding]:
    """What the service is handed over, as files."""
    if not folder.is_dir():
        return
    if folder.stat().st_mode & OTHERS:
        advice = f"chmod 0700 {folder}"
        yield Finding("credentials folder", Verdict.BAD, f"{folder} may be looked into by others", advice)
    if not os.access(folder, os.R_OK | os.X_OK):
        advice = "run `hatif doctor` as root to have them looked at"
        yield Finding("credential files", Verdict.WARNING, f"{folder} may not be read by this user", advice)
        return
    problems = [found for file in sorted(folder.iterdir()) if (found := _credential(file))]
    yield from problems
    if not problems:
        yield Finding("credential files", Verdict.GOOD, f"{len(list(folder.iterdir()))} in {folder}")


def _credential(file: Path) -> Finding | None:
    subject = f"credential {file.name}"
    name = file.name.removeprefix("hatif_")
    if name not in CREDENTIALS:
        near = get_close_matches(name, CREDENTIALS, n=1)
        advice = (
            f"rename it to {near[0]}" if near else f"remove it; there are {', '.join(sorted(CREDENTIALS))}"
        )
        return Finding(subject, Verdict.WARNING, "is not used: no secret has this name", advice)
    if file.is_symlink():
        advice = "put the file itself there"
        return Finding(subject, Verdict.BAD, "is a symbolic link, which systemd passes over", advice)
    if file.stat().st_mode & OTHERS:
        return Finding(subject, Verdict.BAD, "may be read by others", f"chmod 0600 {file}")
    if not os.access(file, os.R_OK):
        return Finding(subject, Verdict.WARNING, "may not be read by this user", "run `hatif doctor` as root")
    if len(file.read_bytes().strip()) < SHORTEST_SECRET:
        advice = f"make another one: openssl rand -hex 32 > {file}"
        return Finding(subject, Verdict.WARNING, f"has fewer than {SHORTEST_SECRET} characters", advice)
    return None


def data(settings: Settings) -> Finding:
    """Answers, sound and voices are open to the daemon's user alone, and all belong to the same one."""
    path = settings.storage.path
    kept = (path.parent, path, *(path.with_name(path.name + end) for end in ("-wal", "-shm")))
    others = (settings.recording.folder, settings.voices.folder)
    try:
        statuses = {each: each.stat() for each in (*kept, *others) if each.exists()}
    except PermissionError:
        advice = f"run `hatif doctor` as root or as {DAEMON_USER}"
        return Finding("data", Verdict.WARNING, f"{path.parent} may not be looked into by this user", advice)
    if path.parent not in statuses:
        return Finding("data", Verdict.GOOD, f"{path.parent} will be made at the first start")
    readable = [each for each, status in statuses.items() if status.st_mode & OTHERS and each != path.parent]
    if readable and statuses[path.parent].st_mode & stat.S_IXOTH:
        advice = f"chmod -R go-rwx {path.parent}"
        return Finding("data", Verdict.BAD, f"{readable[0]} may be read by others", advice)
    owner = statuses[path.parent].st_uid
    strangers = [each for each, status in statuses.items() if status.st_uid != owner]
    if strangers:
        advice = f"chown -R {_name(owner)}: {path.parent}, and run commands as that user"
        return Finding("data", Verdict.BAD, f"{strangers[0]} does not belong to {_name(owner)}", advice)
    return Finding("data", Verdict.GOOD, f"{path.parent}: only {_name(owner)} reads it")


def user(settings: Settings, users: Mapping[str, int]) -> Finding | None:
    """Where there is a user for the daemon, the data is that user's: as another one it would not start."""
    folder = settings.storage.path.parent
    if DAEMON_USER not in users or not folder.is_dir():
        return None
    owner = folder.stat().st_uid
    if owner != users[DAEMON_USER]:
        advice = f"chown -R {DAEMON_USER}: {folder}"
        return Finding(
            "user", Verdict.WARNING, f"{folder} belongs to {_name(owner)}, not {DAEMON_USER}", advice
        )
    return Finding("user", Verdict.GOOD, DAEMON_USER)


def admin_socket(settings: Settings) -> Finding | None:
    """Whoever may open it may do everything."""
    path = settings.admin.socket
    if path is None:
        advice = "set admin.socket, or `hatif status` and `hatif drain` reach nobody"
        return Finding("admin socket", Verdict.WARNING, "is turned off", advice)
    try:
        status = path.stat()
    except FileNotFoundError:
        return None  # no daemon runs; that is told elsewhere
    except PermissionError:
        return Finding("admin socket", Verdict.GOOD, f"{path}: not open to this user")
    if not stat.S_ISSOCK(status.st_mode):
        advice = f"remove {path}, or name another file as admin.socket"
        return Finding("admin socket", Verdict.BAD, f"{path} is no socket", advice)
    if status.st_mode & OTHERS:
        advice = f"chmod 0600 {path}, and find out who changed it"
        return Finding("admin socket", Verdict.BAD, f"{path} may be opened by others", advice)
    return Finding("admin socket", Verdict.GOOD, f"{path}: only {_name(status.st_uid)} may open it")


def _name(uid: int) -> str:
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return str(uid)
