"""What a call costs the daemon beside recognition, and how a bare agent does the same, under one load.

    python benchmarks/media.py [--calls 10,50,100,200] [--seconds S] [--servers NAME,...] [--json]

    python benchmarks/media.py --calls 100 --servers hatif,aiohttp+uvloop
    python benchmarks/media.py --calls 20,40,60 --servers hatif+vosk    # whole calls, on one core

`hatif` is the real daemon with all of its bookkeeping, started as a process of its own: signed webhooks,
stream tokens, SQLite, logs, metrics, limits, voice gate, endpointing, dialogue, playout. Only its
recogniser's process is another, which answers at once and says yes (media_ears.py). `aiohttp` is a bare
agent (media_agent.py). The callers are a process of their own (media_callers.py): they speak a quarter of
the time, and every other reply is spoken over. Where there are two cores or more, the server has the first
and the callers the last, to themselves but for what else the machine does.

`hatif+vosk` hears with the real recogniser, whose process shares the daemon's core and is counted with it;
`hatif+vosk-1` hears each utterance once under either vocabulary (`recogniser.phases: 1`).

CPU is user and system time of the server's one process, in milliseconds per second and call. Run it twice:
on a machine with other work two runs differ by up to a fifth.
"""

import argparse
import asyncio
import json
import os
import sys
import tempfile
from asyncio.subprocess import PIPE
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager, suppress
from importlib.util import find_spec
from pathlib import Path

import msgspec
from loads import AUTH_TOKEN, PUBLIC_URL, UNLIMITED, lay_out
from msgspec import Struct
from page import WHOLE, Measured, spread_shown, spreads_shown
from rich.box import SIMPLE
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from bridge.bench.load import Load
from bridge.bench.processes import descendants
from bridge.content import DEFAULT_CONFIG
from bridge.demo.daemon import PROGRAM, DaemonProcess, DaemonSetup, free_port
from bridge.speech.vosk.recognizer import KNOWN_SOUND

HERE = Path(__file__).parent
LOOPBACK = "127.0.0.1"
READY_SECONDS = 120.0  # Pipecat's imports take twenty on a busy machine
PEERS = {"pipecat": HERE.parent / ".venv-peers", "vocode": HERE.parent / ".venv-vocode"}
ITEMS = 40  # a caller gets through two in twelve seconds
QUESTION = "هَلْ نِمْتَ جَيِّدًا فِي اللَّيْلِ، وَهَلْ أَكَلْتَ"


class Served(Struct, frozen=True):
    """A server that takes calls."""

    pid: int
    arguments: tuple[str, ...]  # of the callers: where it is
    with_engines: bool = False  # on its core, whatever it has started


Serve = Callable[[Path], AbstractAsyncContextManager[Served]]


# Servers


def hatif(*flags: str) -> Serve:
    """The daemon, with a stand-in for its recogniser."""
    return _daemon((str(HERE / "media_daemon.py"), *flags), {}, with_engines=False)


def whole(phases: int) -> Serve:
    """The daemon as it is."""
    return _daemon(PROGRAM, {"HATIF_RECOGNISER__PHASES": str(phases)}, with_engines=True)


def _daemon(program: Sequence[str], options: Mapping[str, str], *, with_engines: bool) -> Serve:

    @asynccontextmanager
    async def serve(folder: Path) -> AsyncIterator[Served]:
        home = Path(tempfile.mkdtemp(dir=folder))
        setup = msgspec.structs.replace(
            DaemonSetup.new(DEFAULT_CONFIG, home, port=None, speed=1.0),
            options={
                "HATIF_PROMPTS__FOLDER": str(folder / "prompts"),
                "HATIF_QUESTIONNAIRES__FOLDER": str(folder / "questionnaires"),
                "HATIF_QUESTIONNAIRES__DEFAULT": "load",
                "HATIF_PROVIDERS__TWILIO__AUTH_TOKEN": AUTH_TOKEN,
                "HATIF_SERVER__PUBLIC_URL": PUBLIC_URL,
                **UNLIMITED,
                **options,
            },
        )
        async with DaemonProcess(setup, program=program) as daemon:
            await daemon.ready(on_wait=lambda _: None)
            told = ("--url", daemon.address, "--token", AUTH_TOKEN, "--public-url", PUBLIC_URL)
            yield Served(daemon.pid, told, with_engines)

    return serve


