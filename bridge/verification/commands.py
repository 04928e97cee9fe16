"""`hatif verify`: parse and print; the others try."""

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated

import typer
from rich.markup import escape
from rich.table import Table

from bridge.carriers.commands import known_provider
from bridge.console import EXIT_WRONG, Json, err, looks_table, out, run_quietly
from bridge.reports import STDOUT, write_report

if TYPE_CHECKING:
    from bridge.verification.target import Check

__all__ = ["mount"]


def mount(app: typer.Typer) -> None:
    """Add the command."""
    app.command("verify")(verify)


def verify(  # noqa: PLR0917 - a command's options
    url: Annotated[str, typer.Argument(help="The server: https://HOST, or http://HOST:PORT.")],
    secret: Annotated[
        str | None,
        typer.Option(envvar="VOICE_SERVICE_SECRET", help="The service secret; better by the environment."),
    ] = None,
    provider: Annotated[
        str, typer.Option(help="Whose call to place.", callback=known_provider, metavar="NAME")
    ] = "maqsam",
    token: Annotated[
        str | None, typer.Option(envvar="MAQSAM_TOKEN", help="The credential, as the provider would show it.")
    ] = None,
    call: Annotated[bool, typer.Option("--call/--no-call", help="Place a test call.")] = True,
    questionnaire: Annotated[
        str | None, typer.Option(help="What the call asks; the server's default without it.")
    ] = None,
    keys: Annotated[
        str, typer.Option(help="What the caller presses at every question; 2 is no, to consent too.")
    ] = "2",
    max_seconds: Annotated[float, typer.Option(min=1, help="The longest that the call may take.")] = 120.0,
    speed: Annotated[float, typer.Option(min=0.1, max=16, help="The server's clock.speed.")] = 1.0,
    json: Json = None,
) -> None:
    """Look at a deployed server from outside: its certificate, health, who is let in, and a call.

    The call is real, and is stored: its caller says no to the first question, which is half a minute where
    that is the one for consent. An authority of your own for the certificate is named by SSL_CERT_FILE.
    Exit status 1: something is bad, or a warning.

    Examples: [bold]hatif verify https://hatif.example.org --token "$MAQSAM_TOKEN"[/]
    [bold]hatif verify http://127.0.0.1:8080 --no-call --json report.json[/]
    """
    from bridge.verification.calling import TestCall  # noqa: PLC0415 - engines are heavy; help is not
    from bridge.verification.target import State  # noqa: PLC0415
    from bridge.verification.verifying import Wanted  # noqa: PLC0415
    from bridge.verification.verifying import verify as try_all  # noqa: PLC0415

    placed = TestCall(provider, token or None, questionnaire, keys, max_seconds, speed)
    wanted = Wanted(url, secret or None, placed if call else None)
    checks = run_quietly(lambda: try_all(wanted, datetime.now(UTC)))
    if json is not None:
        write_report(checks, json)
    if json != STDOUT:
        out.print(_table(checks))
    counts = {state: sum(each.state is state for each in checks) for state in State}
    err.print(", ".join(f"{count} {state}" for state, count in counts.items()))
    if counts[State.BAD] or counts[State.WARNING]:
        raise typer.Exit(EXIT_WRONG)


def _table(checks: "list[Check]") -> Table:
    looks = {
        "good": "[green]good[/]",
        "skipped": "[dim]skipped[/]",
        "warning": "[yellow]warning[/]",
        "bad": "[red]bad[/]",
    }
    table = looks_table("", "what", "time", "how it is, and [bold]what to do next[/]")
    for each in checks:
        took = "" if each.seconds is None else _took(each.seconds)
        advice = f"\n[bold]{escape(each.advice)}[/]" if each.advice else ""
        table.add_row(looks[each.state], escape(each.subject), took, escape(each.detail) + advice)
    return table


def _took(seconds: float) -> str:
    return f"{seconds * 1000:.0f} ms" if seconds < 1 else f"{seconds:.1f} s"
