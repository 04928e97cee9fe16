"""`hatif render`: it parses, shows how far it is, and prints; others render, measure and write."""

import asyncio
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from msgspec import Struct
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
    from bridge.speech.engines import VoiceBench, VoiceName
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
    from bridge.rendering.work import hear, report_of  # noqa: PLC0415 - the engines are heavy; `--help` is not
    from bridge.speech.engines import VoiceBench  # noqa: PLC0415

    bench = VoiceBench(settings)
    casts = _casts(questionnaires, settings, bench)
    try:
        for cast in casts:
            await bench.start(cast.voice)
        done = await _watched(casts, force=force)
        heard = await asyncio.to_thread(
            lambda: [hear(one, cast.cache) for cast in casts for one in cast.questionnaires]
        )
        voices = "; ".join(bench.voice(cast.voice).identity for cast in casts)
        return _Outcome(heard, report_of(heard, done, voice=voices, folder=settings.prompts.folder))
    finally:
        await bench.stop()


class _Cast(Struct, frozen=True):
    """A voice, and the questionnaires that are asked in it."""

    voice: "VoiceName"
    cache: "PromptCache"
    questionnaires: "Sequence[Questionnaire]"
    texts: Sequence[str]

    def missing(self) -> list[str]:
        return self.cache.missing(self.texts)


def _casts(
    questionnaires: "Sequence[Questionnaire]", settings: Settings, bench: "VoiceBench"
) -> "list[_Cast]":
    """Who renders what, in one cache that evicts nothing of all that is offered."""
    from bridge.readiness import texts_of  # noqa: PLC0415
    from bridge.voices.choosing import chooser  # noqa: PLC0415
    from bridge.voicing import prompt_files, prompts_in  # noqa: PLC0415

    choose, files = chooser(settings), prompt_files(settings)
    by_voice: dict[VoiceName, list[Questionnaire]] = {}
    for one in questionnaires:
        by_voice.setdefault(choose(one)[0], []).append(one)
    casts = []
    for voice, asked in by_voice.items():
        texts = list(dict.fromkeys(text for one in asked for text in texts_of(one, settings.site.facts)))
        cache = prompts_in(settings, bench, voice, files)
        cache.pin([*texts, *_offered(settings)])
        casts.append(_Cast(voice, cache, asked, texts))
    return casts


async def _watched(casts: Sequence[_Cast], *, force: bool) -> "Done":
    """Render them, showing how far it is. Ctrl-C ends it, and what was rendered by then is kept."""
    from bridge.rendering.work import NOTHING_DONE, render_all  # noqa: PLC0415

    wanted = [(cast.cache, cast.texts if force else await asyncio.to_thread(cast.missing)) for cast in casts]
    total = sum(len(texts) for _, texts in wanted)
    with _progress() as progress:
        task = progress.add_task("rendering prompts", total=total, made="")
        before = done = NOTHING_DONE

        def show(now: "Done") -> None:
            nonlocal done
            done = before + now
            made = f"{done.audio_seconds:.0f} s made, {done.real_time_factor:.3f} of real time"
            progress.update(task, completed=done.texts, made=made)

        try:
            for cache, texts in wanted:
                before += await render_all(texts, cache, afresh=force, on_done=show)
        except asyncio.CancelledError:
            err.print(f"{done.texts} of {total} prompts were rendered, and are kept")
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


def _offered(settings: Settings) -> list[str]:
    """All that the served questionnaires say: a daemon needs it, so that nothing of it may be evicted."""
    from bridge.dialogue.loader import load_folder  # noqa: PLC0415
    from bridge.dialogue.prompts import prompt_texts  # noqa: PLC0415

    try:
        return prompt_texts(load_folder(settings.questionnaires.folder).values())
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
