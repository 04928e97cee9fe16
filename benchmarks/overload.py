"""How many calls this machine carries, and what those hear that are taken while twice as many come.

    python benchmarks/overload.py [--calls N] [--seconds S] [--burst B] [--json]

One daemon without limits is given more and more calls at once until they are not served well any more, then
as many at the same moment; --calls leaves that out. Another one, which takes only as many as were served
well, is offered three quarters of what it can take, then twice that, then half of it and ten times the pace
(`calls.per_second`) within a second. Half of the callers speak; half of the calls are asked for by a webhook.

Callers and daemon share this machine, so that a server which only answers carries more. Where the callers'
own event loop was late, the waits are theirs as well: `callers late`.
"""

import argparse
import asyncio
import json
import os
import random
import sys
import tempfile
from collections import Counter
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from itertools import count, pairwise
from pathlib import Path
from typing import Any

import aiohttp
import msgspec
import numpy as np
from loads import AUTH_TOKEN, PUBLIC_URL, UNLIMITED, lay_out
from msgspec import Struct
from prometheus_client.parser import text_string_to_metric_families
from rich.box import SIMPLE
from rich.console import Console
from rich.table import Table

from bridge.bench.processes import processor_seconds
from bridge.bench.server import upper_bound
from bridge.carriers.arriving import Lived, Notes, TwilioWay, UpgradeWay, arrive
from bridge.carriers.leg import EndedBy
from bridge.carriers.lines import LineCaller, PressLine, SayLine
from bridge.carriers.voice import LineNoise
from bridge.clock import Clock
from bridge.content import DEFAULT_CONFIG
from bridge.demo.daemon import DaemonProcess, DaemonSetup
from bridge.pulse import Pulse
from bridge.speech.memory import children
from bridge.speech.vosk.recognizer import KNOWN_SOUND

STEPS = (4, 8, 12, 16, 20, 24, 28, 32, 40, 48, 56, 64, 80, 96, 112, 128)
BURSTS = (5, 10, 20, 40)
SETTLE_SECONDS = 6.0  # after more calls have begun
HOLD_SECONDS = 20.0
REFERENCE_LOAD, OVERLOAD, BESIDE_BURST = 0.75, 2.0, 0.5
BURST_FACTOR = 10  # times the pace
AFTER_BURST_SECONDS = 12.0
LOOK_SECONDS = 5.0  # the gauge of the loop's lag remembers 10 s; each look costs the daemon some milliseconds
END_SECONDS = 180.0  # for the calls in progress to come to their ends

# What operations need to be true, and what is taken for "served well".
REPLY_P95_SECONDS = 1.5
FIRST_WORD_SECONDS = 5.0
REFUSAL_SECONDS = 0.2
LOOP_P99_SECONDS = 0.05
GAP_SHARE = 0.001  # of the time of calls

DELAYS, HEARINGS = "hatif_event_loop_delay_seconds", "hatif_asr_seconds"
QUESTIONS = (
    "هَلْ نِمْتَ جَيِّدًا؟",
    "هَلْ عِنْدَكَ حُمَّى؟",
    "هَلْ أَكَلْتَ الْيَوْم؟",
    "هَلْ خَرَجْتَ مِنَ الْبَيْت؟",
    "هَلْ شَرِبْتَ الدَّوَاء؟",
)
CONSENT = '  - {id: consent, type: consent, ask: "هَلْ تُوَافِق؟"}\n'


