"""`hatif questionnaire graph`: it parses and writes; others draw."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from bridge.console import Config, out, settings_of
from bridge.reports import STDOUT, ReportError

__all__ = ["mount"]


def mount(questionnaire_app: typer.Typer) -> None:
    """Add the command to its group."""
    questionnaire_app.command("graph")(graph_questionnaire)


def graph_questionnaire(
    questionnaire: Annotated[str, typer.Argument(help="Its file or id.")],
    to: Annotated[Path, typer.Option(help="The SVG to write; standard output by default.")] = STDOUT,
    config: Config = None,
) -> None:
    """Draw the flow of a questionnaire as SVG: questions, guards, ways out, for any browser and for print.

    Example: [bold]hatif questionnaire graph phq9 --to phq9.svg[/]
    """
    from bridge.authoring.choosing import chosen  # noqa: PLC0415 - `--help` is light
    from bridge.authoring.graph.reading import chart_of  # noqa: PLC0415
    from bridge.authoring.graph.svg import draw  # noqa: PLC0415

    svg = draw(chart_of(chosen(questionnaire, settings_of(config))))
    if to == STDOUT:
        sys.stdout.write(svg)
        return
    _write(svg, to)
    out.print(f"{questionnaire} is drawn in {to}", soft_wrap=True, highlight=False)


def _write(svg: str, target: Path) -> None:
    try:
        target.write_text(svg, encoding="utf-8")
    except OSError as error:
        raise ReportError(f"{target} cannot be written: {error.strerror}") from None
