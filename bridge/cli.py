"""The `hatif` command: one noun or verb each, with help and an example. It parses and prints; others do."""

import sys
from collections.abc import Sequence
from enum import StrEnum
from importlib.metadata import version
from itertools import zip_longest
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NoReturn

import msgspec
import typer
from rich.markup import escape
from rich.table import Table
from typer.core import TyperGroup

from bridge.audit.commands import mount as mount_audit
from bridge.authoring.commands import mount as mount_authoring
from bridge.authoring.graph.commands import mount as mount_drawing
from bridge.authoring.simulation.commands import mount as mount_playing
from bridge.bench.commands import mount as mount_bench
from bridge.calls_command import calls_app
from bridge.carriers.call_command import mount as mount_call
from bridge.carriers.commands import carrier_app, known_provider
from bridge.clock import Clock
from bridge.collecting import uncollected
from bridge.console import (
    EXIT_REFUSED,
    EXIT_WRONG,
    Config,
    Json,
    err,
    looks_table,
    out,
    run_quietly,
    settings_of,
)
from bridge.content import DEFAULT_CONFIG
from bridge.control_commands import mount as mount_control
from bridge.doctor.commands import mount as mount_doctor
from bridge.errors import BridgeError
from bridge.identity.commands import mount as mount_identity
from bridge.interop.commands import mount as mount_interop
from bridge.models.commands import models_app
from bridge.privacy.commands import mount as mount_privacy
from bridge.read_command import mount as mount_reading
from bridge.rendering.commands import mount as mount_rendering
from bridge.reports import STDOUT, write_report
from bridge.say_command import mount as mount_saying
from bridge.storage_commands import mount as mount_storage
from bridge.transcript_command import mount as mount_transcripts
from bridge.understand_command import understand_command
from bridge.verification.commands import mount as mount_verification
from bridge.voices.commands import mount as mount_voices

if TYPE_CHECKING:
    from bridge.storage.consents import StoredConsent

__all__ = ["main"]

SHORT_ID = 12  # characters of a call's id: `answers show` takes a beginning

# What `hatif --help` shows, in this order: what runs, what an operator looks at, and the tools.
PANELS = {
    "Run": ("serve", "check", "reload", "drain", "undrain"),
    "Watch": ("status", "calls", "answers", "notifications", "transcript", "doctor", "verify"),
    "Try": ("demo", "call", "carrier", "bench"),
    "Questionnaires": ("questionnaire", "understand", "read"),
    "Voices, prompts and models": ("say", "render", "voices", "models"),
    "Data and people": ("db", "privacy", "subject"),
    "Access": ("keys", "token", "audit"),
}


class _InPanels(TyperGroup):
    """Commands by panel; those of no panel come first, so that they are missed."""

    def list_commands(self, ctx: Any) -> list[str]:  # the parser that typer brings along is not public
        known = [name for names in PANELS.values() for name in names]
        return sorted(super().list_commands(ctx), key=lambda name: known.index(name) if name in known else -1)


app = typer.Typer(
    name="hatif",
    cls=_InPanels,
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode="rich",
    help="Hatif completes healthcare questionnaires by telephone, in Arabic, and never loses an answer.",
)
answers_app = typer.Typer(no_args_is_help=True, help="Look at stored calls and answers.")
notifications_app = typer.Typer(no_args_is_help=True, help="Callers who may be in danger: who has seen it?")
questionnaire_app = typer.Typer(
    no_args_is_help=True, help="Write, check, play, draw and exchange questionnaires."
)
token_app = typer.Typer(no_args_is_help=True, help="Make short-lived credentials, and take them back.")
app.add_typer(answers_app, name="answers")
app.add_typer(calls_app, name="calls")
app.add_typer(carrier_app, name="carrier")
app.add_typer(models_app, name="models")
app.add_typer(notifications_app, name="notifications")
app.add_typer(questionnaire_app, name="questionnaire")
app.add_typer(token_app, name="token")
mount_interop(questionnaire_app, answers_app)
mount_authoring(questionnaire_app)
mount_playing(questionnaire_app)
mount_drawing(questionnaire_app)
mount_saying(app)
mount_transcripts(app, token_app)
mount_identity(app, token_app)
mount_reading(app)
mount_voices(app)
mount_rendering(app)
mount_doctor(app)
mount_verification(app)
mount_storage(app)
mount_privacy(app)
mount_audit(app)
mount_control(app)
mount_call(app)
mount_bench(app)
app.command("understand")(understand_command)


