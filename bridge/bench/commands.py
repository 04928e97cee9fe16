"""`hatif bench`: parse, show and print; the others call."""

import asyncio
import contextlib
import signal
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Self

import typer
from rich.box import SIMPLE
from rich.markup import escape
from rich.progress import BarColumn, Progress, TaskID, TextColumn, TimeElapsedColumn
from rich.table import Table

from bridge.carriers.commands import known_provider
from bridge.console import EXIT_WRONG, Json, err, out, run_quietly, settings_of
from bridge.reports import STDOUT, write_report

if TYPE_CHECKING:
    from bridge.bench.benching import BenchOptions, Report
    from bridge.bench.load import Load

__all__ = ["mount"]

EXIT_INTERRUPTED = 130  # 128 + SIGINT, as shells count
SHOWN_TROUBLES = 5
FEW_TURNS = 20  # of which p95 is the slowest
WHOLE_FROM = 10  # milliseconds; smaller ones have a tenth


def mount(app: typer.Typer) -> None:
    """Add the command."""
    app.command("bench")(bench)


def bench(  # noqa: PLR0917 - a command's options
    url: Annotated[
        str,
        typer.Option(help="The server: ws://HOST:PORT or wss://HOST, or a media socket's whole address."),
    ],
    calls: Annotated[int, typer.Option(min=1, max=10000, help="At once; with --find, to begin with.")] = 10,
    find: Annotated[bool, typer.Option("--find", help="Look for as many as are borne.")] = False,
    most: Annotated[int, typer.Option(min=1, max=10000, help="With --find, no more than that.")] = 1000,
    provider: Annotated[
        str, typer.Option(help="Whose calls to make.", callback=known_provider, metavar="NAME")
    ] = "generic",
    token: Annotated[str | None, typer.Option(help="The credential, as the provider would show it.")] = None,
    config: Annotated[
        Path | None,
        typer.Option(
            "--config",
            "-c",
            help="The server's own config.yaml: credentials are made with its secrets, its metrics read.",
        ),
    ] = None,
    questionnaire: Annotated[
        str | None, typer.Option(help="What is asked; the server's default without it.")
    ] = None,
    script: Annotated[Path | None, typer.Option(help="What callers say and press, in order (YAML).")] = None,
    keys: Annotated[str, typer.Option(help="Pressed at every question where there is no script.")] = "1",
    speak: Annotated[
        float, typer.Option(min=0, max=1, help="The share of callers who speak; the others press keys.")
    ] = 0.5,
    over: Annotated[
        float, typer.Option(min=0, max=1, help="The share of what is said that begins over a prompt.")
    ] = 0.25,
    seconds: Annotated[float, typer.Option(min=1, help="How long is measured, of each load.")] = 30.0,
    settle: Annotated[float, typer.Option(min=0, help="Before that, with all calls there.")] = 5.0,
    per_second: Annotated[float, typer.Option(min=0.1, help="New calls; as calls.per_second there.")] = 5.0,
    reply_ms: Annotated[
        float, typer.Option(min=1, help="What 95 of 100 replies to speech may take, to be borne well.")
    ] = 1500.0,
    pacing_ms: Annotated[
        float, typer.Option(min=1, help="How uneven 99 of 100 pieces of prompts may come.")
    ] = 20.0,
    pid: Annotated[
        list[int] | None, typer.Option(help="The server's process here; found where it is not given.")
    ] = None,
    metrics: Annotated[str | None, typer.Option(help="Its metrics: http://HOST:PORT/metrics.")] = None,
    speed: Annotated[float, typer.Option(min=0.1, max=16, help="The server's clock.speed.")] = 1.0,
    caller: Annotated[str, typer.Option("--from", help="The callers' number.")] = "9621234567",
    callee: Annotated[str, typer.Option("--to", help="The called number.")] = "9621234566",
    json: Json = None,
) -> None:
    """Call a server many times at once and measure it: how it answers, how fast, and what a call costs.

    [bold]The calls are real: that server stores them and their answers[/], under the example number that
    `hatif verify` calls from, and whoever it tells of answers is told. Use a server that is there to be
    tried, or erase them afterwards (`hatif subject erase --number 9621234567`).

    Callers answer yes, or press --keys, at every question until the server hangs up, and then call again. At
    the end those in progress hang up. --find doubles the calls while they are borne well (no call refused or
    broken, replies and pacing within the limits) and then closes in on how many that are: take it for
    calls.max_concurrent. On the server's own machine callers take a part of it. Ctrl-C says what is
    known so far.

    Exit status 1: not all was borne well. 2: no call was taken. 130: ended early.

    Examples: [bold]hatif bench --calls 20 --url ws://127.0.0.1:8080[/]
    [bold]hatif bench --find --url wss://hatif.example.org --provider maqsam --token "$MAQSAM_TOKEN"[/]
    [bold]hatif bench --find --url ws://127.0.0.1:8080 --config /etc/hatif/config.yaml --json bench.json[/]
    """
    from bridge.bench.benching import BenchOptions  # noqa: PLC0415 - engines are heavy; help is not
    from bridge.bench.load import Limits  # noqa: PLC0415

    options = BenchOptions(
        url=url,
        calls=calls,
        provider=provider,
        token=token,
        settings=settings_of(config) if config is not None else None,
        questionnaire=questionnaire,
        from_number=caller,
        to_number=callee,
        script=script,
        keys=keys,
        speak=speak,
        over=over,
        seconds=seconds,
        settle=settle,
        per_second=per_second,
        most=max(most, calls) if find else None,
        limits=Limits(reply_ms, pacing_ms),
        pids=tuple(pid or ()),
        metrics_url=metrics,
        speed=speed,
    )
    report = run_quietly(lambda: _run(options))
    if json is not None:
        write_report(report, json)
    if json != STDOUT:
        out.print(_table(report))
        for line in _conclusions(report):
            out.print(line, highlight=False, soft_wrap=True)
    if report.interrupted:
        raise typer.Exit(EXIT_INTERRUPTED)
    if not report.is_good:
        raise typer.Exit(EXIT_WRONG)


