"""`hatif doctor`: parse and print; the others look."""

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated

import typer
from rich.markup import escape
from rich.table import Table

from bridge.console import EXIT_WRONG, Config, Json, err, looks_table, out, run_quietly
from bridge.content import DEFAULT_CONFIG
from bridge.reports import STDOUT, write_report

if TYPE_CHECKING:
    from bridge.checkup import Finding

__all__ = ["mount"]


def mount(app: typer.Typer) -> None:
    """Add the command."""
    app.command("doctor")(doctor)


def doctor(
    config: Config = None,
    online: Annotated[
        bool,
        typer.Option("--online", help="Also ask server.public_url over the network for its certificate."),
    ] = False,
    json: Json = None,
) -> None:
    """Look at the whole deployment, and say of whatever is wrong what to do next. Nothing is changed.

    As root it sees everything; as another user it says what it may not see. Exit status 1: something is bad.

    Examples: [bold]hatif doctor --config /etc/hatif/config.yaml[/]
    [bold]hatif doctor --online --json report.json[/]
    """
    from bridge.checkup import Verdict  # noqa: PLC0415 - it reads engines and questionnaires; help does not
    from bridge.doctor.examination import diagnose  # noqa: PLC0415

    chosen = config or DEFAULT_CONFIG
    findings = run_quietly(lambda: diagnose(chosen, datetime.now(UTC), online=online))
    if json is not None:
        write_report(findings, json)
    if json != STDOUT:
        out.print(_table(findings))
    counts = {verdict: sum(each.verdict is verdict for each in findings) for verdict in Verdict}
    err.print(f"{counts[Verdict.GOOD]} good, {counts[Verdict.WARNING]} to look at, {counts[Verdict.BAD]} bad")
    if counts[Verdict.BAD]:
        raise typer.Exit(EXIT_WRONG)


def _table(findings: "list[Finding]") -> Table:
    """What is bad comes last, next to the prompt, and below each finding what to do about it."""
    looks = {"good": "[green]good[/]", "warning": "[yellow]look[/]", "bad": "[red]bad[/]"}
    table = looks_table("", "what", "how it is, and [bold]what to do next[/]")
    for each in sorted(findings, key=lambda finding: list(looks).index(finding.verdict)):
        advice = f"\n[bold]{escape(each.advice)}[/]" if each.advice else ""
        table.add_row(looks[each.verdict], escape(each.subject), escape(each.detail) + advice)
    return table
