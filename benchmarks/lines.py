"""What bad telephone lines cost: who is heard, what is asked again, what would be stored wrong.

    python benchmarks/lines.py --speech DIR|ARCHIVE [--noise ARCHIVE] [--lines quiet,lossy] [--share 2 10]

Every recording of a real person is brought to the level of an ordinary talker and said over each of the
lines of `bridge.carriers.telephone_line`: after a prompt, whose echo some of them return, and heard as a
call hears it (wire, line, voice gate, listener, both decoders under the question's grammar, dialogue), in
virtual time. Then as the first answer of a caller who goes on, as benchmarks/hearing.py has it. Where an
utterance begins after the first sound of a word that was said, its beginning was cut off.

Last, nobody speaks: how many utterances a minute does the line's own noise begin, and a machine in the
caller's room, and is any of them taken for an answer?

By default every second yes and no and every tenth digit; `--share 1 1` takes them all.
"""

import argparse
import asyncio
import multiprocessing
import os
import sys
import tempfile
from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from concurrent.futures import Future, ProcessPoolExecutor, wait
from functools import partial
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
from hearing import (
    TAIL_SECONDS,
    Audience,
    Counts,
    Ending,
    Questions,
    Recording,
    Recordings,
    Trial,
    Verdict,
    attempt,
    judge,
    listen_of,
    order,
    read_recordings,
    rounds_of,
    summarise,
)
from msgspec import Struct
from rich.box import SIMPLE
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn
from rich.table import Table
from turns import Still

from bridge.audio.frames import FRAME_BYTES, FRAME_SECONDS, SAMPLE_RATE
from bridge.audio.g711 import SAMPLE_WIDTH, encode_ulaw
from bridge.audio.gate import UtteranceStarted
from bridge.audio.levels import scale_to_peak
from bridge.carriers.base import AudioToPlay, CarrierCall, CarrierWire, MarkRequested, PlaybackCleared
from bridge.carriers.caller import SILENT_FRAME
from bridge.carriers.pairing import trusted
from bridge.carriers.placing import EXAMPLE_CALLEE, EXAMPLE_CALLER
from bridge.carriers.playback import PlaybackBuffer
from bridge.carriers.registry import WIRES
from bridge.carriers.telephone_line import BAD_LINES, LineCondition, TelephoneLine
from bridge.carriers.virtual import VirtualClock, VirtualLoop
from bridge.carriers.virtual import run as run_virtually
from bridge.carriers.voice import SPEECH_PEAK_DBFS, LineNoise
from bridge.config import load_settings
from bridge.content import DEFAULT_CONFIG
from bridge.dialogue import engine
from bridge.dialogue.actions import Listen, Say
from bridge.dialogue.inputs import Utterance
from bridge.dialogue.questionnaire import Questionnaire
from bridge.dialogue.turn_ends import end_silence_seconds, is_nothing
from bridge.errors import BridgeError
from bridge.line import Happening, Line, each_of
from bridge.listening import Heard, Listener, Unfinished
from bridge.models.recordings import read_noise
from bridge.speech.espeak.synthesizer import EspeakSynthesizer
from bridge.speech.prompts import PromptCache
from bridge.speech.vosk.recognizer import VoskRecognizer
from bridge.telemetry import logs
from protocols.commands import AcceptCall

GOOD = "good"
LINES = {GOOD: LineCondition(), **BAD_LINES}
SEED = 20211  # any; the same lines make the same figures
THINKING_SECONDS = 0.5  # after the prompt; an echo of it may still come
AFTER_SECONDS = TAIL_SECONDS + 0.5  # of line after a word, however late its packets are
HOP_SAMPLES = 80  # 10 ms: how exactly a word's beginning is known
ONSET_DB = 10.0  # above the quiet of its recording, and
ONSET_BELOW_PEAK_DB = 30.0  # no further than that below its loudest hop
ONSET_GAP_HOPS = 15  # what a longer silence separates from the word was before it
NOISE_RISE_SECONDS = 5
LONGEST_LEAD_SAMPLES = 8000  # an utterance that begins a second before a word is another one
NOISE_DB = -20.0  # of the machine's recording, which is as loud as a voice
NOISE_SECONDS = 80  # unless other is asked for; under each of the two questions

Prompts = dict[str, bytes]  # mu-law, by text


# Hearing over a line


