"""The daemon: does it run, does it take calls, and what do its limits allow?"""

import http.client
import re
import resource
from collections.abc import Iterator
from pathlib import Path

from bridge.checkup import Finding, Verdict
from bridge.config import Settings
from bridge.doctor.asking import Said, ask

__all__ = ["core_dumps", "daemon", "files_open"]

FILES_A_CALL = 4  # its socket, a recording, and what is looked up for it
FILES_BESIDE = 256  # engines' pipes, the database, the log
CORE_PATTERN = Path("/proc/sys/kernel/core_pattern")
START = "systemctl start hatif, or `hatif serve`"


def daemon(settings: Settings) -> Iterator[Finding]:
    """Whether it runs, and how it is; its limits, or those that it would have from here."""
    pid: int | None = None
    found = _by_socket(settings) or _by_port(settings)
    if isinstance(found, Finding):
        yield found
    else:
        status, readiness = found
        pid = status.body.get("pid") if isinstance(status.body, dict) else None
        yield _running(status)
        yield _ready(readiness)
    limits = _limits(pid)
    yield files_open(settings, limits.get("Max open files"), of_daemon=pid is not None)
    yield core_dumps(limits.get("Max core file size"), _core_pattern(), of_daemon=pid is not None)


def _by_socket(settings: Settings) -> tuple[Said, Said] | Finding | None:
    """What it says of itself; None where its socket is not there or nobody is behind it."""
    path = settings.admin.socket
    if path is None:
        return None
    try:
        return ask(path, "/admin/status"), ask(path, "/readyz")
    except PermissionError:
        advice = f"run `hatif doctor` as root or as the user whom {path} belongs to"
        return Finding("daemon", Verdict.WARNING, "its admin socket may not be opened by this user", advice)
    except TimeoutError:
        return _hanging()
    except (OSError, http.client.HTTPException):
        return None


def _by_port(settings: Settings) -> tuple[Said, Said] | Finding:
    """What listens at the port: our daemon, another program, or nobody."""
    port = settings.server.port
    host = settings.server.host.replace("0.0.0.0", "127.0.0.1").replace("::", "::1")  # noqa: S104
    if port == 0:
        return Finding("daemon", Verdict.GOOD, "server.port is 0: any free port at its start")
    try:
        index, readiness = ask((host, port), "/"), ask((host, port), "/readyz")
    except ConnectionRefusedError:
        return Finding("daemon", Verdict.WARNING, f"it does not run; port {port} is free", START)
    except TimeoutError:
        return _hanging()
    except (OSError, http.client.HTTPException):
        return _not_ours(port)
    if not isinstance(index.body, dict) or index.body.get("service") != "hatif":
        return _not_ours(port)
    return index, readiness


def _hanging() -> Finding:
    advice = "see `journalctl --unit hatif --since -10min`, then restart it"
    return Finding("daemon", Verdict.BAD, "it was reached and does not answer", advice)


def _not_ours(port: int) -> Finding:
    advice = f"find it with `ss --listening --tcp --processes 'sport = {port}'`, or set another server.port"
    return Finding("daemon", Verdict.BAD, f"another program listens at port {port}", advice)


def _running(status: Said) -> Finding:
    told = status.body if isinstance(status.body, dict) else {}
    shown = [f"{key} {told[key]}" for key in ("state", "calls", "version", "since") if key in told]
    if told.get("state") == "draining":
        advice = "`hatif undrain` lets it take calls again, if nobody is about to stop it"
        return Finding("daemon", Verdict.WARNING, f"runs: {', '.join(shown)}", advice)
    return Finding("daemon", Verdict.GOOD, f"runs: {', '.join(shown)}" if shown else "runs")


def _ready(readiness: Said) -> Finding:
    if readiness.status == http.HTTPStatus.OK:
        return Finding("ready", Verdict.GOOD, "calls are taken")
    reasons = readiness.body.get("reasons", []) if isinstance(readiness.body, dict) else []
    detail = f"calls are not taken: {', '.join(map(str, reasons)) or readiness.status}"
    if reasons == ["starting"]:
        advice = "wait: prompts are being rendered; `hatif render` shows how far it is"
        return Finding("ready", Verdict.WARNING, detail, advice)
    return Finding("ready", Verdict.BAD, detail, "see `hatif status` and `journalctl --unit hatif`")


def _limits(pid: int | None) -> dict[str, int]:
    """Soft limits of a process, this one by default: by the names in proc(5), -1 is unlimited."""
    try:
        text = Path(f"/proc/{pid or 'self'}/limits").read_text(encoding="ascii")
    except OSError:
        return {}
    rows = re.findall(r"^(Max [a-z ]+?)\s{2,}(\d+|unlimited)", text, re.MULTILINE)
    return {name: resource.RLIM_INFINITY if soft == "unlimited" else int(soft) for name, soft in rows}


def files_open(settings: Settings, limit: int | None, *, of_daemon: bool) -> Finding:
    """As many as the calls that may be need."""
    whose = "the daemon" if of_daemon else "this shell"
    needed = settings.calls.max_concurrent * FILES_A_CALL + FILES_BESIDE
    if limit is None:
        return Finding("open files", Verdict.GOOD, "this system does not tell its limits")
    detail = f"{whose} may open {'any number' if limit < 0 else limit}; {needed} are needed"
    if 0 <= limit < needed:
        advice = f"set LimitNOFILE={needed} in a drop-in of the unit; by hand, `ulimit -n {needed}`"
        return Finding("open files", Verdict.BAD if of_daemon else Verdict.WARNING, detail, advice)
    return Finding("open files", Verdict.GOOD, detail)


def _core_pattern() -> str:
    try:
        return CORE_PATTERN.read_text(encoding="utf-8").strip()
    except OSError:
        return ""


def core_dumps(limit: int | None, pattern: str, *, of_daemon: bool) -> Finding:
    """A core dump holds what callers said. The limit holds back none that is piped to a program (core(5))."""
    whose = "the daemon" if of_daemon else "a daemon started from this shell"
    if pattern.startswith("|") and "systemd-coredump" not in pattern:  # which respects the limit
        advice = "turn the collector of crashes off: sysctl kernel.core_pattern=core"
        return Finding(
            "core dumps", Verdict.WARNING, f"crashes are handed to {pattern[1:].split(maxsplit=1)[0]}", advice
        )
    if limit:
        advice = "set LimitCORE=0, as the shipped unit does, or `ulimit -c 0` before a start by hand"
        verdict = Verdict.BAD if of_daemon else Verdict.WARNING
        return Finding("core dumps", verdict, f"a crash of {whose} writes its memory to disk", advice)
    return Finding("core dumps", Verdict.GOOD, f"{whose} writes none")