class Figures(Struct, frozen=True):
    """What was seen in one stretch of time. Seconds; shares are of 1."""

    name: str
    at_once: float  # calls in progress, on average
    came: int
    taken: int
    refused: int  # and told so as their provider wants it
    wronged: int  # neither
    busy: tuple[float, ...]  # p50, p95, longest
    busy_in_time: float | None  # the share that was told within 200 ms
    first_word: tuple[float, ...]
    reply_to_speech: tuple[float, ...]
    reply_to_key: tuple[float, ...]
    turns: int
    gaps: int
    longest_gap: float
    gap_share: float  # of the time of calls
    text_p95: float  # until an utterance had become text, not more than that
    loop_p99: float  # likewise
    loop_max: float
    callers_late: tuple[float, ...]
    processors: float  # that daemon and engines kept busy
    of_recogniser: float
    memory_mb: float

    @property
    def is_served_well(self) -> bool:
        """Whether none of those who were taken would complain."""
        _, replies, _ = self.reply_to_speech or (0.0, 0.0, 0.0)
        *_, first_word = self.first_word or (0.0,)
        return (
            replies <= REPLY_P95_SECONDS
            and first_word <= FIRST_WORD_SECONDS
            and self.gap_share <= GAP_SHARE
            and self.loop_p99 <= LOOP_P99_SECONDS
            and not self.wronged
        )


class Look(Struct, frozen=True):
    """The daemon's own figures at one moment."""

    at: float
    delays: dict[float, float]  # the histogram of the loop's delays: how many up to so many seconds
    hearings: dict[float, float]  # likewise of how long the recogniser took
    lag: float
    memory: float
    processor_seconds: float
    recogniser_seconds: float


