"""`hatif privacy` and `hatif subject`: keys, forgetting in time, and what is stored of one person."""

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, TypeVar

import typer
from rich.markup import escape

from bridge.clock import Clock
from bridge.console import EXIT_WRONG, Config, Json, counting_progress, err, out, run_quietly, settings_of
from bridge.errors import ConfigError, StorageError
from bridge.reports import STDOUT, write_report

if TYPE_CHECKING:
    from bridge.config import Settings
    from bridge.privacy.numbers import Subject
    from bridge.privacy.retention import Purged
    from bridge.privacy.subjects import SubjectFile
    from bridge.storage.store import Store

__all__ = ["mount"]

T = TypeVar("T")

privacy_app = typer.Typer(no_args_is_help=True, help="Encrypt what is stored, and forget it in time.")
subject_app = typer.Typer(no_args_is_help=True, help="What is stored of one person: export or erase it.")

Number = Annotated[str | None, typer.Option(help="The person's number with its country, in any spelling.")]
Call = Annotated[str | None, typer.Option(help="Or one call: its id, or its beginning.")]


def mount(root: typer.Typer) -> None:
    """Add the commands to where they belong."""
    root.add_typer(privacy_app, name="privacy")
    root.add_typer(subject_app, name="subject")


@privacy_app.command("key")
def privacy_key(
    name: Annotated[str, typer.Argument(help="What the key is called: small letters, digits, hyphens.")],
) -> None:
    """Print a new key for `privacy.key`. Put it before the keys that are there; lose it, and all is lost.

    Example: [bold]hatif privacy key 2026-11 > /etc/hatif/privacy_key[/]
    """
    from bridge.privacy.keys import new_key  # noqa: PLC0415 - help is light

    try:
        typer.echo(new_key(name))
    except ValueError as error:
        raise ConfigError(f"NAME: {error}") from None


@privacy_app.command("rekey")
def privacy_rekey(
    config: Config = None,
    decrypt: Annotated[bool, typer.Option("--decrypt", help="To no key: then take privacy.key out.")] = False,
) -> None:
    """Encrypt everything with the first key of `privacy.key`. Stopped at any moment, run it again.

    Examples: [bold]hatif privacy rekey[/]   [bold]hatif privacy rekey --decrypt[/]
    """
    settings = settings_of(config)
    if settings.privacy.ring is None:
        raise ConfigError("privacy.key is not configured; `hatif privacy key NAME` makes one")
    values, recordings, running, is_empty = run_quietly(lambda: _rekey(settings, decrypt))
    out.print(f"{values} rows and {recordings} recordings were written anew")
    if running:
        err.print(f"{running} calls are in progress: run this again later for their recordings")
    if not is_empty:
        err.print("the database's log is still in use and may hold what was before; run this again later")
        raise typer.Exit(EXIT_WRONG)


async def _rekey(settings: "Settings", decrypt: bool) -> tuple[int, int, int, bool]:
    from bridge.audit.entries import Action  # noqa: PLC0415
    from bridge.audit.log import note_locally  # noqa: PLC0415
    from bridge.privacy.fields import FieldCipher  # noqa: PLC0415
    from bridge.privacy.rekeying import (  # noqa: PLC0415
        calls_in_progress,
        rekey_database,
        rekey_recordings,
        rows_to_look_at,
        target_of,
    )
    from bridge.storage.scrubbing import scrub  # noqa: PLC0415
    from bridge.storage.store import Store  # noqa: PLC0415

    ring, path = settings.privacy.ring, settings.database.file
    if path is not None and not await asyncio.to_thread(path.exists):
        raise StorageError(f"there is no database at {path}: a new one is encrypted from its beginning")
    cipher = FieldCipher.between(ring, target=target_of(ring, decrypt=decrypt))
    store = await Store.open(settings.database, clock=Clock(), cipher=cipher)
    try:
        await note_locally(store, settings.database, Action.FIELDS_REKEY, "*")
        with counting_progress() as progress:
            task = progress.add_task("rekeying", total=await rows_to_look_at(store))
            done = await rekey_database(
                store, cipher, on_progress=lambda rows: progress.update(task, completed=rows)
            )
        running = await calls_in_progress(store)
    finally:
        await store.close()
    folder = settings.recording.folder
    files = await asyncio.to_thread(rekey_recordings, folder, ring, decrypt=decrypt, running=running)
    is_scrubbed = await scrub(settings.database) if done.rewritten else True
    return done.rewritten, files.rewritten, len(running), is_scrubbed


