"""`hatif carrier list|options|run|dial`: parse and print; others do the work."""

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import msgspec
import typer
from rich.box import SIMPLE
from rich.markup import escape
from rich.table import Table

from bridge.carriers.faults import Fault
from bridge.console import EXIT_WRONG, counting_progress, out, run_quietly, settings_of
from bridge.reports import STDOUT, write_report
from protocols.base import Ending
from protocols.provider import Door, Provider
from protocols.registry import PROVIDERS

if TYPE_CHECKING:
    from bridge.carriers.running import RunReport

__all__ = ["carrier_app", "known_provider"]

carrier_app = typer.Typer(
    no_args_is_help=True,
    help="Providers: what each can do and takes, and simulated calls as each makes them.",
)


def known_provider(name: str) -> str:
    """The name of a provider; a callback of an option.

    Raises:
        BadParameter: there is none of that name.

    """
    if name not in PROVIDERS:
        raise typer.BadParameter(f"{name!r} is none of {', '.join(sorted(PROVIDERS))}")
    return name


_ENDINGS = {Ending.IN_BAND: "message", Ending.CLOSE: "close", Ending.REST: "REST", Ending.NEVER: ""}

Named = Annotated[str, typer.Argument(help="A provider's name.", callback=known_provider, metavar="NAME")]


@carrier_app.command("list")
def list_carriers() -> None:
    """Show every provider and what it can do.

    Example: [bold]hatif carrier list[/]
    """
    table = Table(
        "name", "let in by", "keys", "acks", "clear", "hang-up", "transfer", "hook", "dials", box=SIMPLE
    )
    table.columns[0].no_wrap = True
    for name, each in sorted(PROVIDERS.items()):
        table.add_row(name, *_abilities(each))
    out.print(table)
    out.print("acks: it tells what was heard. clear: what was sent can be dropped.", style="dim")
    out.print("hook: its webhook is answered. dials: calls can be placed.", style="dim")


@carrier_app.command("options")
def show_options(provider: Named) -> None:
    """Show what a provider takes in config.yaml, ready to be copied, and where it is to connect.

    Example: [bold]hatif carrier options telnyx[/]
    """
    out.print("\n".join(_as_yaml(PROVIDERS[provider])), markup=False, soft_wrap=True)


@carrier_app.command("run")
def run_carrier(  # noqa: PLR0917 - a command's options
    url: Annotated[str, typer.Argument(help="Its media socket: ws://, wss://, or tcp:// for audiosocket.")],
    provider: Annotated[
        str, typer.Option(help="Whose calls to make.", callback=known_provider, metavar="NAME")
    ] = "maqsam",
    faults: Annotated[
        str, typer.Option(help=f"How to misbehave, by commas: {', '.join(Fault)}.", metavar="NAME,…")
    ] = "",
    calls: Annotated[int, typer.Option(min=1, max=10000, help="How many calls.")] = 1,
    at_once: Annotated[int, typer.Option(min=1, max=1000, help="How many at the same time.")] = 10,
    token: Annotated[str | None, typer.Option(help="The credential, as the provider would show it.")] = None,
    issue: Annotated[
        bool,
        typer.Option("--issue", help="Make a stream token for each call, by tokens.secret."),
    ] = False,
    keys: Annotated[str, typer.Option(help="What the caller presses at each turn.")] = "1",
    max_seconds: Annotated[float, typer.Option(min=1, help="The longest that a call may take.")] = 300.0,
    seed: Annotated[int, typer.Option(min=0, help="Of chance: the same faults again.")] = 0,
    config: Annotated[Path | None, typer.Option(help="config.yaml, for --issue.")] = None,
    json: Annotated[Path | None, typer.Option(help="Write the report as JSON; - is standard output.")] = None,
) -> None:
    """Make calls as a provider does, good or bad, to any Hatif or any server of that wire.

    Examples: [bold]hatif carrier run ws://127.0.0.1:8080/ws/maqsam --calls 20[/]
    [bold]hatif carrier run ws://127.0.0.1:8080/ws/twilio --provider twilio --faults dup,late-marks --issue[/]
    """
    from bridge.carriers.running import RunOptions, run_calls  # noqa: PLC0415 - help is light

    options = RunOptions(
        url=url,
        provider=provider,
        tokens=_issued(provider, calls, config) if issue else (token,),
        calls=calls,
        at_once=at_once,
        faults=_faults(faults, provider),
        keys=keys,
        max_seconds=max_seconds,
        seed=seed,
    )
    with counting_progress() as progress:
        counted = progress.add_task("calls", total=calls)
        report = run_quietly(lambda: run_calls(options, on_end=lambda _: progress.advance(counted)))
    if json is not None:
        write_report(report, json)
    if json != STDOUT:
        _print(report)
    if report.refused or report.protocol_errors or report.unheard:
        raise typer.Exit(EXIT_WRONG)


