"""The service: is the unit installed as it was shipped, and what does systemd say of it?"""

import shutil
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from bridge.checkup import Finding, Verdict
from bridge.content import CONTENT

__all__ = ["service", "state", "unit_file"]

UNIT = "hatif.service"
FOLDERS = tuple(
    map(Path, ("/etc/systemd/system", "/usr/local/lib/systemd/system", "/usr/lib/systemd/system"))
)
RUNS_SYSTEMD = Path("/run/systemd/system")  # sd_booted(3)
PROPERTIES = (
    "ActiveState",
    "SubState",
    "Result",
    "NRestarts",
    "UnitFileState",
    "NeedDaemonReload",
    "LoadState",
)
ASK_SECONDS = 10


def service() -> Iterator[Finding]:
    """Everything about it; one line where systemd does not run this machine, as in a container."""
    if not RUNS_SYSTEMD.is_dir():
        yield Finding("unit", Verdict.GOOD, "systemd does not run this machine")
        return
    yield unit_file(FOLDERS, CONTENT / "systemd" / UNIT)
    program = shutil.which("systemctl")
    if program is not None and (told := _ask(program)):
        yield from state(told)


def unit_file(folders: Sequence[Path], shipped: Path) -> Finding:
    """Installed, and the shipped one: what a site wants otherwise belongs into a drop-in."""
    installed = next((folder / UNIT for folder in folders if (folder / UNIT).is_file()), None)
    if installed is None:
        advice = f"install -m 0644 {shipped} /etc/systemd/system/{UNIT} && systemctl daemon-reload"
        return Finding("unit", Verdict.WARNING, f"{UNIT} is not installed", advice)
    if shipped.is_file() and installed.read_bytes() != shipped.read_bytes():
        advice = (
            f"move your changes to /etc/systemd/system/{UNIT}.d/local.conf, and copy {shipped} to {installed}"
        )
        return Finding("unit", Verdict.WARNING, f"{installed} is not the one of this version", advice)
    return Finding("unit", Verdict.GOOD, f"{installed} is the one of this version")


def _ask(program: str) -> dict[str, str]:
    command = [program, "show", UNIT, f"--property={','.join(PROPERTIES)}"]
    try:
        told = subprocess.run(command, capture_output=True, text=True, timeout=ASK_SECONDS, check=False)  # noqa: S603
    except (OSError, subprocess.TimeoutExpired):
        return {}
    pairs = (line.partition("=") for line in told.stdout.splitlines())
    return {name: value for name, _, value in pairs}


def state(told: Mapping[str, str]) -> Iterator[Finding]:
    """What `systemctl show` told: failed, restarted, not enabled, not read again."""
    if told.get("LoadState") != "loaded":
        return  # that it is not installed is told already
    shown = f"{told.get('ActiveState')} ({told.get('SubState')})"
    if told.get("ActiveState") == "failed":
        advice = "see `journalctl --unit hatif`, mend it, then `systemctl reset-failed hatif` and start it"
        yield Finding("service", Verdict.BAD, f"{shown}, because of: {told.get('Result')}", advice)
    elif int(told.get("NRestarts") or 0):
        advice = "see why it ended: journalctl --unit hatif --priority warning"
        yield Finding("service", Verdict.WARNING, f"{shown}, restarted {told['NRestarts']} times", advice)
    else:
        yield Finding("service", Verdict.GOOD, shown)
    if told.get("UnitFileState") not in {"enabled", "enabled-runtime", "static", "linked"}:
        advice = "systemctl enable hatif"
        yield Finding("service at boot", Verdict.WARNING, "it does not start with the machine", advice)
    if told.get("NeedDaemonReload") == "yes":
        advice = "systemctl daemon-reload && systemctl restart hatif"
        yield Finding("service files", Verdict.WARNING, "systemd has not read its changed files yet", advice)
