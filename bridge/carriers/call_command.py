"""`hatif call`: one simulated call, and what became of it."""

from http import HTTPStatus
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.markup import escape
from rich.table import Table

from bridge.carriers.commands import known_provider
from bridge.console import EXIT_WRONG, Json, out, run_quietly
from bridge.reports import STDOUT, write_report

if TYPE_CHECKING:
    from bridge.carriers.leg import CallOutcome
    from bridge.carriers.placing import CallReport

__all__ = ["mount"]

CLOSED_WELL = (None, 1000)  # RFC 6455 section 7.4.1


def mount(app: typer.Typer) -> None:
    """Add the command."""
    app.command("call")(call)


def call(  # noqa: PLR0917 - a command's options
    url: Annotated[str, typer.Argument(help="ws:// or wss:// address of the media socket.")],
    provider: Annotated[
        str, typer.Option(help="Whose protocol to speak.", callback=known_provider, metavar="NAME")
    ] = "maqsam",
    token: Annotated[str | None, typer.Option(help="The credential, as the provider would show it.")] = None,
    caller: Annotated[str, typer.Option("--from", help="The caller's number.")] = "9621234567",
    callee: Annotated[str, typer.Option("--to", help="The called number.")] = "9621234566",
    script: Annotated[Path | None, typer.Option(help="What to say and press, in order (YAML).")] = None,
    keys: Annotated[bool, typer.Option("--keys", help="Press a script's answers, and say none.")] = False,
    say: Annotated[list[str] | None, typer.Option(help="Say this text; may be repeated.")] = None,
    wav: Annotated[list[Path] | None, typer.Option(help="Play this WAV file; may be repeated.")] = None,
    save: Annotated[Path | None, typer.Option(help="Record the call: caller left, far end right.")] = None,
    speed: Annotated[float, typer.Option(min=0.1, max=16, help="The server's clock.speed.")] = 1.0,
    json: Json = None,
) -> None:
    """Place one simulated call to any Hatif, or to any server of that protocol, and report what happened.

    The caller understands nothing: they say or press the next line when the far end has stopped speaking,
    and hang up after the last. Exit status 1: the call was not taken.

    Examples: [bold]hatif call ws://127.0.0.1:8080/ws/maqsam --say نَعَم --say لَا --save call.wav[/]
    [bold]hatif call ws://127.0.0.1:8080/ws/maqsam --script answers.yaml --keys[/]
    """
    from bridge.carriers.placing import CallOptions, place_call  # noqa: PLC0415 - engines are heavy

    options = CallOptions(
        url=url,
        provider=provider,
        token=token,
        from_number=caller,
        to_number=callee,
        script=script,
        by_key=keys,
        say=tuple(say or ()),
        wav=tuple(wav or ()),
        save=save,
        speed=speed,
    )
    report = run_quietly(lambda: place_call(options))
    if json is not None:
        write_report(report, json)
    if json != STDOUT:
        out.print(_table(report) if report.outcome.accepted else _refusal(report.outcome))
    if not report.outcome.accepted:
        raise typer.Exit(EXIT_WRONG)


def _refusal(outcome: "CallOutcome") -> Table:
    table = _plain()
    status = "" if outcome.http_status is None else f"status {outcome.http_status}: "
    table.add_row("[red]refused[/]", status + escape(outcome.detail))
    if outcome.http_status is not None:
        table.add_row("next", _what_next(outcome))
    return table


def _what_next(outcome: "CallOutcome") -> str:
    if outcome.http_status == HTTPStatus.UNAUTHORIZED:
        return "show the credential with --token, as the provider would"
    if outcome.http_status == HTTPStatus.NOT_FOUND:
        return "compare the address with `hatif carrier list`, and `providers` in config.yaml"
    if outcome.retry_after_seconds is not None:
        return f"try again in {outcome.retry_after_seconds} s; `hatif status` there says why"
    return "look at the daemon's log"


def _table(report: "CallReport") -> Table:
    outcome, table = report.outcome, _plain()
    for each in report.exchanges:
        table.add_row(f"heard {each.heard_seconds:.1f} s", escape(each.then))
    code = "" if outcome.close_code in CLOSED_WELL else f"(close code {outcome.close_code})"
    table.add_row("ended by", escape(" ".join(filter(None, (outcome.ended_by, code, outcome.detail)))))
    table.add_row(
        "lasted", f"{outcome.seconds:.1f} s, of which the far end spoke {report.heard_speech_seconds:.1f} s"
    )
    if report.lines_left:
        table.add_row("not said", f"{report.lines_left} lines of the script")
    if report.recording:
        table.add_row("recording", escape(report.recording))
    table.add_row("next", f"hatif answers show {report.call_id}")
    return table


def _plain() -> Table:
    return Table(show_header=False, box=None, padding=(0, 2, 0, 0))