class _HeardLine(Line):
    """A line that remembers where utterances began."""

    began: list[int]  # samples of what arrived

    def _take(self, payload: bytes) -> None:
        for at in range(0, len(payload), HOP_SAMPLES):  # an event is placed where it happens
            super()._take(payload[at : at + HOP_SAMPLES])

    def _happened(self, happening: Happening) -> None:
        if isinstance(happening, UtteranceStarted):
            heard = round(self.gate.position_seconds * SAMPLE_RATE)
            self.began.append(heard - len(happening.pcm) // SAMPLE_WIDTH)
        super()._happened(happening)


class CallEar:
    """One call over one line: everything between a speaker's telephone and the dialogue."""

    def __init__(
        self,
        recognizer: Still,
        listen: Listen,
        condition: LineCondition,
        rng: np.random.Generator,
        *,
        prompt: bytes,
        rules: dict[str, Any],
    ) -> None:
        self._recognizer, self._listen, self._rules = recognizer, listen, rules
        self._telephone, self._prompt = TelephoneLine(condition, rng), prompt
        self._clock = VirtualClock()
        self._noise = LineNoise(np.random.default_rng(SEED))
        self._playback = PlaybackBuffer()
        self._wire: CarrierWire = WIRES["maqsam"]()
        self._arriving: asyncio.Queue[str | bytes] = asyncio.Queue()
        self._line = _HeardLine(trusted("maqsam"), clock=self._clock, send=self._obey)
        self._line.began = []
        self._sent = 0  # samples that the speaker's telephone was given
        self._is_accepted = False
        self._word_at = 0  # the sample, of those, with which the last recording began
        self._keeps_length = condition.keeps_length

    @property
    def heard_samples(self) -> int:
        """Since the last recording began."""
        return self._sent - self._word_at

    def late_samples(self, onset: int) -> list[int]:
        """By how much the last word's utterance began after the word; nothing where that is not known."""
        if not self._keeps_length:
            return []
        late = [began - self._word_at - onset for began in self._line.began]
        near = [max(one, 0) for one in late if one > -LONGEST_LEAD_SAMPLES]
        return [min(near)] if near else []

    async def hear(self, pcm: bytes) -> list[Utterance]:
        """Ask, and listen to the recording and what follows it; an utterance that resumed is one."""
        tasks: list[asyncio.Task[Any]] = [
            asyncio.create_task(self._line.read(each_of(self._messages()))),
            asyncio.create_task(self._line.write()),
        ]
        if not self._is_accepted:
            await self._introduce()
        self._line.began = []
        self._line.say([self._prompt])
        speaking = asyncio.create_task(self._speak(pcm))
        heard: list[Heard] = []
        unfinished: Unfinished | None = None
        while not speaking.done():
            listening = asyncio.create_task(self._listener(unfinished, is_first=not heard).hear())
            await asyncio.wait((speaking, listening), return_when=asyncio.FIRST_COMPLETED)
            if not listening.done():
                tasks.append(listening)
                break
            one = listening.result()
            if one is None or not isinstance(one.input, Utterance):
                continue
            heard = [*heard[:-1], one] if one.revises else [*heard, one]
            unfinished = Unfinished(self._listen.phrases, one.pcm, has_gone_on=one.revises)
        await speaking
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        return [one.input for one in heard if isinstance(one.input, Utterance)]

    def _listener(self, unfinished: Unfinished | None, *, is_first: bool) -> Listener:
        return Listener(
            self._line,
            self._recognizer,
            self._clock,
            listen=self._listen,
            barge_in=True,
            unfinished=unfinished,
            prompt=[self._prompt] if is_first else [],
            **self._rules,
        )

    async def _introduce(self) -> None:
        self._is_accepted = True
        for message in self._wire.open(CarrierCall(EXAMPLE_CALLER, EXAMPLE_CALLEE, "1")):
            self._arriving.put_nowait(message)
        await self._line.introduction
        self._line.command(AcceptCall())
        await self._line.flush()

    async def _messages(self) -> AsyncIterator[str | bytes]:
        while True:
            yield await self._arriving.get()

    async def _obey(self, message: str | bytes) -> None:
        for event in self._wire.receive(message):
            match event:
                case AudioToPlay():
                    self._playback.queue(event.payload)
                case MarkRequested():
                    self._playback.mark(event.name)
                case PlaybackCleared():
                    self._playback.clear()

    async def _speak(self, pcm: bytes) -> None:
        """Wait for the prompt's end, think, speak, and be silent."""
        while self._line.is_speaking:
            await self._tick(b"")
        for _ in range(round(THINKING_SECONDS / FRAME_SECONDS)):
            await self._tick(b"")
        self._word_at = self._sent
        silence = bytes(round(AFTER_SECONDS * SAMPLE_RATE) * SAMPLE_WIDTH)
        frame = FRAME_BYTES * SAMPLE_WIDTH
        for at in range(0, len(pcm + silence), frame):
            await self._tick((pcm + silence)[at : at + frame])

    async def _tick(self, pcm: bytes) -> None:
        """20 ms of the call."""
        self._line.tick(self._clock.monotonic())
        await asyncio.sleep(0)
        for name in self._playback.due_marks():
            for message in self._wire.mark(name):
                self._arriving.put_nowait(message)
        said = encode_ulaw(self._noise.under(pcm.ljust(FRAME_BYTES * SAMPLE_WIDTH, b"\0")))
        heard = self._playback.play().ljust(FRAME_BYTES, SILENT_FRAME[:1])
        for packet in self._telephone.tick(said, heard):
            for message in self._wire.audio(packet):
                self._arriving.put_nowait(message)
        self._sent += FRAME_BYTES
        await self._clock.sleep(FRAME_SECONDS)


# The measurement


class Unasked(Struct, frozen=True):
    """What a line made of nobody's speech."""

    minutes: float
    utterances: int  # that the recogniser was asked about
    answers: int  # of those, taken for an answer or read back as one


class LineFigures(Struct, frozen=True):
    """One line's."""

    name: str
    counts: dict[str, Counts]  # by kind
    late_ms: list[float]  # of words whose beginning was cut off
    placed: int  # words of which that is known
    hiss: Unasked
    machine: Unasked | None
    wrong: list[Trial]


class Work(Struct, frozen=True):
    """All that a process needs to measure one line."""

    name: str
    recordings: Recordings
    chosen: list[Recording]
    noise: list[bytes]
    noise_seconds: int
    prompts: Prompts
    model: Path


def onset_sample(pcm: bytes) -> int:
    """Where a recorded word begins: the first hop that sounds, without a long gap before the loudest."""
    samples = np.frombuffer(pcm, dtype="<i2").astype(np.float64)
    hops = samples[: len(samples) - len(samples) % HOP_SAMPLES].reshape(-1, HOP_SAMPLES)
    levels = 20 * np.log10(np.sqrt((hops**2).mean(axis=1)) + 1e-3)
    sounds = levels > max(np.percentile(levels, 10) + ONSET_DB, levels.max() - ONSET_BELOW_PEAK_DB)
    first = loudest = int(levels.argmax())
    for hop in range(loudest, -1, -1):
        if first - hop > ONSET_GAP_HOPS:
            break
        first = hop if sounds[hop] else first
    return first * HOP_SAMPLES


async def measure(loop: VirtualLoop, work: Work, on_heard: Callable[[], None]) -> LineFigures:
    """One line, by itself."""
    recognizer = VoskRecognizer(work.model, threads=1)
    with loop.outside():
        await recognizer.start()
    try:
        return await _measure(Still(recognizer, loop), work, on_heard)
    finally:
        with loop.outside():
            await recognizer.stop()


async def _measure(ears: Still, work: Work, on_heard: Callable[[], None]) -> LineFigures:
    questions = Questions.shipped()
    calls: dict[tuple[str, Listen], CallEar] = {}

    def listen_to(recording: Recording, listen: Listen) -> CallEar:
        call = _open(ears, work, questions.of(recording), listen, number=len(calls))
        return calls.setdefault((recording.speaker, listen), call)

    audience = Audience(work.recordings, listen_to)
    rounds = rounds_of(work.recordings)
    trials: list[Trial] = []
    late: list[int] = []
    for one in work.chosen:
        listen = listen_of(engine.begin(questions.of(one)))
        await audience.hear(one, listen)
        late += calls[one.speaker, listen].late_samples(onset_sample(work.recordings[one]))
        trials.append(await attempt(one, questions, audience, rounds))
        on_heard()
    silence = [bytes(work.noise_seconds * SAMPLE_RATE * SAMPLE_WIDTH)] * 2
    return LineFigures(
        work.name,
        summarise("", trials).kinds,
        [samples * 1000 / SAMPLE_RATE for samples in late if samples > HOP_SAMPLES],
        len(late),
        await unasked(ears, work, questions, silence),
        await unasked(ears, work, questions, work.noise) if work.noise else None,
        [one for one in trials if one.ending is Ending.WRONG],
    )


def _open(ears: Still, work: Work, questionnaire: Questionnaire, listen: Listen, *, number: int) -> CallEar:
    """A call that asks this; where a question is asked and not read back, with the session's own rules."""
    turn = engine.begin(questionnaire)
    rules: dict[str, Any] = {}
    if listen == listen_of(turn):
        rules = {
            "end_silence": partial(end_silence_seconds, questionnaire, turn.state, listen),
            "is_nothing": partial(is_nothing, questionnaire, turn.state),
        }
    return CallEar(
        ears,
        listen,
        LINES[work.name],
        np.random.default_rng([SEED, number]),
        prompt=work.prompts[questionnaire.items[0].id],
        rules=rules,
    )


async def unasked(ears: Still, work: Work, questions: Questions, pieces: Iterable[bytes]) -> Unasked:
    """Nobody speaks; what is heard all the same, under both questions in turn."""
    kinds = [questions.of(Recording(word, "", "")) for word in ("yes", "one")]
    calls = [
        _open(ears, work, one, listen_of(engine.begin(one)), number=1000 + number)
        for number, one in enumerate(kinds)
    ]
    samples = utterances = answers = 0
    for number, piece in enumerate(pieces):
        call, questionnaire = calls[number % 2], kinds[number % 2]
        heard = await call.hear(piece)
        samples += call.heard_samples
        utterances += len(heard)
        taken = [judge(questionnaire, [one], None) for one in heard]
        answers += sum(one in {Verdict.WRONG_AT_ONCE, Verdict.READ_BACK_WRONG} for one in taken)
    return Unasked(samples / SAMPLE_RATE / 60, utterances, answers)


# Processes, one line each

_heard: Any = None  # how many recordings all of them have heard


def _begin(heard: Any) -> None:
    global _heard  # noqa: PLW0603 - a process has no other place
    _heard = heard
    logs.configure(level="error")


def _tell() -> None:
    with _heard.get_lock():
        _heard.value += 1


def _run(work: Work) -> LineFigures:
    return run_virtually(partial(measure, work=work, on_heard=_tell))


def measure_all(works: Sequence[Work], jobs: int, console: Console) -> list[LineFigures]:
    """Every line, so many at a time."""
    context = multiprocessing.get_context("spawn")
    heard = context.Value("Q")
    progress = Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        TextColumn("{task.completed}/{task.total}"),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
        console=console,
    )
    pool = ProcessPoolExecutor(jobs, mp_context=context, initializer=_begin, initargs=(heard,))
    with progress, pool:
        task = progress.add_task("recordings heard", total=sum(len(work.chosen) for work in works))
        running: list[Future[LineFigures]] = [pool.submit(_run, work) for work in works]
        left: set[Future[LineFigures]] = set(running)
        while left:
            _, left = wait(left, timeout=0.5)
            progress.update(task, completed=heard.value)
        return [one.result() for one in running]