@privacy_app.command("purge")
def privacy_purge(
    config: Config = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only count what would be forgotten.")] = False,
    json: Json = None,
) -> None:
    """Forget what is older than `privacy.keep_days` allows, as the daemon does every hour.

    Example: [bold]hatif privacy purge --dry-run[/]
    """
    from bridge.audit.entries import Action  # noqa: PLC0415
    from bridge.audit.log import note_locally  # noqa: PLC0415
    from bridge.privacy.forgetting import forget_due  # noqa: PLC0415

    settings = settings_of(config)

    async def work(store: "Store") -> "Purged":
        if not dry_run:
            await note_locally(store, settings.database, Action.RETENTION_PURGE, "*")
        return await forget_due(store, Clock(), settings, dry_run=dry_run)

    purged = _with_store(settings, work)
    if json is not None:
        write_report(purged, json)
        return
    what = "would be" if dry_run else "were"
    for kept, count in purged.rows.items():
        out.print(f"{count} rows of {kept} {what} forgotten")
    out.print(f"{purged.files} recordings {what} forgotten")


@subject_app.command("export")
def subject_export(
    to: Annotated[Path, typer.Option(help="The ZIP file to write; only you will be able to read it.")],
    number: Number = None,
    call: Call = None,
    config: Config = None,
) -> None:
    """Write everything that is stored of a person: JSON, sounds and recordings as WAV, and their SHA-256.

    Examples: [bold]hatif subject export --number +962790123456 --to person.zip[/]
    [bold]hatif subject export --call 3f2a --to call.zip[/]
    """
    from bridge.audit.entries import Action  # noqa: PLC0415
    from bridge.audit.log import note_locally  # noqa: PLC0415
    from bridge.privacy.exporting import Exported, export_subject  # noqa: PLC0415

    settings, subject = settings_of(config), _subject(number, call)

    async def work(store: "Store") -> Exported:
        found = await _found(store, subject, call)
        return await export_subject(
            store,
            found,
            to,
            recordings=settings.recording.folder,
            ring=settings.privacy.ring,
            now=Clock().now(),
            audit=lambda whom: note_locally(store, settings.database, Action.SUBJECT_EXPORT, whom),
        )

    exported = _with_store(settings, work)
    counts = f"{exported.calls} calls, {exported.rows} rows and {exported.files} files"
    out.print(f"{counts} are in {escape(str(to))}", soft_wrap=True)
    for call_id in exported.cut_recordings:
        err.print(f"the recording of {call_id} is cut short: the daemon died, or the file was changed")


@subject_app.command("erase")
def subject_erase(  # noqa: PLR0917 - a command's options
    reason: Annotated[str, typer.Option(help="Why; it is kept, so name nobody.")],
    number: Number = None,
    call: Call = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would go.")] = False,
    config: Config = None,
    json: Json = None,
) -> None:
    """Erase everything that is stored of a person, search what is left for them, and print the proof as JSON.

    Example: [bold]hatif subject erase --number +962790123456 --reason "asked on 3 May" --dry-run[/]
    """
    from bridge.audit.entries import Action  # noqa: PLC0415
    from bridge.audit.log import note_locally  # noqa: PLC0415
    from bridge.privacy.erasing import erase_subject, foresee, prove  # noqa: PLC0415

    settings, subject = settings_of(config), _subject(number, call)
    if subject is not None and any(spelling in reason for spelling in subject.spellings):
        raise ConfigError("--reason: it holds the number that is to be erased; it is kept, so name nobody")
    folder = settings.recording.folder

    async def work(store: "Store") -> dict[str, Any]:
        found = await _found(store, subject, call)
        if dry_run:
            return {"dry_run": True, "erased": await foresee(store, found, folder)}
        now = Clock().now()
        erased = await erase_subject(
            store,
            found,
            reason=reason,
            recordings=folder,
            now=now,
            audit=lambda whom: note_locally(store, settings.database, Action.SUBJECT_ERASE, whom),
        )
        wanted = subject.spellings if subject else found.call_ids
        proof = await prove(store, settings.database, wanted)
        return {"erased_at": now, "erased": erased, "proof": proof, "clean": proof.is_clean}

    done = _with_store(settings, work)
    write_report(done, json or STDOUT)
    if not done.get("clean", True):
        err.print("something is left: see found, still_in_calls and is_scrubbed (docs/privacy.md)")
        raise typer.Exit(EXIT_WRONG)


def _subject(number: str | None, call: str | None) -> "Subject | None":
    from bridge.privacy.numbers import Subject  # noqa: PLC0415

    if (number is None) == (call is None):
        raise ConfigError("name a person by --number, or one call by --call")
    return Subject.parse(number) if number is not None else None


async def _found(store: "Store", subject: "Subject | None", call: str | None) -> "SubjectFile":
    from bridge.archive import find_call  # noqa: PLC0415
    from bridge.privacy.subjects import SubjectError, find_subject  # noqa: PLC0415

    call_id = (await find_call(store, call)).call_id if call else None
    found = await find_subject(store, subject=subject, call_id=call_id)
    if not found.calls and not found.phone_calls:
        raise SubjectError("nothing is stored of this number")
    return found


def _with_store(settings: "Settings", work: "Callable[[Store], Awaitable[T]]") -> T:
    """Run something on the database that is there."""
    from bridge.archive import open_archive  # noqa: PLC0415

    async def run() -> T:
        async with open_archive(settings.database, Clock()) as store:
            return await work(store)

    return run_quietly(run)
