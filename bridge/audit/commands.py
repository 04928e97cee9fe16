"""`hatif audit`: who did what, and whether the log hangs together."""

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated

import typer
from rich.table import Table

from bridge.clock import Clock
from bridge.console import EXIT_WRONG, Config, Json, err, out, run_quietly, settings_of
from bridge.errors import BridgeError
from bridge.reports import write_report

if TYPE_CHECKING:
    from bridge.audit.entries import Head

__all__ = ["mount"]

HASH_DIGITS = 64

audit_app = typer.Typer(no_args_is_help=True, help="Who did what: look at the audit log, and verify it.")


def mount(root: typer.Typer) -> None:
    """Add the commands to where they belong."""
    root.add_typer(audit_app, name="audit")


@audit_app.command("show")
def show(
    since: Annotated[datetime | None, typer.Option(help="Only what was done then or later (UTC).")] = None,
    until: Annotated[datetime | None, typer.Option(help="Only what was done before (UTC).")] = None,
    limit: Annotated[int, typer.Option(min=1, help="How many rows, the newest first.")] = 50,
    config: Config = None,
    json: Json = None,
) -> None:
    """Show who did what, the newest first.

    Example: [bold]hatif audit show --since 2026-11-01[/]
    """
    from bridge.archive import open_archive  # noqa: PLC0415 - help is light
    from bridge.audit.entries import Entry  # noqa: PLC0415
    from bridge.storage.audit import AuditSelection, latest_entries  # noqa: PLC0415

    database = settings_of(config).database
    selection = AuditSelection(since=_utc(since), until=_utc(until))

    async def read() -> list[Entry]:
        async with open_archive(database, Clock()) as store:
            return await latest_entries(store, selection, limit)

    entries = run_quietly(read)
    if json is not None:
        write_report(entries, json)
        return
    table = Table("row", "at", "who", "did", "with", "result", "tenant", box=None, padding=(0, 2, 0, 0))
    for one in entries:
        at = one.at.astimezone().strftime("%Y-%m-%d %H:%M:%S")
        table.add_row(
            str(one.number), at, one.principal, one.action, one.object, one.result, one.tenant or ""
        )
    out.print(table)


@audit_app.command("verify")
def verify(
    head: Annotated[
        str | None,
        typer.Option(help="A row that was noted elsewhere, NUMBER:HASH, as the daemon's log tells them."),
    ] = None,
    config: Config = None,
    json: Json = None,
) -> None:
    """Verify that no row was changed, deleted, put in or cut off; exit status 1 tells the first that was.

    Example: [bold]hatif audit verify[/]
    """
    from bridge.archive import open_archive  # noqa: PLC0415 - help is light
    from bridge.audit.chain import Verdict  # noqa: PLC0415
    from bridge.audit.log import verify as examine  # noqa: PLC0415

    database = settings_of(config).database
    noted = _head(head) if head else None

    async def look() -> Verdict:
        async with open_archive(database, Clock()) as store:
            return await examine(store, database, noted)

    verdict = run_quietly(look)
    if json is not None:
        write_report(verdict, json)
    elif verdict.is_whole:
        rows = verdict.rows - verdict.purged
        out.print(f"{rows} rows hang together; the head is {verdict.rows}:{verdict.head}", soft_wrap=True)
        if (by := verdict.purged_by) is not None:
            who = f"{by.principal}, {by.at:%F %T}"
            gone = f"rows 1 to {verdict.purged} are kept no longer, says row {by.number} ({who})"
            left = f"; the copy still holds {verdict.still_copied} of them" if verdict.still_copied else ""
            out.print(f"{gone}{left}", soft_wrap=True)
    if not verdict.is_whole:
        err.print(f"the audit log is broken at row {verdict.broken}: {verdict.why}", soft_wrap=True)
        raise typer.Exit(EXIT_WRONG)


def _head(text: str) -> "Head":
    from bridge.audit.entries import Head  # noqa: PLC0415

    number, _, digest = text.partition(":")
    if not number.isdecimal() or len(digest) != HASH_DIGITS:
        raise BridgeError("--head must be NUMBER:HASH, as `hatif audit verify` prints it")
    return Head(int(number), digest.lower())


def _utc(moment: datetime | None) -> datetime | None:
    return moment.replace(tzinfo=UTC) if moment else None
