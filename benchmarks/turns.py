"""When a turn ends, and where the time until our reply goes.

    python benchmarks/turns.py --speech DIR|ARCHIVE [--noise ARCHIVE] [--calls 6] [--json]

First the cuts, in virtual time: how often is a prompt stopped, and not taken up again, by its own echo, by a
household machine, by a short burst of noise? And by a caller, who is to stop it?

Then the ends, in virtual time: every yes, no and digit of real people, and the same of synthetic voices, is
heard as a call hears it, once with all the silence that the question asks for and once with as much as what
was said asks for. How long was the silence, was a word cut in two, and what was stored in the end?

Then the replies, in real time: one caller after the other phones a daemon of their own, and the record of
each turn says where the time went between the last voiced frame and the first frame of the reply.
"""

import argparse
import asyncio
import json
import os
import random
import sqlite3
import sys
import tempfile
from collections import defaultdict
from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import closing, suppress
from functools import partial
from itertools import count
from pathlib import Path

import msgspec
import numpy as np
from hearing import DIGIT_WORDS, TRUTHS, read_recordings
from hearing import Recording as Named
from msgspec import Struct
from rich.box import SIMPLE
from rich.console import Console
from rich.table import Table

from bridge.audio.frames import FRAME_BYTES, FRAME_SECONDS, SAMPLE_RATE
from bridge.audio.g711 import decode_ulaw, encode_ulaw
from bridge.carriers.arriving import UpgradeWay, arrive
from bridge.carriers.base import CarrierCall
from bridge.carriers.lines import LineCaller, SayLine
from bridge.carriers.placing import EXAMPLE_CALLEE, EXAMPLE_CALLER
from bridge.carriers.registry import WIRES
from bridge.carriers.virtual import VirtualClock, VirtualLoop
from bridge.carriers.virtual import run as run_virtually
from bridge.carriers.voice import UNTRAINED_VOICES, LineNoise, Wording, synthetic_voice
from bridge.clock import Clock
from bridge.config import load_settings
from bridge.content import CONTENT, DEFAULT_CONFIG
from bridge.demo.daemon import DaemonProcess, DaemonSetup
from bridge.dialogue import engine
from bridge.dialogue.actions import Listen, Store
from bridge.dialogue.answer import AnswerStatus, Value
from bridge.dialogue.inputs import Utterance
from bridge.dialogue.loader import load
from bridge.dialogue.prompts import prompt_texts
from bridge.dialogue.questionnaire import Questionnaire
from bridge.dialogue.turn_ends import end_silence_seconds, is_nothing
from bridge.line import Line, each_of
from bridge.listening import Heard, Listener, Unfinished
from bridge.models.recordings import read_noise
from bridge.speech.base import Hearing, RecognitionStream, Recognizer
from bridge.speech.espeak.synthesizer import EspeakSynthesizer
from bridge.speech.prompts import PromptCache
from bridge.speech.vosk.recognizer import VoskRecognizer
from bridge.telemetry import logs
from protocols.commands import AcceptCall
from protocols.maqsam import MaqsamProtocol

Samples = np.ndarray[tuple[int], np.dtype[np.float64]]

ECHO_DELAY_SECONDS = 0.1
INTO_THE_PROMPT_SECONDS = 1.0  # then the sound begins
LEAD_SECONDS, TAIL_SECONDS = 0.5, 2.5  # of line noise; the tail is longer than silence and window together
NOISE_SEED = 20210
SAID = {
    "yes": "نَعَمْ", "no": "لَا", "zero": "صِفْر", "one": "وَاحِد", "two": "إِثْنَان", "three": "ثَلَاثَة",
    "four": "أَرْبَعَة", "five": "خَمْسَة", "six": "سِتَّة", "seven": "سَبْعَة", "eight": "ثَمَانِيَة", "nine": "تِسْعَة",
}  # fmt: skip
VOICES = (*UNTRAINED_VOICES, "ar", "ar+f2", "ar+f4", "ar+m3", "ar+m7", "ar+Annie")
PARTS = ("endpoint", "recognise", "understand", "commit", "first_audio", "total")
ASKED = """\
format: 1
id: turns
version: "1"
title: أدوار
language: ar
status: draft
source: {name: benchmark, licence: own}
items:
  - {id: consent, type: consent, ask: "هَلْ تُوَافِق؟"}
  - {id: slept, type: yes_no, kind: fact, ask: "هَلْ نِمْتَ جَيِّدًا؟"}
  - {id: ate, type: yes_no, kind: fact, ask: "هَلْ أَكَلْتَ الْيَوْم؟"}
  - {id: pain, type: integer, minimum: 0, maximum: 10, ask: "كَمِ الْأَلَم؟"}
  - {id: went_out, type: yes_no, kind: fact, ask: "هَلْ خَرَجْتَ مِنَ الْبَيْت؟"}
"""
REPLIES = ("yes", "yes", "no", "three", "yes")  # what each caller says, one after the other


