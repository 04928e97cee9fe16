"""Ten thousand calls, most of them cut short: what a daemon has kept of them when the last one is gone.

    python benchmarks/crowd.py [--calls N] [--held N] [--parallel N] [--speed S] [--json]

Callers of all providers ring without pause, so many at a time. Some go through all questions by key, some
hang up at any moment, some vanish without a word, some open a socket and say nothing, some have no right to
call, and some find no place. After the first tenth, and after each fifth of the rest, nobody rings until no
call is left and the daemon has given back what it had freed. Then it must have no more descriptors, tasks
and threads than after the first tenth, and its memory, with its engines', must be within MOST_PERCENT of
what it was.

Then another daemon, at the speed of life, holds so many calls at once (--held), half of whose callers speak;
what it takes more than without them is the memory of a call.

Ctrl-C ends it early, with what is known by then. Status 1: something was kept.
"""

import argparse
import asyncio
import json
import random
import sys
import tempfile
from collections import Counter
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from enum import StrEnum
from itertools import count
from pathlib import Path

import aiohttp
import msgspec
from everybody import PLAYING, Callers, Plan, daemon_for_all
from everybody import Kind as Caller
from msgspec import Struct
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table
from vitals import DAEMON, above, counted, process_vitals, series

from bridge.carriers.faults import Fault
from bridge.carriers.registry import is_applicable
from bridge.control_client import ControlClient
from bridge.demo.daemon import DaemonProcess, DaemonSetup

MOST_PERCENT = 3.0
WARM_PART, RESTS = 0.1, 5
GIVEN_BACK_SECONDS = 35.0  # bridge/collecting.py does so every 30
LEFT_SECONDS = 120.0  # for the last calls to end by themselves
HELD_SECONDS = 20.0  # so long all calls are held before they are looked at
MEBIBYTE = 2**20


class Kind(StrEnum):
    """What becomes of a call."""

    COMPLETED = "gone through"
    LEFT = "hung up"
    VANISHED = "vanished"
    SILENT = "never began"
    STRANGER = "without right"


SHARES: Mapping[Kind, float] = {
    Kind.COMPLETED: 0.05,
    Kind.LEFT: 0.45,
    Kind.VANISHED: 0.1,
    Kind.SILENT: 0.2,
    Kind.STRANGER: 0.2,
}
VANISHING = tuple(name for name in PLAYING if is_applicable(Fault.HALF_OPEN, name))


class Rest(Struct, frozen=True):
    """The daemon when nobody calls."""

    calls: int  # that there were before
    memory: Mapping[str, int]  # bytes of each process, its share of what it shares
    counted: Mapping[str, int]  # what must not become more, by name

    @property
    def total(self) -> int:
        return sum(self.memory.values())