def agent(*flags: str) -> Serve:
    """The bare one."""
    return program(sys.executable, "media_agent.py", *flags)


def peer(name: str) -> Serve:
    """Somebody else's, in an environment of its own."""
    return program(str(PEERS[name] / "bin" / "python"), f"peer_{name}.py", str(KNOWN_SOUND))


def program(python: str, script: str, *arguments: str) -> Serve:
    """One of our scripts that listens at a port and says so."""

    @asynccontextmanager
    async def serve(_folder: Path) -> AsyncIterator[Served]:
        port = free_port()
        process = await asyncio.create_subprocess_exec(
            python, str(HERE / script), str(port), *arguments, stdout=PIPE
        )
        try:
            async with asyncio.timeout(READY_SECONDS):
                if process.stdout is None or not await process.stdout.readline():
                    raise RuntimeError(f"{script} did not start")
                while not await _listens(port):  # noqa: ASYNC110 - some say so a moment before
                    await asyncio.sleep(0.1)
            yield Served(process.pid, ("--url", f"ws://{LOOPBACK}:{port}/ws"))
        finally:
            with suppress(ProcessLookupError):
                process.kill()
            await process.wait()

    return serve


async def _listens(port: int) -> bool:
    try:
        _, writer = await asyncio.open_connection(LOOPBACK, port)
    except OSError:
        return False
    writer.close()
    return True


def is_installed(name: str) -> bool:
    """Whether that peer can be run here; `make bench-peers` installs them."""
    return any(PEERS[name].glob(f"lib/python*/site-packages/{name}"))


SERVERS = {
    "hatif": hatif(),
    "hatif-asyncio": hatif("--asyncio"),
    "hatif+vosk": whole(phases=3),
    "hatif+vosk-1": whole(phases=1),
    "aiohttp": agent(),
    "aiohttp+uvloop": agent("--uvloop"),
    **{name: peer(name) for name in PEERS},
}
WITH_UVLOOP = {"aiohttp+uvloop"}
FIRST = "hatif"  # what the others are compared with


def questions() -> list[str]:
    """Yes-or-no questions of four seconds each, more of them than anybody answers."""
    return [
        f'  - {{id: q{number}, type: yes_no, kind: fact, end_silence_seconds: 0.4, ask: "{QUESTION}؟"}}\n'
        for number in range(ITEMS)
    ]


# Runs


async def measure(served: Served, calls: int, options: argparse.Namespace) -> Load:
    """Let so many call."""
    cores = sorted(os.sched_getaffinity(0))
    for pid in (served.pid, *(descendants(served.pid) if served.with_engines else ())):
        pin(pid, cores[0])
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, str(HERE / "media_callers.py"), "--pid", str(served.pid), *served.arguments),
        *("--calls", str(calls), "--seconds", str(options.seconds), "--settle", str(options.settle)),
        stdout=PIPE,
        env=environment(os.environ),
    )
    try:
        pin(process.pid, cores[-1])
        written, _ = await process.communicate()
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    if process.returncode:
        raise RuntimeError(f"the callers ended with status {process.returncode}")
    return msgspec.json.decode(written, type=Load)


def environment(inherited: Mapping[str, str]) -> dict[str, str]:
    """Callers find Hatif where we have."""
    paths = [str(HERE.parent), *filter(None, [inherited.get("PYTHONPATH")])]
    return {**inherited, "PYTHONPATH": os.pathsep.join(paths)}


def pin(pid: int, core: int) -> None:
    """Keep all threads of a process on one core."""
    for thread in Path(f"/proc/{pid}/task").iterdir():
        with suppress(ProcessLookupError):
            os.sched_setaffinity(int(thread.name), {core})


async def run(options: argparse.Namespace, console: Console) -> list[Measured]:
    """Every server under every load, each started anew."""
    measured = []
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with tempfile.TemporaryDirectory() as name, Progress(*columns, console=console) as progress:
        folder = Path(name)
        lay_out(folder, questions())
        bar = progress.add_task("", total=len(options.calls) * len(options.servers))
        for calls in options.calls:
            for server in options.servers:
                progress.update(bar, description=f"{server}, {calls} calls")
                if not console.is_terminal:  # whoever runs us shows it
                    console.print(f"{server}, {calls} calls")
                async with SERVERS[server](folder) as served:
                    measured.append(Measured(server, await measure(served, calls, options)))
                progress.advance(bar)
    return measured