async def _run(options: "BenchOptions") -> "Report":
    from bridge.bench.benching import bench as run  # noqa: PLC0415

    stop = asyncio.Event()
    with _ctrl_c(stop), _Screen() as screen:
        return await run(options, screen, stop)


@contextlib.contextmanager
def _ctrl_c(stop: asyncio.Event) -> Iterator[None]:
    """The first one ends the run with what is known; another one ends the program."""
    loop = asyncio.get_running_loop()

    def first() -> None:
        stop.set()
        loop.remove_signal_handler(signal.SIGINT)

    with contextlib.suppress(ValueError, RuntimeError):  # not the main thread: nobody can press it
        loop.add_signal_handler(signal.SIGINT, first)
    try:
        yield
    finally:
        with contextlib.suppress(ValueError, RuntimeError):
            loop.remove_signal_handler(signal.SIGINT)


class _Screen:
    """A bar for what goes on, and a line for what was seen, on stderr."""

    def __init__(self) -> None:
        columns = (
            TextColumn("{task.description}"),
            BarColumn(),
            TextColumn("{task.fields[calls]} in progress"),
            TimeElapsedColumn(),
        )
        self._progress = Progress(*columns, console=err, transient=True, disable=not err.is_terminal)
        self._task: TaskID = self._progress.add_task("", total=None, calls=0)

    def __enter__(self) -> Self:
        self._progress.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._progress.stop()

    def phase(self, text: str, seconds: float) -> None:
        self._progress.reset(self._task, description=text, total=seconds or None, calls=0)

    def look(self, passed: float, in_progress: int) -> None:
        self._progress.update(self._task, completed=passed, calls=in_progress)

    def seen(self, load: "Load", exceeded: Sequence[str]) -> None:
        told = "; ".join(exceeded) or "borne well"
        err.print(f"{load.calls} calls: {told}", highlight=False, soft_wrap=True)


