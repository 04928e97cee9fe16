"""`hatif models`: parses and prints; the modules beside it do the work, and are loaded only then."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.markup import escape
from rich.progress import (
    BarColumn,
    DownloadColumn,
    Progress,
    TextColumn,
    TimeRemainingColumn,
    TransferSpeedColumn,
)

from bridge.console import (
    EXIT_REFUSED,
    EXIT_WRONG,
    Config,
    Json,
    counting_progress,
    err,
    out,
    run_quietly,
    settings_of,
)
from bridge.content import CONTENT
from bridge.reports import STDOUT, write_report

if TYPE_CHECKING:
    from bridge.config import Settings
    from bridge.models.evaluation import Condition
    from bridge.models.fetching import OnProgress

__all__ = ["models_app"]

NO_NOISE = "none"
XTTS = "xtts_v2"
MAX_SNR_DB = 60.0

models_app = typer.Typer(
    no_args_is_help=True, help="Recognition models: which there are, whether they work, and how well."
)


@models_app.command("list")
def list_models(config: Config = None, json: Json = None) -> None:
    """List the models on this machine, and the public Arabic ones.

    Example: [bold]hatif models list[/]
    """
    from bridge.models.catalogue import look  # noqa: PLC0415 - `hatif --help` needs no models
    from bridge.models.tables import installed_table, public_table  # noqa: PLC0415

    settings = settings_of(config)
    used = settings.recogniser.model
    catalogue = look([used.parent, CONTENT / "models"], used, settings.xtts.model)
    if json is not None:
        write_report(catalogue, json)
        return
    out.print(installed_table(catalogue))
    out.print(public_table(catalogue))


@models_app.command("verify")
def verify_model(
    model: Annotated[Path | None, typer.Argument(help="Its folder; the configured one by default.")] = None,
    config: Config = None,
    json: Json = None,
) -> None:
    """Look at a model's files, load it in a process of its own, and let it listen to silence.

    Example: [bold]hatif models verify models/vosk-model-ar-mgb2-0.4[/]
    """
    from bridge.dialogue.loader import load_folder  # noqa: PLC0415
    from bridge.models.tables import verified_table  # noqa: PLC0415
    from bridge.models.verification import verify  # noqa: PLC0415

    settings = settings_of(config)
    questionnaires = load_folder(settings.questionnaires.folder).values()
    verified = run_quietly(lambda: verify(_model(model, settings), questionnaires))
    if json is not None:
        write_report(verified, json)
        return
    out.print(verified_table(verified))


@models_app.command("fetch")
def fetch_model(
    name: Annotated[str, typer.Argument(help="Its name, as `hatif models list` shows it.")],
    into: Annotated[
        Path | None, typer.Option(help="The folder for models; that of the configured one.")
    ] = None,
    address: Annotated[
        str | None,
        typer.Option("--from", help="Where models lie (http:// or https://); at Vosk's own place."),
    ] = None,
    config: Config = None,
) -> None:
    """Download a public Arabic model, compare it with what was published, unpack and check it.

    A download that broke off goes on where it was. xtts_v2 is XTTS's checkpoint, of 2 GB, and is fetched once
    xtts.accept_cpml is true: its licence forbids commercial use.

    Examples: [bold]hatif models fetch vosk-model-ar-mgb2-0.4[/]
    [bold]hatif models fetch xtts_v2[/]
    """
    from bridge.models.catalogue import PUBLIC_MODELS  # noqa: PLC0415
    from bridge.models.fetching import ADDRESS, FetchError, fetch  # noqa: PLC0415
    from bridge.models.tables import as_size  # noqa: PLC0415

    if name == XTTS:
        _fetch_xtts(into, address, settings_of(config))
        return
    model = next((one for one in PUBLIC_MODELS if one.name == name), None)
    if model is None:
        known = ", ".join([*(one.name for one in PUBLIC_MODELS), XTTS])
        raise FetchError(f"there is no public Arabic model {name!r}; known are {known}")
    folder = into or settings_of(config).recogniser.model.parent
    with _download_progress(name) as on_progress:
        fetched = run_quietly(
            lambda: fetch(model, folder, address=address or ADDRESS, on_progress=on_progress)
        )
    out.print(f"{fetched.path} {'is here' if fetched.is_new else 'was here already'}", soft_wrap=True)
    if fetched.is_new and not fetched.is_compared:
        err.print("[yellow]nobody has published a sum of it to compare with[/]")
    if fetched.summary is None:
        err.print(f"[yellow]{escape(fetched.problem)}[/]", soft_wrap=True, highlight=False)
        raise typer.Exit(EXIT_WRONG)
    facts = f"{as_size(fetched.summary.size_bytes)}, {len(fetched.summary.words)} words"
    out.print(f"{fetched.summary.identity}: {facts}", soft_wrap=True)
    if not fetched.summary.supports_grammar:
        err.print("[yellow]its static graph takes no grammar: it always hears its whole vocabulary[/]")
    out.print(f"to use it, set recogniser.model to {fetched.path} in config.yaml", soft_wrap=True)


@models_app.command("evaluate")
def evaluate_model(  # noqa: PLR0917 - a command's options
    data: Annotated[
        Path, typer.Option(help="DIR/LABEL/*.wav or *.ulaw, an archive of that, or a table: path<TAB>text.")
    ],
    model: Annotated[Path | None, typer.Argument(help="Its folder; the configured one by default.")] = None,
    snr: Annotated[
        str, typer.Option(help="Decibels between speech and noise, or clean: a list.")
    ] = "clean,20,10,5",
    noise: Annotated[
        str | None, typer.Option(help="A folder or archive of noise, or none; made up by default.")
    ] = None,
    processes: Annotated[
        int | None, typer.Option(min=1, max=256, help="Decode in so many; one for each processor by default.")
    ] = None,
    config: Config = None,
    json: Json = None,
) -> None:
    """Measure a model on recordings of which is known what is said, as they would sound on a telephone.

    A label is what is said, in Arabic, or a folder name of the Arabic Speech Commands. Recordings that cannot
    be read are listed, the others are measured, and the exit status is 2.

    Examples: [bold]hatif models evaluate --data recordings --snr clean[/]
    [bold]hatif models evaluate models/vosk-model-ar-mgb2-0.4 --data calls.tsv --noise ward.tar.xz[/]
    """
    from bridge.dialogue.loader import load_folder  # noqa: PLC0415
    from bridge.models.evaluation import Plan, evaluate  # noqa: PLC0415
    from bridge.models.tables import evaluation_tables, unreadable_table  # noqa: PLC0415

    settings = settings_of(config)
    plan = Plan(
        model=_model(model, settings),
        data=data,
        conditions=_conditions(snr, noise),
        noise=None if noise in (None, NO_NOISE) else Path(noise),
        processes=processes or os.cpu_count() or 1,
    )
    questionnaires = load_folder(settings.questionnaires.folder)
    with counting_progress() as progress:
        task = progress.add_task("decoding recordings", total=None)
        evaluation = run_quietly(
            lambda: evaluate(
                plan,
                questionnaires,
                settings.questionnaires.default,
                on_progress=lambda done, total: progress.update(task, completed=done, total=total),
            )
        )
    if json is not None:
        write_report(evaluation, json)
    if json != STDOUT:
        for table in evaluation_tables(evaluation):
            out.print(table)
    if evaluation.material.unreadable:
        err.print(unreadable_table(evaluation.material.unreadable))
        raise typer.Exit(EXIT_REFUSED)


def _fetch_xtts(into: Path | None, address: str | None, settings: "Settings") -> None:
    from bridge.models.tables import as_size  # noqa: PLC0415
    from bridge.models.xtts_fetching import ADDRESS, fetch_xtts  # noqa: PLC0415

    target = into / XTTS if into else settings.xtts.model
    with _download_progress(XTTS) as on_progress:
        fetched = run_quietly(
            lambda: fetch_xtts(settings.xtts, target, address=address or ADDRESS, on_progress=on_progress)
        )
    out.print(f"{fetched.path} {'is here' if fetched.is_new else 'was here already'}", soft_wrap=True)
    if fetched.is_new and not fetched.is_compared:
        err.print("[yellow]nobody has published a sum of it to compare with[/]")
    languages = f"{len(fetched.checkpoint.languages)} languages"
    facts = f"{as_size(fetched.checkpoint.size_bytes)}, {languages}"
    out.print(f"{XTTS}@{fetched.checkpoint.identity}: {facts}", soft_wrap=True)
    if fetched.path != settings.xtts.model:
        out.print(f"to use it, set xtts.model to {fetched.path} in config.yaml", soft_wrap=True)


def _model(given: Path | None, settings: "Settings") -> Path:
    """The model that was named by its folder, or by its name among those that are here."""
    if given is None:
        return settings.recogniser.model
    named = settings.recogniser.model.parent / given
    return named if not given.exists() and named.is_dir() else given


def _conditions(snr: str, noise: str | None) -> "tuple[Condition, ...]":
    from bridge.models.evaluation import CLEAN, Condition  # noqa: PLC0415

    if noise == NO_NOISE:
        return (CLEAN,)
    conditions = []
    for part in filter(None, (part.strip() for part in snr.split(","))):
        if part == CLEAN.name:
            conditions.append(CLEAN)
            continue
        try:
            decibels = float(part)
        except ValueError:
            decibels = float("nan")
        if not -MAX_SNR_DB <= decibels <= MAX_SNR_DB:
            raise typer.BadParameter(
                f"{part!r} is neither clean nor a number of decibels", param_hint="--snr"
            )
        conditions.append(Condition(f"{decibels:g} dB", decibels))
    if not conditions:
        raise typer.BadParameter("names no condition: clean,20,10,5 are four", param_hint="--snr")
    return tuple(dict.fromkeys(conditions))


@contextmanager
def _download_progress(name: str) -> "Iterator[OnProgress]":
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        DownloadColumn(),
        TransferSpeedColumn(),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=err) as progress:
        task = progress.add_task(name, total=None)
        yield lambda done, total: progress.update(task, completed=done, total=total)