@carrier_app.command("dial")
def dial(  # noqa: PLR0917 - a command's options
    provider: Named,
    to: Annotated[str, typer.Option(help="Whom to call, with the country: +966…")],
    from_: Annotated[str, typer.Option("--from", help="The number that is shown: one of yours there.")],
    questionnaire: Annotated[str | None, typer.Option(help="Its id; the default one without.")] = None,
    ring_seconds: Annotated[int, typer.Option(min=5, max=120, help="How long it rings.")] = 30,
    detect_machine: Annotated[
        bool, typer.Option("--detect-machine", help="Have the provider tell an answering machine.")
    ] = False,
    config: Annotated[Path | None, typer.Option(help="config.yaml of the daemon that will ask.")] = None,
) -> None:
    """Have a provider call one person, whom the running daemon then asks a questionnaire.

    Example: [bold]hatif carrier dial twilio --to +966500000001 --from +966110000001 --questionnaire phq2[/]
    """
    from bridge.dialling import Wanted, place  # noqa: PLC0415

    wanted = Wanted(
        provider=provider,
        to=to,
        from_=from_,
        questionnaire=questionnaire,
        ring_seconds=ring_seconds,
        detect_machine=detect_machine,
    )
    settings = settings_of(config)
    placed = run_quietly(lambda: place(wanted, settings))
    named = placed.provider_call_id or "a call that it has not named yet"
    out.print(f"{provider} is dialling: {named}, {placed.questionnaire}", soft_wrap=True)


def _abilities(each: Provider[Any]) -> Iterator[str]:
    able = each.capabilities
    yield {Door.TOKEN: "token", Door.CREDENTIAL: "upgrade"}.get(each.door, "message")
    yield "sent" if able.sends_keys else "tones"
    yield _mark(able.acknowledges_playback) if able.plays else "listens"
    yield _mark(able.can_clear) if able.plays else ""
    yield _ENDINGS[able.hang_up]
    yield _ENDINGS[able.transfer]
    yield _mark(each.webhooks is not None)
    yield _mark(each.control is not None)


def _mark(is_so: bool) -> str:
    return "✓" if is_so else ""


def _as_yaml(provider: Provider[Any]) -> Iterator[str]:
    yield f"# {provider.title}"
    yield "providers:"
    yield f"  {provider.name}:"
    for field in msgspec.structs.fields(provider.options):
        (meta,) = [note for note in field.type.__metadata__ if isinstance(note, msgspec.Meta)]
        written = f"    {field.name}: {msgspec.json.encode(field.default).decode()}"
        yield f"{written:<32} # {meta.description}"
    yield ""
    last = "TOKEN" if provider.door is Door.TOKEN else "[QUESTIONNAIRE]"
    yield f"# media socket: wss://YOUR.HOST/ws/{provider.name}/{last}"
    if provider.webhooks is not None:
        yield f"# webhooks: https://YOUR.HOST/webhooks/{provider.name}/answer[/QUESTIONNAIRE] and …/status"
    if provider.application is not None:
        yield f"# or, for both: wss://YOUR.HOST/application/{provider.name}[/QUESTIONNAIRE]"


def _faults(listed: str, provider: str) -> tuple[Fault, ...]:
    from bridge.carriers.registry import is_applicable  # noqa: PLC0415

    names = [name.strip() for name in listed.split(",") if name.strip()]
    unknown = sorted(set(names) - set(Fault))
    if unknown:
        raise typer.BadParameter(f"{', '.join(unknown)}: faults are {', '.join(Fault)}")
    faults = tuple(map(Fault, names))
    if not all(is_applicable(fault, provider) for fault in faults):
        raise typer.BadParameter(f"{Fault.ALAW} is not applicable to {provider}: its wire cannot announce it")
    return faults


def _issued(provider: str, calls: int, config: Path | None) -> list[str | None]:
    """A stream token for each call; they are good for as long as all calls may take to begin."""
    from bridge.identity.streams import StreamTokens  # noqa: PLC0415

    secret = settings_of(config).tokens.secret
    if secret is None:
        raise typer.BadParameter("--issue needs tokens.secret: set HATIF_TOKENS__SECRET as the server has it")
    tokens = StreamTokens(secret.get_secret_value())
    return [tokens.issue(provider=provider, seconds=3600) for _ in range(calls)]


def _print(report: "RunReport") -> None:
    table = Table("call", "ended by", "code", "lasted", "heard", "frames", "cut", "marks", box=SIMPLE)
    for number, one in enumerate(report.outcomes, 1):
        first = f"{one.first_heard_seconds:.1f} s" if one.first_heard_seconds is not None else ""
        table.add_row(
            str(number),
            one.ended_by,
            str(one.close_code or one.http_status or ""),
            f"{one.seconds:.1f} s",
            first,
            str(one.frames_heard),
            str(one.cleared),
            str(one.marks),
        )
    out.print(table)
    for detail in sorted({one.detail for one in report.outcomes} - {""}):
        out.print(escape(detail), soft_wrap=True)
    good = len(report.outcomes) - report.refused - report.protocol_errors - report.unheard
    became = "taken and spoken to" if report.is_spoken_to else "taken and listened to"
    out.print(f"{good} of {len(report.outcomes)} calls were {became}", soft_wrap=True)