class Sound(Struct, frozen=True):
    """Somebody says one word."""

    who: str
    word: str
    ulaw: bytes  # on a line that hisses, with silence around it
    is_real: bool

    @property
    def kind(self) -> str:
        return (
            f"{'people' if self.is_real else 'voices'}: {'digit' if self.word in DIGIT_WORDS else 'yes/no'}"
        )


class Ended(Struct, frozen=True):
    """How the turn of one sound ended under one rule."""

    kind: str
    word: str
    silences: tuple[float, ...]  # that were waited for: the first end's first
    revised: int  # ends that were taken back
    others: int  # utterances more, which would have answered the next question
    hearings: int  # how often the recogniser was asked: more than once is work that was done twice
    first: Value  # stored at the first end
    stored: Value  # in the end
    truth: Value


class Cut(Struct, frozen=True):
    """What became of one prompt that a sound was laid over."""

    kind: str
    stopped: bool
    lost: bool  # and not taken up again


# Ends


class Still(Recognizer):
    """A recogniser that takes no time: time stands still while it works."""

    def __init__(self, recognizer: VoskRecognizer, loop: VirtualLoop) -> None:
        self._recognizer = recognizer
        self._loop = loop
        self.finishes = 0

    @property
    def is_reliable(self) -> bool:
        return True

    @property
    def is_quick(self) -> bool:
        return True

    @property
    def has_open_vocabulary(self) -> bool:
        return self._recognizer.has_open_vocabulary

    def open(self, phrases: Sequence[str]) -> RecognitionStream:
        return _StillStream(self._recognizer.open(phrases), self._loop, self)


class _StillStream(RecognitionStream):
    def __init__(self, stream: RecognitionStream, loop: VirtualLoop, owner: Still) -> None:
        self._stream, self._loop, self._owner = stream, loop, owner

    def feed(self, pcm: bytes) -> None:
        self._stream.feed(pcm)

    async def finish(self) -> Hearing:
        self._owner.finishes += 1
        with self._loop.outside():
            return await self._stream.finish()

    def cancel(self) -> None:
        self._stream.cancel()


async def end(sound: Sound, questionnaire: Questionnaire, ears: Still, *, early: bool) -> Ended:
    """Hear one sound as a call does, its questions without words of their own."""
    clock = VirtualClock()
    line = Line(MaqsamProtocol(authenticated=True, check=None), clock=clock, send=_nowhere)
    reading = asyncio.create_task(line.read(each_of(_wire(sound.ulaw, clock))))
    turn = engine.begin(questionnaire)
    state, before, unfinished = turn.state, turn.state, None
    heard: list[Heard] = []
    values: list[Value] = []
    while not reading.done():
        listen = _listen(turn)
        if listen is None:
            break
        one = await Listener(
            line,
            ears,
            clock,
            listen=listen,
            barge_in=True,
            unfinished=unfinished,
            end_silence=partial(end_silence_seconds, questionnaire, state, listen) if early else None,
        ).hear()
        if one is None or not isinstance(one.input, Utterance):
            break
        heard.append(one)
        before = before if one.revises else state
        phrases = unfinished.phrases if one.revises and unfinished else listen.phrases
        turn = engine.advance(questionnaire, before, one.input)
        state, unfinished = turn.state, Unfinished(phrases, one.pcm, has_gone_on=one.revises)
        values.append(_stored(turn))
        if len(heard) == 1 or one.revises:
            first_values = values[:]
    await reading
    revised = sum(one.revises for one in heard)
    return Ended(
        sound.kind,
        sound.word,
        tuple(round(one.endpoint_seconds or 0.0, 2) for one in heard),
        revised,
        len(heard) - revised - 1 if heard else 0,
        ears.finishes,
        values[0] if values else None,
        first_values[-1] if values else None,
        TRUTHS[sound.word],
    )