class Load:
    """One daemon, all who call it, and what is known of both."""

    def __init__(self, setup: DaemonSetup, daemon: DaemonProcess, seed: int) -> None:
        self._clock = Clock()
        self._setup = setup
        self._daemon = daemon
        self._seed = seed
        self._chance = random.Random(seed)  # noqa: S311 - arrivals are no secrets
        self._numbers = count(1)
        self._spoken = KNOWN_SOUND.read_bytes()
        self._ways = (
            UpgradeWay(f"ws://{daemon.address}/ws/maqsam", setup.carrier_token),
            TwilioWay(daemon.address, AUTH_TOKEN, PUBLIC_URL),
        )
        self._placed: dict[asyncio.Task[Lived], Notes] = {}
        self._late: list[tuple[float, float]] = []
        self._looks: list[Look] = []

    @property
    def now(self) -> float:
        return self._clock.monotonic()

    @asynccontextmanager
    async def watched(self) -> AsyncIterator[None]:
        """Look at the daemon, and at ourselves, meanwhile."""
        pulse = Pulse(on_lag=lambda lag: self._late.append((self.now, lag)))
        running = [asyncio.create_task(pulse.run()), asyncio.create_task(self._look_on())]
        try:
            yield
        finally:
            for task in (*running, *self._placed):
                task.cancel()
            await asyncio.gather(*running, *self._placed, return_exceptions=True)

    def place(self) -> asyncio.Task[Lived]:
        """One more call."""
        number = next(self._numbers)
        line = SayLine(self._spoken) if number % 4 < 2 else PressLine("1")
        caller = LineCaller([line] * 40, LineNoise(np.random.default_rng((self._seed, number))))
        notes = Notes(self.now)
        arriving = arrive(self._ways[number % 2], caller, self._clock, number, notes=notes)
        placed = asyncio.create_task(arriving)
        self._placed[placed] = notes
        return placed

    # Ways to load

    async def alone(self) -> float:
        """One call that is spoken and one by key; how long calls last."""
        lived = await asyncio.gather(*(self.place() for _ in range(4)))
        return sum(one.seconds for one in lived) / len(lived)

    async def keep(self, calls: int, stop: asyncio.Event) -> None:
        """So many at once, over and over; they begin within a few seconds."""

        async def one_after_the_other(number: int) -> None:
            await asyncio.sleep(number * SETTLE_SECONDS / calls)
            while not stop.is_set():
                await self.place()

        await asyncio.gather(*map(one_after_the_other, range(calls)))

    async def come(self, per_second: float, seconds: float) -> None:
        """New ones at that rate, at random moments, whatever becomes of them."""
        until, due = self.now + seconds, self.now
        while due < until:
            await asyncio.sleep(max(0.0, due - self.now))
            self.place()
            due += self._chance.expovariate(per_second)
        await asyncio.sleep(until - self.now)

    def burst(self, calls: int, seconds: float = 0.0) -> None:
        """All of them within so many seconds."""
        loop = asyncio.get_running_loop()
        for number in range(calls):
            loop.call_later(number * seconds / calls, self.place)

    async def ended(self) -> None:
        """Wait for the calls in progress."""
        going = [task for task in self._placed if not task.done()]
        if going:
            await asyncio.wait(going, timeout=END_SECONDS)

    # What was seen

    def figures(self, name: str, begin: float, end: float) -> Figures:
        """Of that stretch; calls that are not over yet count as taken once they have heard us."""
        calls = list(self._placed.items())
        came = [(task, notes) for task, notes in calls if begin <= notes.began_at < end]
        over = [task.result() for task, _ in came if task.done() and not task.cancelled()]
        refused = [one for one in over if one.is_busy]
        wronged = [one for one in over if not _is_good(one)]
        turns = [turn for _, notes in calls for turn in notes.turns if begin <= turn.at < end]
        gaps = [gap.seconds for _, notes in calls for gap in notes.gaps if begin <= gap.at < end]
        talked = sum(_overlap(task, notes, begin, end, self.now) for task, notes in calls)
        looks = [look for look in self._looks if begin - LOOK_SECONDS <= look.at <= end + LOOK_SECONDS]
        busy = [one.seconds for one in refused]
        return Figures(
            name=name,
            at_once=talked / (end - begin),
            came=len(came),
            taken=len(came) - len(refused) - len([one for one in wronged if not one.is_taken]),
            refused=len(refused),
            wronged=len(wronged),
            busy=_spread(busy),
            busy_in_time=sum(one <= REFUSAL_SECONDS for one in busy) / len(busy) if busy else None,
            first_word=_spread([notes.first_word_seconds for _, notes in came]),
            reply_to_speech=_spread([turn.seconds for turn in turns if not turn.by_key]),
            reply_to_key=_spread([turn.seconds for turn in turns if turn.by_key]),
            turns=len(turns),
            gaps=len(gaps),
            longest_gap=max(gaps, default=0.0),
            gap_share=sum(gaps) / max(talked, 1.0),
            text_p95=_part(0.95, looks, "hearings"),
            loop_p99=_part(0.99, looks, "delays"),
            loop_max=max((look.lag for look in looks[1:]), default=0.0),
            callers_late=_spread([lag for at, lag in self._late if begin <= at < end]),
            processors=_rate(looks, "processor_seconds"),
            of_recogniser=_rate(looks, "recogniser_seconds"),
            memory_mb=max((look.memory for look in looks), default=0.0) / 2**20,
        )

    def answers(self) -> dict[str, int]:
        """What those were told who were not taken and heard no busy."""
        lived = [task.result() for task in self._placed if task.done() and not task.cancelled()]
        return dict(Counter(one.answer or one.outcome.ended_by for one in lived if not _is_good(one)))

    async def refusals(self) -> dict[str, int]:
        """How many calls were refused for what, by the daemon's own count."""
        text = await self._exposed()
        return {
            sample.labels["reason"]: round(sample.value)
            for family in text_string_to_metric_families(text)
            for sample in family.samples
            if sample.name == "hatif_calls_refused_total"
        }

    async def look(self) -> None:
        """At the daemon, once."""
        at, text = self.now, await self._exposed()
        histograms: dict[str, dict[float, float]] = {DELAYS: {}, HEARINGS: {}}
        found: dict[str, float] = {}
        for family in text_string_to_metric_families(text):
            for sample in family.samples:
                found[sample.name] = sample.value
                if family.name in histograms and "le" in sample.labels:
                    histograms[family.name][float(sample.labels["le"])] = sample.value
        engines = _started_by(self._daemon.pid)
        recogniser = sum(processor_seconds(pid) for pid in engines if _runs(pid, "vosk"))
        everything = sum(map(processor_seconds, (self._daemon.pid, *engines)))
        self._looks.append(
            Look(
                at=at,
                delays=histograms[DELAYS],
                hearings=histograms[HEARINGS],
                lag=found["hatif_event_loop_lag_seconds"],
                memory=found["hatif_memory_bytes"],
                processor_seconds=everything,
                recogniser_seconds=recogniser,
            )
        )

    async def _look_on(self) -> None:
        while True:
            await self.look()
            await asyncio.sleep(LOOK_SECONDS)

    async def _exposed(self) -> str:
        connector = aiohttp.UnixConnector(str(self._setup.admin_socket))
        async with (
            aiohttp.ClientSession(connector=connector) as http,
            http.get("http://localhost/metrics") as told,
        ):
            return await told.text()


