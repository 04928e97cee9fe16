"""A run of `hatif bench`: so many callers of one server, or as many as it bears."""

import asyncio
import http.client
import random
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import repeat
from pathlib import Path
from typing import Protocol
from urllib.parse import urlsplit, urlunsplit
from uuid import uuid4

import numpy as np
from msgspec import Struct

from bridge.bench.acting import Actor, Answerer, Hiss
from bridge.bench.caller import Ended, Ending
from bridge.bench.crowd import Crowd, Who
from bridge.bench.finding import Search
from bridge.bench.load import Limits, Load
from bridge.bench.machine import Machine, this_machine
from bridge.bench.processes import listeners
from bridge.bench.server import Meter
from bridge.bench.sockets import Address
from bridge.carriers.arriving import IssuedWay, TwilioWay, UpgradeWay, Way
from bridge.carriers.lines import Line, PressLine, SayLine
from bridge.carriers.placing import EXAMPLE_CALLEE, EXAMPLE_CALLER, speak_steps
from bridge.carriers.registry import far_end
from bridge.carriers.script import Step, load_steps
from bridge.carriers.voice import DEFAULT_VOICE, LineNoise
from bridge.clock import Clock
from bridge.config import Settings
from bridge.control_client import FileConnection
from bridge.errors import BridgeError
from bridge.identity.streams import StreamTokens
from bridge.speech.vosk.recognizer import KNOWN_SOUND

__all__ = ["BenchError", "BenchOptions", "Report", "Watching", "bench"]

LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})
TRIAL_SECONDS = 15.0  # for the first call to be taken; wall clock
LOOK_SECONDS = 0.25
METRICS_SECONDS = 5.0
OK = 200


class BenchError(BridgeError):
    """Nothing can be measured."""

    code = "bench"


@dataclass(frozen=True, slots=True)
class BenchOptions:
    """Whom to call, how many at once, and how well it is to be borne. Seconds are of call time."""

    url: str
    calls: int = 10
    provider: str = "generic"
    token: str | None = None
    settings: Settings | None = None  # the server's own, by which calls get their credential
    questionnaire: str | None = None
    from_number: str = EXAMPLE_CALLER
    to_number: str = EXAMPLE_CALLEE
    script: Path | None = None
    keys: str = "1"  # pressed at every question, without a script
    speak: float = 0.5  # the share of callers who speak; the others press keys
    over: float = 0.25  # the share of what is said that begins over a prompt
    voice: str = DEFAULT_VOICE
    seconds: float = 30.0  # that are measured
    settle: float = 5.0  # before that, with all calls there
    per_second: float = 5.0  # new calls
    most: int | None = None  # look for as many as are borne, up to so many
    limits: Limits = field(default_factory=Limits)
    pids: tuple[int, ...] = ()  # the server's processes on this machine; () looks for them
    metrics_url: str | None = None
    speed: float = 1.0
    seed: int = 0


class Report(Struct, frozen=True, kw_only=True):
    """What was seen, as `--json` writes it."""

    url: str
    provider: str
    callers_machine: Machine
    limits: Limits
    loads: tuple[Load, ...]  # in the order in which they were tried
    exceeded: tuple[tuple[str, ...], ...]  # of each, what was not borne well
    max_concurrent: int | None = None  # that is borne; None: it was not looked for
    is_bounded: bool = False  # whether more were tried
    interrupted: bool = False

    @property
    def is_good(self) -> bool:
        """Whether all that was asked for is borne."""
        return bool(self.max_concurrent) if self.max_concurrent is not None else not any(self.exceeded)


class Watching(Protocol):
    """Whoever shows a run as it goes."""

    def phase(self, text: str, seconds: float) -> None:
        """This begins now, and takes so long."""
        ...

    def look(self, passed: float, in_progress: int) -> None:
        """So far it has come."""
        ...

    def seen(self, load: Load, exceeded: Sequence[str]) -> None:
        """One load was measured."""
        ...