# The report

ALONE = {
    "right_at_once": "at once",
    "read_back_right": "read back",
    "asked_again": "asked again",
    "not_heard": "not heard",
    "read_back_wrong": "read back, wrong",
    "wrong_at_once": "WRONG at once",
    "dialogue_wrong": "WRONG in the end",
    "dialogue_not_obtained": "not obtained",
    "dialogue_call_lost": "call lost",
    "dialogue_questions_mean": "questions",
}


def rows(figures: Iterable[LineFigures]) -> tuple[list[str], list[list[str]]]:
    """The table: its head, and a row for each line."""
    head = ["line", "words", *ALONE.values(), "cut off", "hiss, a minute", "machine", "taken for answers"]
    return head, [_row(one) for one in figures]


def _row(line: LineFigures) -> list[str]:
    counts = dict(line.counts["all"])
    counts["asked_again"] += counts["command"]
    worst = f" (up to {max(line.late_ms):.0f} ms)" if line.late_ms else ""
    noises = [line.hiss, *([line.machine] if line.machine else [])]
    return [
        line.name,
        str(counts["recordings"]),
        *(f"{counts[column]:g}" for column in ALONE),
        f"{len(line.late_ms)}{worst}" if line.placed else "",
        _a_minute(line.hiss),
        _a_minute(line.machine),
        str(sum(noise.answers for noise in noises)),
    ]


