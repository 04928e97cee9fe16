"""Hours of calls to one real daemon: memory, descriptors, tasks and threads must not grow.

    python benchmarks/endurance.py [--hours H | --minutes M] [--parallel N] [--speed S] [--samples FILE]

Callers of all providers ring without pause, so many at a time. Most answer by key and must be taken, hear
us within five seconds and be completed; some speak; some hang up at any moment; some have a fault. Every ten
seconds the daemon is looked at. After the warm-up, and after every thousand calls from there, nobody rings
until no call is left: then the daemon must have no more descriptors, tasks and threads than it had after the
warm-up, but for pools that may fill later (TOLERATED). In the end a straight line through the least memory of
each process in every five minutes since the warm-up must rise by less than 1 % an hour (its slope less one
standard error), every
completed call must have all its answers in the database, and the database must be sound. Where the machine
does other work too (--shared), callers may wait longer for the first word, and a caller who was too late
with a key is no broken promise.

Ctrl-C ends it early, with what is known by then. Status 1: a promise was broken; 130: none was, but it was
cut.
"""

import argparse
import asyncio
import csv
import signal
import sqlite3
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import TextIO

from everybody import QUESTIONNAIRE, Callers, Kind, Plan, daemon_for_all, plan
from msgspec import Struct
from rich.console import Console
from rich.table import Table
from vitals import DAEMON, ProcessVitals, Trend, above, counted, floors, process_vitals, series, trend

from bridge.carriers.fake import CallOutcome, EndedBy
from bridge.control_client import ControlClient
from bridge.demo.daemon import DaemonProcess
from bridge.dialogue.actions import Disposition
from bridge.errors import DaemonError

FIRST_WORD_SECONDS, SHARED_FIRST_WORD_SECONDS = 5.0, 30.0  # of the wall clock, whatever the speed
SAMPLE_SECONDS = 10.0
TOLD_SECONDS = 60.0  # where there is no terminal to show progress on
MOST_PERCENT_AN_HOUR = 1.0
WINDOW_SECONDS = 300.0  # the least memory in each is looked at
JUDGED_SECONDS = (
    1800.0  # a process that has just begun still grows; in less than this nothing is said of memory
)
WARM_UP_SECONDS, WARM_UP_PART = 900.0, 1 / 8  # of the run, where that is less
IDLE_SECONDS = 900.0  # for the calls in progress to end by themselves, when nobody rings any more
LET_GO_SECONDS = 120.0  # for the daemon to notice that the last carriers have vanished
SETTLE_SECONDS = 60.0  # for what a call leaves behind for a moment
BASELINE_SECONDS = 20.0
SETTLE_POLL_SECONDS = 2.0
ITEMS = ("consent", "interest", "low")  # what a completed call has answers to
SHOWN = 50  # broken promises
EXIT_CUT = 130
COMPLETED = Disposition.COMPLETED


class Sample(Struct, frozen=True):
    """The daemon at one moment."""

    seconds: float  # since the daemon was ready
    is_rest: bool
    processes: tuple[ProcessVitals, ...]
    tasks: int | None  # None: the daemon did not answer in time
    active: int | None
    committed: int | None  # answers
    refused: int | None
    restarts: int | None  # of engines' processes
    database: int  # bytes, with its journal

    @property
    def daemon(self) -> ProcessVitals | None:
        return next((each for each in self.processes if each.role == DAEMON), None)


class SampleFile:
    """Samples as CSV, a line for each process, whole after each sample."""

    COLUMNS = (
        *("seconds", "rest", "placed", "active", "tasks", "refused", "restarts", "database"),
        *("process", "pid", "rss", "pss", "descriptors", "of_database", "threads"),
    )

    def __init__(self, file: TextIO) -> None:
        self._file = file
        self._rows = csv.writer(file)
        self._rows.writerow(self.COLUMNS)

    def write(self, sample: Sample, placed: int) -> None:
        common = (f"{sample.seconds:.1f}", int(sample.is_rest), placed, sample.active, sample.tasks)
        for each in sample.processes:
            sizes = (each.resident, each.proportional, each.descriptors, each.of_database, each.threads)
            self._rows.writerow(
                (*common, sample.refused, sample.restarts, sample.database, each.role, each.pid, *sizes)
            )
        self._file.flush()


