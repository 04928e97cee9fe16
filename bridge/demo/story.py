"""A demonstration, told as a story: start the daemon, call it, watch, read back what is stored, judge."""

import asyncio
import os
import shutil
import signal
import sys
import tempfile
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from pathlib import Path

import numpy as np
from msgspec.structs import replace
from rich.console import Console

from bridge.audio.recording import StereoRecorder
from bridge.carriers.base import CarrierCall
from bridge.carriers.fake import CallOutcome, FakeCarrier
from bridge.carriers.patient import PatientCaller
from bridge.carriers.placing import EXAMPLE_CALLEE, EXAMPLE_CALLER
from bridge.carriers.registry import WIRES
from bridge.carriers.script import AnswerScript, load_answers
from bridge.carriers.voice import CallerVoice, LineNoise, RecordedVoice, Wording, synthetic_voice
from bridge.clock import Clock
from bridge.config import Settings, load_settings
from bridge.demo.daemon import DaemonProcess, DaemonSetup, DemoError
from bridge.demo.ledger import Ledger
from bridge.demo.options import CallerKind, DemoOptions
from bridge.demo.screen import Screen
from bridge.demo.verdict import DemoReport, failures, report
from bridge.demo.watching import Watcher
from bridge.dialogue.loader import load
from bridge.dialogue.prompts import KnownPrompt, known_prompts
from bridge.dialogue.questionnaire import Questionnaire
from bridge.errors import BridgeError
from bridge.identity.streams import StreamTokens
from bridge.reports import write_report
from bridge.voicing import prompts_of
from protocols.provider import Door
from protocols.registry import PROVIDERS

__all__ = ["run_demo"]

POLL_SECONDS = 0.2
CLOSING_SECONDS = 5.0  # for the daemon to write the end of the call after the line is dead
MAX_CALL_SECONDS = 600.0  # of call time; a good call takes two minutes

EXIT_GOOD = 0
EXIT_FAILED = 1
EXIT_SIGNAL = 128  # plus the signal's number, as shells have it


async def run_demo(options: DemoOptions) -> int:
    """Run one demonstration; the exit status. Its daemon is gone when this returns or raises."""
    screen = Screen(Console(stderr=options.reserves_stdout))
    caught: list[int] = []
    try:
        with _signals_cancel(caught):
            return await Demonstration(options, screen).run()
    except asyncio.CancelledError:
        if not caught:
            raise
        return EXIT_SIGNAL + caught[0]
    except BridgeError as error:
        screen.problem(str(error))
        return EXIT_FAILED


@contextmanager
def _signals_cancel(caught: list[int]) -> Iterator[None]:
    """Let SIGTERM and SIGHUP unwind the demonstration as Ctrl-C does, so that its daemon goes with it."""
    loop, task = asyncio.get_running_loop(), asyncio.current_task()

    def cancel(number: int) -> None:
        caught.append(number)
        if task is not None:
            task.cancel()

    numbers = (signal.SIGTERM, signal.SIGHUP)
    for number in numbers:
        loop.add_signal_handler(number, cancel, number)
    try:
        yield
    finally:
        for number in numbers:
            loop.remove_signal_handler(number)


