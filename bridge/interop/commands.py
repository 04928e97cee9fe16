"""`hatif questionnaire export|import` and `hatif answers export`: parse and print; others do the work."""

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.markup import escape

from bridge.console import Config, counting_progress, err, out, run_quietly, settings_of
from bridge.interop.formats import AnswersFormat
from bridge.reports import write_new

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bridge.dialogue.questionnaire import Questionnaire
    from bridge.interop.answers.export import Plan
    from bridge.interop.losses import Loss
    from bridge.storage.place import Where

__all__ = ["mount"]

STDOUT = Path("-")
Canonical = Annotated[
    str | None, typer.Option(help="Where your site publishes its questionnaires, for FHIR: https://…/fhir.")
]


def mount(questionnaire_app: typer.Typer, answers_app: typer.Typer) -> None:
    """Add the commands to their groups."""
    questionnaire_app.command("export")(export_questionnaire)
    questionnaire_app.command("import")(import_questionnaire)
    answers_app.command("export")(export_answers)


def export_questionnaire(
    questionnaire: Annotated[str, typer.Argument(help="Its id or file.")],
    to: Annotated[Path, typer.Option(help="The file to write; standard output by default.")] = STDOUT,
    canonical: Canonical = None,
    config: Config = None,
) -> None:
    """Write a questionnaire as a FHIR R4 Questionnaire, and say what other readers will not understand.

    Examples: [bold]hatif questionnaire export phq9 --to phq9.json[/]
    [bold]hatif questionnaire export my.yaml --canonical https://clinic.example/fhir[/]
    """
    from bridge.interop.fhir.questionnaires import export_questionnaire as export  # noqa: PLC0415 - help is light
    from bridge.interop.files import write_json  # noqa: PLC0415

    exported = export(_questionnaire(questionnaire, config), canonical=canonical)
    write_json(exported.resource, to)
    _tell("not understood by other readers", exported.losses)


def import_questionnaire(
    file: Annotated[
        Path, typer.Argument(help="A FHIR R4 Questionnaire (.json) or an XLSForm (.xlsx, .xls).")
    ],
    to: Annotated[Path, typer.Option(help="The draft to write; standard output by default.")] = STDOUT,
    questionnaire_id: Annotated[
        str | None, typer.Option("--id", help="Its id here: small letters, digits, _.")
    ] = None,
) -> None:
    """Make a draft of a FHIR Questionnaire or an XLSForm, to be finished by its author.

    What could not be carried over is listed, and stands as TODO at the top of the draft.

    Examples: [bold]hatif questionnaire import intake.json --to questionnaires/intake.yaml[/]
    [bold]hatif questionnaire import survey.xlsx --id follow_up[/]
    """
    from bridge.interop.drafts import as_yaml  # noqa: PLC0415
    from bridge.interop.files import read_foreign  # noqa: PLC0415

    draft = read_foreign(file, questionnaire_id)
    write_new(as_yaml(draft, file.name), to)
    _tell("to do before it can be used", draft.losses)


def export_answers(  # noqa: PLR0917 - a command's options
    format_: Annotated[
        AnswersFormat, typer.Option("--format", "-f", help="wide and long are CSV; floip is Flow Results.")
    ] = AnswersFormat.LONG,
    to: Annotated[
        Path, typer.Option(help="The file, or for floip the folder; standard output by default.")
    ] = STDOUT,
    questionnaire: Annotated[str | None, typer.Option(help="Only calls of this questionnaire.")] = None,
    call: Annotated[str | None, typer.Option(help="Only this call: its id, or its beginning.")] = None,
    since: Annotated[datetime | None, typer.Option(help="Only calls that began then or later (UTC).")] = None,
    until: Annotated[datetime | None, typer.Option(help="Only calls that began before (UTC).")] = None,
    every_revision: Annotated[bool, typer.Option("--every-revision", help="Corrected answers too.")] = False,
    heard: Annotated[
        bool, typer.Option("--heard", help="What the recogniser heard, too (long, jsonl).")
    ] = False,
    pseudonym_key: Annotated[
        Path | None,
        typer.Option(
            envvar="HATIF_PSEUDONYM_KEY",
            help="A file with 16 random bytes or more: the same person is the same subject in all exports.",
        ),
    ] = None,
    canonical: Canonical = None,
    config: Config = None,
) -> None:
    """Export stored answers: CSV, XLSX, JSONL, Flow Results, or FHIR QuestionnaireResponses.

    Every row says which version of the questionnaire was asked, whether it was a draft, and how it ended.

    Examples: [bold]hatif answers export --format xlsx --to answers.xlsx[/]
    [bold]hatif answers export --format wide --questionnaire phq9 --since 2026-11-01 --to phq9.csv[/]
    [bold]hatif answers export --format fhir --call 3f2a[/]
    """
    from bridge.interop.answers.export import Plan, read_key  # noqa: PLC0415
    from bridge.interop.answers.writers import Wanted  # noqa: PLC0415
    from bridge.storage.pages import Selection  # noqa: PLC0415

    plan = Plan(
        format=format_,
        target=to,
        selection=Selection(
            questionnaire=questionnaire, call_beginning=call, since=_utc(since), until=_utc(until)
        ),
        wanted=Wanted(every_revision, heard),
        key=read_key(pseudonym_key) if pseudonym_key else None,
        canonical=canonical,
    )
    calls = _run(plan, settings_of(config).database)
    if to != STDOUT:
        out.print(f"{calls} calls exported to {to}", soft_wrap=True)


def _run(plan: "Plan", database: "Where") -> int:
    from bridge.archive import open_archive  # noqa: PLC0415
    from bridge.audit.entries import Action  # noqa: PLC0415
    from bridge.audit.log import note_locally  # noqa: PLC0415
    from bridge.clock import Clock  # noqa: PLC0415
    from bridge.interop.answers.export import export_answers as export  # noqa: PLC0415

    async def run() -> int:
        clock = Clock()
        async with open_archive(database, clock) as store:
            await note_locally(store, database, Action.ANSWERS_EXPORT, _named(plan))
            with counting_progress() as progress:
                task = progress.add_task("exporting calls", total=None)
                return await export(
                    store,
                    plan,
                    now=clock.now(),
                    on_progress=lambda done: progress.update(task, completed=done),
                )

    return run_quietly(run)


def _named(plan: "Plan") -> str:
    """What is exported, for the audit log: `questionnaire=phq9,call=3f2a`, or `*` for all."""
    chosen = {"questionnaire": plan.selection.questionnaire, "call": plan.selection.call_beginning}
    return ",".join(f"{name}={value}" for name, value in chosen.items() if value) or "*"


def _questionnaire(name: str, config: Path | None) -> "Questionnaire":
    from bridge.dialogue.loader import load, load_folder  # noqa: PLC0415
    from bridge.interop.losses import InteropError  # noqa: PLC0415

    if name.endswith((".yaml", ".yml")):
        return load(Path(name))
    known = load_folder(settings_of(config).questionnaires.folder)
    if name not in known:
        raise InteropError(f"no questionnaire {name!r}; there are: {', '.join(sorted(known))}")
    return known[name]


def _utc(moment: datetime | None) -> datetime | None:
    return moment.replace(tzinfo=UTC) if moment else None


def _tell(what: str, losses: "Sequence[Loss]") -> None:
    if losses:
        err.print(f"[yellow]{what}:[/]")
    for loss in losses:
        err.print(f"  {escape(str(loss))}", soft_wrap=True, highlight=False)