def _listen(turn: engine.Turn) -> Listen | None:
    return next((action for action in turn.actions if isinstance(action, Listen)), None)


def _stored(turn: engine.Turn) -> Value:
    answers = (action.answer for action in turn.actions if isinstance(action, Store))
    return next((one.value for one in answers if one.status is AnswerStatus.ANSWERED), None)


async def _nowhere(_: str | bytes) -> None:
    """Nobody reads what we send."""


async def _wire(ulaw: bytes, clock: Clock) -> AsyncIterator[str | bytes]:
    """A call's messages, frame by frame."""
    wire = WIRES["maqsam"]()
    for message in wire.open(CarrierCall(EXAMPLE_CALLER, EXAMPLE_CALLEE, "1")):
        yield message
    for at in range(0, len(ulaw), FRAME_BYTES):
        for message in wire.audio(ulaw[at : at + FRAME_BYTES]):
            yield message
        await clock.sleep(FRAME_SECONDS)


def _on_a_line(pcm: bytes, noise: LineNoise) -> bytes:
    lead, tail = (bytes(int(seconds * SAMPLE_RATE) * 2) for seconds in (LEAD_SECONDS, TAIL_SECONDS))
    return encode_ulaw(noise.under(lead + pcm + tail))


def people(source: Path) -> list[Sound]:
    """Each recording on a line of its own."""
    noise = LineNoise(np.random.default_rng(NOISE_SEED))
    found = sorted(
        read_recordings(source).items(), key=lambda one: (one[0].word, one[0].speaker, one[0].round)
    )
    return [Sound(_who(named), named.word, _on_a_line(pcm, noise), True) for named, pcm in found]


def _who(named: Named) -> str:
    return f"{named.speaker}_{named.round}"


async def synthetic() -> list[Sound]:
    """The same words of synthetic voices."""
    noise = LineNoise(np.random.default_rng(NOISE_SEED))
    silence = [noise.ulaw(int(seconds * SAMPLE_RATE)) for seconds in (LEAD_SECONDS, TAIL_SECONDS)]
    sounds = []
    for name in VOICES:
        async with synthetic_voice(noise, name) as voice:
            for word, text in SAID.items():
                said = await voice.speak(Wording(text))
                sounds.append(Sound(name, word, silence[0] + said + silence[1], False))
    return sounds


async def ends(loop: VirtualLoop, sounds: Iterable[Sound], model: Path) -> dict[str, list[Ended]]:
    """Every sound, with all the silence and with as much as is needed."""
    asked = _asked()
    recognizer = VoskRecognizer(model)
    with loop.outside():
        await recognizer.start()
    found: dict[str, list[Ended]] = {"all the silence": [], "as needed": []}
    try:
        for sound in sounds:
            questionnaire = asked["digit" if sound.word in DIGIT_WORDS else "yes/no"]
            for name, results in found.items():
                ears = Still(recognizer, loop)
                results.append(await end(sound, questionnaire, ears, early=name == "as needed"))
    finally:
        with loop.outside():
            await recognizer.stop()
    return found