class Crowd:
    """Everybody who rings at one daemon."""

    def __init__(self, setup: DaemonSetup, daemon: DaemonProcess, callers: Callers, *, seed: int) -> None:
        self._setup = setup
        self._daemon = daemon
        self._callers = callers
        self._seed = seed
        self._control = ControlClient(setup.admin_socket)
        self.ends: Counter[tuple[str, str]] = Counter()  # by kind, and how it ended

    async def ring(self, numbers: Sequence[int], parallel: int, progress: Progress) -> None:
        """Place these calls, so many at a time."""
        task = progress.add_task(f"to call {numbers[-1] + 1}", total=len(numbers))
        waiting = iter(numbers)

        async def one_after_the_other() -> None:
            for number in waiting:
                await self._place(number)
                progress.advance(task)

        async with asyncio.TaskGroup() as group:
            for _ in range(parallel):
                group.create_task(one_after_the_other())

    async def _place(self, number: int) -> None:
        chance = random.Random(f"{self._seed} {number}")  # noqa: S311 - not for secrets
        (kind,) = chance.choices(list(SHARES), list(SHARES.values()))
        if kind is Kind.SILENT:
            self.ends[kind, await self._open_and_be_silent()] += 1
            return
        if kind is Kind.STRANGER:
            self.ends[kind, await self._try_without_right(number)] += 1
            return
        faulty = kind is Kind.VANISHED
        plan = Plan(
            number,
            {Kind.COMPLETED: Caller.KEYS, Kind.LEFT: Caller.LEAVES}.get(kind, Caller.FAULT),
            chance.choice(VANISHING if faulty else PLAYING),
            (Fault.HALF_OPEN,) if faulty else (),
        )
        outcome = await self._callers.place(plan)
        self.ends[kind, str(outcome.ended_by)] += 1

    async def _open_and_be_silent(self) -> str:
        """Until the daemon has had enough."""
        url, headers = f"http://127.0.0.1:{self._setup.port}/ws/maqsam", {"auth": self._setup.carrier_token}
        async with aiohttp.ClientSession() as http:
            try:
                async with http.ws_connect(url, headers=headers) as socket:
                    message = await socket.receive()
                    while message.type is aiohttp.WSMsgType.TEXT:
                        message = await socket.receive()
                    return f"closed {socket.close_code}"
            except aiohttp.WSServerHandshakeError as error:
                return f"refused {error.status}"

    async def _try_without_right(self, number: int) -> str:
        url = f"http://127.0.0.1:{self._setup.port}/ws/twilio/no-token-of-ours-{number}"
        async with aiohttp.ClientSession() as http:
            try:
                async with http.ws_connect(url) as socket:
                    await socket.send_json({"event": "connected", "protocol": "Call", "version": "1.0.0"})
                    await socket.receive()
                    return f"closed {socket.close_code}"
            except aiohttp.WSServerHandshakeError as error:
                return f"refused {error.status}"

    async def rest(self, calls: int, base: Rest | None) -> Rest:
        """Wait until no call is left and what was freed is given back; how it is then."""
        async with asyncio.timeout(LEFT_SECONDS):
            while self._metrics().get("hatif_calls_active") != 0:  # noqa: ASYNC110 - another process
                await asyncio.sleep(1)
        await asyncio.sleep(GIVEN_BACK_SECONDS)
        rest = self._look(calls)
        async with asyncio.timeout(LEFT_SECONDS):  # helpers may be busy at the very moment
            while base is not None and above(base.counted, rest.counted):
                await asyncio.sleep(5)
                rest = self._look(calls)
        return rest

    def _look(self, calls: int) -> Rest:
        processes = process_vitals(self._daemon.pid, self._setup.database)
        memory = {each.role: each.proportional or each.resident for each in processes}
        tasks = int(self._metrics()["hatif_asyncio_tasks"])
        return Rest(calls, memory, counted(processes, tasks))

    def _metrics(self) -> dict[str, float]:
        return dict(series(str(self._control.ask("GET", "/metrics").body)))

    async def hold(self, calls: int, progress: Progress) -> int:
        """What so many calls at once take, in bytes."""
        before = (await self.rest(0, None)).total
        ringing = asyncio.create_task(self._hold_on(range(calls)))
        task = progress.add_task(f"{calls} at once", total=calls)
        while (active := self._metrics().get("hatif_calls_active", 0.0)) < calls and not ringing.done():
            progress.update(task, completed=int(active))
            await asyncio.sleep(0.5)
        progress.update(task, completed=calls)
        await asyncio.sleep(HELD_SECONDS)
        held, during = int(self._metrics()["hatif_calls_active"]), self._look(calls).total
        ringing.cancel()
        await asyncio.gather(ringing, return_exceptions=True)
        if held < calls * 0.9:
            raise SystemExit(f"only {held} of {calls} calls were held: the machine is too slow for so many")
        return (during - before) // held

    async def _hold_on(self, numbers: Sequence[int]) -> None:
        async with asyncio.TaskGroup() as group:
            for number in numbers:
                caller = Caller.WORDS if number % 2 else Caller.LEAVES
                group.create_task(self._again_and_again(number, caller))
                await asyncio.sleep(0.1)

    async def _again_and_again(self, number: int, caller: Caller) -> None:
        for turn in count():
            plan = Plan(100_000 * (turn + 1) + number, caller, PLAYING[number % len(PLAYING)])
            await self._callers.place(plan)