async def bench(options: BenchOptions, watching: Watching, stop: asyncio.Event) -> Report:
    """Call, measure, and hang up; `stop` ends it early with what is known by then.

    Raises:
        BenchError: no call is taken; the text says what to do about it.
        BridgeError: the script or the voice is missing or wrong.

    """
    url = _media_url(options)
    machine = this_machine()
    who = Who(
        way=_way(options, url),
        wire=lambda: far_end(options.provider),
        actor=await _actors(options),
        numbers=(options.from_number, options.to_number),
        new_call_id=lambda: str(uuid4()),  # some wires take no id of another form
        usage=_meter(options, url).look,
    )
    async with Crowd(who, clock=Clock(options.speed), per_second=options.per_second) as crowd:
        run = _Run(crowd, options, watching, stop)
        await run.first_call()
        loads, search = await run.all()
    return Report(
        url=url,
        provider=options.provider,
        callers_machine=machine,
        limits=options.limits,
        loads=tuple(loads),
        exceeded=tuple(tuple(options.limits.exceeded(load)) for load in loads),
        max_concurrent=search.borne if search else None,
        is_bounded=search.is_bounded if search else False,
        interrupted=stop.is_set(),
    )


class _Run:
    """One crowd, through all that it is to be."""

    def __init__(self, crowd: Crowd, options: BenchOptions, watching: Watching, stop: asyncio.Event) -> None:
        self._crowd = crowd
        self._options = options
        self._watching = watching
        self._stop = stop
        self._clock = Clock(options.speed)
        self._has_measured = False  # else the first call is still one that came

    async def first_call(self) -> None:
        """One is taken, or there is nothing to measure."""
        self._watching.phase("the first call", 0.0)
        self._crowd.resize(1)
        loop = asyncio.get_running_loop()
        until = loop.time() + TRIAL_SECONDS
        while not self._crowd.in_progress and not self._stop.is_set():
            refusal = next((one for one in self._crowd.ends if one.ending is Ending.REFUSED), None)
            if refusal is not None or loop.time() > until:
                raise BenchError(_refusal(refusal, self._options))
            if self._crowd.ends:  # taken, and over already
                return
            await asyncio.sleep(LOOK_SECONDS / 10)

    async def all(self) -> tuple[list[Load], Search | None]:
        """The one load that is wanted, or one after the other until it is known what is borne."""
        options = self._options
        if options.most is None:
            return [await self._one(options.calls)], None
        search, loads = Search(options.calls, options.most), list[Load]()
        while search.next is not None and not self._stop.is_set():
            calls = search.next
            load = await self._one(calls)
            loads.append(load)
            if not self._stop.is_set():  # else too little was seen of it
                search.tell(calls, is_borne=not options.limits.exceeded(load))
        return loads, search

    async def _one(self, calls: int) -> Load:
        """So many at once."""
        if self._has_measured:
            self._crowd.begin_calls()
        self._has_measured = True
        await self._crowd.begin()  # whoever ends it early sees what was until then
        ramp = self._crowd.resize(calls)
        if await self._pass(f"{calls} calls begin", ramp) and await self._pass(
            f"{calls} calls settle", self._options.settle
        ):
            await self._crowd.begin()
            await self._pass(f"{calls} calls", self._options.seconds)
        load = await self._crowd.load()
        self._watching.seen(load, self._options.limits.exceeded(load))
        return load

    async def _pass(self, phase: str, seconds: float) -> bool:
        """Let time pass; False: it was ended early."""
        self._watching.phase(phase, seconds)
        began = self._clock.monotonic()
        while (passed := self._clock.monotonic() - began) < seconds and not self._stop.is_set():
            self._watching.look(passed, self._crowd.in_progress)
            left = min(self._clock.real_seconds(seconds - passed), LOOK_SECONDS)
            try:
                await asyncio.wait_for(self._stop.wait(), left)
            except TimeoutError:
                continue
        self._watching.look(seconds, self._crowd.in_progress)
        return not self._stop.is_set()


# How calls come in


def _media_url(options: BenchOptions) -> str:
    """The address of the media socket; of a server's own it is the usual one."""
    try:
        Address.of(options.url)
    except ValueError:
        raise BenchError(
            f"{options.url!r} is no address of a socket, such as ws://127.0.0.1:8080/ws/generic, "
            "wss://hatif.example.org/ws/maqsam or, of AudioSocket, tcp://127.0.0.1:9092"
        ) from None
    place = urlsplit(options.url)
    if place.scheme == "tcp" or place.path.strip("/"):
        return options.url
    is_named = options.questionnaire is not None and options.settings is None
    path = f"/ws/{options.provider}" + (f"/{options.questionnaire}" if is_named else "")
    return urlunsplit(place._replace(path=path))