class CallerKind(StrEnum):
    """Who speaks in the demonstration."""

    SYNTHETIC = "synthetic"
    RECORDED = "recorded"


def main() -> None:
    """Run the command; a failure is one sentence and an exit status, never a traceback."""
    try:
        app(args=_with_json_target(sys.argv[1:]))
    except BridgeError as error:
        _refuse(error)
    except KeyboardInterrupt:
        err.print("interrupted")
        sys.exit(130)  # 128 + SIGINT, as shells count


def _with_json_target(arguments: Sequence[str]) -> list[str]:
    """`--json` without a file means standard output; the parser knows no option with an optional value."""
    completed: list[str] = []
    for argument, following in zip_longest(arguments, arguments[1:]):
        completed.append(argument)
        if argument == "--json" and (following is None or following.startswith("--")):
            completed.append(str(STDOUT))
    return completed


def _refuse(error: BridgeError) -> NoReturn:
    err.print(f"[bold red]hatif:[/] {escape(str(error))}", highlight=False, soft_wrap=True)
    sys.exit(EXIT_REFUSED)


# The daemon


@app.command()
def serve(config: Config = None) -> None:
    """Run the daemon: take calls until SIGTERM or Ctrl-C.

    The first signal lets running calls finish; a second one ends them with a goodbye, a third without.
    Answers are on disk in any case. SIGUSR1 (`hatif drain`) lets them finish, and the daemon go on.
    SIGHUP reads questionnaires and configuration again, for new calls; running ones go on as they began.

    Example: [bold]hatif serve --config /etc/hatif/config.yaml[/]
    """
    with uncollected():
        from bridge.app import Daemon  # noqa: PLC0415 - the engines are heavy; `hatif --help` is not
        from bridge.core_dumps import forbid_memory_dumps  # noqa: PLC0415
        from bridge.crew.crew import Crew  # noqa: PLC0415
        from bridge.loop import run  # noqa: PLC0415
        from bridge.telemetry import logs  # noqa: PLC0415

    forbid_memory_dumps()
    settings = settings_of(config)
    logs.configure(settings.log.level, settings.log.format, sys.stderr)
    crew = Crew.forked(settings) if settings.workers > 1 else None
    run(Daemon(settings, lambda: settings_of(config), crew).run())


@app.command()
def check(config: Config = None) -> None:
    """Look at configuration, questionnaires, model and disk, and report all that is wrong at once.

    Example: [bold]hatif check --config /etc/hatif/config.yaml[/]
    """
    from bridge.checkup import Verdict, examine  # noqa: PLC0415

    looks = {
        Verdict.GOOD: "[green]good[/]",
        Verdict.WARNING: "[yellow]warning[/]",
        Verdict.BAD: "[red]bad[/]",
    }
    findings = examine(config or DEFAULT_CONFIG)
    table = looks_table("", "what", "how it is")
    for finding in findings:
        table.add_row(looks[finding.verdict], finding.subject, escape(finding.detail))
    out.print(table)
    bad = sum(finding.verdict is Verdict.BAD for finding in findings)
    if bad:
        err.print(f"{bad} of {len(findings)} must be mended before the daemon can serve")
        raise typer.Exit(EXIT_WRONG)


# Calls