class Demonstration:
    """One call, from nothing to a verdict."""

    def __init__(self, options: DemoOptions, screen: Screen) -> None:
        self._options = options
        self._screen = screen

    async def run(self) -> int:
        """Do all of it; the exit status."""
        with _folder(self._options.keep) as folder:
            setup = DaemonSetup.new(
                self._options.config, folder, port=self._options.port, speed=self._options.speed
            )
            settings = load_settings(setup.config, environ=setup.environment(os.environ))
            questionnaire = _default_questionnaire(settings)
            script = load_answers(_answers_file(self._options, settings, questionnaire), questionnaire)
            setup = replace(setup, options=_offering(questionnaire, settings.questionnaires.folder, folder))
            found = await self._demonstrate(setup, settings, questionnaire, script)
            return self._judge(found, setup)

    async def _demonstrate(
        self, setup: DaemonSetup, settings: Settings, questionnaire: Questionnaire, script: AnswerScript
    ) -> DemoReport:
        noise = LineNoise(np.random.default_rng(self._options.seed))
        # The voice first: a missing recording is better told before the daemon is started.
        audio = await self._rehearse(script, noise)
        async with DaemonProcess(setup) as daemon:
            await self._wait_for(daemon)
            caller = PatientCaller(
                script,
                _rendered_prompts(settings, questionnaire),
                audio,
                noise,
                thinking_seconds=self._options.thinking_seconds,
            )
            with Ledger.open(setup.database) as ledger:
                call_id = await self._call(setup, daemon, caller, Watcher(ledger, self._screen))
            with Ledger.open(setup.database) as ledger:  # a second connection, after hang-up
                return report(
                    script,
                    ledger.disposition(call_id),
                    [answer for _, answer in ledger.answers(call_id)],
                    [turn.report() for turn in ledger.turns(call_id)],
                )

    async def _rehearse(self, script: AnswerScript, noise: LineNoise) -> dict[Wording, bytes]:
        async with _caller_voice(self._options, noise) as voice:
            return {wording: await voice.speak(wording) for wording in script.wordings}

    async def _wait_for(self, daemon: DaemonProcess) -> None:
        self._screen.headline(f"Starting the daemon on {daemon.address}")
        with self._screen.status("starting") as status:
            await daemon.ready(on_wait=lambda reason: status.update(f"waiting for the daemon: {reason}"))

    async def _call(
        self, setup: DaemonSetup, daemon: DaemonProcess, caller: PatientCaller, watcher: Watcher
    ) -> str:
        """Place the call and show it as it goes; the daemon's name for it."""
        provider = self._options.provider
        self._screen.headline(f"Calling it as {provider.capitalize()} does; recording to {_wav(setup)}")
        with StereoRecorder(_wav(setup)) as recorder, self._screen.status("in the call"):
            carrier = FakeCarrier(
                WIRES[provider](), caller, clock=Clock(setup.speed), on_frame=recorder.write
            )
            url, token = f"ws://{daemon.address}/ws/{provider}", _token(provider, setup)
            call = CarrierCall(from_number=EXAMPLE_CALLER, to_number=EXAMPLE_CALLEE, call_id="demo")
            placed = asyncio.create_task(
                carrier.place(url, call=call, token=token, max_seconds=MAX_CALL_SECONDS)
            )
            try:
                outcome = await _watched(placed, watcher)
            finally:
                placed.cancel()
                await asyncio.wait({placed})  # so that its socket is closed while the daemon still listens
        if watcher.call_id is None:
            raise DemoError(f"the daemon took no call: {outcome.ended_by} {outcome.detail}; see {setup.log}")
        if caller.garbled:
            self._screen.problem(f"the caller did not understand Hatif {caller.garbled} times")
        return watcher.call_id

    def _judge(self, found: DemoReport, setup: DaemonSetup) -> int:
        reasons = failures(found)
        self._screen.answers(found)
        self._screen.outcome(reasons)
        self._screen.next_steps(_next_steps(setup))
        if self._options.json is not None:
            write_report(found, self._options.json)
        return EXIT_FAILED if reasons else EXIT_GOOD


@contextmanager
def _folder(keep: Path | None) -> Iterator[Path]:
    """The demonstration's folder. What one may want to look at stays; prompts can be made again."""
    if keep is not None:
        try:
            keep.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise DemoError(f"{keep} cannot be used as a folder ({error.strerror})") from error
        yield keep.resolve()
        return
    folder = Path(tempfile.mkdtemp(prefix="hatif-demo-"))
    try:
        yield folder
    finally:
        for made in ("prompts", "questionnaires"):
            shutil.rmtree(folder / made, ignore_errors=True)
        with suppress(OSError):  # it holds something, so there is something to look at
            folder.rmdir()


