"""`hatif status`, `drain`, `undrain` and `reload`: a daemon driven over its admin socket."""

import time
from datetime import datetime
from typing import Annotated, Any

import typer
from rich.markup import escape
from rich.table import Table

from bridge.console import EXIT_WRONG, Config, Json, err, out, settings_of
from bridge.control_client import ControlClient
from bridge.reports import STDOUT, write_report

__all__ = ["mount"]

RELOAD_SECONDS = 900.0  # new questionnaires are rendered before anything is taken up
LOOK_SECONDS = 1.0
READY = "ready"  # what is said of a questionnaire that calls are asked


def mount(app: typer.Typer) -> None:
    """Add the commands."""
    app.command("status")(_status)
    app.command("drain")(_drain)
    app.command("undrain")(_undrain)
    app.command("reload")(_reload)


def _status(config: Config = None, json: Json = None) -> None:
    """Show the daemon's state, its calls, its versions, and what of it is not ready.

    Example: [bold]hatif status --config /etc/hatif/config.yaml[/]
    """
    _show(_client(config).get("/admin/status"), json)


def _drain(
    config: Config = None,
    wait: Annotated[bool, typer.Option("--wait", help="Come back when the last call is over.")] = False,
    json: Json = None,
) -> None:
    """Let the daemon take no new calls; the running ones finish, and the daemon goes on.

    Example: [bold]hatif drain --wait[/]
    """
    client = _client(config)
    status = client.post("/admin/drain")
    while wait and status["calls"]:
        time.sleep(LOOK_SECONDS)
        status = client.get("/admin/status")
    _show(status, json)


def _undrain(config: Config = None, json: Json = None) -> None:
    """Let the daemon take calls again, unless it has been told to end.

    Example: [bold]hatif undrain[/]
    """
    _show(_client(config).post("/admin/undrain"), json)


def _reload(config: Config = None, json: Json = None) -> None:
    """Have questionnaires and configuration read again for new calls, and show what came of it.

    Example: [bold]hatif reload[/]
    """
    answered = _client(config).ask("POST", "/admin/reload", RELOAD_SECONDS)
    report = answered.body if isinstance(answered.body, dict) else {"problems": [answered.body]}
    if json is not None:
        write_report(report, json)
    if json != STDOUT:
        _show_reload(report)
    if report["problems"]:
        raise typer.Exit(EXIT_WRONG)


def _client(config: Config) -> ControlClient:
    return ControlClient.of(settings_of(config))


def _show(status: dict[str, Any], json: Json) -> None:
    if json is not None:
        write_report(status, json)
    if json == STDOUT:
        return
    since = datetime.fromisoformat(status["since"]).astimezone().strftime("%Y-%m-%d %H:%M:%S")
    ending = " before the end" if status["is_ending"] else ""
    table = Table(show_header=False, box=None, padding=(0, 2, 0, 0))
    table.add_row("state", f"{status['state']}{ending}, since {since}")
    table.add_row("calls", f"{status['calls']} of {status['most_calls']}")
    refused = ", ".join(f"{count} {reason}" for reason, count in sorted(status["refused"].items()))
    table.add_row("refused", refused or "none since the daemon began")
    asked = [name for name, how in status["questionnaires"].items() if how == READY]
    table.add_row("asked", escape(", ".join(asked) or "nothing yet"))
    for how in dict.fromkeys(status["questionnaires"].values()):
        if how != READY:
            names = [name for name, its_own in status["questionnaires"].items() if its_own == how]
            table.add_row("[yellow]not asked[/]", escape(f"{', '.join(names)}: {how}"))
    table.add_row(
        "versions", escape(", ".join(f"{name} {text}" for name, text in status["versions"].items()))
    )
    table.add_row("event loop", f"{status['loop_lag_seconds'] * 1000:.0f} ms late at worst, lately")
    table.add_row("process", str(status["pid"]))
    for worker in status.get("workers", ()):  # a daemon from before an upgrade tells of none
        table.add_row(*_worker_row(worker))
    for name, detail in status["not_ready"].items():
        table.add_row("[red]not ready[/]", escape(f"{name}: {detail}" if detail else name))
    out.print(table)


def _worker_row(worker: dict[str, Any]) -> tuple[str, str]:
    label = f"worker {worker['number']}"
    process = f"{worker['pid']}, " if worker["pid"] else ""
    told = f"{process}holds {worker['calls'] or 'no'} call{'s' * (worker['calls'] != 1)}"
    if worker["is_well"]:
        return label, told
    return f"[yellow]{label}[/]", escape(f"{told}: {worker['detail']}")


def _show_reload(report: dict[str, Any]) -> None:
    for problem in report["problems"]:
        err.print(f"[bold red]not reloaded:[/] {escape(problem)}", highlight=False, soft_wrap=True)
    if report["problems"]:
        return
    table = Table(show_header=False, box=None, padding=(0, 2, 0, 0))
    for name, change in report["changes"].items():
        table.add_row(escape(name), change)
    out.print(table)
    for setting in report["waiting_for_restart"]:
        err.print(f"{escape(setting)} waits for a restart", soft_wrap=True)