@app.command()
def demo(  # noqa: PLR0917 - a command's options
    provider: Annotated[
        str, typer.Option(help="Whose protocol the call speaks.", callback=known_provider, metavar="NAME")
    ] = "maqsam",
    fast: Annotated[
        bool, typer.Option("--fast", help="Compress silence: the same call, four times as fast.")
    ] = False,
    answers: Annotated[Path | None, typer.Option(help="What the caller answers (YAML).")] = None,
    caller: Annotated[
        CallerKind, typer.Option(help="A synthetic voice, or recordings.")
    ] = CallerKind.SYNTHETIC,
    speech: Annotated[
        Path | None, typer.Option(help="The recordings: DIR/WORD/SPEAKER_NO_ROUND.ulaw.")
    ] = None,
    speaker: Annotated[str, typer.Option(help="Whose recordings.")] = "00000012",
    take: Annotated[str, typer.Option("--round", help="Which round of the recordings.")] = "01",
    voice: Annotated[str, typer.Option(help="The synthetic caller's espeak-ng voice.")] = "ar+Denis",
    keep: Annotated[Path | None, typer.Option(help="Keep database, log and WAV in this folder.")] = None,
    port: Annotated[int | None, typer.Option(help="The daemon's port; a free one by default.")] = None,
    json: Json = None,
) -> None:
    """Place one whole call in Arabic to the real daemon, and watch it being heard, understood and stored.

    Examples: [bold]hatif demo[/]   [bold]hatif demo --provider twilio --fast --json report.json[/]
    """
    from bridge.demo.options import CallerKind as Caller  # noqa: PLC0415
    from bridge.demo.options import DemoOptions  # noqa: PLC0415
    from bridge.demo.story import run_demo  # noqa: PLC0415

    options = DemoOptions(
        provider=provider,
        fast=fast,
        answers=answers,
        caller=Caller(caller),
        speech=speech,
        speaker=speaker,
        take=take,
        voice=voice,
        keep=keep,
        port=port,
        json=json,
    )
    raise typer.Exit(run_quietly(lambda: run_demo(options)))


# Answers


@answers_app.command("list")
def answers_list(
    config: Config = None,
    limit: Annotated[int, typer.Option(min=1, help="How many calls, the newest first.")] = 20,
    json: Json = None,
) -> None:
    """List the latest calls and how many answers each gave.

    Example: [bold]hatif answers list --limit 5[/]
    """
    from bridge.archive import list_calls  # noqa: PLC0415

    settings = settings_of(config)
    calls = run_quietly(lambda: list_calls(settings.database, Clock(), limit))
    if json is not None:
        write_report(calls, json)
        return
    table = Table("call", "began", "provider", "questionnaire", "answers", "ended")
    for one in calls:
        began = one.started_at.astimezone().strftime("%Y-%m-%d %H:%M:%S")
        ended = one.disposition or "in progress"
        table.add_row(one.call_id[:SHORT_ID], began, one.provider, one.questionnaire, str(one.answers), ended)
    out.print(table)


@answers_app.command("show")
def answers_show(
    call_id: Annotated[str, typer.Argument(help="The call's id, or its beginning.")],
    config: Config = None,
    json: Json = None,
) -> None:
    """Show one call: its answers and consents, and what was heard turn by turn.

    Example: [bold]hatif answers show 3f2a[/]
    """
    from bridge.archive import show_call  # noqa: PLC0415

    settings = settings_of(config)
    shown = run_quietly(lambda: show_call(settings.database, Clock(), call_id))
    if json is not None:
        write_report(shown, json)
        return
    table = Table(
        "item", "value", "status", "via", "tries", "read back", "heard", title=f"call {shown.call.call_id}"
    )
    for answer in shown.answers:
        value = "" if answer.value is None else msgspec.json.encode(answer.value).decode()
        confirmed = "yes" if answer.confirmed else ""
        row = (answer.item, value, answer.status, answer.via, str(answer.tries), confirmed, answer.closed)
        table.add_row(*row)
    out.print(table)
    if shown.consents:
        out.print(_consents(shown.consents))
    turns = Table("turn", "item", "input", "meaning", "reply after", "spoken by", "heard")
    for turn in shown.turns:
        reply = "" if turn.total_ms is None else f"{turn.total_ms:.0f} ms"
        spoken = (reply, turn.spoken_by, turn.closed)
        turns.add_row(str(turn.index), turn.item or "", turn.input, turn.meaning, *spoken)
    out.print(turns)


def _consents(consents: Sequence["StoredConsent"]) -> Table:
    table = Table("consent to", "status", "turn", "heard", "via", "read back", "words (SHA-256)")
    for one in consents:
        told = "acknowledged" if one.acknowledged else "by our clock"
        heard = f"{one.heard_seconds:.1f} of {one.prompt_seconds:.1f} s, {told}" if one.prompt_hash else ""
        read_back = "yes" if one.read_back else ""
        row = (one.purpose, one.status, str(one.turn_index), heard, one.via, read_back, one.prompt_hash[:12])
        table.add_row(*row)
    return table


