"""All that is measured, in one go, and the part of docs/benchmarks.md that tells it.

    python benchmarks/bench.py --speech DIR|ARCHIVE [--noise ARCHIVE]
                               [--parts media,whole,recognition,turns,hearing] [--docs docs/benchmarks.md]
                               [--keep build/bench] [--only-write]

Each part is a program of its own (media.py, recognition.py, turns.py, hearing.py), run one after the other,
for two at once would measure each other. What it found is kept in --keep, so that parts can be measured again
one by one: the page is written of all that is there, and --only-write measures nothing. docs/benchmarks.md is
changed between its two markers only; its plots lie in plots/ beside it.
"""

import argparse
import asyncio
import os
import shlex
import sys
from asyncio.subprocess import PIPE, Process
from collections import deque
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

import msgspec
from media import PEERS, is_installed
from page import WHOLE, Part, Results, between, page, plots
from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

from bridge.bench.machine import this_machine

HERE = Path(__file__).parent
# On two cores, about.
MINUTES = {"media": 5, "whole": 4, "peers": 10, "recognition": 1, "turns": 8, "hearing": 2}
USUAL = ("media", "whole", "recognition", "turns", "hearing")
WITHOUT_SPEECH = {"media", "whole", "peers"}  # of people
CALLS = "10,50,100,200"
WHOLE_CALLS = "10,15,20,30"
INSTALL = (
    "`make bench-peers` installs it where the package can be had; elsewhere put its wheels into a folder and "
    "name that by PIP_FIND_LINKS."
)
COMPLAINTS = 12  # last lines of a part that failed


def commands(options: argparse.Namespace) -> dict[str, list[str]]:
    """What is run, by name."""
    speech = ["--speech", str(options.speech)]
    noise = ["--noise", str(options.noise)] if options.noise else []
    seconds = ["--seconds", f"{options.seconds:g}", "--settle", f"{options.settle:g}"]
    every = ["--every", str(options.every)]

    def media(calls: str, servers: str) -> list[str]:
        return ["media.py", "--calls", calls, "--servers", servers, *seconds, "--json"]

    return {
        "media": media(options.calls, "hatif,aiohttp+uvloop"),
        "whole": media(options.whole_calls, ",".join(sorted(WHOLE))),
        "peers": media(options.peer_calls, f"hatif,aiohttp+uvloop,{options.peers}"),
        "recognition": ["recognition.py", *speech, *every, "--json"],
        "turns": ["turns.py", *speech, *noise, *every, "--json"],
        "hearing": ["hearing.py", *speech, "--json"],
    }


class Screen:
    """Every part, how long it takes, and what the one that runs said last."""

    def __init__(self, console: Console, parts: Sequence[str]) -> None:
        self.console = console
        columns = (
            TextColumn("{task.description}"),
            BarColumn(),
            TimeElapsedColumn(),
            TextColumn("{task.fields[said]}"),
        )
        self.progress = Progress(*columns, console=console, disable=not console.is_terminal)
        self._tasks = {
            name: self.progress.add_task(
                f"{name} (about {MINUTES[name]} min)", start=False, total=None, said=""
            )
            for name in parts
        }

    def begin(self, name: str) -> None:
        """It runs now."""
        self.progress.start_task(self._tasks[name])
        if not self.console.is_terminal:
            self.console.print(f"{name}: about {MINUTES[name]} minutes")

    def say(self, name: str, line: str) -> None:
        """What it said last."""
        self.progress.update(self._tasks[name], said=escape(line[:60]))

    def end(self, name: str, *, is_good: bool) -> None:
        """It is over."""
        self.progress.update(
            self._tasks[name], total=1, completed=int(is_good), said="" if is_good else "[red]failed[/]"
        )
        self.progress.stop_task(self._tasks[name])


async def run(name: str, command: Sequence[str], keep: Path, screen: Screen) -> bool:
    """Measure one part and keep what it found; False: it failed, and why was told."""
    machine, began = this_machine(), datetime.now(UTC)
    screen.begin(name)
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, str(HERE / command[0]), *command[1:]),
        stdout=PIPE,
        stderr=PIPE,
        env=os.environ
        | {"PYTHONPATH": os.pathsep.join([str(HERE.parent), os.environ.get("PYTHONPATH", "")])},
        limit=1 << 24,
    )
    complaints: deque[str] = deque(maxlen=COMPLAINTS)
    try:
        written, _ = await asyncio.gather(_read(process), _listen(name, process, complaints, screen))
        status = await process.wait()
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    found = _found(written) if status == 0 else None
    screen.end(name, is_good=found is not None)
    if found is None:
        screen.console.print(
            f"[red]{name} failed[/] (status {status}):", *map(escape, complaints), sep="\n  "
        )
        return False
    shown = shlex.join(["python", f"benchmarks/{command[0]}", *(_named(word) for word in command[1:])])
    seconds = (datetime.now(UTC) - began).total_seconds()
    part = Part(shown, machine, began.strftime("%Y-%m-%d %H:%M"), round(seconds), found)
    _keep(keep / f"{name}.json", part)
    return True