def _is_good(one: Lived) -> bool:
    """Whether the call was held whole, or its carrier told that we are busy."""
    return one.is_busy or one.outcome.ended_by in {EndedBy.HATIF_HUNG_UP, EndedBy.HATIF_CLOSED}


def _overlap(task: asyncio.Task[Lived], notes: Notes, begin: float, end: float, now: float) -> float:
    """How long a call that was taken was in progress in that stretch."""
    if notes.first_word_at is None:
        return 0.0
    is_over = task.done() and not task.cancelled()
    ended_at = notes.began_at + task.result().seconds if is_over else now
    return max(0.0, min(ended_at, end) - max(notes.began_at, begin))


def _spread(values: Sequence[float | None]) -> tuple[float, ...]:
    """p50, p95 and the greatest; nothing of nothing."""
    known = sorted(value for value in values if value is not None)
    if not known:
        return ()
    return tuple(known[min(int(len(known) * part), len(known) - 1)] for part in (0.5, 0.95, 1.0))


def _part(part: float, looks: Sequence[Look], what: str) -> float:
    """Of a histogram: no more than that for such a part of what came in between."""
    if not looks:
        return 0.0
    return upper_bound(part, getattr(looks[0], what), getattr(looks[-1], what)) or 0.0


def _rate(looks: Sequence[Look], what: str) -> float:
    if len(looks) < 2:
        return 0.0
    return (getattr(looks[-1], what) - getattr(looks[0], what)) / (looks[-1].at - looks[0].at)


def _runs(pid: int, name: str) -> bool:
    try:
        return name.encode() in Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return False


def _started_by(pid: int) -> list[int]:
    """All processes below this one: workers, and the engines of each."""
    return [one for child in children(pid) for one in (child, *_started_by(child))]


# Runs


@asynccontextmanager
async def daemon(folder: Path, options: dict[str, str], seed: int) -> AsyncIterator[Load]:
    """One daemon, which asks the questionnaire above; prompts are rendered once for all of them."""
    home = Path(tempfile.mkdtemp(dir=folder))
    setup = msgspec.structs.replace(
        DaemonSetup.new(DEFAULT_CONFIG, home, port=None, speed=1.0),
        options={
            "HATIF_PROMPTS__FOLDER": str(folder / "prompts"),
            "HATIF_QUESTIONNAIRES__FOLDER": str(folder / "questionnaires"),
            "HATIF_QUESTIONNAIRES__DEFAULT": "load",
            "HATIF_PROVIDERS__TWILIO__AUTH_TOKEN": AUTH_TOKEN,
            "HATIF_SERVER__PUBLIC_URL": PUBLIC_URL,
            **options,
        },
    )
    async with DaemonProcess(setup) as process:
        await process.ready(on_wait=lambda _: None)
        load = Load(setup, process, seed)
        async with load.watched():
            yield load


