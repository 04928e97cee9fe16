"""`hatif questionnaire simulate`: it parses, reads lines and prints; others play."""

import sys
from contextlib import ExitStack
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from bridge.console import EXIT_WRONG, Config, Json, err, out, settings_of
from bridge.reports import STDOUT, write_new, write_report

if TYPE_CHECKING:
    from bridge.authoring.simulation.screen import Screen
    from bridge.authoring.simulation.simulating import Simulation
    from bridge.authoring.simulation.voice import VoiceAndEars
    from bridge.config import Settings
    from bridge.dialogue.context import CallContext
    from bridge.dialogue.questionnaire import Questionnaire

__all__ = ["mount"]

KeyValues = list[str] | None


class DialectName(StrEnum):
    """The dialects that a caller may hear."""

    MSA = "msa"
    GLF = "glf"
    EGY = "egy"
    LEV = "lev"


class GenderName(StrEnum):
    """Whom a sentence may be addressed to."""

    F = "f"
    M = "m"


def mount(questionnaire_app: typer.Typer) -> None:
    """Add the command to its group."""
    questionnaire_app.command("simulate")(simulate_questionnaire)


def simulate_questionnaire(  # noqa: PLR0917 - a command's options
    questionnaire: Annotated[str, typer.Argument(help="Its file or id.")],
    dialect: Annotated[DialectName | None, typer.Option(help="The dialect that the caller hears.")] = None,
    gender: Annotated[GenderName | None, typer.Option(help="The patient's, for gendered sentences.")] = None,
    call: Annotated[
        KeyValues, typer.Option(help="A parameter, or today, hour, attempt …: doctor=… today=2026-11-21")
    ] = None,
    patient: Annotated[
        KeyValues, typer.Option(help="What is known of the patient: first_name=مريم birth_year=1980")
    ] = None,
    site: Annotated[KeyValues, typer.Option(help="A fact of the site: crisis_number=937")] = None,
    answers: Annotated[
        Path | None, typer.Option(help="Play the lines of this file; piped standard input is played too.")
    ] = None,
    voice: Annotated[
        bool, typer.Option("--voice", help="Speak every typed line and hear it with the recogniser.")
    ] = False,
    vowels: Annotated[bool, typer.Option("--vowels", help="Show prompts with their vowel signs.")] = False,
    save: Annotated[Path | None, typer.Option(help="Keep the call as a golden dialogue, in YAML.")] = None,
    json: Json = None,
    config: Config = None,
) -> None:
    """Play a questionnaire in the terminal: hear its questions, type words or /keys, see what is understood.

    Words are typed as they are said, /1 or /130*80# presses keys, an empty line is silence, /state shows the
    state, /hangup or Ctrl-D hangs up. /over نعم or /over /1 comes while the prompt is spoken: lost where that
    may not be interrupted. /early نعم comes before a new question could be heard: it answers nothing, but
    wishes and danger are heard. Nothing is stored, and no time passes. Played lines that are left over when
    the call has ended give exit status 1.

    Examples: [bold]hatif questionnaire simulate phq9 --gender f --site crisis_number=937[/]
    [bold]hatif questionnaire simulate my.yaml --answers said.txt --save golden.yaml[/]
    """
    from bridge.authoring.choosing import chosen  # noqa: PLC0415 - `--help` is light
    from bridge.authoring.simulation.context import pairs  # noqa: PLC0415
    from bridge.authoring.simulation.report import golden_of, report_on  # noqa: PLC0415
    from bridge.authoring.simulation.screen import Screen  # noqa: PLC0415
    from bridge.authoring.simulation.simulating import Simulation  # noqa: PLC0415

    settings = settings_of(config)
    asked = chosen(questionnaire, settings)
    facts = settings.site.facts | pairs("--site", site or ())
    context = _context(asked, facts, call, patient, dialect, gender)
    screen = Screen(err if json == STDOUT else out, with_vowels=vowels)
    _warn(asked, facts, screen)
    with ExitStack() as stack:
        ears = stack.enter_context(_ears(asked, settings)) if voice else None
        simulation = Simulation(asked, context, ears)
        left = _play(simulation, screen, answers)
    report = report_on(simulation, left)
    screen.result(report)
    if save is not None:
        write_new(golden_of(simulation, save.stem.replace("_", " ")), save)
    if json is not None:
        write_report(report, json)
    if left:
        err.print(f"the call had ended, and {left} lines were left")
        raise typer.Exit(EXIT_WRONG)


def _context(  # noqa: PLR0917 - what the options gave
    questionnaire: "Questionnaire",
    site: dict[str, str],
    call: KeyValues,
    patient: KeyValues,
    dialect: DialectName | None,
    gender: GenderName | None,
) -> "CallContext":
    from bridge.authoring.simulation.context import pairs, played_context  # noqa: PLC0415
    from bridge.clock import Clock  # noqa: PLC0415
    from bridge.dialogue.dialects import Dialect  # noqa: PLC0415

    return played_context(
        questionnaire,
        now=Clock().now().astimezone(),
        site=site,
        call=pairs("--call", call or ()),
        patient=pairs("--patient", patient or ()),
        dialect=Dialect(dialect) if dialect else None,
        gender=gender,
    )


def _warn(questionnaire: "Questionnaire", site: dict[str, str], screen: "Screen") -> None:
    """Say what the daemon would not put up with."""
    from bridge.dialogue.targets import missing_site_facts  # noqa: PLC0415

    for name in missing_site_facts(questionnaire, site):
        screen.remark(
            f"site.{name} is not configured: hatif serve refuses this questionnaire; try --site {name}=…"
        )


def _ears(questionnaire: "Questionnaire", settings: "Settings") -> "VoiceAndEars":
    from bridge.authoring.simulation.voice import VoiceAndEars  # noqa: PLC0415
    from bridge.telemetry import logs  # noqa: PLC0415

    logs.configure("warning", "console", sys.stderr)
    return VoiceAndEars(questionnaire, settings.recogniser.model)


def _play(simulation: "Simulation", screen: "Screen", answers: Path | None) -> int:
    """Play to the end of the call, or of what there is to play; how many lines were left over."""
    from bridge.authoring.simulation.lines import MANUAL, Does  # noqa: PLC0415
    from bridge.authoring.simulation.sources import source_of  # noqa: PLC0415

    source = source_of(answers, screen.remark)
    screen.remark(MANUAL)
    screen.opens(simulation.opening)
    while (line := source.take(is_over=simulation.is_over)) is not None:
        if source.echoes:
            screen.typed(line.raw)
        if line.does is Does.STATE:
            screen.state(simulation.telephone.state)
        if line.does is Does.HELP:
            screen.remark(MANUAL)
        for played in simulation.play(line):
            screen.shows(played)
    return source.left