def _asked() -> dict[str, Questionnaire]:
    """The questions of a yes or no and of a number, each followed by another."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "turns.yaml"
        path.write_text(ASKED, encoding="utf-8")
        whole = load(path)
    items = {item.id: item for item in whole.questions}
    kinds = {"yes/no": ("slept", "ate"), "digit": ("pain", "ate")}
    return {
        kind: whole.model_copy(update={"items": tuple(items[name] for name in names)})
        for kind, names in kinds.items()
    }


def ends_table(found: dict[str, list[Ended]]) -> Table:
    table = _table(
        "ends",
        "silence",
        "sounds",
        "unheard",
        "silence ms p50/p95",
        "≤ 0.3 s",
        "taken back",
        "another",
        "changed",
        "heard again",
        "stored",
        "WRONG",
    )
    for rule, results in found.items():
        for kind in sorted({one.kind for one in results}):
            group = [one for one in results if one.kind == kind]
            heard = [one for one in group if one.silences]
            first = [one.silences[0] for one in heard]
            table.add_row(
                kind,
                rule,
                str(len(group)),
                str(len(group) - len(heard)),
                _spread(first),
                f"{sum(one <= 0.3 for one in first) / max(len(first), 1):.0%}",
                str(sum(one.revised > 0 for one in heard)),
                str(sum(one.others > 0 for one in heard)),
                str(sum(one.first is not None and one.first != one.stored for one in heard)),
                str(sum(one.hearings - len(one.silences) for one in heard)),
                str(sum(one.stored is not None for one in heard)),
                str(sum(one.stored is not None and one.stored != one.truth for one in heard)),
            )
    return table


# Cuts


class _Ear:
    """A caller's telephone: a sound comes in, and what the caller hears comes back a little later."""

    def __init__(self, prompt: bytes, sound: Samples, echo: float) -> None:
        self._said, self._sound, self._echo = _samples(prompt), sound, echo
        self._heard = 0
        self._back = np.zeros(len(self._said) + len(sound) + 10 * SAMPLE_RATE)
        self.samples = len(self._back) - SAMPLE_RATE

    def hear(self, at: int, seconds: float) -> None:
        """So much of the prompt has been heard by then."""
        until = int(seconds * SAMPLE_RATE)
        later = at + int(ECHO_DELAY_SECONDS * SAMPLE_RATE)
        self._back[later : later + until - self._heard] = self._said[self._heard : until] * self._echo
        self._heard = until

    def frame(self, at: int) -> Samples:
        pcm = self._back[at : at + FRAME_BYTES].copy()
        begin = at - int((LEAD_SECONDS + INTO_THE_PROMPT_SECONDS) * SAMPLE_RATE)
        if 0 <= begin < len(self._sound):
            piece = self._sound[begin : begin + FRAME_BYTES]
            pcm[: len(piece)] += piece
        return pcm


async def cut(kind: str, prompt: bytes, sound: Samples, ears: Still, *, echo: float = 0.0) -> Cut:
    """Say a prompt once to somebody on whose line there is a sound, or so much of an echo."""
    clock, noise = VirtualClock(), LineNoise(np.random.default_rng(NOISE_SEED))
    line = Line(MaqsamProtocol(authenticated=True, check=None), clock=clock, send=_nowhere)
    ear = _Ear(prompt, sound, echo)
    questionnaire = _asked()["yes/no"]
    turn = engine.begin(questionnaire)
    listen = _listen(turn)
    times = {"said": 0}

    def say(phrases: Sequence[bytes]) -> None:
        times["said"] += 1
        speak(phrases)

    speak, line.say = line.say, say  # type: ignore[method-assign,assignment]

    async def frames() -> AsyncIterator[str | bytes]:
        wire = WIRES["maqsam"]()
        for message in wire.open(CarrierCall(EXAMPLE_CALLER, EXAMPLE_CALLEE, "1")):
            yield message
        for at in range(0, ear.samples, FRAME_BYTES):
            if at == 0:
                line.command(AcceptCall())
            if at == LEAD_SECONDS * SAMPLE_RATE:
                line.say([prompt])
            line.tick(clock.monotonic())
            if line.is_speaking and times["said"] == 1:
                ear.hear(at, line.progress()[0].heard_seconds)
            frame = encode_ulaw(noise.under(_pcm(ear.frame(at))))
            for message in wire.audio(frame):
                yield message
            await clock.sleep(FRAME_SECONDS)

    reading = asyncio.create_task(line.read(each_of(frames())))
    writing = asyncio.create_task(line.write())
    heard = await Listener(
        line,
        ears,
        clock,
        listen=listen,
        barge_in=True,
        unfinished=None,
        prompt=[prompt],
        end_silence=partial(end_silence_seconds, questionnaire, turn.state, listen) if listen else None,
        is_nothing=partial(is_nothing, questionnaire, turn.state),
        on_barge_in=lambda _: times.update(stopped=1),
    ).hear()
    for task in (reading, writing):
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task
    stopped = "stopped" in times
    return Cut(kind, stopped, stopped and times["said"] == 1 and heard is not None)