def _way(options: BenchOptions, url: str) -> Way:
    """By the credential that was given, or by what the server's configuration lets us make."""
    settings = options.settings
    if options.token is not None or settings is None:
        return UpgradeWay(url, options.token, options.provider)
    address = Address.of(url)
    auth_token = getattr(settings.provider(options.provider), "auth_token", None)
    if options.provider == TwilioWay.provider_name and auth_token is not None:
        public_url = str(settings.server.public_url or f"http{'s' * address.is_secure}://{address.authority}")
        return TwilioWay(
            address.authority,
            auth_token,
            public_url.rstrip("/"),
            is_secure=address.is_secure,
            questionnaire=options.questionnaire,
        )
    if settings.tokens.secret is not None:
        tokens = StreamTokens(settings.tokens.secret.get_secret_value())
        return IssuedWay(url, tokens, options.provider, options.questionnaire)
    return UpgradeWay(url, None, options.provider)


def _refusal(refusal: Ended | None, options: BenchOptions) -> str:
    """Why nothing can be measured, and what to do."""
    if refusal is None:
        return f"no call was taken within {TRIAL_SECONDS:g} s; look at the server's log"
    why = refusal.why.rstrip(".")
    status, _, _ = why.partition(":")
    advice = {
        "401": "give --token as the provider would show it, or --config with the server's own configuration",
        "403": "give --token as the provider would show it, or --config with the server's own configuration",
        "404": f"compare the address with `hatif carrier list`, and `providers.{options.provider}` there",
        "429": "wait a minute, or raise the server's limits",
        "503": "see `hatif status` there: it is draining, not ready, or full",
        "busy": "see `hatif status` there: it is draining, not ready, or full",
    }.get(status)
    if advice is None and "certificate" in why:
        advice = "name an authority of your own by SSL_CERT_FILE, or the host as the certificate does"
    elif advice is None and "TLS" in why:
        advice = "compare ws:// and wss:// with what listens there"
    return f"no call is taken ({why}): {advice or 'see whether a server listens at that address'}"


def _meter(options: BenchOptions, url: str) -> Meter:
    address = Address.of(url)
    pids = list(options.pids)
    if not pids and address.host in LOOPBACK:
        pids = listeners(address.port)
    return Meter(pids, _metrics(options))


def _metrics(options: BenchOptions) -> Callable[[], str] | None:
    """Whence its metrics are read."""
    url = options.metrics_url
    socket = options.settings.admin.socket if options.settings is not None else None
    if url is not None:
        return lambda: _fetched(url)
    if socket is not None and socket.exists():
        return lambda: _asked(FileConnection(socket, METRICS_SECONDS))
    return None


def _fetched(url: str) -> str:
    with urllib.request.urlopen(url, timeout=METRICS_SECONDS) as answer:  # noqa: S310 - the user's own address
        text: str = answer.read().decode()
        return text


def _asked(connection: http.client.HTTPConnection) -> str:
    try:
        connection.request("GET", "/metrics")
        answer = connection.getresponse()
        text = answer.read().decode()
    except http.client.HTTPException as error:
        raise OSError(str(error)) from error
    finally:
        connection.close()
    return text if answer.status == OK else ""


# What callers do


async def _actors(options: BenchOptions) -> Callable[[int], Actor]:
    spoken = await _spoken(options)
    pressed = _pressed(options) if options.speak < 1 else spoken
    hiss, chance = Hiss(options.seed), random.Random(options.seed)  # noqa: S311 - who speaks when is no secret

    def actor(number: int) -> Actor:
        speaks = int(number * options.speak) > int((number - 1) * options.speak)
        return Answerer(
            spoken() if speaks else pressed(),
            hiss,
            chance=random.Random(chance.random()),  # noqa: S311
            over_share=options.over,
        )

    return actor


async def _spoken(options: BenchOptions) -> Callable[[], Iterator[Line]]:
    """What somebody says who speaks: yes, unless there is a script."""
    if options.script is None:
        said = SayLine(KNOWN_SOUND.read_bytes())
        return lambda: repeat(said)
    steps = load_steps(options.script) if options.speak else []
    lines = await speak_steps(steps, options.voice, LineNoise(np.random.default_rng(options.seed)))
    return lambda: iter(lines)


def _pressed(options: BenchOptions) -> Callable[[], Iterator[Line]]:
    if options.script is None:
        return lambda: repeat(PressLine(options.keys))
    lines = [_pressed_line(step) for step in load_steps(options.script, by_key=True)]
    return lambda: iter(lines)


def _pressed_line(step: Step) -> Line:
    if not step.press:
        raise BenchError("a script for callers who press has lines that are said: make it --speak 1")
    return PressLine(step.press)
