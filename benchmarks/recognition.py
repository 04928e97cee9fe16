"""What hearing costs: the recogniser's process, and bare Vosk on the same voices.

    python benchmarks/recognition.py --speech DIR|ARCHIVE [--every 6] [--json]

Every recording is on a telephone line for a while, as in a call: silence, a word, silence. Hatif's way: the
voice gate, then the worker's process under the words of a yes-or-no question, or of a number. Beside it, of
the same recordings and in a process without anything else:

* the same decoders by themselves, fed with what the gate let through: what process, pipe and pool cost
* one bare recogniser under the question's words, and one under all words as Vosk lays them over its graph, on
  the voiced audio alone: what a program costs that asks each voice once
* the same without a gate, on all of the line

All are of a processor, in milliseconds for a second in which somebody speaks.
"""

import argparse
import asyncio
import json
import os
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from functools import cache
from multiprocessing import get_context
from pathlib import Path

import msgspec
import numpy as np
from hearing import DIGIT_WORDS, LEAD_SECONDS, TAIL_SECONDS, Questions, read_recordings
from msgspec import Struct
from rich.box import SIMPLE
from rich.console import Console
from rich.table import Table

from bridge.audio.endpointing import RESUME_WINDOW_SECONDS
from bridge.audio.frames import FRAME_SECONDS, SAMPLE_RATE
from bridge.audio.g711 import encode_ulaw
from bridge.audio.gate import CHUNK_FRAMES, VoiceGate, whole_utterances
from bridge.bench.processes import processor_seconds
from bridge.carriers.voice import LineNoise
from bridge.config import load_settings
from bridge.content import CONTENT, DEFAULT_CONFIG
from bridge.dialogue import engine
from bridge.dialogue.actions import Listen
from bridge.dialogue.loader import load
from bridge.speech.vosk import worker as vosk_worker
from bridge.speech.vosk.recognizer import VoskRecognizer
from bridge.telemetry import logs

NOISE_SEED = 20210
FEW = 5  # recordings
CHUNK_BYTES = round(CHUNK_FRAMES * FRAME_SECONDS * SAMPLE_RATE) * 2
HATIF, SAME, ONE_CLOSED, ONE_OPEN, UNGATED = (
    "Hatif: gate, process, grammar three times, all words",
    "the same decoders by themselves",
    "one bare recogniser, the question's words",
    "one bare recogniser, all words",
    "one bare recogniser, the question's words, without a gate",
)


class Utterance(Struct, frozen=True):
    """One recording, as the line brought it and as the gate let it through."""

    kind: str
    phrases: tuple[str, ...]
    line: bytes  # PCM, all of it
    gated: bytes
    voiced: bytes  # from the first speech to the last
    voiced_seconds: float


class Cost(Struct, frozen=True):
    """What one way costs."""

    way: str
    kind: str
    ms: float  # of a processor, for a second in which somebody speaks


def utterances(speech: Path, every: int) -> tuple[list[Utterance], float]:
    """The recordings that the gate opened for, once each; and what the gate cost, in processor seconds."""
    questions = Questions(load(CONTENT / "questionnaires" / "post_discharge.yaml"))
    noise = LineNoise(np.random.default_rng(NOISE_SEED))
    lead, tail = (bytes(int(seconds * SAMPLE_RATE) * 2) for seconds in (LEAD_SECONDS, TAIL_SECONDS))
    found, spent = [], 0.0
    recordings = sorted(
        read_recordings(speech).items(), key=lambda one: (one[0].word, one[0].speaker, one[0].round)
    )
    for recording, pcm in recordings[::every]:
        turn = engine.begin(questions.of(recording))
        listen = next(action for action in turn.actions if isinstance(action, Listen))
        line = noise.under(lead + pcm + tail)
        ulaw = encode_ulaw(line)
        began = time.process_time()
        gate = VoiceGate()
        gate.expect(
            end_silence_seconds=listen.end_silence_seconds, max_speech_seconds=listen.max_speech_seconds
        )
        spoken = whole_utterances(gate.process(ulaw))
        spent += time.process_time() - began
        kind = "numbers" if recording.word in DIGIT_WORDS else "yes or no"
        for one in spoken[:1]:
            begin = round(RESUME_WINDOW_SECONDS * SAMPLE_RATE) * 2  # the gate's look-back
            voiced = one.pcm[begin : begin + round(one.speech_seconds * SAMPLE_RATE) * 2]
            found.append(Utterance(kind, listen.phrases, line, one.pcm, voiced, one.speech_seconds))
    return found, spent


async def hear(said: Sequence[Utterance], recognizer: VoskRecognizer) -> tuple[float, float]:
    """Hatif's way, in pieces of 100 ms as they come; processor seconds of the worker and of our side."""
    worker, ours = processor_seconds(recognizer.pid or 0), time.process_time()
    for one in said:
        stream = recognizer.open(one.phrases)
        for at in range(0, len(one.gated), CHUNK_BYTES):
            stream.feed(one.gated[at : at + CHUNK_BYTES])
        await stream.finish()
    return processor_seconds(recognizer.pid or 0) - worker, time.process_time() - ours