@asynccontextmanager
async def _crowd(options: argparse.Namespace, speed: float, places: int) -> AsyncIterator[Crowd]:
    with tempfile.TemporaryDirectory(prefix="hatif-crowd-") as folder:
        async with daemon_for_all(Path(folder), speed=speed, places=places) as (setup, daemon, callers):
            yield Crowd(setup, daemon, callers, seed=options.seed)


async def ring_and_rest(options: argparse.Namespace, progress: Progress, rests: list[Rest]) -> Crowd:
    """All calls, with their rests."""
    async with _crowd(options, options.speed, max(1, options.parallel - 1)) as crowd:
        warm = int(options.calls * WARM_PART)
        steps = [warm + (options.calls - warm) * step // RESTS for step in range(RESTS + 1)]
        before = 0
        for step in steps:
            await crowd.ring(range(before, step), options.parallel, progress)
            rests.append(await crowd.rest(step, rests[0] if rests else None))
            before = step
    return crowd


def kept(rests: Sequence[Rest]) -> list[str]:
    """What is there after the last call that was not there after the first tenth."""
    first, last = rests[0], rests[-1]
    found = above(first.counted, last.counted)
    percent = 100 * (last.total - first.total) / first.total
    if percent > MOST_PERCENT:
        found.append(f"{percent:.1f} % more memory")
    return found


def report(rests: Sequence[Rest], ends: Mapping[tuple[str, str], int], held: int | None) -> list[Table]:
    """Rests, and how calls ended."""
    memory = Table("calls", "daemon, MiB", "all, MiB", "descriptors", "tasks", "threads", title="At rest")
    for rest in rests:
        memory.add_row(
            str(rest.calls),
            f"{rest.memory[DAEMON] / MEBIBYTE:.1f}",
            f"{rest.total / MEBIBYTE:.1f}",
            str(sum(number for name, number in rest.counted.items() if "descriptors" in name)),
            str(rest.counted["asyncio tasks"]),
            str(sum(number for name, number in rest.counted.items() if name.endswith("threads"))),
        )
    ended = Table("callers", "how it ended", "calls", title="Calls")
    for (kind, end), number in sorted(ends.items()):
        ended.add_row(kind, end, str(number))
    tables = [memory, ended]
    if held is not None:
        one = Table("MiB for each call", title="Calls in progress")
        one.add_row(f"{held / MEBIBYTE:.2f}")
        tables.append(one)
    return tables


async def run(
    options: argparse.Namespace, rests: list[Rest]
) -> tuple[Mapping[tuple[str, str], int], int | None]:
    """Both parts."""
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=Console(stderr=True)) as progress:
        crowd = await ring_and_rest(options, progress, rests)
        if not options.held:
            return crowd.ends, None
        async with _crowd(options, 1.0, 2 * options.held) as holding:
            return crowd.ends, await holding.hold(options.held, progress)


def main() -> None:
    """Ring, rest, and say what was kept."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--calls", type=int, default=10_000)
    parser.add_argument("--held", type=int, default=50, help="calls at once at the speed of life; 0: none")
    parser.add_argument("--parallel", type=int, default=60, help="calls at a time")
    parser.add_argument("--speed", type=float, default=8.0, help="of call time, 1 to 16")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    rests: list[Rest] = []
    ends: Mapping[tuple[str, str], int] = {}
    held: int | None = None
    with suppress(KeyboardInterrupt):
        ends, held = asyncio.run(run(options, rests))
    if not rests:
        raise SystemExit("cut before the first rest: nothing is known")
    if options.json:
        told = {"rests": msgspec.to_builtins(rests), "bytes_for_each_call": held}
        print(json.dumps(told))
    else:
        for table in report(rests, ends, held):
            Console().print(table)
    if found := kept(rests):
        sys.exit(f"kept of {rests[-1].calls} calls: {', '.join(found)}")


if __name__ == "__main__":
    main()