@answers_app.command("sound")
def answers_sound(
    call_id: Annotated[str, typer.Argument(help="The call's id, or its beginning.")],
    to: Annotated[Path, typer.Option(help="The folder for the WAV files.")],
    config: Config = None,
) -> None:
    """Write the answers of one call that are kept as sound to WAV files: names, messages, free text.

    Example: [bold]hatif answers sound 3f2a --to sounds[/]
    """
    from bridge.archive import save_sounds  # noqa: PLC0415

    settings = settings_of(config)
    files = run_quietly(lambda: save_sounds(settings.database, Clock(), call_id, to))
    for file in files:
        out.print(escape(str(file)), soft_wrap=True)
    if not files:
        err.print("no answer of this call is kept as sound")


# Notifications


@notifications_app.command("list")
def notifications_list(
    config: Config = None,
    everything: Annotated[bool, typer.Option("--all", help="Also what somebody has seen.")] = False,
    json: Json = None,
) -> None:
    """List callers who may be in danger and whom nobody has seen to, the oldest first.

    Example: [bold]hatif notifications list[/]
    """
    from bridge.archive import list_notifications  # noqa: PLC0415

    settings = settings_of(config)
    path = settings.database
    notices = run_quietly(lambda: list_notifications(path, Clock(), only_open=not everything))
    if json is not None:
        write_report(notices, json)
        return
    table = Table("call", "at", "escalation", "because of", "item", "told", "see it by", "seen by")
    for one in notices:
        times = (one.at, one.delivered_at, one.acknowledge_by)
        at, told, by = (
            "" if time is None else time.astimezone().strftime("%d %b %H:%M:%S") for time in times
        )
        cells = (one.call_id[:SHORT_ID], at, one.escalation, one.reason, one.item or "", told, by)
        table.add_row(*cells, one.acknowledged_by or "")
    out.print(table)


@notifications_app.command("acknowledge")
def notifications_acknowledge(
    call_id: Annotated[str, typer.Argument(help="The call's id, or its beginning.")],
    by: Annotated[str, typer.Option(help="Who has seen it: a name or a role.")],
    config: Config = None,
) -> None:
    """Note that somebody has seen what is open about a call, and sees to the caller.

    Example: [bold]hatif notifications acknowledge 3f2a --by "nurse on call"[/]
    """
    from bridge.archive import acknowledge  # noqa: PLC0415

    settings = settings_of(config)
    seen = run_quietly(lambda: acknowledge(settings.database, Clock(), call_id, by))
    if not seen:
        err.print("nothing is open about this call")
        raise typer.Exit(EXIT_WRONG)
    for one in seen:
        out.print(f"{one.escalation}: acknowledged by {escape(by)}", soft_wrap=True)


# Credentials


@token_app.command("stream")
def token_stream(
    provider: Annotated[
        str, typer.Option(help="Whose media socket it opens.", callback=known_provider, metavar="NAME")
    ] = "twilio",
    questionnaire: Annotated[str | None, typer.Option(help="The questionnaire's id.")] = None,
    config: Config = None,
) -> None:
    """Print a token that opens one media socket, once, within tokens.stream_seconds.

    Example: [bold]wss://your.host/ws/twilio/$(hatif token stream)[/]
    """
    from bridge.identity.streams import StreamTokens  # noqa: PLC0415

    settings = settings_of(config)
    if settings.tokens.secret is None:
        _refuse(
            BridgeError(
                "tokens.secret is not configured: set HATIF_TOKENS__SECRET to 32 random characters or more"
            )
        )
    tokens = StreamTokens(settings.tokens.secret.get_secret_value())
    typer.echo(
        tokens.issue(provider=provider, questionnaire=questionnaire, seconds=settings.tokens.stream_seconds)
    )


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"hatif {version('hatif')}")
        raise typer.Exit


def _put_into_panels() -> None:
    panel_of = {name: panel for panel, names in PANELS.items() for name in names}
    for command in app.registered_commands:
        name = command.name or getattr(command.callback, "__name__", "")
        command.rich_help_panel = panel_of.get(str(name))
    for group in app.registered_groups:
        group.rich_help_panel = panel_of.get(str(group.name))


@app.callback()
def hatif(
    _version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Say which.")
    ] = False,
) -> None:
    """Hatif completes healthcare questionnaires by telephone, in Arabic, and never loses an answer."""


_put_into_panels()
