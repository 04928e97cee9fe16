"""Callers of all providers, good and bad, and a daemon of two questionnaires for them to ring."""

import asyncio
import os
import random
import shutil
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from enum import StrEnum
from pathlib import Path

import msgspec
import numpy as np
from msgspec import Struct

from bridge.carriers.base import CarrierCall
from bridge.carriers.caller import Caller
from bridge.carriers.fake import CallOutcome, FakeCarrier
from bridge.carriers.faults import Fault, Faults
from bridge.carriers.lines import HangUpLine, Line, LineCaller, PauseLine, PressLine, SayLine
from bridge.carriers.patient import PatientCaller
from bridge.carriers.placing import EXAMPLE_CALLEE
from bridge.carriers.registry import WIRES, far_end, is_applicable
from bridge.carriers.script import AnswerScript, load_answers
from bridge.carriers.voice import LineNoise, Wording, synthetic_voice
from bridge.clock import Clock
from bridge.config import load_settings
from bridge.content import DEFAULT_CONFIG
from bridge.control_client import ControlClient
from bridge.demo.daemon import DaemonProcess, DaemonSetup, free_port
from bridge.dialogue.loader import load_folder
from bridge.dialogue.prompts import KnownPrompt, known_prompts
from bridge.identity.streams import StreamTokens
from bridge.voicing import prompts_of
from protocols import MULAW_8K, PROVIDERS
from protocols.provider import Door

__all__ = [
    "LONG_QUESTIONNAIRE",
    "PLAYING",
    "QUESTIONNAIRE",
    "Callers",
    "Kind",
    "Plan",
    "daemon_for_all",
    "plan",
]

QUESTIONNAIRE, LONG_QUESTIONNAIRE = "phq2", "post_discharge"
MAX_SECONDS = 600.0
MAX_FAULTY_SECONDS = 40.0
THINKING_SECONDS = 0.7
RENDERING_SECONDS = 10.0  # between two looks at how far it has come
YES, NEVER = Wording("نَعَمْ"), Wording("وَلَا مَرَّة")
PLAYING = tuple(sorted(name for name, each in PROVIDERS.items() if each.capabilities.plays))
# A patient knows prompts by their sound: it must arrive as it was sent. The token names the questionnaire.
OF_PATIENTS = tuple(
    name
    for name in PLAYING
    if PROVIDERS[name].door is Door.TOKEN and name != "audiosocket" and WIRES[name].our_audio == MULAW_8K
)


class Kind(StrEnum):
    """What a caller is like."""

    KEYS = "answers by key"
    WORDS = "speaks to the short questionnaire"
    PATIENT = "speaks to the long one"
    LEAVES = "hangs up"
    FAULT = "has a fault"


SHARES: Mapping[Kind, float] = {
    Kind.KEYS: 0.55,
    Kind.WORDS: 0.12,
    Kind.PATIENT: 0.08,
    Kind.LEAVES: 0.10,
    Kind.FAULT: 0.15,
}


class Plan(Struct, frozen=True):
    """One call before it is placed."""

    number: int
    kind: Kind
    provider: str
    faults: tuple[Fault, ...] = ()

    @property
    def is_good(self) -> bool:
        """Whether the caller does nothing wrong."""
        return self.kind is not Kind.FAULT

    @property
    def questionnaire(self) -> str:
        """What the caller is asked."""
        return LONG_QUESTIONNAIRE if self.kind is Kind.PATIENT else QUESTIONNAIRE

    @property
    def call_id(self) -> str:
        """By which the carrier knows the call; some wires take nothing but such a UUID."""
        return f"00000000-0000-4000-8000-{self.number:012x}"


def plan(number: int, seed: int) -> Plan:
    """The call of this number; the same for the same seed."""
    chance = random.Random(f"{seed} {number}")  # noqa: S311 - not for secrets
    (kind,) = chance.choices(list(SHARES), list(SHARES.values()))
    provider = chance.choice(OF_PATIENTS if kind is Kind.PATIENT else PLAYING)
    possible = [fault for fault in Fault if is_applicable(fault, provider)]
    return Plan(number, kind, provider, (chance.choice(possible),) if kind is Kind.FAULT else ())