def _samples(ulaw: bytes) -> Samples:
    return np.frombuffer(decode_ulaw(ulaw), dtype="<i2").astype(np.float64)


def _pcm(samples: Samples) -> bytes:
    return np.clip(np.rint(samples), -32768, 32767).astype("<i2").tobytes()


async def prompts() -> list[bytes]:
    """As callers hear them."""
    with tempfile.TemporaryDirectory() as folder:
        voice = EspeakSynthesizer()
        await voice.start()
        cache = PromptCache(Path(folder), voice)
        texts = prompt_texts([load(CONTENT / "questionnaires" / "phq2.yaml")])
        await cache.render(texts)
        await voice.stop()
        found = [cache.get(text) for text in texts]
    return [one for one in found if one and len(one) >= 2 * SAMPLE_RATE]


def _sounds(source: Path | None, callers: Sequence[Sound]) -> list[tuple[str, Samples, float]]:
    """What is laid over prompts: its kind, itself, and how much of an echo comes back."""
    chance = np.random.default_rng(NOISE_SEED)
    found: list[tuple[str, Samples, float]] = []
    for decibels in (-15, -25, -35):
        found += [(f"echo {decibels} dB", np.zeros(0), 10 ** (decibels / 20))] * 24
    if source is not None:
        for pcm in read_noise(source)[0]:
            noise = np.frombuffer(pcm, dtype="<i2").astype(np.float64) / 10
            pieces = [noise[at : at + 4 * SAMPLE_RATE] for at in range(0, len(noise), 5 * SAMPLE_RATE)]
            found += [("a machine, 20 dB down", piece, 0.0) for piece in pieces]
    for seconds in (0.15, 0.25, 0.4):
        count_ = int(seconds * SAMPLE_RATE)
        fading = np.exp(-np.arange(count_) / (count_ / 3))
        bursts = [
            np.convolve(chance.normal(0, 1, count_), [0.5, 0.3, 0.2], "same") * fading for _ in range(24)
        ]
        found += [(f"burst of {seconds:g} s", burst / abs(burst).max() * 8_000, 0.0) for burst in bursts]
    words = [_samples(_without_tail(one.ulaw)) for one in callers if one.word in {"yes", "no"}]
    found += [("a caller: yes, no", word, 0.0) for word in words[:24]]
    found += [("a caller over an echo of -15 dB", word, 10 ** (-15 / 20)) for word in words[:24]]
    return found


async def cuts(
    loop: VirtualLoop, sounds: Sequence[tuple[str, Samples, float]], said: list[bytes], model: Path
) -> list[Cut]:
    """Each sound over a prompt."""
    recognizer = VoskRecognizer(model)
    with loop.outside():
        await recognizer.start()
    try:
        return [
            await cut(kind, said[number % len(said)], sound, Still(recognizer, loop), echo=echo)
            for number, (kind, sound, echo) in enumerate(sounds)
        ]
    finally:
        with loop.outside():
            await recognizer.stop()


def cuts_table(found: list[Cut]) -> Table:
    table = _table("over a prompt", "prompts", "stopped", "for good")
    for kind in dict.fromkeys(one.kind for one in found):
        group = [one for one in found if one.kind == kind]
        table.add_row(
            kind, str(len(group)), str(sum(one.stopped for one in group)), str(sum(one.lost for one in group))
        )
    return table


# Replies


