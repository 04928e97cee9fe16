"""`hatif voices`: parses and prints; the modules beside it do the work, and are loaded only then."""

import getpass
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.markup import escape

from bridge.console import (
    EXIT_WRONG,
    Config,
    Json,
    counting_progress,
    err,
    out,
    run_quietly,
    settings_of,
)
from bridge.dialogue.dialects import Dialect
from bridge.reports import write_report

if TYPE_CHECKING:
    from bridge.config import Settings
    from bridge.voices.adding import Decode, NewVoice
    from bridge.voices.card import VoiceCard
    from bridge.voices.trying import Trial

__all__ = ["mount"]

voices_app = typer.Typer(no_args_is_help=True, help="Voices: which there are, and cloning them.")

Name = Annotated[str, typer.Argument(help="Its name here: letters, digits, - and _; it speaks as xtts/NAME.")]


Everything = Annotated[bool, typer.Option("--all", help="Also variants that nobody has configured.")]


class VoiceGender(StrEnum):
    """Of a voice."""

    FEMALE = "female"
    MALE = "male"


def mount(app: typer.Typer) -> None:
    """Add the commands."""
    app.add_typer(voices_app, name="voices")


@voices_app.command("list")
def list_voices(everything: Everything = False, config: Config = None, json: Json = None) -> None:
    """List the voices of every engine, and whom they speak for.

    Example: [bold]hatif voices list[/]
    """
    from bridge.voices.listing import all_voices, without_variants  # noqa: PLC0415 - `--help` needs none
    from bridge.voices.tables import voices_table  # noqa: PLC0415

    known = all_voices(settings_of(config))
    voices = known if everything else without_variants(known)
    if json is not None:
        write_report(voices, json)
        return
    out.print(voices_table(voices))
    if more := len(known) - len(voices):
        err.print(f"and {more} variants of these: --all lists them too")


@voices_app.command("add")
def add_voice(  # noqa: PLR0917 - a command's options
    name: Name,
    sample: Annotated[
        Path,
        typer.Option("--from", help="3 to 30 s of one person's clear speech, in any kind of sound file."),
    ],
    consent: Annotated[
        Path, typer.Option(help="The speaker's statement of consent: text, PDF or a recording, up to 1 MiB.")
    ],
    language: Annotated[str, typer.Option(help="What is spoken in the recording: ar, ar-JO, en.")] = "ar",
    dialect: Annotated[Dialect | None, typer.Option(help="The speaker's dialect.")] = None,
    gender: Annotated[VoiceGender | None, typer.Option(help="Of the voice.")] = None,
    description: Annotated[str, typer.Option(help="For whoever lists voices.")] = "",
    config: Config = None,
    json: Json = None,
) -> None:
    """Clone a voice from a recording. Nothing is kept unless the recording is fit and the consent is there.

    Example: [bold]hatif voices add nurse --from nurse.m4a --consent consent.pdf --gender female[/]
    """
    from bridge.voices.adding import NewVoice  # noqa: PLC0415

    wanted = NewVoice(
        name=name,
        sample=sample,
        consent=consent,
        added_by=_account(),
        language=language,
        dialect=str(dialect or ""),
        gender=gender.value if gender is not None else None,
        description=description,
    )
    settings = settings_of(config)
    card, later = run_quietly(lambda: _add(settings, wanted))
    if json is not None:
        write_report(card, json)
        return
    told = card.recording
    sound = f"{told.seconds:.1f} s of speech at {told.level_dbfs:.0f} dBFS, {told.snr_db:.0f} dB above noise"
    out.print(f"xtts/{name} is there: {sound}; its consent is kept ({card.consent.kind})", soft_wrap=True)
    if settings.voices.key is None:
        err.print("[yellow]not encrypted:[/] voices.key is not configured", soft_wrap=True)
    if later:
        err.print(f"it is prepared when it first speaks, not yet: {escape(later)}", soft_wrap=True)


