"""`hatif questionnaire check|list|new|schema`: parse and print; others do the work."""

from pathlib import Path
from typing import Annotated

import typer

from bridge.console import EXIT_REFUSED, EXIT_WRONG, Config, Json, err, out, settings_of
from bridge.reports import STDOUT, write_new, write_report

__all__ = ["mount"]


def mount(questionnaire_app: typer.Typer) -> None:
    """Add the commands to their group."""
    questionnaire_app.command("check")(check)
    questionnaire_app.command("list")(list_questionnaires)
    questionnaire_app.command("new")(new)
    questionnaire_app.command("schema")(schema)


def check(
    files: Annotated[
        list[Path] | None, typer.Argument(help="Files, or folders of them; the configured folder by default.")
    ] = None,
    strict: Annotated[bool, typer.Option("--strict", help="Warnings count: exit with 1.")] = False,
    every: Annotated[
        bool, typer.Option("--all", help="Show accepted warnings too, each with its reason.")
    ] = False,
    config: Config = None,
    json: Json = None,
) -> None:
    """Find every fault of a questionnaire, what callers may stumble over, and how long a call takes.

    A fault is named as file:line:column: field: what is wrong; what would be right. Without faults follow
    warnings: items that no call comes to, words that mean two things or are not in the model, wording. One
    that has to stay is accepted beside its item: accept_warnings: {negative: "why"}.

    Exits with 0, with 1 where --strict is given and there are warnings, and with 2 where there are faults.

    Examples: [bold]hatif questionnaire check questionnaires/phq9.yaml[/]
    [bold]hatif questionnaire check --strict questionnaires --json report.json[/]
    """
    from bridge.authoring.checking.examination import examine, files_in  # noqa: PLC0415 - help is light
    from bridge.authoring.checking.screen import show, summary  # noqa: PLC0415
    from bridge.authoring.checking.surroundings import surroundings_of  # noqa: PLC0415

    settings = settings_of(config)
    surroundings = surroundings_of(settings)
    report = examine(files_in(files or [settings.questionnaires.folder]), surroundings)
    if json is not None:
        write_report(report, json)
    if json != STDOUT:
        show(report, out, with_accepted=every)
    if surroundings.model_problem:
        err.print(f"[yellow]words are not looked up:[/] {surroundings.model_problem}", soft_wrap=True)
    err.print(summary(report))
    if report.faults:
        raise typer.Exit(EXIT_REFUSED)
    if strict and report.warnings:
        raise typer.Exit(EXIT_WRONG)


def list_questionnaires(
    folder: Annotated[Path | None, typer.Argument(help="The configured folder by default.")] = None,
    config: Config = None,
    json: Json = None,
) -> None:
    """List the questionnaires of a folder: id, version, status, items, minutes of a call, title.

    Examples: [bold]hatif questionnaire list[/]   [bold]hatif questionnaire list drafts --json -[/]
    """
    from bridge.authoring.checking.examination import files_in, survey  # noqa: PLC0415
    from bridge.authoring.checking.screen import show_list  # noqa: PLC0415
    from bridge.authoring.checking.surroundings import surroundings_of  # noqa: PLC0415

    settings = settings_of(config)
    files = files_in([folder or settings.questionnaires.folder])
    found = survey(files, surroundings_of(settings))
    if json is not None:
        write_report([one.facts for one in found.files if one.facts], json)
    if json != STDOUT:
        show_list(found, out)
    for fault in (fault for file in found.files for fault in file.faults):
        err.print(str(fault), soft_wrap=True, highlight=False, markup=False)
    if found.faults:
        raise typer.Exit(EXIT_REFUSED)


def new(
    questionnaire_id: Annotated[str, typer.Argument(metavar="ID", help="Small letters, digits, _.")],
    to: Annotated[
        Path | None, typer.Option(help="The file to write; ID.yaml by default, - for standard output.")
    ] = None,
    title: Annotated[str, typer.Option(help="What it is about, for readers.")] = "استبيان جديد",
) -> None:
    """Begin a questionnaire: small, complete, with comments that explain it. No file is ever overwritten.

    Examples: [bold]hatif questionnaire new knee_pain --title "آلام الركبة"[/]
    [bold]hatif questionnaire new knee_pain --to questionnaires/knee_pain.yaml[/]
    """
    from bridge.authoring.scaffold import scaffold  # noqa: PLC0415

    target = to or Path(f"{questionnaire_id}.yaml")
    write_new(scaffold(questionnaire_id, title), target)
    if target != STDOUT:
        out.print(f"{target} is written; look at it with: hatif questionnaire check {target}", soft_wrap=True)


def schema(
    to: Annotated[Path, typer.Option(help="The file to write; standard output by default.")] = STDOUT,
) -> None:
    """Write the JSON Schema of questionnaires, by which editors complete and check what is typed.

    Example: [bold]hatif questionnaire schema --to questionnaires/schema.json[/]
    """
    from bridge.authoring.schema import questionnaire_schema  # noqa: PLC0415

    write_report(questionnaire_schema(), to)
