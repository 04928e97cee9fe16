"""`hatif calls`: the calls in progress at the daemon that runs here, looked at and ended."""

from datetime import UTC, datetime
from http import HTTPStatus
from typing import Annotated, Any
from urllib.parse import quote

import typer
from rich.markup import escape
from rich.table import Table

from bridge.console import EXIT_REFUSED, EXIT_WRONG, Config, Json, err, out, settings_of
from bridge.control_client import ControlClient
from bridge.reports import write_report

__all__ = ["calls_app"]

SHORT_ID = 12  # characters of a call's id: `calls end` takes a beginning
PAGE = 500  # as many as the daemon tells at a time

calls_app = typer.Typer(no_args_is_help=True, help="Calls in progress: look at them, and end one.")


@calls_app.command("list")
def list_calls(config: Config = None, json: Json = None) -> None:
    """List the calls in progress, the oldest first; nothing of their callers is shown.

    Example: [bold]hatif calls list[/]
    """
    calls = _in_progress(_client(config))
    if json is not None:
        write_report(calls, json)
        return
    now = datetime.now(UTC)
    table = Table()
    for name in ("call", "for", "provider", "tenant", "questionnaire", "question", "turns", "stage"):
        table.add_column(name, no_wrap=name in {"call", "for", "turns", "stage"}, overflow="fold")
    for one in calls:
        lasted = now - datetime.fromisoformat(one["since"])
        minutes, seconds = divmod(max(0, int(lasted.total_seconds())), 60)
        told = (one["provider"], one["tenant"], one["questionnaire"] or one["kind"], one["item"] or "")
        stage = "ending" if one["is_dismissed"] else one["stage"]
        table.add_row(
            one["id"][:SHORT_ID], f"{minutes}:{seconds:02}", *map(escape, told), str(one["turns"]), stage
        )
    out.print(table)


@calls_app.command("end")
def end_call(
    call_id: Annotated[str, typer.Argument(help="The call's id, or its beginning.")],
    config: Config = None,
) -> None:
    """End one call: its caller hears a goodbye, and what they have answered stays.

    Example: [bold]hatif calls end 3f2a[/]
    """
    client = _client(config)
    found = [one["id"] for one in _in_progress(client) if one["id"].startswith(call_id)]
    if len(found) > 1:
        err.print(f"{len(found)} calls' ids begin so: give more of it")
        raise typer.Exit(EXIT_REFUSED)
    answered = client.ask("DELETE", f"/admin/sessions/{quote(found[0])}") if found else None
    if answered is None or answered.status == HTTPStatus.NOT_FOUND:
        err.print("no call whose id begins so is in progress; `hatif calls list` shows them")
        raise typer.Exit(EXIT_WRONG)
    if answered.status != HTTPStatus.ACCEPTED:
        err.print(f"the daemon refuses ({answered.status}): {escape(str(answered.body))}")
        raise typer.Exit(EXIT_REFUSED)
    out.print(f"{found[0]}: its caller is being told")


def _in_progress(client: ControlClient) -> list[dict[str, Any]]:
    """All of them, page after page."""
    calls: list[dict[str, Any]] = []
    after: str | None = ""
    while after is not None:
        page = client.get(f"/admin/sessions?limit={PAGE}&after={quote(after)}")
        calls += page["sessions"]
        after = page["next"]
    return calls


def _client(config: Config) -> ControlClient:
    return ControlClient.of(settings_of(config))
