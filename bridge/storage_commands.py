"""`hatif db`: backing up, checking, restoring and upgrading the database. It parses and prints; others do."""

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.markup import escape
from rich.table import Table

from bridge.clock import Clock
from bridge.config import Settings
from bridge.console import EXIT_WRONG, Config, Json, err, out, run_quietly, settings_of
from bridge.errors import StorageError
from bridge.reports import write_report

if TYPE_CHECKING:
    from bridge.storage.checking import Findings
    from bridge.storage.place import Place
    from bridge.storage.schema import Standing

__all__ = ["mount"]

MEGABYTE = 1e6

db_app = typer.Typer(no_args_is_help=True, help="Back up, check, restore and upgrade the database.")


def mount(root: typer.Typer) -> None:
    """Add the commands to the program."""
    root.add_typer(db_app, name="db")


@db_app.command("backup")
def backup(
    to: Annotated[
        Path | None, typer.Option(help="A new file, or a folder; storage.backups by default.")
    ] = None,
    keep: Annotated[
        int | None, typer.Option(min=1, help="So many of the folder's backups stay, the newest.")
    ] = None,
    encrypt: Annotated[
        bool | None,
        typer.Option("--encrypt/--plain", help="By default what there is a storage.backup_key for."),
    ] = None,
    config: Config = None,
    json: Json = None,
) -> None:
    """Copy the database while calls go on, and check the copy before it gets its name.

    Examples: [bold]hatif db backup[/]
    [bold]hatif db backup --to /mnt/backups --keep 14 --encrypt[/]
    """
    from bridge.storage.backup import back_up  # noqa: PLC0415 - help is light

    place = settings_of(config).database
    database = place.require_file("this backup")
    if encrypt and place.backup_key is None:
        raise StorageError(
            "storage.backup_key, or the credential backup_key, must be 32 random bytes to encrypt with"
        )
    made = back_up(
        database,
        to or place.backup_folder or database.parent,
        clock=Clock(),
        key=None if encrypt is False else place.backup_key,
        keep=keep,
    )
    if json is not None:
        write_report(made, json)
        return
    size = f"{made.bytes / MEGABYTE:.1f} MB in {made.seconds:.2f} s"
    out.print(escape(made.file), soft_wrap=True, highlight=False)
    sealed = ", encrypted" if made.encrypted else ""
    out.print(f"  schema {made.schema}, {_counted(made.rows)}; {size}{sealed}; checked", soft_wrap=True)
    for file in made.removed:
        out.print(f"  removed {escape(file)}", soft_wrap=True, highlight=False)


@db_app.command("verify")
def verify(
    file: Annotated[
        Path | None, typer.Argument(help="A database or a backup; the configured database by default.")
    ] = None,
    config: Config = None,
    json: Json = None,
) -> None:
    """Check every page, reference, answer and dialogue of a database or a backup; 1 when something is wrong.

    Examples: [bold]hatif db verify[/]
    [bold]hatif db verify data/backups/hatif-20261121T020000Z.db[/]
    """
    from bridge.storage.restoring import verify as look_through  # noqa: PLC0415

    place = settings_of(config).database
    if file is None and place.file is None:
        from bridge.storage.reading import verify_remote  # noqa: PLC0415

        found = run_quietly(lambda: verify_remote(place))
        name = "the database in storage.url"
    else:
        target = file or place.require_file("this check")
        found, name = look_through(target, key=place.backup_key, keys=place.keys), str(target)
    if json is not None:
        write_report(found, json)
    else:
        _tell(found, name)
    if not found.is_whole:
        raise typer.Exit(EXIT_WRONG)


@db_app.command("restore")
def restore(
    file: Annotated[Path, typer.Argument(help="The backup.")], config: Config = None, json: Json = None
) -> None:
    """Put a backup in the place of the database; what was there before is kept beside it.

    The daemon must be stopped. The backup is checked before, and the database after.

    Example: [bold]systemctl stop hatif && hatif db restore data/backups/hatif-20261121T020000Z.db[/]
    """
    from bridge.storage.restoring import restore as put_back  # noqa: PLC0415
    from bridge.storage.schema import newest_revision  # noqa: PLC0415

    settings = settings_of(config)
    place = settings.database
    if place.file is None:
        place.require_file("restoring")
        return
    made = put_back(
        file,
        place.file,
        clock=Clock(),
        key=place.backup_key,
        keys=place.keys,
        admin_socket=settings.admin.socket,
    )
    if (
        made.schema == newest_revision()
    ):  # an older one is brought up to date, and noted in, at the next start
        run_quietly(lambda: _note_restored(place, file))
    if json is not None:
        write_report(made, json)
        return
    out.print(f"{escape(made.database)} is the backup now", soft_wrap=True, highlight=False)
    out.print(f"  schema {made.schema}, {_counted(made.rows)}; {made.seconds:.2f} s; checked", soft_wrap=True)
    if made.replaced:
        out.print(f"  what was there before: {escape(made.replaced)}", soft_wrap=True, highlight=False)