def _table(report: "Report") -> Table:
    """Of one load everything, of several what tells them apart, the fewest calls first."""
    table = Table(box=SIMPLE, padding=(0, 1, 0, 0))
    if len(report.loads) == 1:
        table.add_column("", no_wrap=True)
        table.add_column(f"{report.loads[0].calls} calls", overflow="fold")
        for name, cell in _cells(report.loads[0]).items():
            table.add_row(name, cell)
        return table
    for column in ("calls", "first word", "speech", "key", "clear", "pacing", "CPU", "callers late"):
        table.add_column(column, overflow="fold")
    for load in sorted(report.loads, key=lambda load: load.calls):
        cells = _cells(load)
        table.add_row(str(load.calls), *(cells[name] for name in _COMPARED))
    return table


def _cells(load: "Load") -> dict[str, str]:
    """Of one load, everything by its name."""
    server = load.server
    return {
        "in progress, on average": f"{load.at_once:.1f}",
        "began / completed": f"{load.came} / {load.completed}",
        "refused / broken / left": f"{load.refused} / {load.broken} / {load.left}",
        "first word, ms": _shown(load.first_word_ms),
        "reply to speech, ms": _shown(load.reply_ms, load.replies),
        "reply to a key, ms": _shown(load.key_ms, load.key_replies),
        "spoken over until clear, ms": _shown(load.clear_ms, load.clears),
        "no reply / not cleared": f"{load.unanswered} / {load.uncleared}",
        "uneven pacing, ms": _shown(load.pacing_ms),
        "prompts broke off": str(load.underruns),
        "daemon, ms of CPU a call-second": "" if server is None else f"{server.daemon_ms:.2f}",
        "engines, the same": (
            "" if server is None or server.engines_ms is None else f"{server.engines_ms:.2f}"
        ),
        "its loop late, ms": (
            "" if server is None or server.loop_late_ms is None else f"p99 ≤ {server.loop_late_ms:g}"
        ),
        "callers late, ms": _shown(load.late_ms),
    }


_COMPARED = (
    "first word, ms",
    "reply to speech, ms",
    "reply to a key, ms",
    "spoken over until clear, ms",
    "uneven pacing, ms",
    "daemon, ms of CPU a call-second",
    "callers late, ms",
)


def _shown(spread: Sequence[float], count: int | None = None) -> str:
    told = "/".join(f"{value:.0f}" if value >= WHOLE_FROM else f"{value:.1f}" for value in spread)
    return f"{told} ({count})" if told and count is not None else told


def _conclusions(report: "Report") -> Iterator[str]:
    if len(report.loads) > 1:
        yield "[dim]Milliseconds; CPU: of the daemon, for a second of one call.[/]"
    machine = escape(report.callers_machine.named)
    yield f"[dim]p50/p95/p99, how many in brackets. The callers' machine: {machine}[/]"
    troubles: Counter[str] = Counter()
    for load in report.loads:
        troubles.update(load.troubles)
    for why, count in troubles.most_common(SHOWN_TROUBLES):
        yield f"{count} calls: {escape(why)}"
    if any(load.turns < FEW_TURNS for load in report.loads):
        yield "Few turns were seen, which says little about their latencies: measure longer (--seconds)."
    if not all(load.is_ours for load in report.loads):
        yield (
            "[yellow]The callers themselves were late[/]: what they saw is not the server's alone. Call from "
            "another machine, or from an idle core."
        )
    if report.max_concurrent is not None:
        yield from _advice(report)
    elif report.interrupted:
        yield "ended early: take these figures for a glimpse"
    elif any(report.exceeded):
        yield f"[yellow]not borne well[/]: {escape('; '.join(report.exceeded[-1]))}"
    else:
        yield "[green]borne well[/]"


def _advice(report: "Report") -> Iterator[str]:
    borne = report.max_concurrent
    if not borne:
        yield "[yellow]not even the fewest calls that were tried are borne well[/]"
        return
    yield f"[bold]calls.max_concurrent: {borne}[/]"
    refusing = [load for load in report.loads if load.refused and load.calls > borne]
    if refusing:
        yield (
            f"Beyond that the server itself refused: raise calls.max_concurrent there (and "
            f"server.max_connections_per_address, for these callers have one address) above "
            f"{refusing[0].calls}, and look again to see what the machine bears."
        )
    elif not report.is_bounded:
        yield "More were not tried: there may be room (--most)."