# What was seen


def ratios(measured: Sequence[Measured]) -> list[tuple[int, dict[str, float]]]:
    """Of each number of calls, each server's cost against Hatif's."""
    found: dict[int, dict[str, float]] = {}
    for one in measured:
        found.setdefault(one.load.calls, {})[one.server] = one.cpu_ms
    return [
        (calls, {server: round(cost / costs[FIRST], 2) for server, cost in costs.items()})
        for calls, costs in found.items()
        if costs.get(FIRST)
    ]


def shown(measured: Sequence[Measured]) -> Table:
    """Everything, a row for each."""
    table = Table(box=SIMPLE, padding=(0, 1, 0, 0))
    columns = (
        *("calls", "server", f"CPU, ms (÷ {FIRST})", "reply, ms", "over it, ms"),
        *("pacing, ms", "gaps", "audio", "lost", "callers late, ms"),
    )
    for column in columns:
        table.add_column(column, overflow="fold")
    compared = dict(ratios(measured))
    for one in measured:
        load = one.load
        ratio = compared.get(load.calls, {}).get(one.server)
        table.add_row(
            *(str(load.calls), one.server),
            f"{one.cpu_ms:.2f}" + ("" if ratio is None else f" ({ratio:.2f})"),
            *spreads_shown(load),
            *(str(load.underruns), f"{load.audio_share:.0%}"),
            f"{load.lost}, {load.unanswered + load.uncleared}",
            spread_shown(load.late_ms) + ("" if load.is_ours else " (late)"),
        )
    return table


EXPLAINED = """\
Milliseconds, p50/p95/p99 where there are three. CPU: of the server's process, for a second of one call.
reply: from the end of speech, 400 ms of silence included. over it: from speech over a reply to `clear`,
120 ms of speech included. pacing: how far a piece of a reply came from where its own rhythm wanted it.
gaps: pieces that came more than 20 ms after everything before had been played. audio: of a call's time.
lost: calls, and turns without reply or `clear`. callers late: their own frames; where it says (late), the
row is not the server's."""


def _numbers(text: str) -> list[int]:
    return [int(number) for number in text.split(",")]


def _servers(text: str) -> list[str]:
    names = text.split(",")
    if unknown := set(names) - set(SERVERS):
        raise argparse.ArgumentTypeError(f"there is no {', '.join(unknown)}: choose of {', '.join(SERVERS)}")
    if missing := [name for name in names if name in PEERS and not is_installed(name)]:
        raise argparse.ArgumentTypeError(
            f"{', '.join(missing)} is not installed: `make bench-peers` does that"
        )
    return names


def _all_servers() -> list[str]:
    ours = [name for name in SERVERS if name not in PEERS and name not in WHOLE]
    return [name for name in ours if name not in WITH_UVLOOP or find_spec("uvloop")]


def main() -> None:
    """Measure, and say how it was."""
    parser = argparse.ArgumentParser(
        description=(__doc__ or "").partition("\n")[0],
        epilog="Example: python benchmarks/media.py --calls 100 --servers hatif,aiohttp",
    )
    parser.add_argument("--calls", type=_numbers, default=[10, 50, 100, 200], help="at once, such as 10,50")
    parser.add_argument("--servers", type=_servers, default=_all_servers(), help=", ".join(SERVERS))
    parser.add_argument("--seconds", type=float, default=15.0, help="that are measured")
    parser.add_argument("--settle", type=float, default=8.0, help="before that")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    console = Console(stderr=True)
    console.print(f"load average {' '.join(f'{one:.1f}' for one in os.getloadavg())}, {os.cpu_count()} cores")
    measured = asyncio.run(run(options, console))
    if options.json:
        found = [msgspec.to_builtins(one) for one in measured]
        sys.stdout.write(json.dumps(found, indent=2) + "\n")
        return
    out = Console()
    out.print(shown(measured))
    out.print(EXPLAINED.replace("\n", " "), style="dim")


if __name__ == "__main__":
    main()