class Run:
    """What was done and seen so far."""

    def __init__(self) -> None:
        self.placed = 0
        self.plans: list[Plan] = []  # of calls that have ended
        self.outcomes: list[CallOutcome] = []
        self.samples: list[Sample] = []
        self.baseline: dict[str, int] | None = None
        self.warm_at: float | None = None  # seconds
        self.rests = 0
        self.broken: list[str] = []
        self.was_cut = False

    def ended(self, one: Plan, outcome: CallOutcome, speed: float, patience: float) -> None:
        """A call is over."""
        self.plans.append(one)
        self.outcomes.append(outcome)
        if one.is_good and (problem := fault_of_ours(one, outcome, speed, patience)):
            self.broken.append(f"call {one.number}, {one.provider}, {one.kind}: {problem}")


def fault_of_ours(one: Plan, outcome: CallOutcome, speed: float, patience: float) -> str | None:
    """What a good call did not get; None: it was served."""
    if outcome.ended_by is EndedBy.REFUSED:
        return f"refused ({outcome.http_status}) {outcome.detail}"
    if outcome.ended_by is EndedBy.PROTOCOL_ERROR:
        return f"the protocol was broken: {outcome.detail}"
    first = outcome.first_heard_seconds
    if first is None:  # also where it was not taken
        left_at_once = one.kind is Kind.LEAVES and outcome.seconds / speed < patience
        return None if left_at_once else f"heard nothing in {outcome.seconds / speed:.1f} s"
    if first / speed > patience:
        return f"heard the first word after {first / speed:.1f} s"
    if one.kind is Kind.KEYS and outcome.ended_by not in {EndedBy.HATIF_HUNG_UP, EndedBy.HATIF_CLOSED}:
        return f"not gone through: {outcome.ended_by} after {outcome.seconds:.0f} s of call time"
    return None


