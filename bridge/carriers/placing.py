"""`hatif call`: one simulated call to any server of a provider's protocol, and a report of what happened."""

import contextlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import zip_longest
from pathlib import Path
from urllib.parse import urlsplit
from uuid import uuid4

import numpy as np
from msgspec import Struct

from bridge.audio.g711 import encode_ulaw
from bridge.audio.recording import StereoRecorder
from bridge.audio.soundfiles import read_sound_file
from bridge.carriers.base import CarrierCall
from bridge.carriers.fake import CallOutcome, FakeCarrier
from bridge.carriers.lines import Exchange, HangUpLine, Line, LineCaller, PauseLine, PressLine, SayLine
from bridge.carriers.registry import WIRES
from bridge.carriers.script import Step, load_steps
from bridge.carriers.voice import DEFAULT_VOICE, LineNoise, SyntheticVoice, Wording
from bridge.clock import Clock
from bridge.errors import BridgeError
from bridge.speech.espeak.synthesizer import EspeakSynthesizer

__all__ = ["CallOptions", "CallReport", "Exchanged", "PlacingError", "place_call"]

# The numbers of Maqsam's own example: they ring nowhere.
EXAMPLE_CALLER = "9621234567"
EXAMPLE_CALLEE = "9621234566"
MAX_FILE_SECONDS = 600.0  # of what is said in one go on a telephone; more is a mistaken file


class PlacingError(BridgeError):
    """The call cannot be placed as it was asked for."""

    code = "placing"


@dataclass(frozen=True, slots=True)
class CallOptions:
    """Whom to call, as whom, and what to say: a script, or texts, or WAV files, in that order."""

    url: str
    provider: str = "maqsam"
    token: str | None = None
    from_number: str = EXAMPLE_CALLER
    to_number: str = EXAMPLE_CALLEE
    script: Path | None = None
    by_key: bool = False  # a script of answers is pressed, not said
    say: tuple[str, ...] = ()
    wav: tuple[Path, ...] = ()
    save: Path | None = None
    voice: str = DEFAULT_VOICE
    speed: float = 1.0
    max_seconds: float = 600.0
    seed: int = 0


class Exchanged(Struct, frozen=True):
    """So long the far end talked, and what the caller did then."""

    heard_seconds: float
    then: str  # '' where the call ended first


class CallReport(Struct, frozen=True):
    """What happened, as `--json` writes it."""

    url: str
    provider: str
    call_id: str  # that the provider gave the call: `hatif answers show` finds it by this one too
    outcome: CallOutcome
    heard_speech_seconds: float  # how long the far end talked
    exchanges: tuple[Exchanged, ...]
    lines_left: int  # how much of the script was not said
    recording: str | None


async def place_call(options: CallOptions) -> CallReport:
    """Place one call and report on it. A call that is refused is reported, not raised.

    Raises:
        PlacingError: the URL or the provider cannot be called.
        BridgeError: the script, a WAV file or the voice is missing or wrong.

    """
    _check(options)
    noise = LineNoise(np.random.default_rng(options.seed))
    steps, call_id = _steps(options), str(uuid4())  # some wires take no id of another form
    caller = LineCaller(await _lines(steps, options.voice, noise), noise)
    with contextlib.ExitStack() as stack:
        on_frame = None
        if options.save is not None:
            on_frame = stack.enter_context(_recorder(options.save)).write
        carrier = FakeCarrier(
            WIRES[options.provider](), caller, clock=Clock(options.speed), on_frame=on_frame
        )
        outcome = await carrier.place(
            options.url,
            call=CarrierCall(options.from_number, options.to_number, call_id),
            token=options.token,
            max_seconds=options.max_seconds,
        )
    return CallReport(
        url=options.url,
        provider=options.provider,
        call_id=call_id,
        outcome=outcome,
        heard_speech_seconds=round(caller.heard_speech_seconds, 2),
        exchanges=tuple(_exchanged(caller.exchanges, steps)) if outcome.accepted else (),
        lines_left=caller.lines_left,
        recording=str(options.save) if options.save else None,
    )


def _recorder(path: Path) -> StereoRecorder:
    try:
        return StereoRecorder(path)
    except OSError as error:
        raise PlacingError(f"{path}: the call cannot be recorded there ({error.strerror})") from error


def _check(options: CallOptions) -> None:
    if options.provider not in WIRES:
        raise PlacingError(f"no provider {options.provider!r}; known are {', '.join(sorted(WIRES))}")
    try:
        address = urlsplit(options.url)
        is_good = address.scheme in {"ws", "wss", "tcp"} and bool(address.hostname) and address.port != 0
    except ValueError:
        is_good = False
    if not is_good:
        raise PlacingError(
            f"{options.url!r} is no address of a socket, such as ws://127.0.0.1:8080/ws/maqsam "
            "or, of AudioSocket, tcp://127.0.0.1:9092"
        )


def _steps(options: CallOptions) -> list[Step]:
    steps = list(load_steps(options.script, by_key=options.by_key)) if options.script else []
    steps += [Step(say=text) for text in options.say]
    return steps + [Step(wav=path) for path in options.wav]


def _exchanged(exchanges: Sequence[Exchange], steps: Sequence[Step]) -> Iterator[Exchanged]:
    """The conversation in words: one step was one line, and whoever has none left hangs up."""
    for exchange, step in zip_longest(exchanges, steps[: len(exchanges)]):
        if exchange.line is not None:
            yield Exchanged(round(exchange.heard_seconds, 2), _in_words(step or Step()))
        elif exchange.heard_seconds:
            yield Exchanged(round(exchange.heard_seconds, 2), "")


def _in_words(step: Step) -> str:
    if step.say:
        return f"said {step.say}"
    if step.wav is not None:
        return f"played {step.wav.name}"
    if step.press:
        return f"pressed {step.press}"
    return f"paused {step.pause:g} s" if step.pause else "hung up"


async def _lines(steps: Sequence[Step], voice_name: str, noise: LineNoise) -> list[Line]:
    synthesizer = EspeakSynthesizer(voice=voice_name)
    voice = SyntheticVoice(synthesizer, noise)
    try:
        if any(step.say for step in steps):
            await synthesizer.start()
        return [await _line(step, voice) for step in steps]
    finally:
        await synthesizer.stop()


async def _line(step: Step, voice: SyntheticVoice) -> Line:
    if step.say:
        return SayLine(await voice.speak(Wording(step.say)))
    if step.wav is not None:
        return SayLine(encode_ulaw(read_sound_file(step.wav, max_seconds=MAX_FILE_SECONDS)))
    if step.press:
        return PressLine(step.press)
    return PauseLine(step.pause) if step.pause else HangUpLine()