def _a_minute(noise: Unasked | None) -> str:
    return f"{noise.utterances / noise.minutes:.1f}" if noise and noise.minutes else ""


def as_markdown(head: list[str], table: list[list[str]]) -> str:
    lines = [head, ["---"] * len(head), *table]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


def as_table(head: list[str], table: list[list[str]]) -> Table:
    shown = Table(box=SIMPLE, padding=(0, 1, 0, 0))
    for column in head:
        shown.add_column(column, overflow="fold")
    for row in table:
        shown.add_row(*row)
    return shown


# What is measured


def chosen(recordings: Recordings, share: Sequence[int]) -> list[Recording]:
    """Every so manieth yes and no, and digit, of every speaker and in every round alike."""
    ordered = sorted(recordings, key=order)
    kinds = ([one for one in ordered if one.kind == kind] for kind in ("yes/no", "number"))
    return [one for kind, every in zip(kinds, share, strict=True) for one in kind[_phase(every) :: every]]


def _phase(every: int) -> int:
    return every // 2


def levelled(recordings: Recordings) -> Recordings:
    """Every speaker an ordinary talker."""
    return {one: scale_to_peak(pcm, SPEECH_PEAK_DBFS) for one, pcm in recordings.items()}


def machines(source: Path | None, seconds: int) -> list[bytes]:
    """Machines in the caller's room, as they grow loud."""
    if source is None:
        return []
    rise = np.minimum(np.arange(seconds * SAMPLE_RATE) / SAMPLE_RATE / NOISE_RISE_SECONDS, 1)
    found = []
    for pcm in read_noise(source)[0][:2]:
        noise = np.frombuffer(pcm, dtype="<i2")[: len(rise)] * 10 ** (NOISE_DB / 20)
        found.append((noise * rise[: len(noise)]).astype("<i2").tobytes())
    return found