async def replies(sounds: list[Sound], calls: int) -> list[dict[str, float | str]]:
    """What the records of so many calls say, one after the other, in one daemon."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "questionnaires").mkdir()
        (folder / "questionnaires" / "turns.yaml").write_text(ASKED, encoding="utf-8")
        setup = msgspec.structs.replace(
            DaemonSetup.new(DEFAULT_CONFIG, folder, port=None, speed=1.0),
            options={
                "HATIF_QUESTIONNAIRES__FOLDER": str(folder / "questionnaires"),
                "HATIF_QUESTIONNAIRES__DEFAULT": "turns",
            },
        )
        async with DaemonProcess(setup) as daemon:
            await daemon.ready(on_wait=lambda _: None)
            way = UpgradeWay(f"ws://{daemon.address}/ws/maqsam", setup.carrier_token)
            by_person: dict[str, dict[str, bytes]] = defaultdict(dict)
            for sound in sounds:
                by_person[sound.who][sound.word] = sound.ulaw
            able = sorted(who for who, words in by_person.items() if set(REPLIES) <= words.keys())
            chosen = random.Random(NOISE_SEED).sample(able, min(calls, len(able)))  # noqa: S311
            numbers = count(1)
            for who in chosen:
                lines = [SayLine(_without_tail(by_person[who][word])) for word in REPLIES]
                caller = LineCaller(lines, LineNoise(np.random.default_rng(NOISE_SEED)))
                await arrive(way, caller, Clock(), next(numbers), max_seconds=90)
        with closing(sqlite3.connect(setup.database)) as connection:
            connection.row_factory = sqlite3.Row
            columns = ", ".join(f"{part}_ms" for part in PARTS)
            rows = connection.execute(
                f"SELECT item, meaning, {columns} FROM turns WHERE input = 'speech'"  # noqa: S608
            )
            return [dict(row) for row in rows]


def _without_tail(ulaw: bytes) -> bytes:
    """As a caller says it: what follows is the line's own noise."""
    return ulaw[int(LEAD_SECONDS * SAMPLE_RATE) : len(ulaw) - int(TAIL_SECONDS * SAMPLE_RATE)]


def replies_table(turns: list[dict[str, float | str]]) -> Table:
    table = _table("replies", "turns", *PARTS)
    for item in dict.fromkeys(str(turn["item"]) for turn in turns):
        group = [turn for turn in turns if turn["item"] == item]
        spreads = [
            _spread([float(turn[f"{part}_ms"]) / 1000 for turn in group if turn[f"{part}_ms"] is not None])
            for part in PARTS
        ]
        table.add_row(item, str(len(group)), *spreads)
    return table


def _spread(values: Sequence[float]) -> str:
    """Milliseconds: p50/p95."""
    known = sorted(values)
    if not known:
        return ""
    return "/".join(
        f"{known[min(int(len(known) * part), len(known) - 1)] * 1000:.0f}" for part in (0.5, 0.95)
    )


def _table(*columns: str) -> Table:
    table = Table(box=SIMPLE, padding=(0, 1, 0, 0))
    for column in columns:
        table.add_column(column, overflow="fold")
    return table


def main() -> None:
    """Measure, and say what was found."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--speech", type=Path, required=True, help="a folder or archive of recordings")
    parser.add_argument("--model", type=Path, default=load_settings(DEFAULT_CONFIG).recogniser.model)
    parser.add_argument("--every", type=int, default=1, help="of the recordings, only every so many")
    parser.add_argument("--calls", type=int, default=6, help="of people, and as many of voices; 0: none")
    parser.add_argument("--noise", type=Path, help="recordings of machines, to be laid over prompts")
    parser.add_argument("--no-cuts", action="store_true")
    parser.add_argument("--no-ends", action="store_true")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    logs.configure(level="error")
    console = Console(stderr=True)
    console.print(f"load average {' '.join(f'{one:.1f}' for one in os.getloadavg())}, {os.cpu_count()} cores")
    real, voices = people(options.speech), asyncio.run(synthetic())
    stopped: list[Cut] = []
    if not options.no_cuts:
        said = asyncio.run(prompts())
        over = _sounds(options.noise, real)
        stopped = run_virtually(partial(cuts, sounds=over, said=said, model=options.model))
    found: dict[str, list[Ended]] = {}
    if not options.no_ends:
        found = run_virtually(partial(ends, sounds=real[:: options.every] + voices, model=options.model))
    turns = []
    if options.calls:
        turns = asyncio.run(replies(real, options.calls)) + asyncio.run(replies(voices, options.calls))
    if options.json:
        sys.stdout.write(
            json.dumps(
                msgspec.to_builtins({"cuts": stopped, "ends": found, "turns": turns}), ensure_ascii=False
            )
        )
        return
    out = Console()
    if stopped:
        out.print(cuts_table(stopped))
    if found:
        out.print(ends_table(found))
    out.print(replies_table(turns))


if __name__ == "__main__":
    main()