async def ramp(load: Load, most: int, say: "Screen") -> tuple[list[Figures], int]:
    """More and more at once, until they are not served well; the last number of which all were."""
    seen: list[Figures] = []
    carried, stop = 0, asyncio.Event()
    keeping: list[asyncio.Task[None]] = []
    for before, calls in pairwise((0, *(step for step in STEPS if step <= most))):
        say.status(f"{calls} calls at once")
        keeping.append(asyncio.create_task(load.keep(calls - before, stop)))
        await asyncio.sleep(SETTLE_SECONDS)
        begin = load.now
        await asyncio.sleep(HOLD_SECONDS)
        await load.look()
        seen.append(say.seen(load.figures(f"{calls} at once", begin, load.now)))
        if not seen[-1].is_served_well:
            break
        carried = calls
    stop.set()
    await asyncio.gather(*keeping)
    return seen, carried


async def bursts(load: Load, carried: int, seconds: float, say: "Screen") -> list[Figures]:
    """So many at the same moment, beside half of what is carried."""
    seen = []
    for calls in BURSTS:
        say.status(f"{calls} calls at the same moment")
        coming = asyncio.create_task(
            load.come(BESIDE_BURST * carried / seconds, seconds + AFTER_BURST_SECONDS)
        )
        await asyncio.sleep(seconds)
        begin = load.now
        load.burst(calls)
        await coming
        await load.look()
        await load.ended()
        seen.append(say.seen(load.figures(f"burst of {calls}", begin, begin + AFTER_BURST_SECONDS)))
    return seen


async def overload(
    load: Load, options: argparse.Namespace, places: int, seconds: float, say: "Screen"
) -> list[Figures]:
    """Three quarters, twice, and ten times the pace."""
    spans = []
    rate = places / seconds
    for name, share in (("75 %", REFERENCE_LOAD), ("200 %", OVERLOAD)):
        say.status(f"{name} of what {places} places can take")
        await load.come(share * rate, seconds)  # until those that came first have gone
        begin = load.now
        await load.come(share * rate, options.seconds)
        spans.append((name, begin, load.now))
    await load.ended()
    say.status(f"a burst of {BURST_FACTOR} times the pace")
    coming = asyncio.create_task(load.come(BESIDE_BURST * rate, seconds + AFTER_BURST_SECONDS))
    await asyncio.sleep(seconds)
    begin = load.now
    load.burst(round(BURST_FACTOR * options.per_second), seconds=1.0)
    await coming
    spans.append((f"50 %, {BURST_FACTOR}×", begin, load.now))
    await load.ended()
    await load.look()
    return [say.seen(load.figures(*span)) for span in spans]


class Screen:
    """What is told meanwhile, on stderr."""

    def __init__(self, console: Console) -> None:
        self._console = console

    def status(self, text: str) -> None:
        """What goes on."""
        self._console.print(f"  {text}", style="dim")

    def seen(self, one: Figures) -> Figures:
        """What was seen just now: whoever ends the run early knows so much."""
        well = "served well" if one.is_served_well else "not served well"
        self._console.print(
            f"  {one.name}: {well}; reply to speech {_shown(one.reply_to_speech) or 'none'} ms; "
            f"{one.gaps} gaps; loop ≤ {one.loop_p99 * 1000:g} ms; {one.refused} busy, {one.wronged} wronged"
        )
        return one


async def run(options: argparse.Namespace, say: Screen) -> dict[str, Any]:
    """Everything."""
    with _folder() as folder:
        seen: list[Figures] = []
        places = options.calls
        if places is None:
            unlimited = UNLIMITED | {"HATIF_WORKERS": str(options.workers)}
            async with daemon(folder, unlimited, options.seed) as load:
                seconds = await load.alone()
                found, places = await ramp(load, options.most, say)
                seen += found
                places = max(places, STEPS[0])
                await load.ended()
                seen += await bursts(load, places, seconds, say)
        limits = {
            "HATIF_WORKERS": str(options.workers),
            "HATIF_CALLS__MAX_CONCURRENT": str(places),
            "HATIF_CALLS__PER_SECOND": str(options.per_second),
            "HATIF_CALLS__BURST": str(options.burst),
        }
        async with daemon(folder, limits, options.seed) as load:
            seconds = await load.alone()
            seen += await overload(load, options, places, seconds, say)
            return {
                "places": places,
                "call_seconds": seconds,
                "per_second": options.per_second,
                "burst": options.burst,
                "figures": seen,
                "refusals": await load.refusals(),
                "wronged": load.answers(),
            }