def _default_questionnaire(settings: Settings) -> Questionnaire:
    folder, name = settings.questionnaires.folder, settings.questionnaires.default
    file = folder / f"{name}.yaml"
    if not file.is_file():
        raise DemoError(f"questionnaires.default is {name!r}, which {folder} does not hold")
    return load(file)


def _offering(questionnaire: Questionnaire, shipped: Path, folder: Path) -> dict[str, str]:
    """A folder with the one that is asked, so that a newcomer does not wait for eleven others to be made."""
    own = folder / "questionnaires"
    shutil.copytree(shipped / "common", own / "common", dirs_exist_ok=True)
    shutil.copy(shipped / f"{questionnaire.id}.yaml", own)
    return {"HATIF_QUESTIONNAIRES__FOLDER": str(own)}


def _answers_file(options: DemoOptions, settings: Settings, questionnaire: Questionnaire) -> Path:
    return options.answers or settings.questionnaires.folder / "answers" / f"{questionnaire.id}.yaml"


def _rendered_prompts(settings: Settings, questionnaire: Questionnaire) -> list[tuple[KnownPrompt, bytes]]:
    """Every prompt as the daemon will play it. A caller knows a question by its sound."""
    # Never started: the voice only tells under which names the daemon's own has put its prompts.
    cache = prompts_of(settings, questionnaire)
    rendered = [(prompt, cache.get(prompt.text)) for prompt in known_prompts(questionnaire)]
    missing = sum(audio is None for _, audio in rendered)
    if missing:
        raise DemoError(f"the daemon is ready, but {missing} of its prompts are not rendered")
    return [(prompt, audio) for prompt, audio in rendered if audio is not None]


@asynccontextmanager
async def _caller_voice(options: DemoOptions, noise: LineNoise) -> AsyncIterator[CallerVoice]:
    if options.caller is CallerKind.RECORDED:
        if options.speech is None:
            raise DemoError("a recorded caller needs recordings: give --speech DIR")
        yield RecordedVoice(options.speech, options.speaker, options.take, noise=noise)
        return
    async with synthetic_voice(noise, options.voice) as voice:
        yield voice


def _token(provider: str, setup: DaemonSetup) -> str:
    """What opens the daemon's door: a stream token, or the carrier's own credential."""
    if PROVIDERS[provider].door is Door.TOKEN:
        return StreamTokens(setup.token_secret).issue(provider=provider)
    return setup.carrier_token


async def _watched(placed: "asyncio.Task[CallOutcome]", watcher: Watcher) -> CallOutcome:
    """Show the call's turns as they are committed, until it is over and its end is on disk."""
    while not placed.done():
        await asyncio.wait({placed}, timeout=POLL_SECONDS)
        watcher.look()
    for _ in range(round(CLOSING_SECONDS / POLL_SECONDS)):
        if watcher.is_over or not placed.result().accepted:
            break
        await asyncio.sleep(POLL_SECONDS)
    watcher.look(to_the_end=True)
    return placed.result()


def _wav(setup: DaemonSetup) -> Path:
    return setup.folder / "call.wav"


def _next_steps(setup: DaemonSetup) -> list[tuple[str, str]]:
    hatif = _command()
    return [
        ("the call, caller left, Hatif right", str(_wav(setup))),
        ("the database", str(setup.database)),
        ("the daemon's log", str(setup.log)),
        ("its answers again", f"HATIF_STORAGE__PATH={setup.database} {hatif} answers list"),
        ("the same call as Twilio makes it", f"{hatif} demo --provider twilio"),
        ("a daemon of your own", f"{hatif} serve"),
        ("a call to it", f'{hatif} call ws://127.0.0.1:8080/ws/maqsam --say "نَعَم"'),
    ]


def _command() -> str:
    """How the reader can type `hatif` where they are."""
    if shutil.which("hatif"):
        return "hatif"
    installed = Path(sys.executable).with_name("hatif")
    here = Path.cwd()
    return str(installed.relative_to(here) if installed.is_relative_to(here) else installed)