def _keep(path: Path, part: Part) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(msgspec.json.format(msgspec.json.encode(part), indent=1) + b"\n")


async def _read(process: Process) -> bytes:
    return await process.stdout.read() if process.stdout is not None else b""


async def _listen(name: str, process: Process, complaints: deque[str], screen: Screen) -> None:
    """Show what it says on stderr, line by line."""
    if process.stderr is None:
        return
    async for raw in process.stderr:
        line = raw.decode(errors="replace").rstrip()
        if line:
            complaints.append(line)
            screen.say(name, line)


def _found(written: bytes) -> object:
    """What it wrote; None where that is no JSON."""
    try:
        return msgspec.json.decode(written)
    except msgspec.DecodeError:
        return None


def _named(word: str) -> str:
    """A path by its last part: where things lie here is nobody's business."""
    return Path(word).name if os.sep in word else word


def read(keep: Path) -> Results:
    """All that was measured and kept, in the order of the page."""
    found = {}
    for name in MINUTES:
        path = keep / f"{name}.json"
        if path.exists():
            found[name] = msgspec.json.decode(path.read_bytes(), type=Part)
    return Results(found)


def write(results: Results, docs: Path) -> list[Path]:
    """Write the page's generated part, and the plots beside it; what was written."""
    old = docs.read_text(encoding="utf-8") if docs.exists() else "# Benchmarks\n"
    docs.write_text(between(old, page(results)), encoding="utf-8")
    folder = docs.parent / "plots"
    folder.mkdir(exist_ok=True)
    written = [docs]
    for name, document in plots(results).items():
        written.append(folder / f"{name}.svg")
        written[-1].write_text(document, encoding="utf-8")
    return written


def tell_missing(options: argparse.Namespace, console: Console) -> None:
    """Which peers are not there, and what to do; where none is, they are not measured."""
    for name, environment in PEERS.items():
        if not is_installed(name):
            console.print(
                f"{name} is not measured: it is not in {environment.name}. {INSTALL}", soft_wrap=True
            )
    if not options.peers:
        options.parts.remove("peers")


def _parts(text: str) -> list[str]:
    names = [name for name in text.split(",") if name]
    if unknown := set(names) - set(MINUTES):
        raise argparse.ArgumentTypeError(
            f"there is no {', '.join(sorted(unknown))}: choose of {', '.join(MINUTES)}"
        )
    return names


async def measure(options: argparse.Namespace, console: Console) -> bool:
    """Every part that is wanted; False: one failed."""
    chosen = commands(options)
    screen = Screen(console, options.parts)
    with screen.progress:
        return all([await run(name, chosen[name], options.keep, screen) for name in options.parts])


def main() -> int:
    """Measure, and write."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--speech", type=Path, help="a folder or archive of recordings")
    parser.add_argument("--noise", type=Path, help="recordings of machines, to be laid over prompts")
    parser.add_argument("--parts", type=_parts, default=list(USUAL), help=", ".join(MINUTES))
    parser.add_argument("--calls", default=CALLS, help="at once, beside the bare agent")
    parser.add_argument("--whole-calls", default=WHOLE_CALLS, help="at once, with the real recogniser")
    parser.add_argument("--peer-calls", default="5,10,50,100", help="at once, beside peers")
    parser.add_argument("--seconds", type=float, default=15.0, help="that are measured, of each load")
    parser.add_argument("--settle", type=float, default=8.0, help="before that")
    parser.add_argument("--every", type=int, default=6, help="of the recordings, only every so many")
    parser.add_argument("--docs", type=Path, default=HERE.parent / "docs" / "benchmarks.md")
    parser.add_argument("--keep", type=Path, default=HERE.parent / "build" / "bench")
    parser.add_argument("--only-write", action="store_true", help="measure nothing, write what is kept")
    options = parser.parse_args()
    console = Console(stderr=True)
    options.peers = ",".join(filter(is_installed, PEERS))
    if "peers" in options.parts and not options.only_write:
        tell_missing(options, console)
    if options.speech is None and not options.only_write and set(options.parts) - WITHOUT_SPEECH:
        parser.error(f"{', '.join(options.parts)}: --speech names the recordings")
    is_good = options.only_write or asyncio.run(measure(options, console))
    results = read(options.keep)
    if not results.parts:
        console.print(f"{options.keep} holds nothing that was measured: run it without --only-write")
        return 1
    try:
        written = write(results, options.docs)
    except (ValueError, OSError) as error:
        console.print(f"{options.docs}: {error}")
        return 1
    console.print("written: " + ", ".join(map(str, written)), soft_wrap=True)
    return 0 if is_good else 1


if __name__ == "__main__":
    sys.exit(main())
