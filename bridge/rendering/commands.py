"""`hatif render`: it parses, shows how far it is, and prints; others render, measure and write."""

import asyncio
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table

from bridge.config import Settings
from bridge.console import Config, Json, err, out, run_quietly, settings_of
from bridge.errors import QuestionnaireError
from bridge.reports import STDOUT, write_report

if TYPE_CHECKING:
    from bridge.dialogue.questionnaire import Questionnaire
    from bridge.rendering.survey import CacheSurvey
    from bridge.rendering.work import Done, RenderedQuestionnaire, RenderReport
    from bridge.speech.prompts import PromptCache

__all__ = ["mount"]


def mount(app: typer.Typer) -> None:
    """Add the command."""
    app.command("render")(render)


def render(  # noqa: PLR0917 - a command's options
    questionnaire: Annotated[
        str | None, typer.Argument(help="Its id or file; all of them by default.")
    ] = None,
    config: Config = None,
    force: Annotated[bool, typer.Option("--force", help="Also what is rendered already.")] = False,
    page: Annotated[
        Path | None,
        typer.Option(help="Write a page to listen to all of them: a folder, or one FILE.html.", metavar="TO"),
    ] = None,
    statistics: Annotated[
        bool, typer.Option("--statistics", help="Render nothing: show what the cache holds, voice by voice.")
    ] = False,
    json: Json = None,
) -> None:
    """Render the prompts of a questionnaire ahead of its first call. What is rendered already is kept.

    Examples: [bold]hatif render post_discharge --page listen.html[/]   [bold]hatif render --statistics[/]
    """
    settings = settings_of(config)
    if statistics:
        _show_survey(settings, json)
        return
    chosen = _chosen(questionnaire, settings)
    outcome = run_quietly(lambda: _render(chosen, settings, force=force))
    heard, report = outcome.heard, outcome.report
    written = _write_page(heard, report, page)
    if json is not None:
        write_report(report, json)
    if json != STDOUT:
        _show(report, written)


class _Outcome:
    """What was rendered. No struct: asyncio writes down a task's result when it ends, and sounds are long."""

    def __init__(self, heard: "list[RenderedQuestionnaire]", report: "RenderReport") -> None:
        self.heard = heard
        self.report = report


async def _render(questionnaires: "Sequence[Questionnaire]", settings: Settings, *, force: bool) -> _Outcome:
    from bridge.rendering.voicing import RenderingVoices  # noqa: PLC0415 - heavy; `--help` is not
    from bridge.rendering.work import hear, report_of  # noqa: PLC0415

    voices = RenderingVoices(settings)
    try:
        caches = [await voices.started(one) for one in questionnaires]
        voices.pin([*questionnaires, *_offered(settings)])
        wanted: dict[PromptCache, dict[str, None]] = {}
        for one, cache in zip(questionnaires, caches, strict=True):
            texts = voices.texts_of(one)
            missing = texts if force else await asyncio.to_thread(cache.missing, texts)
            wanted.setdefault(cache, {}).update(dict.fromkeys(missing))
        done = await _watched({cache: list(texts) for cache, texts in wanted.items()}, force=force)
        pairs = list(zip(questionnaires, caches, strict=True))
        heard = await asyncio.to_thread(lambda: [hear(one, cache) for one, cache in pairs])
        report = report_of(heard, done, voice="; ".join(voices.identities), folder=settings.prompts.folder)
        return _Outcome(heard, report)
    finally:
        await voices.stop()


async def _watched(wanted: "Mapping[PromptCache, Sequence[str]]", *, force: bool) -> "Done":
    """Render them, showing how far it is. Ctrl-C ends it, and what was rendered by then is kept."""
    from bridge.rendering.work import Done, render_all  # noqa: PLC0415

    total = sum(map(len, wanted.values()))
    before = latest = Done(0, 0.0, 0.0)
    with _progress() as progress:
        task = progress.add_task("rendering prompts", total=total, made="")

        def show(done: Done) -> None:
            nonlocal latest
            latest = before + done
            made = f"{latest.audio_seconds:.0f} s made, {latest.real_time_factor:.3f} of real time"
            progress.update(task, completed=latest.texts, made=made)

        try:
            for cache, texts in wanted.items():
                before += await render_all(texts, cache, afresh=force, on_done=show)
        except asyncio.CancelledError:
            err.print(f"{latest.texts} of {total} prompts were rendered, and are kept")
            raise
    return before


def _progress() -> Progress:
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("{task.fields[made]}"),
        TimeRemainingColumn(),
    )
    return Progress(*columns, console=err)


def _chosen(name: str | None, settings: Settings) -> "Sequence[Questionnaire]":
    from bridge.authoring.choosing import chosen  # noqa: PLC0415
    from bridge.dialogue.loader import load_folder  # noqa: PLC0415

    return (
        list(load_folder(settings.questionnaires.folder).values())
        if name is None
        else [chosen(name, settings)]
    )


def _offered(settings: Settings) -> "list[Questionnaire]":
    """The served questionnaires: a daemon needs their prompts, so that none of them may be evicted."""
    from bridge.dialogue.loader import load_folder  # noqa: PLC0415

    try:
        return list(load_folder(settings.questionnaires.folder).values())
    except QuestionnaireError:  # the one that was named may be good; `hatif check` tells of the others
        return []


def _write_page(
    heard: "Sequence[RenderedQuestionnaire]", report: "RenderReport", target: Path | None
) -> Path | None:
    from bridge.rendering.page import write_page  # noqa: PLC0415

    return None if target is None else write_page(heard, report, target)


def _show(report: "RenderReport", page: Path | None) -> None:
    made = ""
    if report.real_time_factor is not None:
        made = f": {report.rendered_seconds:.0f} s of speech in {report.took_seconds:.1f} s"
    out.print(
        f"{report.rendered} prompts rendered{made}; all {report.texts} are ready in {escape(report.folder)}",
        soft_wrap=True,
        highlight=False,
    )
    if report.spread_lu is not None:
        out.print(
            f"those longer than a second are {report.quietest_lufs} to {report.loudest_lufs} LUFS loud",
            highlight=False,
        )
    if page is not None:
        out.print(f"listen to them: {escape(str(page))}", soft_wrap=True, highlight=False)


def _show_survey(settings: Settings, json: Path | None) -> None:
    from bridge.rendering.survey import survey  # noqa: PLC0415

    found = survey(settings.prompts.folder, settings.prompts.max_mb << 20)
    if json is not None:
        write_report(found, json)
    if json != STDOUT:
        _print_survey(found)


def _print_survey(found: "CacheSurvey") -> None:
    size, limit = (f"{count / 2**20:.1f}" for count in (found.bytes, found.limit_bytes))
    out.print(
        f"{found.prompts} prompts, {size} of {limit} MiB, in {escape(found.folder)}",
        soft_wrap=True,
        highlight=False,
    )
    if not found.voices:
        return
    table = Table("voice", "prompts", "MiB", "oldest use", "latest use", box=None, padding=(0, 2, 0, 0))
    for voice in found.voices:
        used = (f"{at.astimezone():%Y-%m-%d %H:%M}" for at in (voice.oldest_use, voice.latest_use))
        table.add_row(escape(voice.voice), str(voice.prompts), f"{voice.bytes / 2**20:.1f}", *used)
    out.print(table)