# Bare Vosk, in a process of its own


def bare(
    said: Sequence[Utterance], model: str, spelled: dict[tuple[str, ...], list[str]]
) -> dict[str, float]:
    """Processor seconds of each way."""
    loaded = _loaded(model)
    return {
        SAME: _timed(lambda: [_same(loaded, one, spelled[one.phrases]) for one in said]),
        ONE_CLOSED: _timed(lambda: [_one(loaded, one.voiced, spelled[one.phrases]) for one in said]),
        ONE_OPEN: _timed(lambda: [_one(loaded, one.voiced, None) for one in said]),
        UNGATED: _timed(lambda: [_one(loaded, one.line, spelled[one.phrases]) for one in said]),
    }


@cache
def _loaded(model: str) -> "vosk_worker._Model":
    """The worker's own decoders, without its process."""
    return vosk_worker._Model(model, 3)  # noqa: SLF001


def _timed(work: Callable[[], object]) -> float:
    began = time.process_time()
    work()
    return time.process_time() - began


def _same(model: "vosk_worker._Model", one: Utterance, phrases: Sequence[str]) -> None:
    """As the worker decodes: further phases only where those asked first do not agree."""
    decoders = [*model.closed_vocabulary(phrases), *model.open_vocabulary(vosk_worker.FIRST)]
    for at in range(0, len(one.gated), CHUNK_BYTES):
        for decoder in decoders:
            decoder.accept(one.gated[at : at + CHUNK_BYTES])
    texts = vosk_worker._texts([decoder.finish() for decoder in decoders])  # noqa: SLF001
    if not vosk_worker._agree(texts):  # noqa: SLF001
        for phase in model.further_phases:
            (decoder,) = model.open_vocabulary(phase)
            decoder.accept(one.gated)
            decoder.finish()


def _one(model: "vosk_worker._Model", pcm: bytes, phrases: Sequence[str] | None) -> None:
    """As any program asks Vosk: one recogniser, the audio in pieces, the final result."""
    from vosk import KaldiRecognizer  # noqa: PLC0415 - only in this process

    grammar = () if phrases is None else (json.dumps(list(phrases), ensure_ascii=False),)
    recognizer = KaldiRecognizer(model._model, SAMPLE_RATE, *grammar)  # noqa: SLF001
    for at in range(0, len(pcm), CHUNK_BYTES):
        recognizer.AcceptWaveform(pcm[at : at + CHUNK_BYTES])
    recognizer.FinalResult()


# The measurement


def batched(said: Sequence[Utterance]) -> Iterator[Sequence[Utterance]]:
    """A few at a time go every way, for the machine is not as fast in one minute as in the next."""
    for at in range(0, len(said), FEW):
        yield said[at : at + FEW]


async def measure(speech: Path, model: Path, every: int) -> list[Cost]:
    """Every way, of each kind of question."""
    said, gate_seconds = utterances(speech, every)
    whole = sum(one.voiced_seconds for one in said)
    recognizer = VoskRecognizer(model, threads=1)
    await recognizer.start()
    costs: list[Cost] = []
    try:
        with get_context("spawn").Pool(1) as alone:
            for kind in sorted({one.kind for one in said}):
                of_kind = [one for one in said if one.kind == kind]
                seconds = sum(one.voiced_seconds for one in of_kind)
                spent = Counter({HATIF: gate_seconds * seconds / whole})
                for few in batched(of_kind):
                    worker, ours = await hear(few, recognizer)
                    spent[HATIF] += worker + ours
                    spelled = {one.phrases: list(recognizer._spell(one.phrases)) for one in few}  # noqa: SLF001
                    spent.update(await asyncio.to_thread(alone.apply, bare, (few, str(model), spelled)))
                costs += [Cost(way, kind, round(used / seconds * 1000, 1)) for way, used in spent.items()]
    finally:
        await recognizer.stop()
    return costs


def shown(costs: Sequence[Cost]) -> Table:
    """Everything, each as a part of Hatif's too."""
    table = Table(box=SIMPLE, padding=(0, 1, 0, 0))
    for column in ("ms for a second of voice", "", "", "Hatif's ÷ this"):
        table.add_column(column, overflow="fold")
    of_hatif = {one.kind: one.ms for one in costs if one.way == HATIF}
    for one in costs:
        table.add_row(one.way, one.kind, f"{one.ms:.0f}", f"{of_hatif[one.kind] / one.ms:.2f}")
    return table


def main() -> None:
    """Measure, and say what was found."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--speech", type=Path, required=True, help="a folder or archive of recordings")
    parser.add_argument("--model", type=Path, default=load_settings(DEFAULT_CONFIG).recogniser.model)
    parser.add_argument("--every", type=int, default=6, help="of the recordings, only every so many")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    logs.configure(level="error")
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # as the worker has it
    costs = asyncio.run(measure(options.speech, options.model, options.every))
    if options.json:
        sys.stdout.write(json.dumps(msgspec.to_builtins(costs), ensure_ascii=False, indent=2) + "\n")
        return
    Console().print(shown(costs))


if __name__ == "__main__":
    main()
