"""Callers on Twilio's wire who talk on a schedule, to Hatif or to any server that is measured beside it.

    python benchmarks/media_callers.py --url ws://127.0.0.1:9000/ws --calls 100 --pid 1234

They are the callers of `hatif bench` (bridge/bench), in a process of their own, but take no turns, for a bare
agent asks nothing: each speaks a quarter of the time, and over every other reply (`cycle` in bridge/bench).

What was seen is written as JSON (`bridge.bench.load.Load`). Where the callers themselves were late
(`late_ms`), the rest is not the server's alone.
"""

import argparse
import asyncio
import random
import sys
from uuid import uuid4

import msgspec

from bridge.bench.acting import Talker, cycle
from bridge.bench.crowd import Crowd, Who
from bridge.bench.load import Load
from bridge.bench.server import Meter
from bridge.carriers.arriving import TwilioWay, UpgradeWay
from bridge.carriers.placing import EXAMPLE_CALLEE, EXAMPLE_CALLER
from bridge.carriers.wires.twilio import TwilioWire
from bridge.clock import Clock
from bridge.speech.vosk.recognizer import KNOWN_SOUND

CALLS_PER_SECOND = 50.0  # that begin


async def run(options: argparse.Namespace) -> Load:
    """Begin the calls, let them settle, measure, hang up."""
    chance = random.Random(options.seed)  # noqa: S311 - when somebody speaks is no secret
    acts = cycle(KNOWN_SOUND.read_bytes(), chance)
    way = UpgradeWay(options.url, None, "twilio")
    if options.token is not None:
        way = TwilioWay(options.url, options.token, options.public_url)
    who = Who(
        way=way,
        wire=TwilioWire,
        actor=lambda _: Talker(acts, chance.randrange(len(acts))),
        numbers=(EXAMPLE_CALLER, EXAMPLE_CALLEE),
        new_call_id=lambda: f"CA{uuid4().hex}",
        usage=Meter([options.pid]).look,
    )
    async with Crowd(who, clock=Clock(), per_second=CALLS_PER_SECOND) as crowd:
        await asyncio.sleep(crowd.resize(options.calls) + options.settle)
        await crowd.begin()
        await asyncio.sleep(options.seconds)
        return await crowd.load()


def main() -> None:
    """Call, and say how it was."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument(
        "--url", required=True, help="of the media socket; with --token, HOST:PORT of webhooks"
    )
    parser.add_argument("--token", help="Twilio's auth token: the socket is asked for by a signed webhook")
    parser.add_argument("--public-url", default="https://hatif.example", help="that webhooks are signed for")
    parser.add_argument("--pid", type=int, required=True, help="whose processor time is measured")
    parser.add_argument("--calls", type=int, default=100)
    parser.add_argument("--settle", type=float, default=6.0, help="seconds before measuring")
    parser.add_argument("--seconds", type=float, default=15.0, help="that are measured")
    parser.add_argument("--seed", type=int, default=0)
    load = asyncio.run(run(parser.parse_args()))
    sys.stdout.write(msgspec.json.encode(load).decode() + "\n")


if __name__ == "__main__":
    main()