class Callers:
    """Everybody who rings, with what they have to say."""

    def __init__(
        self, setup: DaemonSetup, audiosocket: int, script: AnswerScript, voice: Mapping[Wording, bytes]
    ) -> None:
        self.setup = setup
        self._audiosocket = audiosocket
        self.script = script
        self._voice = voice
        self._tokens = StreamTokens(setup.token_secret)
        self.prompts: Sequence[tuple[KnownPrompt, bytes]] = ()  # of the long questionnaire

    async def place(self, one: Plan) -> CallOutcome:
        """Ring, and do as planned."""
        carrier = FakeCarrier(
            far_end(one.provider, one.faults),
            self._caller(one),
            clock=Clock(self.setup.speed),
            faults=Faults(one.faults, seed=one.number),
        )
        return await carrier.place(
            self._url(one.provider),
            call=CarrierCall(f"962{one.number:07}", EXAMPLE_CALLEE, one.call_id),
            token=self._token(one),
            max_seconds=MAX_SECONDS if one.is_good else MAX_FAULTY_SECONDS,
        )

    def _url(self, provider: str) -> str:
        if provider == "audiosocket":
            return f"tcp://127.0.0.1:{self._audiosocket}"
        return f"ws://127.0.0.1:{self.setup.port}/ws/{provider}"

    def _token(self, one: Plan) -> str | None:
        if one.provider == "maqsam":
            return self.setup.carrier_token
        if PROVIDERS[one.provider].door is not Door.TOKEN or one.provider == "audiosocket":
            return None
        return self._tokens.issue(provider=one.provider, questionnaire=one.questionnaire)

    def _caller(self, one: Plan) -> Caller:
        noise = LineNoise(np.random.default_rng(one.number))
        if one.kind is Kind.PATIENT:
            return PatientCaller(
                self.script, self.prompts, self._voice, noise, thinking_seconds=THINKING_SECONDS
            )
        return LineCaller(self._lines(one), noise)

    def _lines(self, one: Plan) -> list[Line]:
        chance = random.Random(one.number)  # noqa: S311 - not for secrets
        keys: list[Line] = [PressLine("1") for _ in range(20)]
        if one.kind is Kind.WORDS:  # what was not understood is pressed
            spoken = [SayLine(self._voice[YES]), SayLine(self._voice[NEVER])]
            return [*spoken, PressLine("1"), SayLine(self._voice[NEVER]), *keys]
        if one.kind is Kind.LEAVES:
            # In the middle of a prompt, an answer or a silence; some have pressed a key over the prompt.
            begun: list[Line] = [PauseLine(chance.uniform(0.1, 12)), *keys[: chance.randint(0, 2)]]
            return [*begun, PauseLine(chance.uniform(0.0, 8)), HangUpLine()]
        return keys


@asynccontextmanager
async def daemon_for_all(
    folder: Path, *, speed: float, places: int, on_wait: Callable[[str], None] = lambda _: None
) -> AsyncIterator[tuple[DaemonSetup, DaemonProcess, Callers]]:
    """A daemon in this folder that has rendered all it says, and those who may ring it.

    It takes so many calls at once, at any pace, and is judged busy by nothing else. `on_wait` is told why it
    is not there yet.
    """
    audiosocket = free_port()
    setup = msgspec.structs.replace(
        DaemonSetup.new(DEFAULT_CONFIG, folder, port=None, speed=speed),
        options={
            "HATIF_PROVIDERS__AUDIOSOCKET__LISTEN": f"127.0.0.1:{audiosocket}",
            "HATIF_QUESTIONNAIRES__DEFAULT": QUESTIONNAIRE,
            "HATIF_QUESTIONNAIRES__FOLDER": str(folder / "questionnaires"),
            "HATIF_SITE__CRISIS_NUMBER": "937",
            # Nothing is said of speed here, and whoever shares the machine may make it slow.
            "HATIF_OVERLOAD__LAG_SECONDS": "60",
            "HATIF_OVERLOAD__RECOGNISE_SECONDS": "60",
            "HATIF_OVERLOAD__FREE_MEMORY_MB": "1",
            # A recogniser that is given up and replaced would hide its growth.
            "HATIF_RECOGNISER__FINISH_TIMEOUT_SECONDS": "60",
            "HATIF_CALLS__MAX_CONCURRENT": str(places),
            "HATIF_CALLS__PER_SECOND": "1000",
            "HATIF_CALLS__BURST": "1000",
        },
    )
    _copy_questionnaires(folder / "questionnaires")
    settings = load_settings(setup.config, environ=setup.environment(os.environ))
    long = load_folder(settings.questionnaires.folder)[LONG_QUESTIONNAIRE]
    script = load_answers(settings.questionnaires.folder / "answers" / f"{LONG_QUESTIONNAIRE}.yaml", long)
    callers = Callers(setup, audiosocket, script, await _voice((*script.wordings, YES, NEVER)))
    async with DaemonProcess(setup) as daemon:
        on_wait(f"the daemon is being started in {folder}")
        await daemon.ready(on_wait=lambda _reason: None)
        await _all_ready(setup, on_wait)
        cache = prompts_of(settings, long)
        rendered = [(prompt, cache.get(prompt.text)) for prompt in known_prompts(long)]
        callers.prompts = [(prompt, audio) for prompt, audio in rendered if audio is not None]
        yield setup, daemon, callers


def _copy_questionnaires(folder: Path) -> None:
    """The two that are asked: to render all twelve takes minutes."""
    shipped = load_settings(DEFAULT_CONFIG).questionnaires.folder
    for shared in ("common", "answers"):
        shutil.copytree(shipped / shared, folder / shared)
    for name in (QUESTIONNAIRE, LONG_QUESTIONNAIRE):
        shutil.copy(shipped / f"{name}.yaml", folder)


async def _voice(wordings: Sequence[Wording]) -> dict[Wording, bytes]:
    async with synthetic_voice(LineNoise(np.random.default_rng(0))) as voice:
        return {wording: await voice.speak(wording) for wording in wordings}


async def _all_ready(setup: DaemonSetup, on_wait: Callable[[str], None]) -> None:
    """Wait until the prompts of every questionnaire are rendered."""
    control = ControlClient(setup.admin_socket)
    while waits := (await asyncio.to_thread(control.get, "/health"))["components"]["questionnaires"][
        "detail"
    ]:
        on_wait(f"being rendered: {waits}")
        await asyncio.sleep(RENDERING_SECONDS)
