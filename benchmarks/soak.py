"""Calls of every provider to a real daemon, in real time: good ones, and ones with every fault.

    python benchmarks/soak.py [--calls N] [--provider NAME …] [--max-seconds S] [--json]

All providers' good calls are placed at the same time, then those with each fault in turn beside a good call
of another provider. A good call must be taken and hear its first word within five seconds; whatever the bad
ones do, the daemon must hold no call in the end and answer a last one.
"""

import argparse
import asyncio
import json
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

import aiohttp
import msgspec
from msgspec import Struct
from rich.console import Console
from rich.progress import Progress
from rich.table import Table

from bridge.carriers.faults import Fault
from bridge.carriers.leg import CallOutcome, EndedBy
from bridge.carriers.registry import is_applicable
from bridge.carriers.running import RunOptions, run_calls
from bridge.content import DEFAULT_CONFIG
from bridge.demo.daemon import DaemonProcess, DaemonSetup, free_port
from bridge.identity.streams import StreamTokens
from protocols import PROVIDERS
from protocols.provider import Door

FIRST_WORD_SECONDS = 5.0
AFTER_SECONDS = 60.0  # for calls whose carrier vanished to be noticed
GOOD: tuple[Fault, ...] = ()


class Round(Struct, frozen=True):
    """What became of the calls of one provider with one set of faults."""

    provider: str
    faults: tuple[Fault, ...]
    outcomes: tuple[CallOutcome, ...]

    @property
    def slowest_seconds(self) -> float | None:
        """Until the last of them heard something."""
        heard = [one.first_heard_seconds for one in self.outcomes if one.first_heard_seconds is not None]
        return max(heard, default=None)

    @property
    def is_good(self) -> bool:
        """Whether every call was taken, kept to the protocol, and heard us in time."""
        taken = all(one.accepted and one.ended_by is not EndedBy.PROTOCOL_ERROR for one in self.outcomes)
        in_time = self.slowest_seconds is not None and self.slowest_seconds <= FIRST_WORD_SECONDS
        return taken and in_time and all(one.frames_heard for one in self.outcomes)


class Soak:
    """One daemon, and everybody who calls it."""

    def __init__(
        self, setup: DaemonSetup, address: str, audiosocket: int, options: argparse.Namespace
    ) -> None:
        self._setup = setup
        self._address = address
        self._audiosocket = audiosocket
        self._options = options

    async def calls(self, provider: str, faults: tuple[Fault, ...], seed: int) -> Round:
        """Some calls of one provider at the same time."""
        tokens = StreamTokens(self._setup.token_secret)
        count = self._options.calls
        needs_token = PROVIDERS[provider].door is Door.TOKEN and provider != "audiosocket"
        issued = [
            tokens.issue(provider=provider, seconds=3600) if needs_token else None for _ in range(count)
        ]
        report = await run_calls(
            RunOptions(
                url=self._url(provider),
                provider=provider,
                tokens=[self._setup.carrier_token] if provider == "maqsam" else issued,
                calls=count,
                faults=faults,
                max_seconds=self._options.max_seconds,
                seed=seed,
            )
        )
        return Round(provider, faults, report.outcomes)

    def _url(self, provider: str) -> str:
        if provider == "audiosocket":
            return f"tcp://127.0.0.1:{self._audiosocket}"
        return f"ws://{self._address}/ws/{provider}"

    async def settles(self) -> bool:
        """Whether the daemon comes to hold no call any more."""
        async with aiohttp.ClientSession() as http:
            for _ in range(round(AFTER_SECONDS)):
                async with http.get(f"http://{self._address}/health") as answer:
                    if (await answer.json())["active_calls"] == 0:
                        return True
                await asyncio.sleep(1)
        return False


async def soak(options: argparse.Namespace, console: Console) -> tuple[list[Round], bool]:
    """Place all calls; the rounds, and whether the daemon was none the worse for it."""
    audiosocket = free_port()
    with tempfile.TemporaryDirectory() as folder:
        setup = msgspec.structs.replace(
            DaemonSetup.new(DEFAULT_CONFIG, Path(folder), port=None, speed=1.0),
            options={"HATIF_PROVIDERS__AUDIOSOCKET__LISTEN": f"127.0.0.1:{audiosocket}"},
        )
        async with DaemonProcess(setup) as daemon:
            with console.status("starting the daemon") as status:
                await daemon.ready(on_wait=lambda reason: status.update(f"starting the daemon: {reason}"))
            everybody = Soak(setup, daemon.address, audiosocket, options)
            rounds = await _rounds(everybody, options.provider, console)
            settled = await everybody.settles()
            last = await everybody.calls(options.provider[0], GOOD, seed=999)
            return [*rounds, last], settled and last.is_good


async def _rounds(everybody: Soak, providers: Sequence[str], console: Console) -> list[Round]:
    with Progress(console=console) as progress:
        counted = progress.add_task("calls", total=len(providers) * (1 + len(Fault)))
        rounds = list(await asyncio.gather(*(everybody.calls(one, GOOD, 0) for one in providers)))
        progress.advance(counted, len(providers))
        for number, fault in enumerate(Fault, 1):
            # A good call of each provider goes on beside the bad ones of the next.
            beside = providers[1:] + providers[:1] if len(providers) > 1 else providers
            bad = [everybody.calls(one, (fault,), number) for one in providers if is_applicable(fault, one)]
            rounds += await asyncio.gather(*bad, everybody.calls(beside[number % len(beside)], GOOD, number))
            progress.advance(counted, len(providers))
    return rounds


def _table(rounds: Sequence[Round]) -> Table:
    table = Table(
        "provider", "good calls heard us within", "bad calls", "ended by us", "by the time limit", "else"
    )
    for provider in dict.fromkeys(one.provider for one in rounds):
        good = [one for one in rounds if one.provider == provider and not one.faults]
        bad = [call for one in rounds if one.provider == provider and one.faults for call in one.outcomes]
        slowest = max((one.slowest_seconds or float("inf") for one in good), default=float("inf"))
        ours = sum(call.ended_by in {EndedBy.HATIF_HUNG_UP, EndedBy.HATIF_CLOSED} for call in bad)
        limit = sum(call.ended_by is EndedBy.TIME_LIMIT for call in bad)
        table.add_row(
            provider, f"{slowest:.2f} s", str(len(bad)), str(ours), str(limit), str(len(bad) - ours - limit)
        )
    return table


def main() -> None:
    """Soak, and say how it was."""
    playing = sorted(name for name, each in PROVIDERS.items() if each.capabilities.plays)
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--calls", type=int, default=3, help="of each provider with each fault")
    parser.add_argument("--provider", nargs="*", default=playing, choices=playing)
    parser.add_argument("--max-seconds", type=float, default=20.0, help="how long a call lasts at most")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    console = Console(stderr=True)
    rounds, is_well = asyncio.run(soak(options, console))
    if options.json:
        sys.stdout.write(json.dumps(msgspec.to_builtins(rounds), indent=2) + "\n")
    else:
        Console().print(_table(rounds))
    spoilt = [one.provider for one in rounds if not one.faults and not one.is_good]
    if spoilt or not is_well:
        sys.exit(f"good calls that were not well served: {', '.join(spoilt) or 'the last one'}")


if __name__ == "__main__":
    main()