async def asked() -> Prompts:
    """What both questions ask, as callers hear it, by the question's id."""
    questions = Questions.shipped()
    found: Prompts = {}
    voice = EspeakSynthesizer()
    await voice.start()
    try:
        with tempfile.TemporaryDirectory() as folder:
            cache = PromptCache(Path(folder), voice)
            for word in ("yes", "one"):
                questionnaire = questions.of(Recording(word, "", ""))
                turn = engine.begin(questionnaire)
                said = [action for action in turn.actions if isinstance(action, Say)]
                found[questionnaire.items[0].id] = await cache.make(said[-1].text)
    finally:
        await voice.stop()
    return found


def works_for(options: argparse.Namespace) -> list[Work]:
    """What is to be measured.

    Raises:
        BridgeError: recordings are missing or unusable, or there is no line of such a name.

    """
    names = options.lines.split(",")
    if unknown := sorted(set(names) - LINES.keys()):
        raise BridgeError(f"no such line: {', '.join(unknown)}; there are {', '.join(LINES)}")
    recordings = levelled(read_recordings(options.speech))
    prompts, noise = asyncio.run(asked()), machines(options.noise, options.noise_seconds)
    picked = chosen(recordings, options.share)
    return [
        Work(name, recordings, picked, noise, options.noise_seconds, prompts, options.model) for name in names
    ]


def main() -> int:
    parser = argparse.ArgumentParser(description="What do bad lines cost?")
    parser.add_argument("--speech", type=Path, required=True, help="a folder or archive of recordings")
    parser.add_argument("--noise", type=Path, help="recordings of machines in callers' rooms")
    parser.add_argument("--noise-seconds", type=int, default=NOISE_SECONDS, help="of nobody's speech")
    parser.add_argument("--model", type=Path, default=load_settings(DEFAULT_CONFIG).recogniser.model)
    parser.add_argument("--lines", default=",".join(LINES), help="which lines, by name")
    parser.add_argument(
        "--share", type=int, nargs=2, default=(2, 10), help="every so manieth yes and no, and digit"
    )
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1, help="lines at a time")
    parser.add_argument("--json", type=Path, help="write all figures, every wrong value among them")
    options = parser.parse_args()
    logs.configure(level="error")
    try:
        works = works_for(options)
    except (BridgeError, OSError) as error:
        print(f"lines: {error}", file=sys.stderr)
        return 1
    found = measure_all(works, options.jobs, Console(stderr=True))
    if options.json:
        options.json.write_bytes(msgspec.json.format(msgspec.json.encode(found), indent=1))
    head, table = rows(found)
    if sys.stdout.isatty():
        Console().print(as_table(head, table))
    else:
        sys.stdout.write(as_markdown(head, table))
    return 0


if __name__ == "__main__":
    sys.exit(main())