class Endurance:
    """Rings, looks and rests until the time is over."""

    def __init__(
        self,
        options: argparse.Namespace,
        daemon: DaemonProcess,
        callers: Callers,
        *,
        console: Console,
        file: SampleFile | None,
    ) -> None:
        self._options = options
        self._setup = callers.setup
        self._daemon = daemon
        self._callers = callers
        self._console = console
        self._file = file
        self._control = ControlClient(callers.setup.admin_socket)
        self._began = time.monotonic()
        self._gate = asyncio.Event()
        self._under_way = 0
        self._rings_until = 0  # the number of the call before the next rest
        self.run = Run()

    @property
    def _seconds(self) -> float:
        return time.monotonic() - self._began

    async def go(self) -> None:
        """All of it; what is known is in `run` also when this is cancelled."""
        self._rings_until = sys.maxsize
        self._gate.set()
        tasks = [asyncio.create_task(self._look()), asyncio.create_task(self._tell())]
        tasks += [asyncio.create_task(self._ring()) for _ in range(self._options.parallel)]
        conducting = asyncio.create_task(self._conduct())
        try:
            await asyncio.wait([conducting, *tasks], return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in (conducting, *tasks):
                task.cancel()
            results = await asyncio.gather(conducting, *tasks, return_exceptions=True)
        for result in results:
            if isinstance(result, Exception):
                raise result

    async def _conduct(self) -> None:
        """Warm up, rest, then ring and rest in turn, and rest at the end."""
        warm_up = min(WARM_UP_SECONDS, self._options.seconds * WARM_UP_PART)
        await asyncio.sleep(warm_up)
        self.run.baseline = await self._rest()
        self.run.warm_at = self._seconds
        seconds = self._seconds + self._options.seconds - warm_up
        while self._seconds < seconds:
            self._rings_until = self.run.placed + self._options.rest_every
            self._gate.set()
            while self.run.placed < self._rings_until and self._seconds < seconds:  # noqa: ASYNC110 - or
                await asyncio.sleep(1)
            self._compare(await self._rest())

    async def _ring(self) -> None:
        while True:
            await self._gate.wait()
            one = plan(self.run.placed, self._options.seed)
            self.run.placed += 1
            if self.run.placed >= self._rings_until:
                self._gate.clear()
            self._under_way += 1
            try:
                outcome = await self._callers.place(one)
            finally:
                self._under_way -= 1
            self.run.ended(
                one,
                outcome,
                self._setup.speed,
                SHARED_FIRST_WORD_SECONDS if self._options.shared else FIRST_WORD_SECONDS,
            )

    async def _rest(self) -> dict[str, int]:
        """Nobody rings until no call is left and what it leaves for a moment is gone; what is there then."""
        self._gate.clear()
        async with asyncio.timeout(IDLE_SECONDS):
            while self._under_way:  # noqa: ASYNC110 - all of them, at leisure
                await asyncio.sleep(0.2)
        deadline = time.monotonic() + LET_GO_SECONDS
        while (sample := await self._sample(is_rest=True)).active != 0:
            if time.monotonic() > deadline:
                self.run.broken.append(f"{sample.active} calls are held that nobody makes any more")
                break
            await asyncio.sleep(SETTLE_POLL_SECONDS)
        self.run.rests += 1
        return await self._settled()

    async def _settled(self) -> dict[str, int]:
        """The least of each that is seen, once nothing is above the baseline; without one, for some time."""
        least: dict[str, int] = {}
        deadline = time.monotonic() + (BASELINE_SECONDS if self.run.baseline is None else SETTLE_SECONDS)
        while time.monotonic() < deadline:
            sample = await self._sample(is_rest=True)
            now = counted(sample.processes, sample.tasks)
            least = {name: min(value, least.get(name, value)) for name, value in now.items()}
            if self.run.baseline is not None and not above(self.run.baseline, least):
                break
            await asyncio.sleep(SETTLE_POLL_SECONDS)
        return least

    def _compare(self, now: Mapping[str, int]) -> None:
        for what in above(self.run.baseline or {}, now):
            self.run.broken.append(f"after {self.run.placed} calls, at rest: {what}")

    async def _look(self) -> None:
        while True:
            sample = await self._sample(is_rest=False)
            self.run.samples.append(sample)
            if sample.daemon is None or self._daemon.status is not None:
                self.run.broken.append(f"the daemon ended (status {self._daemon.status})")
                return
            await asyncio.sleep(SAMPLE_SECONDS)

    async def _sample(self, *, is_rest: bool) -> Sample:
        processes = await asyncio.to_thread(process_vitals, self._daemon.pid, self._setup.database)
        told: dict[str, float] = {}
        with suppress(DaemonError):  # it may be too busy to answer; what /proc says is known all the same
            answered = await asyncio.to_thread(self._control.ask, "GET", "/metrics")
            told = dict(series(str(answered.body)))
        sample = Sample(
            seconds=self._seconds,
            is_rest=is_rest or not self._under_way,
            processes=tuple(processes),
            tasks=_whole(told.get("hatif_asyncio_tasks")),
            active=_whole(told.get("hatif_calls_active")),
            committed=_whole(told.get("hatif_answers_committed_total")),
            refused=_sum(told, "hatif_calls_refused_total"),
            restarts=_sum(told, "hatif_engine_restarts_total"),
            database=sum(path.stat().st_size for path in self._setup.folder.glob("hatif.db*")),
        )
        if self._file is not None:
            self._file.write(sample, self.run.placed)
        return sample

    async def _tell(self) -> None:
        while True:
            await asyncio.sleep(TOLD_SECONDS if self._options.seconds > 10 * TOLD_SECONDS else SAMPLE_SECONDS)
            if self.run.samples:
                self._console.print(
                    _progress(self.run, self._options.seconds), highlight=False, soft_wrap=True
                )


def _whole(value: float | None) -> int | None:
    return None if value is None else int(value)


def _sum(told: Mapping[str, float], name: str) -> int | None:
    """Of all series of a counter; None where nothing was told."""
    return (
        int(sum(value for series, value in told.items() if series.startswith(f"{name}{{"))) if told else None
    )


def _progress(run: Run, seconds: float) -> str:
    last = run.samples[-1]
    memory = sum(each.resident for each in last.processes) / 2**20
    descriptors = sum(each.descriptors + each.of_database for each in last.processes)
    return (
        f"{last.seconds / 60:6.1f} of {seconds / 60:g} min: {run.placed} calls, {last.active} active, "
        f"{memory:.0f} MiB, {descriptors} descriptors, {last.tasks} tasks, "
        f"{last.refused} refused, {last.restarts} engines replaced, {len(run.broken)} promises broken"
    )


class Stored(Struct, frozen=True):
    """What the database holds in the end."""

    calls: Mapping[
        str, tuple[str, str | None, frozenset[str]]
    ]  # by the carrier's id: questionnaire, end, items
    ends: Mapping[str | None, int]  # by disposition; None: without an end
    answers: int  # rows, those that were corrected later among them
    integrity: str


def read_back(database: Path) -> Stored:
    """Look at it with the standard library's sqlite3, as any tool would."""
    with closing(sqlite3.connect(f"{database.absolute().as_uri()}?mode=ro", uri=True)) as connection:
        items: dict[str, set[str]] = {}
        for call_id, item in connection.execute("SELECT call_id, item FROM answers"):
            items.setdefault(call_id, set()).add(item)
        rows = connection.execute(
            "SELECT call_id, provider_call_id, questionnaire, disposition FROM calls"
        ).fetchall()
        (answers,) = connection.execute("SELECT count(*) FROM answers").fetchone()
        integrity = connection.execute("PRAGMA integrity_check").fetchall()
    return Stored(
        calls={
            carriers or ours: (questionnaire, disposition, frozenset(items.get(ours, ())))
            for ours, carriers, questionnaire, disposition in rows
        },
        ends=Counter(disposition for *_, disposition in rows),
        answers=answers,
        integrity=str(integrity[0][0]) if len(integrity) == 1 else f"{len(integrity)} faults",
    )


def judged(run: Run, stored: Stored, long_items: Sequence[str], *, shared: bool) -> list[str]:
    """Every broken promise, those that were seen on the way first."""
    broken = [*run.broken, *_rising(run), *_lacking(run, stored, long_items, shared=shared)]
    if stored.integrity != "ok":
        broken.append(f"the database is not sound: {stored.integrity}")
    if None in stored.ends and not run.was_cut:
        broken.append(f"{stored.ends[None]} calls have no end in the database")
    committed, restarts = (
        (run.samples[-1].committed, run.samples[-1].restarts) if run.samples else (None, None)
    )
    if restarts:
        broken.append(f"engines' processes were replaced {restarts} times")
    if committed is not None and committed > stored.answers:
        broken.append(f"{committed} answers were committed, the database has {stored.answers}")
    return broken


def _rising(run: Run) -> list[str]:
    if run.warm_at is None or run.samples[-1].seconds - run.warm_at < JUDGED_SECONDS:
        return []
    return [
        f"memory of {role} rises by {line.percent:.2f} ± {line.error_percent:.2f} % an hour"
        for role, line in trends(run).items()
        if line.percent - line.error_percent >= MOST_PERCENT_AN_HOUR
    ]


def _lacking(run: Run, stored: Stored, long_items: Sequence[str], *, shared: bool) -> Iterator[str]:
    """Calls that were gone through, and what the database does not have of them."""
    for name, (questionnaire, disposition, items) in stored.calls.items():
        wanted = ITEMS if questionnaire == QUESTIONNAIRE else long_items
        if disposition == COMPLETED and not items.issuperset(wanted):
            yield f"call {name} is completed without {', '.join(set(wanted) - items)}"
    good_ends = {COMPLETED, Disposition.NO_ANSWER} if shared else {COMPLETED}
    gone_through = [one for one in run.plans if one.kind is Kind.KEYS]
    for one in gone_through:
        found = stored.calls.get(one.call_id)  # not every wire tells the carrier's name of the call
        if found is not None and found[1] not in good_ends:
            yield f"call {one.number}, {one.provider}, {one.kind}: {found[1]}, not completed"
    ended_well = sum(stored.ends.get(end, 0) for end in good_ends)
    if ended_well < len(gone_through):
        yield f"{ended_well} calls ended well, but {len(gone_through)} went through all questions"


def trends(run: Run) -> dict[str, Trend]:
    """The memory of each process and of all together since the warm-up."""
    warm = [each for each in run.samples if run.warm_at is not None and each.seconds >= run.warm_at]
    warm = [each for each in warm if not each.is_rest]
    roles = dict.fromkeys(process.role for each in warm for process in each.processes)
    found = {}
    for role in roles:
        own = [(each, process) for each in warm for process in each.processes if process.role == role]
        found[role] = _floor([each.seconds for each, _ in own], [process.resident for _, process in own])
    moments = [each.seconds for each in warm]
    found["all, proportional"] = _floor(
        moments, [sum(process.proportional for process in each.processes) for each in warm]
    )
    return {role: line for role, line in found.items() if line is not None}


def _floor(seconds: Sequence[float], values: Sequence[float]) -> Trend | None:
    return trend(*floors(seconds, values, WINDOW_SECONDS))


def report(run: Run, stored: Stored, speed: float) -> Iterator[Table]:
    """What was done, and how memory went."""
    table = Table("callers", "calls", "heard us within", "how they ended", title="Calls")
    for kind in Kind:
        own = [outcome for one, outcome in zip(run.plans, run.outcomes, strict=True) if one.kind is kind]
        heard = [each.first_heard_seconds / speed for each in own if each.first_heard_seconds is not None]
        ends = Counter(str(each.ended_by) for each in own)
        told = ", ".join(f"{count} {end}" for end, count in ends.most_common())
        table.add_row(kind, str(len(own)), f"{max(heard, default=0):.2f} s", told)
    yield table
    memory = Table(
        "process",
        "MiB",
        "% an hour",
        "± standard error",
        title="Memory since the warm-up (judged after 30 min)",
    )
    for role, line in trends(run).items():
        memory.add_row(role, f"{line.mean / 2**20:.1f}", f"{line.percent:+.2f}", f"{line.error_percent:.2f}")
    yield memory
    database = Table("dispositions", "answers", "integrity", "rests", title="Database, and rests")
    told = ", ".join(f"{count} {end or 'without an end'}" for end, count in stored.ends.items())
    database.add_row(told, str(stored.answers), stored.integrity, str(run.rests))
    yield database


async def endure(options: argparse.Namespace, console: Console) -> tuple[Run, Stored, Sequence[str]]:
    """Start a daemon, ring it until the time is over or somebody interrupts, and read back what it stored."""
    with _folder(options.folder) as folder, _file(options.samples) as file:
        async with daemon_for_all(
            folder,
            speed=options.speed,
            places=4 * options.parallel + 50,
            on_wait=console.print,
        ) as (setup, daemon, callers):
            endurance = Endurance(options, daemon, callers, console=console, file=file)
            await _until_interrupted(endurance, console)
        return endurance.run, read_back(setup.database), list(callers.script.answers)


async def _until_interrupted(endurance: Endurance, console: Console) -> None:
    loop = asyncio.get_running_loop()
    going = asyncio.create_task(endurance.go())
    numbers = (signal.SIGINT, signal.SIGTERM)
    for number in numbers:
        loop.add_signal_handler(number, going.cancel)
    try:
        await going
    except asyncio.CancelledError:
        endurance.run.was_cut = True
        console.print("cut short; what is known by now:")
    finally:
        for number in numbers:
            loop.remove_signal_handler(number)


@contextmanager
def _folder(chosen: Path | None) -> Iterator[Path]:
    if chosen is not None:
        chosen.mkdir(parents=True, exist_ok=False)
        yield chosen.resolve()
        return
    with tempfile.TemporaryDirectory(prefix="hatif-endurance-") as name:
        yield Path(name)


@contextmanager
def _file(path: Path | None) -> Iterator[SampleFile | None]:
    if path is None:
        yield None
        return
    with path.open("w", encoding="utf-8", newline="") as opened:
        yield SampleFile(opened)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    length = parser.add_mutually_exclusive_group()
    length.add_argument("--hours", type=float, default=2.0)
    length.add_argument("--minutes", type=float)
    parser.add_argument("--parallel", type=int, default=20, help="calls at a time")
    parser.add_argument("--speed", type=float, default=1.0, help="of call time, 1 to 16")
    parser.add_argument("--shared", action="store_true", help="the machine does other work too")
    parser.add_argument("--rest-every", type=int, default=1000, help="calls between two rests")
    parser.add_argument("--samples", type=Path, help="a CSV file")
    parser.add_argument("--folder", type=Path, help="where the database and the log stay; else nothing does")
    parser.add_argument("--seed", type=int, default=0, help="of who rings when, and does what")
    options = parser.parse_args()
    options.seconds = options.minutes * 60 if options.minutes else options.hours * 3600
    return options


def main() -> None:
    """Endure, and say how it was."""
    options = _options()
    run, stored, long_items = asyncio.run(endure(options, Console(stderr=True)))
    console = Console()
    for table in report(run, stored, options.speed):
        console.print(table)
    broken = judged(run, stored, long_items, shared=options.shared)
    for sentence in broken[:SHOWN]:
        console.print(sentence, highlight=False, markup=False)
    if broken:
        sys.exit(f"{len(broken)} promises were broken in {run.placed} calls")
    console.print(f"{run.placed} calls: no promise was broken")
    if run.was_cut:
        sys.exit(EXIT_CUT)


if __name__ == "__main__":
    main()