async def _note_restored(place: "Place", backup: Path) -> None:
    from bridge.audit.entries import Action  # noqa: PLC0415
    from bridge.audit.log import note_locally  # noqa: PLC0415
    from bridge.storage.opened import OpenDatabase  # noqa: PLC0415

    database = await OpenDatabase.open(place, clock=Clock())
    try:
        await note_locally(database, place, Action.DATABASE_RESTORE, backup.name)
    finally:
        await database.close()


@db_app.command("upgrade")
def upgrade(
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would be done.")] = False,
    no_backup: Annotated[bool, typer.Option("--no-backup", help="I have one: make none.")] = False,
    config: Config = None,
    json: Json = None,
) -> None:
    """Bring the database to this version's schema, after a backup. The daemon does the same when it starts.

    Example: [bold]hatif db upgrade --dry-run[/]
    """
    from bridge.storage.opened import OpenDatabase  # noqa: PLC0415
    from bridge.storage.reading import look_up  # noqa: PLC0415
    from bridge.storage.upgrading import Upgrade  # noqa: PLC0415

    place = replace(settings_of(config).database, backs_up=not no_backup)
    if place.file is not None:
        place.require_file("this upgrade")

    async def run() -> Upgrade:
        if dry_run:
            standing = await look_up(place)
            return Upgrade(before=standing.present, now=standing.newest, migrations=standing.missing)
        database = await OpenDatabase.open(place, clock=Clock())
        await database.close()
        return database.upgrade

    made = run_quietly(run)
    if json is not None:
        write_report(made, json)
        return
    if not made.migrations:
        out.print(f"nothing to do: the schema is {made.now}")
        return
    arrow = "would go" if dry_run else "went"
    out.print(f"schema {arrow} from {made.before or 'nothing'} to {made.now}")
    for step in made.migrations:
        out.print(f"  {step.revision}  {escape(step.title)}", highlight=False)
    if made.backup:
        out.print(f"  backup: {escape(made.backup)}", soft_wrap=True, highlight=False)


@db_app.command("status")
def status(config: Config = None, json: Json = None) -> None:
    """Show where the database is, its schema, how much is in it, and how old the latest backup is.

    Example: [bold]hatif db status[/]
    """
    from bridge.storage.reading import DatabaseStatus, read_status  # noqa: PLC0415

    settings: Settings = settings_of(config)
    shown: DatabaseStatus = run_quietly(lambda: read_status(settings.database, Clock()))
    if json is not None:
        write_report(shown, json)
        return
    table = Table(box=None, show_header=False, padding=(0, 2, 0, 0))
    table.add_row("database", escape(shown.database))
    table.add_row("schema", _schema(shown.standing))
    table.add_row("rows", _counted(shown.rows))
    table.add_row("size", f"{shown.bytes / MEGABYTE:.1f} MB")
    if shown.free_bytes is not None:
        table.add_row("free on its disk", f"{shown.free_bytes / MEGABYTE:.0f} MB")
    if shown.backup_folder is not None:
        latest = (
            f"{escape(shown.latest_backup)}, {shown.backup_hours:.1f} h old" if shown.latest_backup else ""
        )
        table.add_row("latest backup", latest or f"none in {escape(shown.backup_folder)}")
    out.print(table)


def _schema(standing: "Standing") -> str:
    if not standing.missing:
        return f"{standing.newest}, up to date"
    return f"{standing.present}; `hatif db upgrade` brings it to {standing.newest}"


def _counted(rows: dict[str, int]) -> str:
    return ", ".join(f"{count} {table}" for table, count in sorted(rows.items()) if count) or "no rows"


def _tell(found: "Findings", name: str) -> None:
    for fault in found.faults:
        err.print(f"[red]wrong[/]  {escape(name)}: {escape(fault)}", soft_wrap=True, highlight=False)
    for note in found.notes:
        out.print(f"note   {escape(note)}", soft_wrap=True, highlight=False)
    if found.is_whole:
        out.print(
            f"{escape(name)} is whole: schema {found.schema}, {_counted(found.rows)}",
            soft_wrap=True,
            highlight=False,
        )