@contextmanager
def _folder() -> Iterator[Path]:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        items = [
            f'  - {{id: q{number}, type: yes_no, kind: fact, ask: "{ask}"}}\n'
            for number, ask in enumerate(QUESTIONS)
        ]
        lay_out(folder, [CONSENT, *items])
        yield folder


def _callers(seen: Sequence[Figures]) -> Table:
    """What those who called met with."""
    table = _table(
        "", "calls", "came", "taken", "busy", "wronged", "busy in", "word in", "speech", "key", "gaps", "well"
    )
    for one in seen:
        table.add_row(
            one.name,
            f"{one.at_once:.0f}",
            *map(str, (one.came, one.taken, one.refused, one.wronged)),
            *map(_shown, (one.busy, one.first_word, one.reply_to_speech, one.reply_to_key)),
            f"{one.gaps}" + (f", {one.longest_gap * 1000:.0f}" if one.gaps else ""),
            "yes" if one.is_served_well else "no",
        )
    return table


def _machine(seen: Sequence[Figures]) -> Table:
    """What it cost."""
    table = _table("", "text in", "loop late", "callers late", "cores", "memory")
    for one in seen:
        table.add_row(
            one.name,
            f"≤ {one.text_p95 * 1000:g}",
            f"≤ {one.loop_p99 * 1000:g}, {one.loop_max * 1000:.0f}",
            _shown(one.callers_late),
            f"{one.processors:.2f}, {one.of_recogniser:.2f}",
            f"{one.memory_mb:.0f} MB",
        )
    return table


def _table(*columns: str) -> Table:
    table = Table(box=SIMPLE, padding=(0, 1, 0, 0))
    for column in columns:
        table.add_column(column, overflow="fold")
    return table


def _shown(spread: tuple[float, ...]) -> str:
    """Milliseconds: p50, p95."""
    return "/".join(f"{value * 1000:.0f}" for value in spread[:2])


EXPLAINED = """\
Milliseconds, p50/p95 where there are two. calls: in progress on average. busy: told so as their provider
wants it. wronged: neither held to their end nor told. speech, key: from the end of either to the first sound
of the reply. gaps: prompts that broke off, and the longest. text in: the recogniser's p95. loop late: p99 and
greatest. callers late: our own end of the calls. cores: that daemon and engines kept busy, and the recogniser
alone. --json has the longest of each too."""


def main() -> None:
    """Load, and say how it was."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--calls", type=int, help="that are carried at once, instead of finding out")
    parser.add_argument("--most", type=int, default=STEPS[-1], help="calls at once that are tried")
    parser.add_argument("--workers", type=int, default=1, help="processes that hold the calls")
    parser.add_argument("--seconds", type=float, default=60.0, help="of 75 %% and of 200 %% load")
    parser.add_argument("--per-second", type=float, default=10.0, help="calls.per_second")
    parser.add_argument("--burst", type=int, default=50, help="calls.burst")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    console = Console(stderr=True)
    console.print(f"load average {' '.join(f'{one:.1f}' for one in os.getloadavg())}, {os.cpu_count()} cores")
    found = asyncio.run(run(options, Screen(console)))
    if options.json:
        sys.stdout.write(json.dumps(msgspec.to_builtins(found), indent=2, ensure_ascii=False) + "\n")
        return
    out = Console()
    seen: list[Figures] = found.pop("figures")
    out.print(_callers(seen), _machine(seen))
    out.print(EXPLAINED.replace("\n", " "), style="dim")
    for one in seen:
        if one.busy_in_time is not None:
            out.print(f"{one.name}: {one.busy_in_time:.1%} of the busy were told within 0.2 s")
    for name, value in found.items():
        out.print(f"{name}: {value}")


if __name__ == "__main__":
    main()