@voices_app.command("remove")
def remove_voice(name: Name, config: Config = None) -> None:
    """Remove a cloned voice: recording, consent, what was computed, and the prompts rendered with it.

    Example: [bold]hatif voices remove nurse[/]
    """
    from bridge.voices.removing import remove_voice as remove  # noqa: PLC0415

    settings = settings_of(config)
    gone = remove(settings, name)
    out.print(f"xtts/{name} is removed: {', '.join(gone.files)}", soft_wrap=True)
    prompts = f"{gone.prompts} prompts rendered with it" if gone.prompts_problem == "" else "no prompts"
    out.print(f"{prompts} removed from {settings.prompts.folder}", soft_wrap=True)
    if gone.prompts_problem:
        err.print(f"its prompts could not be found: {escape(gone.prompts_problem)}", soft_wrap=True)
    for who in gone.still_named:
        err.print(f"[yellow]voices.defaults[/] still names it for {who}", soft_wrap=True)


@voices_app.command("test")
def try_voices(
    names: Annotated[
        list[str] | None, typer.Argument(help="ENGINE/VOICE; by default all but variants.")
    ] = None,
    everything: Everything = False,
    config: Config = None,
    json: Json = None,
) -> None:
    """Let voices speak, and say whether they can, how soon and how loud. Exit status 1 when one cannot.

    Example: [bold]hatif voices test xtts/nurse piper/ar_JO-kareem-medium[/]
    """
    from bridge.voices.listing import all_voices, without_variants  # noqa: PLC0415
    from bridge.voices.tables import trials_table  # noqa: PLC0415

    settings = settings_of(config)
    known = [] if names else all_voices(settings)
    wanted = names or [voice.name for voice in (known if everything else without_variants(known))]
    trials = run_quietly(lambda: _try(settings, wanted))
    if json is not None:
        write_report(trials, json)
    else:
        out.print(trials_table(trials))
    mute = [trial for trial in trials if trial.problem]
    for trial in mute:
        err.print(f"[red]{escape(trial.name)}:[/] {escape(trial.problem)}", highlight=False, soft_wrap=True)
    if mute:
        err.print(f"{len(mute)} of {len(trials)} voices cannot speak")
        raise typer.Exit(EXIT_WRONG)


@voices_app.command("rekey")
def rekey_voices(
    old_key: Annotated[
        Path | None,
        typer.Option(help="A file with the voices.key until now; without one, what is not encrypted is."),
    ] = None,
    config: Config = None,
) -> None:
    """Encrypt all cloned voices anew with the configured voices.key; without one, decrypt them.

    It may be interrupted and run again.

    Example: [bold]hatif voices rekey --old-key old.key[/]
    """
    from bridge.voices.rekeying import rekey  # noqa: PLC0415

    settings = settings_of(config)
    voices, files = rekey(settings, old_key)
    state = "encrypted with voices.key" if settings.voices.key is not None else "not encrypted"
    out.print(f"{files} files written anew, {voices} voices in all; they are {state}", soft_wrap=True)


async def _add(settings: "Settings", wanted: "NewVoice") -> "tuple[VoiceCard, str]":
    """The card, and why XTTS could not prepare the voice now; '' where it could."""
    from bridge.errors import BridgeError  # noqa: PLC0415
    from bridge.speech.engines import VoiceBench  # noqa: PLC0415
    from bridge.voices.adding import add_voice as add  # noqa: PLC0415
    from bridge.voices.shelf import shelf_of  # noqa: PLC0415

    shelf = shelf_of(settings.voices)
    shelf.require_room(wanted.name)  # before anything is started
    async with _decoding() as decode:
        card = await add(shelf, wanted, decode, datetime.now(UTC))
    bench = VoiceBench(settings)
    try:
        await bench.start(f"xtts/{wanted.name}")
    except BridgeError as error:
        return card, str(error)
    finally:
        await bench.stop()
    return card, ""


@asynccontextmanager
async def _decoding() -> "AsyncIterator[Decode]":
    from bridge.speech.media.decoding import MediaWorker  # noqa: PLC0415

    worker = MediaWorker()
    await worker.start()
    try:
        yield lambda content, seconds: worker.decode(content, max_seconds=seconds)
    finally:
        await worker.stop()


async def _try(settings: "Settings", names: "list[str]") -> "list[Trial]":
    from bridge.speech.engines import VoiceBench  # noqa: PLC0415
    from bridge.voices.trying import try_voices as try_each  # noqa: PLC0415

    bench = VoiceBench(settings)
    try:
        with counting_progress() as progress:
            task = progress.add_task("voices", total=len(names))
            return await try_each(bench, names, lambda _: progress.advance(task))
    finally:
        await bench.stop()


def _account() -> str:
    """Who adds a voice, as this machine knows them."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # in a container without such a user
        return f"uid {os.getuid()}"
